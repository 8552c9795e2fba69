//! Bytes to BSAP messages.

use super::message::{Function, IpMessage, Packet, PacketKind, SerialMessage, SerialRest};
use crate::cursor::Cursor;

/// The header over IP begins with its own length.
const IP_HEADER_BYTES: u16 = 14;

/// Stands before the sequence number of each message over IP.
const IP_MESSAGE_MARK: u8 = 12;

/// The longest serial message: 255 bytes with room for escapes (chapter 4).
const FRAME_BYTES_MAX: usize = 1_024;

const DLE: u8 = 0x10;
const STX: u8 = 0x02;
const ETX: u8 = 0x03;

fn u16_le(cursor: &mut Cursor<'_>) -> Option<u16> {
    cursor.array().map(u16::from_le_bytes)
}

fn u32_le(cursor: &mut Cursor<'_>) -> Option<u32> {
    cursor.array().map(u32::from_le_bytes)
}

/// Reads the header over IP.
pub fn parse_packet(bytes: &[u8]) -> Option<Packet<'_>> {
    let mut cursor = Cursor::new(bytes);
    if u16_le(&mut cursor)? != IP_HEADER_BYTES {
        return None;
    }
    let (count, kind) = (u16_le(&mut cursor)?, PacketKind(u16_le(&mut cursor)?));
    // The packet's number and that of the last one heard.
    cursor.take(8)?;
    Some(Packet { kind, count, messages: cursor.rest() })
}

impl<'a> Packet<'a> {
    /// Takes the next message off the front of what is left.
    pub fn next_message(rest: &mut &'a [u8]) -> Option<IpMessage<'a>> {
        let mut cursor = Cursor::new(rest);
        let length = u16_le(&mut cursor)?;
        let whole = rest.get(..usize::from(length))?;
        let mut cursor = Cursor::new(whole);
        cursor.take(2)?;
        let (high, mark) = (u16_le(&mut cursor)?, cursor.u8()?);
        let sequence = u32_le(&mut cursor)?;
        if high != 0 || mark != IP_MESSAGE_MARK {
            return None;
        }
        *rest = rest.get(usize::from(length)..).unwrap_or_default();
        Some(IpMessage { length, sequence, data: cursor.rest() })
    }

    /// Whether the messages fill it exactly.
    pub fn fits(&self) -> bool {
        let mut rest = self.messages;
        let whole = (0..self.count.min(64)).all(|_| Packet::next_message(&mut rest).is_some());
        let known = matches!(
            self.kind,
            PacketKind::POLL | PacketKind::RESPONSE_COUNT | PacketKind::RESPONSE | PacketKind::REQUEST
        );
        whole && known && rest.is_empty() && (self.count > 0) == (self.kind != PacketKind::POLL)
    }
}

/// What stands at the beginning of some bytes that may be serial frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// What is between DLE STX and DLE ETX, with its escapes, and how many bytes the frame takes with its check.
    Frame(&'a [u8], usize),
    /// The beginning of a frame.
    More,
    /// No frame; the next may begin after so many bytes.
    Nothing(usize),
}

/// Finds a serial frame at the beginning.
pub fn find_frame(bytes: &[u8]) -> Found<'_> {
    match bytes {
        [] | [DLE] => return Found::More,
        [DLE, STX, ..] => {}
        _ => {
            let begins = bytes.windows(2).position(|pair| pair == [DLE, STX]);
            let kept = usize::from(bytes.last() == Some(&DLE));
            return Found::Nothing(begins.unwrap_or(bytes.len() - kept).max(1));
        }
    }
    let mut place = 2;
    while place < bytes.len().min(FRAME_BYTES_MAX) {
        match bytes.get(place..) {
            Some([DLE, DLE, ..]) => place += 2,
            Some([DLE, ETX, _, _, ..]) => {
                return Found::Frame(bytes.get(2..place).unwrap_or_default(), place + 4);
            }
            Some([DLE] | [DLE, ETX] | [DLE, ETX, _]) => return Found::More,
            Some([DLE, ..]) => return Found::Nothing(place),
            _ => place += 1,
        }
    }
    if bytes.len() < FRAME_BYTES_MAX { Found::More } else { Found::Nothing(2) }
}

/// What a frame holds once doubled DLEs are one again.
pub fn without_escapes(frame: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(frame.len());
    let mut rest = frame;
    while let [first, behind @ ..] = rest {
        plain.push(*first);
        rest = match (first, behind) {
            (&DLE, [DLE, further @ ..]) => further,
            _ => behind,
        };
    }
    plain
}

/// Reads a serial message. The address's highest bit marks a global header.
pub fn parse_serial(bytes: &[u8]) -> Option<SerialMessage<'_>> {
    const GLOBAL: u8 = 0x80;
    let mut cursor = Cursor::new(bytes);
    let (address, serial) = (cursor.u8()?, cursor.u8()?);
    let way = if address & GLOBAL == 0 {
        None
    } else {
        Some((u16_le(&mut cursor)?, u16_le(&mut cursor)?, cursor.u8()?))
    };
    let destination_function = Function(cursor.u8()?);
    let rest = if destination_function.is_of_line() {
        None
    } else {
        Some(SerialRest {
            sequence: u16_le(&mut cursor)?,
            source_function: Function(cursor.u8()?),
            node_status: cursor.u8()?,
            data: cursor.rest(),
        })
    };
    Some(SerialMessage { address: address & !GLOBAL, serial, way, destination_function, rest })
}
