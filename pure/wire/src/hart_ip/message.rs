//! What a HART-IP message is: HCF_SPEC-085 (TP10085), clause 10; the frames that it carries are those of HCF_SPEC-081,
//! the token-passing data link layer.

use city::Text;
use compact_str::format_compact;

/// One message with its header of eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// 1, or 2 where sessions are secured, which is then TLS to the wire.
    pub version: u8,
    /// The upper four bits of the message type.
    pub reserved: u8,
    pub kind: Kind,
    pub id: Id,
    /// 0 in requests; in responses, how it went.
    pub status: u8,
    /// Chosen by the client, returned by the server.
    pub sequence: u16,
    /// How long the message is, header included.
    pub length: u16,
    /// What follows the header.
    pub body: &'a [u8],
}

/// Whether a message asks, answers or tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind(pub u8);

impl Kind {
    pub const REQUEST: Self = Self(0);
    pub const RESPONSE: Self = Self(1);
    pub const PUBLISH: Self = Self(2);
    pub const ERROR: Self = Self(3);
    pub const NAK: Self = Self(15);

    /// The name, or `unknown-0x7`.
    pub fn text(self) -> Text {
        Text::const_new(match self {
            Self::REQUEST => "Request",
            Self::RESPONSE => "Response",
            Self::PUBLISH => "Publish",
            Self::ERROR => "Error",
            Self::NAK => "NAK",
            Self(other) => return format_compact!("unknown-{other:#x}"),
        })
    }
}

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id(pub u8);

impl Id {
    pub const SESSION_INITIATE: Self = Self(0);
    pub const SESSION_CLOSE: Self = Self(1);
    pub const KEEP_ALIVE: Self = Self(2);
    pub const TOKEN_PASSING: Self = Self(3);
    pub const DIRECT: Self = Self(4);
    pub const READ_AUDIT_LOG: Self = Self(5);

    /// The name, or `unknown-0x80`.
    pub fn text(self) -> Text {
        Text::const_new(match self {
            Self::SESSION_INITIATE => "Session Initiate",
            Self::SESSION_CLOSE => "Session Close",
            Self::KEEP_ALIVE => "Keep Alive",
            Self::TOKEN_PASSING => "Token Passing PDU",
            Self::DIRECT => "Direct PDU",
            Self::READ_AUDIT_LOG => "Read Audit Log",
            Self(other) => return format_compact!("unknown-{other:#x}"),
        })
    }
}

/// How a message went, in a log's words.
pub fn status(code: u8) -> Text {
    Text::const_new(match code {
        0 => "Success",
        2 => "Invalid Selection Error",
        3 => "Passed Parameter Too Large Error",
        4 => "Passed Parameter Too Small Error",
        5 => "Too Few Data Bytes Received Error",
        6 => "Device Specific Command Error",
        7 => "In Write Protect Mode Error",
        8 => "Set to Nearest Possible Value Warning",
        14 => "Version Not Supported Warning",
        15 => "All Available Sessions In Use Error",
        16 => "Access Restricted Error",
        other => return format_compact!("unknown-{other:#x}"),
    })
}

/// Why a session or a reading of the audit log was refused; none if it was not.
pub fn refusal(code: u8) -> Option<Text> {
    Some(Text::const_new(match code {
        // 8: the time-out was set to the nearest that is possible; 14: the version was.
        0 | 8 | 14 => return None,
        2 => "invalid-selection",
        5 => "too-few-data-bytes-received",
        6 => "device-specific-command-error",
        15 => "all-sessions-in-use",
        16 => "access-restricted",
        other => return Some(format_compact!("status-{other}")),
    }))
}

/// A frame of the token-passing data link layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenPassing<'a> {
    pub delimiter: Delimiter,
    /// One byte, the polling address, or five: the unique address.
    pub address: &'a [u8],
    pub command: u8,
    /// How many bytes lie between this count and the check byte.
    pub count: u8,
    /// Response code and device status, from a field device.
    pub status: Option<(u8, u8)>,
    pub data: &'a [u8],
    /// Exclusive or of all bytes before it.
    pub check: u8,
    /// Whether the check byte is right.
    pub is_sound: bool,
}

/// The first byte of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delimiter(pub u8);

impl Delimiter {
    /// Whether the address has five bytes.
    pub fn is_unique(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// How many bytes lie between the address and the command.
    pub fn expansion(self) -> u8 {
        self.0 >> 5 & 3
    }

    /// 0 for FSK and RS-485, 1 for PSK.
    pub fn physical_layer(self) -> u8 {
        self.0 >> 3 & 3
    }

    /// 1 for a burst, 2 from a master, 6 from a field device.
    pub fn frame(self) -> u8 {
        self.0 & 7
    }

    /// Whether a field device speaks, and puts its status before the data.
    pub fn is_from_device(self) -> bool {
        matches!(self.frame(), 1 | 6)
    }
}

/// What a direct PDU holds: two bytes of status and commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Direct<'a> {
    pub device_status: u8,
    pub extended_status: u8,
    /// The commands, one after the other.
    pub commands: &'a [u8],
}

/// One command of a direct PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command<'a> {
    pub number: u16,
    pub count: u8,
    /// The response code, in a response.
    pub code: Option<u8>,
    pub data: &'a [u8],
}

/// What is read of an audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditLog<'a> {
    pub start: u8,
    pub count: u8,
    /// Further fields, in a response.
    pub head: Option<AuditHead>,
    /// The records, [`AuditHead::record_size`] bytes each.
    pub records: &'a [u8],
}

/// What stands before the records of an audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditHead {
    pub power_up: u64,
    pub last_security_change: u64,
    pub server_status: u16,
    pub record_size: u16,
}

/// One session as a server remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    pub client_v4: [u8; 4],
    pub client_v6: [u8; 16],
    pub client_port: u16,
    pub server_port: u16,
    pub connected: u64,
    pub disconnected: u64,
    pub summary: u16,
    pub first_configuration: u16,
    pub last_configuration: u16,
    pub published: u32,
    pub requests: u32,
    pub responses: u32,
}
