//! Syslog over UDP (RFC 5426) and TCP (RFC 6587), with messages of RFC 3164 and RFC 5424.
//!
//! Read: facility and severity of every message, its text for records, and the name that the sender gives itself.
//!
//! Not read: structured data (RFC 5424 clause 6.3); syslog over TLS (RFC 5425); signed messages (RFC 5848).
//!
//! One [`city::Request`] is one message: `publish`, the target being its facility, the value its severity. There are no
//! replies. The text is in records only.

mod conversation;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::{Reader, Side};
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use parse::{Frame, parse_frame, parse_message};

/// Reads syslog.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::Syslog, recognise, open: || Box::<conversation::Conversation>::default() };

/// The usual ports.
const PORTS: [u16; 2] = [514, 601];

/// A priority alone convinces only with the port; with a date or a version behind it, anywhere.
fn recognise(opening: &Opening<'_>) -> Recognition {
    let bytes = opening.from_source;
    if opening.first != Side::Source || !opening.from_destination.is_empty() {
        return Recognition::No;
    }
    let message = if opening.is_udp() {
        bytes
    } else {
        match parse_frame(bytes) {
            Frame::Whole(message, _) => message,
            Frame::Part(true) => return Recognition::More,
            Frame::Part(false) | Frame::Wrong => return Recognition::No,
        }
    };
    match parse_message(message) {
        Some(message) if message.is_dated() => Recognition::Yes(Sureness::ByStructure),
        Some(_) if PORTS.iter().any(|port| opening.on_port(*port)) => Recognition::Yes(Sureness::ByPort),
        _ => Recognition::No,
    }
}
