//! VRRP, by which routers stand in for one another: version 2 (RFC 3768) and version 3 (RFC 9568), directly over IP.
//!
//! Read: which router speaks for which virtual router and its addresses, with what priority; who gives up (`resign`). What
//! is repeated every second is told when it changes.
//!
//! Weaknesses: version 2 could be guarded by a password that everybody can read (RFC 2338 clause 5.3.6); it was given up
//! for that reason.
//!
//! A message whose length does not agree with the count of its addresses is left unread. The target is the virtual router
//! and the first of its addresses, the value the priority and the other addresses.

mod conversation;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

/// Reads VRRP. It is asked for by the number of IP's protocol, which it has to itself but for CARP.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::Vrrp, recognise, open: || Box::new(conversation::Conversation::default()) };

fn recognise(opening: &Opening<'_>) -> Recognition {
    let said = opening.first_bytes();
    if [false, true].into_iter().any(|version_6| parse::parse_message(said, version_6).is_some()) {
        Recognition::Yes(Sureness::ByStructure)
    } else {
        Recognition::No
    }
}
