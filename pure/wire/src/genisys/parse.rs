//! Bytes to Genisys messages.

use super::message::{Check, END, ESCAPE, Header, Message};

/// The longest message: every byte of a unit with its address, all of them escaped.
pub const LENGTH_MAX: usize = 1_100;

/// What stands at the beginning of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A message, and how many bytes it takes.
    Message(Message, usize),
    /// The beginning of a message.
    More,
    /// No message.
    Nothing,
}

/// Reads one message.
pub fn parse_message(bytes: &[u8]) -> Found {
    let Some((first, rest)) = bytes.split_first() else { return Found::More };
    let header = Header(*first);
    if !header.is_known() {
        return Found::Nothing;
    }
    let Some(length) = rest.iter().take(LENGTH_MAX).position(|byte| *byte == END) else {
        return if rest.len() < LENGTH_MAX { Found::More } else { Found::Nothing };
    };
    let mut plain = vec![*first];
    unescape(rest.get(..length).unwrap_or_default(), &mut plain);
    let [_, station, behind @ ..] = plain.as_slice() else { return Found::Nothing };
    let (station, used) = (*station, length + 2);
    let Some((data, check)) = behind.split_last_chunk::<2>() else {
        // A poll may come without a check word, an acknowledgement always does; one byte alone is neither.
        return match behind {
            [] => Found::Message(Message { header, station, data: Vec::new(), check: None }, used),
            _ => Found::Nothing,
        };
    };
    let guarded = plain.split_last_chunk::<2>().map_or(&[][..], |(guarded, _)| guarded);
    let check = Check {
        sent: u16::from_le_bytes(*check),
        from_ones: crc(0xffff, guarded),
        from_zeros: crc(0, guarded),
    };
    Found::Message(Message { header, station, data: data.to_vec(), check: Some(check) }, used)
}

/// Takes escapes out. Some senders leave the check word as it is, so that what cannot be an escape is none.
fn unescape(bytes: &[u8], plain: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some((first, behind)) = rest.split_first() {
        match behind.split_first() {
            Some((low, behind)) if *first == ESCAPE && *low <= 0x0f => {
                plain.push(ESCAPE | low);
                rest = behind;
            }
            _ => {
                plain.push(*first);
                rest = behind;
            }
        }
    }
}

/// CRC-16 with the generator x¹⁶ + x¹⁵ + x² + 1, the lowest bit first.
pub fn crc(start: u16, bytes: &[u8]) -> u16 {
    bytes.iter().fold(start, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 != 0 { crc >> 1 ^ 0xa001 } else { crc >> 1 })
    })
}

#[test]
fn check_words_begin_with_ones() {
    assert_eq!(crc(0xffff, &[0xfb, 1]), 0x4083);
    assert_eq!(crc(0, &[0xfb, 1]), 0xf082);
}
