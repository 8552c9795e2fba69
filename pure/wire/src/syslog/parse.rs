//! Bytes to messages.

use super::message::Message;

/// The longest message that is waited for.
pub(super) const MESSAGE_MAX: usize = 64 << 10;

/// A message: its priority between signs (RFC 5424 clause 6.2.1), and its text.
pub(super) fn parse_message(bytes: &[u8]) -> Option<Message<'_>> {
    let rest = bytes.strip_prefix(b"<")?;
    let end = rest.iter().take(4).position(|byte| *byte == b'>')?;
    let digits = std::str::from_utf8(rest.get(..end)?).ok()?;
    // `+7` is a number too, but none here.
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let priority = digits.parse().ok().filter(|priority| *priority <= 191)?;
    Some(Message { priority, text: rest.get(end + 1..)? })
}

/// What stands at the beginning of a stream's bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    /// A message, and how many bytes it took.
    Whole(&'a [u8], usize),
    /// The beginning of one, and whether it looks like it.
    Part(bool),
    /// None.
    Wrong,
}

/// A message by its length, or up to the end of a line (RFC 6587 clause 3.4).
pub(super) fn parse_frame(bytes: &[u8]) -> Frame<'_> {
    match bytes {
        [] => Frame::Part(true),
        [b'<', ..] => {
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | 0));
            match end.and_then(|end| Some((bytes.get(..end)?, end + 1))) {
                Some((message, length)) => {
                    Frame::Whole(message.strip_suffix(b"\r").unwrap_or(message), length)
                }
                None if bytes.len() > MESSAGE_MAX => Frame::Wrong,
                None => Frame::Part(bytes.len() < 6 || parse_message(bytes).is_some()),
            }
        }
        [b'1'..=b'9', ..] => {
            let end = bytes.iter().take(6).position(|byte| !byte.is_ascii_digit());
            let Some(end) = end else {
                return if bytes.len() < 6 { Frame::Part(true) } else { Frame::Wrong };
            };
            let length = bytes
                .get(..end)
                .and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<usize>().ok())
                .filter(|length| bytes.get(end) == Some(&b' ') && *length <= MESSAGE_MAX);
            let Some(length) = length else { return Frame::Wrong };
            match bytes.get(end + 1..end + 1 + length) {
                Some(message) => Frame::Whole(message, end + 1 + length),
                None => Frame::Part(bytes.get(end + 1).is_none_or(|first| *first == b'<')),
            }
        }
        _ => Frame::Wrong,
    }
}
