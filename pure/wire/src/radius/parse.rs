//! Bytes to RADIUS packets.

use super::message::Code;
use crate::cursor::Cursor;

/// How long the header is, the authenticator included (RFC 2865 section 3).
const HEADER_BYTES: usize = 20;

/// The longest packet.
const PACKET_BYTES_MAX: usize = 4_096;

/// A packet without its authenticator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    pub code: Code,
    pub identifier: u8,
    attributes: &'a [u8],
}

impl<'a> Packet<'a> {
    /// The attributes: type and value. What is no attribute ends them.
    pub fn attributes(&self) -> impl Iterator<Item = (u8, &'a [u8])> + use<'a> {
        let mut cursor = Cursor::new(self.attributes);
        std::iter::from_fn(move || take(&mut cursor))
    }

    /// The first attribute of a type.
    pub fn first(&self, kind: u8) -> Option<&'a [u8]> {
        self.attributes().find(|(found, _)| *found == kind).map(|(_, value)| value)
    }

    /// Whether the attributes fill it exactly.
    pub fn is_sound(&self) -> bool {
        let mut cursor = Cursor::new(self.attributes);
        while take(&mut cursor).is_some() {}
        cursor.is_empty()
    }
}

fn take<'a>(cursor: &mut Cursor<'a>) -> Option<(u8, &'a [u8])> {
    let before = *cursor;
    let taken = |cursor: &mut Cursor<'a>| {
        let (kind, length) = (cursor.u8()?, cursor.u8()?);
        Some((kind, cursor.take(usize::from(length).checked_sub(2)?)?))
    };
    let found = taken(cursor);
    if found.is_none() {
        *cursor = before;
    }
    found
}

/// Reads a datagram. What is behind the length is padding.
pub fn parse_packet(bytes: &[u8]) -> Option<Packet<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (code, identifier, length) = (Code(cursor.u8()?), cursor.u8()?, usize::from(cursor.u16()?));
    if !(HEADER_BYTES..=PACKET_BYTES_MAX).contains(&length) {
        return None;
    }
    Some(Packet { code, identifier, attributes: bytes.get(HEADER_BYTES..length)? })
}
