//! Tagged data (20.2): tags, and primitive values as text.

use super::message::{ObjectId, PropertyId};
use super::names::{self, Names};
use super::units::UNITS;
use crate::cursor::Cursor;
use crate::show::{cut, hexadecimal, readable};
use city::Text;
use compact_str::{ToCompactString, format_compact};

/// The longest text of one value, in bytes.
const TEXT_BYTES_MAX: usize = 1_024;

/// Values read of one property.
pub const VALUES_MAX: usize = 4_096;

/// The deepest nesting of opening and closing tags that is followed.
const DEPTH_MAX: usize = 32;

/// The next piece of tagged data (20.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element<'a> {
    /// A value whose tag tells its type. A boolean has no data: its length is its value.
    Application {
        tag: u8,
        data: &'a [u8],
        length: u32,
    },
    Closing(u8),
    /// A value whose type the service knows.
    Context {
        tag: u8,
        data: &'a [u8],
    },
    Opening(u8),
}

/// Reads a tag and its data.
pub fn parse_element<'a>(cursor: &mut Cursor<'a>) -> Option<Element<'a>> {
    let first = cursor.u8()?;
    let tag = if first >> 4 == 15 { cursor.u8()? } else { first >> 4 };
    let is_context = first & 8 != 0;
    let length = match first & 7 {
        6 if is_context => return Some(Element::Opening(tag)),
        7 if is_context => return Some(Element::Closing(tag)),
        5 => match cursor.u8()? {
            254 => u32::from(cursor.u16()?),
            255 => cursor.u32()?,
            short => u32::from(short),
        },
        6 | 7 => return None,
        short => u32::from(short),
    };
    if is_context {
        return Some(Element::Context { tag, data: cursor.take(usize::try_from(length).ok()?)? });
    }
    let data = if tag == 1 { &[][..] } else { cursor.take(usize::try_from(length).ok()?)? };
    Some(Element::Application { tag, data, length })
}

/// Walks through tagged data in the order that a service gives it. Each question leaves what does not answer it.
#[derive(Clone, Copy, Debug)]
pub struct Tags<'a>(Cursor<'a>);

impl<'a> Tags<'a> {
    pub fn new(data: &'a [u8]) -> Tags<'a> {
        Tags(Cursor::new(data))
    }

    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub fn rest(self) -> &'a [u8] {
        self.0.rest()
    }

    fn next_if<T>(&mut self, wanted: impl FnOnce(Element<'a>) -> Option<T>) -> Option<T> {
        let mut ahead = self.0;
        let found = wanted(parse_element(&mut ahead)?)?;
        self.0 = ahead;
        Some(found)
    }

    /// The data of a context tag.
    pub fn context(&mut self, wanted: u8) -> Option<&'a [u8]> {
        self.next_if(|element| match element {
            Element::Context { tag, data } if tag == wanted => Some(data),
            _ => None,
        })
    }

    /// A number under a context tag: unsigned, enumerated or boolean.
    pub fn number(&mut self, wanted: u8) -> Option<u32> {
        self.context(wanted).and_then(unsigned)
    }

    /// An object under a context tag.
    pub fn object(&mut self, wanted: u8) -> Option<ObjectId> {
        self.number(wanted).map(ObjectId)
    }

