//! `quic`: each hello, with its extensions and the fingerprints made of it.

use super::event::{Event, Object, Value, detail, plain};
use city::{Details, Message};

/// The event of a hello.
pub(super) fn event(message: &Message) -> Event {
    let fields = &message.fields;
    let mut body = Object::default();
    body.text("version", fields, "version");
    body.plain("sni", fields, "server-name");
    body.plain("ua", fields, "user-agent");
    if let Some(cyu) = fingerprint(fields, "cyu-hash", "cyu") {
        body.put("cyu", vec![Value::Object(cyu)]);
    }
    body.maybe("ja3", fingerprint(fields, "ja3-hash", "ja3"));
    body.maybe("ja3s", fingerprint(fields, "ja3s-hash", "ja3s"));
    body.text("ja4", fields, "ja4");
    let extensions = extensions(fields);
    if !extensions.is_empty() {
        body.put("extensions", extensions);
    }
    Event::by_sender("quic", message, body)
}

/// A fingerprint: its MD5 and its text.
pub(super) fn fingerprint(fields: &Details, hash_key: &str, text_key: &str) -> Option<Object> {
    let mut fingerprint = Object::default();
    fingerprint.put("hash", detail(fields, hash_key)?);
    fingerprint.put("string", detail(fields, text_key)?);
    Some(fingerprint)
}

/// The extensions in their order, each with the values behind it.
fn extensions(fields: &Details) -> Vec<Value> {
    let mut extensions: Vec<(u64, Vec<Value>)> = Vec::new();
    for (key, value) in fields {
        match (key.as_str(), extensions.last_mut()) {
            ("extension", _) => extensions.extend(value.parse().ok().map(|kind| (kind, Vec::new()))),
            ("value", Some((_, values))) => values.push(Value::Text(plain(value))),
            _ => {}
        }
    }
    let whole = |(kind, values): (u64, Vec<Value>)| {
        let mut extension = Object::default();
        extension.maybe("name", name(kind));
        extension.put("type", kind);
        if !values.is_empty() {
            extension.put("values", values);
        }
        Value::Object(extension)
    };
    extensions.into_iter().map(whole).collect()
}

/// An extension's name (IANA's registry of TLS extension types), of which Suricata shortens one.
fn name(kind: u64) -> Option<&'static str> {
    Some(match kind {
        0 => "server_name",
        1 => "max_fragment_length",
        2 => "client_certificate_url",
        3 => "trusted_ca_keys",
        4 => "truncated_hmac",
        5 => "status_request",
        6 => "user_mapping",
        7 => "client_authz",
        8 => "server_authz",
        9 => "cert_type",
        10 => "supported_groups",
        11 => "ec_point_formats",
        12 => "srp",
        13 => "signature_algorithms",
        14 => "use_srtp",
        15 => "heartbeat",
        16 => "alpn",
        17 => "status_request_v2",
        18 => "signed_certificate_timestamp",
        19 => "client_certificate_type",
        20 => "server_certificate_type",
        21 => "padding",
        22 => "encrypt_then_mac",
        23 => "extended_master_secret",
        24 => "token_binding",
        25 => "cached_info",
        26 => "tls_lts",
        27 => "compress_certificate",
        28 => "record_size_limit",
        29 => "pwd_protect",
        30 => "pwd_clear",
        31 => "password_salt",
        32 => "ticket_pinning",
        33 => "tls_cert_with_extern_psk",
        34 => "delegated_credentials",
        35 => "session_ticket",
        36 => "tlmsp",
        37 => "tlmsp_proxying",
        38 => "tlmsp_delegate",
        39 => "supported_ekt_ciphers",
        41 => "pre_shared_key",
        42 => "early_data",
        43 => "supported_versions",
        44 => "cookie",
        45 => "psk_key_exchange_modes",
        47 => "certificate_authorities",
        48 => "oid_filters",
        49 => "post_handshake_auth",
        50 => "signature_algorithms_cert",
        51 => "key_share",
        52 => "transparency_info",
        53 => "connection_id_deprecated",
        54 => "connection_id",
        55 => "external_id_hash",
        56 => "external_session_id",
        57 => "quic_transport_parameters",
        58 => "ticket_request",
        59 => "dnssec_chain",
        65_281 => "renegotiation_info",
        _ => return None,
    })
}
