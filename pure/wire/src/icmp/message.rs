//! What an ICMP message is.

use city::Mac;
use std::net::IpAddr;

/// An ICMP message, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Type (`kind`, for the word is taken) and code.
    pub(crate) kind: u8,
    pub(crate) code: u8,
    /// An address that its sender claims, in neighbour discovery.
    pub(crate) claim: Option<Claim>,
    /// Bytes behind the header of eight.
    pub(crate) length: u32,
}

/// An IP and a MAC address that are said to belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) address: IpAddr,
    pub(crate) mac: Mac,
}

impl Message {
    /// The ports of its flow.
    pub(crate) fn ports(&self, version_6: bool) -> (u16, u16) {
        let answer = counterpart(self.kind, version_6);
        (u16::from(self.kind), u16::from(answer.unwrap_or(self.code)))
    }
}

/// Whether a flow with this source port begins with an echo request (RFC 792, RFC 4443 section 4.1).
pub(crate) fn is_echo_request(source_port: u16) -> bool {
    matches!(source_port, 8 | 128)
}

/// The type that answers a type, or that it answers. Community ID version 1 names the same pairs.
pub(crate) fn counterpart(kind: u8, version_6: bool) -> Option<u8> {
    Some(match (version_6, kind) {
        // Echo, router discovery, timestamp, information, address mask.
        (false, 8) => 0,
        (false, 0) => 8,
        (false, 9) => 10,
        (false, 10) => 9,
        (false, 13) => 14,
        (false, 14) => 13,
        (false, 15) => 16,
        (false, 16) => 15,
        (false, 17) => 18,
        (false, 18) => 17,
        // Echo, multicast listeners, router and neighbour discovery, node information, home agents.
        (true, 128) => 129,
        (true, 129) => 128,
        (true, 130) => 131,
        (true, 131) => 130,
        (true, 133) => 134,
        (true, 134) => 133,
        (true, 135) => 136,
        (true, 136) => 135,
        (true, 139) => 140,
        (true, 140) => 139,
        (true, 144) => 145,
        (true, 145) => 144,
        _ => return None,
    })
}
