//! EtherNet/IP: ODVA's CIP Networks Library, volume 2, edition 1, chapters 2 and 3: how CIP goes over TCP and UDP.
//!
//! Read: the header of every command; lists of identities, services and interfaces; sessions; the items of the common
//! packet format, and the CIP messages in them, connected and unconnected (`cip` says what is read of those). Over TCP
//! and UDP.
//!
//! Not read: what a list of interfaces holds (makers' own), the old commands that the standard only reserves, and
//! EtherNet/IP over TLS or DTLS (volume 8), which is `tls` to the wire.
//!
//! Lists and registrations have no target; the target of a CIP request is told in `cip`.

mod conversation;
mod message;
mod parse;
#[cfg(test)]
mod tests;

pub(crate) use message::Item;
pub(crate) use parse::parse_items;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use message::{Command, HEADER_BYTES};
use parse::Found;

/// Reads EtherNet/IP.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Enip, recognise, open: conversation::open };

/// The port that IANA lists.
const PORT: u16 = 44818;

/// Recognises EtherNet/IP by a header whose command, status and reserved fields agree with the data behind it.
fn recognise(opening: &Opening<'_>) -> Recognition {
    let bytes = opening.first_bytes();
    let data = bytes.get(HEADER_BYTES..).unwrap_or_default();
    let at_port = opening.on_port(PORT);
    match parse::parse_message(bytes) {
        Found::Nothing => Recognition::No,
        Found::More if opening.is_udp() => Recognition::No,
        Found::More => match parse::parse_header(bytes) {
            Some(header) if parse::is_plausible(&header, data) => Recognition::More,
            Some(_) => Recognition::No,
            // A command of which the upper byte is 0, and seldom more than a few hundred bytes.
            None if at_port || bytes.len() < 2 => Recognition::More,
            None if matches!(bytes, [0x04 | 0x63..=0x66 | 0x6f | 0x70, 0, _, 0..=7, ..]) => Recognition::More,
            None => Recognition::No,
        },
        Found::Message(message) => {
            let taken = HEADER_BYTES + message.data.len();
            if opening.is_udp() && taken != bytes.len() {
                Recognition::No
            } else if parse::is_plausible(&message.header, message.data) {
                Recognition::Yes(Sureness::ByStructure)
            } else if at_port && message.header.command == Command::NOP && message.header.options == 0 {
                Recognition::Yes(Sureness::ByPort)
            } else {
                Recognition::No
            }
        }
    }
}
