//! What a BACnet/IP message is: ANSI/ASHRAE 135-2020 annex J (the virtual link layer), clause 6 (the network layer) and
//! clause 20.1 (application PDUs). Codes stay numbers with names attached.

use super::names::{self, OBJECT_TYPES, REINITIALIZED_STATES};
use super::properties::PROPERTIES;
use city::{Text, Verb};
use compact_str::format_compact;

/// What a message of the virtual link layer is for (J.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BvlcFunction(pub u8);

impl BvlcFunction {
    pub const RESULT: Self = Self(0x00);
    pub const WRITE_BDT: Self = Self(0x01);
    pub const READ_BDT: Self = Self(0x02);
    pub const READ_BDT_ACK: Self = Self(0x03);
    pub const FORWARDED_NPDU: Self = Self(0x04);
    pub const REGISTER_FOREIGN_DEVICE: Self = Self(0x05);
    pub const READ_FDT: Self = Self(0x06);
    pub const READ_FDT_ACK: Self = Self(0x07);
    pub const DELETE_FDT_ENTRY: Self = Self(0x08);
    pub const DISTRIBUTE_BROADCAST: Self = Self(0x09);
    pub const ORIGINAL_UNICAST: Self = Self(0x0a);
    pub const ORIGINAL_BROADCAST: Self = Self(0x0b);
    pub const SECURE_BVLL: Self = Self(0x0c);

    /// The name, or `bvlc-13` where there is none.
    pub fn text(self) -> Text {
        Text::const_new(match self.0 {
            0x00 => "bvlc-result",
            0x01 => "write-broadcast-distribution-table",
            0x02 => "read-broadcast-distribution-table",
            0x03 => "read-broadcast-distribution-table-ack",
            0x04 => "forwarded-npdu",
            0x05 => "register-foreign-device",
            0x06 => "read-foreign-device-table",
            0x07 => "read-foreign-device-table-ack",
            0x08 => "delete-foreign-device-table-entry",
            0x09 => "distribute-broadcast-to-network",
            0x0a => "original-unicast-npdu",
            0x0b => "original-broadcast-npdu",
            0x0c => "secure-bvll",
            other => return format_compact!("bvlc-{other}"),
        })
    }

    /// What it does to the device that it is sent to.
    pub fn verb(self) -> Verb {
        match self.0 {
            0x01 | 0x05 | 0x08 => Verb::Configure,
            0x02 | 0x03 | 0x06 | 0x07 => Verb::Read,
            0x0c => Verb::Authenticate,
            _ => Verb::Discover,
        }
    }
}

/// How a message of the virtual link layer was answered (J.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BvlcResult(pub u16);

impl BvlcResult {
    /// The function that was refused, if one was.
    pub fn refused(self) -> Option<BvlcFunction> {
        Some(match self.0 {
            0x10 => BvlcFunction::WRITE_BDT,
            0x20 => BvlcFunction::READ_BDT,
            0x30 => BvlcFunction::REGISTER_FOREIGN_DEVICE,
            0x40 => BvlcFunction::READ_FDT,
            0x50 => BvlcFunction::DELETE_FDT_ENTRY,
            0x60 => BvlcFunction::DISTRIBUTE_BROADCAST,
            _ => return None,
        })
    }

    /// The name.
    pub fn text(self) -> Text {
        match (self.0, self.refused()) {
            (0, _) => "successful-completion".into(),
            (_, Some(function)) => format_compact!("{}-nak", function.text()),
            (other, None) => format_compact!("result-{other:#06x}"),
        }
    }
}

/// A message of the virtual link layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bvlc<'a> {
    pub function: BvlcFunction,
    pub body: &'a [u8],
}

/// Where a message comes from or goes to beyond a router (6.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkAddress<'a> {
    pub network: u16,
    /// Empty for a broadcast.
    pub address: &'a [u8],
}

/// A message of the network layer (6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Npdu<'a> {
    pub expects_reply: bool,
    /// 0 normal to 3 life safety.
    pub priority: u8,
    pub destination: Option<NetworkAddress<'a>>,
    pub source: Option<NetworkAddress<'a>>,
    pub hop_count: Option<u8>,
    pub content: Content<'a>,
}

/// What a message of the network layer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    Application(Apdu<'a>),
    Network { kind: NetworkMessage, vendor: Option<u16>, data: &'a [u8] },
}

/// What routers say to one another (6.2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkMessage(pub u8);

impl NetworkMessage {
    pub const I_AM_ROUTER: Self = Self(0x01);

