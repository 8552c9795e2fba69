//! From bytes to an announcement.

use super::message::{Kind, Message, Part};
use crate::cursor::Cursor;

/// Parts read of one announcement.
const PARTS_MAX: usize = 128;

/// Opens an announcement. `None` if it does not name a device. What is cut off ends the reading.
pub(crate) fn parse_cdp(bytes: &[u8]) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    let version = cursor.u8().filter(|version| matches!(version, 1 | 2))?;
    let seconds = cursor.u8()?;
    let _checksum = cursor.u16()?;
    let part = || {
        let kind = Kind(cursor.u16()?);
        // The length counts its own four bytes.
        let length = usize::from(cursor.u16()?).checked_sub(4)?;
        Some(Part { kind, value: cursor.take(length)? })
    };
    let parts: Vec<Part<'_>> = std::iter::from_fn(part).take(PARTS_MAX).collect();
    let message = Message { version, seconds, parts };
    message.first(Kind::DEVICE).is_some_and(|name| !name.is_empty()).then_some(message)
}
