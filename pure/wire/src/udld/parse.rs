//! From bytes to messages (RFC 5171 section 4).

use crate::cursor::Cursor;

/// Parts read of one message, and neighbours of one list.
const PARTS_MAX: usize = 32;

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    /// Whether the device takes its leave.
    pub(crate) is_flush: bool,
    pub(crate) device: &'a [u8],
    pub(crate) port: &'a [u8],
    pub(crate) name: Option<&'a [u8]>,
    /// Device and port of each neighbour that is heard.
    pub(crate) heard: Vec<(&'a [u8], &'a [u8])>,
}

/// Opens a message. `None` if it does not name a device and its port. What is cut off ends the reading.
pub(crate) fn parse_udld(bytes: &[u8]) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    let head = cursor.u8()?;
    let (_flags, _checksum) = (cursor.u8()?, cursor.u16()?);
    // Version 1; probe, echo or flush.
    if head >> 5 != 1 || !matches!(head & 0x1f, 1..=3) {
        return None;
    }
    let mut message = Message { is_flush: head & 0x1f == 3, ..Message::default() };
    for _ in 0..PARTS_MAX {
        let Some((kind, length)) = cursor.u16().zip(cursor.u16()) else { break };
        // The length counts its own four bytes.
        let Some(value) = usize::from(length).checked_sub(4).and_then(|length| cursor.take(length)) else {
            break;
        };
        match kind {
            1 => message.device = value,
            2 => message.port = value,
            3 => message.heard = pairs(value),
            6 => message.name = Some(value),
            _ => {}
        }
    }
    (!message.device.is_empty() && !message.port.is_empty()).then_some(message)
}

/// A count, then device and port of each, with a length before each.
fn pairs(bytes: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut cursor = Cursor::new(bytes);
    let count = cursor.u32().map_or(0, |count| count as usize);
    let mut piece = || {
        let length = cursor.u16()?;
        cursor.take(usize::from(length))
    };
    let pairs = std::iter::from_fn(|| Some((piece()?, piece()?)));
    pairs.take(count.min(PARTS_MAX)).collect()
}
