//! What an ARP packet is.

use city::{Address, Flow, Mac, Message, Protocol, Text, Transport};
use compact_str::{ToCompactString, format_compact};
use std::net::{IpAddr, Ipv4Addr};

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

    /// The packet for records, which want each one.
    pub(crate) fn message(&self, vlan: Option<u16>) -> Message {
        let operation = match self.operation.0 {
            1 => Text::const_new("request"),
            2 => Text::const_new("reply"),
            3 => Text::const_new("request_reverse"),
            4 => Text::const_new("reply_reverse"),
            other => format_compact!("{other}"),
        };
        let field = |name: &'static str, value: Text| (Text::const_new(name), value);
        let mut fields = vec![
            field("opcode", operation),
            field("src_mac", self.sender_mac.to_compact_string()),
            field("src_ip", self.sender.to_compact_string()),
            field("dest_mac", self.target_mac.to_compact_string()),
            field("dest_ip", self.target.to_compact_string()),
        ];
        fields.extend(vlan.map(|vlan| field("vlan", vlan.to_compact_string())));
        let flow = Flow {
            source: Address::Ip(IpAddr::V4(self.sender)),
            source_port: 0,
            destination: Address::Ip(IpAddr::V4(self.target)),
            destination_port: 0,
            transport: Transport::Ethernet(0x0806),
            protocol: Some(Protocol::Arp),
        };
        Message { flow, back: false, log: Text::const_new("eve_arp"), fields }
    }
}
