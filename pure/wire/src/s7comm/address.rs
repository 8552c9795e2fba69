//! Variables: where an item lies, written as STEP 7 writes it, and what its bytes say.

use crate::cursor::Cursor;
use crate::show::{VALUE_BYTES_MAX, hexadecimal, listed, readable};
use city::{Target, Text, Verb};
use compact_str::format_compact;

/// An item of a request to read or write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// A pointer into an area: syntax `S7ANY`.
    Any {
        size: Size,
        count: u16,
        block: u16,
        area: Area,
        /// In bits; of counters and timers: their number.
        address: u32,
    },
    /// An item of some other syntax, with what says where it lies.
    Other { syntax: u8, place: &'a [u8] },
}

/// The type of an item's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size(pub(super) u8);

impl Size {
    /// The name, as in the pointers of STEP 7.
    fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            1 => "BOOL",
            2 => "BYTE",
            3 => "CHAR",
            4 => "WORD",
            5 => "INT",
            6 => "DWORD",
            7 => "DINT",
            8 => "REAL",
            9 => "DATE",
            10 => "TOD",
            11 => "TIME",
            12 => "S5TIME",
            15 => "DATE_AND_TIME",
            28 | 30 => "COUNTER",
            29 | 31 => "TIMER",
            _ => return None,
        })
    }

    /// The letter for the width in an address; none where addresses have no such letter.
    fn letter(self) -> Option<char> {
        Some(match self.0 {
            1 => 'X',
            2 | 3 => 'B',
            4 | 5 | 9 | 12 => 'W',
            6 | 7 | 8 | 10 | 11 => 'D',
            _ => return None,
        })
    }

    /// How many bytes an element takes.
    fn bytes(self) -> usize {
        match self.0 {
            4 | 5 | 9 | 12 | 28 | 29 => 2,
            6 | 7 | 8 | 10 | 11 => 4,
            15 => 8,
            _ => 1,
        }
    }
}

/// Where an item lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area(pub(super) u8);

impl Area {
    const PERIPHERY: Self = Self(0x80);
    const OUTPUTS: Self = Self(0x82);
    const BLOCK: Self = Self(0x84);
    const INSTANCE: Self = Self(0x85);

    /// The letters for it in an address.
    fn letters(self) -> Option<&'static str> {
        Some(match self.0 {
            0x03 => "SI",
            0x05 => "SF",
            0x06 => "AI",
            0x07 => "AQ",
            0x1c | 0x1e => "C",
            0x1d | 0x1f => "T",
            0x80 => "P",
            0x81 => "I",
            0x82 => "Q",
            0x83 => "M",
            0x84 => "DB",
            0x85 => "DI",
            0x86 => "L",
            0x87 => "V",
            _ => return None,
        })
    }

    /// Whether its addresses count things, not bits.
    fn is_counted(self) -> bool {
        matches!(self.0, 0x1c..=0x1f)
    }
}

