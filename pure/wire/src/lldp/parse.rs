//! From bytes to an announcement.

use super::message::{Identifier, Message, Part, kind};
use crate::cursor::Cursor;

/// Parts read of one announcement.
const PARTS_MAX: usize = 128;

/// What names a chassis (clause 8.5.2.2).
const CHASSIS: [&str; 7] =
    ["component", "interface-alias", "port-component", "mac", "address", "interface-name", "local"];
/// What names a port (clause 8.5.3.2).
const PORT: [&str; 7] =
    ["interface-alias", "port-component", "mac", "address", "interface-name", "circuit", "local"];

/// Opens an announcement. `None` if it does not begin with what is mandatory. What is cut off ends the reading.
pub(crate) fn parse_lldp(bytes: &[u8]) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    let chassis = identifier(part(&mut cursor)?, kind::CHASSIS, CHASSIS)?;
    let port = identifier(part(&mut cursor)?, kind::PORT, PORT)?;
    let time = part(&mut cursor).filter(|part| part.kind == kind::TIME_TO_LIVE)?;
    let seconds = u16::from_be_bytes(*time.value.first_chunk()?);
    let parts = std::iter::from_fn(|| part(&mut cursor).filter(|part| part.kind != kind::END));
    Some(Message { chassis, port, seconds, parts: parts.take(PARTS_MAX).collect() })
}

/// A type of seven bits and a length of nine (clause 8.4).
fn part<'a>(cursor: &mut Cursor<'a>) -> Option<Part<'a>> {
    let head = cursor.u16()?;
    let value = cursor.take(usize::from(head & 0x1ff))?;
    Some(Part { kind: (head >> 9) as u8, value })
}

fn identifier<'a>(part: Part<'a>, kind: u8, names: [&'static str; 7]) -> Option<Identifier<'a>> {
    let (subtype, value) = part.value.split_first().filter(|_| part.kind == kind)?;
    // At least one byte and at most 255 (clauses 8.5.2.3 and 8.5.3.3).
    if value.is_empty() || value.len() > 255 {
        return None;
    }
    let name = usize::from(*subtype).checked_sub(1).and_then(|at| names.get(at));
    Some(Identifier { kind: name.copied().unwrap_or("reserved"), value })
}
