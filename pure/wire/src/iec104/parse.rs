//! Bytes to APDUs, ASDUs and information objects.

use super::elements;
use super::message::{Apdu, Asdu, Cause, ControlField, TypeId, Unnumbered};
use crate::cursor::Cursor;
use city::Text;

/// The byte that every APDU begins with.
pub const START: u8 = 0x68;

/// Bytes of a control field: the shortest APDU.
const CONTROL_BYTES: u8 = 4;

/// The longest APDU behind its length (IEC 60870-5-104 clause 5).
const LENGTH_MAX: u8 = 253;

/// The longest APDU.
pub const APDU_BYTES_MAX: usize = LENGTH_MAX as usize + 2;

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// An APDU, and how many bytes it takes.
    Apdu(Apdu<'a>, usize),
    /// The beginning of an APDU.
    More,
    /// No APDU.
    Nothing,
}

/// Reads the APDU at the beginning of some bytes.
pub fn parse_apdu(bytes: &[u8]) -> Found<'_> {
    let mut cursor = Cursor::new(bytes);
    match (cursor.u8(), cursor.u8()) {
        (None, _) | (Some(START), None) => Found::More,
        (Some(START), Some(length @ CONTROL_BYTES..=LENGTH_MAX)) => match cursor.take(length.into()) {
            Some(body) => match control(body) {
                Some(control) => Found::Apdu(Apdu { length, control }, usize::from(length) + 2),
                None => Found::Nothing,
            },
            None => Found::More,
        },
        _ => Found::Nothing,
    }
}

/// Whether bytes that are less than an APDU look like the beginning of one that fits.
pub fn may_begin(bytes: &[u8]) -> bool {
    let is_numbered = match bytes {
        [_, CONTROL_BYTES, ..] => false,
        [_, _, ..] => true,
        _ => return true,
    };
    let seen = bytes.get(2..).unwrap_or_default();
    let format = seen.first().is_none_or(|a| (a & 1 == 0) == is_numbered);
    let received = seen.get(2).is_none_or(|c| c & 1 == 0);
    let asdu = seen.get(4..).unwrap_or_default();
    let is_known = asdu.first().is_none_or(|type_id| TypeId(*type_id).is_known());
    let has_objects = asdu.get(1).is_none_or(|structure| structure & 0x7f != 0);
    let has_cause = asdu.get(2).is_none_or(|cause| Cause(cause & 0x3f).is_known());
    format && received && is_known && has_objects && has_cause
}

fn control(body: &[u8]) -> Option<ControlField<'_>> {
    let (field, rest) = body.split_first_chunk::<4>()?;
    let [a, b, c, d] = *field;
    let received = u16::from_le_bytes([c, d]) >> 1;
    match (a & 3, rest) {
        (0 | 2, asdu) if c & 1 == 0 => {
            Some(ControlField::Information { sent: u16::from_le_bytes([a, b]) >> 1, received, asdu })
        }
        // All other bits are 0.
        (1, []) if a == 1 && b == 0 && c & 1 == 0 => Some(ControlField::Supervisory { received }),
        (3, []) if (b, c, d) == (0, 0, 0) => Some(ControlField::Unnumbered(Unnumbered(a))),
        _ => None,
    }
}

/// Reads an ASDU with the field lengths that IEC 60870-5-104 fixes (clause 7): two bytes for the cause and for the
/// common address, three for an object's address.
pub fn parse_asdu(bytes: &[u8]) -> Option<Asdu<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (type_id, structure, cause) = (cursor.u8()?, cursor.u8()?, cursor.u8()?);
    Some(Asdu {
        type_id: TypeId(type_id),
        is_sequence: structure & 0x80 != 0,
        count: structure & 0x7f,
        cause: Cause(cause & 0x3f),
        negative: cause & 0x40 != 0,
        test: cause & 0x80 != 0,
        originator: cursor.u8()?,
        common_address: u16::from_le_bytes(cursor.array()?),
        body: cursor.rest(),
    })
}

/// One information object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object<'a> {
    pub address: u32,
    /// Its elements.
    pub bytes: &'a [u8],
}

/// The information objects of an ASDU, and the bytes behind them that belong to none.
pub fn parse_objects<'a>(asdu: &Asdu<'a>) -> (Vec<Object<'a>>, &'a [u8]) {
    let mut objects = Vec::new();
    let mut cursor = Cursor::new(asdu.body);
    let Some(elements) = asdu.type_id.elements() else {
        // Where the objects end is not known; the first one's address is.
        let objects = address(&mut cursor).map(|address| Object { address, bytes: &[] });
        return (objects.into_iter().collect(), cursor.rest());
    };
    let mut base = None;
    for number in 0..u32::from(asdu.count) {
        let before = cursor;
        let at = match base {
            Some(base) => Some(base + number),
            None => address(&mut cursor),
        };
        let Some(address) = at else { break };
        let start = cursor;
        let is_whole =
            elements.iter().all(|element| elements::read(*element, &mut cursor, &mut |_, _| {}).is_some());
        if !is_whole {
            cursor = before;
            break;
        }
        if asdu.is_sequence {
            base = base.or(Some(address));
        }
        let bytes = start.rest().get(..start.len() - cursor.len()).unwrap_or_default();
        objects.push(Object { address, bytes });
    }
    (objects, cursor.rest())
}

