//! What a certificate says (RFC 5280), as far as an observer needs it.
//!
//! In the details of a handshake each certificate of a chain begins with `certificate-from` (`server` or `client`),
//! the owner's first. The other keys are `certificate-` and `fingerprint` (SHA-256), `sha1`, `version`, `serial`
//! (upper case hexadecimal), `subject`, `issuer` (RFC 4514: the most specific part first), `not-before`, `not-after`
//! (RFC 3339), `key-algorithm`, `key-bits`, `exponent`, `curve`, `signature-algorithm`, `signed-algorithm` (the same, of the part that is signed), `dns`, `ip`, `email`, `uri`
//! (alternative names, repeated), `ca`, `path-length`, `self-signed`.

use crate::show::{hexadecimal, readable};
use city::{Details, Text};
use compact_str::{CompactString, ToCompactString, format_compact};
use jiff::Timestamp;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::net::IpAddr;
use x509_parser::asn1_rs::Oid;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::{PublicKey, RSAPublicKey};
use x509_parser::x509::{AlgorithmIdentifier, AttributeTypeAndValue, SubjectPublicKeyInfo, X509Name};

/// The longest text of one field, in bytes.
const FIELD_MAX: usize = 1_024;

/// The most alternative names of one certificate.
const NAMES_MAX: usize = 256;

/// The shortest RSA key that is still trusted (NIST SP 800-131A revision 2, table 2).
const RSA_BITS_MIN: usize = 2_048;

/// A certificate as it was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 of its bytes.
    pub fingerprint: Text,
    /// SHA-1 of its bytes, by which older lists know it.
    pub sha1: Text,
    /// 1 to 3.
    pub version: u32,
    /// Its number, in upper case hexadecimal.
    pub serial: Text,
    /// Whose it is.
    pub subject: Text,
    /// Who signed it.
    pub issuer: Text,
    /// The common name of its owner.
    pub common_name: Option<Text>,
    /// The organisation of its owner.
    pub organisation: Option<Text>,
    /// From when it holds.
    pub not_before: Option<Timestamp>,
    /// Until when it holds.
    pub not_after: Option<Timestamp>,
    /// The key.
    pub key: Key,
    /// How it was signed.
    pub signature_algorithm: Text,
    /// How it was to be signed, by the part that is signed.
    pub signed_algorithm: Text,
    /// Alternative names: a detail's key and the name.
    pub names: Vec<(&'static str, Text)>,
    /// Whether it may sign others, and how many may stand between, if it says so.
    pub authority: Option<(bool, Option<u32>)>,
    /// Whether owner and signer are the same.
    pub is_self_signed: bool,
}

/// A public key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// Its algorithm.
    pub algorithm: Text,
    /// Its length, in bits; 0 if unknown.
    pub bits: usize,
    /// Whether it is for RSA.
    pub is_rsa: bool,
    /// The exponent of an RSA key.
    pub exponent: Option<u64>,
    /// The curve of a key on one.
    pub curve: Option<Text>,
}

impl Certificate {
    /// Why it is too weak to trust, in words, if it is.
    pub fn weakness(&self) -> Option<Text> {
        if self.key.is_rsa && (1..RSA_BITS_MIN).contains(&self.key.bits) {
            return Some(format!("RSA key of {} bits", self.key.bits).into());
        }
        // A self-signed certificate is trusted for what it is, not for its signature; its key was looked at.
        let digest = self.signature_algorithm.to_ascii_lowercase();
        let is_weak = ["md2", "md4", "md5", "sha1"].iter().any(|weak| digest.contains(weak));
        (is_weak && !self.is_self_signed).then(|| self.signature_algorithm.clone())
    }

