//! HSRP, by which routers of Cisco stand in for one another (RFC 2281, and its version 2 as Cisco describes it).
//!
//! Read: which router of a group is active, which stands by, with what priority, for which address; takeovers (`coup`)
//! and who gives up (`resign`). What is repeated every three seconds is told when it changes.
//!
//! Not read: advertisements of interfaces, which are told by name; keys and proofs (MD5).
//!
//! Weaknesses: the word that groups are guarded with is sent readable; a word that the maker ships guards nothing. Whoever
//! knows it can become the gateway of the network.
//!
//! The target is the group and the address that it stands for, the value the state and the priority.

mod conversation;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

/// Reads HSRP.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::Hsrp, recognise, open: || Box::new(conversation::Conversation::default()) };

/// For IPv4 and for IPv6.
const PORTS: [u16; 2] = [1985, 2029];

fn recognise(opening: &Opening<'_>) -> Recognition {
    let at_port = PORTS.iter().any(|port| opening.on_port(*port));
    if opening.is_udp() && at_port && parse::parse_message(opening.first_bytes()).is_some() {
        Recognition::Yes(Sureness::ByStructure)
    } else {
        Recognition::No
    }
}
