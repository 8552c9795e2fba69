//! Names of numbers, as IANA lists them for IKE (`ipsec-registry`, `ikev2-parameters`), and which are too weak.

use super::message::{Algorithm, Family};
use city::Text;
use compact_str::format_compact;

/// Numbers with their names.
pub type Names = &'static [(u16, &'static str)];

/// The name, or `kind-9` where there is none.
pub fn name(names: Names, number: u16, kind: &str) -> Text {
    let found = names.iter().find(|(known, _)| *known == number);
    found.map_or_else(|| format_compact!("{kind}-{number}"), |(_, name)| Text::const_new(name))
}

pub const V1_EXCHANGES: Names = &[
    (1, "base-mode"),
    (2, "main-mode"),
    (3, "authentication-only"),
    (4, "aggressive-mode"),
    (5, "informational"),
    (6, "transaction"),
    (32, "quick-mode"),
    (33, "new-group-mode"),
];

pub const V2_EXCHANGES: Names = &[
    (34, "ike-sa-init"),
    (35, "ike-auth"),
    (36, "create-child-sa"),
    (37, "informational"),
    (38, "ike-session-resume"),
    (39, "gsa-auth"),
    (40, "gsa-registration"),
    (41, "gsa-rekey"),
    (43, "ike-intermediate"),
    (44, "ike-followup-ke"),
];

const V1_CIPHERS: Names = &[
    (1, "des-cbc"),
    (2, "idea-cbc"),
    (3, "blowfish-cbc"),
    (4, "rc5-cbc"),
    (5, "3des-cbc"),
    (6, "cast-cbc"),
    (7, "aes-cbc"),
    (8, "camellia-cbc"),
];

const V1_HASHES: Names =
    &[(1, "md5"), (2, "sha1"), (3, "tiger"), (4, "sha2-256"), (5, "sha2-384"), (6, "sha2-512")];

const PROOFS: Names = &[
    (1, "pre-shared-key"),
    (2, "dss-signatures"),
    (3, "rsa-signatures"),
    (4, "rsa-encryption"),
    (5, "rsa-revised-encryption"),
    (9, "ecdsa-256"),
    (10, "ecdsa-384"),
    (11, "ecdsa-521"),
    (64_221, "hybrid-rsa"),
    (64_222, "hybrid-rsa"),
    (65_001, "xauth-pre-shared-key"),
    (65_002, "xauth-pre-shared-key"),
    (65_005, "xauth-rsa-signatures"),
    (65_006, "xauth-rsa-signatures"),
];

const V2_CIPHERS: Names = &[
    (1, "des-iv64"),
    (2, "des-cbc"),
    (3, "3des-cbc"),
    (4, "rc5-cbc"),
    (5, "idea-cbc"),
    (6, "cast-cbc"),
    (7, "blowfish-cbc"),
    (8, "3idea"),
    (9, "des-iv32"),
    (11, "null"),
    (12, "aes-cbc"),
    (13, "aes-ctr"),
    (14, "aes-ccm-8"),
    (15, "aes-ccm-12"),
    (16, "aes-ccm-16"),
    (18, "aes-gcm-8"),
    (19, "aes-gcm-12"),
    (20, "aes-gcm-16"),
    (21, "null-aes-gmac"),
    (23, "camellia-cbc"),
    (24, "camellia-ctr"),
    (25, "camellia-ccm-8"),
    (26, "camellia-ccm-12"),
    (27, "camellia-ccm-16"),
    (28, "chacha20-poly1305"),
];

const PRFS: Names = &[
    (1, "prf-hmac-md5"),
    (2, "prf-hmac-sha1"),
    (3, "prf-hmac-tiger"),
    (4, "prf-aes128-xcbc"),
    (5, "prf-hmac-sha2-256"),
    (6, "prf-hmac-sha2-384"),
    (7, "prf-hmac-sha2-512"),
    (8, "prf-aes128-cmac"),
];

const INTEGRITIES: Names = &[
    (0, "none"),
    (1, "hmac-md5-96"),
    (2, "hmac-sha1-96"),
    (3, "des-mac"),
    (4, "kpdk-md5"),
    (5, "aes-xcbc-96"),
    (6, "hmac-md5-128"),
    (7, "hmac-sha1-160"),
    (8, "aes-cmac-96"),
    (9, "aes-128-gmac"),
    (10, "aes-192-gmac"),
    (11, "aes-256-gmac"),
    (12, "hmac-sha2-256-128"),
    (13, "hmac-sha2-384-192"),
    (14, "hmac-sha2-512-256"),
];

