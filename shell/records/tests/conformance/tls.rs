//! TLS and certificates, against Zeek's ssl.log and x509.log.
//!
//! Only TLS that begins a TCP conversation, or that follows HTTP's `CONNECT`, is read so far. Cases of QUIC, of DTLS
//! and of TLS that begins inside FTP, LDAP, PostgreSQL or RDP are left out, as are two logs of certificates that the
//! test's own script changed.
//!
//! What differs, and why:
//!
//! | case | difference | reason |
//! |---|---|---|
//! | zeek `tls13-experiment` | not resumed | the session identifier returned means nothing in TLS 1.3 (RFC 8446 clause 4.1.3); Zeek does not take the experiment's version for one |

use crate::{
    cases::{self, Case},
    compare::Report,
    details::{all as details, detail},
    expected_log::Row,
    reading::{self, Reading},
};
use city::{Protocol, Request};
use std::collections::BTreeSet;

/// How many cases that are compared have an ssl.log with all its columns.
const LOGS: usize = 12;

/// Protocols in which TLS, or something like it, begins later.
const CARRIERS: &[&str] = &["ftp", "ldap", "quic", "rdp"];

/// Cases left out: DTLS, and certificates that the test's script wrote more or less often.
const LEFT_OUT: &[&str] = &[
    "pgsql/pgsql-upgrade-tls",
    "scripts.base.files.x509.event-caching",
    "scripts.base.protocols.ssl.dtls-stun-dpd",
    "scripts.policy.protocols.ssl.log-hostcerts-only",
];

/// The cases that are compared.
fn compared_cases(cases: Vec<Case>) -> impl Iterator<Item = Case> {
    let is_left_out =
        |case: &Case| CARRIERS.contains(&case.protocol.as_str()) || LEFT_OUT.contains(&case.name.as_str());
    cases.into_iter().filter(move |case| !is_left_out(case))
}

/// How many cases have an x509.log.
const CERTIFICATE_LOGS: usize = 9;

/// The columns that a listener can know.
const COLUMNS: &[&str] = &[
    "id.orig_h",
    "id.orig_p",
    "id.resp_h",
    "id.resp_p",
    "version",
    "cipher",
    "curve",
    "server_name",
    "resumed",
    "last_alert",
    "next_protocol",
    "established",
    "ssl_history",
    "cert_chain_fps",
    "client_cert_chain_fps",
];

/// The columns of a certificate.
const CERTIFICATE_COLUMNS: &[&str] = &[
    "fingerprint",
    "certificate.version",
    "certificate.serial",
    "certificate.subject",
    "certificate.issuer",
    "certificate.not_valid_before",
    "certificate.not_valid_after",
    "certificate.key_alg",
    "certificate.sig_alg",
    "certificate.key_type",
    "certificate.key_length",
    "certificate.exponent",
    "certificate.curve",
    "san.dns",
    "san.uri",
    "san.email",
    "san.ip",
    "basic_constraints.ca",
    "basic_constraints.path_len",
    "host_cert",
    "client_cert",
];

fn requests(reading: &Reading) -> impl Iterator<Item = &Request> {
    reading.requests().filter(|request| request.flow.protocol == Some(Protocol::Tls))
}

fn truth(value: bool) -> String {
    if value { "T".to_owned() } else { "F".to_owned() }
}

/// A handshake as a row of Zeek's ssl.log.
fn row(request: &Request) -> Row {
    let mut row = Row::new();
    let mut put = |column: &str, value: String| drop(row.insert(column.to_owned(), value));
    let flow = &request.flow;
    put("id.orig_h", flow.source.to_string());
    put("id.orig_p", flow.source_port.to_string());
    put("id.resp_h", flow.destination.to_string());
    put("id.resp_p", flow.destination_port.to_string());
    if let Some(code) = detail(request, "version-code") {
        let number = u16::from_str_radix(code, 16).unwrap();
        put(
            "version",
            match number {
                0x0002 => "SSLv2".to_owned(),
                0x0300 => "SSLv3".to_owned(),
                0x0301 => "TLSv10".to_owned(),
                0x0302 => "TLSv11".to_owned(),
                0x0303 => "TLSv12".to_owned(),
                0x0304 => "TLSv13".to_owned(),
                0x7f00..=0x7fff => format!("TLSv13-draft{}", number & 0xff),
                other => format!("unknown-{other}"),
            },
        );
    }
    for (column, key) in [
        ("cipher", "cipher"),
        ("server_name", "server-name"),
        ("last_alert", "alert"),
        ("next_protocol", "alpn"),
        ("curve", "curve"),
        ("ssl_history", "history"),
    ] {
        if let Some(value) = detail(request, key) {
            put(column, value.to_owned());
        }
    }
    for column in ["resumed", "established"] {
        put(column, truth(detail(request, column) == Some("true")));
    }
    let chain = |whose: &str| -> Vec<&str> {
        let sides = details(request, "certificate-from").zip(details(request, "certificate-fingerprint"));
        sides.filter(|(side, _)| *side == whose).map(|(_, print)| print).collect()
    };
    let (server, client) = (chain("server"), chain("client"));
    if !server.is_empty() {
        put("cert_chain_fps", server.join(","));
        put("client_cert_chain_fps", client.join(","));
    }
    row
}

