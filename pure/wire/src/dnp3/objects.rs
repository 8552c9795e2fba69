//! Object groups and variations: how long their objects are and what they hold (IEEE 1815-2012 clause 11 and annex A).

use super::message::FunctionCode;
use crate::cursor::Cursor;

/// What a header says of the objects behind it: their numbers, their indexes or nothing (clause 4.2.7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// Every object.
    All,
    /// So many objects.
    Count(u32),
    /// The first and the last index.
    Indexes(u32, u32),
    /// The first and the last address in memory; no device of today has such.
    Addresses(u32, u32),
}

impl Range {
    /// How many objects the header announces.
    pub fn count(self) -> u64 {
        match self {
            Range::All => 0,
            Range::Count(count) => count.into(),
            Range::Indexes(first, last) | Range::Addresses(first, last) => {
                (u64::from(last) + 1).saturating_sub(first.into())
            }
        }
    }
}

/// A number that an object holds, the least significant byte first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    None,
    I16,
    I32,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
}

impl Number {
    fn bytes(self) -> usize {
        match self {
            Number::None => 0,
            Number::U8 => 1,
            Number::I16 | Number::U16 => 2,
            Number::I32 | Number::U32 | Number::F32 => 4,
            Number::U64 | Number::F64 => 8,
        }
    }
}

/// What an object looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A device attribute: a type, a length, a value.
    Attribute,
    /// A control relay output block or a pattern control block.
    Control,
    /// The header says it all.
    Nothing,
    /// So many bits each, packed into bytes from the lowest bit on.
    Packed(u8),
    /// A byte of flags if it has such, a number, and so many bytes of time.
    Plain { flags: bool, number: Number, time: usize },
    /// A number and a status.
    Setpoint(Number),
    /// As long as the prefix says.
    Sized,
    /// As many bytes as the variation's number.
    Text,
    /// Nothing is known of it.
    Unknown,
}

/// What an object of a group and a variation looks like.
pub fn form(group: u8, variation: u8) -> Form {
    use Number::{F32, F64, I16, I32, None, U8, U16, U32, U64};
    const ABSOLUTE: usize = 6;
    let plain = |number, time| Form::Plain { flags: true, number, time };
    let bare = |number, time| Form::Plain { flags: false, number, time };
    match (group, variation) {
        (0, _) => Form::Attribute,
        (1 | 10, 1) | (12, 3) | (80, 1) => Form::Packed(1),
        (3, 1) => Form::Packed(2),
        (1 | 3 | 10, 2) | (2 | 4 | 11 | 13, 1) => plain(None, 0),
        (2 | 4 | 11 | 13, 2) => plain(None, ABSOLUTE),
        (2 | 4, 3) => plain(None, 2),
        (12, 1 | 2) => Form::Control,
        (20..=23, 1 | 3) => plain(U32, 0),
        (20..=23, 2 | 4) => plain(U16, 0),
        (20, 5 | 7) | (21, 9 | 11) => bare(U32, 0),
        (20, 6 | 8) | (21, 10 | 12) => bare(U16, 0),
        (21..=23, 5 | 7) => plain(U32, ABSOLUTE),
        (21..=23, 6 | 8) => plain(U16, ABSOLUTE),
        (30..=33 | 40 | 42 | 43, 1) => plain(I32, 0),
        (30..=33 | 40 | 42 | 43, 2) => plain(I16, 0),
        (30, 3) | (31, 5) => bare(I32, 0),
        (30, 4) | (31, 6) => bare(I16, 0),
        (31 | 32 | 33 | 42 | 43, 3) => plain(I32, ABSOLUTE),
        (31 | 32 | 33 | 42 | 43, 4) => plain(I16, ABSOLUTE),
        (40, 3) | (30 | 32 | 33 | 42 | 43, 5) | (31, 7) => plain(F32, 0),
        (40, 4) | (30 | 32 | 33 | 42 | 43, 6) | (31, 8) => plain(F64, 0),
        (32 | 33 | 42 | 43, 7) => plain(F32, ABSOLUTE),
        (32 | 33 | 42 | 43, 8) => plain(F64, ABSOLUTE),
        (34, 1) => bare(U16, 0),
        (34, 2) => bare(U32, 0),
        (34, 3) => bare(F32, 0),
        (41, 1) => Form::Setpoint(I32),
        (41, 2) => Form::Setpoint(I16),
        (41, 3) => Form::Setpoint(F32),
        (41, 4) => Form::Setpoint(F64),
        (50, 1 | 3) | (51, 1 | 2) => bare(None, ABSOLUTE),
        // A time with an interval of four bytes, and, indexed, the interval's unit too.
        (50, 2) => bare(None, ABSOLUTE + 4),
        (50, 4) => bare(None, ABSOLUTE + 5),
        (52, 1 | 2) => bare(U16, 0),
        (60, _) | (_, 0) => Form::Nothing,
        // A kind of buffer, with its fill and the object that fills it.
        (81, 1) => bare(None, 3),
        (101, 1) | (102, 2) => bare(U16, 0),
        (101, 2) | (102, 3) => bare(U32, 0),
        (101, 3) => bare(U64, 0),
        (102, 1) | (86, 2) => bare(U8, 0),
        (110..=113, _) => Form::Text,
        // A sequence number and a user's number.
        (120, 3) => bare(U32, 2),
        (120, 4) => bare(U16, 0),
        (121, 1) | (122, 1) => Form::Plain { flags: true, number: U16, time: 4 },
        (122, 2) => Form::Plain { flags: true, number: U16, time: 4 + ABSOLUTE },
        (70 | 82 | 83 | 85..=91 | 120, _) => Form::Sized,
        _ => Form::Unknown,
    }
}

