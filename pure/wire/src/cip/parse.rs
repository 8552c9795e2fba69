//! Bytes to CIP messages.

use super::message::{
    ForwardOpen, Message, Parameters, Request, Response, Service, Status, Triad, Unconnected,
};
use super::path::parse_path;
use crate::cursor::Cursor;

/// The bit that marks a reply (volume 1 clause 2-4.2).
const REPLY: u8 = 0x80;

fn word(cursor: &mut Cursor<'_>) -> Option<u16> {
    cursor.array().map(u16::from_le_bytes)
}

fn double_word(cursor: &mut Cursor<'_>) -> Option<u32> {
    cursor.array().map(u32::from_le_bytes)
}

/// Reads a message to or from the message router.
pub fn parse_message(bytes: &[u8]) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    let service = cursor.u8()?;
    if service & REPLY == 0 {
        let words = usize::from(cursor.u8()?);
        let path = parse_path(cursor.take(words * 2)?);
        let data = cursor.take_rest();
        return Some(Message::Request(Request { service: Service(service), path, data }));
    }
    let _reserved = cursor.u8()?;
    let status = Status(cursor.u8()?);
    let words = usize::from(cursor.u8()?);
    let mut additional = Cursor::new(cursor.take(words * 2)?);
    let extended = word(&mut additional);
    let service = Service(service & !REPLY);
    Some(Message::Response(Response { service, status, extended, data: cursor.take_rest() }))
}

/// The messages within a multiple service packet, request or reply: a count, as many offsets from the count on, and
/// the messages (volume 1 appendix ).
pub fn parse_packed(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut cursor = Cursor::new(data);
    let count = word(&mut cursor).map_or(0, usize::from);
    let mut offsets = cursor.take(count * 2).map(Cursor::new);
    let mut begins = offsets.as_mut().and_then(word);
    std::iter::from_fn(move || {
        let from = usize::from(begins?);
        begins = offsets.as_mut().and_then(word);
        let to = begins.map_or(data.len(), usize::from);
        data.get(from..to)
    })
}

/// Reads what an unconnected send carries, and whereto.
pub fn parse_unconnected(data: &[u8]) -> Option<Unconnected<'_>> {
    let mut cursor = Cursor::new(data);
    let _timing = cursor.take(2)?;
    let length = usize::from(word(&mut cursor)?);
    let message = cursor.take(length)?;
    cursor.take(length % 2)?;
    let words = usize::from(cursor.u8()?);
    let _reserved = cursor.u8()?;
    Some(Unconnected { message, route: cursor.take(words * 2)? })
}

/// Reads a request to open a connection; a large one has wider parameters.
pub fn parse_forward_open(data: &[u8], large: bool) -> Option<ForwardOpen> {
    let mut cursor = Cursor::new(data);
    let _timing_and_identifiers = cursor.take(10)?;
    let triad = triad(&mut cursor)?;
    let _multiplier = cursor.take(4)?;
    let mut parameters = || {
        let _interval = cursor.take(4)?;
        Some(if large {
            let bits = double_word(&mut cursor)?;
            Parameters { size: bits as u16, is_null: bits >> 29 & 3 == 0 }
        } else {
            let bits = word(&mut cursor)?;
            Parameters { size: bits & 0x01ff, is_null: bits >> 13 & 3 == 0 }
        })
    };
    let (to_target, to_originator) = (parameters()?, parameters()?);
    let transport = cursor.u8()? & 0x0f;
    let words = usize::from(cursor.u8()?);
    let path = parse_path(cursor.take(words * 2)?);
    Some(ForwardOpen { triad, to_target, to_originator, transport, path })
}

fn triad(cursor: &mut Cursor<'_>) -> Option<Triad> {
    Some((word(cursor)?, word(cursor)?, double_word(cursor)?))
}

/// The connection that a request wants closed.
pub fn parse_forward_close(data: &[u8]) -> Option<Triad> {
    let mut cursor = Cursor::new(data);
    let _timing = cursor.take(2)?;
    triad(&mut cursor)
}

/// The identifiers of a connection that was opened: those of what goes to the target, and to the originator.
pub fn parse_opened(data: &[u8]) -> Option<(u32, u32)> {
    let mut cursor = Cursor::new(data);
    Some((double_word(&mut cursor)?, double_word(&mut cursor)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    #[test]
    fn requests_and_replies_are_told_apart() {
        let bytes = hex("0e 03 2001 2401 3007");
        let Some(Message::Request(request)) = parse_message(&bytes) else { panic!() };
        assert_eq!((request.service, request.path.attribute), (Service::GET_ATTRIBUTE_SINGLE, Some(7)));
        let bytes = hex("d4 00 01 01 0001 aabb");
        assert_eq!(
            parse_message(&bytes),
            Some(Message::Response(Response {
                service: Service::FORWARD_OPEN,
                status: Status(1),
                extended: Some(0x100),
                data: &[0xaa, 0xbb],
            }))
        );
        assert_eq!(Status(1).text(Some(0x106)), "ownership-conflict");
        assert_eq!(Status(8).text(None), "service-not-supported");
        for cut in ["", "0e", "0e 03 2001", "8e 00", "8e 00 00 01 00"] {
            assert_eq!(parse_message(&hex(cut)), None, "{cut}");
        }
    }

    #[test]
    fn a_packet_is_taken_apart_and_wrong_offsets_end_it() {
        let bytes = hex("0200 0600 0800 0101 0202 02");
        assert_eq!(parse_packed(&bytes).collect::<Vec<_>>(), [&[1, 1][..], &[2, 2, 2]]);
        assert_eq!(parse_packed(&hex("0200 0600 0400 0101")).count(), 0);
        assert_eq!(parse_packed(&hex("ffff 0600")).count(), 0);
    }

    #[test]
    fn a_connection_that_commands_is_told_from_one_that_listens() {
        let open = |to_target: &str, transport: &str| {
            let bytes = hex(&format!(
                "0a0e 00000000 01000200 0100 0100 78563412 00000000 10270000 {to_target} 10270000 0648 {transport} 04 \
                 2004 2401 2c02 2c03"
            ));
            parse_forward_open(&bytes, false).unwrap()
        };
        assert!(open("0648", "01").commands());
        assert!(!open("0248", "01").commands() && open("0248", "01").is_cyclic());
        assert!(!open("f443", "a3").is_cyclic());
        assert_eq!(open("0648", "01").triad, (1, 1, 0x1234_5678));
    }
}
