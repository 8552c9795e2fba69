//! What Suricata has an event of: each message, with the description of a session (SDP, RFC 8866) that it carries.

use super::address::mask;
use crate::dialogue::Fields;
use crate::http::Headers;
use crate::secret;
use crate::show::escaped;
use crate::text_head::{First, Head};
use city::Text;
use compact_str::format_compact;

/// The longest body that is waited for; descriptions of sessions have a few hundred bytes.
pub(super) const BODY_MAX: u64 = 16 << 10;

/// The longest line.
const LINE_MAX: usize = 1_024;

/// How many lines are told of.
const LINES_MAX: usize = 512;

/// The fields of a message's head.
pub(super) fn of(head: &Head<'_>) -> Fields {
    let mut fields = Fields::default();
    let line = mask(head.line).0;
    let mut words = head.line.split(|byte| *byte == b' ');
    match head.first {
        First::Request { method, target } => {
            fields.put("method", escaped(method, LINE_MAX));
            fields.put("uri", mask(target).0);
            fields.put("version", escaped(words.next_back().unwrap_or_default(), LINE_MAX));
            fields.put("request-line", line);
        }
        First::Reply { status, reason } => {
            fields.put("version", escaped(words.next().unwrap_or_default(), LINE_MAX));
            fields.show("code", format_args!("{status:03}"));
            fields.put("reason", escaped(reason, LINE_MAX));
            fields.put("response-line", line);
        }
    }
    fields
}

/// Whether a message says that its body describes a session.
pub(super) fn describes_session(headers: Headers<'_>) -> bool {
    let kind = headers.first("content-type").or_else(|| headers.first("c")).unwrap_or_default();
    kind.split(|byte| *byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii()
        .eq_ignore_ascii_case(b"application/sdp")
}

/// Adds the lines of a description, without what keys are in it.
pub(super) fn put_session(fields: &mut Fields, body: &[u8]) {
    for line in body.split(|byte| *byte == b'\n').take(LINES_MAX) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let [_, b'=', value @ ..] = line {
            fields.put("sdp", if is_secret(line) { hidden(line) } else { escaped_line(line, value) });
        }
    }
}

/// A line as it may be shown: an address in it may have a password.
fn escaped_line(line: &[u8], value: &[u8]) -> Text {
    match line {
        [b'u', ..] => format_compact!("u={}", mask(value).0),
        _ => escaped(line, LINE_MAX),
    }
}

/// Whether a line has a key (RFC 4566 clause 5.12, RFC 4568) or a password (RFC 8839 clause 5.4).
fn is_secret(line: &[u8]) -> bool {
    match line {
        [b'k', b'=', value @ ..] => value != b"prompt",
        [b'a', b'=', value @ ..] => {
            let name = value.split(|byte| *byte == b':').next().unwrap_or_default();
            name.eq_ignore_ascii_case(b"crypto") || value.len() > name.len() && secret::is_named_by(name)
        }
        _ => false,
    }
}

/// A line of which only the name is shown.
fn hidden(line: &[u8]) -> Text {
    let name = match line {
        [b'k', ..] => &b"k="[..],
        _ => line.split_inclusive(|byte| *byte == b':').next().unwrap_or_default(),
    };
    format_compact!("{}(hidden)", escaped(name, LINE_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_not_told() {
        let mut fields = Fields::default();
        put_session(
            &mut fields,
            b"v=0\r\nk=clear:abc\r\nk=prompt\r\na=crypto:1 AES inline:abc\r\na=ice-pwd:abc\r\na=sendrecv\r\nx\r\n",
        );
        let mut expected = Fields::default();
        for line in ["v=0", "k=(hidden)", "k=prompt", "a=crypto:(hidden)", "a=ice-pwd:(hidden)", "a=sendrecv"]
        {
            expected.put("sdp", line);
        }
        assert_eq!(format!("{fields:?}"), format!("{expected:?}"));
    }
}
