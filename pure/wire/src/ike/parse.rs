//! Bytes to messages.

use super::message::{
    Algorithm, Association, Attribute, Exchange, Family, Header, Payload, PayloadKind, Suite,
};
use crate::cursor::Cursor;

/// Bytes of the header.
const HEADER_BYTES: usize = 28;

/// How many payloads of a message, suites of an association and transforms of a suite are read.
const PAYLOADS_MAX: usize = 64;
const SUITES_MAX: usize = 64;
const ALGORITHMS_MAX: usize = 128;

/// Before a message on the port that ESP uses as well, to tell it from ESP (RFC 3948 clause 2.2).
const NON_ESP_MARKER: [u8; 4] = [0; 4];

/// A message whose header was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    pub header: Header,
    body: &'a [u8],
}

/// Reads a message, with or without the marker before it. The length is the datagram's.
pub fn parse_message(bytes: &[u8]) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes.strip_prefix(&NON_ESP_MARKER).unwrap_or(bytes));
    let whole = cursor.len();
    let (initiator, responder) = (cursor.unsigned(8)?, cursor.unsigned(8)?);
    let (next, version) = (PayloadKind(cursor.u8()?), cursor.u8()?);
    let (exchange, flags, id) = (Exchange(cursor.u8()?), cursor.u8()?, cursor.u32()?);
    let length = usize::try_from(cursor.u32()?).ok()?;
    let (major, minor) = (version >> 4, version & 15);
    if initiator == 0 || length != whole || !exchange.is_of(major) || !next.is_of(major) {
        return None;
    }
    let header = Header { initiator, responder, next, major, minor, exchange, flags, id };
    Some(Message { header, body: cursor.rest() })
}

impl<'a> Message<'a> {
    /// The payloads, as far as they can be read; nothing of what is encrypted but the payload that holds it.
    pub fn payloads(&self) -> impl Iterator<Item = Payload<'a>> + use<'a> {
        let mut cursor = Cursor::new(if self.header.is_encrypted() { &[] } else { self.body });
        let mut next = self.header.next;
        let payloads = std::iter::from_fn(move || {
            if next == PayloadKind::NONE {
                return None;
            }
            let kind = next;
            let payload = payload(&mut cursor)?;
            // What the encrypted payload names as the next is the first within it.
            let is_last = matches!(kind, PayloadKind::ENCRYPTED | PayloadKind::ENCRYPTED_FRAGMENT);
            next = if is_last { PayloadKind::NONE } else { PayloadKind(payload.0) };
            Some(Payload { kind, body: payload.1 })
        });
        payloads.take(PAYLOADS_MAX)
    }

    /// Whether the chain of payloads fills the message exactly, or cannot be seen.
    pub fn is_sound(&self) -> bool {
        let read = self.payloads().map(|payload| payload.body.len() + 4).sum::<usize>();
        self.header.is_encrypted() || read == self.body.len()
    }

    /// The first payload of a kind.
    pub fn first(&self, kind: PayloadKind) -> Option<&'a [u8]> {
        self.payloads().find(|payload| payload.kind == kind).map(|payload| payload.body)
    }
}

/// The number of the next payload, and what is in this one (RFC 7296 clause 3.2).
fn payload<'a>(cursor: &mut Cursor<'a>) -> Option<(u8, &'a [u8])> {
    let (next, _flags) = (cursor.u8()?, cursor.u8()?);
    let length = usize::from(cursor.u16()?);
    Some((next, cursor.take(length.checked_sub(4)?)?))
}

/// Reads an association of either version.
pub fn parse_association(major: u8, body: &[u8]) -> Option<Association> {
    let mut cursor = Cursor::new(body);
    let mut association = Association::default();
    if major == 1 {
        // The situation is of four bytes in the only domain that is met (RFC 2407 clause 4.6.1).
        association.doi = Some(cursor.u32()?);
        cursor.u32()?;
    }
    while !cursor.is_empty() && association.suites.len() < SUITES_MAX {
        let (_, proposal) = payload(&mut cursor)?;
        let mut inner = Cursor::new(proposal);
        let (_number, _protocol) = (inner.u8()?, inner.u8()?);
        let (spi_bytes, _count) = (inner.u8()?, inner.u8()?);
        inner.take(usize::from(spi_bytes))?;
        if major == 1 {
            v1_transforms(inner, &mut association.suites)?;
        } else {
            association.suites.push(v2_proposal(inner)?);
        }
    }
    Some(association)
}

