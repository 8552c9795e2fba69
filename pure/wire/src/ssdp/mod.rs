//! SSDP over UDP: UPnP Device Architecture 2.0 clause 1. Devices announce themselves by it, and are searched for.
//!
//! Read: searches with their answers, announcements and farewells; what a device calls its software.
//!
//! Not read: the description at the address that is announced, and everything that UPnP does behind it (SOAP, GENA).
//!
//! One [`city::Request`] is one search, announcement or farewell: the target is the kind of thing, the value where it
//! describes itself. An answer to a search comes from the device's own port and so is a conversation of its own.

mod conversation;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use crate::text_head;
use city::Protocol;

/// Reads SSDP.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Ssdp, recognise, open: conversation::open };

/// How the version begins.
const VERSION: &[u8] = b"HTTP/";

/// HTTP in a datagram is SSDP if it has one of its headers.
fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_udp() {
        return Recognition::No;
    }
    let head = text_head::parse_whole(opening.first_bytes(), VERSION);
    let is_ssdp =
        head.is_some_and(|head| ["st", "nt", "usn"].iter().any(|name| head.headers.first(name).is_some()));
    if is_ssdp { Recognition::Yes(Sureness::BySignature) } else { Recognition::No }
}
