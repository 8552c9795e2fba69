//! What a DCP message is (IEC 61158-6-10 clause 4.3).

use city::Text;
use compact_str::format_compact;
use std::net::Ipv4Addr;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Service(pub(crate) u8);

impl Service {
    pub(crate) const GET: Self = Self(3);
    pub(crate) const SET: Self = Self(4);
    pub(crate) const IDENTIFY: Self = Self(5);
    pub(crate) const HELLO: Self = Self(6);
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) service: Service,
    pub(crate) direction: Direction,
    /// Chosen by who asks, repeated by who answers.
    pub(crate) transaction: u32,
    pub(crate) blocks: &'a [u8],
}

/// Whether it asks or answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Request,
    Success,
    NotSupported,
}

/// What a block is about: an option and its suboption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct What(pub(crate) u8, pub(crate) u8);

impl What {
    pub(crate) const IP: Self = Self(1, 2);
    pub(crate) const IP_SUITE: Self = Self(1, 3);
    pub(crate) const STATION_TYPE: Self = Self(2, 1);
    pub(crate) const NAME: Self = Self(2, 2);
    pub(crate) const DEVICE: Self = Self(2, 3);
    pub(crate) const ROLE: Self = Self(2, 4);
    pub(crate) const ALIAS: Self = Self(2, 6);
    pub(crate) const START: Self = Self(5, 1);
    pub(crate) const STOP: Self = Self(5, 2);
    pub(crate) const SIGNAL: Self = Self(5, 3);
    pub(crate) const RESPONSE: Self = Self(5, 4);
    pub(crate) const FACTORY_RESET: Self = Self(5, 5);
    pub(crate) const RESET_TO_FACTORY: Self = Self(5, 6);
    pub(crate) const ALL: Self = Self(255, 255);

    /// The name in kebab-case, or `option-128-1` where there is none.
    pub(crate) fn text(self) -> Text {
        Text::const_new(match self {
            Self(1, 1) => "mac-address",
            Self::IP => "ip-parameter",
            Self::IP_SUITE => "full-ip-suite",
            Self::STATION_TYPE => "type-of-station",
            Self::NAME => "name-of-station",
            Self::DEVICE => "device-id",
            Self::ROLE => "device-role",
            Self(2, 5) => "device-options",
            Self::ALIAS => "alias-name",
            Self(2, 7) => "device-instance",
            Self(2, 8) => "oem-device-id",
            Self(2, 9) => "standard-gateway",
            Self(2, 10) => "rsi-properties",
            Self(3, option) => return format_compact!("dhcp-option-{option}"),
            Self::START => "start-transaction",
            Self::STOP => "end-transaction",
            Self::SIGNAL => "signal",
            Self::RESPONSE => "response",
            Self::FACTORY_RESET => "factory-reset",
            Self::RESET_TO_FACTORY => "reset-to-factory",
            Self(6, 1) => "device-initiative",
            Self::ALL => "all",
            Self(option, suboption) => return format_compact!("option-{option}-{suboption}"),
        })
    }
}

/// One block of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block<'a> {
    pub(crate) what: What,
    /// Behind the information or qualifier that some messages put before it.
    pub(crate) value: &'a [u8],
}

/// An address with its mask and gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ip {
    pub(crate) address: Ipv4Addr,
    pub(crate) mask: Ipv4Addr,
    pub(crate) gateway: Ipv4Addr,
}

impl Ip {
    /// As people write it.
    pub(crate) fn text(&self) -> Text {
        format_compact!("{} mask {} gateway {}", self.address, self.mask, self.gateway)
    }
}

/// Why a thing was not set.
pub(crate) fn error(code: u8) -> Text {
    Text::const_new(match code {
        1 => "option-not-supported",
        2 => "suboption-not-supported",
        3 => "suboption-not-set",
        4 => "resource-error",
        5 => "not-possible-by-local-reasons",
        6 => "not-possible-in-operation",
        other => return format_compact!("error-{other}"),
    })
}
