//! Bytes to the heads of frames.

use super::message::{FrameHead, Opcode};
use crate::cursor::Cursor;

/// The longest payload of a control frame (RFC 6455 clause 5.5).
const CONTROL_MAX: u64 = 125;

/// What the first bytes of a frame are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// The head of a frame, and how many bytes it takes.
    Whole(FrameHead, usize),
    /// More bytes are needed.
    Part,
    /// No frame begins so.
    Broken,
}

/// Reads the head of a frame (RFC 6455 clause 5.2).
pub fn parse_head(bytes: &[u8]) -> Head {
    let mut cursor = Cursor::new(bytes);
    let (Some(first), Some(second)) = (cursor.u8(), cursor.u8()) else { return Head::Part };
    let opcode = Opcode(first & 0xf);
    let (is_last, is_compressed) = (first & 0x80 != 0, first & 0x40 != 0);
    // The other two reserved bits belong to no registered extension.
    if !opcode.is_known() || first & 0x30 != 0 {
        return Head::Broken;
    }
    let length = match second & 0x7f {
        126 => cursor.u16().map(u64::from),
        127 => cursor.unsigned(8),
        short => Some(u64::from(short)),
    };
    let mask = if second & 0x80 != 0 { cursor.array().map(Some) } else { Some(None) };
    let (Some(length), Some(mask)) = (length, mask) else { return Head::Part };
    let is_possible_control = is_last && !is_compressed && length <= CONTROL_MAX;
    if length > i64::MAX as u64 || opcode.is_control() && !is_possible_control {
        return Head::Broken;
    }
    Head::Whole(FrameHead { is_last, is_compressed, opcode, mask, length }, bytes.len() - cursor.len())
}

/// Takes the mask off a piece of payload that begins `at` bytes into it (RFC 6455 clause 5.3).
pub fn unmask(piece: &[u8], mask: [u8; 4], at: u64) -> impl Iterator<Item = u8> {
    let turn = (at % 4) as usize;
    piece.iter().zip(mask.into_iter().cycle().skip(turn)).map(|(byte, key)| byte ^ key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_standard_are_read() {
        // RFC 6455 clause 5.7.
        let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        let Head::Whole(head, size) = parse_head(&hello) else { panic!() };
        assert_eq!((head.opcode, head.length, head.is_last, size), (Opcode::TEXT, 5, true, 6));
        let text: Vec<u8> = unmask(&hello[6..], head.mask.unwrap(), 0).collect();
        assert_eq!(text, b"Hello");
        let rest: Vec<u8> = unmask(&hello[8..], head.mask.unwrap(), 2).collect();
        assert_eq!(rest, b"llo");
        let Head::Whole(head, size) = parse_head(&[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]) else { panic!() };
        assert_eq!((head.opcode, head.length, head.mask, size), (Opcode::BINARY, 65_536, None, 10));
        // RFC 7692 clause 7.2.3.1.
        let Head::Whole(head, _) = parse_head(&[0xc1, 0x07]) else { panic!() };
        assert!(head.is_compressed);
    }

    #[test]
    fn what_the_standard_forbids_is_broken() {
        for bytes in [
            &[0x83, 0][..],
            &[0x91, 0],
            &[0x09, 0],
            &[0x89, 0x7e, 0, 126],
            &[0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0],
        ] {
            assert_eq!(parse_head(bytes), Head::Broken, "{bytes:02x?}");
        }
        assert_eq!(parse_head(&[0x81]), Head::Part);
        assert_eq!(parse_head(&[0x81, 0x85, 1, 2, 3]), Head::Part);
    }

    proptest! {
        #[test]
        fn a_head_is_never_longer_than_its_bytes(bytes in prop::collection::vec(any::<u8>(), 0..20)) {
            if let Head::Whole(_, size) = parse_head(&bytes) {
                prop_assert!(size <= bytes.len() && size <= 14);
            }
        }
    }
}