    /// The data of an application tag.
    pub fn application(&mut self, wanted: u8) -> Option<&'a [u8]> {
        self.next_if(|element| match element {
            Element::Application { tag, data, .. } if tag == wanted => Some(data),
            _ => None,
        })
    }

    /// A number under an application tag (2 unsigned, 9 enumerated, 12 object).
    pub fn application_number(&mut self, wanted: u8) -> Option<u32> {
        self.application(wanted).and_then(unsigned)
    }

    /// A boolean under its application tag.
    pub fn boolean(&mut self) -> Option<bool> {
        self.next_if(|element| match element {
            Element::Application { tag: 1, length, .. } => Some(length != 0),
            _ => None,
        })
    }

    /// A signed number under its application tag.
    pub fn signed(&mut self) -> Option<i64> {
        self.application(3).and_then(signed)
    }

    /// What stands between an opening tag and its closing tag.
    pub fn inside(&mut self, wanted: u8) -> Option<&'a [u8]> {
        let mut ahead = self.0;
        if parse_element(&mut ahead)? != Element::Opening(wanted) {
            return None;
        }
        let begin = ahead.rest();
        let mut depth = 1_usize;
        loop {
            let before = ahead.len();
            match parse_element(&mut ahead)? {
                Element::Opening(_) if depth >= DEPTH_MAX => return None,
                Element::Opening(_) => depth += 1,
                Element::Closing(tag) if depth == 1 => {
                    if tag != wanted {
                        return None;
                    }
                    let inner = begin.get(..begin.len() - before)?;
                    self.0 = ahead;
                    return Some(inner);
                }
                Element::Closing(_) => depth -= 1,
                _ => {}
            }
        }
    }

    /// Steps over whatever comes next, a whole group if it is one.
    pub fn skip(&mut self) -> Option<()> {
        let mut ahead = self.0;
        match parse_element(&mut ahead)? {
            Element::Opening(tag) => self.inside(tag).map(|_| ()),
            _ => {
                self.0 = ahead;
                Some(())
            }
        }
    }
}

/// What a value belongs to; enumerated values have names only there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    pub object_type: Option<u32>,
    pub property: Option<PropertyId>,
}

/// A primitive value as text; for an enumerated value that has a name, its number too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    pub text: Text,
    /// Its datatype: `real`, `enumerated`; `context` where only the service knows it.
    pub kind: &'static str,
    pub number: Option<u32>,
}

/// The primitive values in some tagged data, in order, whatever groups they stand in.
pub fn values(data: &[u8], place: Place) -> Vec<Value> {
    let mut cursor = Cursor::new(data);
    let mut found = Vec::new();
    while found.len() < VALUES_MAX {
        match parse_element(&mut cursor) {
            Some(Element::Application { tag, data, length }) => found.push(value(tag, data, length, place)),
            Some(Element::Context { data, .. }) => {
                let text = match unsigned(data) {
                    Some(number) => number.to_compact_string(),
                    None => hexadecimal(data, TEXT_BYTES_MAX),
                };
                found.push(Value { text, kind: "context", number: None });
            }
            Some(Element::Opening(_) | Element::Closing(_)) => {}
            None => break,
        }
    }
    found
}

fn value(tag: u8, data: &[u8], length: u32, place: Place) -> Value {
    const KINDS: [&str; 13] = [
        "null",
        "boolean",
        "unsigned",
        "signed",
        "real",
        "double",
        "octet-string",
        "character-string",
        "bit-string",
        "enumerated",
        "date",
        "time",
        "object-identifier",
    ];
    let kind = KINDS.get(usize::from(tag)).copied().unwrap_or("reserved");
    if tag == 9
        && let Some(number) = unsigned(data)
        && let Some(name) = enumeration(place).and_then(|names| names::known(names, number))
    {
        return Value { text: Text::const_new(name), kind, number: Some(number) };
    }
    Value { text: primitive(tag, data, length), kind, number: None }
}

/// A value of an application tag as text (20.2.2 to 20.2.14).
fn primitive(tag: u8, data: &[u8], length: u32) -> Text {
    let known = match tag {
        0 => Some("null".into()),
        1 => Some(if length != 0 { "true".into() } else { "false".into() }),
        2 | 9 => wide_unsigned(data).map(|number| number.to_compact_string()),
        3 => signed(data).map(|number| number.to_compact_string()),
        4 => data.try_into().ok().map(|bytes| format_compact!("{}", f32::from_be_bytes(bytes))),
        5 => data.try_into().ok().map(|bytes| format_compact!("{}", f64::from_be_bytes(bytes))),
        7 => character_string(data),
        8 => bit_string(data),
        10 => date(data),
        11 => time(data),
        12 => unsigned(data).map(|number| {
            let object = ObjectId(number);
            format_compact!("{} {}", object.kind_text(), object.instance())
        }),
        _ => None,
    };
    known.unwrap_or_else(|| hexadecimal(data, TEXT_BYTES_MAX))
}

