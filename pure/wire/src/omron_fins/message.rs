//! What a FINS message is: Omron's FINS Commands Reference Manual (W227) and, for CS and CJ controllers, the
//! Communications Commands Reference Manual (W342); over TCP, the Ethernet Units' manual (W421, section 7-4).
//!
//! Codes stay numbers with names attached, so that an unknown one is kept and shown.

use super::names;
use city::Text;
use compact_str::format_compact;

/// One end of a message: network, node and unit (W342 section 3-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// 0 is the local network.
    pub network: u8,
    /// 0 is the node itself, 255 all of them.
    pub node: u8,
    /// 0 is the CPU unit.
    pub unit: u8,
}

/// The header of a message (W342 section 3-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The information control field: what the bits below say.
    pub control: u8,
    /// How many gateways it may pass.
    pub gateways: u8,
    pub destination: End,
    pub source: End,
    /// The number by which a response finds its command.
    pub service: u8,
}

impl Header {
    /// Whether gateways are used.
    pub fn uses_gateway(&self) -> bool {
        self.control & 0x80 != 0
    }

    /// Whether it is a response.
    pub fn is_response(&self) -> bool {
        self.control & 0x40 != 0
    }

    /// Whether no response is wanted.
    pub fn is_final(&self) -> bool {
        self.control & 0x01 != 0
    }
}

/// A command or a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    pub header: Header,
    pub command: Command,
    /// Behind the command code. A response begins with its response code.
    pub data: &'a [u8],
}

/// What goes around a message over TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Bytes behind the length.
    pub length: u32,
    pub command: u32,
    pub error: u32,
}

impl Envelope {
    /// The client asks for a node number, or says its own.
    pub const CLIENT_NODE: u32 = 0;
    /// The server gives one.
    pub const SERVER_NODE: u32 = 1;
    /// A FINS message.
    pub const MESSAGE: u32 = 2;
    /// Why the connection is being closed.
    pub const ERROR: u32 = 3;
    /// Whether the other end is still there.
    pub const CONFIRM: u32 = 6;
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command(pub u16);

impl Command {
    pub const MEMORY_WRITE: Self = Self(0x0102);
    pub const MEMORY_FILL: Self = Self(0x0103);
    pub const PROTECT: Self = Self(0x0304);
    pub const PROTECT_CLEAR: Self = Self(0x0305);
    pub const CONTROLLER_DATA: Self = Self(0x0501);
    pub const NAME_READ: Self = Self(0x2603);

    /// The name in small letters with hyphens, or `command-0x0999` where there is none.
    pub fn text(self) -> Text {
        names::function(self.0).map_or_else(|| format_compact!("command-{:#06x}", self.0), Text::const_new)
    }
}

/// What came of it (W342 section 5-1-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseCode(pub u16);

impl ResponseCode {
    /// The code without the flags for errors of a relay and of the controller, which say nothing of the command.
    pub fn plain(self) -> ResponseCode {
        ResponseCode(self.0 & 0x7f3f)
    }

    /// Whether the command was carried out.
    pub fn is_success(self) -> bool {
        self.plain().0 == 0
    }
}
