//! HTTP/2 without TLS (RFC 9113): that it is spoken.
//!
//! Read: the client's preface, and the SETTINGS with which both ends begin; after HTTP's upgrade to `h2c` too.
//!
//! Not read: everything behind, such as requests, whose headers are compressed with what was said before (RFC 7541);
//! HTTP/2 inside TLS, which is seen in the protocols that TLS agrees on.
//!
//! One [`city::Request`] is one connection: the verb `subscribe`, since either end may open streams from now on; the
//! function `open`, the value the settings of the client. It is done once the server has sent its own.

mod conversation;
mod parse;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

pub(crate) use conversation::Conversation;

/// Reads HTTP/2.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::Http2, recognise, open: || Box::new(Conversation::new()) };

/// With what every client begins (RFC 9113 clause 3.4), such that no server of HTTP/1 takes it for a request.
pub(crate) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

fn recognise(opening: &Opening<'_>) -> Recognition {
    let bytes = opening.from_source;
    let known = bytes.len().min(PREFACE.len());
    if !opening.is_tcp() || bytes.get(..known) != PREFACE.get(..known) {
        Recognition::No
    } else if known < PREFACE.len() {
        Recognition::More
    } else {
        Recognition::Yes(Sureness::BySignature)
    }
}
