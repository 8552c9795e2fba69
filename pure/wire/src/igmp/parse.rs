//! From bytes to messages.

use super::message::Message;
use crate::checksum;
use crate::cursor::Cursor;
use std::net::Ipv4Addr;

/// Groups read of one report.
const GROUPS_MAX: usize = 64;

/// Opens a message. `None` if it is none, or does not agree with its checksum.
pub(crate) fn parse_message(bytes: &[u8]) -> Option<Message> {
    if !checksum::header_is_whole(bytes) {
        return None;
    }
    let mut cursor = Cursor::new(bytes);
    let (kind, time, _checksum) = (cursor.u8()?, cursor.u8()?, cursor.u16()?);
    if kind == 0x22 {
        let (_reserved, count) = (cursor.u16()?, cursor.u16()?);
        let groups = std::iter::from_fn(|| record(&mut cursor)).take(GROUPS_MAX.min(usize::from(count)));
        return Some(Message::Report(groups.collect()));
    }
    let group = Ipv4Addr::from(cursor.array::<4>()?);
    let is_group = group.is_multicast();
    match kind {
        0x11 => {
            // Told apart by length and by the time that version 1 did not have (RFC 9776 clause 7.1).
            let version = if bytes.len() >= 12 {
                3
            } else if time == 0 {
                1
            } else {
                2
            };
            Some(Message::Query { version, group: Some(group).filter(|_| is_group) })
        }
        0x12 if is_group => Some(Message::Join { version: 1, group }),
        0x16 if is_group => Some(Message::Join { version: 2, group }),
        0x17 if is_group => Some(Message::Leave { group }),
        _ => None,
    }
}

/// A group of a report, and whether the station is in it: it is out if it includes no source (RFC 9776 clause 4.2.13).
fn record(cursor: &mut Cursor<'_>) -> Option<(Ipv4Addr, bool)> {
    let (kind, words, sources) = (cursor.u8()?, cursor.u8()?, cursor.u16()?);
    let group = Ipv4Addr::from(cursor.array::<4>()?);
    cursor.take(usize::from(sources) * 4 + usize::from(words) * 4)?;
    let is_out = matches!(kind, 1 | 3 | 6) && sources == 0;
    group.is_multicast().then_some((group, !is_out))
}
