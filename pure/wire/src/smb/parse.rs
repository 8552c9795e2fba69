//! Bytes to SMB messages.

use super::message::{Command, Message};
use crate::cursor::Cursor;
use crate::show::readable;
use city::Text;

/// The longest message of those that are read; tokens with many groups have tens of thousands of bytes.
pub const MESSAGE_BYTES_MAX: usize = 128 << 10;

/// The longest text shown, in bytes.
const TEXT_BYTES_MAX: usize = 128;

/// Headers.
const OLD_BYTES: usize = 32;
const NEW_BYTES: usize = 64;

/// The head of a session service's packet (RFC 1002 section 4.3.1); without that service, type 0 and a longer length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    pub kind: u8,
    pub length: usize,
}

/// What lies at the front of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framed {
    Frame(Frame),
    More,
    Nothing,
}

/// Reads the head of a packet.
pub fn parse_frame(bytes: &[u8]) -> Framed {
    match bytes {
        [kind @ (0 | 0x81..=0x85), high, middle, low, ..] => {
            let length = u32::from_be_bytes([0, *high, *middle, *low]) as usize;
            Framed::Frame(Frame { kind: *kind, length })
        }
        [] | [0 | 0x81..=0x85] | [0 | 0x81..=0x85, _] | [0 | 0x81..=0x85, _, _] => Framed::More,
        _ => Framed::Nothing,
    }
}

/// What a message is for, by its first bytes; none if it is not read here.
pub fn command(bytes: &[u8]) -> Option<Command> {
    let number = match bytes {
        [0xff, b'S', b'M', b'B', number, ..] => match number {
            0x72 => 0,
            0x73 => 1,
            0x75 => 3,
            _ => return None,
        },
        [0xfe, b'S', b'M', b'B', _, _, _, _, _, _, _, _, low, high, ..] => u16::from_le_bytes([*low, *high]),
        _ => return None,
    };
    Some(match number {
        0 => Command::Negotiate,
        1 => Command::SessionSetup,
        3 => Command::TreeConnect,
        _ => return None,
    })
}

/// Reads a message from its signature on.
pub fn parse_message(bytes: &[u8]) -> Option<Message<'_>> {
    let command = command(bytes)?;
    let mut cursor = Cursor::new(bytes);
    let is_old = cursor.u8()? == 0xff;
    if is_old {
        cursor.take(4)?;
        let status = little32(&mut cursor)?;
        let flags = cursor.u8()?;
        let flags_2 = little16(&mut cursor)?;
        cursor.take(18)?;
        let id = u64::from(little16(&mut cursor)?);
        let (is_reply, is_wide) = (flags & 0x80 != 0, flags_2 & 0x8000 != 0);
        let body = bytes.get(OLD_BYTES..)?;
        return Some(Message { is_old, command, is_reply, status, id, is_wide, bytes, body });
    }
    cursor.take(7)?;
    let status = little32(&mut cursor)?;
    cursor.take(4)?;
    let flags = little32(&mut cursor)?;
    cursor.take(4)?;
    let id = cursor.array().map(u64::from_le_bytes)?;
    let body = bytes.get(NEW_BYTES..)?;
    Some(Message { is_old, command, is_reply: flags & 1 != 0, status, id, is_wide: true, bytes, body })
}

fn little16(cursor: &mut Cursor<'_>) -> Option<u16> {
    cursor.array().map(u16::from_le_bytes)
}

fn little32(cursor: &mut Cursor<'_>) -> Option<u32> {
    cursor.array().map(u32::from_le_bytes)
}

/// The words and the bytes of a message of version 1 (MS-CIFS clause 2.2.3.2).
fn parts<'a>(message: &Message<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let mut cursor = Cursor::new(message.body);
    let words = cursor.u8()?;
    let words = cursor.take(usize::from(words) * 2)?;
    let count = usize::from(little16(&mut cursor)?);
    Some((words, cursor.rest().get(..count).unwrap_or(cursor.rest())))
}

fn word(words: &[u8], place: usize) -> Option<u16> {
    let mut cursor = Cursor::new(words.get(place * 2..)?);
    little16(&mut cursor)
}

/// The dialects that a client of version 1 offers (MS-CIFS clause 2.2.4.52.1).
pub fn parse_offer(message: &Message<'_>) -> Vec<Text> {
    const DIALECTS_MAX: usize = 16;
    let Some((_, bytes)) = parts(message) else { return Vec::new() };
    let names = bytes.split(|byte| *byte == 0).filter_map(|name| name.strip_prefix(&[2]));
    names.take(DIALECTS_MAX).map(|name| readable(name, TEXT_BYTES_MAX)).collect()
}

/// Which dialect a server chose: of version 1 the place among those offered, of the others its revision.
pub fn parse_dialect(message: &Message<'_>) -> Option<u16> {
    if message.is_old { word(parts(message)?.0, 0) } else { word(message.body, 2) }
}

/// The token of a log-on.
pub fn parse_token<'a>(message: &Message<'a>) -> Option<&'a [u8]> {
    if message.is_old {
        let (words, bytes) = parts(message)?;
        let length = match (message.is_reply, words.len() / 2) {
            (false, 12) => word(words, 7)?,
            (true, 4) => word(words, 3)?,
            _ => return None,
        };
        return bytes.get(..usize::from(length));
    }
    let place = if message.is_reply { 2 } else { 6 };
    let (offset, length) = (word(message.body, place)?, word(message.body, place + 1)?);
    message.bytes.get(usize::from(offset)..)?.get(..usize::from(length))
}

/// Whether a server let somebody in as a guest or as nobody.
pub fn is_guest(message: &Message<'_>) -> bool {
    if message.is_old {
        parts(message).and_then(|(words, _)| word(words, 2)).is_some_and(|action| action & 1 != 0)
    } else {
        word(message.body, 1).is_some_and(|flags| flags & 3 != 0)
    }
}

/// Whether a log-on of version 1 without SPNEGO names nobody and proves nothing (MS-CIFS clause 2.2.4.53.1).
pub fn is_nobody(message: &Message<'_>) -> bool {
    let Some((words, _)) = parts(message).filter(|_| message.is_old) else { return false };
    words.len() == 26 && word(words, 7).is_some_and(|length| length <= 1) && word(words, 8) == Some(0)
}

/// The share that is connected to.
pub fn parse_share(message: &Message<'_>) -> Option<Text> {
    let path = if message.is_old {
        let (words, bytes) = parts(message)?;
        // A password, which is passed over, then the path; in UTF-16 it begins at an even place.
        let password = usize::from(word(words, 3)?);
        let before = message.bytes.len() - message.body.len() + 1 + words.len() + 2;
        let odd = usize::from(message.is_wide && (before + password) % 2 == 1);
        bytes.get(password + odd..)?
    } else {
        let (offset, length) = (word(message.body, 2)?, word(message.body, 3)?);
        message.bytes.get(usize::from(offset)..)?.get(..usize::from(length))?
    };
    if !message.is_wide {
        return path.split(|byte| *byte == 0).next().map(|path| readable(path, TEXT_BYTES_MAX));
    }
    let units = path.chunks_exact(2).map(|pair| match pair {
        [low, high] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    });
    let units = units.take_while(|unit| *unit != 0).take(TEXT_BYTES_MAX);
    let text: String =
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Some(readable(text.as_bytes(), TEXT_BYTES_MAX))
}
