//! What an ARP packet is.

use city::Mac;
use std::net::Ipv4Addr;

/// An ARP packet that maps IPv4 to Ethernet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) operation: Operation,
    pub(crate) sender_mac: Mac,
    pub(crate) sender: Ipv4Addr,
    pub(crate) target_mac: Mac,
    pub(crate) target: Ipv4Addr,
}

/// What it is for (IANA ARP parameters).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operation(pub(crate) u16);

impl Operation {
    pub(crate) const REQUEST: Operation = Operation(1);
    pub(crate) const REPLY: Operation = Operation(2);
}

impl Packet {
    /// Whether the sender speaks of its own address: an announcement (RFC 5227 section 2.3).
    pub(crate) fn is_gratuitous(&self) -> bool {
        self.sender == self.target && !self.sender.is_unspecified()
    }
}
