//! Bytes to messages.

use super::message::{Code, Kind, Message, OptionNumber, take_option};
use crate::cursor::Cursor;

/// What the beginning of a stream holds.
pub enum Found<'a> {
    /// A message, and how many bytes it has.
    Message(Message<'a>, usize),
    /// Not all of it is there yet; so many bytes are needed, if that can be told.
    More,
    /// A message longer than anybody holds, with its length.
    Long(u64),
    Nothing,
}

/// The longest message of a stream that is read.
const STREAM_BYTES_MAX: u64 = 64 << 10;

/// Reads a datagram (RFC 7252 clause 3).
pub fn parse_datagram(bytes: &[u8]) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    let first = cursor.u8()?;
    if first >> 6 != 1 {
        return None;
    }
    let kind = match first >> 4 & 3 {
        0 => Kind::Confirmable,
        1 => Kind::NonConfirmable,
        2 => Kind::Acknowledgement,
        _ => Kind::Reset,
    };
    let code = Code(cursor.u8()?);
    let id = cursor.u16()?;
    let token = cursor.take(token_length(first)?)?;
    let (option_bytes, payload) = split(cursor.rest())?;
    // An empty message is four bytes (clause 4.1), and a reset is one.
    if (code == Code::EMPTY || kind == Kind::Reset) && bytes.len() != 4 {
        return None;
    }
    Some(Message { datagram: Some((kind, id)), code, token, option_bytes, payload })
}

/// Reads the first message of a stream (RFC 8323 clause 3.2).
pub fn parse_stream(bytes: &[u8]) -> Found<'_> {
    let mut cursor = Cursor::new(bytes);
    let Some(first) = cursor.u8() else { return Found::More };
    let Some(token_bytes) = token_length(first) else { return Found::Nothing };
    let length = match first >> 4 {
        13 => cursor.unsigned(1).map(|more| more + 13),
        14 => cursor.unsigned(2).map(|more| more + 269),
        15 => cursor.unsigned(4).map(|more| more + 65_805),
        small => Some(u64::from(small)),
    };
    let Some(length) = length else { return Found::More };
    let Some(code) = cursor.u8().map(Code) else { return Found::More };
    if !code.is_known() {
        return Found::Nothing;
    }
    let head = bytes.len() - cursor.len();
    let total = head as u64 + token_bytes as u64 + length;
    if total > STREAM_BYTES_MAX {
        return Found::Long(total);
    }
    let (Some(token), Some(rest)) = (cursor.take(token_bytes), cursor.take(length as usize)) else {
        return Found::More;
    };
    match split(rest) {
        Some((option_bytes, payload)) => {
            let message = Message { datagram: None, code, token, option_bytes, payload };
            Found::Message(message, total as usize)
        }
        None => Found::Nothing,
    }
}

fn token_length(first: u8) -> Option<usize> {
    Some(usize::from(first & 0x0f)).filter(|length| *length <= 8)
}

/// Options, and the payload behind its mark. A mark without a payload is an error (clause 3).
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut cursor = Cursor::new(bytes);
    loop {
        match cursor.rest() {
            [] => return Some((bytes, &[])),
            [0xff] => return None,
            [0xff, ..] => {
                let (options, rest) = bytes.split_at_checked(bytes.len() - cursor.len())?;
                return Some((options, rest.get(1..)?));
            }
            _ => {
                take_option(&mut cursor)?;
            }
        }
    }
}

/// Whether a message uses known codes alone, and options as they must be: a critical one, whose number is odd, must be
/// known (RFC 7252 clause 5.4.1).
pub fn is_sound(message: &Message<'_>) -> bool {
    if !message.code.is_known() {
        return false;
    }
    if message.code.0 >> 5 == 7 {
        return message.datagram.is_none()
            && message.options().all(|(number, value)| match (message.code, number.0) {
                (Code::CSM, 2) => value.len() <= 4,
                (Code::CSM, 4) => value.is_empty(),
                (_, number) => number % 2 == 0 && number > 0,
            });
    }
    message.options().all(|(number, value)| match number.lengths() {
        Some((least, most)) => (least..=most).contains(&value.len()),
        None => number.0 % 2 == 0 && number > OptionNumber(0),
    })
}
