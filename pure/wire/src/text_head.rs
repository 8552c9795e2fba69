//! The head of a message of SIP (RFC 3261 clause 7) or RTSP (RFC 7826 clause 5), which are made like those of HTTP.

use crate::dialogue::{Progress, Side};
use crate::flow::Ends;
use crate::footing::Walk;
use crate::http::Headers;

/// The longest head that is waited for.
pub(crate) const HEAD_MAX: usize = 64 << 10;

/// The longest method.
const METHOD_MAX: usize = 32;

/// What is a protocol's own in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Syntax {
    /// How its version begins: `SIP/`.
    pub(crate) version: &'static [u8],
    /// Bytes that may stand between messages.
    pub(crate) fillers: &'static [u8],
    /// Another name of the header that says how long the body is.
    pub(crate) length: &'static str,
}

/// The heads in one conversation's streams.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    /// Sides of which the next head must be found behind a gap.
    searching: Ends<bool>,
}

impl Heads {
    /// The next head and how long the body behind it is; or how far the stream was read, without one.
    pub(crate) fn next<'a>(
        &mut self,
        side: Side,
        walk: &mut Walk<'a>,
        syntax: &Syntax,
    ) -> Result<(Head<'a>, u64), Progress> {
        let searching = self.searching.of_mut(side);
        loop {
            walk.pass(syntax.fillers);
            let rest = walk.rest();
            match parse_head(rest, syntax.version) {
                _ if rest.is_empty() => return Err(walk.rests()),
                Found::Head(head, length) => {
                    *searching = false;
                    walk.step(length);
                    return Ok((head, body_length(head.headers, syntax.length)));
                }
                Found::More => return Err(walk.rests()),
                Found::Nothing if *searching => {
                    walk.step(
                        rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |line| line + 1),
                    );
                }
                Found::Nothing => return Err(Progress::Lost),
            }
        }
    }

    /// Whether the next head of a side must be found.
    pub(crate) fn searches(&self, side: Side) -> bool {
        *self.searching.of(side)
    }

    /// Part of a side's stream was not seen.
    pub(crate) fn gap(&mut self, side: Side) {
        *self.searching.of_mut(side) = true;
    }
}

/// A head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    pub(crate) first: First<'a>,
    /// The first line, as it was sent.
    pub(crate) line: &'a [u8],
    pub(crate) headers: Headers<'a>,
}

/// Its first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First<'a> {
    Request { method: &'a [u8], target: &'a [u8] },
    Reply { status: u16, reason: &'a [u8] },
}

/// What lies at the beginning of some bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found<'a> {
    /// A head and how many bytes it takes with the empty line behind it.
    Head(Head<'a>, usize),
    /// It may become one.
    More,
    /// Something else.
    Nothing,
}

/// Finds a head of the protocol whose version begins so: `SIP/`.
pub(crate) fn parse_head<'a>(bytes: &'a [u8], version: &[u8]) -> Found<'a> {
    let Some(line_end) = bytes.iter().position(|byte| *byte == b'\n').map(|at| at + 1) else {
        return if may_begin(bytes, version) && bytes.len() <= HEAD_MAX {
            Found::More
        } else {
            Found::Nothing
        };
    };
    let (line, rest) = bytes.split_at_checked(line_end).unwrap_or_default();
    let Some(first) = parse_first(line, version) else { return Found::Nothing };
    let Some(end) = find_end(rest) else {
        return if bytes.len() <= HEAD_MAX { Found::More } else { Found::Nothing };
    };
    let headers = Headers(rest.get(..end).unwrap_or_default());
    Found::Head(Head { first, line: line.trim_ascii(), headers }, line_end + end)
}

