//! What a message of BACnet/SC is: ANSI/ASHRAE 135-2020 clause AB.2.

use city::{Text, Verb};
use compact_str::format_compact;

/// A virtual address (AB.1.5.2).
pub type Vmac = [u8; 6];

/// All stations of a network (AB.1.5.2).
pub const BROADCAST: Vmac = [0xff; 6];

/// What a message is for (AB.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Function(pub u8);

impl Function {
    pub const RESULT: Self = Self(0x00);
    pub const ENCAPSULATED_NPDU: Self = Self(0x01);
    pub const ADDRESS_RESOLUTION: Self = Self(0x02);
    pub const ADDRESS_RESOLUTION_ACK: Self = Self(0x03);
    pub const ADVERTISEMENT: Self = Self(0x04);
    pub const CONNECT_REQUEST: Self = Self(0x06);
    pub const CONNECT_ACCEPT: Self = Self(0x07);
    pub const DISCONNECT_REQUEST: Self = Self(0x08);
    pub const DISCONNECT_ACK: Self = Self(0x09);
    pub const HEARTBEAT_REQUEST: Self = Self(0x0a);
    pub const HEARTBEAT_ACK: Self = Self(0x0b);
    pub const PROPRIETARY: Self = Self(0x0c);

    /// The name, or `bvlc-sc-13` where there is none.
    pub fn text(self) -> Text {
        Text::const_new(match self.0 {
            0x00 => "bvlc-result",
            0x01 => "encapsulated-npdu",
            0x02 => "address-resolution",
            0x03 => "address-resolution-ack",
            0x04 => "advertisement",
            0x05 => "advertisement-solicitation",
            0x06 => "connect-request",
            0x07 => "connect-accept",
            0x08 => "disconnect-request",
            0x09 => "disconnect-ack",
            0x0a => "heartbeat-request",
            0x0b => "heartbeat-ack",
            0x0c => "proprietary-message",
            other => return format_compact!("bvlc-sc-{other}"),
        })
    }

    /// What it does.
    pub fn verb(self) -> Verb {
        match self {
            Self::CONNECT_REQUEST | Self::CONNECT_ACCEPT => Verb::Authenticate,
            Self::DISCONNECT_REQUEST | Self::DISCONNECT_ACK => Verb::Authenticate,
            Self::ADVERTISEMENT => Verb::Publish,
            Self::PROPRIETARY => Verb::Transfer,
            _ => Verb::Discover,
        }
    }

    /// The message that this one answers, if it is an answer.
    pub fn answers(self) -> Option<Function> {
        match self {
            Self::ADDRESS_RESOLUTION_ACK => Some(Self::ADDRESS_RESOLUTION),
            Self::CONNECT_ACCEPT => Some(Self::CONNECT_REQUEST),
            Self::DISCONNECT_ACK => Some(Self::DISCONNECT_REQUEST),
            Self::HEARTBEAT_ACK => Some(Self::HEARTBEAT_REQUEST),
            _ => None,
        }
    }
}

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    pub function: Function,
    /// Chosen by who asks, returned by who answers.
    pub id: u16,
    /// Whom it is from, if not the end of the connection that sends it.
    pub origin: Option<Vmac>,
    /// Whom it is for, if not the end of the connection that receives it.
    pub destination: Option<Vmac>,
    pub payload: &'a [u8],
}

/// What a Connect-Request and a Connect-Accept say of their sender (AB.2.10, AB.2.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Station {
    pub address: Vmac,
    /// The device UUID (AB.1.5.3), which stays the same for the device's life.
    pub uuid: [u8; 16],
    pub max_bvlc: u16,
    pub max_npdu: u16,
}

/// A BVLC-Result (AB.2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The function that it is about.
    pub function: Function,
    /// Class and code of the error, if it was refused.
    pub error: Option<(u16, u16)>,
}
