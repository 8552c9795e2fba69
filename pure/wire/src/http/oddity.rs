//! What is odd in a request or a reply, by the names of Zeek's weird.log: what may be read one way by a server and
//! another way by what stands before it (RFC 9112 clause 11).

use super::body::Range;
use super::message::{Headers, RequestLine, StatusLine};
use super::parse::parse_content_length;
use crate::dialogue::Out;
use crate::show::{VALUE_BYTES_MAX, readable};

/// Who finds it.
const HTTP: &str = "HTTP";

/// The methods that Zeek does not find odd (`HTTP::http_methods`).
const KNOWN: [&[u8]; 21] = [
    b"BMOVE",
    b"CONNECT",
    b"COPY",
    b"DELETE",
    b"GET",
    b"HEAD",
    b"LOCK",
    b"MKCOL",
    b"MOVE",
    b"OPTIONS",
    b"POLL",
    b"POST",
    b"PROPFIND",
    b"PROPPATCH",
    b"PUT",
    b"QUERY",
    b"REPORT",
    b"SEARCH",
    b"SUBSCRIBE",
    b"TRACE",
    b"UNLOCK",
];

/// Looks at a request's line and at its headers.
pub fn of_request(line: RequestLine<'_>, headers: Headers<'_>, out: &mut Out<'_>) {
    if !out.wants_logs() {
        return;
    }
    if line.version.is_none() && line.method != b"GET" {
        out.weird(HTTP, "invalid_http_09_request_method", &readable(line.method, VALUE_BYTES_MAX));
    }
    if line.version.is_some() && !KNOWN.contains(&line.method) {
        out.weird(HTTP, "unknown_HTTP_method", &readable(line.method, VALUE_BYTES_MAX));
    }
    of_target(line.target, out);
    of_length(headers, out);
}

/// Looks at a reply's line and at its headers.
pub fn of_reply(line: StatusLine<'_>, headers: Headers<'_>, out: &mut Out<'_>) {
    if !out.wants_logs() {
        return;
    }
    of_length(headers, out);
    if let Err((name, value)) = range(line, headers) {
        out.weird(HTTP, name, &readable(value, VALUE_BYTES_MAX));
    }
}

/// Zeek's name for something odd, and the value that is.
type Odd<'h> = (&'static str, &'h [u8]);

/// What a range of something longer was answered with, or what is odd.
pub fn range<'h>(line: StatusLine<'_>, headers: Headers<'h>) -> Result<Option<Range>, Odd<'h>> {
    if line.status != 206 {
        return Ok(None);
    }
    let value = headers.first("content-range").and_then(|value| value.strip_prefix(b"bytes "));
    let Some(value) = value else { return Ok(None) };
    let length = headers.first("content-length").and_then(parse_content_length);
    match of_range(value.trim_ascii(), length) {
        Ok(range) => Ok(Some(range)),
        Err(MISMATCH) => Err((MISMATCH, b"")),
        Err(name) => Err((name, value)),
    }
}

