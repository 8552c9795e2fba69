//! ANSI C12.22 (IEEE 1703): how meters are read and set over a network.
//!
//! Read, over TCP and UDP: the ACSE elements in their BER encoding (titles, invocation identifiers, the kind of
//! authentication), the EPSEM envelope, and every service of C12.18, C12.21 and C12.22 by name. With their fields:
//! identification, reading and writing of tables, procedures (writing to table 7), logon, security, resolve and trace,
//! and what a response refuses.
//!
//! Not read: what is encrypted, which is told as `sealed`; the fields of registration, of negotiation and of timing;
//! segments of messages cut in pieces.
//!
//! Passwords (security service), tickets (authenticate service and C12.21's authentication value) and the tables that
//! hold keys and passwords (42, 45 and 46) are never told.
//!
//! The target is the table, by decade (`standard-table`, `manufacturer-table`) and number, or what the service is about.

mod conversation;
mod message;
mod parse;
mod rows;
mod service;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use parse::Found;

/// Reads C12.22.
pub(crate) const READER: Reader = Reader { protocol: Protocol::C1222, recognise, open: conversation::open };

/// The port that IANA lists.
pub(super) const PORT: u16 = 1153;

/// Recognises C12.22 by an ACSE message that its elements fill exactly, with an EPSEM envelope inside.
fn recognise(opening: &Opening<'_>) -> Recognition {
    let bytes = opening.first_bytes();
    match parse::find_message(bytes) {
        Found::Message(body, used) if opening.is_tcp() || used == bytes.len() => {
            let message = parse::parse_message(body);
            match message.is_some_and(|message| message.is_whole()) {
                true => Recognition::Yes(Sureness::ByStructure),
                false => Recognition::No,
            }
        }
        Found::More if opening.is_tcp() && parse::may_begin(bytes) => Recognition::More,
        _ => Recognition::No,
    }
}
