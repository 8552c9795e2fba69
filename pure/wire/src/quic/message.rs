//! What a packet is (RFC 8999 for every version, RFC 9000 clause 17, RFC 9369 clause 3).

use city::Text;
use compact_str::{CompactString, format_compact};

/// A version as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub u32);

/// How a version protects its first packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    /// What is mixed into the secret (RFC 9001 clause 5.2).
    pub salt: [u8; 20],
    /// What the names of keys begin with.
    pub label: &'static str,
}

impl Version {
    /// RFC 9000.
    pub const ONE: Version = Version(1);
    /// RFC 9369.
    pub const TWO: Version = Version(0x6b33_43cf);
    /// No version: the server lists those that it speaks (RFC 8999 clause 6).
    pub const NEGOTIATION: Version = Version(0);

    /// The number of the draft of RFC 9000 that it is.
    fn draft(self) -> Option<u32> {
        self.0.checked_sub(0xff00_0000).filter(|draft| (23..=34).contains(draft))
    }

    /// How it protects its first packets, if it is a version that is read.
    pub fn protection(self) -> Option<Protection> {
        let protection = |salt| Some(Protection { salt, label: "quic" });
        match (self, self.draft()) {
            // RFC 9001 clause 5.2; drafts 33 and 34 are the same.
            (Version::ONE, _) | (_, Some(33..)) => protection([
                0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c,
                0xad, 0xcc, 0xbb, 0x7f, 0x0a,
            ]),
            // RFC 9369 clause 3.3.
            (Version::TWO, _) => Some(Protection {
                salt: [
                    0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d,
                    0xcb, 0xf9, 0xbd, 0x2e, 0xd9,
                ],
                label: "quicv2",
            }),
            (_, Some(29..)) => protection([
                0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61, 0x11,
                0xe0, 0x43, 0x90, 0xa8, 0x99,
            ]),
            (_, Some(_)) => protection([
                0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4, 0x63,
                0x65, 0xbe, 0xf9, 0xf5, 0x02,
            ]),
            _ => None,
        }
    }

    /// What the two bits of a long header's type mean: version 2 has turned them round (RFC 9369 clause 3.2).
    pub fn kind(self, bits: u8) -> Kind {
        let turned = if self == Version::TWO { bits.wrapping_sub(1) } else { bits };
        match turned & 3 {
            0 => Kind::Initial,
            1 => Kind::ZeroRtt,
            2 => Kind::Handshake,
            _ => Kind::Retry,
        }
    }

    /// The name by which Zeek's log has it.
    pub fn name(self) -> Text {
        match (self, self.draft()) {
            (Version::ONE, _) => CompactString::const_new("1"),
            (Version::TWO, _) => CompactString::const_new("quicv2"),
            (_, Some(draft)) => format_compact!("draft-{draft}"),
            (Version(other), None) => format_compact!("unknown-{other:x}"),
        }
    }
}

/// What a packet with a long header is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The hellos, with keys that everybody can make.
    Initial,
    /// What a client says before it has an answer.
    ZeroRtt,
    /// The rest of the handshake.
    Handshake,
    /// The client shall begin again and show this token.
    Retry,
}

/// A packet with a long header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongPacket<'a> {
    /// Its version.
    pub version: Version,
    /// What it is for; nothing for a version that is not read.
    pub kind: Option<Kind>,
    /// To which connection of the receiver it belongs.
    pub destination: &'a [u8],
    /// To which connection of the sender the answer belongs.
    pub source: &'a [u8],
    /// All of it.
    pub bytes: &'a [u8],
    /// Where the protected packet number begins.
    pub number_at: usize,
}
