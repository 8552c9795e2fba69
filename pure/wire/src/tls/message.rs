//! What is said in a handshake, and the names of its codes. Codes stay numbers, so that unknown ones are shown.

use city::Text;
use compact_str::format_compact;
use std::fmt;

/// A protocol version as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16);

impl Version {
    /// TLS 1.2 (RFC 5246).
    pub const TLS12: Version = Version(0x0303);
    /// TLS 1.3 (RFC 8446).
    pub const TLS13: Version = Version(0x0304);
    /// DTLS 1.0 (RFC 4347), which is TLS 1.1.
    pub const DTLS10: Version = Version(0xfeff);
    /// DTLS 1.2 (RFC 6347).
    pub const DTLS12: Version = Version(0xfefd);
    /// DTLS 1.3 (RFC 9147).
    pub const DTLS13: Version = Version(0xfefc);

    /// Whether it is TLS 1.3, or one of its drafts or experiments.
    pub fn is_tls13(self) -> bool {
        self >= Version::TLS13 && !self.is_reserved() && (!self.is_of_datagrams() || self == Version::DTLS13)
    }

    /// Whether it must no longer be used: RFC 8996, RFC 7568, RFC 6176.
    pub fn is_obsolete(self) -> bool {
        self < Version::TLS12 || self == Version::DTLS10
    }

    /// Whether it is a version of DTLS, which are numbered backwards.
    pub fn is_of_datagrams(self) -> bool {
        matches!(self, Version::DTLS10 | Version::DTLS12 | Version::DTLS13)
    }

    /// One of the values that are sprinkled in so that nobody relies on knowing them all (RFC 8701).
    pub fn is_reserved(self) -> bool {
        is_grease(self.0)
    }
}

/// Whether a code is one of those that mean nothing (RFC 8701 clause 2).
pub fn is_grease(code: u16) -> bool {
    code & 0x0f0f == 0x0a0a && code >> 8 == code & 0xff
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0x0002 => f.write_str("SSL 2"),
            0x0300 => f.write_str("SSL 3"),
            0x0301 => f.write_str("TLS 1.0"),
            0x0302 => f.write_str("TLS 1.1"),
            0x0303 => f.write_str("TLS 1.2"),
            0x0304 => f.write_str("TLS 1.3"),
            0xfefc => f.write_str("DTLS 1.3"),
            0xfefd => f.write_str("DTLS 1.2"),
            0xfeff => f.write_str("DTLS 1.0"),
            draft @ 0x7f00..=0x7fff => write!(f, "TLS 1.3 draft {}", draft & 0xff),
            other => write!(f, "{other:04x}"),
        }
    }
}

/// The IANA name of a cipher suite.
pub fn cipher_name(code: u16) -> Option<&'static str> {
    tls_parser::TlsCipherSuite::from_id(code).map(|suite| suite.name)
}

/// Whether a cipher should no longer be agreed to (RFC 9325 clause 4.1, RFC 7465): it does not encrypt, does not prove
/// who answers, was made to be broken, or has keys of less than 128 bits.
pub fn is_weak_cipher(name: &str) -> bool {
    ["_NULL_", "_anon_", "_EXPORT", "_RC4_", "_RC2_", "_DES_", "_DES40_", "_3DES_"]
        .iter()
        .any(|weak| name.contains(weak))
}

/// The names of the ciphers of SSL 2, by their three bytes.
pub fn ssl2_cipher_name(code: u32) -> Option<&'static str> {
    Some(match code {
        0x01_0080 => "SSL_CK_RC4_128_WITH_MD5",
        0x02_0080 => "SSL_CK_RC4_128_EXPORT40_WITH_MD5",
        0x03_0080 => "SSL_CK_RC2_128_CBC_WITH_MD5",
        0x04_0080 => "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5",
        0x05_0080 => "SSL_CK_IDEA_128_CBC_WITH_MD5",
        0x06_0040 => "SSL_CK_DES_64_CBC_WITH_MD5",
        0x07_00c0 => "SSL_CK_DES_192_EDE3_CBC_WITH_MD5",
        _ => return None,
    })
}

/// The name of a supported group (IANA registry of TLS supported groups).
pub fn group_name(code: u16) -> Text {
    const SECG: [&str; 28] = [
        "sect163k1",
        "sect163r1",
        "sect163r2",
        "sect193r1",
        "sect193r2",
        "sect233k1",
        "sect233r1",
        "sect239k1",
        "sect283k1",
        "sect283r1",
        "sect409k1",
        "sect409r1",
        "sect571k1",
        "sect571r1",
        "secp160k1",
        "secp160r1",
        "secp160r2",
        "secp192k1",
        "secp192r1",
        "secp224k1",
        "secp224r1",
        "secp256k1",
        "secp256r1",
        "secp384r1",
        "secp521r1",
        "brainpoolP256r1",
        "brainpoolP384r1",
        "brainpoolP512r1",
    ];
    let named = match code {
        1..=28 => SECG.get(usize::from(code) - 1).copied(),
        29 => Some("x25519"),
        30 => Some("x448"),
        256 => Some("ffdhe2048"),
        257 => Some("ffdhe3072"),
        258 => Some("ffdhe4096"),
        259 => Some("ffdhe6144"),
        260 => Some("ffdhe8192"),
        0x11eb => Some("SecP256r1MLKEM768"),
        0x11ec => Some("X25519MLKEM768"),
        0x11ed => Some("SecP384r1MLKEM1024"),
        0x6399 => Some("X25519Kyber768Draft00"),
        0x639a => Some("SecP256r1Kyber768Draft00"),
        _ => None,
    };
    named.map_or_else(|| format_compact!("group-{code}"), Text::const_new)
}

