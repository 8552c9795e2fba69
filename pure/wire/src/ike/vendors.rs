//! Who is recognised by a vendor identifier. Most are the MD5 of a text; some have a version behind it.

use crate::show::{VALUE_BYTES_MAX, readable};
use city::{Text, Trait};

/// What an identifier says of who sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vendor {
    pub about: Trait,
    pub value: Text,
    pub confidence: u8,
}

/// The beginnings of identifiers that name a maker or a product. Those of extensions (RFC 3706, RFC 3947, XAUTH) name
/// nobody: many makers send them.
const KNOWN: &[(&[u8], Trait, &str)] = &[
    // MD5 of `strongSwan`.
    (b"\x88\x2f\xe5\x6d\x6f\xd2\x0d\xbc\x22\x51\x61\x3b\x2e\xbe\x5b\xeb", Trait::Product, "strongSwan"),
    // MD5 of `MS NT5 ISAKMPOAKLEY`, with a version.
    (b"\x1e\x2b\x51\x69\x05\x99\x1c\x7d\x7c\x96\xfc\xbf\xb5\x87\xe4\x61", Trait::Vendor, "Microsoft"),
    // MD5 of `MS-Negotiation Discovery Capable`.
    (b"\xfb\x1d\xe3\xcd\xf3\x41\xb7\xea\x16\xb7\xe5\xbe\x08\x55\xf1\x20", Trait::Vendor, "Microsoft"),
    // MD5 of `KAME/racoon`.
    (b"\x70\x03\xcb\xc1\x09\x7d\xbe\x9c\x26\x00\xba\x69\x83\xbc\x8b\x35", Trait::Product, "racoon"),
    // The first twelve bytes of the MD5 of `FORTIGATE`, with a version.
    (b"\x82\x99\x03\x17\x57\xa3\x60\x82\xc6\xa6\x21\xde", Trait::Vendor, "Fortinet"),
    (b"CISCO", Trait::Vendor, "Cisco"),
];

/// The shortest text that is taken for a name.
const TEXT_MIN: usize = 6;

/// What an identifier says, if it is known or is text.
pub fn vendor(id: &[u8]) -> Option<Vendor> {
    if let Some((_, about, value)) = KNOWN.iter().find(|(beginning, ..)| id.starts_with(beginning)) {
        return Some(Vendor { about: *about, value: Text::const_new(value), confidence: 70 });
    }
    let text = id.strip_suffix(b"\0").unwrap_or(id);
    let is_text = text.len() >= TEXT_MIN && text.iter().all(|byte| matches!(byte, b' '..=b'~'));
    // What Libreswan and Openswan send is letters too, but of a hash.
    (is_text && !text.starts_with(b"OE")).then(|| Vendor {
        about: Trait::Product,
        value: readable(text, VALUE_BYTES_MAX),
        confidence: 50,
    })
}

#[test]
fn what_names_nobody_is_nobody() {
    assert_eq!(vendor(b"CISCO-DELETE-REASON").unwrap().value, "Cisco");
    assert_eq!(vendor(b"Example Gateway 7").unwrap().about, Trait::Product);
    // RFC 3947, RFC 3706.
    for id in [
        &b"\x4a\x13\x1c\x81\x07\x03\x58\x45\x5c\x57\x28\xf2\x0e\x95\x45\x2f"[..],
        b"\xaf\xca\xd7\x13\x68\xa1\xf1\xc9\x6b\x86\x96\xfc\x77\x57\x01\x00",
        b"OEabcdefghij",
        b"",
    ] {
        assert_eq!(vendor(id), None);
    }
}
