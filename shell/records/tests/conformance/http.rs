//! HTTP, against Zeek's http.log.
//!
//! Zeek counts a compressed body as it is without compression; we count what was sent. Where a reply of a case is
//! compressed, the length of the replies' bodies is left out of the comparison.
//!
//! What differs, and why:
//!
//! | case | difference | reason |
//! |---|---|---|
//! | zeek `http-09` | Zeek has two rows more, with nothing but a depth | what it makes of the end of a body without a head; there was no request |
//! | zeek `http-11-request-then-cruft` | we have a row more | the server's reply to what was no request: seen, so told |
//! | zeek `header-names` | we have a row more | a conversation without its beginning, of which Zeek reads nothing |
//! | zeek `ssh.http-port-22` | 12,630 bytes of body, not 12,632 | as many as there are behind the head (RFC 9112 clause 6.3); Zeek adds a line end |

use crate::{
    cases,
    compare::Report,
    details::{all as details, detail},
    expected_log::Row,
    reading::{self, Reading},
};
use capture::CaptureFile;
use city::{Protocol, Request, WeaknessKind};
use std::path::Path;

/// How many cases have an http.log with all its columns.
const LOGS: usize = 25;

/// The columns that a listener can know; of passwords nothing is kept.
const COLUMNS: &[&str] = &[
    "id.orig_h",
    "id.orig_p",
    "id.resp_h",
    "id.resp_p",
    "trans_depth",
    "method",
    "host",
    "uri",
    "referrer",
    "version",
    "user_agent",
    "origin",
    "request_body_len",
    "response_body_len",
    "status_code",
    "status_msg",
    "info_code",
    "info_msg",
    "username",
    "proxied",
];

fn requests(reading: &Reading) -> impl Iterator<Item = &Request> {
    reading.requests().filter(|request| request.flow.protocol == Some(Protocol::Http))
}

/// A request as a row of Zeek's http.log.
fn row(request: &Request) -> Row {
    let flow = &request.flow;
    let mut row = Row::from([
        ("id.orig_h".to_owned(), flow.source.to_string()),
        ("id.orig_p".to_owned(), flow.source_port.to_string()),
        ("id.resp_h".to_owned(), flow.destination.to_string()),
        ("id.resp_p".to_owned(), flow.destination_port.to_string()),
        ("request_body_len".to_owned(), "0".to_owned()),
        ("response_body_len".to_owned(), "0".to_owned()),
    ]);
    for (column, key) in [
        ("trans_depth", "depth"),
        ("method", "method"),
        ("host", "host"),
        ("uri", "uri"),
        ("referrer", "referrer"),
        ("user_agent", "user-agent"),
        ("origin", "origin"),
        ("request_body_len", "request-length"),
        ("response_body_len", "response-length"),
        ("status_code", "status"),
        ("status_msg", "reason"),
        ("info_code", "info-status"),
        ("info_msg", "info-reason"),
        ("username", "user"),
    ] {
        if let Some(value) = detail(request, key) {
            row.insert(column.to_owned(), value.to_owned());
        }
    }
    // Zeek has the version from the reply, and shows addresses decoded and what is empty as such.
    match (detail(request, "version"), detail(request, "response-version")) {
        (_, Some(version)) => drop(row.insert("version".to_owned(), version.to_owned())),
        (Some("0.9"), None) => {
            row.insert("version".to_owned(), "0.9".to_owned());
            row.insert("status_code".to_owned(), "0".to_owned());
            row.insert("status_msg".to_owned(), "<empty>".to_owned());
        }
        _ => {}
    }
    if let Some(uri) = row.get_mut("uri") {
        *uri = decode(uri);
    }
    if let Some(reason) = row.get_mut("status_msg").filter(|reason| reason.is_empty()) {
        "<empty>".clone_into(reason);
    }
    let proxied: Vec<_> = details(request, "proxied").collect();
    if !proxied.is_empty() {
        row.insert("proxied".to_owned(), proxied.join(","));
    }
    row
}

/// Undoes percent encoding.
fn decode(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(&part.as_bytes()[2..]);
            }
            None => bytes.extend([b"%", part.as_bytes()].concat()),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn requests_are_those_of_zeek() {
    let Some(cases) = cases::all() else { return cases::skipped(LOGS, "requests_are_those_of_zeek") };
    let mut report = Report::default();
    let mut compared = 0;
    for case in &cases {
        let Some(log) = case.log("http").filter(|log| log.columns.iter().any(|column| column == "id.orig_h"))
        else {
            continue;
        };
        compared += 1;
        let reading = reading::read(&case.capture);
        let ours: Vec<_> = requests(&reading).map(row).collect();
        let compressed = requests(&reading).any(|request| detail(request, "response-encoding").is_some());
        let columns: Vec<_> =
            COLUMNS.iter().copied().filter(|column| !compressed || *column != "response_body_len").collect();
        let tally = report.compare(&format!("zeek http: {}", case.name), &columns, &log.rows, &ours);
        report.add("zeek http", tally);
    }
    println!("{compared} cases compared");
    assert_eq!(compared, LOGS);
    report.hold("zeek http", 94.6, 94.6);
}

/// The passwords of basic authorization in the bytes of a capture, found without any parser of ours.
fn passwords(capture: &Path) -> Vec<String> {
    let mut file = CaptureFile::open(capture).unwrap_or_else(|cause| panic!("{cause}"));
    let mut passwords = Vec::new();
    while let Ok(Some(frame)) = file.next() {
        let plain = String::from_utf8_lossy(frame.bytes).into_owned();
        let text = plain.to_ascii_lowercase();
        for (at, mark) in text.match_indices("authorization: basic ") {
            let rest = plain.get(at + mark.len()..).unwrap();
            let encoded = rest.split(['\r', '\n']).next().unwrap();
            let decoded = base64(encoded);
            if let Some((_, password)) = decoded.split_once(':').filter(|(_, password)| password.len() > 4) {
                passwords.push(password.to_owned());
                passwords.push(encoded.to_owned());
            }
        }
    }
    passwords
}

/// Base 64 as text.
fn base64(encoded: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for digit in encoded.bytes().filter_map(|byte| ALPHABET.iter().position(|known| *known == byte)) {
        (held, bits) = (held << 6 | digit as u32, bits + 6);
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Every capture that holds such a password tells of a login, and never of the password.
#[test]
fn passwords_reach_no_observation() {
    let Some(cases) = cases::all() else { return cases::skipped(1, "passwords_reach_no_observation") };
    let mut found = 0;
    for case in cases.iter().filter(|case| !case.is_text()) {
        let passwords = passwords(&case.capture);
        if passwords.is_empty() {
            continue;
        }
        let reading = reading::read(&case.capture);
        let told = format!("{:?}", reading.observations);
        for password in &passwords {
            assert!(!told.contains(password), "{}", case.name);
        }
        found += reading
            .weaknesses()
            .filter(|weakness| weakness.kind == WeaknessKind::CleartextCredentials)
            .count();
    }
    println!("{found} logins told of");
    assert!(found > 0);
}
