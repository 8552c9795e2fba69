//! Bytes to frames.

use super::message::{FRAME_MAX, FRAME_MIN, Found, Length};
use crate::checksum::crc16;
use crate::cursor::Cursor;
use crate::modbus::{FunctionCode, Message};

/// Reads the frame with which the bytes begin: of the length that a request would have, that a reply would have, or,
/// of a function that only its maker knows, of all that is there. The check word decides.
pub fn parse_frame(bytes: &[u8]) -> Found<'_> {
    if bytes.len() < FRAME_MIN {
        return Found::More;
    }
    let mut may_grow = false;
    for length in [request_length(bytes), response_length(bytes)] {
        match length {
            Length::Known(length) if length > FRAME_MAX => {}
            Length::Known(length) if length > bytes.len() => may_grow = true,
            Length::Known(length) => {
                if let Some(message) = checked(bytes.get(..length).unwrap_or_default()) {
                    return Found::Frame(message, length);
                }
            }
            Length::More => may_grow = true,
            Length::Unknown => {
                if bytes.len() <= FRAME_MAX
                    && let Some(message) = checked(bytes)
                {
                    return Found::Frame(message, bytes.len());
                }
                may_grow |= bytes.len() < FRAME_MAX;
            }
        }
    }
    if may_grow { Found::More } else { Found::Nothing }
}

/// The frame, if its check word, the lower byte first, is right.
fn checked(frame: &[u8]) -> Option<Message<'_>> {
    let (guarded, check) = frame.split_last_chunk::<2>()?;
    let [unit, function, data @ ..] = guarded else { return None };
    if crc16(0xffff, guarded) != u16::from_le_bytes(*check) {
        return None;
    }
    let length = u16::try_from(guarded.len()).ok()?;
    let function = FunctionCode(*function);
    Some(Message { transaction: 0, protocol: 0, length, unit: *unit, function, data })
}

/// As long as a count, at its place in the frame, says beyond what stands before it.
fn counted(bytes: &[u8], place: usize) -> Length {
    bytes.get(place).map_or(Length::More, |count| Length::Known(place + 1 + usize::from(*count) + 2))
}

/// How long the frame is if it is a request (Modbus Application Protocol V1.1b3, clause 6).
pub fn request_length(bytes: &[u8]) -> Length {
    let Some(function) = bytes.get(1) else { return Length::More };
    match function {
        1..=6 | 8 => Length::Known(8),
        7 | 11 | 12 | 17 => Length::Known(4),
        15 | 16 => counted(bytes, 6),
        20 | 21 => counted(bytes, 2),
        22 => Length::Known(10),
        23 => counted(bytes, 10),
        24 => Length::Known(6),
        43 if bytes.get(2) == Some(&14) => Length::Known(7),
        _ => Length::Unknown,
    }
}

/// How long the frame is if it is a reply (the same).
fn response_length(bytes: &[u8]) -> Length {
    let Some(function) = bytes.get(1) else { return Length::More };
    match function {
        0x80.. => Length::Known(5),
        1..=4 | 12 | 17 | 20 | 21 | 23 => counted(bytes, 2),
        5 | 6 | 8 | 11 | 15 | 16 => Length::Known(8),
        7 => Length::Known(5),
        22 => Length::Known(10),
        24 => match bytes {
            [_, _, high, low, ..] => Length::Known(6 + usize::from(u16::from_be_bytes([*high, *low]))),
            _ => Length::More,
        },
        43 if bytes.get(2) == Some(&14) => identification_length(bytes),
        _ => Length::Unknown,
    }
}

/// How long a device identification is (clause 6.21): as long as its objects.
fn identification_length(bytes: &[u8]) -> Length {
    let mut cursor = Cursor::new(bytes);
    let count = cursor.take(8).and_then(|head| head.last());
    let Some(count) = count else { return Length::More };
    for _ in 0..*count {
        let whole = cursor.take(2).and_then(|head| cursor.take(usize::from(*head.last()?)));
        if whole.is_none() {
            return Length::More;
        }
    }
    Length::Known(bytes.len() - cursor.len() + 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    #[test]
    fn frames_end_where_their_check_word_says() {
        for (frame, function) in [
            ("11 03 006b 0003 7687", 3),
            ("11 03 06 ae41 5652 4340 49ad", 3),
            ("11 05 00ac ff00 4e8b", 5),
            ("0a 81 02 b053", 0x81),
        ] {
            let frame = hex(frame);
            let Found::Frame(message, used) = parse_frame(&frame) else { panic!("{frame:02x?}") };
            assert_eq!((message.function.0, used), (function, frame.len()));
            let followed = [frame.as_slice(), &[1, 2, 3]].concat();
            assert!(matches!(parse_frame(&followed), Found::Frame(_, used) if used == frame.len()));
            for cut in 0..frame.len() {
                assert_eq!(parse_frame(&frame[..cut]), Found::More, "{cut} of {frame:02x?}");
            }
            let mut wrong = frame.clone();
            wrong[0] ^= 1;
            assert!(!matches!(parse_frame(&wrong), Found::Frame(..)), "{frame:02x?}");
        }
    }
}