/// A line that is no request's.
pub fn of_no_request(line: &[u8], out: &mut Out<'_>) {
    let last = line.trim_ascii_end().rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    let has_version = matches!(last, [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9']);
    let name = if has_version { "bad_HTTP_request_with_version" } else { "bad_HTTP_request" };
    out.weird(HTTP, name, "");
    out.gives_up(HTTP, "not a http request line", "");
}

/// The size of a chunk that is none.
pub fn of_chunk_size(rest: &[u8], out: &mut Out<'_>) {
    if out.wants_logs() {
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
        out.weird(HTTP, "HTTP_bad_chunk_size", &readable(line, VALUE_BYTES_MAX));
    }
}

/// One end that speaks two versions in one conversation.
pub fn of_versions(out: &mut Out<'_>) {
    out.weird(HTTP, "HTTP_version_mismatch", "");
}

/// How the length of a body is said (RFC 9112 clause 6.3).
fn of_length(headers: Headers<'_>, out: &mut Out<'_>) {
    let Some(length) = headers.first("content-length") else { return };
    let digits = length.trim_ascii();
    if parse_content_length(digits).is_none() {
        out.weird(HTTP, "HTTP_bad_content_length", &readable(digits, VALUE_BYTES_MAX));
    } else if digits.len() > 1 && digits.starts_with(b"0") {
        out.weird(HTTP, "HTTP_content_length_leading_zeros", &readable(digits, VALUE_BYTES_MAX));
    }
    if headers
        .first("transfer-encoding")
        .is_some_and(|value| value.to_ascii_lowercase().ends_with(b"chunked"))
    {
        out.weird(HTTP, "HTTP_content_length_and_chunked", "");
    }
}

const MISMATCH: &str = "HTTP_range_not_matching_len";

/// Reads a range (RFC 9110 clause 14.4), `first-last/complete`, or says what is odd in it.
fn of_range(range: &[u8], length: Option<u64>) -> Result<Range, &'static str> {
    const STRANGE: Result<Range, &str> = Err("HTTP_content_range_cannot_parse");
    let Some((ends, complete)) = std::str::from_utf8(range).ok().and_then(|range| range.split_once('/'))
    else {
        return STRANGE;
    };
    let (Some((first, last)), true) = (ends.split_once('-'), complete == "*" || is_number(complete)) else {
        return STRANGE;
    };
    let (Ok(first), Ok(last)) = (first.parse::<i64>(), last.parse::<i64>()) else { return STRANGE };
    if last < 0 {
        return Err("HTTP_content_range_invalid");
    }
    if last < first {
        return Err("HTTP_non_positive_content_range");
    }
    let Some(span) = last.checked_sub(first).and_then(|span| span.checked_add(1)) else {
        return Err("HTTP_content_range_overflow");
    };
    if length.is_some_and(|length| u64::try_from(span) != Ok(length)) {
        return Err(MISMATCH);
    }
    let Ok(start) = u64::try_from(first) else { return STRANGE };
    Ok(Range { start, whole: complete.parse().ok() })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// How a target is encoded (RFC 3986 clauses 2.1 to 2.3).
fn of_target(target: &[u8], out: &mut Out<'_>) {
    let mut rest = target;
    let mut found = [false; 5];
    const NAMES: [&str; 5] = [
        "illegal_%_at_end_of_URI",
        "partial_escape_at_end_of_URI",
        "double_%_in_URI",
        "unescaped_%_in_URI",
        "unescaped_special_URI_char",
    ];
    while let [first, behind @ ..] = rest {
        let (odd, used) = match (first, behind) {
            (b'%', []) => (Some(0), 1),
            (b'%', [b'%', ..]) => (Some(2), 2),
            (b'%', [_]) => (Some(1), 2),
            (b'%', [a, b, ..]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => (None, 3),
            // A code point, as some browsers have it.
            (b'%', [b'u', a, b, c, d, ..]) if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) => {
                (None, 6)
            }
            (b'%', _) => (Some(3), 2),
            (byte, _) if byte.is_ascii_alphanumeric() || b";/?:@&=+$,-_.!~*'()".contains(byte) => (None, 1),
            _ => (Some(4), 1),
        };
        if let Some(place) = odd.and_then(|odd: usize| found.get_mut(odd)) {
            *place = true;
        }
        rest = rest.get(used..).unwrap_or_default();
    }
    for (name, _) in NAMES.into_iter().zip(found).filter(|(_, found)| *found) {
        out.weird(HTTP, name, "");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::READER;
    use crate::rehearse;
    use city::Observed;

    #[test]
    fn ranges_contradict_themselves_in_several_ways() {
        for (range, length, name) in [
            ("0-4/33", Some(5), None),
            ("0-4/*", None, None),
            ("0-4/33", Some(33), Some(MISMATCH)),
            ("4-0/33", None, Some("HTTP_non_positive_content_range")),
            ("0--5/*", None, Some("HTTP_content_range_invalid")),
            ("a-b/c", None, Some("HTTP_content_range_cannot_parse")),
            ("0-9223372036854775807/*", None, Some("HTTP_content_range_overflow")),
        ] {
            assert_eq!(of_range(range.as_bytes(), length).err(), name, "{range}");
        }
    }

    #[test]
    fn what_is_odd_is_told_by_name() {
        let names = |request: &[u8]| -> Vec<String> {
            let facts = rehearse::stream(&READER, 80, &[(crate::dialogue::Side::Source, request)]);
            let weird = facts.iter().filter_map(|fact| match fact {
                Observed::Message(message) if message.log == "weird" => Some(message),
                _ => None,
            });
            weird.filter_map(|message| message.fields.first().map(|(_, name)| name.to_string())).collect()
        };
        let head = |target: &str, more: &str| {
            names(format!("GET {target} HTTP/1.1\r\nHost: pump.example\r\n{more}\r\n").as_bytes())
        };
        assert_eq!(head("/a%20b", ""), [""; 0]);
        assert_eq!(head("/%", ""), ["illegal_%_at_end_of_URI"]);
        assert_eq!(head("/%5", ""), ["partial_escape_at_end_of_URI"]);
        assert_eq!(
            head("/%%/%zz|", ""),
            ["double_%_in_URI", "unescaped_%_in_URI", "unescaped_special_URI_char"]
        );
        assert_eq!(head("/", "Content-Length: -1\r\n"), ["HTTP_bad_content_length"]);
        assert_eq!(
            head("/", "Content-Length: 010\r\nTransfer-Encoding: chunked\r\n"),
            ["HTTP_content_length_leading_zeros", "HTTP_content_length_and_chunked"]
        );
        assert_eq!(head("/", "Transfer-Encoding: chunked\r\n\r\nzz\r\n"), ["HTTP_bad_chunk_size"]);
        assert_eq!(names(b"POST /old\r\n"), ["invalid_http_09_request_method"]);
    }
}
