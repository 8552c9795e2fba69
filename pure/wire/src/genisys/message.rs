//! What a Genisys message is: Union Switch & Signal, GENISYS serial communication protocol, clause 5.1. The master is
//! the control office, its slaves are field units.

use city::{Text, Verb};
use compact_str::format_compact;

/// Ends every message.
pub const END: u8 = 0xf6;

/// Stands before the lower half of a byte that would be taken for a sign.
pub const ESCAPE: u8 = 0xf0;

/// From this address on, bytes are no controls or indications but say how the unit works (clause 5.1.6).
pub const CONFIGURATION: u8 = 0xe0;

/// What a message is. The office's begin with 0xf9 to 0xfe, a field unit's with 0xf1 to 0xf3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Header(pub u8);

impl Header {
    pub const ACKNOWLEDGE: Self = Self(0xf1);
    pub const INDICATION_DATA: Self = Self(0xf2);
    pub const CONTROL_CHECKBACK: Self = Self(0xf3);
    pub const COMMON_CONTROL: Self = Self(0xf9);
    pub const ACKNOWLEDGE_AND_POLL: Self = Self(0xfa);
    pub const POLL: Self = Self(0xfb);
    pub const CONTROL_DATA: Self = Self(0xfc);
    pub const RECALL: Self = Self(0xfd);
    pub const EXECUTE_CONTROLS: Self = Self(0xfe);

    /// Whether a message can begin so.
    pub fn is_known(self) -> bool {
        self.is_request() || matches!(self.0, 0xf1..=0xf3)
    }

    /// Whether the office says so.
    pub fn is_request(self) -> bool {
        matches!(self.0, 0xf9..=0xfe)
    }

    /// The name in logs.
    pub fn in_log(self) -> &'static str {
        match self {
            Self::ACKNOWLEDGE => "Acknowledge Client",
            Self::INDICATION_DATA => "Indication Data",
            Self::CONTROL_CHECKBACK => "Control Checkback",
            Self::COMMON_CONTROL => "Common Control",
            Self::ACKNOWLEDGE_AND_POLL => "Acknowledge Server",
            Self::POLL => "Poll",
            Self::CONTROL_DATA => "Control Data",
            Self::RECALL => "Recall Header",
            Self::EXECUTE_CONTROLS => "Execute Controls",
            _ => "Unknown",
        }
    }

    /// The name of a request's function.
    pub fn function(self) -> Text {
        Text::const_new(match self {
            Self::COMMON_CONTROL => "common-control",
            Self::ACKNOWLEDGE_AND_POLL => "acknowledge-and-poll",
            Self::POLL => "poll",
            Self::CONTROL_DATA => "control-data",
            Self::RECALL => "recall",
            Self::EXECUTE_CONTROLS => "execute-controls",
            Self(other) => return format_compact!("message-{other}"),
        })
    }
}

/// One message, escapes taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub header: Header,
    /// The field unit, to which or from which it goes. 0 is all of them.
    pub station: u8,
    /// Pairs of a byte's address and its value.
    pub data: Vec<u8>,
    /// The check word, if there is one.
    pub check: Option<Check>,
}

/// A message's check word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// As it was sent.
    pub sent: u16,
    /// CRC-16 that begins with ones, which field units send.
    pub from_ones: u16,
    /// CRC-16 that begins with zeros, which ICSNPP shows as the calculated one.
    pub from_zeros: u16,
}

impl Check {
    /// Whether the message arrived as it was sent.
    pub fn is_right(self) -> bool {
        self.sent == self.from_ones || self.sent == self.from_zeros
    }
}

impl Message {
    /// What a request does: polls and recalls bring indications; the others move signals and points, or set how the
    /// unit works: with or without checkback, with or without common controls.
    pub fn verb(&self) -> Verb {
        match self.header {
            Header::POLL | Header::ACKNOWLEDGE_AND_POLL | Header::RECALL => Verb::Read,
            _ if self.is_configuration() => Verb::Configure,
            _ => Verb::Operate,
        }
    }

    /// Whether all its bytes are about how the unit works.
    pub fn is_configuration(&self) -> bool {
        !self.data.is_empty() && self.bytes().all(|(address, _)| address >= CONFIGURATION)
    }

    /// The bytes that it sets or tells, by address.
    pub fn bytes(&self) -> impl Iterator<Item = (u8, u8)> + '_ {
        self.data.as_chunks::<2>().0.iter().map(|[address, value]| (*address, *value))
    }
}
