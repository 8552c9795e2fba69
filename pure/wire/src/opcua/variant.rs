//! Values of any type: OPC 10000-6 clauses 5.2.2.12 (diagnostics), 5.2.2.16 (variants) and 5.2.2.17 (data values).

use super::binary::{Binary, Chars};
use super::message::time_text;
use super::names;
use super::node_id::{
    ExpandedNodeId, ExtensionObject, LocalizedText, QualifiedName, guid_text, parse_expanded,
    parse_localized, parse_node_id, parse_object, parse_qualified, shown,
};
use super::status::Status;
use crate::show::{VALUE_BYTES_MAX, hexadecimal, listed};
use city::Text;
use compact_str::{ToCompactString, format_compact};

/// How deep values may lie within values. The standard asks decoders for at least 100 levels (5.1.8); nobody needs them.
const DEPTH_MAX: u8 = 16;

/// A value of any built-in type, or a list of such. Its items stay bytes until they are looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variant<'a> {
    /// The type in the lower six bits; bit 7 for a list, bit 6 for one of several dimensions.
    pub encoding: u8,
    /// How many values there are.
    pub count: usize,
    values: &'a [u8],
    dimensions: &'a [u8],
    depth: u8,
}

/// One value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Boolean(bool),
    Bytes(Chars<'a>),
    Data(DataValue<'a>),
    Diagnostic(Diagnostic<'a>),
    Double(f64),
    Float(f32),
    Guid([u8; 16]),
    Localized(LocalizedText<'a>),
    Name(QualifiedName<'a>),
    Node(ExpandedNodeId<'a>),
    Object(ExtensionObject<'a>),
    Signed(i64),
    Status(Status),
    Text(Chars<'a>),
    Time(i64),
    Unsigned(u64),
    Variant(Variant<'a>),
}

/// A value with how good it is and when it was.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DataValue<'a> {
    /// Which parts there are.
    pub mask: u8,
    pub value: Option<Variant<'a>>,
    pub status: Option<Status>,
    pub source_time: Option<i64>,
    pub source_picoseconds: Option<u16>,
    pub server_time: Option<i64>,
    pub server_picoseconds: Option<u16>,
}

/// What a server adds to a status code.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Diagnostic<'a> {
    /// Which parts there are.
    pub mask: u8,
    /// The next four are places in the reply's table of strings.
    pub symbolic_id: Option<i32>,
    pub namespace: Option<i32>,
    pub locale: Option<i32>,
    pub text: Option<i32>,
    pub more: Chars<'a>,
    pub inner_status: Option<Status>,
    /// The bytes of a diagnostic within.
    pub inner: &'a [u8],
}

/// Reads a value of any type.
pub fn parse_variant<'a>(from: &mut Binary<'a>) -> Option<Variant<'a>> {
    variant(from, DEPTH_MAX)
}

/// Reads a value with how good it is and when it was.
pub fn parse_data_value<'a>(from: &mut Binary<'a>) -> Option<DataValue<'a>> {
    data_value(from, DEPTH_MAX)
}

/// Reads what a server adds to a status code.
pub fn parse_diagnostic<'a>(from: &mut Binary<'a>) -> Option<Diagnostic<'a>> {
    diagnostic(from, DEPTH_MAX)
}

fn variant<'a>(from: &mut Binary<'a>, depth: u8) -> Option<Variant<'a>> {
    let depth = depth.checked_sub(1)?;
    let encoding = from.u8()?;
    let count = match encoding {
        encoding if encoding & 0x3f == 0 => 0,
        encoding if encoding & 0x80 != 0 => from.count()?,
        _ => 1,
    };
    let begin = *from;
    for _ in 0..count {
        value(from, encoding & 0x3f, depth)?;
    }
    let values = before(begin, *from);
    let begin = *from;
    if encoding & 0x40 != 0 {
        from.list(|item| item.i32())?;
    }
    Some(Variant { encoding, count, values, dimensions: before(begin, *from), depth })
}

/// The bytes between two places.
fn before<'a>(begin: Binary<'a>, end: Binary<'a>) -> &'a [u8] {
    let bytes = begin.rest();
    bytes.get(..bytes.len() - end.rest().len()).unwrap_or_default()
}

