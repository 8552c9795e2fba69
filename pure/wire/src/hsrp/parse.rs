//! From bytes to messages.

use super::message::{Kind, Message, Proof, Standing};
use crate::cursor::Cursor;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The word that groups have unless another is chosen (RFC 2281 clause 5.6).
const MAKERS_WORD: [u8; 8] = *b"cisco\0\0\0";

/// Opens a message of either version. `None` if it is none, or shorter than it must be.
pub(crate) fn parse_message(bytes: &[u8]) -> Option<Message> {
    match bytes {
        [0, 3, _, _, ..] if bytes.len() >= 8 => Some(Message { version: 1, kind: Kind(3), standing: None }),
        [0, ..] => parse_first(bytes),
        [1, 40, ..] => parse_second(bytes),
        _ => None,
    }
}

/// Version 1, which calls itself 0.
fn parse_first(bytes: &[u8]) -> Option<Message> {
    let mut cursor = Cursor::new(bytes);
    let _version = cursor.u8()?;
    let kind = Kind(cursor.u8()?);
    kind.name()?;
    let state = match cursor.u8()? {
        0 => "initial",
        1 => "learn",
        2 => "listen",
        4 => "speak",
        8 => "standby",
        16 => "active",
        _ => return None,
    };
    let _times = cursor.u16()?;
    let priority = u32::from(cursor.u8()?);
    let group = u16::from(cursor.u8()?);
    let _reserved = cursor.u8()?;
    let word: [u8; 8] = cursor.array()?;
    let address = IpAddr::V4(Ipv4Addr::from(cursor.array::<4>()?));
    // A digest comes behind, as in version 2; then the word means nothing.
    let proof = proof(cursor).unwrap_or_else(|| of_word(word));
    Some(Message { version: 1, kind, standing: Some(Standing { state, priority, group, address, proof }) })
}

/// Version 2: parts with a type and a length, of which the first is how the router stands.
fn parse_second(bytes: &[u8]) -> Option<Message> {
    let mut cursor = Cursor::new(bytes);
    let _type_and_length = cursor.u16()?;
    let version = cursor.u8().filter(|version| *version == 2)?;
    let kind = Kind(cursor.u8()?);
    kind.name()?;
    const STATES: [&str; 7] = ["disabled", "initial", "learn", "listen", "speak", "standby", "active"];
    let state = STATES.get(usize::from(cursor.u8()?)).copied()?;
    let family = cursor.u8()?;
    let group = cursor.u16()?;
    let _identifier: [u8; 6] = cursor.array()?;
    let priority = cursor.u32()?;
    let _times = (cursor.u32()?, cursor.u32()?);
    let address: [u8; 16] = cursor.array()?;
    let address = match (family, address) {
        (4, [a, b, c, d, ..]) => IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
        (6, octets) => IpAddr::V6(Ipv6Addr::from(octets)),
        _ => return None,
    };
    let proof = proof(cursor).unwrap_or(Proof::None);
    Some(Message { version, kind, standing: Some(Standing { state, priority, group, address, proof }) })
}

/// The proof among the parts that are left.
fn proof(mut cursor: Cursor<'_>) -> Option<Proof> {
    loop {
        let (kind, length) = (cursor.u8()?, cursor.u8()?);
        let value = cursor.take(usize::from(length))?;
        match (kind, value) {
            (3, value) => return Some(of_word(*value.first_chunk()?)),
            (4, _) => return Some(Proof::Digest),
            _ => {}
        }
    }
}

fn of_word(word: [u8; 8]) -> Proof {
    match word {
        [0, ..] => Proof::None,
        word => Proof::Word { is_makers: word == MAKERS_WORD },
    }
}
