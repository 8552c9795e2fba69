//! Bytes to ROC Plus messages.

use super::message::{Message, Opcode};
use crate::checksum::crc16;
use crate::cursor::Cursor;

/// Bytes before the data.
pub const HEADER_BYTES: usize = 6;

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A message whose check is right, and how many bytes it takes.
    Message(Message<'a>, usize),
    /// The beginning of what may be a message.
    More,
    /// No message.
    Nothing,
}

/// Reads one message.
pub fn parse_message(bytes: &[u8]) -> Found<'_> {
    let [to_unit, to_group, from_unit, from_group, opcode, length, rest @ ..] = bytes else {
        return Found::More;
    };
    let mut cursor = Cursor::new(rest);
    let length = usize::from(*length);
    let (Some(data), Some(check)) = (cursor.take(length), cursor.array::<2>()) else {
        return Found::More;
    };
    let covered = bytes.get(..HEADER_BYTES + length).unwrap_or_default();
    let sent = u16::from_le_bytes(check);
    if crc16(0xffff, covered) != sent && crc16(0, covered) != sent {
        return Found::Nothing;
    }
    let message = Message {
        destination: (*to_unit, *to_group),
        source: (*from_unit, *from_group),
        opcode: Opcode(*opcode),
        data,
        check,
    };
    Found::Message(message, HEADER_BYTES + length + 2)
}

/// Text that a field of fixed size holds: up to the first zero.
pub fn until_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// A login's fields (opcode 17). The password is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login<'a> {
    /// Someone logs in.
    In { operator: &'a [u8], level: u8 },
    /// Someone logs out.
    Out { operator: &'a [u8], word: &'a [u8] },
    /// A key for a session is asked for or given.
    Key,
    /// The answer to it.
    WrappedKey,
}

/// Reads a login. Old firmware has three letters and a number of two bytes for operator and password, new firmware 30
/// and 40 letters.
pub fn parse_login(data: &[u8]) -> Option<Login<'_>> {
    let mut cursor = Cursor::new(data);
    let (operator, password) = match data.len() {
        13 => return Some(Login::Key),
        24 => return Some(Login::WrappedKey),
        6 | 11 => (3, 2),
        71 | 76 => (30, 40),
        _ => return None,
    };
    let operator = cursor.take(operator)?;
    cursor.take(password)?;
    match cursor.rest() {
        [level] => Some(Login::In { operator, level: *level }),
        word => Some(Login::Out { operator, word }),
    }
}

/// Whether a login uses the name and number that the maker ships.
pub fn is_shipped_login(data: &[u8]) -> bool {
    // The operator LOI with 1000, in either order of bytes.
    matches!(data, [b'L', b'O', b'I', 0xe8, 0x03, _] | [b'L', b'O', b'I', 0x03, 0xe8, _])
}

/// The point type that holds operators and their passwords (chapter 3, logon parameters).
const LOGON_PARAMETERS: u8 = 92;

/// Whether a message's data hold a password, or may.
pub fn is_secret(opcode: Opcode, data: &[u8]) -> bool {
    match (opcode.0, data) {
        (17, _) => true,
        // One kind of point, with values behind the four numbers that say which.
        (166 | 167, [point, _, _, _, _, ..]) => *point == LOGON_PARAMETERS,
        // What is passed on is a message of its own.
        (24, [_, _, _, _, _, _, _, _, _, _, inner, _, data @ ..]) => is_secret(Opcode(*inner), data),
        // Where a value ends and the next parameter begins, only the device knows.
        (180 | 181, [count, list @ ..]) if list.len() != usize::from(*count) * 3 => {
            const PARAMETERS: u8 = 8;
            list.windows(3).any(|tlp| matches!(tlp, [LOGON_PARAMETERS, _, 0..PARAMETERS]))
        }
        _ => false,
    }
}