/// A head of which the end may be missing, as in a datagram that was cut. A line that was cut is left out, since of a
/// half address nobody can tell which part is a password.
pub(crate) fn parse_whole<'a>(bytes: &'a [u8], version: &[u8]) -> Option<Head<'a>> {
    let line_end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
    let (line, rest) = bytes.split_at_checked(line_end)?;
    let first = parse_first(line, version)?;
    let last_line = || rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let end = find_end(rest).unwrap_or_else(last_line);
    Some(Head { first, line: line.trim_ascii(), headers: Headers(rest.get(..end)?) })
}

/// Reads a first line.
pub(crate) fn parse_first<'a>(line: &'a [u8], version: &[u8]) -> Option<First<'a>> {
    let line = line.trim_ascii();
    if line.starts_with(version) {
        let mut words = line.splitn(3, |byte| *byte == b' ');
        is_version(words.next()?, version).then_some(())?;
        let digits = words.next().filter(|digits| digits.len() == 3)?;
        let status = std::str::from_utf8(digits).ok()?.parse().ok()?;
        return Some(First::Reply { status, reason: words.next().unwrap_or_default().trim_ascii() });
    }
    let start = line.iter().position(|byte| *byte == b' ')?;
    let end = line.iter().rposition(|byte| *byte == b' ')?;
    is_version(line.get(end + 1..)?, version).then_some(())?;
    let (method, target) = (line.get(..start)?, line.get(start..end)?.trim_ascii());
    let is_method =
        method.len() <= METHOD_MAX && !method.is_empty() && method.iter().all(|byte| is_token(*byte));
    (is_method && !target.is_empty()).then_some(First::Request { method, target })
}

fn is_version(word: &[u8], version: &[u8]) -> bool {
    let number = word.strip_prefix(version).unwrap_or_default();
    matches!(number, [b'0'..=b'9', b'.', b'0'..=b'9'])
}

/// A character of a token (RFC 3261 clause 25.1).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte)
}

/// Whether bytes without an end of line may become a first line: methods are in capitals.
fn may_begin(bytes: &[u8], version: &[u8]) -> bool {
    let word = bytes.split(|byte| *byte == b' ').next().unwrap_or_default();
    let is_reply = word.starts_with(version) || version.starts_with(word);
    let is_method =
        word.len() <= METHOD_MAX && word.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_');
    !word.is_empty() && (is_reply || is_method)
}

/// Finds the end of the headers, behind the empty line.
fn find_end(rest: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let line = rest.get(at..)?;
        let length = line.iter().position(|byte| *byte == b'\n')? + 1;
        at += length;
        if matches!(line.get(..length), Some([b'\n'] | [b'\r', b'\n'])) {
            return Some(at);
        }
    }
}

/// The length of the body that the headers declare, under either of two names.
pub(crate) fn body_length(headers: Headers<'_>, short: &str) -> u64 {
    let value = headers.first("Content-Length").or_else(|| headers.first(short));
    value.and_then(|value| std::str::from_utf8(value).ok()?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_found_when_it_is_whole() {
        let bytes = b"OPTIONS sip:lamp.example SIP/2.0\r\nl: 12\r\n\r\nrest";
        let Found::Head(head, used) = parse_head(bytes, b"SIP/") else { panic!() };
        assert_eq!(head.first, First::Request { method: b"OPTIONS", target: b"sip:lamp.example" });
        assert_eq!((used, body_length(head.headers, "l")), (bytes.len() - 4, 12));
        for cut in 1..used {
            assert!(matches!(parse_head(&bytes[..cut], b"SIP/"), Found::More), "{cut}");
        }
        let Found::Head(head, _) = parse_head(b"RTSP/1.0 200 OK\n\n", b"RTSP/") else { panic!() };
        assert_eq!(head.first, First::Reply { status: 200, reason: b"OK" });
        for other in
            [&b"GET / HTTP/1.1\r\n\r\n"[..], b"SIP/2.0 2000 OK\r\n\r\n", b"hello\r\n", b"\x16\x03\x01"]
        {
            assert!(matches!(parse_head(other, b"SIP/"), Found::Nothing), "{other:?}");
        }
    }
}