    /// Adds what it says to the details of a handshake.
    pub fn put(&self, from: &'static str, details: &mut Details) {
        let mut put = |key: &'static str, value: Text| details.push((CompactString::const_new(key), value));
        put("certificate-from", Text::const_new(from));
        put("certificate-fingerprint", self.fingerprint.clone());
        put("certificate-sha1", self.sha1.clone());
        put("certificate-version", self.version.to_compact_string());
        put("certificate-serial", self.serial.clone());
        put("certificate-subject", self.subject.clone());
        put("certificate-issuer", self.issuer.clone());
        for (key, time) in
            [("certificate-not-before", self.not_before), ("certificate-not-after", self.not_after)]
        {
            if let Some(time) = time {
                put(key, time.to_compact_string());
            }
        }
        put("certificate-key-algorithm", self.key.algorithm.clone());
        if self.key.bits > 0 {
            put("certificate-key-bits", self.key.bits.to_compact_string());
        }
        if let Some(exponent) = self.key.exponent {
            put("certificate-exponent", exponent.to_compact_string());
        }
        if let Some(curve) = &self.key.curve {
            put("certificate-curve", curve.clone());
        }
        put("certificate-signature-algorithm", self.signature_algorithm.clone());
        put("certificate-signed-algorithm", self.signed_algorithm.clone());
        self.names.iter().for_each(|(key, name)| put(key, name.clone()));
        if let Some((ca, path_length)) = self.authority {
            put("certificate-ca", ca.to_compact_string());
            if let Some(length) = path_length {
                put("certificate-path-length", length.to_compact_string());
            }
        }
        put("certificate-self-signed", self.is_self_signed.to_compact_string());
    }
}

/// Reads a certificate; `None` if it is none.
pub fn parse_certificate(bytes: &[u8]) -> Option<Certificate> {
    let (_, parsed) = X509Certificate::from_der(bytes).ok()?;
    let own = &parsed.tbs_certificate;
    let text = |value: &AttributeTypeAndValue<'_>| attribute_text(value.attr_value().data);
    let common_name = own.subject.iter_common_name().next().map(text);
    let organisation = own.subject.iter_organization().next().map(text);
    let time = |time: &x509_parser::time::ASN1Time| Timestamp::from_second(time.timestamp()).ok();
    Some(Certificate {
        fingerprint: hexadecimal(&Sha256::digest(bytes), FIELD_MAX),
        sha1: hexadecimal(&Sha1::digest(bytes), FIELD_MAX),
        version: own.version.0.saturating_add(1),
        serial: serial(own.raw_serial()),
        subject: distinguished_name(&own.subject),
        issuer: distinguished_name(&own.issuer),
        common_name,
        organisation,
        not_before: time(&own.validity.not_before),
        not_after: time(&own.validity.not_after),
        key: key(&own.subject_pki),
        signature_algorithm: algorithm_name(&parsed.signature_algorithm),
        signed_algorithm: algorithm_name(&own.signature),
        names: alternative_names(&parsed),
        authority: authority(&parsed),
        is_self_signed: own.subject.as_raw() == own.issuer.as_raw(),
    })
}

/// Upper case hexadecimal without leading zeros of the number.
fn serial(bytes: &[u8]) -> Text {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len().saturating_sub(1));
    let mut text = hexadecimal(bytes.get(start..).unwrap_or_default(), FIELD_MAX);
    text.make_ascii_uppercase();
    text
}

/// The other names of its owner, each with its detail's key.
fn alternative_names(parsed: &X509Certificate<'_>) -> Vec<(&'static str, Text)> {
    let extensions = parsed.tbs_certificate.extensions().iter();
    let names = extensions.filter_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectAlternativeName(alternative) => Some(&alternative.general_names),
        _ => None,
    });
    names.flatten().filter_map(alternative_name).take(NAMES_MAX).collect()
}

/// Whether it may sign others, and how many may stand between.
fn authority(parsed: &X509Certificate<'_>) -> Option<(bool, Option<u32>)> {
    parsed.tbs_certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::BasicConstraints(constraints) => {
            Some((constraints.ca, constraints.path_len_constraint))
        }
        _ => None,
    })
}

