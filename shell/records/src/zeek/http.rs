//! Zeek's http.log.

use super::{
    dns::timestamp,
    log::{Head, Log},
    row::{Row, detail, details},
    tunnel,
};
use city::{Flow, Request};

pub(super) const LOGS: &[Log] = &[Log {
    path: "http",
    head: Head::Ends,
    columns: &[
        ("trans_depth", "count"),
        ("method", "string"),
        ("host", "string"),
        ("uri", "string"),
        ("referrer", "string"),
        ("version", "string"),
        ("user_agent", "string"),
        ("origin", "string"),
        ("request_body_len", "count"),
        ("response_body_len", "count"),
        ("status_code", "count"),
        ("status_msg", "string"),
        ("info_code", "count"),
        ("info_msg", "string"),
        ("tags", "set[enum]"),
        ("username", "string"),
        ("password", "string"),
        ("proxied", "set[string]"),
        ("orig_fuids", "vector[string]"),
        ("orig_filenames", "vector[string]"),
        ("orig_mime_types", "vector[string]"),
        ("resp_fuids", "vector[string]"),
        ("resp_filenames", "vector[string]"),
        ("resp_mime_types", "vector[string]"),
        ("client_header_names", "vector[string]"),
        ("server_header_names", "vector[string]"),
    ],
}];

/// The rows of a request with its reply. What a proxy opens for a client is a tunnel to Zeek.
pub(super) fn rows(request: &Request) -> Vec<Row> {
    let mut rows = vec![row(request)];
    let is_open = detail(request, "status").is_some_and(|status| status.starts_with('2'));
    if is_open && detail(request, "method") == Some("CONNECT") {
        rows.push(tunnel::discovered(Flow { source_port: 0, ..request.conversation() }, "Tunnel::HTTP"));
    }
    rows
}

/// The row of http.log. The password is never written; Zeek leaves it out too, unless told otherwise.
fn row(request: &Request) -> Row {
    let mut row = Row::of(request, "http", true);
    row.time = detail(request, "asked").and_then(timestamp);
    row.maybe("trans_depth", detail(request, "depth"));
    row.maybe_text("method", detail(request, "method"));
    row.maybe_text("host", detail(request, "host"));
    row.maybe("uri", detail(request, "uri").map(decoded));
    row.maybe_text("referrer", detail(request, "referrer"));
    row.maybe_text("user_agent", detail(request, "user-agent"));
    row.maybe_text("origin", detail(request, "origin"));
    row.put("request_body_len", detail(request, "request-length").unwrap_or("0"));
    // Zeek counts a body without its compression.
    let unpacked = detail(request, "response-unpacked-length");
    let length = unpacked.or(detail(request, "response-length"));
    row.put("response_body_len", length.unwrap_or("0"));
    // Zeek has the version from the reply.
    match (detail(request, "version"), detail(request, "response-version")) {
        (_, Some(version)) => row.text("version", version),
        (Some("0.9"), None) => {
            row.put("version", "0.9");
            row.put("status_code", "0");
            row.put("status_msg", "<empty>");
        }
        _ => {}
    }
    row.maybe("status_code", detail(request, "status"));
    row.maybe_text("status_msg", detail(request, "reason").map(or_empty));
    row.maybe("info_code", detail(request, "info-status"));
    row.maybe_text("info_msg", detail(request, "info-reason").map(or_empty));
    row.put("tags", "");
    if detail(request, "auth").is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic")) {
        row.maybe_text("username", detail(request, "user"));
    }
    for proxied in details(request, "proxied") {
        row.text("proxied", proxied);
    }
    for (column, key) in [
        ("orig_filenames", "request-filename"),
        ("orig_mime_types", "request-mime"),
        ("resp_filenames", "response-filename"),
        ("resp_mime_types", if unpacked.is_some() { "response-unpacked-mime" } else { "response-mime" }),
        ("client_header_names", "request-header"),
        ("server_header_names", "response-header"),
    ] {
        for value in details(request, key) {
            row.text(column, value);
        }
    }
    row
}

/// Zeek's word for a reason that is not given.
fn or_empty(reason: &str) -> &str {
    if reason.is_empty() { "<empty>" } else { reason }
}

/// A target without percent encoding (RFC 3986 clause 2.1).
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (byte, part.get(2..)) {
            (Some(byte), Some(rest)) => {
                bytes.push(byte);
                bytes.extend(rest.as_bytes());
            }
            _ => bytes.extend([b"%", part.as_bytes()].concat()),
        }
    }
    escaped(&bytes)
}

/// Bytes as text, with `\xNN` for what is no sign and a backslash twice.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' => text.push_str("\\\\"),
                character if character.is_ascii_control() => {
                    text.push_str(&format!("\\x{:02x}", u32::from(character)));
                }
                character => text.push(character),
            }
        }
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_decoded() {
        assert_eq!(decoded("/a%20b%5c%00%ff%5"), "/a b\\\\\\x00\\xff%5");
    }
}
