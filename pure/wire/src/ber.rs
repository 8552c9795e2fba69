//! The Basic Encoding Rules (ITU-T X.690), as far as protocols need them: elements one behind the other, numbers,
//! object identifiers. Lengths are definite, as LDAP, Kerberos and C12.22 require.

use crate::cursor::Cursor;
use city::Text;
use std::fmt::Write;

/// A SEQUENCE.
pub(crate) const SEQUENCE: u8 = 0x30;

/// The longest object identifier shown, in bytes.
const IDENTIFIER_BYTES_MAX: usize = 128;

/// An element: its tag and its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    /// The identifier octet (clause 8.1.2); numbers above 30 do not come up here.
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
}

/// A length.
pub(crate) enum Length {
    Of(usize),
    More,
    /// Indefinite, or longer than anything that is read here.
    Odd,
}

/// Takes a length (clause 8.1.3).
pub(crate) fn length(cursor: &mut Cursor<'_>) -> Length {
    match cursor.u8() {
        None => Length::More,
        Some(short @ 0..=0x7f) => Length::Of(short.into()),
        Some(long @ 0x81..=0x84) => match cursor.unsigned(usize::from(long & 0x0f)) {
            Some(length) => Length::Of(usize::try_from(length).unwrap_or(usize::MAX)),
            None => Length::More,
        },
        Some(_) => Length::Odd,
    }
}

/// What an element's first octets say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// Its tag, how many bytes lie before its content, and how many it takes with its content.
    Of { tag: u8, head: usize, total: usize },
    /// More is needed.
    More,
    /// It is no element.
    Nothing,
}

/// Reads an element's first octets.
pub(crate) fn parse_head(bytes: &[u8]) -> Head {
    let mut cursor = Cursor::new(bytes);
    let Some(tag) = cursor.u8() else { return Head::More };
    if tag & 0x1f == 0x1f {
        return Head::Nothing;
    }
    match length(&mut cursor) {
        Length::Of(length) => {
            let head = bytes.len() - cursor.len();
            Head::Of { tag, head, total: head.saturating_add(length) }
        }
        Length::More => Head::More,
        Length::Odd => Head::Nothing,
    }
}

/// Takes one element.
pub(crate) fn take<'a>(cursor: &mut Cursor<'a>) -> Option<Element<'a>> {
    let before = *cursor;
    let taken = |cursor: &mut Cursor<'a>| {
        let tag = cursor.u8().filter(|tag| tag & 0x1f != 0x1f)?;
        let Length::Of(length) = length(cursor) else { return None };
        Some(Element { tag, content: cursor.take(length)? })
    };
    let found = taken(cursor);
    if found.is_none() {
        *cursor = before;
    }
    found
}

/// Takes one element if it has this tag, and gives its content; otherwise takes nothing.
pub(crate) fn take_tag<'a>(cursor: &mut Cursor<'a>, tag: u8) -> Option<&'a [u8]> {
    let before = *cursor;
    match take(cursor) {
        Some(element) if element.tag == tag => Some(element.content),
        _ => {
            *cursor = before;
            None
        }
    }
}

/// The elements that content holds; what is no element ends them.
pub(crate) fn elements(content: &[u8]) -> impl Iterator<Item = Element<'_>> {
    let mut cursor = Cursor::new(content);
    std::iter::from_fn(move || take(&mut cursor))
}

/// The content of the first element with this tag.
pub(crate) fn find(content: &[u8], tag: u8) -> Option<&[u8]> {
    elements(content).find(|element| element.tag == tag).map(|element| element.content)
}

/// A number of at most eight bytes, with its sign (clause 8.3).
pub(crate) fn integer(content: &[u8]) -> Option<i64> {
    let [first, ..] = content else { return None };
    if content.len() > 8 {
        return None;
    }
    let start = if first & 0x80 == 0 { 0 } else { -1 };
    Some(content.iter().fold(start, |number, byte| number << 8 | i64::from(*byte)))
}

/// An object identifier in dotted numbers (clause 8.19), or a relative one, without its root (8.20).
pub(crate) fn identifier(content: &[u8], relative: bool) -> Text {
    let mut text = Text::default();
    let mut number = 0_u64;
    let mut first = !relative;
    for byte in content {
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            continue;
        }
        if text.len() > IDENTIFIER_BYTES_MAX {
            text.push('…');
            break;
        }
        // Writing to a string cannot fail.
        let _ = if first {
            let root = (number / 40).min(2);
            write!(text, "{root}.{}", number - root * 40)
        } else {
            write!(text, ".{number}")
        };
        first = false;
        number = 0;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    #[test]
    fn elements_are_taken_one_by_one() {
        let bytes = hex("30 03 02 01 05 04 81 02 6869 05");
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(take_tag(&mut cursor, 4), None);
        assert_eq!(take_tag(&mut cursor, SEQUENCE).and_then(|inner| find(inner, 2)), Some(&[5][..]));
        assert_eq!(take(&mut cursor), Some(Element { tag: 4, content: b"hi" }));
        assert_eq!(take(&mut cursor), None);
        assert_eq!(cursor.len(), 1);
        assert_eq!(parse_head(&bytes), Head::Of { tag: 0x30, head: 2, total: 5 });
        assert_eq!(parse_head(&[0x30]), Head::More);
        assert_eq!(parse_head(&[0x30, 0x80]), Head::Nothing);
    }

    #[test]
    fn numbers_have_signs_and_identifiers_dots() {
        for (text, number) in
            [("00", 0), ("ff", -1), ("0080", 128), ("ff7f", -129), ("7fffffff", 0x7fff_ffff)]
        {
            assert_eq!(integer(&hex(text)), Some(number), "{text}");
        }
        assert_eq!(integer(&[]), None);
        assert_eq!(integer(&[0; 9]), None);
        assert_eq!(identifier(&hex("2b0601050502"), false), "1.3.6.1.5.5.2");
        assert_eq!(identifier(&hex("01 8101"), true), ".1.129");
    }
}
