//! What a message is: RFC 7296 clause 3 (IKEv2), and RFC 2408 clause 3 with RFC 2409 (IKEv1). Both have the same
//! header and the same chain of payloads; numbers below 33 are of version 1.

use super::names::{self, V1_EXCHANGES, V2_EXCHANGES};
use city::Text;

/// The header that every message has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The security parameter index of the end that began.
    pub initiator: u64,
    /// That of the other end; zero until it has answered.
    pub responder: u64,
    pub next: PayloadKind,
    pub major: u8,
    pub minor: u8,
    pub exchange: Exchange,
    pub flags: u8,
    pub id: u32,
}

impl Header {
    /// Whether all behind the header is encrypted (version 1, RFC 2408 clause 3.1). In version 2 a payload of its own
    /// holds what is.
    pub fn is_encrypted(&self) -> bool {
        self.major == 1 && self.flags & 1 != 0
    }

    /// Whether the message answers one (version 2).
    pub fn is_response(&self) -> bool {
        self.flags & 0x20 != 0
    }

    /// Whether the sender is the end that began (version 2).
    pub fn is_from_initiator(&self) -> bool {
        self.flags & 8 != 0
    }
}

/// What an exchange is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exchange(pub u8);

impl Exchange {
    pub const AGGRESSIVE: Self = Self(4);
    pub const INFORMATIONAL_V1: Self = Self(5);
    pub const INFORMATIONAL: Self = Self(37);

    /// Whether a version has it.
    pub fn is_of(self, major: u8) -> bool {
        match major {
            1 => matches!(self.0, 1..=6 | 32 | 33),
            2 => matches!(self.0, 34..=44),
            _ => false,
        }
    }

    /// Whether it agrees on nothing: notices, deletions and signs of life.
    pub fn is_informational(self) -> bool {
        matches!(self, Self::INFORMATIONAL_V1 | Self::INFORMATIONAL)
    }

    /// The name, or `exchange-50` where there is none.
    pub fn text(self) -> Text {
        let names = if self.0 < 34 { V1_EXCHANGES } else { V2_EXCHANGES };
        names::name(names, u16::from(self.0), "exchange")
    }
}

/// What a payload holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PayloadKind(pub u8);

impl PayloadKind {
    pub const NONE: Self = Self(0);
    /// Version 1: the association with its proposals, and in them the transforms.
    pub const SA_V1: Self = Self(1);
    pub const PROPOSAL_V1: Self = Self(2);
    pub const TRANSFORM_V1: Self = Self(3);
    pub const KEY_V1: Self = Self(4);
    pub const IDENTITY_V1: Self = Self(5);
    pub const NONCE_V1: Self = Self(10);
    pub const NOTIFY_V1: Self = Self(11);
    pub const VENDOR_V1: Self = Self(13);
    /// Version 2.
    pub const SA: Self = Self(33);
    pub const KEY: Self = Self(34);
    pub const NOTIFY: Self = Self(41);
    pub const VENDOR: Self = Self(43);
    pub const ENCRYPTED: Self = Self(46);
    pub const ENCRYPTED_FRAGMENT: Self = Self(53);

    /// Whether a version has it. Drafts of what became RFC 3947 and makers use 130 and more.
    pub fn is_of(self, major: u8) -> bool {
        match major {
            1 => matches!(self.0, 0..=23 | 128..),
            2 => matches!(self.0, 0 | 33..=54 | 128..),
            _ => false,
        }
    }
}

/// One payload, without its generic header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload<'a> {
    pub kind: PayloadKind,
    pub body: &'a [u8],
}

/// Which algorithm, of those that a transform may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    Encryption,
    Prf,
    /// Integrity; of version 1 the hash, which serves as PRF too.
    Integrity,
    Group,
    /// Extended sequence numbers (version 2).
    Sequence,
    /// How the ends prove who they are (version 1).
    Proof,
}

/// One algorithm, with the bits of its key where it is named without them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Algorithm {
    pub family: Family,
    pub number: u16,
    pub key_bits: Option<u16>,
}

/// One attribute of a transform of version 1 (RFC 2409 appendix A). What does not fit 32 bits is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute {
    pub kind: u16,
    pub value: u32,
}

/// What is offered, or was chosen: the transforms of version 1, or a proposal of version 2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suite {
    pub algorithms: Vec<Algorithm>,
    /// As they came, in version 1.
    pub attributes: Vec<Attribute>,
}

impl Suite {
    /// The first algorithm of a family.
    pub fn of(&self, family: Family) -> Option<Algorithm> {
        self.algorithms.iter().find(|algorithm| algorithm.family == family).copied()
    }
}

/// An association that is asked for or granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Association {
    /// The domain of interpretation (version 1); 1 is IPsec.
    pub doi: Option<u32>,
    pub suites: Vec<Suite>,
}
