//! The basic encoding rules as far as SNMP uses them (RFC 3417 clause 8): definite lengths, low tag numbers.

use crate::cursor::Cursor;
use city::Text;
use std::fmt::Write;

/// The most numbers an object identifier may have (RFC 2578 clause 3.5).
const ARCS_MAX: usize = 128;

/// Takes one element: its tag and its content.
pub(super) fn element<'a>(cursor: &mut Cursor<'a>) -> Option<(u8, &'a [u8])> {
    let mut ahead = *cursor;
    let tag = ahead.u8()?;
    let length = match ahead.u8()? {
        short @ ..=0x7f => usize::from(short),
        long @ 0x81..=0x84 => usize::try_from(ahead.unsigned(usize::from(long & 0x7f))?).ok()?,
        _ => return None,
    };
    let content = ahead.take(length)?;
    *cursor = ahead;
    Some((tag, content))
}

/// Takes one element that must have this tag.
pub(super) fn tagged<'a>(cursor: &mut Cursor<'a>, tag: u8) -> Option<&'a [u8]> {
    element(cursor).filter(|(found, _)| *found == tag).map(|(_, content)| content)
}

/// A number with a sign, in at most eight bytes.
pub(super) fn integer(content: &[u8]) -> Option<i64> {
    let first = *content.first()?;
    if content.len() > 8 {
        return None;
    }
    let start = if first & 0x80 == 0 { 0 } else { -1 };
    Some(content.iter().fold(start, |number, byte| number << 8 | i64::from(*byte)))
}

/// A number without a sign: at most eight bytes, and a zero before them.
pub(super) fn unsigned(content: &[u8]) -> Option<u64> {
    let content = if content.len() == 9 { content.strip_prefix(&[0])? } else { content };
    if content.is_empty() || content.len() > 8 {
        return None;
    }
    Some(content.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// An object identifier as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Oid<'a>(&'a [u8]);

impl<'a> Oid<'a> {
    /// The content of an element, if every number in it is whole and of at most 32 bits.
    pub(super) fn parse(content: &'a [u8]) -> Option<Oid<'a>> {
        if content.last().is_some_and(|last| last & 0x80 != 0) {
            return None;
        }
        let mut length = 0;
        for byte in content {
            length = if byte & 0x80 == 0 { 0 } else { length + 1 };
            if length > 4 {
                return None;
            }
        }
        Some(Oid(content))
    }

    /// Its numbers, at most as many as RFC 2578 allows.
    pub(super) fn arcs(self) -> Vec<u32> {
        let mut arcs = Vec::new();
        let mut arc = 0_u32;
        for byte in self.0 {
            arc = arc << 7 | u32::from(byte & 0x7f);
            if byte & 0x80 != 0 {
                continue;
            }
            if arcs.is_empty() {
                // The first two numbers are one (X.690 clause 8.19.4).
                let first = (arc / 40).min(2);
                arcs.extend([first, arc - first * 40]);
            } else {
                arcs.push(arc);
            }
            arc = 0;
            if arcs.len() >= ARCS_MAX {
                break;
            }
        }
        arcs
    }
}

/// Numbers with points between them.
pub(super) fn dotted(arcs: &[u32]) -> Text {
    let mut text = Text::default();
    for arc in arcs {
        // Writing to a string cannot fail.
        let _ = if text.is_empty() { write!(text, "{arc}") } else { write!(text, ".{arc}") };
    }
    text
}
