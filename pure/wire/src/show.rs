//! Bytes and numbers from the network as text of bounded length. What was cut ends with `…`.

use city::Text;
use compact_str::ToCompactString;
use jiff::Timestamp;
use std::fmt::{Display, Write};

/// The longest value put into a record, in bytes before the mark of a cut.
pub(crate) const VALUE_BYTES_MAX: usize = 128;

/// Items with commas between them, cut before the item that would not fit into `limit` bytes; the first is cut itself.
pub(crate) fn listed<T: Display>(items: impl IntoIterator<Item = T>, limit: usize) -> Text {
    list(items, limit, |text, item| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{item}");
    })
}

/// The same of whole numbers, which need not take the long way through the formatter.
pub(crate) fn listed_numbers(items: impl IntoIterator<Item = impl Into<u64>>, limit: usize) -> Text {
    list(items, limit, |text, number| text.push_str(&number.into().to_compact_string()))
}

fn list<T>(items: impl IntoIterator<Item = T>, limit: usize, put: impl Fn(&mut Text, T)) -> Text {
    let mut text = Text::default();
    for item in items {
        let before = text.len();
        if before > 0 {
            text.push(',');
        }
        put(&mut text, item);
        if text.len() > limit {
            if before == 0 {
                return cut(&text, limit);
            }
            text.truncate(before);
            text.push('…');
            break;
        }
    }
    text
}

/// Bytes as two hexadecimal digits each.
pub(crate) fn hexadecimal(bytes: &[u8], limit: usize) -> Text {
    let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
    let fit = bytes.get(..limit / 2).unwrap_or(bytes);
    let mut text = Text::with_capacity(fit.len() * 2);
    for piece in fit.chunks(32) {
        let mut digits = [0; 64];
        for ([high, low], byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(piece) {
            (*high, *low) = (digit(byte >> 4), digit(byte & 0x0f));
        }
        text.push_str(
            digits.get(..piece.len() * 2).and_then(|digits| str::from_utf8(digits).ok()).unwrap_or_default(),
        );
    }
    if fit.len() < bytes.len() {
        text.push('…');
    }
    text
}

/// Bytes as the UTF-8 text they are meant to be. Control characters become spaces and broken sequences `\u{fffd}`, so
/// that what a stranger sends cannot disturb a terminal or a page.
pub(crate) fn readable(bytes: &[u8], limit: usize) -> Text {
    // Most text is plain, and then there is nothing to look at twice.
    if bytes.len() <= limit
        && bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
        && let Ok(plain) = str::from_utf8(bytes)
    {
        return plain.into();
    }
    let mut text = Text::default();
    // Four bytes for each that is wanted hold any cut within a character; no need to look at the rest.
    let looked_at = bytes.get(..limit.saturating_add(4)).unwrap_or(bytes);
    for character in String::from_utf8_lossy(looked_at).chars() {
        let shown = if character.is_control() { ' ' } else { character };
        if text.len() + shown.len_utf8() > limit {
            text.push('…');
            return text;
        }
        text.push(shown);
    }
    text
}

/// Bytes as text from which they can be had again: what is not printable UTF-8 is written `\xNN`, a backslash twice.
pub(crate) fn escaped(bytes: &[u8], limit: usize) -> Text {
    // Most text is plain, and then there is nothing to look at twice.
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && *byte != b'\\';
    if bytes.len() <= limit
        && bytes.iter().all(is_plain)
        && let Ok(plain) = str::from_utf8(bytes)
    {
        return plain.into();
    }
    let mut text = Text::default();
    let looked_at = bytes.get(..limit.saturating_add(4)).unwrap_or(bytes);
    for chunk in looked_at.utf8_chunks() {
        for character in chunk.valid().chars() {
            if text.len() >= limit {
                text.push('…');
                return text;
            }
            match character {
                '\\' => text.push_str("\\\\"),
                character if character.is_control() => {
                    let mut bytes = [0; 4];
                    for byte in character.encode_utf8(&mut bytes).bytes() {
                        let _ = write!(text, "\\x{byte:02x}");
                    }
                }
                character => text.push(character),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    if looked_at.len() < bytes.len() {
        text.push('…');
    }
    text
}

/// Cuts text at a character's border so that at most `limit` bytes are left.
pub(crate) fn cut(text: &str, limit: usize) -> Text {
    if text.len() <= limit {
        return text.into();
    }
    let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    let mut kept = Text::from(text.get(..end).unwrap_or_default());
    kept.push('…');
    kept
}

/// A time as seconds since 1970 with six decimals.
pub(crate) fn seconds(time: Timestamp) -> Text {
    let microseconds = time.as_microsecond();
    let mut text = Text::const_new(if microseconds < 0 { "-" } else { "" });
    let microseconds = microseconds.unsigned_abs();
    text.push_str(&(microseconds / 1_000_000).to_compact_string());
    // A digit more, so that zeros stand in front; it becomes the point.
    let behind = (1_000_000 + microseconds % 1_000_000).to_compact_string();
    text.push('.');
    text.push_str(behind.get(1..).unwrap_or_default());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_and_says_so() {
        assert_eq!(listed([1, 22, 333], 100), "1,22,333");
        assert_eq!(listed([1, 22, 333], 6), "1,22…");
        assert_eq!(listed_numbers([1_u16, 22, 333], 6), "1,22…");
        assert_eq!(listed(["a long one", "b"], 6), "a long…");
        assert_eq!(hexadecimal(&[1, 0xab], 100), "01ab");
        assert_eq!(hexadecimal(&[1, 0xab], 3), "01…");
        assert_eq!(readable("Pumpenhäuser".as_bytes(), 100), "Pumpenhäuser");
        assert_eq!(readable("Pumpenhäuser".as_bytes(), 8), "Pumpenh…");
        assert_eq!(readable(b"a\x1b[2J\xff", 100), "a [2J\u{fffd}");
        assert_eq!(cut("Pumpenhäuser", 8), "Pumpenh…");
        assert_eq!(escaped("Pumpenhäuser".as_bytes(), 8), "Pumpenhä…");
    }

    #[test]
    fn bytes_can_be_had_again_from_escaped_text() {
        assert_eq!(escaped("a\\b ä".as_bytes(), 100), "a\\\\b ä");
        assert_eq!(escaped(b"\x00\x1b\xffok", 100), "\\x00\\x1b\\xffok");
    }

    #[test]
    fn times_are_seconds() {
        for (microseconds, text) in [(1_700_000_000_000_001, "1700000000.000001"), (-1_500_000, "-1.500000")]
        {
            assert_eq!(seconds(Timestamp::from_microsecond(microseconds).unwrap()), text);
        }
    }
}
