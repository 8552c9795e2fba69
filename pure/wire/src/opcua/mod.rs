//! OPC UA over TCP with the binary encoding: OPC 10000-6 (mappings) and OPC 10000-4 (services), version 1.05.
//!
//! Read: the handshake (Hello, Acknowledge, Error, Reverse Hello), secure channels, chunks and their reassembly, and
//! the services of discovery, channels, sessions, node management, views, attributes, methods, monitored items and
//! subscriptions, with every built-in type. Messages that are only signed are read as if they were not.
//!
//! Not read: what is encrypted (only its length and channel are told), the parameters of queries (`QueryFirst`,
//! `QueryNext`), the attributes of new nodes, the details of history, the clauses of event filters, structures of
//! companion specifications within values, messages of more than 256 KiB, the other mappings (HTTPS, WebSockets), and
//! PubSub.
//!
//! One [`city::Request`] is one thing asked of a node with what became of it: a message that reads ten nodes is ten
//! requests, of which at most 128 are told one by one. A notification to a subscriber is a request of its own, from the
//! server. The target is the node as the standard writes it (`ns=1;s=pump`), with the attribute's name before it where
//! it is not the value's, and the range of indexes behind it; a method is told as its object and itself; subscriptions
//! and monitored items by their numbers; sessions by the endpoint's URL and activations by the user's name.
//!
//! Passwords and issued tokens are never kept, nor the secret by which a server knows a session: of that only its form
//! and namespace are told. A node whose name says that it holds a password or key has its value hidden.

mod access_rows;
mod assembly;
mod binary;
mod browse_rows;
mod conversation;
mod identity;
mod main_row;
mod meaning;
mod message;
mod names;
mod node_id;
mod parse;
mod request;
mod response;
mod rows;
mod session_rows;
mod status;
mod status_names;
#[cfg(test)]
mod tests;
mod variant;
mod variant_rows;
mod watch_rows;

use crate::dialogue::{Reader, Side};
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use message::{Chunk, Kind};
use parse::Found;

/// Reads OPC UA.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Opcua, recognise, open: conversation::open };

/// The port that IANA lists.
const PORT: u16 = 4840;

/// Recognises a chunk by its letters, its length and what is in it.
fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_tcp() {
        return Recognition::No;
    }
    let (first, second) = match opening.first {
        Side::Source => (opening.from_source, opening.from_destination),
        Side::Destination => (opening.from_destination, opening.from_source),
    };
    match recognise_side(first, opening.on_port(PORT)) {
        // The reply may be whole before the request is.
        Recognition::More if !second.is_empty() => match recognise_side(second, opening.on_port(PORT)) {
            Recognition::No => Recognition::More,
            told => told,
        },
        told => told,
    }
}

fn recognise_side(bytes: &[u8], at_port: bool) -> Recognition {
    match parse::parse_chunk(bytes) {
        Found::Nothing => Recognition::No,
        Found::More(_) => Recognition::More,
        Found::Chunk(chunk) => recognise_chunk(&chunk, at_port),
    }
}

fn recognise_chunk(chunk: &Chunk<'_>, at_port: bool) -> Recognition {
    if !matches!(chunk.kind, Kind::Close | Kind::Message | Kind::Open) {
        return match parse::parse_handshake(chunk) {
            Some(_) => Recognition::Yes(Sureness::BySignature),
            None => Recognition::No,
        };
    }
    let Some(secured) = parse::parse_secured(chunk) else { return Recognition::No };
    let is_signed = match secured.policy {
        Some(policy) => policy.uri.is_some_and(|uri| uri.starts_with(names::POLICY_PREFIX)),
        None => {
            let body = parse::parse_sequence(secured.rest).map(|(_, body)| body);
            body.and_then(parse::parse_name).is_some()
        }
    };
    match (is_signed, at_port) {
        (true, _) => Recognition::Yes(Sureness::BySignature),
        // A message in the middle of one, or an encrypted one: seven letters and a length that fits.
        (false, true) => Recognition::Yes(Sureness::ByStructure),
        (false, false) => Recognition::No,
    }
}
