//! What a DLMS message is: IEC 62056-5-3, clauses 8 and 9.

use super::parse::{element, length};
use crate::cursor::Cursor;
use crate::show::{VALUE_BYTES_MAX, hexadecimal, readable};
use city::Text;
use compact_str::{ToCompactString, format_compact};

/// Object identifiers of the application context and of the mechanism begin so: 2.16.756.5.8 (DLMS UA).
const DLMS_UA: &[u8] = &[0x60, 0x85, 0x74, 0x05, 0x08];

/// How sure the beginning of a content makes that it is DLMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sure {
    No,
    Kind,
    Signature,
}

/// Judges a content by its first bytes.
pub fn sureness(content: &[u8]) -> Sure {
    match content {
        [0x60 | 0x61, ..] if parse_association(content).is_some() => Sure::Signature,
        [0xc0..=0xc7, 1..=4, ..] | [0x0f | 0xd8 | 0x0e, ..] | [0xc8..=0xcf | 0xdb..=0xdd, ..] => Sure::Kind,
        [0x62 | 0x63, rest @ ..]
            if rest.first().is_some_and(|length| usize::from(*length) + 1 == rest.len()) =>
        {
            Sure::Kind
        }
        _ => Sure::No,
    }
}

/// How who asks is proved (clause 9.4.2.2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mechanism {
    #[default]
    None,
    /// A password, sent as it is.
    Low,
    /// A challenge, by the number of its kind.
    High(u8),
}

impl Mechanism {
    pub fn text(self) -> &'static str {
        match self {
            Mechanism::None => "no-security",
            Mechanism::Low => "low-level-security",
            Mechanism::High(3) => "high-level-security-md5",
            Mechanism::High(4) => "high-level-security-sha1",
            Mechanism::High(5) => "high-level-security-gmac",
            Mechanism::High(6) => "high-level-security-sha256",
            Mechanism::High(7) => "high-level-security-ecdsa",
            Mechanism::High(_) => "high-level-security",
        }
    }
}

/// A request for an association, or its answer (AARQ and AARE).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Association<'a> {
    /// Whether it is the answer.
    pub answer: bool,
    pub mechanism: Mechanism,
    /// Whether a password that is not empty stands in it.
    pub password: bool,
    /// Of who sends it: three letters of the maker, then a number.
    pub title: Option<&'a [u8]>,
    /// Of an answer: 0 if it was accepted.
    pub result: u8,
    pub diagnostic: u8,
}

/// Reads an association; `None` if it does not name a context of DLMS.
pub fn parse_association(content: &[u8]) -> Option<Association<'_>> {
    let mut cursor = Cursor::new(content);
    let (tag, body) = element(&mut cursor)?;
    if !matches!(tag, 0x60 | 0x61) || !cursor.is_empty() {
        return None;
    }
    let mut association = Association { answer: tag == 0x61, ..Association::default() };
    let mut cursor = Cursor::new(body);
    let mut context = false;
    while let Some((tag, value)) = element(&mut cursor) {
        let inner = || element(&mut Cursor::new(value)).map(|(_, inner)| inner);
        match (tag, association.answer) {
            (0xa1, _) => context = inner().is_some_and(|id| id.starts_with(DLMS_UA)),
            (0xa2, true) => association.result = inner()?.last().copied()?,
            (0xa3, true) => {
                association.diagnostic = inner().and_then(|id| id.last().copied()).unwrap_or_default();
            }
            (0xa4, true) | (0xa6, false) => association.title = inner(),
            (0x8b, false) | (0x89, true) => {
                association.mechanism = match value.last()? {
                    0 => Mechanism::None,
                    1 => Mechanism::Low,
                    kind => Mechanism::High(*kind),
                };
            }
            (0xac, false) => association.password = inner().is_some_and(|secret| !secret.is_empty()),
            _ => {}
        }
    }
    (context && cursor.is_empty()).then_some(association)
}

/// Why an association was refused (clause 9.5, Associate-source-diagnostic).
pub fn diagnostic(code: u8) -> Text {
    Text::const_new(match code {
        1 => "no-reason-given",
        2 => "application-context-name-not-supported",
        3 => "calling-ap-title-not-recognized",
        11 => "authentication-mechanism-name-not-recognised",
        12 => "authentication-mechanism-name-required",
        13 => "authentication-failure",
        14 => "authentication-required",
        other => return format_compact!("diagnostic-{other}"),
    })
}

