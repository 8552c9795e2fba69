//! Bytes to heads.

use super::message::{RequestLine, StatusLine};

/// The longest head that is waited for, in bytes. Servers refuse more than 8 to 64 KiB.
pub const HEAD_MAX: usize = 64 << 10;

/// The longest method; those in use have at most ten letters.
const METHOD_MAX: usize = 32;

/// Reads the first line of a request. Spaces inside the target, which RFC 9112 clause 3.2 forbids, are left there.
pub fn parse_request_line(line: &[u8]) -> Option<RequestLine<'_>> {
    let line = line.trim_ascii();
    let space = line.iter().position(|byte| *byte == b' ')?;
    let (method, rest) = line.split_at_checked(space)?;
    if method.is_empty() || method.len() > METHOD_MAX || !method.iter().all(|byte| is_token(*byte)) {
        return None;
    }
    let rest = rest.trim_ascii();
    let (target, version) =
        match rest.iter().rposition(|byte| *byte == b' ').and_then(|at| rest.split_at_checked(at)) {
            Some((target, last)) => match parse_version(last.trim_ascii()) {
                Some(version) => (target.trim_ascii(), Some(version)),
                None => (rest, None),
            },
            None => (rest, None),
        };
    (!target.is_empty()).then_some(RequestLine { method, target, version })
}

/// Reads the first line of a reply.
pub fn parse_status_line(line: &[u8]) -> Option<StatusLine<'_>> {
    let mut words = line.trim_ascii().splitn(3, |byte| *byte == b' ');
    let version = parse_version(words.next()?)?;
    let status = words.next()?;
    let status = std::str::from_utf8(status).ok().filter(|digits| digits.len() == 3)?.parse().ok()?;
    Some(StatusLine { version, status, reason: words.next().unwrap_or_default().trim_ascii() })
}

/// The digits of `HTTP/1.1`.
fn parse_version(word: &[u8]) -> Option<&[u8]> {
    let version = word.strip_prefix(b"HTTP/")?;
    let is_number = version.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    ((1..=8).contains(&version.len()) && is_number).then_some(version)
}

/// A character of a token (RFC 9110 clause 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Finds the end of the first line: where the next one begins. `from` is how many bytes were searched in vain before.
pub fn find_line_end(bytes: &[u8], from: usize) -> Option<usize> {
    Some(from + bytes.get(from..)?.iter().position(|byte| *byte == b'\n')? + 1)
}

/// Finds the end of a head (RFC 9112 clause 2.1), behind the empty line, whether lines end with CR LF or only LF.
/// `line` is the end of the first line, `from` how many bytes were searched in vain before.
pub fn find_head_end(bytes: &[u8], line: usize, from: usize) -> Option<usize> {
    // The end mark may have begun three bytes before.
    let mut at = from.saturating_sub(3).max(line.saturating_sub(1));
    loop {
        let newline = at + bytes.get(at..)?.iter().position(|byte| *byte == b'\n')?;
        match bytes.get(newline + 1..)? {
            [b'\n', ..] => return Some(newline + 2),
            [b'\r', b'\n', ..] => return Some(newline + 3),
            _ => at = newline + 1,
        }
    }
}

/// Reads the size of a chunk (RFC 9112 clause 7.1): hexadecimal, perhaps with extensions behind a semicolon.
pub fn parse_chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| *byte == b';').next()?.trim_ascii();
    if digits.is_empty() || digits.len() > 16 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Reads `Content-Length`; of a list of equal numbers the first (RFC 9112 clause 6.3). What no body can be as long as is
/// no length.
pub fn parse_content_length(value: &[u8]) -> Option<u64> {
    let first = value.split(|byte| *byte == b',').next()?.trim_ascii();
    if !first.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(first).ok()?.parse().ok().filter(|length| i64::try_from(*length).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn request_lines_are_read_however_they_are_written() {
        let read = |line: &[u8]| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let line = parse_request_line(line)?;
            Some(format!("{}|{}|{:?}", text(line.method), text(line.target), line.version.map(text)))
        };
        assert_eq!(read(b"GET / HTTP/1.1\r").as_deref(), Some("GET|/|Some(\"1.1\")"));
        assert_eq!(read(b"GET  /a b  HTTP/1.0").as_deref(), Some("GET|/a b|Some(\"1.0\")"));
        assert_eq!(read(b"GET /old").as_deref(), Some("GET|/old|None"));
        assert_eq!(read(b"GET"), None);
        assert_eq!(read(b"G(T / HTTP/1.1"), None);
    }

    #[test]
    fn status_lines_are_read_with_and_without_words() {
        assert_eq!(
            parse_status_line(b"HTTP/1.1 404 Not Found\r").map(|l| (l.status, l.reason)),
            Some((404, &b"Not Found"[..]))
        );
        assert_eq!(parse_status_line(b"HTTP/1.0 200").map(|l| (l.status, l.reason)), Some((200, &b""[..])));
        assert_eq!(parse_status_line(b"HTTP/1.1 20 OK"), None);
        assert_eq!(parse_status_line(b"SIP/2.0 200 OK"), None);
    }

    #[test]
    fn the_end_of_a_head_is_found_with_either_line_end() {
        for (head, end) in [
            (&b"a\r\n\r\nb"[..], Some((3, 5))),
            (b"a\n\nb", Some((2, 3))),
            (b"a\r\nb: c\r\n\r\n", Some((3, 11))),
            (b"a\r\n\r", None),
        ] {
            let line = find_line_end(head, 0).unwrap();
            for from in 0..=head.len() {
                if find_head_end(&head[..from], line, 0).is_none() {
                    assert_eq!(
                        find_head_end(head, line, from).map(|end| (line, end)),
                        end,
                        "{head:?} {from}"
                    );
                }
            }
        }
    }

    #[test]
    fn sizes_and_lengths_are_strict_about_digits() {
        assert_eq!(parse_chunk_size(b"1aF;name=x\r"), Some(0x1af));
        assert_eq!(parse_chunk_size(b"+1"), None);
        assert_eq!(parse_chunk_size(b""), None);
        assert_eq!(parse_content_length(b"42, 42"), Some(42));
        assert_eq!(parse_content_length(b"-1"), None);
        assert_eq!(parse_content_length(b"99999999999999999999999"), None);
    }

    proptest! {
        #[test]
        fn nothing_that_arrives_makes_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), from in 0_usize..300) {
            let _ = parse_request_line(&bytes);
            let _ = parse_status_line(&bytes);
            let _ = parse_chunk_size(&bytes);
            let _ = parse_content_length(&bytes);
            let line = find_line_end(&bytes, from).unwrap_or_default();
            prop_assert!(find_head_end(&bytes, line, from).is_none_or(|end| end <= bytes.len()));
        }
    }
}