#[test]
fn handshakes_are_those_of_zeek() {
    let Some(cases) = cases::all() else { return cases::skipped(LOGS, "handshakes_are_those_of_zeek") };
    let mut report = Report::default();
    let mut compared = 0;
    for case in compared_cases(cases) {
        let Some(log) = case.log("ssl").filter(|log| log.columns.iter().any(|column| column == "id.orig_h"))
        else {
            continue;
        };
        compared += 1;
        let reading = reading::read(&case.capture);
        let ours: Vec<_> = requests(&reading).map(row).collect();
        let tally = report.compare(&format!("zeek ssl: {}", case.name), COLUMNS, &log.rows, &ours);
        report.add("zeek ssl", tally);
    }
    assert_eq!(compared, LOGS);
    report.hold("zeek ssl", 93.3, 93.3);
}

/// The certificates of a handshake as rows of Zeek's x509.log.
fn certificates(request: &Request) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut sides: BTreeSet<&str> = BTreeSet::new();
    for (key, value) in &request.details {
        let Some(key) = key.strip_prefix("certificate-") else { continue };
        if key == "from" {
            let is_first = sides.insert(value);
            rows.push(Row::from([
                ("host_cert".to_owned(), truth(is_first && value == "server")),
                ("client_cert".to_owned(), truth(is_first && value == "client")),
            ]));
            continue;
        }
        let row = rows.last_mut().unwrap();
        let seconds = || format!("{}.000000", value.parse::<jiff::Timestamp>().unwrap().as_second());
        let (column, value) = match key {
            "fingerprint" => ("fingerprint", value.to_string()),
            "version" => ("certificate.version", value.to_string()),
            "serial" => ("certificate.serial", value.to_string()),
            "subject" => ("certificate.subject", value.to_string()),
            "issuer" => ("certificate.issuer", value.to_string()),
            "not-before" => ("certificate.not_valid_before", seconds()),
            "not-after" => ("certificate.not_valid_after", seconds()),
            "key-algorithm" => {
                let kind = match value.as_str() {
                    "rsaEncryption" => "rsa",
                    "id-ecPublicKey" => "ecdsa",
                    other => other,
                };
                row.insert("certificate.key_type".to_owned(), kind.to_owned());
                ("certificate.key_alg", value.to_string())
            }
            "key-bits" => ("certificate.key_length", value.to_string()),
            "exponent" => ("certificate.exponent", value.to_string()),
            // OpenSSL has its own name for this curve.
            "curve" if value == "secp256r1" => ("certificate.curve", "prime256v1".to_owned()),
            "curve" => ("certificate.curve", value.to_string()),
            "signature-algorithm" => ("certificate.sig_alg", value.to_string()),
            "ca" => ("basic_constraints.ca", truth(value == "true")),
            "path-length" => ("basic_constraints.path_len", value.to_string()),
            "dns" | "uri" | "email" | "ip" => {
                let column = format!("san.{key}");
                let before = row.get(&column).map_or_else(String::new, |names| format!("{names},"));
                row.insert(column, before + value);
                continue;
            }
            _ => continue,
        };
        row.insert(column.to_owned(), value);
    }
    rows
}

#[test]
fn certificates_are_those_of_zeek() {
    let Some(cases) = cases::all() else {
        return cases::skipped(CERTIFICATE_LOGS, "certificates_are_those_of_zeek");
    };
    let mut report = Report::default();
    let mut compared = 0;
    for case in compared_cases(cases) {
        let Some(log) = case.log("x509") else { continue };
        compared += 1;
        let reading = reading::read(&case.capture);
        // Zeek writes a certificate once an hour.
        let mut seen = BTreeSet::new();
        let ours: Vec<_> = requests(&reading)
            .flat_map(certificates)
            .filter(|row| seen.insert(row["fingerprint"].clone()))
            .collect();
        let tally =
            report.compare(&format!("zeek x509: {}", case.name), CERTIFICATE_COLUMNS, &log.rows, &ours);
        report.add("zeek x509", tally);
    }
    assert_eq!(compared, CERTIFICATE_LOGS);
    report.hold("zeek x509", 100.0, 100.0);
}
