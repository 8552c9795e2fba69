//! Fingerprints of hellos, by which a client's or a server's software is known again: JA3 (the text that is hashed;
//! Althouse, Atkinson and Atkins, 2017) and JA4 for TLS clients (its open part, 2023).

use super::message::{ClientHello, ExtensionKind, ServerHello};
use super::parse::without_grease;
use crate::show::hexadecimal;
use city::Text;
use compact_str::{ToCompactString, format_compact};
use md5::Md5;
use sha2::{Digest, Sha256};

fn joined(items: impl IntoIterator<Item = impl Into<u16>>) -> String {
    let mut text = String::new();
    for item in items {
        if !text.is_empty() {
            text.push('-');
        }
        text.push_str(&item.into().to_compact_string());
    }
    text
}

/// Codes in hexadecimal.
fn list(codes: &[u16]) -> String {
    let mut text = String::with_capacity(codes.len() * 5);
    for code in codes {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(&hexadecimal(&code.to_be_bytes(), 4));
    }
    text
}

/// Version, ciphers, extensions, groups and point formats of a client, in decimal.
pub fn ja3(hello: &ClientHello) -> Text {
    let ciphers = joined(without_grease(&hello.ciphers));
    let extensions = joined(without_grease(&hello.extensions));
    let groups = joined(without_grease(&hello.groups));
    format_compact!(
        "{},{ciphers},{extensions},{groups},{}",
        hello.version,
        joined(hello.point_formats.iter().copied())
    )
}

/// Version, cipher and extensions of a server, in decimal.
pub fn ja3s(hello: &ServerHello) -> Text {
    format_compact!("{},{},{}", hello.message_version, hello.cipher, joined(hello.extensions.iter().copied()))
}

/// What carries the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// DTLS.
    Datagrams,
    /// QUIC (RFC 9001).
    Quic,
    /// Records over TCP.
    Tcp,
}

/// JA4 of a client.
pub fn ja4(hello: &ClientHello, carrier: Carrier) -> Text {
    let carrier = match carrier {
        Carrier::Datagrams => 'd',
        Carrier::Quic => 'q',
        Carrier::Tcp => 't',
    };
    // The versions of DTLS are numbered backwards.
    let newest = match carrier {
        'd' => without_grease(&hello.versions).min(),
        _ => without_grease(&hello.versions).max(),
    };
    let version = newest.unwrap_or(hello.version);
    let version = match version {
        0x0002 => "s2",
        0x0300 => "s3",
        0x0301 => "10",
        0x0302 => "11",
        0x0303 => "12",
        0x0304 => "13",
        0xfefc => "d3",
        0xfefd => "d2",
        0xfeff => "d1",
        _ => "00",
    };
    let destination = if hello.server_name.is_some() { 'd' } else { 'i' };
    let mut ciphers: Vec<_> = without_grease(&hello.ciphers).collect();
    let mut extensions: Vec<_> = without_grease(&hello.extensions).collect();
    let (cipher_count, extension_count) = (ciphers.len().min(99), extensions.len().min(99));
    // The first and the last character of the first protocol, or of its hexadecimal form if they are no letters.
    let name = hello.protocols.first().map(|name| name.as_bytes()).unwrap_or_default();
    let [first, last] = match (name.first(), name.last()) {
        (Some(first), Some(last)) if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() => {
            [char::from(*first), char::from(*last)]
        }
        (Some(first), Some(last)) => {
            let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
            [digit(first >> 4), digit(last & 0xf)]
        }
        _ => ['0', '0'],
    };
    ciphers.sort_unstable();
    extensions.retain(|code| ![ExtensionKind::SERVER_NAME.0, ExtensionKind::ALPN.0].contains(code));
    extensions.sort_unstable();
    let mut behind = list(&extensions);
    let signatures: Vec<_> = without_grease(&hello.signatures).collect();
    if !signatures.is_empty() {
        behind = format!("{behind}_{}", list(&signatures));
    }
    let (ciphers, behind) = (shortened(&list(&ciphers)), shortened(&behind));
    format_compact!(
        "{carrier}{version}{destination}{cipher_count:02}{extension_count:02}{first}{last}_{ciphers}_{behind}"
    )
}

/// JA4 of a client that speaks QUIC.
pub fn ja4_over_quic(hello: &ClientHello) -> Text {
    ja4(hello, Carrier::Quic)
}

/// The MD5 by which fingerprints in text are listed: not against forgers, but because the lists have it.
pub fn md5(text: &str) -> [u8; 16] {
    Md5::digest(text.as_bytes()).into()
}

/// The first twelve hexadecimal digits of the SHA-256, or zeros for nothing.
fn shortened(text: &str) -> Text {
    if text.is_empty() {
        return Text::const_new("000000000000");
    }
    let hash = Sha256::digest(text.as_bytes());
    let (six, _) = hash.split_at(6);
    hexadecimal(six, 12)
}
