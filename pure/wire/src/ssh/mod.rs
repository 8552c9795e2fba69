//! SSH over TCP (RFC 4251 to 4254), as far as it is seen before it is encrypted.
//!
//! Read: the banners of both ends and lines before them; both ends' lists of algorithms and what they agree on (also
//! the text of which HASSH is a hash); the fingerprint of the server's host key; that keys were exchanged. From then on
//! everything is encrypted, but the lengths of what the server says tell how a login went, unless it is compressed; a
//! guess, and said to be one. A server that takes SSH 1, or RC4, DES or no encryption, shows a weakness.
//!
//! Not read: what is inside; the packets of SSH 1 beyond its banners; keys exchanged anew.
//!
//! One [`city::Request`] is one exchange of keys (`key-exchange`, answered if both ends took the keys into use) or one
//! login as guessed (`login`). The target is the server's host key, `SHA256:…`, by which it is known wherever it is.

mod conversation;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

/// Reads SSH.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::Ssh, recognise, open: || Box::<conversation::Conversation>::default() };

/// The usual port.
const PORT: u16 = 22;

/// Recognises a banner of either end; a server may say other lines before it (RFC 4253 clause 4.2).
fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_tcp() {
        return Recognition::No;
    }
    let source = recognise_banner(opening.from_source);
    let destination = recognise_lines(opening.from_destination, opening.on_port(PORT));
    match (source, destination) {
        (Recognition::Yes(_), _) => source,
        (_, Recognition::Yes(_)) => destination,
        (Recognition::More, Recognition::More) => Recognition::More,
        _ => Recognition::No,
    }
}

fn recognise_banner(bytes: &[u8]) -> Recognition {
    const SIGNATURES: [&[u8]; 2] = [b"SSH-1.", b"SSH-2."];
    if SIGNATURES.iter().any(|signature| bytes.starts_with(signature)) {
        Recognition::Yes(Sureness::BySignature)
    } else if SIGNATURES.iter().any(|signature| signature.starts_with(bytes)) {
        Recognition::More
    } else {
        Recognition::No
    }
}

/// A welcome of whole lines is waited out on the usual port only.
fn recognise_lines(bytes: &[u8], usual: bool) -> Recognition {
    let mut found = Recognition::More;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let is_text = line.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
        found = match recognise_banner(line) {
            Recognition::Yes(sureness) => return Recognition::Yes(sureness),
            Recognition::No if usual && is_text => Recognition::More,
            other => other,
        };
    }
    found
}
