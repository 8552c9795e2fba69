//! Bytes to FINS messages.

use super::message::{Command, End, Envelope, Header, Message};
use super::names;
use crate::cursor::Cursor;

/// What every message over TCP begins with.
pub const MAGIC: [u8; 4] = *b"FINS";
/// Bytes of the magic and the length behind it.
const LENGTH_BYTES: usize = 8;
/// The longest message over TCP that is read: a FINS message has at most 2012 bytes (W342 section 3-1), and some to spare.
const ENVELOPED_MAX: u32 = 8 << 10;

/// What stands at the beginning of a stream's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// An envelope, its content, and how many bytes both take.
    Enveloped(Envelope, &'a [u8], usize),
    /// The beginning of one.
    More,
    /// None.
    Nothing,
}

/// Reads a message as UDP carries it.
pub fn parse_message(bytes: &[u8]) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (control, reserved, gateways) = (cursor.u8()?, cursor.u8()?, cursor.u8()?);
    let mut end = || Some(End { network: cursor.u8()?, node: cursor.u8()?, unit: cursor.u8()? });
    let (destination, source) = (end()?, end()?);
    let header = Header { control, gateways, destination, source, service: cursor.u8()? };
    let command = Command(cursor.u16()?);
    // Bits 1 to 5 and the second byte are reserved, and always 0.
    let sound = control & 0x3e == 0 && reserved == 0 && gateways <= 7;
    sound.then(|| Message { header, command, data: cursor.rest() })
}

/// Reads an envelope, as TCP carries it.
pub fn parse_enveloped(bytes: &[u8]) -> Found<'_> {
    let begins = bytes.iter().zip(MAGIC).all(|(byte, wanted)| *byte == wanted);
    if !begins {
        return Found::Nothing;
    }
    let mut cursor = Cursor::new(bytes);
    let (Some(_), Some(length)) = (cursor.take(MAGIC.len()), cursor.u32()) else { return Found::More };
    if !(8..=ENVELOPED_MAX).contains(&length) {
        return Found::Nothing;
    }
    let Some(body) = cursor.take(length as usize) else { return Found::More };
    let mut body = Cursor::new(body);
    match (body.u32(), body.u32()) {
        (Some(command), Some(error)) => {
            let envelope = Envelope { length, command, error };
            Found::Enveloped(envelope, body.rest(), LENGTH_BYTES + length as usize)
        }
        _ => Found::Nothing,
    }
}

/// Whether a message is of this protocol beyond doubt: a known command with as much data as it needs, and the header
/// that every controller sends.
pub fn fits(message: &Message<'_>) -> bool {
    let Message { header, command, data } = message;
    let length = data.len();
    if !header.uses_gateway() || !matches!(header.gateways, 2 | 7) || names::function(command.0).is_none() {
        return false;
    }
    if header.is_response() {
        let code = data.first_chunk::<2>().map(|code| u16::from_be_bytes(*code));
        return code.is_some_and(|code| names::response(code & 0x7f3f).is_some());
    }
    match command.0 {
        0x0101 | 0x0201 => length == 6,
        0x0102 | 0x0202 => length > 6,
        0x0103 | 0x0203 | 0x0220 | 0x0306 => length == 8,
        0x0104 => length >= 4 && length % 4 == 0,
        0x0105 => length == 10,
        0x0304 | 0x0305 => length == 15,
        0x0402 | 0x0403 | 0x0601..=0x0603 | 0x0701 | 0x0802 | 0x2103 | 0x2302 | 0x2602 | 0x2603 => {
            length == 0
        }
        0x0401 | 0x0501 | 0x0502 | 0x0620 => length <= 3,
        0x0702 => (5..=7).contains(&length),
        0x0308 | 0x0920 | 0x0c01..=0x0c03 | 0x2101 => matches!(length, 2 | 3),
        0x2102 => length == 4,
        _ => length >= 2,
    }
}
