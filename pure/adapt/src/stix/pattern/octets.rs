//! Octets and their two written forms.

use base64::{Engine, engine::general_purpose::STANDARD};

/// Pairs of hexadecimal digits, of either case.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits?;
    let (pairs, odd) = digits.as_chunks::<2>();
    odd.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// Lower-case hexadecimal digits.
pub(super) fn to_hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Base64 with its padding.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Base64 with its padding.
pub(super) fn to_base64(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

/// The octets whose values are the text's code points; none if one is above 255.
pub(super) fn from_text(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

/// The text whose code points are the octets' values, so that an expression for text can be tried on octets.
pub(super) fn to_text(octets: &[u8]) -> String {
    octets.iter().map(|octet| char::from(*octet)).collect()
}
