//! SIP over UDP and TCP: RFC 3261, with the methods of its extensions. Intercoms, help points and telephones use it.
//!
//! Read: who calls, registers, subscribes and is asked for what, with the final reply; what the ends call themselves;
//! logins that cross the network readable.
//!
//! Not read: bodies (SDP among them, which may hold keys), SIP over TLS, WebSocket and SCTP, and the media that is
//! agreed on.
//!
//! One [`city::Request`] is one request with its final reply; acknowledgements are part of what they acknowledge. The
//! function is the method, the target the address asked for (of a registration, the one registered), the value who
//! asks. Calling and what steers a call is `operate`, for a door opens by it. Passwords in addresses are `***`.

mod address;
mod conversation;
mod event;
mod message;
mod row;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use crate::text_head::{self, Found};
use city::Protocol;

/// Reads SIP.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Sip, recognise, open: conversation::open };

/// How the version begins.
const VERSION: &[u8] = b"SIP/";

fn recognise(opening: &Opening<'_>) -> Recognition {
    let bytes = message::without_padding(opening.first_bytes());
    if opening.is_udp() {
        let is_message = text_head::parse_whole(bytes, VERSION).is_some();
        return if is_message { Recognition::Yes(Sureness::BySignature) } else { Recognition::No };
    }
    let line = bytes.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    if line.ends_with(b"\n") && text_head::parse_first(line, VERSION).is_some() {
        return Recognition::Yes(Sureness::BySignature);
    }
    match text_head::parse_head(bytes, VERSION) {
        Found::More if bytes.len() <= 2048 => Recognition::More,
        _ => Recognition::No,
    }
}
