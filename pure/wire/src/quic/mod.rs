//! QUIC 1 and 2 and drafts 23 to 34 (RFC 9000, RFC 9001, RFC 9369), as far as somebody who is no part of it can read.
//!
//! Read: the headers of all packets; Initial packets of both sides, whose keys follow from the first of them; in those
//! the hellos of TLS, in however many pieces and in whatever order; the end of a connection that is told in them;
//! Retry.
//!
//! Read for Suricata's events alone: the client's hello in Google's QUIC before it was a standard (Q039 to Q046).
//!
//! Not read: everything under keys that only the two ends have, such as certificates and HTTP/3; what a connection does when its ends change their addresses. A tag that is not right makes a
//! packet count as one that was not there.
//!
//! One [`city::Request`] is one handshake, as that of TLS is told: the verb `authenticate`, the function `handshake`,
//! the target the server's name that the client asked for, the value the version and the cipher chosen, the same
//! details. It is done once both sides have sent what is only sent with the agreed keys.

mod assembly;
mod conversation;
mod event;
mod google;
mod keys;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::{Reader, Side};
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use message::Kind;

/// Reads QUIC.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::Quic, recognise, open: || Box::new(conversation::Conversation::new()) };

/// The port of HTTP over QUIC, the most usual one.
const PORT: u16 = 443;

/// The least that a datagram has in which a client says its first words (RFC 9000 clause 14.1).
const INITIAL_MIN: usize = 1_200;

fn recognise(opening: &Opening<'_>) -> Recognition {
    let datagram = opening.first_bytes();
    if opening.is_udp() && opening.first == Side::Source && google::parse_hello(datagram).is_some() {
        return Recognition::Yes(Sureness::ByStructure);
    }
    let mut rest = datagram;
    let Some(packet) = opening.is_udp().then(|| parse::parse_long(&mut rest)).flatten() else {
        return Recognition::No;
    };
    let fits = match packet.kind {
        Some(Kind::Initial) => datagram.len() >= INITIAL_MIN || opening.on_port(PORT),
        Some(Kind::Handshake | Kind::ZeroRtt) => !packet.destination.is_empty() || !packet.source.is_empty(),
        // Sixteen bytes at its end prove it whole (RFC 9000 clause 17.2.5).
        Some(Kind::Retry) => false,
        // A version that is not read, with the bit that all but one has set.
        None => false,
    };
    match fits {
        true => Recognition::Yes(Sureness::ByStructure),
        false
            if opening.on_port(PORT)
                && packet.kind != Some(Kind::Initial)
                && datagram.first().is_some_and(|first| first & 0x40 != 0) =>
        {
            Recognition::Yes(Sureness::ByPort)
        }
        false => Recognition::No,
    }
}
