//! The name service of NetBIOS over UDP: RFC 1001, RFC 1002.
//!
//! Read: questions for names and for a node's names with their answers, registrations, refreshes and releases; the
//! name by which a computer calls itself.
//!
//! Not read: names behind a pointer, scopes, and what comes behind the first answer; sessions and datagrams of NetBIOS.
//!
//! One [`city::Request`] is one question or registration with its answer. The target is the name with its suffix,
//! `GATE-PC<00>`; the value an address.

mod conversation;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

/// Reads the name service.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Nbns, recognise, open: conversation::open };

/// The port that IANA lists.
const PORT: u16 = 137;

/// Recognised by a name in NetBIOS's own writing, of 32 letters.
fn recognise(opening: &Opening<'_>) -> Recognition {
    match parse::parse_message(opening.first_bytes()) {
        Some(_) if opening.is_udp() && opening.on_port(PORT) => Recognition::Yes(Sureness::BySignature),
        _ => Recognition::No,
    }
}
