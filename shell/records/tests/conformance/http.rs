//! HTTP, against Suricata's http events; http.log is compared in [`crate::logs`].
//!
//! What differs, and why:
//!
//! | case | difference | reason |
//! |---|---|---|
//! | suricata `bug-3844` | no request | `GET /` without the end of its line (RFC 9112 clause 2.1) |

use crate::{
    cases,
    compare::{Report, Tally},
    details::detail,
    expected_log::Row,
    reading::{self, Reading},
};
use capture::CaptureFile;
use city::{Protocol, Request, WeaknessKind};
use std::path::Path;

/// How many filters over http events there are.
const FILTERS: usize = 12;

fn requests(reading: &Reading) -> impl Iterator<Item = &Request> {
    reading.requests().filter(|request| request.flow.protocol == Some(Protocol::Http))
}

/// A request as Suricata's event.
fn event(request: &Request) -> Row {
    let flow = &request.flow;
    let mut event = Row::from([
        ("event_type".to_owned(), "http".to_owned()),
        ("proto".to_owned(), "TCP".to_owned()),
        ("src_ip".to_owned(), flow.source.to_string()),
        ("src_port".to_owned(), flow.source_port.to_string()),
        ("dest_ip".to_owned(), flow.destination.to_string()),
        ("dest_port".to_owned(), flow.destination_port.to_string()),
    ]);
    for (field, key) in [
        ("hostname", "host"),
        ("http_content_type", "response-content-type"),
        ("http_method", "method"),
        ("http_refer", "referrer"),
        ("http_user_agent", "user-agent"),
        ("length", "response-length"),
        ("status", "status"),
        ("url", "uri"),
    ] {
        if let Some(value) = detail(request, key) {
            // Suricata leaves the port out.
            let value = if field == "hostname" { value.split(':').next().unwrap() } else { value };
            event.insert(format!("http.{field}"), value.to_owned());
        }
    }
    if let Some(version) = detail(request, "version") {
        event.insert("http.protocol".to_owned(), format!("HTTP/{version}"));
    }
    event
}

#[test]
fn requests_are_those_of_suricata() {
    let Some(cases) = cases::all() else { return cases::skipped(FILTERS, "requests_are_those_of_suricata") };
    let mut report = Report::default();
    for case in &cases {
        let filters = case.filters();
        for filter in filters.iter().filter(|filter| filter.event() == "http" && filter.count > 0) {
            let reading = reading::read(&case.capture);
            let events: Vec<_> = requests(&reading).map(event).collect();
            let apart = ["pcap_cnt", "tx_id"];
            let found = events.iter().filter(|event| filter.accepts(event, &apart)).count();
            let both = usize::from(found == filter.count);
            if both == 0 {
                println!(
                    "{}: {found} of {}: {:?}",
                    case.name,
                    filter.count,
                    filter.difference(&events, &apart)
                );
            }
            report.add("suricata http", Tally { expected: 1, ours: 1, both });
        }
    }
    assert_eq!(report.tally("suricata http").expected, FILTERS);
    report.hold("suricata http", 91.6, 91.6);
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
