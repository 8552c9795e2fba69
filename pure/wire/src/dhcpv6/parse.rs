//! From bytes to messages.

use super::message::{Association, Code, Kind, Lease, Message, Relay, Setting};
use crate::cursor::Cursor;
use std::net::Ipv6Addr;

/// Relays that a message may have passed (RFC 8415 clause 7.6, HOP_COUNT_LIMIT).
const RELAYS_MAX: usize = 8;
/// Options read of one message.
const OPTIONS_MAX: usize = 256;

/// Reads a message out of all its relays. `None` if it is none, by its type and what relays must have.
///
/// An option that runs over the end ends the reading; what came before is kept.
pub(crate) fn parse_message(bytes: &[u8]) -> Option<Message<'_>> {
    let mut relays = Vec::new();
    let mut bytes = bytes;
    let mut outer_whole = true;
    loop {
        let mut cursor = Cursor::new(bytes);
        let kind = Kind(cursor.u8()?);
        kind.name()?;
        if matches!(kind, Kind::RELAY_FORWARD | Kind::RELAY_REPLY) {
            let hops = cursor.u8()?;
            let (link, peer) = (address(&mut cursor)?, address(&mut cursor)?);
            let (options, is_whole) = parse_options(cursor.rest());
            outer_whole &= is_whole;
            let relayed = super::message::find(&options, Code::RELAYED)?;
            if relays.len() >= RELAYS_MAX {
                return None;
            }
            relays.push(Relay { hops, link, peer, options });
            bytes = relayed;
            continue;
        }
        let id = cursor.unsigned(3)? as u32;
        let (options, is_whole) = parse_options(cursor.rest());
        return Some(Message { kind, id, options, relays, is_whole: is_whole && outer_whole });
    }
}

fn address(cursor: &mut Cursor<'_>) -> Option<Ipv6Addr> {
    cursor.array::<16>().map(Ipv6Addr::from)
}

/// Options, and whether they fill the bytes exactly.
pub(crate) fn parse_options(bytes: &[u8]) -> (Vec<Setting<'_>>, bool) {
    let mut cursor = Cursor::new(bytes);
    let mut options = Vec::new();
    while !cursor.is_empty() {
        let mut next = cursor;
        let option = next.u16().zip(next.u16());
        let Some((code, length)) = option else { return (options, false) };
        let Some(bytes) = next.take(usize::from(length)) else { return (options, false) };
        if options.len() >= OPTIONS_MAX {
            return (options, false);
        }
        options.push(Setting { code: Code(code), bytes });
        cursor = next;
    }
    (options, true)
}

/// A group of addresses or prefixes, if the option is one.
pub(crate) fn parse_association<'a>(option: &Setting<'a>) -> Option<Association<'a>> {
    let mut cursor = Cursor::new(option.bytes);
    let number = cursor.u32()?;
    let kind = match option.code {
        Code::ADDRESSES => "addresses",
        Code::TEMPORARY_ADDRESSES => "temporary-addresses",
        Code::PREFIXES => "prefixes",
        _ => return None,
    };
    let times =
        if option.code == Code::TEMPORARY_ADDRESSES { None } else { Some((cursor.u32()?, cursor.u32()?)) };
    let (options, _) = parse_options(cursor.rest());
    Some(Association { kind, number, times, options })
}

/// An address or a prefix, if the option is one.
pub(crate) fn parse_lease(option: &Setting<'_>) -> Option<Lease> {
    let mut cursor = Cursor::new(option.bytes);
    match option.code {
        Code::ADDRESS => {
            let address = address(&mut cursor)?;
            Some(Lease { address, length: None, preferred: cursor.u32()?, valid: cursor.u32()? })
        }
        Code::PREFIX => {
            let (preferred, valid) = (cursor.u32()?, cursor.u32()?);
            let length = cursor.u8().filter(|length| *length <= 128)?;
            Some(Lease { address: address(&mut cursor)?, length: Some(length), preferred, valid })
        }
        _ => None,
    }
}

/// Names as labels, one after another (RFC 8415 clause 10), with dots between the labels. What cannot be read ends it.
pub(crate) fn parse_names(bytes: &[u8]) -> Vec<Vec<&[u8]>> {
    let mut names = Vec::new();
    let mut labels = Vec::new();
    let mut cursor = Cursor::new(bytes);
    while let Some(length) = cursor.u8() {
        if length == 0 {
            names.push(std::mem::take(&mut labels));
            continue;
        }
        let Some(label) = cursor.take(usize::from(length)).filter(|_| length < 64) else { break };
        labels.push(label);
    }
    // A name without its end is one that is not complete (RFC 4704 clause 4.2).
    if !labels.is_empty() {
        names.push(labels);
    }
    names
}

/// Pieces with a length of two bytes before each.
pub(crate) fn parse_pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut cursor = Cursor::new(bytes);
    std::iter::from_fn(move || {
        let length = cursor.u16()?;
        cursor.take(usize::from(length))
    })
}
