//! FTP over TCP (RFC 959), with its extended data connections (RFC 2428) and TLS by `AUTH` (RFC 4217).
//!
//! Read: logins and commands with their replies; where data will go (`PORT`, `PASV`, `EPRT`, `EPSV`), so that the data
//! connection is known for what it is; what server and system call themselves; TLS behind `AUTH TLS`.
//!
//! Of data connections: how much they carry, and of what kind, where logs are wanted. Not read: what is in them; commands behind `AUTH`, which are encrypted; GSS-API (RFC 2228). Data that
//! goes to a third address is not recognised. What only changes the connection (`TYPE`, `CWD`, `PASV`, `NOOP`, …) is no
//! request; commands that nobody defined are told without their text, which may be a password typed at the wrong moment.
//!
//! One [`city::Request`] is one command with its final reply; the function is the command, the target the path as the
//! server was asked for it, from the working directory where that is known, or the user's name.

mod conversation;
mod data;
mod event;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::lines::{may_be_lines, parse_command, parse_line, parse_reply_line};
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

/// Reads control connections.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::Ftp, recognise, open: || Box::<conversation::Conversation>::default() };

/// Data connections, which are known only by their announcement.
pub(crate) const DATA_READER: Reader = Reader {
    protocol: Protocol::FtpData,
    recognise: |_| Recognition::No,
    open: || Box::<data::Data>::default(),
};

/// The usual port.
const PORT: u16 = 21;

/// A server greets with a code that mail servers use too; its name or the client's first word decide.
fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_tcp() {
        return Recognition::No;
    }
    let usual = opening.on_port(PORT);
    let client = parse_line(opening.from_source).map(|(line, _)| parse_command(line));
    let client_fits = client.as_ref().map(|(word, rest)| message::opens(word, rest));
    let server = parse_line(opening.from_destination).map(|(line, _)| parse_reply_line(line));
    match (client_fits, server) {
        (_, Some(None)) => Recognition::No,
        (Some(true), Some(Some(_))) => Recognition::Yes(Sureness::ByStructure),
        (None, Some(Some(line))) if line.code == 220 && names_itself(line.text) => {
            Recognition::Yes(Sureness::ByStructure)
        }
        (Some(true), None) | (_, Some(Some(_))) if usual => Recognition::Yes(Sureness::ByPort),
        (None, Some(Some(line))) if line.code == 220 => more(opening),
        (Some(true), None) | (None, None) => more(opening),
        _ => Recognition::No,
    }
}

/// Whether a greeting says that it is of FTP.
fn names_itself(text: &[u8]) -> bool {
    let text = text.to_ascii_lowercase();
    let holds = |word: &[u8]| text.windows(word.len()).any(|window| window == word);
    holds(b"ftp") && !holds(b"smtp")
}

/// More may come, if what is there is the beginning of lines.
fn more(opening: &Opening<'_>) -> Recognition {
    let source = opening.from_source;
    let client = source.is_empty() || message::may_open(source);
    let server = opening.from_destination.iter().zip(b"220").all(|(byte, digit)| byte == digit);
    if client && server && may_be_lines(source) && may_be_lines(opening.from_destination) {
        Recognition::More
    } else {
        Recognition::No
    }
}
