//! Search filters as text: RFC 4511 section 4.5.1.7, written as RFC 4515 says. Of more than two conditions under one
//! `&` or `|`, each further one is wrapped around those before it, as Zeek and Wireshark write them.

use crate::ber::{self, Element};
use crate::cursor::Cursor;
use city::Text;
use compact_str::format_compact;

/// How deep filters are read into one another.
const DEPTH_MAX: u32 = 24;

/// How many conditions are read of one filter.
const CONDITIONS_MAX: u32 = 512;

/// The longest filter shown, in bytes.
const FILTER_BYTES_MAX: usize = 8_192;

/// A filter as text; what cannot be read of it is left out.
pub fn text(filter: &[u8]) -> Text {
    let mut left = CONDITIONS_MAX;
    let mut text = String::new();
    if let Some(element) = ber::take(&mut Cursor::new(filter)) {
        text = write(element, DEPTH_MAX, &mut left);
    }
    crate::show::cut(&text, FILTER_BYTES_MAX)
}

fn write(filter: Element<'_>, depth: u32, left: &mut u32) -> String {
    let Some(depth) = depth.checked_sub(1) else { return "(…)".into() };
    *left = left.saturating_sub(1);
    let content = filter.content;
    match filter.tag & 0x1f {
        sign @ (0 | 1) => {
            let sign = if sign == 0 { '&' } else { '|' };
            joined(sign, content, depth, left)
        }
        2 => match ber::take(&mut Cursor::new(content)) {
            Some(inner) => format!("(!{})", write(inner, depth, left)),
            None => "(!)".into(),
        },
        3 => pair(content, "="),
        4 => substrings(content),
        5 => pair(content, ">="),
        6 => pair(content, "<="),
        7 => format!("({}=*)", value(content)),
        8 => pair(content, "~="),
        9 => extensible(content),
        other => format!("(filter {other})"),
    }
}

fn joined(sign: char, content: &[u8], depth: u32, left: &mut u32) -> String {
    let mut text = String::new();
    for (place, inner) in ber::elements(content).enumerate() {
        if *left == 0 || text.len() > FILTER_BYTES_MAX {
            break;
        }
        let inner = write(inner, depth, left);
        text = match place {
            0 => format!("({sign}{inner})"),
            1 => {
                text.pop();
                format!("{text}{inner})")
            }
            _ => format!("({sign}{text}{inner})"),
        };
    }
    if text.is_empty() { format!("({sign})") } else { text }
}

fn pair(content: &[u8], sign: &str) -> String {
    let mut parts = ber::elements(content);
    let (Some(attribute), Some(wanted)) = (parts.next(), parts.next()) else { return format!("({sign})") };
    let name = value(attribute.content);
    format!("({name}{sign}{})", attribute_value(&name, wanted.content))
}

fn substrings(content: &[u8]) -> String {
    let mut cursor = Cursor::new(content);
    let name = ber::take_tag(&mut cursor, 4).map(value).unwrap_or_default();
    let (mut first, mut middle, mut last) = (Text::default(), String::new(), Text::default());
    for piece in ber::take_tag(&mut cursor, ber::SEQUENCE).into_iter().flat_map(ber::elements) {
        match piece.tag {
            0x80 => first = value(piece.content),
            0x81 if middle.len() < FILTER_BYTES_MAX => {
                middle.push_str(&value(piece.content));
                middle.push('*');
            }
            0x82 => last = value(piece.content),
            _ => {}
        }
    }
    format!("({name}={first}*{middle}{last})")
}

fn extensible(content: &[u8]) -> String {
    let part = |tag| ber::find(content, tag).map(value).unwrap_or_default();
    format!("({}:{}:={})", part(0x82), part(0x81), part(0x83))
}

fn value(bytes: &[u8]) -> Text {
    crate::show::escaped(bytes, FILTER_BYTES_MAX)
}

/// A value as its attribute wants it. Active Directory's pings (MS-ADTS clause 6.3.3) ask by bytes: a version as a
/// number, the less significant byte first, an identifier of a domain in its fields' order, a security identifier.
fn attribute_value(name: &str, bytes: &[u8]) -> Text {
    match (name, bytes) {
        ("NtVer", [a, b, c, d]) => format_compact!("0x{:08x}", u32::from_le_bytes([*a, *b, *c, *d])),
        ("DomainGuid", bytes) if bytes.len() == 16 => {
            let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
            let ordered: Vec<u8> = order.iter().filter_map(|place| bytes.get(*place).copied()).collect();
            let digits = crate::show::hexadecimal(&ordered, 32);
            let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
            format_compact!(
                "{}-{}-{}-{}-{}",
                part(0, 8),
                part(8, 12),
                part(12, 16),
                part(16, 20),
                part(20, 32)
            )
        }
        ("DomainSid", [revision, count, high @ ..]) if high.len() == 6 + 4 * usize::from(*count) => {
            let mut cursor = Cursor::new(high);
            let mut text = format_compact!("S-{revision}-{}", cursor.unsigned(6).unwrap_or_default());
            while let Some(part) = cursor.array() {
                text.push_str(&format_compact!("-{}", u32::from_le_bytes(part)));
            }
            text
        }
        _ => value(bytes),
    }
}
