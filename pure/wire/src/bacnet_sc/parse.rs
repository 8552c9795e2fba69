//! Bytes to messages of BACnet/SC.

use super::message::{Function, Message, Outcome, Station};
use crate::cursor::Cursor;

/// How many header options are passed over in one list. The standard knows of two kinds (AB.2.3).
const OPTIONS_MAX: usize = 32;

/// Reads one message (AB.2.2). The upper four control flags are reserved and zero.
pub fn parse_message(bytes: &[u8]) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    let (function, flags, id) = (Function(cursor.u8()?), cursor.u8()?, cursor.u16()?);
    if function > Function::PROPRIETARY || flags & 0xf0 != 0 {
        return None;
    }
    let origin = if flags & 8 != 0 { Some(cursor.array()?) } else { None };
    let destination = if flags & 4 != 0 { Some(cursor.array()?) } else { None };
    for bit in [2, 1] {
        if flags & bit != 0 {
            pass_options(&mut cursor)?;
        }
    }
    Some(Message { function, id, origin, destination, payload: cursor.rest() })
}

/// Passes over a list of header options (AB.2.3).
fn pass_options(cursor: &mut Cursor<'_>) -> Option<()> {
    for _ in 0..OPTIONS_MAX {
        let marker = cursor.u8()?;
        if marker & 0x20 != 0 {
            let length = cursor.u16()?;
            cursor.take(usize::from(length))?;
        }
        if marker & 0x80 == 0 {
            return Some(());
        }
    }
    None
}

/// Reads what a station says of itself when it connects.
pub fn parse_station(payload: &[u8]) -> Option<Station> {
    let mut cursor = Cursor::new(payload);
    let station = Station {
        address: cursor.array()?,
        uuid: cursor.array()?,
        max_bvlc: cursor.u16()?,
        max_npdu: cursor.u16()?,
    };
    cursor.is_empty().then_some(station)
}

/// Reads a result.
pub fn parse_outcome(payload: &[u8]) -> Option<Outcome> {
    let mut cursor = Cursor::new(payload);
    let function = Function(cursor.u8()?);
    let error = match cursor.u8()? {
        0 => None,
        _ => {
            let _marker = cursor.u8()?;
            Some((cursor.u16()?, cursor.u16()?))
        }
    };
    Some(Outcome { function, error })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    #[test]
    fn addresses_and_options_stand_before_the_payload() {
        // A proprietary option with data, then a secure path, for the destination; a secure path for the data.
        let bytes = hex("01 0f 1234 020000000001 020000000002 bf 0003 000001 41 41 0104");
        let message = parse_message(&bytes).unwrap();
        assert_eq!((message.function, message.id), (Function::ENCAPSULATED_NPDU, 0x1234));
        assert_eq!(
            (message.origin, message.destination),
            (Some([2, 0, 0, 0, 0, 1]), Some([2, 0, 0, 0, 0, 2]))
        );
        assert_eq!(message.payload, [1, 4]);
    }

    #[test]
    fn what_breaks_a_rule_is_none() {
        for bytes in ["0d 00 0001", "01 10 0001", "01 08 0001 0200", "01 01 0001 a0 0005 00", "01 00"] {
            assert_eq!(parse_message(&hex(bytes)), None, "{bytes}");
        }
    }
}
