//! Zeek's ssl.log and x509.log.

use super::{
    dns::timestamp,
    log::{Head, Log},
    row::{Row, detail, details, flag},
};
use city::{Flow, Protocol, Request};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

pub(super) const LOGS: &[Log] = &[
    Log {
        path: "ssl",
        head: Head::Ends,
        columns: &[
            ("version", "string"),
            ("cipher", "string"),
            ("curve", "string"),
            ("server_name", "string"),
            ("resumed", "bool"),
            ("last_alert", "string"),
            ("next_protocol", "string"),
            ("established", "bool"),
            ("ssl_history", "string"),
            ("cert_chain_fps", "vector[string]"),
            ("client_cert_chain_fps", "vector[string]"),
            ("subject", "string"),
            ("issuer", "string"),
            ("client_subject", "string"),
            ("client_issuer", "string"),
            ("sni_matches_cert", "bool"),
        ],
    },
    Log {
        path: "x509",
        head: Head::Time,
        columns: &[
            ("fingerprint", "string"),
            ("certificate.version", "count"),
            ("certificate.serial", "string"),
            ("certificate.subject", "string"),
            ("certificate.issuer", "string"),
            ("certificate.not_valid_before", "time"),
            ("certificate.not_valid_after", "time"),
            ("certificate.key_alg", "string"),
            ("certificate.sig_alg", "string"),
            ("certificate.key_type", "string"),
            ("certificate.key_length", "count"),
            ("certificate.exponent", "string"),
            ("certificate.curve", "string"),
            ("certificate.tbs_sig_alg", "string"),
            ("san.dns", "vector[string]"),
            ("san.uri", "vector[string]"),
            ("san.email", "vector[string]"),
            ("san.ip", "vector[addr]"),
            ("basic_constraints.ca", "bool"),
            ("basic_constraints.path_len", "count"),
            ("host_cert", "bool"),
            ("client_cert", "bool"),
        ],
    },
];

/// How long a certificate that was written is not written again (`X509::relog_known_certificates_after`).
const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Certificates known at a time.
const KNOWN_MAX: usize = 50_000;

/// The certificates that were written, by fingerprint and part, and when.
#[derive(Debug, Default)]
pub(super) struct Certificates(HashMap<(String, Part), Timestamp>);

/// What part a certificate has in a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    /// The server's own.
    Host,
    /// The client's own.
    Client,
    /// Of whoever signed one.
    Signer,
}

impl Certificates {
    /// The rows of a handshake.
    pub(super) fn rows(&mut self, request: &Request, time: Timestamp) -> Vec<Row> {
        let mut rows = vec![handshake(request)];
        rows.extend(self.shown(time, certificates(request)));
        rows
    }

    /// The rows of certificates that are shown otherwise than in a chain: each is somebody's own.
    pub(super) fn rows_alone(&mut self, request: &Request, time: Timestamp) -> Vec<Row> {
        let mut shown = certificates(request);
        for (part, row) in &mut shown {
            *part = Part::Host;
            row.replace("host_cert", "T");
        }
        self.shown(time, shown)
    }

    /// The rows among these that are new.
    fn shown(&mut self, time: Timestamp, shown: Vec<(Part, Row)>) -> Vec<Row> {
        let mut rows = Vec::new();
        for (part, row) in shown {
            let print = row.message.fields.iter().find(|(name, _)| name == "fingerprint");
            let key = (print.map(|(_, print)| print.to_string()).unwrap_or_default(), part);
            if self.0.get(&key).is_some_and(|then| time.duration_since(*then) < KNOWN_FOR) {
                continue;
            }
            if self.0.len() >= KNOWN_MAX {
                self.0.clear();
            }
            self.0.insert(key, time);
            rows.push(row);
        }
        rows
    }
}

fn handshake(request: &Request) -> Row {
    let mut row = Row::of(request, "ssl", true);
    row.time = detail(request, "asked").and_then(timestamp);
    let code = detail(request, "version-code").and_then(|code| u16::from_str_radix(code, 16).ok());
    row.maybe("version", code.map(version));
    for (column, key) in [
        ("cipher", "cipher"),
        ("curve", "curve"),
        ("server_name", "server-name"),
        ("last_alert", "alert"),
        ("next_protocol", "alpn"),
        ("ssl_history", "history"),
    ] {
        row.maybe_text(column, detail(request, key));
    }
    row.flag("resumed", flag(request, "resumed"));
    // What comes behind the hellos in QUIC is encrypted; Zeek has no row for what it does not see.
    row.flag("established", flag(request, "established") && request.flow.protocol != Some(Protocol::Quic));
    let chain = |whose: &'static str| {
        let sides = details(request, "certificate-from").zip(details(request, "certificate-fingerprint"));
        sides.filter(move |(side, _)| *side == whose).map(|(_, print)| print)
    };
    if chain("server").next().is_some() {
        chain("server").for_each(|print| row.put("cert_chain_fps", print));
        chain("client").for_each(|print| row.put("client_cert_chain_fps", print));
        if chain("client").next().is_none() {
            row.put("client_cert_chain_fps", "");
        }
        if let Some(name) = detail(request, "server-name") {
            row.flag("sni_matches_cert", is_for(request, name));
        }
    }
    for (whose, subject, issuer) in
        [("server", "subject", "issuer"), ("client", "client_subject", "client_issuer")]
    {
        row.maybe_text(subject, own(request, whose, "certificate-subject").next());
        row.maybe_text(issuer, own(request, whose, "certificate-issuer").next());
    }
    row
}

