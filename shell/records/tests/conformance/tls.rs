//! TLS, against Suricata's tls events; ssl.log and x509.log are compared in [`crate::logs`].
//!
//! What differs, and why:
//!
//! | case | difference | reason |
//! |---|---|---|
//! | suricata `bug-5713-02-ja4` | the last part of JA4 | without signature algorithms the text ends without an underscore (JA4 technical details); Suricata hashes one |

use crate::{
    cases::{self, Case},
    compare::{Report, Tally},
    details::detail,
    expected_log::Row,
    reading::{self, Reading},
};
use city::{Protocol, Request};

/// Protocols in which TLS, or something like it, begins later.
const CARRIERS: &[&str] = &["ftp", "ldap", "quic", "rdp"];

/// Whether TLS begins the conversations of a case.
fn is_compared(case: &Case) -> bool {
    !CARRIERS.contains(&case.protocol.as_str()) && case.name != "pgsql/pgsql-upgrade-tls"
}

/// Fields that are not compared: the number of a packet, and a Community ID made with a seed of the test's own.
const APART: &[&str] = &["pcap_cnt", "community_id"];

/// How many cases have filters over tls events.
const FILTERED: usize = 9;

fn requests(reading: &Reading) -> impl Iterator<Item = &Request> {
    reading.requests().filter(|request| request.flow.protocol == Some(Protocol::Tls))
}

/// A handshake as Suricata's event.
fn event(request: &Request) -> Row {
    let flow = &request.flow;
    let mut event = Row::new();
    let mut put = |field: &str, value: &str| drop(event.insert(field.to_owned(), value.to_owned()));
    put("event_type", "tls");
    put("proto", "TCP");
    put("src_ip", &flow.source.to_string());
    put("dest_ip", &flow.destination.to_string());
    put("src_port", &flow.source_port.to_string());
    put("dest_port", &flow.destination_port.to_string());
    // Suricata has the client's version where the server chose none.
    let version =
        detail(request, "version").or_else(|| detail(request, "client-version")).unwrap_or_default();
    put("tls.version", if version == "TLS 1.0" { "TLSv1" } else { version });
    for (field, key) in [("tls.sni", "server-name"), ("tls.ja4", "ja4")] {
        if let Some(value) = detail(request, key) {
            put(field, value);
        }
    }
    for (field, key) in [("tls.subject", "certificate-subject"), ("tls.issuerdn", "certificate-issuer")] {
        if let Some(value) = detail(request, key) {
            // Suricata writes the least specific part of a name first, and escapes nothing.
            let value = value.replace("\\,", "\0");
            put(field, &value.split(',').rev().collect::<Vec<_>>().join(", ").replace('\0', ","));
        }
    }
    for (field, key) in [
        ("tls.client_handshake.ciphers", "ciphers-offered"),
        ("tls.client_handshake.exts", "extensions-offered"),
        ("tls.client_handshake.sig_algs", "signatures-offered"),
        ("tls.server_handshake.exts", "extensions"),
    ] {
        for (index, code) in detail(request, key).into_iter().flat_map(|list| list.split(',')).enumerate() {
            put(&format!("{field}[{index}]"), code);
        }
    }
    put("tls.client_handshake.version", detail(request, "client-version").unwrap_or_default());
    put("tls.server_handshake.version", detail(request, "version").unwrap_or_default());
    if let Some(code) = detail(request, "cipher-code") {
        put("tls.server_handshake.cipher", &u16::from_str_radix(code, 16).unwrap().to_string());
    }
    let pairs = |digits: &str| -> String {
        let pairs: Vec<_> = digits.as_bytes().chunks(2).map(String::from_utf8_lossy).collect();
        pairs.join(":")
    };
    if let Some(print) = detail(request, "certificate-sha1") {
        put("tls.fingerprint", &pairs(print));
        put("tls.serial", &pairs(detail(request, "certificate-serial").unwrap()));
    }
    for (field, key) in
        [("tls.notbefore", "certificate-not-before"), ("tls.notafter", "certificate-not-after")]
    {
        if let Some(value) = detail(request, key) {
            put(field, value.trim_end_matches('Z'));
        }
    }
    event
}

#[test]
fn handshakes_are_those_of_suricata() {
    let Some(cases) = cases::all() else {
        return cases::skipped(FILTERED, "handshakes_are_those_of_suricata");
    };
    let mut report = Report::default();
    let mut compared = 0;
    for case in cases.into_iter().filter(is_compared) {
        let filters = case.filters();
        let filters: Vec<_> =
            filters.iter().filter(|filter| filter.event() == "tls" && filter.count > 0).collect();
        if filters.is_empty() {
            continue;
        }
        compared += 1;
        let reading = reading::read(&case.capture);
        let events: Vec<_> = requests(&reading).map(event).collect();
        for filter in filters {
            let found = events.iter().filter(|event| filter.accepts(event, APART)).count();
            let both = usize::from(found == filter.count);
            if both == 0 {
                println!(
                    "{}: {found} of {}: {:?}",
                    case.name,
                    filter.count,
                    filter.difference(&events, APART)
                );
            }
            report.add("suricata tls", Tally { expected: 1, ours: 1, both });
        }
    }
    println!("{compared} cases compared");
    assert_eq!(compared, FILTERED);
    report.hold("suricata tls", 88.8, 88.8);
}
