//! Bytes to parts of the handshake.

use super::message::{PixelFormat, Screen, Version};
use crate::cursor::Cursor;

/// The longest name of a desktop that is read, in bytes.
const NAME_BYTES_MAX: usize = 4_096;

/// How long a version is.
const VERSION_BYTES: usize = 12;

/// A part that lies at the front of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<T> {
    /// It, and how many bytes it takes.
    Of(T, usize),
    More,
    Nothing,
}

/// Reads a version: `RFB 003.008` and a line's end (section 7.1.1).
pub fn parse_version(bytes: &[u8]) -> Found<Version> {
    const FORM: &[u8; VERSION_BYTES] = b"RFB ddd.ddd\n";
    let fits = |(byte, form): (&u8, &u8)| if *form == b'd' { byte.is_ascii_digit() } else { byte == form };
    if !bytes.iter().zip(FORM).all(fits) {
        return Found::Nothing;
    }
    match bytes {
        [_, _, _, _, a, b, c, _, d, e, f, _, ..] => {
            Found::Of(Version { major: [*a, *b, *c], minor: [*d, *e, *f] }, VERSION_BYTES)
        }
        _ => Found::More,
    }
}

/// Reads why a server refuses: a length, and text (section 7.1.2).
pub fn parse_reason(bytes: &[u8]) -> Found<&[u8]> {
    let mut cursor = Cursor::new(bytes);
    let Some(length) = cursor.u32().and_then(|length| usize::try_from(length).ok()) else {
        return Found::More;
    };
    if length > NAME_BYTES_MAX {
        return Found::Nothing;
    }
    match cursor.take(length) {
        Some(text) => Found::Of(text, length + 4),
        None => Found::More,
    }
}

/// Reads what a server says of its screen (section 7.3.2).
pub fn parse_screen(bytes: &[u8]) -> Found<Screen<'_>> {
    let mut cursor = Cursor::new(bytes);
    let mut fixed = || {
        let size = (cursor.u16()?, cursor.u16()?);
        let pixel = PixelFormat {
            bits: cursor.u8()?,
            depth: cursor.u8()?,
            big_endian: cursor.u8()? != 0,
            true_colour: cursor.u8()? != 0,
            greatest: [cursor.u16()?, cursor.u16()?, cursor.u16()?],
            shifts: [cursor.u8()?, cursor.u8()?, cursor.u8()?],
        };
        let _padding = cursor.take(3)?;
        Some((size, pixel, usize::try_from(cursor.u32()?).ok()?))
    };
    let Some(((width, height), pixel, length)) = fixed() else { return Found::More };
    if length > NAME_BYTES_MAX {
        return Found::Nothing;
    }
    match cursor.take(length) {
        Some(name) => Found::Of(Screen { width, height, pixel, name }, bytes.len() - cursor.len()),
        None => Found::More,
    }
}
