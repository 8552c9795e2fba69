//! SMTP over TCP (RFC 5321), with authentication (RFC 4954) and TLS by `STARTTLS` (RFC 3207).
//!
//! Read: greetings; who sends mail to whom and what came back; headers of the mail that name its ways; logins, of which
//! the user's name is kept; TLS behind `STARTTLS`.
//!
//! Not read: bodies and their parts; chunks (`BDAT`, RFC 3030), which are passed over; encoded words in headers; what is
//! sent behind `AUTH` by mechanisms other than PLAIN and LOGIN, which is passed over unlooked-at.
//!
//! One [`city::Request`] is one mail (`DATA`, the target being its recipients, the value its sender), one login, or a
//! question for names (`VRFY`, `EXPN`).

mod conversation;
mod credentials;
mod mail;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::lines::{may_be_lines, parse_command, parse_line, parse_reply_line};
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

/// Reads SMTP.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::Smtp, recognise, open: || Box::<conversation::Conversation>::default() };

/// The usual ports.
const PORTS: [u16; 2] = [25, 587];

/// A server greets with a code that FTP servers use too; its name or the client's first word decide.
fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_tcp() {
        return Recognition::No;
    }
    let usual = PORTS.iter().any(|port| opening.on_port(*port));
    let client = parse_line(opening.from_source).map(|(line, _)| opens(line));
    let server = parse_line(opening.from_destination).map(|(line, _)| parse_reply_line(line));
    match (client, server) {
        (Some(false), _) | (_, Some(None)) => Recognition::No,
        (Some(true), Some(Some(_))) => Recognition::Yes(Sureness::ByStructure),
        (None, Some(Some(line))) if line.code == 220 && names_itself(line.text) => {
            Recognition::Yes(Sureness::ByStructure)
        }
        (Some(true), None) | (None, Some(Some(_))) if usual => Recognition::Yes(Sureness::ByPort),
        (None, Some(Some(line))) if line.code == 220 => more(opening),
        (Some(true), None) | (None, None) => more(opening),
        _ => Recognition::No,
    }
}

/// Words with which clients begin and others do not.
fn opens(line: &[u8]) -> bool {
    let (word, rest) = parse_command(line);
    matches!(word.as_slice(), b"EHLO" | b"HELO") && !rest.is_empty()
}

/// Whether a greeting says that it is of SMTP.
fn names_itself(text: &[u8]) -> bool {
    let text = text.to_ascii_lowercase();
    text.windows(4).any(|window| window == b"smtp")
}

/// More may come, if what is there is the beginning of lines.
fn more(opening: &Opening<'_>) -> Recognition {
    let source = opening.from_source;
    let word = source.split(|byte| *byte == b' ').next().unwrap_or_default().to_ascii_uppercase();
    let client = b"EHLO".starts_with(&word) || b"HELO".starts_with(&word);
    let server = opening.from_destination.iter().zip(b"220").all(|(byte, digit)| byte == digit);
    if client && server && may_be_lines(source) && may_be_lines(opening.from_destination) {
        Recognition::More
    } else {
        Recognition::No
    }
}
