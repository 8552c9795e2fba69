//! RFB, the protocol of VNC: RFC 6143, with the types of security that others added.
//!
//! Read: the handshake of versions 3.3, 3.7 and 3.8: who may look at which screen, by what proof, and whether it was
//! accepted. A screen that asks for none is a weakness. Challenges and their answers are passed over.
//!
//! Not read: what follows the handshake (the screen, keys and the pointer), and what types of security other than none
//! and VNC's own exchange.
//!
//! The target of the one request is the desktop; its value is the type of security.

mod conversation;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::{Reader, Side};
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

/// Reads RFB.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Rfb, recognise, open: conversation::open };

/// Recognises RFB by the version, with which the server begins (section 7.1.1).
fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_tcp() {
        return Recognition::No;
    }
    let bytes = match opening.first {
        Side::Destination => opening.from_destination,
        Side::Source => opening.from_source,
    };
    match parse::parse_version(bytes) {
        parse::Found::Of(..) => Recognition::Yes(Sureness::BySignature),
        parse::Found::More => Recognition::More,
        parse::Found::Nothing => Recognition::No,
    }
}
