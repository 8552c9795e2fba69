//! What an IGMP message is.

use std::net::Ipv4Addr;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// A router asks for members, of one group or of all.
    Query { version: u8, group: Option<Ipv4Addr> },
    /// A station is in a group.
    Join { version: u8, group: Ipv4Addr },
    /// A station leaves a group.
    Leave { group: Ipv4Addr },
    /// What a station wants now: of each group, whether it is still in it.
    Report(Vec<(Ipv4Addr, bool)>),
}
