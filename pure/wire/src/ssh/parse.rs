//! Bytes to messages.

use super::message::Lists;
use crate::cursor::Cursor;

/// The longest packet (RFC 4253 clause 6.1 asks for 35 000; implementations take up to 256 KiB).
pub(super) const PACKET_MAX: usize = 256 << 10;

/// The longest line before the banner, and the longest banner (RFC 4253 clause 4.2 allows 255 bytes).
pub(super) const LINE_MAX: usize = 1 << 10;

/// A line, and how many bytes it took with its end.
pub(super) fn parse_line(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line = bytes.get(..end)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), end + 1))
}

/// What stands at the beginning of bytes that are not encrypted yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    /// A message: its number, what follows it, and how many bytes the packet took.
    Whole(u8, &'a [u8], usize),
    /// More is needed.
    Part,
    /// No packet.
    Wrong,
}

/// A packet before encryption: length, length of padding, payload, padding (RFC 4253 clause 6).
pub(super) fn parse_packet(bytes: &[u8]) -> Packet<'_> {
    let mut cursor = Cursor::new(bytes);
    let (Some(length), Some(padding)) = (cursor.u32(), cursor.u8()) else { return Packet::Part };
    let (length, padding) = (length as usize, usize::from(padding));
    if length > PACKET_MAX || length < padding + 2 {
        return Packet::Wrong;
    }
    let Some(number) = cursor.u8() else { return Packet::Part };
    match (cursor.take(length - padding - 2), bytes.len() >= length + 4) {
        (Some(payload), true) => Packet::Whole(number, payload, length + 4),
        _ => Packet::Part,
    }
}

/// A string: its length and its bytes (RFC 4251 clause 5).
pub(super) fn parse_string<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let length = cursor.u32()?;
    cursor.take(length as usize)
}

/// The lists of SSH_MSG_KEXINIT (RFC 4253 clause 7.1), behind a cookie of sixteen bytes.
pub(super) fn parse_lists(payload: &[u8]) -> Option<Lists> {
    let mut cursor = Cursor::new(payload);
    cursor.take(16)?;
    let mut list = || {
        let bytes = parse_string(&mut cursor)?;
        bytes.iter().all(u8::is_ascii_graphic).then(|| String::from_utf8_lossy(bytes).into_owned())
    };
    Some(Lists {
        key_exchange: list()?,
        host_key: list()?,
        encryption: [list()?, list()?],
        authentication: [list()?, list()?],
        compression: [list()?, list()?],
    })
}
