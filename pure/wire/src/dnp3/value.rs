//! Objects as text.

use super::control::{self, Control};
use super::objects::{Form, Item, Number, Objects, Piece, little};
use crate::cursor::Cursor;
use crate::show::{self, VALUE_BYTES_MAX};
use city::Text;
use compact_str::{ToCompactString, format_compact};
use jiff::Timestamp;

/// Takes a number.
pub fn number(cursor: &mut Cursor<'_>, number: Number) -> Option<Text> {
    Some(match number {
        Number::None => return None,
        Number::U8 => cursor.u8()?.to_compact_string(),
        Number::I16 => i16::from_le_bytes(cursor.array()?).to_compact_string(),
        Number::U16 => u16::from_le_bytes(cursor.array()?).to_compact_string(),
        Number::I32 => i32::from_le_bytes(cursor.array()?).to_compact_string(),
        Number::U32 => u32::from_le_bytes(cursor.array()?).to_compact_string(),
        Number::U64 => u64::from_le_bytes(cursor.array()?).to_compact_string(),
        Number::F32 => format_compact!("{}", f32::from_le_bytes(cursor.array()?)),
        // A large one would have three hundred digits.
        Number::F64 => {
            show::cut(&format_compact!("{}", f64::from_le_bytes(cursor.array()?)), VALUE_BYTES_MAX)
        }
    })
}

/// A time of six bytes: milliseconds since 1970 (clause 11.3.6).
pub fn time(cursor: &mut Cursor<'_>) -> Option<Text> {
    let low = i64::from(u32::from_le_bytes(cursor.array()?));
    let high = i64::from(u16::from_le_bytes(cursor.array()?));
    let time = Timestamp::from_millisecond(high << 32 | low).ok()?;
    Some(format_compact!("{time}"))
}

/// What one object holds. Values of credentials are in no object that this shows.
pub fn text(objects: &Objects<'_>, item: &Item<'_>) -> Option<Text> {
    let bytes = match item.piece {
        Piece::Bits(bits) => return Some(format_compact!("{bits}")),
        Piece::Bytes(bytes) => bytes,
        Piece::Nothing => return None,
    };
    let mut cursor = Cursor::new(bytes);
    match (objects.group, objects.form) {
        (50 | 51, _) => time(&mut cursor),
        (_, Form::Attribute) => attribute(bytes),
        (_, Form::Control) => Control::read(item).map(Control::text),
        (_, Form::Setpoint(number)) => control::setpoint(item, number).map(|(value, _)| value),
        (_, Form::Text) => Some(show::readable(bytes, VALUE_BYTES_MAX)),
        (1..=122, Form::Plain { flags, number: kind, .. }) if objects.group != 120 => {
            let flags = if flags { cursor.u8()? } else { 0 };
            match kind {
                // The state is in the flags: one bit, or two.
                Number::None if matches!(objects.group, 3 | 4) => Some(format_compact!("{}", flags >> 6)),
                Number::None => Some(format_compact!("{}", flags >> 7)),
                kind => number(&mut cursor, kind),
            }
        }
        _ => None,
    }
}

/// The value of a device attribute (annex A.1).
pub fn attribute(bytes: &[u8]) -> Option<Text> {
    let mut cursor = Cursor::new(bytes);
    let (kind, length) = (cursor.u8()?, usize::from(cursor.u8()?));
    let value = cursor.take(length)?;
    let mut cursor = Cursor::new(value);
    Some(match (kind, length) {
        // Text that can be seen, and UTF-8 of later editions.
        (1 | 8 | 9, _) => show::readable(value, VALUE_BYTES_MAX),
        (2, 1..=4) => format_compact!("{}", little(&mut cursor, length)?),
        (3, 1) => format_compact!("{}", i8::from_le_bytes(cursor.array()?)),
        (3, 2) => number(&mut cursor, Number::I16)?,
        (3, 4) => number(&mut cursor, Number::I32)?,
        (4, 4) => number(&mut cursor, Number::F32)?,
        (4, 8) => number(&mut cursor, Number::F64)?,
        (7, 6) => time(&mut cursor)?,
        _ => show::hexadecimal(value, VALUE_BYTES_MAX),
    })
}
