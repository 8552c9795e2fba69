//! IGMP, versions 1 to 3 (RFC 1112, RFC 2236, RFC 9776), directly over IP: who wants what is sent to which group.
//!
//! Read: who joins and leaves which groups, and which router asks. That tells what a device is for: 224.0.23.12 is joined
//! by what speaks KNX, 239.255.255.250 by what looks for services. What is repeated is told once in a conversation.
//!
//! Not read: sources that are wanted or not (version 3); multicast routing within IGMP, and its version 0.
//!
//! The target is the group: the function is `join`, `leave`, or `query` for one group or all.

mod conversation;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

/// Reads IGMP. It is asked for by the number of IP's protocol.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::Igmp, recognise, open: || Box::new(conversation::Conversation::default()) };

fn recognise(opening: &Opening<'_>) -> Recognition {
    if parse::parse_message(opening.first_bytes()).is_some() {
        Recognition::Yes(Sureness::ByStructure)
    } else {
        Recognition::No
    }
}
