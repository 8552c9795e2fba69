//! The data link layer: frames with checksums (IEEE 1815-2012 clause 9).

use crate::cursor::Cursor;

/// Bytes of a frame's header with its checksum.
pub const HEADER_BYTES: usize = 10;

/// Bytes of user data in a block before the next checksum.
const BLOCK_BYTES: usize = 16;

/// The bytes that every frame begins with.
const START: [u8; 2] = [0x05, 0x64];

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// DIR, PRM, FCB or reserved, FCV or DFC, and a function code of four bits (clause 9.2.4.1.3).
    pub control: u8,
    /// The station that it is for.
    pub destination: u16,
    /// The station that sends it.
    pub source: u16,
    /// How many bytes of user data follow.
    pub data: usize,
}

impl Header {
    /// Whether it carries user data, with or without a confirmation: primary functions 3 and 4.
    pub fn has_user_data(self) -> bool {
        matches!(self.control & 0x4f, 0x43 | 0x44) && self.data > 0
    }

    /// Whether it is for every station (clause 9.2.5.2).
    pub fn is_broadcast(self) -> bool {
        self.destination >= 0xfffd
    }

    /// How long the frame is with all its checksums.
    pub fn length(self) -> usize {
        HEADER_BYTES + self.data + 2 * self.data.div_ceil(BLOCK_BYTES)
    }
}

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A header, and the blocks behind it.
    Frame(Header, &'a [u8]),
    /// The beginning of a frame.
    More,
    /// No frame.
    Nothing,
}

/// Reads the frame at the beginning of some bytes. The header's checksum is right; those of the blocks are not looked
/// at yet.
pub fn parse_frame(bytes: &[u8]) -> Found<'_> {
    if !bytes.iter().zip(START).all(|(byte, start)| *byte == start) {
        return Found::Nothing;
    }
    let Some((head, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else { return Found::More };
    let [_, _, length, control, to_low, to_high, from_low, from_high, check @ ..] = *head;
    let summed = head.get(..8).unwrap_or_default();
    let Some(data) = usize::from(length).checked_sub(5) else { return Found::Nothing };
    if checksum(summed) != u16::from_le_bytes(check) {
        return Found::Nothing;
    }
    let header = Header {
        control,
        destination: u16::from_le_bytes([to_low, to_high]),
        source: u16::from_le_bytes([from_low, from_high]),
        data,
    };
    match rest.get(..header.length() - HEADER_BYTES) {
        Some(blocks) => Found::Frame(header, blocks),
        None => Found::More,
    }
}

/// The user data in the blocks of a frame, unless a checksum is wrong.
pub fn user_data(blocks: &[u8]) -> Option<Vec<u8>> {
    let mut data = Vec::with_capacity(blocks.len());
    for block in blocks.chunks(BLOCK_BYTES + 2) {
        let mut cursor = Cursor::new(block);
        let bytes = cursor.take(block.len().checked_sub(2)?)?;
        if checksum(bytes) != u16::from_le_bytes(cursor.array()?) {
            return None;
        }
        data.extend_from_slice(bytes);
    }
    Some(data)
}

/// How many bytes lie before the next frame, and whether there is one. Without it, what may be the beginning of a
/// header is kept.
pub fn find_frame(bytes: &[u8]) -> (usize, bool) {
    let frame = |rest: &[u8]| rest.len() >= HEADER_BYTES && parse_frame(rest) != Found::Nothing;
    match (0..bytes.len()).find(|offset| bytes.get(*offset..).is_some_and(frame)) {
        Some(offset) => (offset, true),
        None => (bytes.len().saturating_sub(HEADER_BYTES - 1), false),
    }
}

/// The checksum of a header or a block (clause 9.2.3.3): x^16 + x^13 + x^12 + x^11 + x^10 + x^8 + x^6 + x^5 + x^2 + 1,
/// lowest bit first, inverted.
pub fn checksum(bytes: &[u8]) -> u16 {
    let step = |sum: u16, _| if sum & 1 == 0 { sum >> 1 } else { sum >> 1 ^ 0xa6bc };
    !bytes.iter().fold(0, |sum, byte| (0..8).fold(sum ^ u16::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;

    #[test]
    fn a_frame_is_read_with_its_checksums() {
        // Reset of the link, from station 1 to station 1024.
        let mut frame = hex("0564 05c0 0004 0100");
        frame.extend(checksum(&frame).to_le_bytes());
        let header = Header { control: 0xc0, destination: 1024, source: 1, data: 0 };
        assert_eq!(parse_frame(&frame), Found::Frame(header, &[]));
        assert!(!header.has_user_data() && !header.is_broadcast());
        frame[7] ^= 1;
        assert_eq!(parse_frame(&frame), Found::Nothing);
        assert_eq!(parse_frame(&frame[..9]), Found::More);
    }

    #[test]
    fn blocks_are_checked_one_by_one() {
        let mut blocks = Vec::new();
        for piece in (0..20).collect::<Vec<u8>>().chunks(16) {
            blocks.extend_from_slice(piece);
            blocks.extend(checksum(piece).to_le_bytes());
        }
        assert_eq!(blocks.len(), 24);
        assert_eq!(user_data(&blocks), Some((0..20).collect()));
        blocks[17] ^= 1;
        assert_eq!(user_data(&blocks), None);
    }
}