fn value<'a>(from: &mut Binary<'a>, kind: u8, depth: u8) -> Option<Value<'a>> {
    Some(match kind {
        1 => Value::Boolean(from.flag()?),
        2 => Value::Signed(i64::from(i8::from_le_bytes(from.array()?))),
        3 => Value::Unsigned(u64::from(from.u8()?)),
        4 => Value::Signed(i64::from(i16::from_le_bytes(from.array()?))),
        5 => Value::Unsigned(u64::from(from.u16()?)),
        6 => Value::Signed(i64::from(from.i32()?)),
        7 => Value::Unsigned(u64::from(from.u32()?)),
        8 => Value::Signed(from.i64()?),
        9 => Value::Unsigned(u64::from_le_bytes(from.array()?)),
        10 => Value::Float(f32::from_le_bytes(from.array()?)),
        11 => Value::Double(from.f64()?),
        12 | 16 => Value::Text(from.chars()?),
        13 => Value::Time(from.i64()?),
        14 => Value::Guid(from.array()?),
        17 => Value::Node(ExpandedNodeId { node: parse_node_id(from)?, uri: None, server: None }),
        18 => Value::Node(parse_expanded(from)?),
        19 => Value::Status(Status(from.u32()?)),
        20 => Value::Name(parse_qualified(from)?),
        21 => Value::Localized(parse_localized(from)?),
        22 => Value::Object(parse_object(from)?),
        23 => Value::Data(data_value(from, depth)?),
        24 => Value::Variant(variant(from, depth)?),
        25 => Value::Diagnostic(diagnostic(from, depth)?),
        // Types yet to come are to be read as byte strings (5.2.2.16).
        15 | 26..=31 => Value::Bytes(from.chars()?),
        _ => return None,
    })
}

fn data_value<'a>(from: &mut Binary<'a>, depth: u8) -> Option<DataValue<'a>> {
    let mask = from.u8()?;
    let has = |bit: u8| mask & bit != 0;
    Some(DataValue {
        mask,
        value: if has(1) { Some(variant(from, depth)?) } else { None },
        status: if has(2) { Some(Status(from.u32()?)) } else { None },
        source_time: if has(4) { Some(from.i64()?) } else { None },
        source_picoseconds: if has(0x10) { Some(from.u16()?) } else { None },
        server_time: if has(8) { Some(from.i64()?) } else { None },
        server_picoseconds: if has(0x20) { Some(from.u16()?) } else { None },
    })
}

fn diagnostic<'a>(from: &mut Binary<'a>, depth: u8) -> Option<Diagnostic<'a>> {
    let depth = depth.checked_sub(1)?;
    let mask = from.u8()?;
    let has = |bit: u8| mask & bit != 0;
    let mut read = Diagnostic {
        mask,
        symbolic_id: if has(1) { Some(from.i32()?) } else { None },
        namespace: if has(2) { Some(from.i32()?) } else { None },
        locale: if has(8) { Some(from.i32()?) } else { None },
        text: if has(4) { Some(from.i32()?) } else { None },
        more: if has(0x10) { from.chars()? } else { None },
        inner_status: if has(0x20) { Some(Status(from.u32()?)) } else { None },
        inner: &[],
    };
    if has(0x40) {
        let begin = *from;
        diagnostic(from, depth)?;
        read.inner = before(begin, *from);
    }
    Some(read)
}

impl<'a> Diagnostic<'a> {
    /// The diagnostic within.
    pub fn inner(&self) -> Option<Diagnostic<'a>> {
        parse_diagnostic(&mut Binary::new(self.inner))
    }
}

impl<'a> Variant<'a> {
    /// The type of its values, by number (5.1.2).
    pub fn kind(self) -> u8 {
        self.encoding & 0x3f
    }

    /// Whether it is a list.
    pub fn is_list(self) -> bool {
        self.encoding & 0x80 != 0
    }

