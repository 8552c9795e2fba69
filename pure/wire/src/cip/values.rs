//! Tags' values as text: the data types of volume 1 appendix C-6, as Rockwell's controllers send them (1756-PM020).

use super::message::{Request, Service};
use crate::cursor::Cursor;
use crate::show::{VALUE_BYTES_MAX, hexadecimal, listed, readable};
use city::Text;
use compact_str::{CompactString, ToCompactString, format_compact};

/// Marks a structure; two bytes that say which one follow.
const STRUCTURE: u16 = 0x02a0;

/// A type and values, as a reply to the reading of a tag has them.
pub fn typed(data: &[u8]) -> Option<Text> {
    let mut cursor = Cursor::new(data);
    let kind = type_of(&mut cursor)?;
    Some(values(kind, cursor.rest()))
}

/// The type at the front; of a structure what says which one is passed over.
fn type_of(cursor: &mut Cursor<'_>) -> Option<u16> {
    let kind = u16::from_le_bytes(cursor.array()?);
    if kind == STRUCTURE {
        cursor.take(2)?;
    }
    Some(kind)
}

/// What is sent to a tag.
pub fn sent(request: &Request<'_>) -> Option<Text> {
    let mut cursor = Cursor::new(request.data);
    match request.service {
        Service::WRITE_TAG | Service::WRITE_TAG_FRAGMENTED => {
            let kind = type_of(&mut cursor)?;
            let _count = cursor.take(2)?;
            if request.service == Service::WRITE_TAG_FRAGMENTED {
                cursor.take(4)?;
            }
            Some(values(kind, cursor.rest()))
        }
        // Read, modify, write: a mask of bits to set and one of bits to keep.
        Service::FORWARD_CLOSE => {
            let size = usize::from(u16::from_le_bytes(cursor.array()?));
            let (or, and) = (cursor.take(size)?, cursor.take(size)?);
            let limit = VALUE_BYTES_MAX / 2 - 8;
            Some(format_compact!("or {} and {}", hexadecimal(or, limit), hexadecimal(and, limit)))
        }
        _ => None,
    }
}

/// Values of an elementary type; of others their bytes.
fn values(kind: u16, data: &[u8]) -> Text {
    // The number of a bit within its byte stands in the upper half of the type of a single bit.
    let form: fn(&[u8]) -> Option<CompactString> = match kind & 0xff {
        0xc1 => |b| Some(CompactString::const_new(if b.first()? & 1 == 0 { "0" } else { "1" })),
        0xc2 => |b| Some(i8::from_le_bytes(*b.first_chunk()?).to_compact_string()),
        0xc3 => |b| Some(i16::from_le_bytes(*b.first_chunk()?).to_compact_string()),
        0xc4 => |b| Some(i32::from_le_bytes(*b.first_chunk()?).to_compact_string()),
        0xc5 => |b| Some(i64::from_le_bytes(*b.first_chunk()?).to_compact_string()),
        0xc6 | 0xd1 => |b| Some(b.first()?.to_compact_string()),
        0xc7 | 0xd2 => |b| Some(u16::from_le_bytes(*b.first_chunk()?).to_compact_string()),
        0xc8 | 0xd3 => |b| Some(u32::from_le_bytes(*b.first_chunk()?).to_compact_string()),
        0xc9 | 0xd4 => |b| Some(u64::from_le_bytes(*b.first_chunk()?).to_compact_string()),
        0xca => |b| Some(f32::from_le_bytes(*b.first_chunk()?).to_compact_string()),
        0xcb => |b| Some(f64::from_le_bytes(*b.first_chunk()?).to_compact_string()),
        0xd0 => return text(data, 2),
        0xda => return text(data, 1),
        _ => return hexadecimal(data, VALUE_BYTES_MAX),
    };
    let width = match kind & 0xff {
        0xc1 | 0xc2 | 0xc6 | 0xd1 => 1,
        0xc3 | 0xc7 | 0xd2 => 2,
        0xc4 | 0xc8 | 0xca | 0xd3 => 4,
        _ => 8,
    };
    listed(data.chunks_exact(width).filter_map(form), VALUE_BYTES_MAX)
}

/// Text with its length before it, in one byte or two.
fn text(data: &[u8], width: usize) -> Text {
    readable(data.get(width..).unwrap_or_default(), VALUE_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    #[test]
    fn values_are_read_by_their_type() {
        for (data, value) in [
            ("c100 01", "1"),
            ("c300 feff 0500", "-2,5"),
            ("c400 d2040000", "1234"),
            ("ca00 0000 4841", "12.5"),
            ("da00 04 50756d70", "Pump"),
            ("a002 ce0f 0102", "0102"),
            ("c400 d204", ""),
        ] {
            assert_eq!(typed(&hex(data)).as_deref(), Some(value), "{data}");
        }
        assert_eq!(typed(&hex("c4")), None);
    }
}
