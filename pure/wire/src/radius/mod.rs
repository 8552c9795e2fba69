//! RADIUS: RFC 2865 (authentication), RFC 2866 (accounting) and RFC 5176 (changes of authorisation), over UDP.
//!
//! Read: who is let in by which access server and who is not, from which device, and what the server says to them;
//! accounting, disconnects and changes of authorisation; the method of EAP (RFC 3579) that a device answers with.
//!
//! Not read: what methods of EAP and vendors' attributes hold; RADIUS over TCP and TLS (RFC 6613 and 6614). Passwords, hidden as
//! they are, proofs, states and keys are not looked at.
//!
//! The target is the user; the value of an accounting request is whether it starts, goes on or stops, that of a login
//! with EAP its method. A method outside any tunnel that shows a password or lets it be guessed is a weakness, as it is
//! in 802.1X. Details: `access-server`, `called-station`, `calling-station`: who asks, at which of its ports, for which
//! device.

mod conversation;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use message::Code;

/// Reads RADIUS.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Radius, recognise, open: conversation::open };

/// The ports that IANA lists, those used before, and that of changes of authorisation.
const PORTS: [u16; 6] = [1812, 1813, 1645, 1646, 3799, 1700];

/// Recognises RADIUS by its length and attributes, which fill it exactly, and the code and attributes of a request.
fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_udp() {
        return Recognition::No;
    }
    let Some(packet) = parse::parse_packet(opening.first_bytes()) else { return Recognition::No };
    let at_port = PORTS.iter().any(|port| opening.on_port(*port));
    let count = packet.attributes().count();
    let has = |kind| packet.first(kind).is_some();
    let names_who = has(message::NAS_ADDRESS) || has(message::NAS_IDENTIFIER) || has(message::NAS_ADDRESS_6);
    match packet.code {
        code if at_port && code.is_known() && packet.is_sound() => Recognition::Yes(Sureness::ByStructure),
        Code::ACCESS_REQUEST | Code::ACCOUNTING_REQUEST if names_who && count >= 3 && packet.is_sound() => {
            Recognition::Yes(Sureness::ByStructure)
        }
        _ => Recognition::No,
    }
}
