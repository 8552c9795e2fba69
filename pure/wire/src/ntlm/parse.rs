//! Bytes to NTLM messages.

use super::message::{Message, Server, User};
use crate::cursor::Cursor;
use city::Text;

/// The longest name shown, in bytes.
const NAME_BYTES_MAX: usize = 256;

/// Names are in UTF-16 (clause 2.2.2.5, flag A).
const UNICODE: u32 = 1;
/// A version is given (flag T).
const VERSION: u32 = 0x0200_0000;
/// Attribute–value pairs are given (flag S).
const TARGET_INFO: u32 = 0x0080_0000;

/// How long a proof of version 1 is (clause 2.2.2.6); one of version 2 is longer.
const PROOF_1: usize = 24;

/// Attribute–value pairs looked at.
const PAIRS_MAX: usize = 32;

/// Reads a message.
pub fn parse_message(bytes: &[u8]) -> Option<Message> {
    let mut cursor = Cursor::new(bytes);
    if cursor.take(8)? != b"NTLMSSP\0" {
        return None;
    }
    match little(&mut cursor)? {
        1 => Some(Message::Negotiate),
        2 => challenge(bytes, cursor).map(Message::Challenge),
        3 => authenticate(bytes, cursor).map(Message::Authenticate),
        _ => None,
    }
}

fn little(cursor: &mut Cursor<'_>) -> Option<u32> {
    cursor.array().map(u32::from_le_bytes)
}

/// A field that lies further behind (clause 2.2.1): length, room, offset.
fn field<'a>(bytes: &'a [u8], cursor: &mut Cursor<'_>) -> Option<&'a [u8]> {
    let length = usize::from(cursor.array().map(u16::from_le_bytes)?);
    cursor.take(2)?;
    let offset = usize::try_from(little(cursor)?).ok()?;
    Some(bytes.get(offset..).and_then(|rest| rest.get(..length)).unwrap_or_default())
}

fn challenge(bytes: &[u8], mut cursor: Cursor<'_>) -> Option<Server> {
    field(bytes, &mut cursor)?;
    let flags = little(&mut cursor)?;
    let mut server = Server::default();
    // The challenge itself, and what is reserved, which the oldest servers leave out.
    if cursor.take(16).is_none() {
        return Some(server);
    }
    let Some(info) = field(bytes, &mut cursor).filter(|_| flags & TARGET_INFO != 0) else {
        return Some(server);
    };
    if flags & VERSION != 0
        && let Some([major, minor, low, high]) = cursor.array()
    {
        server.version = Some((major, minor, u16::from_le_bytes([low, high])));
    }
    let mut pairs = Cursor::new(info);
    for _ in 0..PAIRS_MAX {
        let (Some(kind), Some(length)) = (pairs.array(), pairs.array()) else { break };
        let Some(value) = pairs.take(usize::from(u16::from_le_bytes(length))) else { break };
        match u16::from_le_bytes(kind) {
            0 => break,
            1 => server.computer = name(value, UNICODE),
            3 => server.dns_computer = name(value, UNICODE),
            5 => server.tree = name(value, UNICODE),
            _ => {}
        }
    }
    Some(server)
}

fn authenticate(bytes: &[u8], mut cursor: Cursor<'_>) -> Option<User> {
    let old_proof = field(bytes, &mut cursor)?;
    let proof = field(bytes, &mut cursor)?;
    let domain = field(bytes, &mut cursor)?;
    let user = field(bytes, &mut cursor)?;
    let workstation = field(bytes, &mut cursor)?;
    field(bytes, &mut cursor);
    // The oldest clients send no flags, and no UTF-16.
    let flags = little(&mut cursor).unwrap_or(0);
    let version = match cursor.array() {
        Some([major, minor, low, high, _, _, _, revision]) if flags & VERSION != 0 => {
            Some((major, minor, u16::from_le_bytes([low, high]), revision))
        }
        _ => None,
    };
    Some(User {
        version,
        domain: name(domain, flags),
        name: name(user, flags),
        workstation: name(workstation, flags),
        is_version_1: proof.len() == PROOF_1 || proof.is_empty() && old_proof.len() == PROOF_1,
        is_anonymous: user.is_empty() && proof.is_empty(),
    })
}

fn name(bytes: &[u8], flags: u32) -> Option<Text> {
    let text = if flags & UNICODE == 0 {
        crate::show::escaped(bytes, NAME_BYTES_MAX)
    } else {
        utf16(bytes, NAME_BYTES_MAX)
    };
    (!text.is_empty()).then_some(text)
}

/// Text in UTF-16, the less significant byte first, as [`crate::show::escaped`] shows it.
pub(crate) fn utf16(bytes: &[u8], limit: usize) -> Text {
    let units = bytes.chunks_exact(2).take(limit).map(|pair| match pair {
        [low, high] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    });
    let text: String =
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    crate::show::escaped(text.as_bytes(), limit)
}
