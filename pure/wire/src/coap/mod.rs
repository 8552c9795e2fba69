//! CoAP: RFC 7252 over UDP and RFC 8323 over TCP, with observing (RFC 7641) and blocks (RFC 7959); and LwM2M 1.0 to
//! 1.2 (OMA) on top of it.
//!
//! Read: requests of every method with their responses, piggybacked or separate; notifications; blocks, of which only
//! the whole is told; signalling over TCP. Of LwM2M: bootstrapping and registration with the endpoint's name, and what a
//! server does to objects, instances and resources, by name; resources in plain text, TLV and SenML or LwM2M JSON. What
//! is protected by OSCORE (RFC 8613) is told as such. Plain CoAP proves nobody, so that any change that a device accepts
//! shows a weakness.
//!
//! Not read: CoAP inside DTLS, TLS or WebSocket; CBOR, in SenML or else. Values are told of text and of LwM2M's
//! resources alone; of other formats only the size, since nobody knows what they hold. What names itself a secret, and
//! LwM2M's objects that hold keys, are never told.
//!
//! The target is the path; of a proxy's request its URI without user and query. Of LwM2M it is the path and the name of
//! the last part: `3/0/0 manufacturer`; registrations are about the `endpoint`. A notification is asked by the server.

mod conversation;
mod lwm2m;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use message::{Code, Message, OptionNumber};

/// Reads CoAP.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Coap, recognise, open: conversation::open };

/// The port that IANA lists.
const PORT: u16 = 5683;

/// Recognises a message whose options all have the lengths that they must have.
fn recognise(opening: &Opening<'_>) -> Recognition {
    let at_port = opening.on_port(PORT);
    if opening.is_udp() {
        let Some(message) = parse::parse_datagram(opening.first_bytes()) else { return Recognition::No };
        let sound = parse::is_sound(&message);
        return match (sound, at_port) {
            (true, _) if message.code.is_request() && has_path(&message) => {
                Recognition::Yes(Sureness::ByStructure)
            }
            (true, true) => Recognition::Yes(Sureness::ByPort),
            _ => Recognition::No,
        };
    }
    // Each side begins with its capabilities (RFC 8323 clause 5.3).
    match parse::parse_stream(opening.first_bytes()) {
        parse::Found::Message(message, _) if message.code == Code::CSM && parse::is_sound(&message) => {
            if message.options().next().is_some() {
                Recognition::Yes(Sureness::ByStructure)
            } else if at_port {
                Recognition::Yes(Sureness::ByPort)
            } else {
                Recognition::No
            }
        }
        parse::Found::More if at_port => Recognition::More,
        _ => Recognition::No,
    }
}

/// Whether there is a path that people could have written.
fn has_path(message: &Message<'_>) -> bool {
    let mut parts = message.values(OptionNumber::URI_PATH).peekable();
    parts.peek().is_some()
        && parts.all(|part| !part.is_empty() && part.iter().all(|byte| (0x20..0x7f).contains(byte)))
}
