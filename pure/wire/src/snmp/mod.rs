//! SNMP versions 1, 2c and 3 over UDP and TCP: RFC 1157, RFC 1901, RFC 3416, RFC 3412, RFC 3414, RFC 3430.
//!
//! Read: every request with its response, notifications, reports; what objects mean in traffic control (NTCIP 1201 to
//! 1205 and 1209, UTMC UG405), so that forcing a stage is told as operating a signal and not as a number; what a device
//! says of itself (`system` group, entities, NTCIP modules, engine identifier).
//!
//! Not read: what is encrypted in version 3, of which only the user name and whether it was answered are told; objects
//! of other makers, told by number, and text in them by its length alone, since it may be a password; NTCIP's own
//! transports STMP and SFMP (NTCIP 1103), and SNMP in PMPP frames; NTCIP 1206, 1207, 1208, 1210, 1211, 1213 and 1218
//! beyond their group; the rows after the first of a `get-bulk` request.
//!
//! A community is a credential: it is compared with those that makers ship, and never told.
//!
//! One [`city::Request`] is one object of a request with its response. The target is the object's name and its row:
//! `phaseControlGroupHold 1`; in UTMC the site's code: `utcControlFn 11011`. An object without a known name is told by
//! its number. Bits are told in words: `F2` for the stage forced, `34 (2,6)` for the phases of a group. Setting an
//! object without a known name is `write`, since nobody can tell what it does.

mod ber;
mod conversation;
mod event;
mod makers;
mod message;
mod ntcip;
mod objects;
mod parse;
mod summary;
#[cfg(test)]
mod tests;
mod utmc;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

/// Reads SNMP.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Snmp, recognise, open: conversation::open };

/// The ports that IANA lists: of agents, and of those who take notifications.
const PORTS: [u16; 2] = [161, 162];

/// Recognises a whole message by its structure.
fn recognise(opening: &Opening<'_>) -> Recognition {
    let bytes = opening.first_bytes();
    match parse::parse_message(bytes) {
        Some((_, used)) if used == bytes.len() || opening.is_tcp() => Recognition::Yes(Sureness::ByStructure),
        Some(_) if PORTS.iter().any(|port| opening.on_port(*port)) => Recognition::Yes(Sureness::ByPort),
        Some(_) => Recognition::No,
        None if opening.is_tcp()
            && !bytes.is_empty()
            && parse::may_go_on(bytes, 4096)
            && parse::may_be_version(bytes) =>
        {
            Recognition::More
        }
        None => Recognition::No,
    }
}