    /// The name, or `network-message-200` where there is none.
    pub fn text(self) -> Text {
        Text::const_new(match self.0 {
            0x00 => "who-is-router-to-network",
            0x01 => "i-am-router-to-network",
            0x02 => "i-could-be-router-to-network",
            0x03 => "reject-message-to-network",
            0x04 => "router-busy-to-network",
            0x05 => "router-available-to-network",
            0x06 => "initialize-routing-table",
            0x07 => "initialize-routing-table-ack",
            0x08 => "establish-connection-to-network",
            0x09 => "disconnect-connection-to-network",
            0x0a => "challenge-request",
            0x0b => "security-payload",
            0x0c => "security-response",
            0x0d => "request-key-update",
            0x0e => "update-key-set",
            0x0f => "update-distribution-key",
            0x10 => "request-master-key",
            0x11 => "set-master-key",
            0x12 => "what-is-network-number",
            0x13 => "network-number-is",
            other => return format_compact!("network-message-{other}"),
        })
    }

    /// What it does.
    pub fn verb(self) -> Verb {
        match self.0 {
            0x06..=0x09 | 0x0e..=0x11 | 0x80.. => Verb::Configure,
            0x0a..=0x0d => Verb::Authenticate,
            _ => Verb::Discover,
        }
    }
}

/// An application PDU (20.1.2 to 20.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apdu<'a> {
    Abort { from_server: bool, invoke: u8, reason: u8 },
    ComplexAck { invoke: u8, segment: Option<Segment>, service: u8, data: &'a [u8] },
    ConfirmedRequest(ConfirmedRequest<'a>),
    Error { invoke: u8, service: u8, data: &'a [u8] },
    Reject { invoke: u8, reason: u8 },
    SegmentAck { negative: bool, from_server: bool, invoke: u8, sequence: u8, window: u8 },
    SimpleAck { invoke: u8, service: u8 },
    UnconfirmedRequest { service: u8, data: &'a [u8] },
}

/// A request that must be answered (20.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfirmedRequest<'a> {
    pub segmented_response_accepted: bool,
    /// As coded: 0 unspecified, 1 to 6 for 2 to 64, 7 for more (20.1.2.4).
    pub max_segments: u8,
    /// As coded: 0 for 50 bytes up to 5 for 1476 (20.1.2.5).
    pub max_apdu: u8,
    pub invoke: u8,
    pub segment: Option<Segment>,
    pub service: u8,
    pub data: &'a [u8],
}

/// Which part of a longer message a PDU is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub more_follows: bool,
    pub sequence: u8,
    pub window: u8,
}

/// A service that an application PDU names (21, BACnetConfirmedServiceChoice and BACnetUnconfirmedServiceChoice).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    Confirmed(u8),
    Unconfirmed(u8),
}

impl Service {
    /// The name, or `confirmed-service-50` where there is none.
    pub fn text(self) -> Text {
        Text::const_new(match self {
            Service::Confirmed(0) => "acknowledge-alarm",
            Service::Confirmed(1) => "confirmed-cov-notification",
            Service::Confirmed(2) => "confirmed-event-notification",
            Service::Confirmed(3) => "get-alarm-summary",
            Service::Confirmed(4) => "get-enrollment-summary",
            Service::Confirmed(5) => "subscribe-cov",
            Service::Confirmed(6) => "atomic-read-file",
            Service::Confirmed(7) => "atomic-write-file",
            Service::Confirmed(8) => "add-list-element",
            Service::Confirmed(9) => "remove-list-element",
            Service::Confirmed(10) => "create-object",
            Service::Confirmed(11) => "delete-object",
            Service::Confirmed(12) => "read-property",
            Service::Confirmed(13) => "read-property-conditional",
            Service::Confirmed(14) => "read-property-multiple",
            Service::Confirmed(15) => "write-property",
            Service::Confirmed(16) => "write-property-multiple",
            Service::Confirmed(17) => "device-communication-control",
            Service::Confirmed(18) => "confirmed-private-transfer",
            Service::Confirmed(19) => "confirmed-text-message",
            Service::Confirmed(20) => "reinitialize-device",
            Service::Confirmed(21) => "vt-open",
            Service::Confirmed(22) => "vt-close",
            Service::Confirmed(23) => "vt-data",
            Service::Confirmed(24) => "authenticate",
            Service::Confirmed(25) => "request-key",
            Service::Confirmed(26) => "read-range",
            Service::Confirmed(27) => "life-safety-operation",
            Service::Confirmed(28) => "subscribe-cov-property",
            Service::Confirmed(29) => "get-event-information",
            Service::Confirmed(30) => "subscribe-cov-property-multiple",
            Service::Confirmed(31) => "confirmed-cov-notification-multiple",
            Service::Confirmed(32) => "confirmed-audit-notification",
            Service::Confirmed(33) => "audit-log-query",
            Service::Confirmed(34) => "auth-request",
            Service::Unconfirmed(0) => "i-am",
            Service::Unconfirmed(1) => "i-have",
            Service::Unconfirmed(2) => "unconfirmed-cov-notification",
            Service::Unconfirmed(3) => "unconfirmed-event-notification",
            Service::Unconfirmed(4) => "unconfirmed-private-transfer",
            Service::Unconfirmed(5) => "unconfirmed-text-message",
            Service::Unconfirmed(6) => "time-synchronization",
            Service::Unconfirmed(7) => "who-has",
            Service::Unconfirmed(8) => "who-is",
            Service::Unconfirmed(9) => "utc-time-synchronization",
            Service::Unconfirmed(10) => "write-group",
            Service::Unconfirmed(11) => "unconfirmed-cov-notification-multiple",
            Service::Unconfirmed(12) => "unconfirmed-audit-notification",
            Service::Unconfirmed(13) => "who-am-i",
            Service::Unconfirmed(14) => "you-are",
            Service::Confirmed(other) => return format_compact!("confirmed-service-{other}"),
            Service::Unconfirmed(other) => return format_compact!("unconfirmed-service-{other}"),
        })
    }

