//! Bytes to packets.

use super::message::{Capabilities, Greeting, Login, Packet};
use crate::cursor::Cursor;

/// As much of a payload as is looked at.
const PAYLOAD_MAX: usize = 8 << 10;

/// How many attributes of a client are looked at.
const ATTRIBUTES_MAX: usize = 32;

/// Reads a packet: its length, the lowest byte first, and its number; how many bytes it takes.
pub fn parse_packet(bytes: &[u8]) -> Option<(Packet<'_>, u64)> {
    let mut cursor = Cursor::new(bytes);
    let [a, b, c] = cursor.array::<3>()?;
    let length = u32::from_le_bytes([a, b, c, 0]);
    let sequence = cursor.u8()?;
    let payload = cursor.take(PAYLOAD_MAX.min(length as usize))?;
    Some((Packet { sequence, payload, length }, u64::from(length) + 4))
}

/// Reads a server's greeting of version 10.
pub fn parse_greeting(payload: &[u8]) -> Option<Greeting<'_>> {
    let mut cursor = Cursor::new(payload);
    if cursor.u8()? != 10 {
        return None;
    }
    let version = text(&mut cursor)?;
    let is_version =
        version.first().is_some_and(u8::is_ascii_digit) && version.iter().all(u8::is_ascii_graphic);
    cursor.take(4 + 8)?;
    if !is_version || cursor.u8()? != 0 {
        return None;
    }
    let low = u16::from_le_bytes(cursor.array()?);
    let Some([_, _, _, high, highest, length]) = cursor.array() else {
        let capabilities = Capabilities(u32::from(low));
        return Some(Greeting { version, capabilities, plugin: None });
    };
    let capabilities = Capabilities(u32::from(low) | u32::from(u16::from_le_bytes([high, highest])) << 16);
    cursor.take(10)?;
    cursor.take(usize::from(length).saturating_sub(8).max(13))?;
    let plugin = capabilities.has(Capabilities::PLUGIN_AUTH).then(|| text(&mut cursor)).flatten();
    Some(Greeting { version, capabilities, plugin })
}

/// What a client can do, which begins its answer.
pub fn parse_capabilities(payload: &[u8]) -> Option<Capabilities> {
    Some(Capabilities(u32::from_le_bytes(Cursor::new(payload).array()?)))
}

/// Whether a client's answer asks to go on with TLS: it ends before the user's name.
pub fn asks_for_tls(payload: &[u8]) -> bool {
    payload.len() == 32
        && parse_capabilities(payload).is_some_and(|capabilities| capabilities.has(Capabilities::TLS))
}

/// Reads a client's answer.
pub fn parse_login(payload: &[u8]) -> Option<Login<'_>> {
    let capabilities = parse_capabilities(payload).filter(|c| c.has(Capabilities::PROTOCOL_41))?;
    let mut cursor = Cursor::new(payload);
    cursor.take(32)?;
    let user = text(&mut cursor)?;
    let proof = if capabilities.has(Capabilities::PLUGIN_AUTH_LENENC) {
        counted(&mut cursor)?
    } else if capabilities.has(Capabilities::SECURE_CONNECTION) {
        let length = cursor.u8()?;
        cursor.take(usize::from(length))?
    } else {
        text(&mut cursor)?
    };
    let database = if capabilities.has(Capabilities::CONNECT_WITH_DB) { text(&mut cursor) } else { None };
    let plugin = if capabilities.has(Capabilities::PLUGIN_AUTH) { text(&mut cursor) } else { None };
    let attributes =
        if capabilities.has(Capabilities::CONNECT_ATTRIBUTES) { counted(&mut cursor) } else { None };
    let program = attributes.map(|attributes| {
        let mut program = (&b""[..], &b""[..]);
        let mut cursor = Cursor::new(attributes);
        for _ in 0..ATTRIBUTES_MAX {
            match (counted(&mut cursor), counted(&mut cursor)) {
                (Some(b"_client_name"), Some(name)) if program.0.is_empty() => program.0 = name,
                (Some(b"program_name"), Some(name)) => program.0 = name,
                (Some(b"_client_version"), Some(version)) => program.1 = version,
                (Some(_), Some(_)) => {}
                _ => break,
            }
        }
        program
    });
    let has_proof = !proof.is_empty() && proof != [0];
    Some(Login { user, has_proof, database, plugin, program: program.filter(|(name, _)| !name.is_empty()) })
}

/// A text that a zero ends.
pub fn text<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let end = cursor.rest().iter().position(|byte| *byte == 0)?;
    let text = cursor.take(end)?;
    cursor.u8()?;
    Some(text)
}

/// A number whose first byte says how long it is.
pub fn number(cursor: &mut Cursor<'_>) -> Option<u64> {
    let bytes = match cursor.u8()? {
        0xfc => 2,
        0xfd => 3,
        0xfe => 8,
        first @ 0..=0xfa => return Some(u64::from(first)),
        _ => return None,
    };
    let digits = cursor.take(bytes)?;
    Some(digits.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Bytes behind their number.
fn counted<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let length = number(cursor)?;
    cursor.take(usize::try_from(length).ok()?)
}

/// Code and text of a refusal.
pub fn parse_error(payload: &[u8]) -> Option<(u16, &[u8])> {
    let mut cursor = Cursor::new(payload);
    if cursor.u8()? != 0xff {
        return None;
    }
    let code = u16::from_le_bytes(cursor.array()?);
    let text = cursor.rest();
    // The state, a mark and five digits, is absent before the login.
    let text = if text.first() == Some(&b'#') { text.get(6..).unwrap_or_default() } else { text };
    Some((code, text))
}
