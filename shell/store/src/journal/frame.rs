//! The bytes of the journal: a header, then frames.
//!
//! Header: 16 bytes of magic, schema (u32), first place (u64), length of the sensor's name (u16), the name, CRC-32.
//! Frame: length of what follows the check (u32), CRC-32, then a tag and, for an event, its `postcard` form. Numbers
//! are little-endian. The check of a frame also covers its place in the journal, so that a frame out of place is no
//! more believed than a torn one.

use super::{JournalError, Position};
use cycle::Event;

/// The schema number of the journal that this release writes. A test holds the form of an event: when that changes,
/// this number is raised and the old form is kept readable.
pub const SCHEMA: u32 = 1;

const MAGIC: &[u8; 16] = b"bastide-journal\n";
/// Before a frame: its length and its check.
pub(super) const FRAME_HEAD: usize = 8;
/// No event comes near this; a greater length is damage.
const FRAME_BYTES_MAX: usize = 8 << 20;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// The journal was closed here in good order.
    Closed = 0,
    /// An event.
    Event = 1,
}

/// What a segment says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) schema: u32,
    pub(super) first: Position,
    /// Who wrote it.
    pub(super) sensor: String,
}

impl Header {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.schema.to_le_bytes());
        bytes.extend_from_slice(&self.first.0.to_le_bytes());
        let cut = self.sensor.floor_char_boundary(usize::from(u16::MAX));
        let (sensor, _) = self.sensor.split_at(cut);
        bytes.extend_from_slice(&(sensor.len() as u16).to_le_bytes());
        bytes.extend_from_slice(sensor.as_bytes());
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    /// Reads a header; returns it with what follows. `None` if it is damaged.
    pub(super) fn parse(bytes: &[u8]) -> Option<(Header, &[u8])> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (schema, rest) = rest.split_first_chunk()?;
        let (first, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (sensor, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        let covered = bytes.get(..bytes.len() - rest.len())?;
        let (check, rest) = rest.split_first_chunk()?;
        if crc32fast::hash(covered) != u32::from_le_bytes(*check) {
            return None;
        }
        let header = Header {
            schema: u32::from_le_bytes(*schema),
            first: Position(u64::from_le_bytes(*first)),
            sensor: String::from_utf8(sensor.to_vec()).ok()?,
        };
        Some((header, rest))
    }
}

fn check(place: Position, content: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&place.0.to_le_bytes());
    hasher.update(content);
    hasher.finalize()
}

/// Appends a frame to a buffer, or leaves the buffer as it was.
pub(super) fn write(
    buffer: &mut Vec<u8>,
    place: Position,
    tag: Tag,
    event: Option<&Event>,
) -> Result<(), JournalError> {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; FRAME_HEAD]);
    buffer.push(tag as u8);
    if let Some(event) = event {
        // Writing to a vector cannot fail, and every part of an event has a form; the type does not say so.
        let mut taken = std::mem::take(buffer);
        taken = match postcard::to_extend(event, taken) {
            Ok(longer) => longer,
            Err(_) => return Err(JournalError::TooLarge(0)),
        };
        *buffer = taken;
    }
    let (_, frame) = buffer.split_at_mut(start);
    let Some((head, content)) = frame.split_first_chunk_mut::<FRAME_HEAD>() else { return Ok(()) };
    let length = content.len();
    if length > FRAME_BYTES_MAX {
        buffer.truncate(start);
        return Err(JournalError::TooLarge(length));
    }
    let sum = check(place, content);
    let numbers = u64::from(length as u32) | u64::from(sum) << 32;
    *head = numbers.to_le_bytes();
    Ok(())
}

/// One frame that could be believed.
pub(super) struct Frame<'a> {
    pub(super) tag: Tag,
    pub(super) body: &'a [u8],
}

/// Takes the next frame off the front. `None` at the end, and where the bytes cannot be believed.
pub(super) fn read<'a>(bytes: &mut &'a [u8], place: Position) -> Option<Frame<'a>> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (sum, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok().filter(|l| *l <= FRAME_BYTES_MAX)?;
    let (content, rest) = rest.split_at_checked(length)?;
    if check(place, content) != u32::from_le_bytes(*sum) {
        return None;
    }
    let (tag, body) = content.split_first()?;
    let tag = match tag {
        0 => Tag::Closed,
        1 => Tag::Event,
        _ => return None,
    };
    *bytes = rest;
    Some(Frame { tag, body })
}
