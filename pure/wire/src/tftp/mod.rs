//! TFTP over UDP (RFC 1350), with options (RFC 2347).
//!
//! Read: which file is read or written, and what is answered at the port that was asked. Most servers answer from a port
//! of their own (RFC 1350 clause 4); that conversation is known for what it is, and told to be refused or, for a file
//! written, accepted, but not which file it was.
//!
//! Not read: the files; block numbers; the values of options.
//!
//! One [`city::Request`] is one `read-request` or `write-request`; the target is the file, the value the mode. In the
//! conversation that answers it is one `error`, asked by nobody, with its words.

mod conversation;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::{Reader, Side};
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use parse::{Message, parse_message};

/// Reads TFTP.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::Tftp, recognise, open: || Box::<conversation::Conversation>::default() };

/// The usual port.
const PORT: u16 = 69;

/// A request has a form of its own; what answers it is known by its announcement.
fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_udp() || opening.first != Side::Source {
        return Recognition::No;
    }
    match parse_message(opening.from_source) {
        Some(Message::Request { .. }) if opening.on_port(PORT) => Recognition::Yes(Sureness::BySignature),
        Some(Message::Request { .. }) => Recognition::Yes(Sureness::ByStructure),
        _ => Recognition::No,
    }
}
