//! Bodies in several parts (RFC 2046 clause 5.1), as browsers send files.

/// Parts told of one body.
const PARTS_MAX: usize = 32;

/// One part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// The name of the file that it is.
    pub filename: Option<&'a [u8]>,
    /// What it holds.
    pub content: &'a [u8],
}

/// Whether a type says that a body has parts.
pub fn is_multipart(content_type: &[u8]) -> bool {
    content_type.get(..10).is_some_and(|kind| kind.eq_ignore_ascii_case(b"multipart/"))
}

/// The parts of a body, as far as it is there.
pub fn parse_parts<'a>(body: &'a [u8], content_type: &[u8]) -> Vec<Part<'a>> {
    let Some(boundary) = parameter(content_type, b"boundary=").filter(|_| is_multipart(content_type)) else {
        return Vec::new();
    };
    let delimiter = [b"--", boundary].concat();
    let mut parts = Vec::new();
    let mut rest = find(body, &delimiter).and_then(|(_, behind)| behind.strip_prefix(b"\r\n"));
    while let Some(part) = rest
        && parts.len() < PARTS_MAX
    {
        let delimiter = [b"\r\n", delimiter.as_slice()].concat();
        let (part, behind) = match find(part, &delimiter) {
            Some((part, behind)) => (part, behind.strip_prefix(b"\r\n")),
            None => (part, None),
        };
        let (head, content) = match part.strip_prefix(b"\r\n") {
            Some(content) => (&[][..], content),
            None => find(part, b"\r\n\r\n").unwrap_or((part, &[])),
        };
        let disposition = head.split(|byte| *byte == b'\n').find(|line| {
            line.get(..20).is_some_and(|name| name.eq_ignore_ascii_case(b"content-disposition:"))
        });
        parts.push(Part { filename: disposition.and_then(filename), content });
        rest = behind;
    }
    parts
}

/// The name of a file (RFC 6266).
pub fn filename(disposition: &[u8]) -> Option<&[u8]> {
    parameter(disposition, b"filename=")
}

/// The value of a parameter behind a semicolon.
fn parameter<'a>(value: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    value.split(|byte| *byte == b';').skip(1).find_map(|parameter| {
        let parameter = parameter.trim_ascii();
        let (key, value) = parameter.split_at_checked(name.len())?;
        let value = value.strip_prefix(b"\"").unwrap_or(value);
        key.eq_ignore_ascii_case(name).then(|| value.strip_suffix(b"\"").unwrap_or(value))
    })
}

fn find<'a>(bytes: &'a [u8], wanted: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(wanted.len().max(1)).position(|window| window == wanted)?;
    Some((bytes.get(..at)?, bytes.get(at + wanted.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_with_a_file_is_taken_apart() {
        let body = b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x\r\n\
            content-disposition: form-data; name=\"b\"; filename=\"plan.txt\"\r\n\r\nplain words\r\n--x--\r\n";
        let parts = parse_parts(body, b"multipart/form-data; boundary=x");
        let shown: Vec<_> = parts.iter().map(|part| (part.filename, part.content)).collect();
        assert_eq!(shown, [(None, &b"1"[..]), (Some(&b"plan.txt"[..]), b"plain words")]);
        for end in 0..body.len() {
            parse_parts(&body[..end], b"multipart/form-data; boundary=\"x\"");
        }
        assert_eq!(parse_parts(body, b"text/plain; boundary=x"), []);
        assert_eq!(parse_parts(body, b"multipart/mixed; boundary="), []);
    }
}