impl<'a> Item<'a> {
    /// Takes an item off the front of a request's parameters.
    pub(super) fn take(cursor: &mut Cursor<'a>) -> Option<Item<'a>> {
        let (0x12, length) = (cursor.u8()?, cursor.u8()?) else { return None };
        let mut body = Cursor::new(cursor.take(usize::from(length))?);
        // Items begin at even places; the last needs no filling.
        if length % 2 == 1 && !cursor.is_empty() {
            cursor.u8()?;
        }
        let syntax = body.u8()?;
        let place = body.rest();
        if syntax == 0x10 && place.len() == 9 {
            let (size, count, block) = (Size(body.u8()?), body.u16()?, body.u16()?);
            let word = body.u32()?;
            let [area, ..] = word.to_be_bytes();
            return Some(Item::Any { size, count, block, area: Area(area), address: word & 0x00ff_ffff });
        }
        Some(Item::Other { syntax, place })
    }

    /// The address: `DB1.DBX0.0`, `MW10`, `DB5.DBX0.0 BYTE 8`.
    pub(super) fn target(&self) -> Target {
        match *self {
            Item::Any { size, count, block, area, address } => {
                Target::named(address_text(size, count, block, area, address))
            }
            Item::Other { syntax: 0xb2, place } => Target::named(symbol(place)),
            Item::Other { syntax, place } => {
                let kind = match syntax {
                    0x82..=0x84 => Text::const_new("nck"),
                    0x13 => Text::const_new("pbc"),
                    0xb0 => Text::const_new("db-read"),
                    0xa2 => Text::const_new("drive-es"),
                    other => format_compact!("syntax-0x{other:02x}"),
                };
                Target { kind, name: hexadecimal(place, 64), ..Target::default() }
            }
        }
    }

    /// What writing it does: outputs and periphery act at once.
    pub(super) fn write_verb(&self) -> Verb {
        match self {
            Item::Any { area: Area::PERIPHERY | Area::OUTPUTS | Area(0x07), .. } => Verb::Operate,
            _ => Verb::Write,
        }
    }

    /// The type of its elements, for reading its bytes.
    pub(super) fn size(&self) -> Size {
        match self {
            Item::Any { size, .. } => *size,
            Item::Other { .. } => Size(u8::MAX),
        }
    }
}

impl Size {
    /// What an item's bytes say.
    pub(super) fn value(self, bytes: &[u8]) -> Text {
        match self.0 {
            2 if bytes.len() > 1 => hexadecimal(bytes, VALUE_BYTES_MAX),
            3 => readable(bytes, VALUE_BYTES_MAX),
            15 | 28.. => hexadecimal(bytes, VALUE_BYTES_MAX),
            kind => listed(bytes.chunks(self.bytes()).map(|element| number(kind, element)), VALUE_BYTES_MAX),
        }
    }
}

/// One element as a number.
fn number(kind: u8, element: &[u8]) -> Text {
    match (kind, element) {
        (5, [a, b]) => format_compact!("{}", i16::from_be_bytes([*a, *b])),
        (7 | 11, [a, b, c, d]) => format_compact!("{}", i32::from_be_bytes([*a, *b, *c, *d])),
        (8, [a, b, c, d]) => format_compact!("{}", f32::from_be_bytes([*a, *b, *c, *d])),
        (1, [bit]) => format_compact!("{}", bit & 1),
        _ => {
            let number = element.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            format_compact!("{number}")
        }
    }
}

/// An address as STEP 7 writes it; more than one element as its pointers are written, without `P#`.
fn address_text(size: Size, count: u16, block: u16, area: Area, address: u32) -> Text {
    let (byte, bit) = (address >> 3, address & 7);
    let letters = area.letters().map_or_else(|| format_compact!("area-0x{:02x}.", area.0), Text::const_new);
    if area.is_counted() {
        return match count {
            0 | 1 => format_compact!("{letters}{address}"),
            more => format_compact!("{letters}{address} {} {more}", size.name().unwrap_or("COUNTER")),
        };
    }
    let in_block = matches!(area, Area::BLOCK | Area::INSTANCE);
    let place = if in_block { format_compact!("{letters}{block}.{letters}") } else { letters };
    match (size.letter(), count) {
        // Only addresses within a block have the X.
        (Some('X'), 0 | 1) if in_block => format_compact!("{place}X{byte}.{bit}"),
        (Some('X'), 0 | 1) => format_compact!("{place}{byte}.{bit}"),
        (Some(letter), 0 | 1) => format_compact!("{place}{letter}{byte}"),
        _ => {
            let x = if in_block { "X" } else { "" };
            match size.name() {
                Some(name) => format_compact!("{place}{x}{byte}.{bit} {name} {count}"),
                None => format_compact!("{place}{x}{byte}.{bit} type-{} {count}", size.0),
            }
        }
    }
}

/// A symbol of an S7-1200: its area, and the path of local identifiers to it.
fn symbol(place: &[u8]) -> Text {
    let parsed = || {
        let mut cursor = Cursor::new(place);
        let (_, area, block) = (cursor.u8()?, cursor.u16()?, cursor.u16()?);
        let _checksum = cursor.u32()?;
        let mut text = match area {
            0 => format_compact!("DB{block}"),
            1 => Text::const_new(match block {
                0x50 => "I",
                0x51 => "Q",
                0x52 => "M",
                _ => return None,
            }),
            _ => return None,
        };
        for lid in cursor.rest().chunks(4).take(8) {
            let lid = lid.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)) & 0x0fff_ffff;
            text.push_str(&format_compact!(".lid-{lid}"));
        }
        Some(text)
    };
    parsed().unwrap_or_else(|| format_compact!("symbol {}", hexadecimal(place, 64)))
}