    /// What it does, in the common vocabulary. A service that the standard does not know may do anything, and a plan
    /// must allow it expressly.
    pub fn verb(self) -> Verb {
        match self {
            Service::Confirmed(0 | 27) => Verb::Operate,
            Service::Confirmed(1 | 2 | 19 | 31 | 32) | Service::Unconfirmed(2 | 3 | 5 | 11 | 12) => {
                Verb::Publish
            }
            Service::Confirmed(3 | 4 | 12 | 13 | 14 | 26 | 29 | 33) => Verb::Read,
            Service::Confirmed(5 | 28 | 30) => Verb::Subscribe,
            Service::Confirmed(6 | 7 | 18) | Service::Unconfirmed(4) => Verb::Transfer,
            Service::Confirmed(15 | 16) | Service::Unconfirmed(10) => Verb::Write,
            Service::Confirmed(20) => Verb::Restart,
            Service::Confirmed(24 | 25 | 34) => Verb::Authenticate,
            Service::Unconfirmed(0 | 1 | 7 | 8 | 13) => Verb::Discover,
            Service::Confirmed(_) | Service::Unconfirmed(_) => Verb::Configure,
        }
    }
}

/// What ReinitializeDevice asks for, in the common vocabulary (16.4): not every one of its states is a restart.
pub fn reinitialize_verb(state: u32) -> Verb {
    match state {
        2 | 3 => Verb::Transfer,
        4..=6 => Verb::Program,
        7 => Verb::Configure,
        _ => Verb::Restart,
    }
}

/// The name of a state of ReinitializeDevice.
pub fn reinitialized_state(state: u32) -> Text {
    names::name(REINITIALIZED_STATES, state, "state")
}

/// An object of a device: a type of ten bits and an instance of twenty-two (20.2.14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectId(pub u32);

impl ObjectId {
    pub const DEVICE: u32 = 8;

    /// The type's number.
    pub fn kind(self) -> u32 {
        self.0 >> 22
    }

    /// The number within the type.
    pub fn instance(self) -> u32 {
        self.0 & 0x003f_ffff
    }

    /// The type's name.
    pub fn kind_text(self) -> Text {
        object_type(self.kind())
    }
}

/// The name of an object type, or `object-type-200` for a maker's own.
pub fn object_type(number: u32) -> Text {
    names::name(OBJECT_TYPES, number, "object-type")
}

/// A property of an object (21, BACnetPropertyIdentifier).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PropertyId(pub u32);

impl PropertyId {
    pub const ALL: Self = Self(8);
    pub const OPTIONAL: Self = Self(80);
    pub const REQUIRED: Self = Self(105);

    /// The name, or `property-600` for a maker's own.
    pub fn text(self) -> Text {
        names::name(PROPERTIES, self.0, "property")
    }

    /// Whether it stands for several properties (15.7.3.1.2).
    pub fn is_several(self) -> bool {
        matches!(self, Self::ALL | Self::OPTIONAL | Self::REQUIRED)
    }
}