/// The details of a name that one end's own certificate has, the first that it shows.
fn own<'r>(request: &'r Request, whose: &'static str, name: &'static str) -> impl Iterator<Item = &'r str> {
    let shown =
        request.details.iter().skip_while(move |(key, value)| key != "certificate-from" || value != whose);
    let own = shown.skip(1).take_while(|(key, _)| key != "certificate-from");
    own.filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn version(code: u16) -> String {
    let name = match code {
        0x0002 => "SSLv2",
        0x0300 => "SSLv3",
        0x0301 => "TLSv10",
        0x0302 => "TLSv11",
        0x0303 => "TLSv12",
        0x0304 => "TLSv13",
        0xfeff => "DTLSv10",
        0xfefd => "DTLSv12",
        0xfefc => "DTLSv13",
        0x7f00..=0x7fff if code & 0xff < 0x40 => return format!("TLSv13-draft{}", code & 0xff),
        0xfb17..=0xfb1a => return format!("TLSv13-FB{}", code & 0xff),
        other => return format!("unknown-{other}"),
    };
    name.to_owned()
}

/// Whether the server's own certificate, the first that it shows, is for a name: by its alternative names, or by its
/// common name if it has none (RFC 6125 clause 6.4).
fn is_for(request: &Request, name: &str) -> bool {
    let mut names = own(request, "server", "certificate-dns").peekable();
    if names.peek().is_some() {
        return names.any(|pattern| matches(pattern, name));
    }
    let mut common = own(request, "server", "certificate-subject")
        .flat_map(|subject| subject.split(','))
        .filter_map(|part| part.strip_prefix("CN="));
    common.any(|pattern| matches(pattern, name))
}

/// Whether a name with a `*` for its first label, or without, is a host's.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(domain) => name.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(domain)),
        None => pattern.eq_ignore_ascii_case(name),
    }
}

/// The certificates of a handshake, in the order in which they were shown.
fn certificates(request: &Request) -> Vec<(Part, Row)> {
    let mut rows: Vec<(Part, Row)> = Vec::new();
    let (mut server_seen, mut client_seen) = (false, false);
    for (key, value) in &request.details {
        let Some(key) = key.strip_prefix("certificate-") else { continue };
        if key == "from" {
            let part = match value.as_str() {
                "server" if !std::mem::replace(&mut server_seen, true) => Part::Host,
                "client" if !std::mem::replace(&mut client_seen, true) => Part::Client,
                _ => Part::Signer,
            };
            let flow = Flow { protocol: None, ..request.conversation() };
            let mut row = Row::new(flow, "x509");
            row.flag("host_cert", part == Part::Host);
            row.flag("client_cert", part == Part::Client);
            rows.push((part, row));
            continue;
        }
        let Some((_, row)) = rows.last_mut() else { continue };
        let column = match key {
            "fingerprint" => "fingerprint",
            "version" => "certificate.version",
            "serial" => "certificate.serial",
            "subject" => "certificate.subject",
            "issuer" => "certificate.issuer",
            "not-before" | "not-after" => {
                let column = if key == "not-before" {
                    "certificate.not_valid_before"
                } else {
                    "certificate.not_valid_after"
                };
                if let Ok(time) = value.parse::<Timestamp>() {
                    row.show(column, format_args!("{}.000000", time.as_second()));
                }
                continue;
            }
            "key-algorithm" => {
                let kind = match value.as_str() {
                    "rsaEncryption" => "rsa",
                    name if name.ends_with("WithRSAEncryption") => "rsa",
                    "dsaEncryption" | "id-dsa" => "dsa",
                    "id-ecPublicKey" => "ecdsa",
                    other => other,
                };
                row.put("certificate.key_type", kind);
                "certificate.key_alg"
            }
            "key-bits" => "certificate.key_length",
            "exponent" => "certificate.exponent",
            // OpenSSL has its own names for these curves.
            "curve" => {
                row.put(
                    "certificate.curve",
                    match value.as_str() {
                        "secp192r1" => "prime192v1",
                        "secp256r1" => "prime256v1",
                        other => other,
                    },
                );
                continue;
            }
            "signature-algorithm" => "certificate.sig_alg",
            "signed-algorithm" => "certificate.tbs_sig_alg",
            "ca" => {
                row.flag("basic_constraints.ca", value == "true");
                continue;
            }
            "path-length" => "basic_constraints.path_len",
            "dns" => "san.dns",
            "uri" => "san.uri",
            "email" => "san.email",
            "ip" => "san.ip",
            _ => continue,
        };
        row.text(column, value);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_label() {
        assert!(matches("*.example.org", "www.Example.org") && matches("example.org", "example.org"));
        assert!(!matches("*.example.org", "example.org") && !matches("*.example.org", "a.b.example.org"));
        assert_eq!(version(0x7f17), "TLSv13-draft23");
        assert_eq!(version(0x7e01), "unknown-32257");
    }
}
