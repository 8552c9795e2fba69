//! Bytes to LDAP messages.

use super::message::{Bind, Message, Operation, Outcome, Proof, Search};
use crate::ber::{self, Head};
use crate::cursor::Cursor;

/// The tags of universal types (X.690 clause 8).
const INTEGER: u8 = 2;
const OCTETS: u8 = 4;
const ENUMERATED: u8 = 10;

/// What lies at the front of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A message, and how many bytes it takes.
    Message(Message<'a>, usize),
    /// The beginning of one; of how many bytes, if that is known, with what could be read of it.
    More(Option<(usize, i64, Operation)>),
    /// Something else.
    Nothing,
}

/// Reads the message at the front of `bytes` (section 4.1.1).
pub fn parse_message(bytes: &[u8]) -> Found<'_> {
    let (head, total) = match ber::parse_head(bytes) {
        Head::Of { tag: ber::SEQUENCE, head, total } => (head, total),
        Head::More if matches!(bytes, [] | [ber::SEQUENCE, ..]) => return Found::More(None),
        _ => return Found::Nothing,
    };
    let body = bytes.get(head..total.min(bytes.len())).unwrap_or_default();
    let is_whole = bytes.len() >= total;
    let mut cursor = Cursor::new(body);
    // A number from 0 to 2147483647, in as few octets as it takes or, by some servers, in four.
    let id = match body {
        [INTEGER, 1..=4, ..] => ber::take_tag(&mut cursor, INTEGER).and_then(ber::integer),
        [] | [INTEGER] if !is_whole => None,
        _ => return Found::Nothing,
    };
    let Some(id) = id else { return if is_whole { Found::Nothing } else { Found::More(None) } };
    let operation = match cursor.rest() {
        [tag, ..] => Operation(*tag),
        [] if !is_whole => return Found::More(None),
        [] => return Found::Nothing,
    };
    if id < 0 || !operation.is_known() {
        return Found::Nothing;
    }
    if !is_whole {
        return Found::More(Some((total, id, operation)));
    }
    match ber::take(&mut cursor) {
        Some(element) => Found::Message(Message { id, operation, content: element.content }, total),
        None => Found::Nothing,
    }
}

/// Reads a bind request (section 4.2).
pub fn parse_bind(content: &[u8]) -> Option<Bind<'_>> {
    let mut cursor = Cursor::new(content);
    let version = ber::integer(ber::take_tag(&mut cursor, INTEGER)?)?;
    let name = ber::take_tag(&mut cursor, OCTETS)?;
    let proof = ber::take(&mut cursor)?;
    let proof = match proof.tag {
        0x80 => Proof::Simple { is_empty: proof.content.is_empty() },
        0xa3 => {
            let mut cursor = Cursor::new(proof.content);
            let mechanism = ber::take_tag(&mut cursor, OCTETS)?;
            Proof::Sasl { mechanism, token: ber::take_tag(&mut cursor, OCTETS) }
        }
        step @ 0x89..=0x8b => Proof::Sicily { step, token: proof.content },
        other => Proof::Other(other),
    };
    Some(Bind { version, name, proof })
}

/// Reads a search request (section 4.5.1).
pub fn parse_search(content: &[u8]) -> Option<Search<'_>> {
    let mut cursor = Cursor::new(content);
    let base = ber::take_tag(&mut cursor, OCTETS)?;
    let scope = ber::integer(ber::take_tag(&mut cursor, ENUMERATED)?)?;
    let aliases = ber::integer(ber::take_tag(&mut cursor, ENUMERATED)?)?;
    let limits = [ber::take_tag(&mut cursor, INTEGER)?, ber::take_tag(&mut cursor, INTEGER)?];
    let [size_limit, time_limit] = limits.map(|limit| ber::integer(limit).unwrap_or_default());
    let types_only = ber::take_tag(&mut cursor, 1)?.iter().any(|byte| *byte != 0);
    Some(Search { base, scope, aliases, size_limit, time_limit, types_only, filter: cursor.rest() })
}

/// Reads a result (section 4.1.9), of a bind or an extended response with what they add.
pub fn parse_outcome(content: &[u8]) -> Option<Outcome<'_>> {
    let mut cursor = Cursor::new(content);
    let code = ber::integer(ber::take_tag(&mut cursor, ENUMERATED)?)?;
    ber::take_tag(&mut cursor, OCTETS)?;
    let diagnostic = ber::take_tag(&mut cursor, OCTETS)?;
    let token = ber::elements(cursor.rest()).find(|element| matches!(element.tag, 0x87 | 0x8b));
    Some(Outcome { code, diagnostic, token: token.map(|element| element.content) })
}

/// The first octet string of a request: the entry that it is about.
pub fn parse_entry<'a>(message: &Message<'a>) -> Option<&'a [u8]> {
    match message.operation {
        Operation::DELETE_REQUEST => Some(message.content),
        _ => ber::take_tag(&mut Cursor::new(message.content), OCTETS),
    }
}

/// The name of an extended request (section 4.12).
pub fn parse_extension(content: &[u8]) -> Option<&[u8]> {
    ber::take_tag(&mut Cursor::new(content), 0x80)
}

/// What lies in a buffer of a negotiated security layer (RFC 4422 section 3.7): a message that is only signed can be
/// read, one that is sealed cannot.
pub fn parse_wrapped(buffer: &[u8]) -> Option<&[u8]> {
    let clear = match buffer {
        // Kerberos (RFC 4121 section 4.2.6.2), not sealed: a checksum stands behind the message, or was turned to the
        // front.
        [5, 4, flags, 0xff, extra @ ..] if flags & 2 == 0 => {
            let mut cursor = Cursor::new(extra);
            let (checksum, turned) = (usize::from(cursor.u16()?), usize::from(cursor.u16()?));
            cursor.take(8)?;
            let body = cursor.rest();
            if turned == 0 {
                body.get(..body.len().checked_sub(checksum)?)?
            } else if turned == checksum {
                body.get(checksum..)?
            } else {
                return None;
            }
        }
        // NTLM (MS-NLMP clause 2.2.2.9): a signature of 16 bytes.
        [1, 0, 0, 0, ..] => buffer.get(16..)?,
        _ => buffer,
    };
    matches!(parse_message(clear), Found::Message(..)).then_some(clear)
}