/// An attribute or a method of an object (clause 9.3.9 and on).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    pub class: u16,
    pub obis: [u8; 6],
    /// Of the attribute or method.
    pub number: u8,
}

pub fn descriptor(cursor: &mut Cursor<'_>) -> Option<Descriptor> {
    Some(Descriptor { class: cursor.u16()?, obis: cursor.array()?, number: cursor.u8()? })
}

/// Which service a message is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Action,
    Get,
    Set,
}

impl Service {
    /// Of a request's or a response's first byte, without the bit that makes it a response.
    pub fn of(tag: u8) -> Option<Service> {
        Some(match tag {
            0xc0 | 0xc4 => Service::Get,
            0xc1 | 0xc5 => Service::Set,
            0xc3 | 0xc7 => Service::Action,
            _ => return None,
        })
    }
}

/// Why access was refused (Data-Access-Result and Action-Result).
pub fn refusal(code: u8) -> Text {
    Text::const_new(match code {
        1 => "hardware-fault",
        2 => "temporary-failure",
        3 => "read-write-denied",
        4 => "object-undefined",
        9 => "object-class-inconsistent",
        11 => "object-unavailable",
        12 => "type-unmatched",
        13 => "scope-of-access-violated",
        14 => "data-block-unavailable",
        15 => "long-get-aborted",
        16 => "no-long-get-in-progress",
        17 => "long-set-aborted",
        18 => "no-long-set-in-progress",
        19 => "data-block-number-invalid",
        250 => "other-reason",
        other => return format_compact!("result-{other}"),
    })
}

/// Why a message was not served at all (ExceptionResponse).
pub fn exception(content: &[u8]) -> Text {
    match content {
        [_, _, 1, ..] => "operation-not-possible".into(),
        [_, _, 2, ..] => "service-not-supported".into(),
        [_, _, 4, ..] => "pdu-too-long".into(),
        [_, _, 5, ..] => "deciphering-error".into(),
        [_, _, 6, ..] => "invocation-counter-error".into(),
        [_, 1, ..] => "service-not-allowed".into(),
        _ => "exception".into(),
    }
}

/// A value as text (clause 9.3, Data): of compound ones the size.
pub fn value(bytes: &[u8]) -> Option<Text> {
    let mut cursor = Cursor::new(bytes);
    let kind = cursor.u8()?;
    Some(match kind {
        0 => "null".into(),
        1 | 2 => format_compact!("{} items", length(&mut cursor)?),
        3 => (cursor.u8()? != 0).to_compact_string(),
        4 => format_compact!("{} bits", length(&mut cursor)?),
        5 => i32::from_be_bytes(cursor.array()?).to_compact_string(),
        6 => cursor.u32()?.to_compact_string(),
        9 | 10 | 12 => {
            let length = length(&mut cursor)?;
            let text = cursor.take(length)?;
            let plain = !text.is_empty() && text.iter().all(|byte| (0x20..0x7f).contains(byte));
            if plain || kind != 9 {
                readable(text, VALUE_BYTES_MAX)
            } else {
                format_compact!("0x{}", hexadecimal(text, VALUE_BYTES_MAX))
            }
        }
        13 | 15 => (cursor.u8()? as i8).to_compact_string(),
        16 => (cursor.u16()? as i16).to_compact_string(),
        17 | 22 => cursor.u8()?.to_compact_string(),
        18 => cursor.u16()?.to_compact_string(),
        20 => (cursor.unsigned(8)? as i64).to_compact_string(),
        21 => cursor.unsigned(8)?.to_compact_string(),
        23 => format_compact!("{}", f32::from_be_bytes(cursor.array()?)),
        24 => format_compact!("{}", f64::from_be_bytes(cursor.array()?)),
        25 => format_compact!("0x{}", hexadecimal(cursor.take(12)?, VALUE_BYTES_MAX)),
        26 => format_compact!("0x{}", hexadecimal(cursor.take(5)?, VALUE_BYTES_MAX)),
        27 => format_compact!("0x{}", hexadecimal(cursor.take(4)?, VALUE_BYTES_MAX)),
        _ => format_compact!("{} bytes", bytes.len()),
    })
}