/// One object header with the objects behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Objects<'a> {
    pub group: u8,
    pub variation: u8,
    /// The lower half says what the range field looks like, the upper what stands before each object.
    pub qualifier: u8,
    pub range: Range,
    pub form: Form,
    /// The objects with their prefixes.
    pub data: &'a [u8],
    /// Whether the objects have values, not only prefixes.
    pub values: bool,
}

/// What one object holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// The value of a packed object.
    Bits(u8),
    Bytes(&'a [u8]),
    /// Only the number of an object.
    Nothing,
}

/// One object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    pub index: Option<u32>,
    pub piece: Piece<'a>,
}

/// A number in front of each object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prefix {
    None,
    Index(usize),
    Size(usize),
}

fn prefix(qualifier: u8) -> Prefix {
    match qualifier >> 4 & 7 {
        1 => Prefix::Index(1),
        2 => Prefix::Index(2),
        3 => Prefix::Index(4),
        4 => Prefix::Size(1),
        5 => Prefix::Size(2),
        6 => Prefix::Size(4),
        _ => Prefix::None,
    }
}

/// So many bytes as a number, the least significant first.
pub fn little(cursor: &mut Cursor<'_>, bytes: usize) -> Option<u32> {
    let fold = |bytes: &[u8]| bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte));
    cursor.take(bytes).map(fold)
}

/// The object headers in a fragment; ends where nothing more can be read.
pub fn headers(function: FunctionCode, bytes: &[u8]) -> impl Iterator<Item = Objects<'_>> {
    let mut cursor = Cursor::new(bytes);
    // The time at which to freeze comes with its value, the counters behind it without.
    let freezes = matches!(function, FunctionCode::FREEZE_AT_TIME | FunctionCode::FREEZE_AT_TIME_NO_ACK);
    std::iter::from_fn(move || {
        let (group, variation, qualifier) = (cursor.u8()?, cursor.u8()?, cursor.u8()?);
        let range = range(&mut cursor, qualifier)?;
        let values = function.carries_values()
            || matches!(prefix(qualifier), Prefix::Size(_))
            || group == 120
            || freezes && group == 50;
        let form = if values { form(group, variation) } else { Form::Nothing };
        let mut objects = Objects { group, variation, qualifier, range, form, data: &[], values };
        let length = objects.length(cursor);
        objects.data = cursor.take(length.min(cursor.len()))?;
        Some(objects)
    })
}

fn range(cursor: &mut Cursor<'_>, qualifier: u8) -> Option<Range> {
    Some(match qualifier & 0x0f {
        code @ 0..=5 => {
            let bytes = 1 << (code % 3);
            let (first, last) = (little(cursor, bytes)?, little(cursor, bytes)?);
            if code < 3 { Range::Indexes(first, last) } else { Range::Addresses(first, last) }
        }
        6 => Range::All,
        code @ 7..=9 => Range::Count(little(cursor, 1 << (code - 7))?),
        11 => Range::Count(little(cursor, 1)?),
        _ => return None,
    })
}

