//! Bytes to messages.

use crate::cursor::Cursor;

/// A message (RFC 1350 clause 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message<'a> {
    /// RRQ and WRQ.
    Request { writes: bool, file: &'a [u8], mode: &'static str },
    /// DATA.
    Data,
    /// ACK, with the number of its block.
    Acknowledgement(u16),
    /// ERROR.
    Error { code: u16, words: &'a [u8] },
    /// OACK (RFC 2347).
    Options,
}

/// A datagram.
pub(super) fn parse_message(bytes: &[u8]) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    match cursor.u16()? {
        operation @ (1 | 2) => {
            let file = parse_text(&mut cursor)?;
            let mode = parse_text(&mut cursor)?.to_ascii_lowercase();
            let mode = ["mail", "netascii", "octet"].into_iter().find(|name| name.as_bytes() == mode)?;
            // Options are pairs of text (RFC 2347).
            while !cursor.is_empty() {
                parse_text(&mut cursor)?;
                parse_text(&mut cursor)?;
            }
            (!file.is_empty()).then_some(Message::Request { writes: operation == 2, file, mode })
        }
        3 => {
            cursor.u16()?;
            Some(Message::Data)
        }
        4 => Some(Message::Acknowledgement(cursor.u16().filter(|_| cursor.is_empty())?)),
        5 => {
            let code = cursor.u16()?;
            // Some leave the zero at the end away.
            let words = cursor.rest();
            Some(Message::Error { code, words: words.strip_suffix(b"\0").unwrap_or(words) })
        }
        6 => {
            while !cursor.is_empty() {
                parse_text(&mut cursor)?;
            }
            Some(Message::Options)
        }
        _ => None,
    }
}

/// Text up to a zero; without control characters.
fn parse_text<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let end = cursor.rest().iter().position(|byte| *byte == 0)?;
    let text = cursor.take(end)?;
    cursor.u8()?;
    text.iter().all(|byte| !byte.is_ascii_control()).then_some(text)
}
