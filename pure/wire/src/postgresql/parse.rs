//! Bytes to messages.

use super::message::{Letter, Message, Opening, Report};
use crate::cursor::Cursor;

/// The longest opening that a server reads.
const OPENING_MAX: u32 = 10_000;

/// The longest message that can be one (a gigabyte, as for a value).
const MESSAGE_MAX: u32 = 1 << 30;

/// The longest message by which messages are recognised: a length of four letters or spaces is longer.
const LIKELY_MAX: u64 = 16 << 20;

/// As much of a body as is looked at.
pub const BODY_MAX: usize = 8 << 10;

/// How many messages behind one another are looked at to recognise the first.
const CHAIN_MAX: usize = 16;

/// How many parameters and fields are read.
const ITEMS_MAX: usize = 64;

/// What stands at the beginning of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<T> {
    /// A message, and how many bytes it takes.
    Of(T, u64),
    /// More must be seen.
    More,
    /// None.
    Nothing,
}

/// Reads what a client says first.
pub fn parse_opening(bytes: &[u8]) -> Found<Opening<'_>> {
    let mut cursor = Cursor::new(bytes);
    let Some(length) = cursor.u32() else {
        return if bytes.first().is_none_or(|first| *first == 0) { Found::More } else { Found::Nothing };
    };
    if !(8..=OPENING_MAX).contains(&length) {
        return Found::Nothing;
    }
    let Some(code) = cursor.u32() else { return Found::More };
    let opening = match (code, length) {
        (80_877_102, 16..) => Opening::Cancel,
        (80_877_103, 8) => Opening::Tls,
        (80_877_104, 8) => Opening::GssEncryption,
        (0x0003_0000..=0x0003_ffff, 9..) => {
            let Some(body) = cursor.take(length as usize - 8) else { return Found::More };
            let Some(parameters) = pairs(body) else { return Found::Nothing };
            Opening::Startup { major: 3, minor: code as u16, parameters }
        }
        _ => return Found::Nothing,
    };
    if bytes.len() < length as usize { Found::More } else { Found::Of(opening, u64::from(length)) }
}

/// Pairs of texts, each ended by a zero, and a zero behind the last.
fn pairs(mut body: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut pairs = Vec::new();
    while body != [0] && pairs.len() < ITEMS_MAX {
        let (name, value) = (text(&mut body)?, text(&mut body)?);
        pairs.push((name, value));
    }
    Some(pairs)
}

/// A text that a zero ends.
pub fn text<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    let (text, rest) = bytes.split_at_checked(end)?;
    *bytes = rest.get(1..)?;
    Some(text)
}

/// Reads a message with a letter; of its body as much as is looked at.
pub fn parse_message(bytes: &[u8], is_client: bool) -> Found<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    let Some(letter) = cursor.u8().map(Letter) else { return Found::More };
    if !(if is_client { letter.is_of_client() } else { letter.is_of_server() }) {
        return Found::Nothing;
    }
    let Some(length) = cursor.u32() else { return Found::More };
    if !(4..=MESSAGE_MAX).contains(&length) {
        return Found::Nothing;
    }
    let length = u64::from(length) - 4;
    let wanted = match (letter.0, is_client) {
        // Of what is copied nothing is looked at, of rows how many columns they have.
        (b'd', _) => 0,
        (b'D', false) => 2,
        _ => BODY_MAX,
    };
    let wanted = wanted.min(usize::try_from(length).unwrap_or(usize::MAX));
    match cursor.take(wanted) {
        Some(body) => Found::Of(Message { letter, body, length }, length + 5),
        None => Found::More,
    }
}

/// Whether bytes are messages throughout, or begin with so many that it is no chance.
pub fn are_messages(mut bytes: &[u8], is_client: bool) -> bool {
    for _ in 0..CHAIN_MAX {
        if bytes.is_empty() {
            break;
        }
        match parse_message(bytes, is_client) {
            Found::Of(_, length) if length > LIKELY_MAX => return false,
            Found::Of(_, length) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                bytes = bytes.get(length..).unwrap_or_default();
            }
            Found::More => {
                return matches!(bytes, [_, high, ..] if u64::from(*high) << 24 < LIKELY_MAX)
                    && bytes.len() >= 5;
            }
            Found::Nothing => return false,
        }
    }
    true
}

/// Reads the fields of an error or a notice.
pub fn parse_report(mut body: &[u8]) -> Report<'_> {
    let mut report = Report::default();
    while report.0.len() < ITEMS_MAX {
        let Some((letter, rest)) = body.split_first().filter(|(letter, _)| **letter != 0) else { break };
        body = rest;
        let Some(value) = text(&mut body) else { break };
        report.0.push((*letter, value));
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_are_told_apart() {
        let startup = b"\0\0\0\x20\0\x03\0\0user\0ada\0database\0";
        assert_eq!(parse_opening(startup), Found::More);
        let whole = b"\0\0\0\x20\0\x03\0\0user\0ada\0database\0city\0\0";
        let Found::Of(Opening::Startup { parameters, .. }, 32) = parse_opening(whole) else { panic!() };
        assert_eq!(parameters, [(&b"user"[..], &b"ada"[..]), (b"database", b"city")]);
        assert_eq!(parse_opening(b"\0\0\0\x08\x04\xd2\x16\x2f"), Found::Of(Opening::Tls, 8));
        assert_eq!(parse_opening(b"\0\0\0\x08\x04\xd2"), Found::More);
        assert_eq!(parse_opening(b"GET / HTTP/1.1"), Found::Nothing);
        assert_eq!(parse_opening(b"\0\0\0\x08\x04\xd2\x16\x30"), Found::Of(Opening::GssEncryption, 8));
    }

    #[test]
    fn of_long_bodies_only_the_beginning_is_wanted() {
        let row = [b'D', 0, 1, 0, 0, 0, 3];
        let Found::Of(message, 65_537) = parse_message(&row, false) else { panic!() };
        assert_eq!((message.body, message.length), (&[0, 3][..], 65_532));
        assert_eq!(parse_message(&[b'D', 0, 0, 0, 3], false), Found::Nothing);
        assert_eq!(parse_message(b"G", true), Found::Nothing);
        assert!(are_messages(b"Q\0\0\0\x05\0", true) && !are_messages(b"Q\0\0\0\x05\0GET", true));
    }
}
