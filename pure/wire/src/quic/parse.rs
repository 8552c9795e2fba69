//! Datagrams to packets, and opened packets to frames.

use super::message::{Kind, LongPacket, Version};
use crate::cursor::Cursor;

/// The longest connection identifier of the versions that are read (RFC 9000 clause 17.2).
const ID_MAX: usize = 20;

/// A number of one, two, four or eight bytes (RFC 9000 clause 16).
fn variable(cursor: &mut Cursor<'_>) -> Option<u64> {
    let first = cursor.rest().first()?;
    let size = 1_usize << (first >> 6);
    Some(cursor.unsigned(size)? & (u64::MAX >> (66 - 8 * size as u32)))
}

fn id<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let length = cursor.u8()?;
    cursor.take(usize::from(length))
}

/// Takes a packet with a long header off the front of a datagram. Of a version that is not read, it is the rest.
pub fn parse_long<'a>(datagram: &mut &'a [u8]) -> Option<LongPacket<'a>> {
    let whole = *datagram;
    let mut cursor = Cursor::new(whole);
    let first = cursor.u8().filter(|first| first & 0x80 != 0)?;
    let version = Version(cursor.u32()?);
    let (destination, source) = (id(&mut cursor)?, id(&mut cursor)?);
    let mut packet =
        LongPacket { version, kind: None, destination, source, bytes: whole, number_at: whole.len() };
    if version.protection().is_some() {
        let is_possible = first & 0x40 != 0 && destination.len() <= ID_MAX && source.len() <= ID_MAX;
        let kind = Some(version.kind(first >> 4 & 3)).filter(|_| is_possible)?;
        packet.kind = Some(kind);
        if kind != Kind::Retry {
            if kind == Kind::Initial {
                let token = usize::try_from(variable(&mut cursor)?).ok()?;
                cursor.take(token)?;
            }
            let length = usize::try_from(variable(&mut cursor)?).ok()?;
            packet.number_at = whole.len() - cursor.len();
            cursor.take(length)?;
            packet.bytes = whole.get(..whole.len() - cursor.len())?;
            *datagram = cursor.rest();
            return Some(packet);
        }
    }
    *datagram = &[];
    Some(packet)
}

/// What of a packet's frames matters here (RFC 9000 clause 19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// The connection is over: with what code.
    Close(u64),
    /// A piece of the handshake, and where it belongs.
    Crypto(u64, &'a [u8]),
}

/// Reads the frames of an Initial packet, as far as they are such as it may have (RFC 9000 clause 17.2.2).
pub fn parse_frames(payload: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    let mut cursor = Cursor::new(payload);
    std::iter::from_fn(move || {
        loop {
            match variable(&mut cursor)? {
                // Padding and ping.
                0 | 1 => {}
                kind @ (2 | 3) => {
                    let (_largest, _delay) = (variable(&mut cursor)?, variable(&mut cursor)?);
                    let ranges = variable(&mut cursor)?;
                    let _first = variable(&mut cursor)?;
                    // Each takes at least two bytes, so that no number of them makes this long.
                    for _ in 0..ranges {
                        let (_gap, _length) = (variable(&mut cursor)?, variable(&mut cursor)?);
                    }
                    if kind == 3 {
                        let (_, _, _) =
                            (variable(&mut cursor)?, variable(&mut cursor)?, variable(&mut cursor)?);
                    }
                }
                6 => {
                    let at = variable(&mut cursor)?;
                    let length = usize::try_from(variable(&mut cursor)?).ok()?;
                    return Some(Frame::Crypto(at, cursor.take(length)?));
                }
                0x1c => return Some(Frame::Close(variable(&mut cursor)?)),
                _ => return None,
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearse::hex;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_those_of_the_standard() {
        // RFC 9000 appendix A.1.
        for (bytes, number) in [
            ("c2197c5eff14e88c", 151_288_809_941_952_652),
            ("9d7f3e7d", 494_878_333),
            ("7bbd", 15_293),
            ("25", 37),
            ("4025", 37),
        ] {
            assert_eq!(variable(&mut Cursor::new(&hex(bytes))), Some(number));
        }
        assert_eq!(variable(&mut Cursor::new(&[0x7b])), None);
    }

    #[test]
    fn frames_are_found_behind_padding_and_acknowledgements() {
        let payload = hex("00 00 01 02 05 00 01 02 00 00 06 4003 02 abcd 1c 4128 00 00");
        let found: Vec<_> = parse_frames(&payload).collect();
        assert_eq!(found, [Frame::Crypto(3, &[0xab, 0xcd]), Frame::Close(0x128)]);
    }

    proptest! {
        #[test]
        fn nothing_that_arrives_makes_it_panic_or_loop(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let before = rest.len();
                if parse_long(&mut rest).is_none() {
                    break;
                }
                prop_assert!(rest.len() < before);
            }
            parse_frames(&bytes).count();
        }
    }
}
