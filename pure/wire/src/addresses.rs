//! Who a frame is from and for, without reading any further.

use crate::Frame;
use crate::frame::{Carries, parse_frame};
use crate::packet::parse_ip;
use city::Address;

/// The addresses of a frame: its MAC addresses, and the IP addresses of the packet it carries or asks after.
///
/// Packets within tunnels and the later parts of fragmented packets show the addresses of the outermost packet.
pub fn addresses(frame: &Frame<'_>) -> [Option<Address>; 4] {
    let Some(opened) = parse_frame(frame.link, frame.bytes) else { return [None; 4] };
    let macs = [opened.macs.0.map(Address::Mac), opened.macs.1.map(Address::Mac)];
    let ends = match opened.carries {
        Carries::Ip(bytes) => parse_ip(bytes).map(|packet| (packet.source, packet.destination)),
        Carries::Arp(bytes) => {
            crate::arp::parse_arp(bytes).map(|packet| (packet.sender.into(), packet.target.into()))
        }
        Carries::Aggregate(_) | Carries::Ethernet(_) | Carries::Organised(..) | Carries::Other(..) => None,
    };
    let [source_mac, destination_mac] = macs;
    let (source, destination) = ends.unzip();
    [source_mac, destination_mac, source.map(Address::Ip), destination.map(Address::Ip)]
}