fn alternative_name(name: &GeneralName<'_>) -> Option<(&'static str, Text)> {
    Some(match name {
        GeneralName::DNSName(name) => ("certificate-dns", readable(name.as_bytes(), FIELD_MAX)),
        GeneralName::IPAddress(octets) => {
            let address = <[u8; 4]>::try_from(*octets).map(IpAddr::from);
            let address = address.or_else(|_| <[u8; 16]>::try_from(*octets).map(IpAddr::from)).ok()?;
            ("certificate-ip", address.to_compact_string())
        }
        GeneralName::RFC822Name(name) => ("certificate-email", readable(name.as_bytes(), FIELD_MAX)),
        GeneralName::URI(name) => ("certificate-uri", readable(name.as_bytes(), FIELD_MAX)),
        _ => return None,
    })
}

fn key(info: &SubjectPublicKeyInfo<'_>) -> Key {
    let mut key = Key { algorithm: algorithm_name(&info.algorithm), ..Key::default() };
    // Some name the way of signing instead of the key's own algorithm.
    let parsed = match info.parsed() {
        Ok(PublicKey::Unknown(bytes)) if key.algorithm.ends_with("WithRSAEncryption") => {
            RSAPublicKey::from_der(bytes).map(|(_, rsa)| PublicKey::RSA(rsa)).ok()
        }
        parsed => parsed.ok(),
    };
    match parsed {
        Some(PublicKey::RSA(rsa)) => {
            key.is_rsa = true;
            key.bits = bits(rsa.modulus);
            key.exponent = rsa.try_exponent().ok();
        }
        Some(PublicKey::EC(point)) => {
            let curve = info.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
            let curve = curve.map(|oid| curve_name(&oid));
            key.bits = curve.as_ref().and_then(|(_, bits)| *bits).unwrap_or_else(|| point.key_size());
            key.curve = curve.map(|(name, _)| name);
        }
        Some(PublicKey::DSA(number)) => key.bits = bits(number),
        _ => key.bits = info.subject_public_key.data.len() * 8,
    }
    key
}

/// How many bits a number has.
fn bits(bytes: &[u8]) -> usize {
    match bytes.iter().position(|byte| *byte != 0).and_then(|start| bytes.get(start..)) {
        Some(number @ [first, ..]) => number.len() * 8 - first.leading_zeros() as usize,
        _ => 0,
    }
}

/// The name of a curve as the registries of TLS have it, and its length in bits.
fn curve_name(oid: &Oid<'_>) -> (Text, Option<usize>) {
    let text = oid.to_id_string();
    let (name, bits) = match text.as_str() {
        "1.2.840.10045.3.1.1" => ("secp192r1", 192),
        "1.2.840.10045.3.1.7" => ("secp256r1", 256),
        "1.3.132.0.10" => ("secp256k1", 256),
        "1.3.132.0.33" => ("secp224r1", 224),
        "1.3.132.0.34" => ("secp384r1", 384),
        "1.3.132.0.35" => ("secp521r1", 521),
        "1.3.36.3.3.2.8.1.1.7" => ("brainpoolP256r1", 256),
        "1.3.36.3.3.2.8.1.1.11" => ("brainpoolP384r1", 384),
        "1.3.36.3.3.2.8.1.1.13" => ("brainpoolP512r1", 512),
        _ => return (text.into(), None),
    };
    (Text::const_new(name), Some(bits))
}

/// The name of an algorithm in its own standard, or its number.
fn algorithm_name(algorithm: &AlgorithmIdentifier<'_>) -> Text {
    let text = algorithm.algorithm.to_id_string();
    let name = match text.as_str() {
        "1.2.840.10040.4.1" => "dsaEncryption",
        "1.2.840.10040.4.3" => "dsaWithSHA1",
        "1.2.840.10045.2.1" => "id-ecPublicKey",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.1" => "ecdsa-with-SHA224",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.2.840.113549.1.1.1" => "rsaEncryption",
        "1.2.840.113549.1.1.2" => "md2WithRSAEncryption",
        "1.2.840.113549.1.1.3" => "md4WithRSAEncryption",
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.10" => "rsassaPss",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.113549.1.1.14" => "sha224WithRSAEncryption",
        "1.3.14.3.2.29" => "sha1WithRSA",
        "1.3.101.110" => "X25519",
        "1.3.101.111" => "X448",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        "2.16.840.1.101.3.4.3.2" => "dsa_with_SHA256",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        _ => return text.into(),
    };
    Text::const_new(name)
}

