//! Taking numbers off the front of bytes, without a panic when there are too few.

/// The first byte, and the rest.
pub(crate) fn take_u8(bytes: &[u8]) -> Option<(u8, &[u8])> {
    bytes.split_first().map(|(first, rest)| (*first, rest))
}

/// The first two bytes as a big-endian number, and the rest.
pub(crate) fn take_u16(bytes: &[u8]) -> Option<(u16, &[u8])> {
    bytes.split_first_chunk().map(|(first, rest)| (u16::from_be_bytes(*first), rest))
}

/// The first four bytes as a big-endian number, and the rest.
pub(crate) fn take_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    bytes.split_first_chunk().map(|(first, rest)| (u32::from_be_bytes(*first), rest))
}

/// What is behind the first `count` bytes.
pub(crate) fn skip(bytes: &[u8], count: usize) -> Option<&[u8]> {
    bytes.get(count..)
}

/// At most the first `count` bytes.
pub(crate) fn at_most(bytes: &[u8], count: usize) -> &[u8] {
    bytes.get(..count).unwrap_or(bytes)
}