/// The transforms of a proposal of version 1, each of which is a suite (RFC 2408 clause 3.6).
fn v1_transforms(mut cursor: Cursor<'_>, suites: &mut Vec<Suite>) -> Option<()> {
    while !cursor.is_empty() && suites.len() < SUITES_MAX {
        let (_, transform) = payload(&mut cursor)?;
        let mut inner = Cursor::new(transform);
        inner.u32()?;
        let attributes: Vec<Attribute> = attributes(inner).collect();
        let value = |kind: u16| {
            let found = attributes.iter().find(|attribute| attribute.kind == kind)?;
            u16::try_from(found.value).ok()
        };
        let key_bits = value(14);
        let families =
            [(1, Family::Encryption), (2, Family::Integrity), (4, Family::Group), (3, Family::Proof)];
        let algorithms = families.into_iter().filter_map(|(kind, family)| {
            let key_bits = key_bits.filter(|_| family == Family::Encryption);
            Some(Algorithm { family, number: value(kind)?, key_bits })
        });
        suites.push(Suite { algorithms: algorithms.collect(), attributes });
    }
    Some(())
}

/// A proposal of version 2 (RFC 7296 clause 3.3.2).
fn v2_proposal(mut cursor: Cursor<'_>) -> Option<Suite> {
    let mut suite = Suite::default();
    while !cursor.is_empty() && suite.algorithms.len() < ALGORITHMS_MAX {
        let (_, transform) = payload(&mut cursor)?;
        let mut inner = Cursor::new(transform);
        let (kind, _reserved, number) = (inner.u8()?, inner.u8()?, inner.u16()?);
        let family = match kind {
            1 => Family::Encryption,
            2 => Family::Prf,
            3 => Family::Integrity,
            4 => Family::Group,
            5 => Family::Sequence,
            _ => continue,
        };
        let key = attributes(inner).find(|attribute| attribute.kind == 14);
        let key_bits = key.and_then(|attribute| u16::try_from(attribute.value).ok());
        suite.algorithms.push(Algorithm { family, number, key_bits });
    }
    Some(suite)
}

/// The attributes of a transform: of two bytes, or with a length (RFC 2408 clause 3.3).
fn attributes(mut cursor: Cursor<'_>) -> impl Iterator<Item = Attribute> {
    let attributes = std::iter::from_fn(move || {
        let kind = cursor.u16()?;
        let value = cursor.u16()?;
        if kind & 0x8000 != 0 {
            return Some(Some(Attribute { kind: kind & 0x7fff, value: u32::from(value) }));
        }
        let mut long = Cursor::new(cursor.take(usize::from(value))?);
        let length = long.len();
        let value = if length <= 4 { long.unsigned(length) } else { None };
        Some(value.and_then(|value| Some(Attribute { kind, value: u32::try_from(value).ok()? })))
    });
    attributes.take(ALGORITHMS_MAX).flatten()
}

/// The kind of a notification (RFC 7296 clause 3.10, RFC 2408 clause 3.14).
pub fn parse_notification(major: u8, body: &[u8]) -> Option<u16> {
    let mut cursor = Cursor::new(body);
    if major == 1 {
        cursor.u32()?;
    }
    cursor.u16()?;
    cursor.u16()
}

/// The group of a key exchange of version 2 (RFC 7296 clause 3.4).
pub fn parse_group(body: &[u8]) -> Option<u16> {
    Cursor::new(body).u16()
}

/// Whether bytes are long enough for a header.
pub fn has_header(bytes: &[u8]) -> bool {
    bytes.len() >= HEADER_BYTES
}