/// What is said of one item: its return code and its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ItemData<'a> {
    pub(super) code: u8,
    pub(super) bytes: &'a [u8],
}

impl<'a> ItemData<'a> {
    /// Takes an item's data off the front of a message's data.
    pub(super) fn take(cursor: &mut Cursor<'a>) -> Option<ItemData<'a>> {
        let (code, size, length) = (cursor.u8()?, cursor.u8()?, usize::from(cursor.u16()?));
        let bytes = match size {
            // Counted in bits.
            3..=5 => length.div_ceil(8),
            0 => 0,
            _ => length,
        };
        let taken = cursor.take(bytes)?;
        if bytes % 2 == 1 && !cursor.is_empty() {
            cursor.u8()?;
        }
        Some(ItemData { code, bytes: taken })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    #[test]
    fn addresses_read_as_in_step_7() {
        for (text, address) in [
            ("12 0a 10 01 0001 0001 84 000000", "DB1.DBX0.0"),
            ("12 0a 10 02 0001 0005 84 000050", "DB5.DBB10"),
            ("12 0a 10 02 0008 0005 84 000000", "DB5.DBX0.0 BYTE 8"),
            ("12 0a 10 05 0001 0005 85 000010", "DI5.DIW2"),
            ("12 0a 10 08 0001 0005 84 000020", "DB5.DBD4"),
            ("12 0a 10 01 0001 0000 81 00000b", "I1.3"),
            ("12 0a 10 04 0001 0000 82 000020", "QW4"),
            ("12 0a 10 06 0001 0000 83 000320", "MD100"),
            ("12 0a 10 02 0010 0000 83 000000", "M0.0 BYTE 16"),
            ("12 0a 10 04 0001 0000 80 000800", "PW256"),
            ("12 0a 10 1d 0001 0000 1d 000005", "T5"),
            ("12 0a 10 1c 0008 0000 1c 000000", "C0 COUNTER 8"),
            ("12 0a 10 63 0001 0000 99 000008", "area-0x99.1.0 type-99 1"),
            ("12 08 82 41 0001 0001 1f 01", "nck 410001 00011f01"),
        ] {
            let item = Item::take(&mut Cursor::new(&hex(text))).map(|item| item.target().to_string());
            assert_eq!(
                item.as_deref().map(|text| text.replace(' ', "")),
                Some(address.replace(' ', "")),
                "{text}"
            );
        }
        assert_eq!(Item::take(&mut Cursor::new(&hex("12 0a 10 01 0001"))), None);
    }

    #[test]
    fn values_have_the_type_of_their_item() {
        for (size, bytes, value) in [
            (1, "01", "1"),
            (2, "7f", "127"),
            (2, "0102ff", "0102ff"),
            (3, "50756d70", "Pump"),
            (4, "0100 0002", "256,2"),
            (5, "fffe", "-2"),
            (7, "fffffffe", "-2"),
            (8, "42c80000", "100"),
        ] {
            assert_eq!(Size(size).value(&hex(bytes)), value);
        }
    }

    #[test]
    fn lengths_of_data_are_in_bits_or_bytes() {
        let data = hex("ff 03 0001 01 00 ff 04 0010 0102 ff 09 0003 010203 00 0a 00 0000");
        let mut cursor = Cursor::new(&data);
        let items: Vec<(u8, usize)> = std::iter::from_fn(|| ItemData::take(&mut cursor))
            .map(|item| (item.code, item.bytes.len()))
            .collect();
        assert_eq!(items, [(0xff, 1), (0xff, 2), (0xff, 3), (0x0a, 0)]);
    }
}
