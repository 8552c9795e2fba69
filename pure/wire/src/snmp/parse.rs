//! Bytes to messages.

use super::ber::{Oid, element, integer, tagged, unsigned};
use super::message::{Binding, Content, Kind, Message, Pdu, Secured, Trap, Value, Version};
use crate::cursor::Cursor;

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const TRAP: u8 = 0xa4;

/// The user-based security model (RFC 3411 clause 5).
const USER_BASED: i64 = 3;

/// The most bindings read of one message; a datagram holds some 5000 of the shortest.
const BINDINGS_MAX: usize = 8192;

/// Reads a message that fills the bytes, and how many bytes it took.
pub(super) fn parse_message(bytes: &[u8]) -> Option<(Message<'_>, usize)> {
    let mut cursor = Cursor::new(bytes);
    let mut body = Cursor::new(tagged(&mut cursor, SEQUENCE)?);
    let used = bytes.len() - cursor.len();
    let version = match integer(tagged(&mut body, INTEGER)?)? {
        0 => Version::One,
        1 => Version::TwoC,
        3 => return Some((secured(&mut body)?, used)),
        _ => return None,
    };
    let community = tagged(&mut body, OCTETS)?;
    let content = content(&mut body)?;
    Some((Message { version, community, secured: None, content }, used))
}

/// The rest of a message of version 3 (RFC 3412 clause 6).
fn secured<'a>(body: &mut Cursor<'a>) -> Option<Message<'a>> {
    let mut header = Cursor::new(tagged(body, SEQUENCE)?);
    let id = number(&mut header)?;
    let _size = number(&mut header)?;
    let [flags] = *tagged(&mut header, OCTETS)? else { return None };
    let model = integer(tagged(&mut header, INTEGER)?)?;
    let parameters = tagged(body, OCTETS)?;
    let (engine, user) = if model == USER_BASED { user_based(parameters)? } else { (&[][..], &[][..]) };
    let (tag, data) = element(body)?;
    let content = match tag {
        OCTETS => Content::Encrypted,
        SEQUENCE => {
            let mut scoped = Cursor::new(data);
            let _engine = tagged(&mut scoped, OCTETS)?;
            let _context = tagged(&mut scoped, OCTETS)?;
            content(&mut scoped)?
        }
        _ => return None,
    };
    let secured = Some(Secured::new(id, flags, engine, user));
    Some(Message { version: Version::Three, community: &[], secured, content })
}

/// The engine and the user of the parameters of the user-based security model.
fn user_based(parameters: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut cursor = Cursor::new(parameters);
    let mut fields = Cursor::new(tagged(&mut cursor, SEQUENCE)?);
    let engine = tagged(&mut fields, OCTETS)?;
    let _boots = number(&mut fields)?;
    let _time = number(&mut fields)?;
    let user = tagged(&mut fields, OCTETS)?;
    Some((engine, user))
}

fn content<'a>(body: &mut Cursor<'a>) -> Option<Content<'a>> {
    let (tag, data) = element(body)?;
    let mut data = Cursor::new(data);
    if tag == TRAP {
        let enterprise = Oid::parse(tagged(&mut data, OID)?)?;
        let (_, agent) = element(&mut data)?;
        let (generic, specific) = (number(&mut data)?, number(&mut data)?);
        let agent = agent.try_into().ok();
        // How long the agent has been up comes first. What is wrong behind it makes the trap no other.
        let _time = element(&mut data);
        let bindings = bindings(&mut data).unwrap_or_default();
        return Some(Content::Trap(Trap { enterprise, agent, generic, specific, bindings }));
    }
    let kind = Kind::from_tag(tag)?;
    let (id, error, _index) = (number(&mut data)?, number(&mut data)?, number(&mut data)?);
    let bindings = bindings(&mut data)?;
    Some(Content::Pdu(Pdu { kind, id, error, bindings }))
}

/// A list of objects with their values.
fn bindings<'a>(data: &mut Cursor<'a>) -> Option<Vec<Binding<'a>>> {
    let mut list = Cursor::new(tagged(data, SEQUENCE)?);
    let mut bindings = Vec::new();
    while !list.is_empty() && bindings.len() < BINDINGS_MAX {
        let mut pair = Cursor::new(tagged(&mut list, SEQUENCE)?);
        let oid = Oid::parse(tagged(&mut pair, OID)?)?;
        let (tag, data) = element(&mut pair)?;
        bindings.push(Binding { oid, value: value(tag, data)? });
    }
    Some(bindings)
}

/// An integer of 32 bits; identifiers may be written with a sign.
fn number(cursor: &mut Cursor<'_>) -> Option<u32> {
    let number = integer(tagged(cursor, INTEGER)?)?;
    u32::try_from(number).ok().or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned))
}

fn value(tag: u8, data: &[u8]) -> Option<Value<'_>> {
    Some(match tag {
        INTEGER => Value::Integer(integer(data)?),
        // Bit strings are written as octets since version 2 (RFC 2578 clause 7.1.4).
        OCTETS | 0x03 | 0x45 => Value::Octets(data),
        0x05 => Value::Unspecified,
        OID => Value::Oid(Oid::parse(data)?),
        0x40 => data.try_into().map_or(Value::Octets(data), Value::Address),
        0x41 | 0x42 | 0x46 | 0x47 => Value::Unsigned(unsigned(data)?),
        0x43 => Value::Ticks(unsigned(data)?),
        0x44 => Value::Opaque(data),
        0x80 => Value::NoSuchObject,
        0x81 => Value::NoSuchInstance,
        0x82 => Value::EndOfView,
        _ => return None,
    })
}

/// Whether a message has begun of which only the end is missing.
pub(super) fn may_go_on(bytes: &[u8], longest: usize) -> bool {
    let length = match bytes {
        [] | [SEQUENCE] => return true,
        [SEQUENCE, length @ ..=0x7f, ..] => usize::from(*length) + 2,
        [SEQUENCE, more @ 0x81..=0x84, rest @ ..] => {
            let more = usize::from(more & 0x7f);
            let Some(digits) = rest.get(..more) else { return true };
            digits.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte)) + 2 + more
        }
        _ => return false,
    };
    bytes.len() < length && length <= longest
}

/// Whether what is there of a message may be followed by the rest of one: a version that is one.
pub(super) fn may_be_version(bytes: &[u8]) -> bool {
    let body = match bytes {
        [SEQUENCE, more @ 0x81..=0x84, rest @ ..] => rest.get(usize::from(more & 0x7f)..),
        [SEQUENCE, _, rest @ ..] => Some(rest),
        _ => None,
    };
    match body {
        None | Some([] | [INTEGER] | [INTEGER, 1]) => true,
        Some([INTEGER, 1, 0 | 1, rest @ ..]) => matches!(rest, [] | [OCTETS, ..]),
        Some([INTEGER, 1, 3, rest @ ..]) => matches!(rest, [] | [SEQUENCE, ..]),
        Some(_) => false,
    }
}
