//! Bytes to wrapped messages, and the encodings within: BER for associations, A-XDR for the rest.

use crate::cursor::Cursor;

/// A message in its wrapper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrapped<'a> {
    /// The port of who sends it: a client, or a logical device.
    pub source: u16,
    pub destination: u16,
    pub content: &'a [u8],
}

/// What the beginning of some bytes holds.
pub enum Found<'a> {
    /// A message, and how many bytes it has with its wrapper.
    Message(Wrapped<'a>, usize),
    More,
    Nothing,
}

/// Reads the wrapper (IEC 62056-4-7): version 1, two ports, length.
pub fn parse_wrapper(bytes: &[u8]) -> Found<'_> {
    let version: &[u8] = &[0, 1];
    if !bytes.starts_with(version.get(..bytes.len().min(2)).unwrap_or_default()) {
        return Found::Nothing;
    }
    let mut cursor = Cursor::new(bytes);
    let (Some(_), Some(source), Some(destination), Some(length)) =
        (cursor.u16(), cursor.u16(), cursor.u16(), cursor.u16())
    else {
        return Found::More;
    };
    match cursor.take(usize::from(length)) {
        // Nobody wraps nothing.
        Some([]) => Found::Nothing,
        Some(content) => Found::Message(Wrapped { source, destination, content }, content.len() + 8),
        None => Found::More,
    }
}

/// A length: one byte, or as many as the first says (both BER and A-XDR have it so).
pub fn length(cursor: &mut Cursor<'_>) -> Option<usize> {
    let first = cursor.u8()?;
    if first & 0x80 == 0 {
        return Some(usize::from(first));
    }
    usize::try_from(cursor.unsigned(usize::from(first & 0x7f).min(9))?).ok()
}

/// A BER element: its tag and what it holds.
pub fn element<'a>(cursor: &mut Cursor<'a>) -> Option<(u8, &'a [u8])> {
    let tag = cursor.u8()?;
    let length = length(cursor)?;
    Some((tag, cursor.take(length)?))
}
