//! DLMS/COSEM, the protocol of meters: IEC 62056-5-3 (application layer) in the wrapper of IEC 62056-4-7 (earlier -47)
//! over TCP and UDP, with the objects of IEC 62056-6-1 and 6-2.
//!
//! Read: associations with the way of proving who asks, which is none, low (a password, readable) or high (a challenge);
//! GET, SET and ACTION, single, with lists, and in blocks, of which only the whole is told; notifications; exceptions and
//! confirmed errors; the system title, which names the meter. Ciphered messages are seen as such.
//!
//! Not read: what is ciphered; services by short names (READ, WRITE), of which only the kind is told; HDLC, whose
//! profile is another. Of values only numbers, texts and bytes are told; of structures and blocks only the size. What is
//! read from or written to an association or to security, keys among it, is never told.
//!
//! The target is the object by its OBIS code, its attribute or method by number, and its name as far as it is sure:
//! `1.0.1.8.0.255/2 active-energy-import`; before it the kind, which is the object's class. The unit is the logical
//! device. Breaking or closing a meter's relay (class 70) is `operate`, a change of its firmware (class 18) `program`.

mod conversation;
mod message;
mod names;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use parse::Found;

/// Reads DLMS/COSEM.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Dlms, recognise, open: conversation::open };

/// The port that IANA lists.
const PORT: u16 = 4059;

/// Recognises the wrapper, whose version and length must fit, around a message that exists.
fn recognise(opening: &Opening<'_>) -> Recognition {
    let bytes = opening.first_bytes();
    let at_port = opening.on_port(PORT);
    match parse::parse_wrapper(bytes) {
        Found::Message(wrapped, used) => {
            let whole = opening.is_tcp() || used == bytes.len();
            match message::sureness(wrapped.content) {
                // An association names the application context of DLMS.
                message::Sure::Signature if whole => Recognition::Yes(Sureness::BySignature),
                message::Sure::Kind if whole && at_port => Recognition::Yes(Sureness::ByStructure),
                _ => Recognition::No,
            }
        }
        Found::More if opening.is_tcp() => Recognition::More,
        Found::More | Found::Nothing => Recognition::No,
    }
}