/// A number of one to four bytes (20.2.4).
pub fn unsigned(data: &[u8]) -> Option<u32> {
    wide_unsigned(data).filter(|_| data.len() <= 4).and_then(|number| u32::try_from(number).ok())
}

fn wide_unsigned(data: &[u8]) -> Option<u64> {
    if data.is_empty() { None } else { Cursor::new(data).unsigned(data.len()) }
}

/// A number of one to eight bytes in two's complement (20.2.5).
pub fn signed(data: &[u8]) -> Option<i64> {
    let number = wide_unsigned(data)?;
    let unused = 64 - 8 * u32::try_from(data.len()).ok()?;
    Some((number << unused).cast_signed() >> unused)
}

/// Text in the character set that its first byte names (20.2.9).
pub fn character_string(data: &[u8]) -> Option<Text> {
    let (set, bytes) = data.split_first()?;
    let decoded: String = match set {
        0 => return Some(readable(bytes, TEXT_BYTES_MAX)),
        3 => {
            let units = bytes.chunks_exact(4).filter_map(|unit| Cursor::new(unit).u32());
            units.map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        4 => {
            let units = bytes.chunks_exact(2).filter_map(|unit| Cursor::new(unit).u16());
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        5 => bytes.iter().map(|byte| char::from(*byte)).collect(),
        // A code page (its number comes first) or JIS X 0208: shown as text where it is ASCII.
        1 | 2 => {
            let page =
                if *set == 1 { format_compact!("cp{}", Cursor::new(bytes).u16()?) } else { "jis".into() };
            let bytes = if *set == 1 { bytes.get(2..)? } else { bytes };
            if !bytes.is_ascii() {
                return Some(format_compact!("{page}:{}", hexadecimal(bytes, TEXT_BYTES_MAX)));
            }
            bytes.iter().map(|byte| char::from(*byte)).collect()
        }
        _ => return None,
    };
    let plain: String = decoded.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    Some(cut(&plain, TEXT_BYTES_MAX))
}

/// Bits as `T` and `F`, the first first (20.2.10).
fn bit_string(data: &[u8]) -> Option<Text> {
    let (unused, bytes) = data.split_first()?;
    let count = (bytes.len() * 8).saturating_sub(usize::from(*unused)).min(TEXT_BYTES_MAX);
    let bits = bytes.iter().flat_map(|byte| (0..8).map(move |place| byte << place & 0x80 != 0));
    Some(bits.take(count).map(|bit| if bit { 'T' } else { 'F' }).collect())
}

/// A date; a part that matches any is `*` (20.2.12).
pub fn date(data: &[u8]) -> Option<Text> {
    let [year, month, day, _weekday] = data else { return None };
    let year = if *year == 255 { "*".into() } else { (1900 + u16::from(*year)).to_compact_string() };
    Some(format_compact!("{year}-{}-{}", part(*month), part(*day)))
}

/// A time of day; a part that matches any is `*` (20.2.13).
pub fn time(data: &[u8]) -> Option<Text> {
    let [hour, minute, second, hundredth] = data else { return None };
    Some(format_compact!("{}:{}:{}.{}", part(*hour), part(*minute), part(*second), part(*hundredth)))
}

fn part(number: u8) -> Text {
    if number == 255 { "*".into() } else { format_compact!("{number:02}") }
}

/// The names of a property's enumerated values (clause 12, the datatype column of each object's table).
fn enumeration(place: Place) -> Option<Names> {
    const POLARITY: Names = &[(0, "normal"), (1, "reverse")];
    const BINARY: Names = &[(0, "inactive"), (1, "active")];
    const DOOR: Names = &[(0, "lock"), (1, "unlock"), (2, "pulse-unlock"), (3, "extended-pulse-unlock")];
    let named = match place.property?.0 {
        20 | 27 | 50 | 82 | 94 | 117 | 455 => UNITS,
        36 => names::EVENT_STATES,
        37 => names::EVENT_TYPES,
        41 => names::FILE_ACCESS_METHODS,
        72 => names::NOTIFY_TYPES,
        79 | 96 => names::OBJECT_TYPES,
        84 => POLARITY,
        90 => names::PROGRAM_REQUESTS,
        92 => names::PROGRAM_STATES,
        100 => names::PROGRAM_ERRORS,
        103 => names::RELIABILITIES,
        107 => names::SEGMENTATIONS,
        112 => names::DEVICE_STATUSES,
        122 => names::VT_CLASSES,
        158 => names::MAINTENANCE,
        160 | 175 => names::LIFE_SAFETY_MODES,
        161 => names::LIFE_SAFETY_OPERATIONS,
        163 => names::SILENCED_STATES,
        196 => names::RESTART_REASONS,
        197 => names::LOGGING_TYPES,
        208 => names::NODE_TYPES,
        226 => names::DOOR_ALARM_STATES,
        231 => names::DOOR_STATUSES,
        233 => names::LOCK_STATUSES,
        338 => names::BACKUP_STATES,
        370 => names::WRITE_STATUSES,
        378 => names::LIGHTING_IN_PROGRESS,
        385 => names::LIGHTING_TRANSITIONS,
        398 => names::TIMER_STATES,
        427 => names::NETWORK_TYPES,
        // Alarm value, feedback value, present value, priority array, relinquish default, tracking value.
        6 | 40 | 85 | 87 | 104 | 164 => match place.object_type? {
            3..=5 | 55 => BINARY,
            21 | 22 => names::LIFE_SAFETY_STATES,
            30 => DOOR,
            _ => return None,
        },
        _ => return None,
    };
    Some(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    fn texts(bytes: &str, object_type: u32, property: u32) -> String {
        let place = Place { object_type: Some(object_type), property: Some(PropertyId(property)) };
        values(&hex(bytes), place).iter().map(|v| v.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_examples_of_the_standard_are_read() {
        // Clause 20.2.2 to 20.2.14 gives one example of each.
        for (bytes, text) in [
            ("00", "null"),
            ("10", "false"),
            ("11", "true"),
            ("2148", "72"),
            ("3148", "72"),
            ("31b8", "-72"),
            ("4442900000", "72"),
            ("55084052000000000000", "72"),
            ("631234ff", "1234ff"),
            ("75190054686973206973206120424143 6e657420737472696e6721", "This is a BACnet string!"),
            ("75040103a441", "A"),
            ("75050103a489b7", "cp932:89b7"),
            ("8205a8", "TFT"),
            ("9100", "0"),
            ("a45b011804", "1991-01-24"),
            ("b411232d11", "17:35:45.17"),
            ("c400c0000f", "binary-input 15"),
        ] {
            assert_eq!(texts(bytes, 999, 999), text, "{bytes}");
        }
    }

    #[test]
    fn an_enumerated_value_has_the_name_of_its_place() {
        assert_eq!(texts("9162", 1, 117), "percent");
        assert_eq!(texts("9101", 4, 85), "active");
        assert_eq!(texts("9101", 13, 85), "1");
        assert_eq!(texts("a4ffffffff", 0, 0), "*-*-*");
    }

    #[test]
    fn groups_are_followed_to_their_end_and_no_deeper_than_allowed() {
        let mut tags = Tags::new(&[0x3e, 0x0e, 0x21, 5, 0x0f, 0x3f, 0x21, 6]);
        assert_eq!(tags.inside(2), None);
        assert_eq!(tags.inside(3), Some(&[0x0e, 0x21, 5, 0x0f][..]));
        assert_eq!(tags.application_number(2), Some(6));
        assert!(tags.is_empty());
        assert_eq!(Tags::new(&vec![0x0e; 100_000]).inside(0), None);
        assert_eq!(Tags::new(&[0x0e, 0x1f]).inside(0), None);
    }
}