impl<'a> Objects<'a> {
    /// How many bytes the objects take; may be more than are there.
    fn length(&self, rest: Cursor<'_>) -> usize {
        let count = usize::try_from(self.range.count()).unwrap_or(usize::MAX);
        let each = match (prefix(self.qualifier), self.form) {
            (Prefix::Size(_), _) | (_, Form::Attribute) => {
                let mut cursor = rest;
                for _ in 0..count {
                    if self.take_object(&mut cursor).is_none() {
                        return rest.len();
                    }
                }
                return rest.len() - cursor.len();
            }
            (Prefix::None, Form::Packed(bits)) => return count.saturating_mul(bits.into()).div_ceil(8),
            (prefix, form) => {
                let prefix = if let Prefix::Index(bytes) = prefix { bytes } else { 0 };
                let Some(object) = form.bytes(self.variation) else { return rest.len() };
                prefix + object
            }
        };
        count.saturating_mul(each)
    }

    /// Takes the next object with its prefix.
    fn take_object<'b>(&self, cursor: &mut Cursor<'b>) -> Option<(Option<u32>, &'b [u8])> {
        match prefix(self.qualifier) {
            Prefix::Size(bytes) => {
                let size = little(cursor, bytes)?;
                Some((None, cursor.take(usize::try_from(size).ok()?)?))
            }
            prefix => {
                let index = match prefix {
                    Prefix::Index(bytes) => Some(little(cursor, bytes)?),
                    _ => None,
                };
                let size = match self.form {
                    Form::Attribute => match cursor.rest() {
                        [_, length, ..] => usize::from(*length) + 2,
                        _ => return None,
                    },
                    form => form.bytes(self.variation)?,
                };
                Some((index, cursor.take(size)?))
            }
        }
    }

    /// The objects, one by one. A range without data has none.
    pub fn items(self) -> impl Iterator<Item = Item<'a>> {
        let first = match self.range {
            Range::Indexes(first, _) => Some(first),
            _ => None,
        };
        let count = self.range.count();
        let mut cursor = Cursor::new(self.data);
        let mut number = 0_u32;
        let packed = match (prefix(self.qualifier), self.form) {
            (Prefix::None, Form::Packed(bits)) => Some(u32::from(bits)),
            _ => None,
        };
        std::iter::from_fn(move || {
            if u64::from(number) >= count || self.data.is_empty() {
                return None;
            }
            let at = first.map(|first| first.saturating_add(number));
            let item = if let Some(bits) = packed {
                let place = number.checked_mul(bits)?;
                let byte = self.data.get(usize::try_from(place / 8).ok()?)?;
                Item { index: at, piece: Piece::Bits(byte >> (place % 8) & ((1 << bits) - 1)) }
            } else {
                let (index, bytes) = self.take_object(&mut cursor)?;
                let piece = if bytes.is_empty() { Piece::Nothing } else { Piece::Bytes(bytes) };
                Item { index: index.or(at), piece }
            };
            number += 1;
            Some(item)
        })
    }

    /// Whether it asks for a class of data: 0 is what there is, 1 to 3 are events.
    pub fn class(&self) -> Option<u64> {
        match (self.group, self.variation) {
            (60, variation @ 1..=4) => Some(u64::from(variation) - 1),
            _ => None,
        }
    }
}

impl Form {
    /// How many bytes an object takes; none where they are not known beforehand.
    fn bytes(self, variation: u8) -> Option<usize> {
        match self {
            Form::Attribute | Form::Sized | Form::Unknown => None,
            Form::Control => Some(11),
            Form::Nothing => Some(0),
            Form::Packed(_) => Some(1),
            Form::Plain { flags, number, time } => Some(usize::from(flags) + number.bytes() + time),
            Form::Setpoint(number) => Some(number.bytes() + 1),
            Form::Text => Some(variation.into()),
        }
    }
}

