//! RTSP 1.0 and 2.0 over TCP: RFC 2326, RFC 7826. Cameras give their pictures by it.
//!
//! Read: who asks which camera for pictures, and what it answered; logins that cross the network readable, in headers
//! and in addresses; pictures that are given to anybody; what server and client call themselves.
//!
//! Not read: bodies (SDP), pictures sent within the connection, which are skipped, and beside it; RTSP over UDP, over
//! TLS and within HTTP.
//!
//! One [`city::Request`] is one request with its reply: the function is the method, the target the address without its
//! password, the value how the pictures are to be sent. A session's number lets whoever knows it steer, and is not told.

mod address;
mod conversation;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use crate::text_head::{self, Found};
use city::{Protocol, Verb};

/// Reads RTSP.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Rtsp, recognise, open: conversation::open };

/// How the version begins.
const VERSION: &[u8] = b"RTSP/";

fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_tcp() {
        return Recognition::No;
    }
    let bytes = opening.first_bytes();
    let line = bytes.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    if line.ends_with(b"\n") && text_head::parse_first(line, VERSION).is_some() {
        return Recognition::Yes(Sureness::BySignature);
    }
    match text_head::parse_head(bytes, VERSION) {
        Found::More if bytes.len() <= 2048 => Recognition::More,
        _ => Recognition::No,
    }
}

/// What a method does.
fn verb(method: &[u8]) -> Verb {
    match method {
        b"OPTIONS" | b"DESCRIBE" => Verb::Discover,
        b"SETUP" | b"PLAY" | b"PAUSE" | b"TEARDOWN" => Verb::Subscribe,
        b"GET_PARAMETER" => Verb::Read,
        b"ANNOUNCE" | b"RECORD" => Verb::Transfer,
        b"PLAY_NOTIFY" => Verb::Publish,
        // SET_PARAMETER, REDIRECT, and what nobody knows.
        _ => Verb::Write,
    }
}