fn address(cursor: &mut Cursor<'_>) -> Option<u32> {
    let [low, middle, high] = cursor.array()?;
    Some(u32::from_le_bytes([low, middle, high, 0]))
}

/// What an object holds, by column; the value comes first.
pub fn columns(asdu: &Asdu<'_>, object: &Object<'_>, put: &mut dyn FnMut(&'static str, Text)) {
    let mut cursor = Cursor::new(object.bytes);
    for element in asdu.type_id.elements().unwrap_or_default() {
        if elements::read(*element, &mut cursor, put).is_none() {
            return;
        }
    }
}

/// The value of an object: what its first element holds.
pub fn value(asdu: &Asdu<'_>, object: &Object<'_>) -> Option<Text> {
    let mut first = None;
    let element = asdu.type_id.elements()?.first()?;
    elements::read(*element, &mut Cursor::new(object.bytes), &mut |_, value| {
        first.get_or_insert(value);
    });
    // A point is on or off: 1 or 0.
    first.map(|value| match value.as_str() {
        "T" => Text::const_new("1"),
        "F" => Text::const_new("0"),
        _ => value,
    })
}

/// A truth among an object's columns; `false` where it is not there.
pub fn flag(asdu: &Asdu<'_>, object: &Object<'_>, column: &str) -> bool {
    let mut found = false;
    columns(asdu, object, &mut |name, value| found |= name == column && value == "T");
    found
}

/// Whether an ASDU fits its type throughout: the type and the cause are known, and its objects fill it.
pub fn fits(asdu: &Asdu<'_>) -> bool {
    let (objects, rest) = parse_objects(asdu);
    let is_filled = objects.len() == usize::from(asdu.count) && rest.is_empty() || asdu.type_id.is_security();
    asdu.count > 0 && asdu.cause.is_known() && asdu.type_id.is_known() && is_filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    #[test]
    fn the_three_formats_are_read() {
        let control = |bytes: &str| match parse_apdu(&hex(bytes)) {
            Found::Apdu(Apdu { control: ControlField::Supervisory { received }, .. }, 6) => {
                format!("S {received}")
            }
            Found::Apdu(Apdu { control: ControlField::Unnumbered(function), .. }, 6) => {
                format!("U {:?}", function.name())
            }
            Found::Apdu(Apdu { control: ControlField::Information { sent, received, asdu }, .. }, _) => {
                format!("I {sent} {received} {}", asdu.len())
            }
            other => format!("{other:?}"),
        };
        assert_eq!(control("68 04 01 00 7e 14"), "S 2623");
        assert_eq!(control("68 04 07 00 00 00"), "U Some(\"STARTDT act\")");
        assert_eq!(control("68 06 18 00 02 00 0102"), "I 12 1 2");
        assert_eq!(control("68 04 07 00"), "More");
        assert_eq!(control("68 03 07 00 00"), "Nothing");
        assert_eq!(control("16 04"), "Nothing");
    }

    #[test]
    fn objects_have_their_own_addresses_or_count_on_from_one() {
        let bytes = hex("0b 02 03 00 0c00 103000 be09 00 113000 7500 10");
        let asdu = parse_asdu(&bytes).unwrap();
        let (objects, rest) = parse_objects(&asdu);
        let addresses: Vec<u32> = objects.iter().map(|object| object.address).collect();
        assert_eq!((addresses, rest.len(), fits(&asdu)), (vec![12_304, 12_305], 0, true));
        assert_eq!(value(&asdu, &objects[0]).as_deref(), Some("2494"));
        let bytes = hex("01 83 14 00 0100 e90300 00 01 80 ff");
        let asdu = parse_asdu(&bytes).unwrap();
        let (objects, rest) = parse_objects(&asdu);
        assert_eq!((objects.len(), objects[2].address, rest), (3, 1_003, &[0xff][..]));
        assert!(!fits(&asdu));
        let mut columns = Vec::new();
        super::columns(&asdu, &objects[2], &mut |column, value| columns.push(format!("{column}={value}")));
        assert_eq!(columns, ["spi=F", "bl=F", "sb=F", "nt=F", "iv=T"]);
    }
}