/// The name of an alert (RFC 8446 clause 6, and those of the versions before it).
pub fn alert_name(code: u8) -> Text {
    let named = match code {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        60 => "export_restriction",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        111 => "certificate_unobtainable",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        114 => "bad_certificate_hash_value",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        121 => "ech_required",
        other => return format_compact!("alert-{other}"),
    };
    Text::const_new(named)
}

/// The type of a handshake message (RFC 8446 clause 4 and RFC 5246 clause 7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandshakeKind(pub u8);

impl HandshakeKind {
    /// What a client begins with.
    pub const CLIENT_HELLO: HandshakeKind = HandshakeKind(1);
    /// What a server chose.
    pub const SERVER_HELLO: HandshakeKind = HandshakeKind(2);
    /// Once a message of its own, in drafts of TLS 1.3.
    pub const HELLO_RETRY_REQUEST: HandshakeKind = HandshakeKind(6);
    /// A chain of certificates.
    pub const CERTIFICATE: HandshakeKind = HandshakeKind(11);
    /// The server's part of the key exchange.
    pub const SERVER_KEY_EXCHANGE: HandshakeKind = HandshakeKind(12);
    /// What is said of the server's certificate by whoever made it (RFC 6066 clause 8).
    pub const CERTIFICATE_STATUS: HandshakeKind = HandshakeKind(22);

    /// The letter of the message in Zeek's `ssl_history`, in the lower case of a server.
    pub fn letter(self) -> u8 {
        match self.0 {
            0 => b'h',
            1 => b'c',
            2 => b's',
            3 => b'v',
            4 => b't',
            5 => b'e',
            6 => b'j',
            8 => b'o',
            11 => b'x',
            12 => b'k',
            13 => b'r',
            14 => b'n',
            15 => b'y',
            16 => b'g',
            20 => b'f',
            21 => b'w',
            22 => b'u',
            23 => b'a',
            24 => b'p',
            254 => b'm',
            _ => b'z',
        }
    }
}

/// An extension's number (IANA registry of TLS extension types).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtensionKind(pub u16);

impl ExtensionKind {
    /// Which server is meant (RFC 6066).
    pub const SERVER_NAME: ExtensionKind = ExtensionKind(0);
    /// Groups that the client can use.
    pub const SUPPORTED_GROUPS: ExtensionKind = ExtensionKind(10);
    /// Point formats of elliptic curves.
    pub const POINT_FORMATS: ExtensionKind = ExtensionKind(11);
    /// Signatures that the client can verify.
    pub const SIGNATURE_ALGORITHMS: ExtensionKind = ExtensionKind(13);
    /// Application protocols (RFC 7301).
    pub const ALPN: ExtensionKind = ExtensionKind(16);
    /// Key shares, in the drafts of TLS 1.3 before the 23rd.
    pub const KEY_SHARE_OF_DRAFTS: ExtensionKind = ExtensionKind(40);
    /// A session to take up again (RFC 5077).
    pub const SESSION_TICKET: ExtensionKind = ExtensionKind(35);
    /// A key agreed before.
    pub const PRE_SHARED_KEY: ExtensionKind = ExtensionKind(41);
    /// Versions that the client can speak, or the one the server chose.
    pub const SUPPORTED_VERSIONS: ExtensionKind = ExtensionKind(43);
    /// Key shares.
    pub const KEY_SHARE: ExtensionKind = ExtensionKind(51);
}

/// What a client offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHello {
    /// The version of the message itself, at most TLS 1.2.
    pub version: u16,
    /// The session it would take up again.
    pub session: Vec<u8>,
    /// Whether it has a ticket for one.
    pub has_ticket: bool,
    /// Cipher suites, the preferred first.
    pub ciphers: Vec<u16>,
    /// Extensions in their order.
    pub extensions: Vec<u16>,
    /// The server it means.
    pub server_name: Option<Text>,
    /// Versions in the list of versions.
    pub versions: Vec<u16>,
    /// Groups for the key exchange.
    pub groups: Vec<u16>,
    /// Point formats.
    pub point_formats: Vec<u8>,
    /// Signature algorithms.
    pub signatures: Vec<u16>,
    /// Application protocols.
    pub protocols: Vec<Text>,
}

/// What a server chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHello {
    /// The version of the message itself.
    pub message_version: u16,
    /// The version chosen.
    pub version: Version,
    /// The session.
    pub session: Vec<u8>,
    /// The cipher suite chosen.
    pub cipher: u16,
    /// Extensions in their order.
    pub extensions: Vec<u16>,
    /// The group of the key exchange, if it is chosen here.
    pub group: Option<u16>,
    /// Whether a key agreed before is used.
    pub has_pre_shared_key: bool,
    /// The application protocol chosen.
    pub protocol: Option<Text>,
    /// Whether the client is asked to begin again with other parameters (RFC 8446 clause 4.1.3).
    pub is_retry: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_named_and_ranked() {
        assert!(
            Version(0x0300).is_obsolete() && Version(0x0302).is_obsolete() && !Version::TLS12.is_obsolete()
        );
        assert!(Version(0x7f17).is_tls13() && !Version(0x7a7a).is_tls13() && !Version::TLS12.is_tls13());
        assert_eq!(Version(0x7f17).to_string(), "TLS 1.3 draft 23");
        assert_eq!(cipher_name(0x1301), Some("TLS_AES_128_GCM_SHA256"));
        assert_eq!(group_name(23), "secp256r1");
        assert_eq!(group_name(9999), "group-9999");
        assert_eq!(alert_name(112), "unrecognized_name");
    }
}