/// The name of an attribute of a distinguished name: RFC 4514 clause 3, and what else is in use.
fn attribute_name(oid: &Oid<'_>) -> Text {
    let text = oid.to_id_string();
    let name = match text.as_str() {
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "emailAddress",
        "1.2.840.113549.1.9.2" => "unstructuredName",
        "1.3.6.1.4.1.311.60.2.1.1" => "jurisdictionL",
        "1.3.6.1.4.1.311.60.2.1.2" => "jurisdictionST",
        "1.3.6.1.4.1.311.60.2.1.3" => "jurisdictionC",
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "street",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "title",
        "2.5.4.13" => "description",
        "2.5.4.15" => "businessCategory",
        "2.5.4.17" => "postalCode",
        "2.5.4.18" => "postOfficeBox",
        "2.5.4.41" => "name",
        "2.5.4.42" => "GN",
        "2.5.4.46" => "dnQualifier",
        "2.5.4.97" => "organizationIdentifier",
        _ => return text.into(),
    };
    Text::const_new(name)
}

/// Text of an attribute.
fn attribute_text(bytes: &[u8]) -> Text {
    readable(decoded(bytes).as_bytes(), FIELD_MAX)
}

/// Text of an attribute with its control characters. Those in UTF-16 (BMPString) and Latin-1 (T61String, in practice)
/// are told by their bytes.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.get(..FIELD_MAX).unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.contains('\0')
    {
        return text.into();
    }
    let decoded: String = match bytes.as_chunks::<2>() {
        (pairs, []) if bytes.contains(&0) => {
            let units = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        _ => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
    decoded.into()
}

/// A distinguished name as text (RFC 4514 clause 2).
fn distinguished_name(name: &X509Name<'_>) -> Text {
    let mut parts: Vec<String> = Vec::new();
    for rdn in name.iter_rdn() {
        // Several values of one part are shown from the last on too.
        let mut values: Vec<Text> = Vec::new();
        for value in rdn.iter() {
            let mut text = attribute_name(value.attr_type());
            text.push('=');
            push_escaped(&mut text, &decoded(value.attr_value().data));
            values.push(text);
        }
        values.reverse();
        parts.push(values.join("+"));
    }
    parts.reverse();
    parts.join(",").into()
}

/// RFC 4514 clause 2.4.
fn push_escaped(text: &mut Text, value: &str) {
    let last = value.chars().count().saturating_sub(1);
    for (at, character) in value.chars().enumerate() {
        if character.is_ascii_control() {
            text.push_str(&format_compact!("\\{:02X}", u32::from(character)));
            continue;
        }
        let special = matches!(character, '"' | '+' | ',' | ';' | '<' | '>' | '\\')
            || at == 0 && matches!(character, ' ' | '#')
            || at == last && character == ' ';
        if special {
            text.push('\\');
        }
        text.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_numbers() {
        assert_eq!(bits(&[0, 0x80, 0]), 16);
        assert_eq!(bits(&[0x7f]), 7);
        assert_eq!(bits(&[]), 0);
        assert_eq!(serial(&[0, 0xab, 0x0c]), "AB0C");
        assert_eq!(serial(&[0]), "00");
    }

    #[test]
    fn names_are_escaped_as_their_standard_says() {
        let mut text = Text::default();
        push_escaped(&mut text, " Pumps, Ltd+ ");
        push_escaped(&mut text, "\r\n");
        assert_eq!(text, "\\ Pumps\\, Ltd\\+\\ \\0D\\0A");
    }

    #[test]
    fn text_is_read_in_whatever_encoding_it_came() {
        assert_eq!(attribute_text("Köln".as_bytes()), "Köln");
        assert_eq!(attribute_text(b"K\xf6ln"), "Köln");
        assert_eq!(attribute_text(b"\x00K\x00\xf6\x00l\x00n"), "Köln");
    }
}
