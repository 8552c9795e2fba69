//! What of a packet rules look at.

use std::collections::BTreeMap;

/// Values from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    /// The first.
    pub first: u128,
    /// The last, not below the first.
    pub last: u128,
}

impl Range {
    /// One value.
    #[must_use]
    pub const fn one(value: u128) -> Range {
        Range { first: value, last: value }
    }

    /// Whether the value lies within.
    #[must_use]
    pub const fn contains(self, value: u128) -> bool {
        self.first <= value && value <= self.last
    }
}

/// Something of a packet that rules look at. The order is that in which diagrams ask: first what splits rulesets into
/// parts that have little in common (family, state, interface, VLAN, address), then what many of those parts share.
///
/// Addresses of both families share a field: IPv4 addresses are their 32 bits. Which family is meant is [`Field::Ethertype`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The EtherType: 0x0800 for IPv4, 0x86dd for IPv6 (RFC 9542).
    Ethertype,
    /// The connection's state, as [`State`] numbers it.
    State,
    /// The interface that a packet came in at, by its number in [`crate::Ruleset::interfaces`]; 0 is any that is not named.
    InterfaceIn,
    /// The interface that a packet leaves by, numbered likewise.
    InterfaceOut,
    /// The VLAN, IEEE 802.1Q; 0 is none.
    Vlan,
    /// The source address.
    Source,
    /// The destination address.
    Destination,
    /// The IP protocol, by its IANA number; the header behind IPv6's extension headers.
    Protocol,
    /// The source port of TCP, UDP, SCTP, DCCP and UDP-Lite; the type of ICMP and ICMPv6.
    SourcePort,
    /// The destination port of the same; the code of ICMP and ICMPv6.
    DestinationPort,
    /// The flags of TCP (RFC 9293, section 3.1), from FIN, the lowest bit, to CWR.
    TcpFlags,
    /// The source MAC address.
    SourceMac,
    /// The destination MAC address.
    DestinationMac,
    /// Something else, by its number in [`crate::Ruleset::unknowns`]: 1 where it holds.
    Unknown(u16),
}

impl Field {
    /// All values that the field can have.
    #[must_use]
    pub const fn whole(self) -> Range {
        let last = match self {
            Field::Ethertype
            | Field::SourcePort
            | Field::DestinationPort
            | Field::InterfaceIn
            | Field::InterfaceOut => u16::MAX as u128,
            Field::State => 4,
            Field::Source | Field::Destination => u128::MAX,
            Field::Protocol | Field::TcpFlags => u8::MAX as u128,
            Field::SourceMac | Field::DestinationMac => (1 << 48) - 1,
            Field::Vlan => (1 << 12) - 1,
            Field::Unknown(_) => 1,
        };
        Range { first: 0, last }
    }
}

/// What connection tracking says of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Belongs to nothing and begins nothing.
    Invalid,
    /// Begins a connection.
    New,
    /// Belongs to a connection that was answered.
    Established,
    /// Belongs to another, such as an ICMP error.
    Related,
    /// Is not tracked.
    Untracked,
}

impl State {
    /// Every state, by its number.
    pub const ALL: [State; 5] =
        [State::Invalid, State::New, State::Established, State::Related, State::Untracked];

    /// As nftables writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Invalid => "invalid",
            State::New => "new",
            State::Established => "established",
            State::Related => "related",
            State::Untracked => "untracked",
        }
    }

    /// Its number in [`Field::State`].
    #[must_use]
    pub const fn number(self) -> u128 {
        self as u128
    }
}

/// One packet, as rules see it. A field without a value has the value 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Packet(pub BTreeMap<Field, u128>);

impl Packet {
    /// The value of a field.
    #[must_use]
    pub fn get(&self, field: Field) -> u128 {
        self.0.get(&field).copied().unwrap_or_default()
    }

    /// The same packet with another value of a field.
    #[must_use]
    pub fn with(mut self, field: Field, value: u128) -> Packet {
        self.0.insert(field, value);
        self
    }
}
