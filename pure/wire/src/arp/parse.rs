//! From bytes to an ARP packet.

use super::message::{Operation, Packet};
use crate::bytes::take_u16;
use city::Mac;
use std::net::Ipv4Addr;

/// Opens a packet. `None` if it does not map IPv4 to Ethernet, or is cut off.
pub(crate) fn parse_arp(bytes: &[u8]) -> Option<Packet> {
    let (hardware, rest) = take_u16(bytes)?;
    let (protocol, rest) = take_u16(rest)?;
    let ([hardware_length, protocol_length], rest) = rest.split_first_chunk::<2>()?;
    let (operation, rest) = take_u16(rest)?;
    // Hardware 1 is Ethernet; 6 is what Ethernet calls itself on other IEEE 802 links (RFC 5342 section 2.5).
    if !matches!(hardware, 1 | 6) || protocol != 0x0800 || (*hardware_length, *protocol_length) != (6, 4) {
        return None;
    }
    let (sender_mac, rest) = rest.split_first_chunk::<6>()?;
    let (sender, rest) = rest.split_first_chunk::<4>()?;
    let (target_mac, rest) = rest.split_first_chunk::<6>()?;
    let (target, _) = rest.split_first_chunk::<4>()?;
    Some(Packet {
        operation: Operation(operation),
        sender_mac: Mac(*sender_mac),
        sender: Ipv4Addr::from(*sender),
        target_mac: Mac(*target_mac),
        target: Ipv4Addr::from(*target),
    })
}
