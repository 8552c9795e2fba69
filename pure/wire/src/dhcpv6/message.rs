//! What a DHCPv6 message is: RFC 8415 clauses 8, 9 and 21.

use city::Mac;
use std::fmt;
use std::net::Ipv6Addr;

/// What a message does (IANA registry of DHCPv6 message types).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind(pub(crate) u8);

impl Kind {
    pub(crate) const SOLICIT: Kind = Kind(1);
    pub(crate) const ADVERTISE: Kind = Kind(2);
    pub(crate) const REPLY: Kind = Kind(7);
    pub(crate) const RECONFIGURE: Kind = Kind(10);
    pub(crate) const INFORMATION_REQUEST: Kind = Kind(11);
    pub(crate) const RELAY_FORWARD: Kind = Kind(12);
    pub(crate) const RELAY_REPLY: Kind = Kind(13);

    /// The name in records, or nothing for an unknown number.
    pub(crate) fn name(self) -> Option<&'static str> {
        const NAMES: [&str; 23] = [
            "solicit",
            "advertise",
            "request",
            "confirm",
            "renew",
            "rebind",
            "reply",
            "release",
            "decline",
            "reconfigure",
            "information-request",
            "relay-forward",
            "relay-reply",
            "lease-query",
            "lease-query-reply",
            "lease-query-done",
            "lease-query-data",
            "reconfigure-request",
            "reconfigure-reply",
            "dhcpv4-query",
            "dhcpv4-response",
            "active-lease-query",
            "start-tls",
        ];
        NAMES.get(usize::from(self.0).checked_sub(1)?).copied()
    }

    /// Whether a server says it.
    pub(crate) fn is_servers(self) -> bool {
        matches!(self.0, 2 | 7 | 10 | 15 | 16 | 17 | 19 | 21)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "message-{}", self.0),
        }
    }
}

/// The number of an option (IANA registry of DHCPv6 options).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Code(pub(crate) u16);

impl Code {
    pub(crate) const CLIENT: Code = Code(1);
    pub(crate) const SERVER: Code = Code(2);
    pub(crate) const ADDRESSES: Code = Code(3);
    pub(crate) const TEMPORARY_ADDRESSES: Code = Code(4);
    pub(crate) const ADDRESS: Code = Code(5);
    pub(crate) const OPTIONS_ASKED: Code = Code(6);
    pub(crate) const PREFERENCE: Code = Code(7);
    pub(crate) const ELAPSED: Code = Code(8);
    pub(crate) const RELAYED: Code = Code(9);
    pub(crate) const STATUS: Code = Code(13);
    pub(crate) const RAPID_COMMIT: Code = Code(14);
    pub(crate) const USER_CLASS: Code = Code(15);
    pub(crate) const VENDOR_CLASS: Code = Code(16);
    pub(crate) const VENDOR_OPTIONS: Code = Code(17);
    pub(crate) const INTERFACE: Code = Code(18);
    pub(crate) const SIP_NAMES: Code = Code(21);
    pub(crate) const SIP_ADDRESSES: Code = Code(22);
    pub(crate) const NAME_SERVERS: Code = Code(23);
    pub(crate) const DOMAINS: Code = Code(24);
    pub(crate) const PREFIXES: Code = Code(25);
    pub(crate) const PREFIX: Code = Code(26);
    pub(crate) const OLD_TIME_SERVERS: Code = Code(31);
    pub(crate) const REMOTE: Code = Code(37);
    pub(crate) const SUBSCRIBER: Code = Code(38);
    pub(crate) const CLIENT_NAME: Code = Code(39);
    pub(crate) const TIME_ZONE_RULE: Code = Code(41);
    pub(crate) const TIME_ZONE: Code = Code(42);
    pub(crate) const TIME_SERVERS: Code = Code(56);
    pub(crate) const BOOT_FILE: Code = Code(59);
    pub(crate) const BOOT_PARAMETERS: Code = Code(60);
    pub(crate) const TUNNEL_END: Code = Code(64);
    pub(crate) const LINK_LAYER: Code = Code(79);
    pub(crate) const MUD_URL: Code = Code(112);
    pub(crate) const REDIRECT: Code = Code(136);
}

