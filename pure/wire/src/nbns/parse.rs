//! Bytes to messages (RFC 1002 clause 4.2).

use crate::cursor::Cursor;
use city::Text;
use compact_str::format_compact;
use std::net::Ipv4Addr;

/// The type of a record with a node's names.
const NODE_STATUS: u16 = 0x21;

/// The most names read of a node's.
const NAMES_MAX: usize = 32;

/// A message.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) id: u16,
    pub(super) is_response: bool,
    pub(super) operation: u8,
    /// Why it was refused; 0 if it was not.
    pub(super) code: u8,
    pub(super) name: Name,
    pub(super) is_node_status: bool,
    /// The address that belongs to the name, and whether the name is a group's.
    pub(super) address: Option<(Ipv4Addr, bool)>,
    /// A node's names, and of each whether it is a group's.
    pub(super) names: Vec<(Name, bool)>,
}

/// A name: fifteen letters and what kind of name it is (RFC 1001 clause 14.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: Text,
    pub(super) suffix: u8,
}

impl Name {
    fn new(bytes: [u8; 16]) -> Name {
        let (text, suffix) = bytes.split_at_checked(15).unwrap_or_default();
        let end = text.iter().rposition(|byte| !matches!(byte, 0 | b' ')).map_or(0, |last| last + 1);
        let text = crate::show::readable(text.get(..end).unwrap_or_default(), 64);
        Name { text, suffix: suffix.first().copied().unwrap_or_default() }
    }

    /// With its suffix, as the field writes it.
    pub(super) fn shown(&self) -> Text {
        format_compact!("{}<{:02x}>", self.text, self.suffix)
    }

    /// Whether a computer calls itself so, rather than a user, a group or a browser's election.
    pub(super) fn is_of_computer(&self) -> bool {
        matches!(self.suffix, 0x00 | 0x20)
    }
}

pub(super) fn parse_message(bytes: &[u8]) -> Option<Message> {
    let mut cursor = Cursor::new(bytes);
    let (id, flags) = (cursor.u16()?, cursor.u16()?);
    let counts = [cursor.u16()?, cursor.u16()?, cursor.u16()?, cursor.u16()?];
    let [questions, answers, _, additional] = counts;
    let is_response = flags & 0x8000 != 0;
    if counts.iter().any(|count| *count > 64) || questions + answers == 0 {
        return None;
    }
    let name = name(&mut cursor)?;
    let kind = cursor.u16()?;
    if !matches!(kind, 0x0a | 0x20 | NODE_STATUS) || cursor.u16()? != 1 {
        return None;
    }
    let mut message = Message {
        id,
        is_response,
        operation: (flags >> 11 & 15) as u8,
        code: (flags & 15) as u8,
        name,
        is_node_status: kind == NODE_STATUS,
        address: None,
        names: Vec::new(),
    };
    if questions > 0 && additional > 0 {
        // The record of a registration points to the name of its question.
        if cursor.u8()? & 0xc0 == 0xc0 {
            let (_pointer, _kind, _class) = (cursor.u8()?, cursor.u16()?, cursor.u16()?);
            data(&mut cursor, &mut message);
        }
    } else if questions == 0 {
        data(&mut cursor, &mut message);
    }
    Some(message)
}

/// What a record holds behind its class: an address or a node's names. What does not fit is left out.
fn data(cursor: &mut Cursor<'_>, message: &mut Message) -> Option<()> {
    let (_lifetime, length) = (cursor.u32()?, cursor.u16()?);
    let mut data = Cursor::new(cursor.take(usize::from(length))?);
    if message.is_node_status {
        let count = usize::from(data.u8()?);
        for _ in 0..count.min(NAMES_MAX) {
            let name = Name::new(data.array()?);
            message.names.push((name, data.u16()? & 0x8000 != 0));
        }
    } else {
        let flags = data.u16()?;
        message.address = Some((Ipv4Addr::from(data.array::<4>()?), flags & 0x8000 != 0));
    }
    Some(())
}

/// A name in the first-level writing: two letters from A to P for each byte (RFC 1001 clause 14.1).
fn name(cursor: &mut Cursor<'_>) -> Option<Name> {
    if cursor.u8()? != 32 {
        return None;
    }
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        let [high, low] = cursor.array()?.map(|letter: u8| letter.wrapping_sub(b'A'));
        if high > 15 || low > 15 {
            return None;
        }
        *byte = high << 4 | low;
    }
    // A scope behind it is skipped.
    loop {
        match cursor.u8()? {
            0 => return Some(Name::new(bytes)),
            length @ 1..=63 => cursor.take(usize::from(length))?,
            _ => return None,
        };
    }
}
