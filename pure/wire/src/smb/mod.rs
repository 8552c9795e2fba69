//! SMB: MS-CIFS and MS-SMB (version 1), MS-SMB2 (versions 2 and 3), over TCP, with the session service of RFC 1002 in
//! front or without.
//!
//! Read: which dialect is agreed, who logs on (by NTLM or Kerberos, see [`crate::ntlm`] and [`crate::kerberos`]) or
//! that nobody is named, and which shares are connected to. A server that agrees to version 1 shows a weakness.
//!
//! Read for Suricata's events alone: every command of versions 2 and 3, with the names of files that are opened.
//!
//! Not read: what is done to files, pipes and the calls in them, log-ons of version 1 without SPNEGO beyond
//! whether they name somebody. Sealed and compressed messages are passed over.
//!
//! The target is the share, of a log-on the user; the value of a negotiation is the dialect.

mod conversation;
mod event;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use parse::{Frame, Framed};

/// Reads SMB.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Smb, recognise, open: conversation::open };

/// The port of the session service, which opens with a message of its own.
const SESSION_PORT: u16 = 139;

/// Recognises SMB by the signature behind the length.
fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_tcp() {
        return Recognition::No;
    }
    let bytes = opening.first_bytes();
    match parse::parse_frame(bytes) {
        Framed::Frame(Frame { kind: 0, .. }) => match bytes.get(4..8) {
            Some([0xfc..=0xff, b'S', b'M', b'B']) => Recognition::Yes(Sureness::BySignature),
            Some(_) => Recognition::No,
            None => match bytes.get(4..).unwrap_or_default() {
                [] | [0xfc..=0xff] | [0xfc..=0xff, b'S'] | [0xfc..=0xff, b'S', b'M'] => Recognition::More,
                _ => Recognition::No,
            },
        },
        // A call by name: two names of 34 bytes each (RFC 1002 section 4.3.2).
        Framed::Frame(Frame { kind: 0x81, length: 68 }) if opening.on_port(SESSION_PORT) => {
            Recognition::Yes(Sureness::ByPort)
        }
        Framed::More if matches!(bytes, [] | [0] | [0, 0..=1, ..]) => Recognition::More,
        _ => Recognition::No,
    }
}
