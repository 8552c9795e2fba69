//! What Suricata has an event of: each hello.

use super::google;
use crate::dialogue::{Fields, Out, Side};
use crate::show::hexadecimal;
use crate::tls::{ClientHello, ServerHello, fingerprint_md5, ja3, ja3s, ja4_over_quic};
use compact_str::format_compact;
use tls_parser::TlsVersion;

/// How long an MD5 is in hexadecimal.
const MD5_TEXT: usize = 32;

/// Extensions of TLS whose values are told.
mod kind {
    pub const SERVER_NAME: u16 = 0;
    pub const SIGNATURES: u16 = 13;
    pub const PROTOCOLS: u16 = 16;
    pub const VERSIONS: u16 = 43;
}

/// Tells of a client's hello.
pub(super) fn client(side: Side, version: u32, hello: &ClientHello, out: &mut Out<'_>) {
    out.event(side, "eve_quic", |fields| {
        put_version(fields, version);
        if let Some(name) = &hello.server_name {
            fields.put("server-name", name.clone());
        }
        put_fingerprint(fields, ["ja3", "ja3-hash"], &ja3(hello));
        fields.put("ja4", ja4_over_quic(hello));
        for extension in &hello.extensions {
            fields.show("extension", extension);
            match *extension {
                kind::SERVER_NAME => {
                    hello.server_name.iter().for_each(|name| fields.put("value", name.clone()));
                }
                kind::SIGNATURES => hello.signatures.iter().for_each(|code| fields.show("value", code)),
                kind::PROTOCOLS => hello.protocols.iter().for_each(|name| fields.put("value", name.clone())),
                kind::VERSIONS => {
                    hello.versions.iter().for_each(|code| fields.show("value", TlsVersion(*code)));
                }
                _ => {}
            }
        }
    });
}

/// Tells of a server's hello.
pub(super) fn server(side: Side, version: u32, hello: &ServerHello, out: &mut Out<'_>) {
    out.event(side, "eve_quic", |fields| {
        put_version(fields, version);
        put_fingerprint(fields, ["ja3s", "ja3s-hash"], &ja3s(hello));
        for extension in &hello.extensions {
            fields.show("extension", extension);
            if *extension == kind::VERSIONS {
                fields.show("value", TlsVersion(hello.version.0));
            }
        }
    });
}

/// Tells of a client's hello of a version before the standard.
pub(super) fn google(side: Side, hello: &google::Hello, out: &mut Out<'_>) {
    out.event(side, "eve_quic", |fields| {
        fields.put("version", format_compact!("Q{:03}", hello.version));
        for (column, value) in [("server-name", &hello.server_name), ("user-agent", &hello.user_agent)] {
            if let Some(value) = value {
                fields.put(column, value.clone());
            }
        }
        let text = format!("{},{}", hello.version, hello.tags.join("-"));
        put_fingerprint(fields, ["cyu", "cyu-hash"], &text);
    });
}

fn put_version(fields: &mut Fields, version: u32) {
    fields.put("version", format_compact!("{version:x}"));
}

fn put_fingerprint(fields: &mut Fields, [text_column, hash_column]: [&'static str; 2], text: &str) {
    fields.put(hash_column, hexadecimal(&fingerprint_md5(text), MD5_TEXT));
    fields.put(text_column, text);
}