const GROUPS: Names = &[
    (0, "none"),
    (1, "modp-768"),
    (2, "modp-1024"),
    (3, "ec2n-155"),
    (4, "ec2n-185"),
    (5, "modp-1536"),
    (14, "modp-2048"),
    (15, "modp-3072"),
    (16, "modp-4096"),
    (17, "modp-6144"),
    (18, "modp-8192"),
    (19, "ecp-256"),
    (20, "ecp-384"),
    (21, "ecp-521"),
    (22, "modp-1024-160"),
    (23, "modp-2048-224"),
    (24, "modp-2048-256"),
    (25, "ecp-192"),
    (26, "ecp-224"),
    (27, "brainpool-p224"),
    (28, "brainpool-p256"),
    (29, "brainpool-p384"),
    (30, "brainpool-p512"),
    (31, "curve25519"),
    (32, "curve448"),
    (35, "ml-kem-512"),
    (36, "ml-kem-768"),
    (37, "ml-kem-1024"),
];

const SEQUENCES: Names = &[(0, "no-esn"), (1, "esn")];

/// Notifications that refuse: in both versions those below 16384.
const V2_ERRORS: Names = &[
    (1, "unsupported-critical-payload"),
    (4, "invalid-ike-spi"),
    (5, "invalid-major-version"),
    (7, "invalid-syntax"),
    (9, "invalid-message-id"),
    (11, "invalid-spi"),
    (14, "no-proposal-chosen"),
    (17, "invalid-ke-payload"),
    (24, "authentication-failed"),
    (34, "single-pair-required"),
    (35, "no-additional-sas"),
    (36, "internal-address-failure"),
    (37, "failed-cp-required"),
    (38, "ts-unacceptable"),
    (39, "invalid-selectors"),
    (43, "temporary-failure"),
    (44, "child-sa-not-found"),
];

const V1_ERRORS: Names = &[
    (1, "invalid-payload-type"),
    (2, "doi-not-supported"),
    (3, "situation-not-supported"),
    (4, "invalid-cookie"),
    (5, "invalid-major-version"),
    (6, "invalid-minor-version"),
    (7, "invalid-exchange-type"),
    (8, "invalid-flags"),
    (9, "invalid-message-id"),
    (10, "invalid-protocol-id"),
    (11, "invalid-spi"),
    (12, "invalid-transform-id"),
    (13, "attributes-not-supported"),
    (14, "no-proposal-chosen"),
    (15, "bad-proposal-syntax"),
    (16, "payload-malformed"),
    (17, "invalid-key-information"),
    (18, "invalid-id-information"),
    (19, "invalid-cert-encoding"),
    (20, "invalid-certificate"),
    (23, "invalid-hash-information"),
    (24, "authentication-failed"),
    (25, "invalid-signature"),
    (30, "unequal-payload-lengths"),
];

/// The reason of a refusal.
pub fn error(major: u8, number: u16) -> Text {
    name(if major == 1 { V1_ERRORS } else { V2_ERRORS }, number, "notification")
}

impl Algorithm {
    /// The name, with the bits of the key.
    pub fn text(self, major: u8) -> Text {
        let (names, kind) = match (self.family, major) {
            (Family::Encryption, 1) => (V1_CIPHERS, "encryption"),
            (Family::Encryption, _) => (V2_CIPHERS, "encryption"),
            (Family::Prf, _) => (PRFS, "prf"),
            (Family::Integrity, 1) => (V1_HASHES, "hash"),
            (Family::Integrity, _) => (INTEGRITIES, "integrity"),
            (Family::Group, _) => (GROUPS, "group"),
            (Family::Sequence, _) => (SEQUENCES, "sequence"),
            (Family::Proof, _) => (PROOFS, "proof"),
        };
        let name = name(names, self.number, kind);
        match self.key_bits {
            Some(bits) => format_compact!("{name}-{bits}"),
            None => name,
        }
    }

    /// Whether it must not or should not be used any more (RFC 8247 clause 2, RFC 9395 clause 3). Triple DES is among
    /// them, since its blocks are too short for the traffic of a day.
    pub fn is_weak(self, major: u8) -> bool {
        match (self.family, major) {
            (Family::Encryption, 1) => matches!(self.number, 1..=6),
            (Family::Encryption, _) => matches!(self.number, 1..=9 | 11),
            (Family::Prf, _) => matches!(self.number, 1 | 3),
            (Family::Integrity, 1) => matches!(self.number, 1 | 3),
            (Family::Integrity, _) => matches!(self.number, 1 | 3 | 4 | 6),
            (Family::Group, _) => matches!(self.number, 1..=5 | 22..=25),
            (Family::Sequence | Family::Proof, _) => false,
        }
    }

    /// Whether it is a secret that both ends know.
    pub fn is_shared_key(self) -> bool {
        self.family == Family::Proof && matches!(self.number, 1 | 65_001 | 65_002)
    }
}
