//! Bytes to Genisys messages.

use super::message::{Check, END, ESCAPE, Header, Message};
use crate::checksum::crc16;

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
        from_ones: crc16(0xffff, guarded),
        from_zeros: crc16(0, guarded),
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