/// An option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setting<'a> {
    pub(crate) code: Code,
    pub(crate) bytes: &'a [u8],
}

/// What a relay put around a message (clause 9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Relay<'a> {
    pub(crate) hops: u8,
    /// An address on the client's link; unspecified if the interface says it.
    pub(crate) link: Ipv6Addr,
    /// Who sent what was passed on.
    pub(crate) peer: Ipv6Addr,
    pub(crate) options: Vec<Setting<'a>>,
}

/// A message, out of all relays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) kind: Kind,
    /// Chosen by the client, the same in all messages of one exchange.
    pub(crate) id: u32,
    pub(crate) options: Vec<Setting<'a>>,
    /// The outermost first.
    pub(crate) relays: Vec<Relay<'a>>,
    /// Whether the options fill the message exactly.
    pub(crate) is_whole: bool,
}

impl<'a> Message<'a> {
    /// What the first option of a code holds.
    pub(crate) fn option(&self, code: Code) -> Option<&'a [u8]> {
        find(&self.options, code)
    }

    /// Whether the identifier of a client or a server is there, or a relay.
    pub(crate) fn names_someone(&self) -> bool {
        !self.relays.is_empty()
            || [Code::CLIENT, Code::SERVER]
                .into_iter()
                .any(|code| self.option(code).and_then(Identifier::of).is_some())
    }

    /// The MAC address of the client, as the relay next to it tells (RFC 6939 clause 4).
    pub(crate) fn link_layer(&self) -> Option<Mac> {
        let bytes = find(&self.relays.last()?.options, Code::LINK_LAYER)?;
        match bytes {
            [0, 1, mac @ ..] => mac.try_into().ok().map(Mac),
            _ => None,
        }
    }
}

/// What the first option of a code holds.
pub(crate) fn find<'a>(options: &[Setting<'a>], code: Code) -> Option<&'a [u8]> {
    options.iter().find(|option| option.code == code).map(|option| option.bytes)
}

/// What identifies a client or a server (clause 11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identifier {
    /// What it is made of.
    pub(crate) kind: &'static str,
    /// The MAC address of one of its interfaces.
    pub(crate) mac: Option<Mac>,
}

impl Identifier {
    pub(crate) fn of(bytes: &[u8]) -> Option<Identifier> {
        let mac = |mac: &[u8]| mac.try_into().ok().map(Mac);
        let (kind, mac) = match bytes {
            [0, 1, 0, 1, _, _, _, _, rest @ ..] => ("link-layer-time", mac(rest)),
            [0, 1, _, _, _, _, _, _, _, ..] => ("link-layer-time", None),
            [0, 2, _, _, _, _, _, ..] => ("enterprise", None),
            [0, 3, 0, 1, rest @ ..] => ("link-layer", mac(rest)),
            [0, 3, _, _, _, ..] => ("link-layer", None),
            [0, 4, rest @ ..] if rest.len() == 16 => ("uuid", None),
            _ => return None,
        };
        Some(Identifier { kind, mac })
    }
}

/// An address with its lifetimes (clause 21.6), or a prefix with them (clause 21.22).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) address: Ipv6Addr,
    /// The length, if it is a prefix.
    pub(crate) length: Option<u8>,
    /// Seconds for which it is preferred, and for which it is valid.
    pub(crate) preferred: u32,
    pub(crate) valid: u32,
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length {
            Some(length) => write!(f, "{}/{length}", self.address),
            None => self.address.fmt(f),
        }
    }
}

/// A group of addresses or prefixes (clauses 21.4, 21.5 and 21.21).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Association<'a> {
    /// `addresses`, `temporary-addresses`, `prefixes`.
    pub(crate) kind: &'static str,
    pub(crate) number: u32,
    /// When to ask the same server again and when any, in seconds.
    pub(crate) times: Option<(u32, u32)>,
    pub(crate) options: Vec<Setting<'a>>,
}

impl Association<'_> {
    pub(crate) fn leases(&self) -> impl Iterator<Item = Lease> {
        self.options.iter().filter_map(super::parse::parse_lease)
    }
}
