//! What a message of SNMP is: RFC 1157 (version 1), RFC 1901 and RFC 3416 (version 2c), RFC 3412 (version 3).

use super::ber::Oid;

/// A message.
#[derive(Clone, Debug)]
pub(super) struct Message<'a> {
    pub(super) version: Version,
    /// The community of versions 1 and 2c. A credential: it is compared with those that makers ship, and never told.
    pub(super) community: &'a [u8],
    /// The header of version 3.
    pub(super) secured: Option<Secured<'a>>,
    pub(super) content: Content<'a>,
}

/// The versions by the number in the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    One,
    TwoC,
    Three,
}

impl Version {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Version::One => "1",
            Version::TwoC => "2c",
            Version::Three => "3",
        }
    }
}

/// The header of version 3 with its user-based security parameters (RFC 3414 clause 2.4).
#[derive(Clone, Copy, Debug)]
pub(super) struct Secured<'a> {
    pub(super) id: u32,
    flags: u8,
    pub(super) engine: &'a [u8],
    pub(super) user: &'a [u8],
}

impl<'a> Secured<'a> {
    pub(super) fn new(id: u32, flags: u8, engine: &'a [u8], user: &'a [u8]) -> Secured<'a> {
        Secured { id, flags, engine, user }
    }

    /// Whether the message carries a proof of who sent it.
    pub(super) fn is_authenticated(&self) -> bool {
        self.flags & 1 != 0
    }
}

/// What a message holds.
#[derive(Clone, Debug)]
pub(super) enum Content<'a> {
    Pdu(Pdu<'a>),
    Trap(Trap<'a>),
    /// Encrypted (version 3).
    Encrypted,
}

/// A protocol data unit other than a trap of version 1.
#[derive(Clone, Debug)]
pub(super) struct Pdu<'a> {
    pub(super) kind: Kind,
    pub(super) id: u32,
    pub(super) error: u32,
    pub(super) bindings: Vec<Binding<'a>>,
}

/// The kinds of unit (RFC 3416 clause 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Get,
    GetNext,
    Response,
    Set,
    GetBulk,
    Inform,
    Trap,
    Report,
}

impl Kind {
    pub(super) fn from_tag(tag: u8) -> Option<Kind> {
        Some(match tag {
            0xa0 => Kind::Get,
            0xa1 => Kind::GetNext,
            0xa2 => Kind::Response,
            0xa3 => Kind::Set,
            0xa5 => Kind::GetBulk,
            0xa6 => Kind::Inform,
            0xa7 => Kind::Trap,
            0xa8 => Kind::Report,
            _ => return None,
        })
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Kind::Get => "get",
            Kind::GetNext => "get-next",
            Kind::Response => "response",
            Kind::Set => "set",
            Kind::GetBulk => "get-bulk",
            Kind::Inform => "inform",
            Kind::Trap => "trap",
            Kind::Report => "report",
        }
    }
}

/// A trap of version 1 (RFC 1157 clause 4.1.6).
#[derive(Clone, Debug)]
pub(super) struct Trap<'a> {
    pub(super) enterprise: Oid<'a>,
    /// The address of the agent, which a proxy does not change.
    pub(super) agent: Option<[u8; 4]>,
    pub(super) generic: u32,
    pub(super) specific: u32,
    pub(super) bindings: Vec<Binding<'a>>,
}

/// An object with its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Binding<'a> {
    pub(super) oid: Oid<'a>,
    pub(super) value: Value<'a>,
}

/// A value (RFC 2578 clause 7.1), or why there is none (RFC 3416 clause 3).
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Unspecified,
    Integer(i64),
    Octets(&'a [u8]),
    Oid(Oid<'a>),
    Address([u8; 4]),
    /// Counters, gauges and other numbers without a sign.
    Unsigned(u64),
    /// Hundredths of a second.
    Ticks(u64),
    Opaque(&'a [u8]),
    NoSuchObject,
    NoSuchInstance,
    EndOfView,
}

/// The status of an error as RFC 3416 clause 3 names it.
pub(super) fn error_name(status: u32) -> Option<&'static str> {
    const NAMES: [&str; 19] = [
        "no-error",
        "too-big",
        "no-such-name",
        "bad-value",
        "read-only",
        "general-error",
        "no-access",
        "wrong-type",
        "wrong-length",
        "wrong-encoding",
        "wrong-value",
        "no-creation",
        "inconsistent-value",
        "resource-unavailable",
        "commit-failed",
        "undo-failed",
        "authorization-error",
        "not-writable",
        "inconsistent-name",
    ];
    NAMES.get(usize::try_from(status).ok()?).copied()
}

/// The generic traps of version 1 (RFC 1157 clause 4.1.6), and the last number of `snmpTraps` one below.
pub(super) fn trap_name(generic: u32) -> Option<&'static str> {
    const NAMES: [&str; 6] =
        ["coldStart", "warmStart", "linkDown", "linkUp", "authenticationFailure", "egpNeighborLoss"];
    NAMES.get(usize::try_from(generic).ok()?).copied()
}