    /// Its values, one after the other.
    pub fn values(self) -> impl Iterator<Item = Value<'a>> {
        let mut from = Binary::new(self.values);
        (0..self.count).map_while(move |_| value(&mut from, self.encoding & 0x3f, self.depth))
    }

    /// The length in each dimension, if there are several.
    pub fn dimensions(self) -> Vec<i32> {
        Binary::new(self.dimensions).list(|item| item.i32()).unwrap_or_default()
    }

    /// Its values for people, of bounded length.
    pub fn text(self) -> Text {
        match self.kind() {
            0 => Text::const_new("null"),
            _ => listed(self.values().map(value_text), VALUE_BYTES_MAX),
        }
    }
}

fn value_text(value: Value<'_>) -> Text {
    match value {
        Value::Boolean(value) => value.to_compact_string(),
        Value::Bytes(value) => hexadecimal(value.unwrap_or_default(), VALUE_BYTES_MAX),
        Value::Data(value) => match (value.value, value.status) {
            (Some(value), _) => value.text(),
            (None, status) => status.unwrap_or(Status::GOOD).text(),
        },
        Value::Diagnostic(value) => shown(value.more),
        Value::Double(value) => format_compact!("{value}"),
        Value::Float(value) => format_compact!("{value}"),
        Value::Guid(value) => guid_text(value),
        Value::Localized(value) => shown(value.text),
        Value::Name(value) => match value.namespace {
            0 => shown(value.name),
            namespace => format_compact!("{namespace}:{}", shown(value.name)),
        },
        Value::Node(value) => value.node.text(),
        Value::Object(value) => match value.type_id.standard().and_then(names::structure) {
            Some(name) => Text::const_new(name),
            None => value.type_id.text(),
        },
        Value::Signed(value) => value.to_compact_string(),
        Value::Status(value) => value.text(),
        Value::Text(value) => shown(value),
        Value::Time(value) => time_text(value),
        Value::Unsigned(value) => value.to_compact_string(),
        Value::Variant(value) => value.text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    #[test]
    fn values_of_every_kind_are_read() {
        for (bytes, text) in [
            ("00", "null"),
            ("01 01", "true"),
            ("02 ff", "-1"),
            ("03 ff", "255"),
            ("04 feff", "-2"),
            ("06 2a000000", "42"),
            ("08 ffffffffffffffff", "-1"),
            ("0a 0000d0c0", "-6.5"),
            ("0b 0000000000406f40", "250"),
            ("0c 02000000 6f6b", "ok"),
            ("0c ffffffff", ""),
            ("0d 0080 3ed5 deb1 9d01", "1970-01-01T00:00:00Z"),
            ("0f 03000000 0102ff", "0102ff"),
            ("11 01 01 35d2", "ns=1;i=53813"),
            ("12 41 01 35d2 07000000", "ns=1;i=53813"),
            ("13 00003480", "BadNodeIdUnknown"),
            ("14 0200 01000000 61", "2:a"),
            ("15 03 02000000 656e 02000000 6f6b", "ok"),
            ("16 01 00 5401 00", "BuildInfo"),
            ("17 03 06 07000000 00000000", "7"),
            ("19 10 02000000 6f6b", "ok"),
            ("86 03000000 01000000 02000000 03000000", "1,2,3"),
            ("98 02000000 01 00 06 09000000", "false,9"),
            ("c3 04000000 01020304 02000000 02000000 02000000", "1,2,3,4"),
        ] {
            let bytes = hex(bytes);
            let mut from = Binary::new(&bytes);
            let variant = parse_variant(&mut from).unwrap_or_else(|| panic!("{bytes:02x?}"));
            assert_eq!(variant.text(), text);
            assert!(from.rest().is_empty(), "{bytes:02x?}");
        }
        let square = hex("c3 04000000 01020304 02000000 02000000 02000000");
        assert_eq!(parse_variant(&mut Binary::new(&square)).unwrap().dimensions(), [2, 2]);
    }

    #[test]
    fn what_lies_too_deep_is_not_read() {
        assert_eq!(parse_variant(&mut Binary::new(&[24; 64])), None);
        assert_eq!(parse_diagnostic(&mut Binary::new(&[0x40; 64])), None);
        assert!(parse_diagnostic(&mut Binary::new(&[0x40, 0x40, 0])).unwrap().inner().is_some());
    }
}
