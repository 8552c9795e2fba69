//! What a message of HTTP is: RFC 9112, with the methods of RFC 9110 and its extensions.

use city::Verb;

/// A method, by its name.
pub struct Method;

impl Method {
    /// The methods in use: RFC 9110 clause 9, RFC 5789, WebDAV (RFC 4918 and its extensions), and a few more.
    const USUAL: [(&[u8], Verb); 26] = [
        (b"ACL", Verb::Write),
        (b"CHECKOUT", Verb::Write),
        (b"CONNECT", Verb::Transfer),
        (b"COPY", Verb::Write),
        (b"DELETE", Verb::Write),
        (b"GET", Verb::Read),
        (b"HEAD", Verb::Read),
        (b"LOCK", Verb::Write),
        (b"MERGE", Verb::Write),
        (b"MKCALENDAR", Verb::Write),
        (b"MKCOL", Verb::Write),
        (b"MOVE", Verb::Write),
        (b"OPTIONS", Verb::Discover),
        (b"PATCH", Verb::Write),
        (b"POST", Verb::Operate),
        (b"PRI", Verb::Discover),
        (b"PROPFIND", Verb::Read),
        (b"PROPPATCH", Verb::Write),
        (b"PURGE", Verb::Operate),
        (b"PUT", Verb::Write),
        (b"QUERY", Verb::Read),
        (b"REPORT", Verb::Read),
        (b"SEARCH", Verb::Read),
        (b"TRACE", Verb::Discover),
        (b"TRACK", Verb::Discover),
        (b"UNLOCK", Verb::Write),
    ];

    /// What a method does; one that nobody knows makes the server do something.
    pub fn verb(method: &[u8]) -> Verb {
        Method::USUAL.iter().find(|(name, _)| *name == method).map_or(Verb::Operate, |(_, verb)| *verb)
    }

    /// Whether a method is in use.
    pub fn is_usual(method: &[u8]) -> bool {
        Method::USUAL.iter().any(|(name, _)| *name == method)
    }

    /// Whether a method in use begins so.
    pub fn may_begin(start: &[u8]) -> bool {
        Method::USUAL.iter().any(|(name, _)| name.starts_with(start))
    }
}

/// The first line of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLine<'a> {
    /// What to do.
    pub method: &'a [u8],
    /// With what.
    pub target: &'a [u8],
    /// The digits of the version; nothing in HTTP/0.9.
    pub version: Option<&'a [u8]>,
}

/// The first line of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusLine<'a> {
    /// The digits of the version.
    pub version: &'a [u8],
    /// How it went.
    pub status: u16,
    /// The same in words.
    pub reason: &'a [u8],
}

/// The lines of a head behind the first.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a>(pub &'a [u8]);

impl<'a> Headers<'a> {
    /// Each line with a colon, as name and value. A line that begins with a space goes on where the last one ended
    /// (RFC 9112 clause 5.2).
    pub fn iter(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let mut end = 0;
            loop {
                let behind = rest.get(end..).unwrap_or_default();
                match behind.iter().position(|byte| *byte == b'\n') {
                    Some(at) => end += at + 1,
                    None => end = rest.len(),
                }
                if !matches!(rest.get(end), Some(b' ' | b'\t')) {
                    break;
                }
            }
            let (line, behind) = rest.split_at_checked(end)?;
            rest = behind;
            Some(line)
        })
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let (name, value) = line.split_at_checked(colon)?;
            Some((name.trim_ascii(), value.get(1..).unwrap_or_default().trim_ascii()))
        })
    }

    /// The value of the first header of a name, which is compared without case.
    pub fn first(self, name: &str) -> Option<&'a [u8]> {
        self.iter().find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found_without_case_and_across_folds() {
        let headers = Headers(b"Host: pump.example\r\nX-Note : a\r\n  b\r\nnonsense\r\nserver:x");
        assert_eq!(headers.first("HOST"), Some(&b"pump.example"[..]));
        assert_eq!(headers.first("x-note"), Some(&b"a\r\n  b"[..]));
        assert_eq!(headers.first("Server"), Some(&b"x"[..]));
        assert_eq!(headers.iter().count(), 3);
    }

    #[test]
    fn methods_are_what_they_do() {
        assert_eq!(Method::verb(b"GET"), Verb::Read);
        assert_eq!(Method::verb(b"BREW"), Verb::Operate);
        assert!(Method::USUAL.is_sorted_by_key(|(name, _)| *name));
    }
}
