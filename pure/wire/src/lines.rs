//! Lines, and replies of three digits, as FTP (RFC 959 clause 4.2) and SMTP (RFC 5321 clause 4.2) have them.

use crate::dialogue::Side;
use crate::flow::Ends;
use crate::footing::Walk;

/// The longest line that is waited for.
pub(crate) const LINE_MAX: usize = 8 << 10;

/// A line without its end, and how many bytes it took with it.
pub(crate) fn parse_line(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line = bytes.get(..end)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), end + 1))
}

/// Whether bytes can be the beginning of lines that people could read.
pub(crate) fn may_be_lines(bytes: &[u8]) -> bool {
    let is_readable = |byte: &u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    bytes.len() <= LINE_MAX && bytes.iter().all(is_readable)
}

/// The lines in one conversation's streams.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// Sides of which part of a line was not seen.
    torn: Ends<bool>,
}

impl Lines {
    /// The next whole line. The rest of one of which a part was not seen is none, and neither is one without end.
    pub(crate) fn next<'a>(&mut self, side: Side, walk: &mut Walk<'a>) -> Option<&'a [u8]> {
        let torn = self.torn.of_mut(side);
        while let Some((line, length)) = parse_line(walk.rest()) {
            walk.step(length);
            if !std::mem::take(torn) {
                return Some(line);
            }
        }
        let left = walk.rest().len();
        if left > LINE_MAX {
            *torn = true;
            walk.step(left);
        }
        None
    }

    /// Part of a side's stream was not seen.
    pub(crate) fn gap(&mut self, side: Side) {
        *self.torn.of_mut(side) = true;
    }
}

/// One line of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReplyLine<'a> {
    pub(crate) code: u16,
    /// Whether more lines of the same reply follow.
    pub(crate) more: bool,
    pub(crate) text: &'a [u8],
}

/// A line that begins with a code: `220 ready`, `220-more`.
pub(crate) fn parse_reply_line(line: &[u8]) -> Option<ReplyLine<'_>> {
    let ([a @ b'1'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9'], rest) = line.split_first_chunk::<3>()? else {
        return None;
    };
    let code = [a, b, c].iter().fold(0, |code, digit| code * 10 + u16::from(**digit - b'0'));
    match rest {
        [] => Some(ReplyLine { code, more: false, text: rest }),
        [b' ', text @ ..] => Some(ReplyLine { code, more: false, text }),
        [b'-', text @ ..] => Some(ReplyLine { code, more: true, text }),
        _ => None,
    }
}

/// A command's word in capitals and what follows it.
pub(crate) fn parse_command(line: &[u8]) -> (Vec<u8>, &[u8]) {
    let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    let (word, rest) = line.split_at_checked(end).unwrap_or((line, &[]));
    (word.to_ascii_uppercase(), rest.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_torn_or_endless_is_no_line() {
        let mut lines = Lines::default();
        let mut read = |bytes: &[u8]| {
            let mut walk = Walk::of(bytes);
            let found: Vec<String> = std::iter::from_fn(|| lines.next(Side::Source, &mut walk))
                .map(|line| String::from_utf8_lossy(line).into_owned())
                .collect();
            (found, bytes.len() - walk.rest().len())
        };
        assert_eq!(read(b"a\r\nb\nc"), (vec!["a".into(), "b".into()], 5));
        assert_eq!(read(&[b'x'; LINE_MAX + 1]), (vec![], LINE_MAX + 1));
        assert_eq!(read(b"xx\nd\n"), (vec!["d".into()], 5));
        lines.gap(Side::Source);
        let mut walk = Walk::of(b"rest\ne\n");
        assert_eq!(lines.next(Side::Source, &mut walk), Some(&b"e"[..]));
    }

    #[test]
    fn a_reply_line_has_three_digits_and_says_whether_more_follow() {
        let of = |line: &'static [u8]| parse_reply_line(line).map(|line| (line.code, line.more, line.text));
        assert_eq!(of(b"220 ready"), Some((220, false, &b"ready"[..])));
        assert_eq!(of(b"250-SIZE"), Some((250, true, &b"SIZE"[..])));
        assert_eq!(of(b"250"), Some((250, false, &b""[..])));
        for wrong in [&b"230_x"[..], b"SYST", b"620 x", b"22", b"2 0 x"] {
            assert_eq!(of(wrong), None);
        }
        assert_eq!(parse_line(b"a\r\nb"), Some((&b"a"[..], 3)));
        assert!(may_be_lines(b"220 ready\r\n") && !may_be_lines(b"\x16\x03\x01"));
        assert_eq!(parse_command(b"user  lamp "), (b"USER".to_vec(), &b"lamp"[..]));
    }
}
