//! A text in JSON, of which most need nothing escaped.

use std::{fmt::Display, io::Write};

/// Appends a text with quotation marks around it.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    if is_plain(text.as_bytes()) {
        plain(out, text);
    } else {
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(out, text);
    }
}

/// Appends what something shows as a text.
pub(crate) fn shown(out: &mut Vec<u8>, value: &impl Display) {
    let begin = out.len();
    out.push(b'"');
    // Writing to memory cannot fail.
    let _ = write!(out, "{value}");
    if out.get(begin + 1..).is_some_and(is_plain) {
        out.push(b'"');
    } else {
        out.truncate(begin);
        string(out, &value.to_string());
    }
}

/// Whether there is nothing that JSON would have escaped.
fn is_plain(text: &[u8]) -> bool {
    // Looked at to the end, not up to the first that is not plain: that is many bytes at a time.
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    text.iter().fold(true, |all, byte| all & is_plain(*byte))
}

/// Appends a text that has nothing that JSON would have escaped.
pub(crate) fn plain(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_escaped_where_it_must_be() {
        for text in ["", "plain", "ünïcode", "a \"quote\"", "back\\slash", "line\nend", "\u{0}\u{7f}"] {
            let mut out = Vec::new();
            string(&mut out, text);
            assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(text).unwrap());
            let mut out = Vec::new();
            shown(&mut out, &text);
            assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(text).unwrap());
        }
    }
}