/// The kind of thing that a group is about.
pub fn kind(group: u8) -> Option<&'static str> {
    Some(match group {
        0 => "device-attribute",
        1 => "binary-input",
        2 => "binary-input-event",
        3 => "double-bit-input",
        4 => "double-bit-input-event",
        10 | 12 => "binary-output",
        11 => "binary-output-event",
        13 => "binary-output-command-event",
        20 => "counter",
        21 => "frozen-counter",
        22 => "counter-event",
        23 => "frozen-counter-event",
        30 => "analog-input",
        31 => "frozen-analog-input",
        32 => "analog-input-event",
        33 => "frozen-analog-input-event",
        34 => "analog-input-deadband",
        40 | 41 => "analog-output",
        42 => "analog-output-event",
        43 => "analog-output-command-event",
        50 => "time",
        51 => "common-time",
        52 => "time-delay",
        60 => "class",
        70 => "file",
        80 => "internal-indication",
        81 => "storage",
        82 => "device-profile",
        83 => "private-registration",
        85 => "data-set-prototype",
        86 => "data-set-descriptor",
        87 => "data-set",
        88 => "data-set-event",
        90 => "application",
        91 => "requested-operation-status",
        100 => "floating-point",
        101 => "decimal",
        102 => "unsigned-integer",
        110 => "octet-string",
        111 => "octet-string-event",
        112 => "virtual-terminal-output",
        113 => "virtual-terminal-event",
        120 => "authentication",
        121 => "security-statistic",
        122 => "security-statistic-event",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    /// A header's group, variation and range, and its objects: index and bytes.
    type Seen = (u8, u8, Range, Vec<(Option<u32>, Vec<u8>)>);

    fn read(function: u8, bytes: &str) -> Vec<Seen> {
        let bytes = hex(bytes);
        let item = |item: Item<'_>| {
            let bytes = match item.piece {
                Piece::Bits(bits) => vec![bits],
                Piece::Bytes(bytes) => bytes.to_vec(),
                Piece::Nothing => Vec::new(),
            };
            (item.index, bytes)
        };
        headers(FunctionCode(function), &bytes)
            .map(|objects| {
                (objects.group, objects.variation, objects.range, objects.items().map(item).collect())
            })
            .collect()
    }

    #[test]
    fn each_qualifier_is_read() {
        let all = |group, variation, range| vec![(group, variation, range, Vec::new())];
        assert_eq!(read(1, "3c 02 06"), all(60, 2, Range::All));
        assert_eq!(read(1, "01 00 00 02 07"), all(1, 0, Range::Indexes(2, 7)));
        assert_eq!(read(1, "01 00 01 0200 0701"), all(1, 0, Range::Indexes(2, 263)));
        assert_eq!(read(1, "02 00 08 2c01"), all(2, 0, Range::Count(300)));
        assert_eq!(
            read(1, "01 00 17 02 05 09"),
            [(1, 0, Range::Count(2), vec![(Some(5), vec![]), (Some(9), vec![])])]
        );
    }

    #[test]
    fn objects_have_their_sizes() {
        assert_eq!(
            read(129, "01 01 00 03 06 0a 1e 04 01 0000 0000 0500"),
            [
                (
                    1,
                    1,
                    Range::Indexes(3, 6),
                    vec![(Some(3), vec![0]), (Some(4), vec![1]), (Some(5), vec![0]), (Some(6), vec![1])]
                ),
                (30, 4, Range::Indexes(0, 0), vec![(Some(0), vec![5, 0])]),
            ]
        );
        assert_eq!(
            read(129, "6e 03 00 01 02 414243 444546 00 fc 00 00 00 01 02 4142"),
            [
                (110, 3, Range::Indexes(1, 2), vec![(Some(1), b"ABC".to_vec()), (Some(2), b"DEF".to_vec())]),
                (0, 252, Range::Indexes(0, 0), vec![(Some(0), vec![1, 2, 0x41, 0x42])]),
            ]
        );
        assert_eq!(
            read(1, "46 05 5b 01 0800 01000000 00000000"),
            [(70, 5, Range::Count(1), vec![(None, vec![1, 0, 0, 0, 0, 0, 0, 0])])]
        );
        // What is not known takes the rest.
        assert_eq!(read(129, "c8 01 00 00 00 0102 03").len(), 1);
    }
}
