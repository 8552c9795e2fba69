//! `tls`: each handshake, with the fields that Suricata writes when asked for all.

use super::event::{Event, Object, Value, all, detail, with_colons};
use super::head::app_proto;
use city::{Details, Protocol, Request};

/// The event of a handshake. `outside` is the protocol within which it began, if within one.
pub(super) fn event(request: &Request, outside: Option<Protocol>) -> Event {
    let details = &request.details;
    let mut body = Object::default();
    let certificate = first_certificate(details, "server");
    put_names(&mut body, &certificate);
    body.text("sni", details, "server-name");
    // Suricata has the client's version where the server chose none.
    let chosen = detail(details, "version");
    body.maybe("version", chosen.or_else(|| detail(details, "client-version")).map(version));
    put_times(&mut body, &certificate);
    put_other_names(&mut body, &certificate);
    body.maybe("from_proto", outside.and_then(app_proto));
    if detail(details, "resumed") == Some("true") {
        body.put("session_resumed", true);
    }
    body.maybe("ja3", super::quic::fingerprint(details, "ja3-hash", "ja3"));
    body.maybe("ja3s", super::quic::fingerprint(details, "ja3s-hash", "ja3s"));
    body.text("ja4", details, "ja4");
    for (field, key) in [("client_alpns", "alpn-offered"), ("server_alpns", "alpn")] {
        let names: Vec<Value> = all(details, key).map(Value::from).collect();
        if !names.is_empty() {
            body.put(field, names);
        }
    }
    let certificate = first_certificate(details, "client");
    let mut whose = Object::default();
    put_names(&mut whose, &certificate);
    put_times(&mut whose, &certificate);
    put_other_names(&mut whose, &certificate);
    let client = handshake(details, "client-version", None, "extensions-offered", true);
    let server = handshake(details, "version", Some("cipher-code"), "extensions", false);
    for (field, object) in [("client", whose), ("client_handshake", client), ("server_handshake", server)] {
        body.unless_empty(field, object);
    }
    Event::of("tls", request, body)
}

/// Whose a certificate is, whose word it is, and how it is known again.
fn put_names(body: &mut Object, certificate: &Details) {
    for (field, key) in [("subject", "certificate-subject"), ("issuerdn", "certificate-issuer")] {
        body.maybe(field, detail(certificate, key).map(name));
    }
    body.maybe("serial", detail(certificate, "certificate-serial").map(serial));
    body.maybe("fingerprint", detail(certificate, "certificate-sha1").map(with_colons));
}

/// How long it holds.
fn put_times(body: &mut Object, certificate: &Details) {
    for (field, key) in [("notbefore", "certificate-not-before"), ("notafter", "certificate-not-after")] {
        body.maybe(field, detail(certificate, key).map(|time| time.trim_end_matches('Z')));
    }
}

/// The other names that it holds for.
fn put_other_names(body: &mut Object, certificate: &Details) {
    let names: Vec<Value> = certificate
        .iter()
        .filter(|(key, _)| {
            matches!(
                key.as_str(),
                "certificate-dns" | "certificate-ip" | "certificate-email" | "certificate-uri"
            )
        })
        .map(|(_, name)| Value::Text(name.clone()))
        .collect();
    if !names.is_empty() {
        body.put("subjectaltname", names);
    }
}

/// What a hello says, in numbers.
fn handshake(
    details: &Details,
    version_key: &str,
    cipher_key: Option<&str>,
    extensions_key: &str,
    is_client: bool,
) -> Object {
    let mut hello = Object::default();
    hello.maybe("version", detail(details, version_key).map(version));
    let codes = |key: &str| detail(details, key).map(codes);
    if is_client {
        hello.maybe("ciphers", codes("ciphers-offered"));
    }
    let cipher = cipher_key.and_then(|key| u64::from_str_radix(detail(details, key)?, 16).ok());
    hello.maybe("cipher", cipher);
    hello.maybe("exts", codes(extensions_key));
    if is_client {
        hello.maybe("sig_algs", codes("signatures-offered"));
    }
    hello
}

fn codes(list: &str) -> Vec<Value> {
    list.split(',').filter_map(|code| code.parse().ok().map(Value::Number)).collect()
}

/// What is told of the first certificate of one side.
fn first_certificate(details: &Details, whose: &str) -> Details {
    let begins = |(key, value): &&(city::Text, city::Text)| key == "certificate-from" && value == whose;
    let certificate = details.iter().skip_while(|pair| !begins(pair)).skip(1);
    certificate.take_while(|(key, _)| key != "certificate-from").cloned().collect()
}

/// A version by the name that Suricata has for it.
fn version(version: &str) -> &str {
    match version {
        "SSL 2" => "SSLv2",
        "SSL 3" => "SSLv3",
        "TLS 1.0" => "TLSv1",
        other => other,
    }
}

/// A serial number as it is encoded: of one that would seem negative, with a byte of zero before it (X.690 clause 8.3).
fn serial(digits: &str) -> String {
    let seems_negative = digits.starts_with(|digit: char| digit.to_digit(16).is_some_and(|value| value > 7));
    with_colons(&if seems_negative { format!("00{digits}") } else { digits.to_owned() })
}

/// A name with the least specific part first, as it stands in the certificate, and nothing escaped.
fn name(name: &str) -> String {
    let mut parts: Vec<String> = vec![String::new()];
    let mut characters = name.chars();
    while let Some(character) = characters.next() {
        match character {
            ',' => parts.push(String::new()),
            '\\' => parts.last_mut().into_iter().for_each(|part| part.extend(characters.next())),
            other => parts.last_mut().into_iter().for_each(|part| part.push(other)),
        }
    }
    parts.reverse();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_with_their_country() {
        assert_eq!(name("CN=pump.example,O=Pumps\\, Inc.,C=GB"), "C=GB, O=Pumps, Inc., CN=pump.example");
    }

    #[test]
    fn serial_numbers_are_positive() {
        assert_eq!(serial("8264"), "00:82:64");
        assert_eq!(serial("083A"), "08:3A");
    }

    #[test]
    fn only_the_servers_own_certificate_is_shown() {
        let pair = |key: &str, value: &str| (key.into(), value.into());
        let details: Details = vec![
            pair("version", "TLS 1.2"),
            pair("certificate-from", "server"),
            pair("certificate-subject", "CN=a"),
            pair("certificate-from", "server"),
            pair("certificate-subject", "CN=b"),
        ];
        assert_eq!(first_certificate(&details, "server"), [pair("certificate-subject", "CN=a")]);
        assert!(first_certificate(&details, "client").is_empty());
    }
}
