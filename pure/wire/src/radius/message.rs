//! What a RADIUS packet is: RFC 2865 section 3, RFC 2866 section 3, RFC 5176 section 2.3.

use city::{Text, Verb};
use compact_str::format_compact;

/// What a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(pub u8);

impl Code {
    pub const ACCESS_REQUEST: Self = Self(1);
    pub const ACCESS_ACCEPT: Self = Self(2);
    pub const ACCESS_REJECT: Self = Self(3);
    pub const ACCOUNTING_REQUEST: Self = Self(4);
    pub const ACCESS_CHALLENGE: Self = Self(11);

    pub fn is_known(self) -> bool {
        matches!(self.0, 1..=5 | 11..=13 | 40..=45)
    }

    /// Whether it asks.
    pub fn is_request(self) -> bool {
        matches!(self.0, 1 | 4 | 12 | 40 | 43)
    }

    /// What a reply means for what was asked; `None` of what asks itself.
    pub fn accepts(self) -> Option<bool> {
        match self.0 {
            2 | 5 | 11 | 13 | 41 | 44 => Some(true),
            3 | 42 | 45 => Some(false),
            _ => None,
        }
    }

    /// Whether it can answer a request with this code.
    pub fn answers(self, request: Code) -> bool {
        match request.0 {
            1 => matches!(self.0, 2 | 3 | 11),
            4 => self.0 == 5,
            12 => matches!(self.0, 2 | 5 | 13),
            40 => matches!(self.0, 41 | 42),
            43 => matches!(self.0, 44 | 45),
            _ => false,
        }
    }

    pub fn verb(self) -> Verb {
        match self.0 {
            4 => Verb::Publish,
            12 | 13 => Verb::Discover,
            40..=45 => Verb::Configure,
            _ => Verb::Authenticate,
        }
    }

    pub fn text(self) -> Text {
        Text::const_new(match self.0 {
            1 => "access-request",
            2 => "access-accept",
            3 => "access-reject",
            4 => "accounting-request",
            5 => "accounting-response",
            11 => "access-challenge",
            12 => "status-server",
            13 => "status-client",
            40 => "disconnect-request",
            41 => "disconnect-ack",
            42 => "disconnect-nak",
            43 => "coa-request",
            44 => "coa-ack",
            45 => "coa-nak",
            other => return format_compact!("code-{other}"),
        })
    }
}

pub const USER_NAME: u8 = 1;
pub const NAS_ADDRESS: u8 = 4;
pub const FRAMED_ADDRESS: u8 = 8;
pub const REPLY_MESSAGE: u8 = 18;
pub const CALLED_STATION: u8 = 30;
pub const CALLING_STATION: u8 = 31;
pub const NAS_IDENTIFIER: u8 = 32;
pub const ACCOUNTING_STATUS: u8 = 40;
pub const TUNNEL_CLIENT: u8 = 66;
pub const CONNECT_INFO: u8 = 77;
pub const EAP_MESSAGE: u8 = 79;
pub const NAS_ADDRESS_6: u8 = 95;

/// What an accounting request is about (RFC 2866 section 5.1).
pub fn accounting(status: u32) -> Text {
    Text::const_new(match status {
        1 => "start",
        2 => "stop",
        3 => "interim-update",
        7 => "accounting-on",
        8 => "accounting-off",
        other => return format_compact!("status-{other}"),
    })
}
