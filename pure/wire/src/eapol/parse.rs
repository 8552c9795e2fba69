//! From bytes to frames and EAP packets.

use super::message::{Eap, EapCode, Frame, Kind, Method};
use crate::cursor::Cursor;

/// Opens a frame. `None` if its version or its kind is unknown, or if it is shorter than it says.
pub(crate) fn parse_frame(bytes: &[u8]) -> Option<Frame<'_>> {
    let mut cursor = Cursor::new(bytes);
    let version = cursor.u8().filter(|version| matches!(version, 1..=3))?;
    let kind = Kind(cursor.u8()?);
    kind.name()?;
    let length = cursor.u16()?;
    Some(Frame { version, kind, body: cursor.take(usize::from(length))? })
}

/// Opens an EAP packet. `None` if it contradicts itself or is cut off.
pub(crate) fn parse_eap(bytes: &[u8]) -> Option<Eap<'_>> {
    let mut cursor = Cursor::new(bytes);
    let code = match cursor.u8()? {
        1 => EapCode::Request,
        2 => EapCode::Response,
        3 => EapCode::Success,
        4 => EapCode::Failure,
        _ => return None,
    };
    let identifier = cursor.u8()?;
    let length = usize::from(cursor.u16()?).checked_sub(4)?;
    // What follows is the link's padding (RFC 3748 clause 4).
    let mut inside = Cursor::new(cursor.take(length)?);
    let method = match code {
        EapCode::Request | EapCode::Response => Some(Method(inside.u8()?)),
        EapCode::Success | EapCode::Failure if inside.is_empty() => None,
        EapCode::Success | EapCode::Failure => return None,
    };
    Some(Eap { code, identifier, method, data: inside.rest() })
}

/// The method of a response, of which only the beginning need be there, and whether anything is behind it.
pub(crate) fn response_method(bytes: &[u8]) -> Option<(Method, bool)> {
    match bytes {
        [2, _, _, _, method, rest @ ..] => Some((Method(*method), !rest.is_empty())),
        _ => None,
    }
}
