//! What a packet is: "MySQL Client/Server Protocol" in MySQL's source documentation, which MariaDB's knowledge base
//! describes alike.

use city::{Text, Verb};
use compact_str::format_compact;

/// What a client and a server can do, as far as that changes what is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(pub u32);

impl Capabilities {
    pub const CONNECT_WITH_DB: u32 = 0x8;
    pub const COMPRESS: u32 = 0x20;
    pub const PROTOCOL_41: u32 = 0x200;
    pub const TLS: u32 = 0x800;
    pub const SECURE_CONNECTION: u32 = 0x8000;
    pub const PLUGIN_AUTH: u32 = 0x8_0000;
    pub const CONNECT_ATTRIBUTES: u32 = 0x10_0000;
    pub const PLUGIN_AUTH_LENENC: u32 = 0x20_0000;
    pub const DEPRECATE_EOF: u32 = 0x100_0000;

    /// Whether it is among them.
    pub fn has(self, bit: u32) -> bool {
        self.0 & bit != 0
    }
}

/// One packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    pub sequence: u8,
    /// As much of the payload as is looked at.
    pub payload: &'a [u8],
    /// How long the payload is.
    pub length: u32,
}

/// What a server says first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting<'a> {
    pub version: &'a [u8],
    pub capabilities: Capabilities,
    /// How it would have the client prove itself.
    pub plugin: Option<&'a [u8]>,
}

/// What a client answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login<'a> {
    pub user: &'a [u8],
    /// Whether there is any proof; its value is not looked at.
    pub has_proof: bool,
    pub database: Option<&'a [u8]>,
    pub plugin: Option<&'a [u8]>,
    /// Name and version of the program, as it says.
    pub program: Option<(&'a [u8], &'a [u8])>,
}

/// What a client asks for (section "Command Phase").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command(pub u8);

impl Command {
    pub const QUIT: Self = Self(1);
    pub const USE: Self = Self(2);
    pub const QUERY: Self = Self(3);
    pub const FIELD_LIST: Self = Self(4);
    pub const STATISTICS: Self = Self(9);
    pub const CHANGE_USER: Self = Self(17);
    pub const BINLOG_DUMP: Self = Self(18);
    pub const PREPARE: Self = Self(22);
    pub const EXECUTE: Self = Self(23);
    pub const LONG_DATA: Self = Self(24);
    pub const CLOSE: Self = Self(25);

    /// The name, or `command-99` where there is none.
    pub fn text(self) -> Text {
        Text::const_new(match self.0 {
            0 => "sleep",
            1 => "quit",
            2 => "init-db",
            3 => "query",
            4 => "field-list",
            5 => "create-db",
            6 => "drop-db",
            7 => "refresh",
            8 => "shutdown",
            9 => "statistics",
            10 => "process-info",
            11 => "connect",
            12 => "process-kill",
            13 => "debug",
            14 => "ping",
            17 => "change-user",
            18 => "binlog-dump",
            19 => "table-dump",
            20 => "connect-out",
            21 => "register-slave",
            22 => "stmt-prepare",
            23 => "stmt-execute",
            24 => "stmt-send-long-data",
            25 => "stmt-close",
            26 => "stmt-reset",
            27 => "set-option",
            28 => "stmt-fetch",
            30 => "binlog-dump-gtid",
            31 => "reset-connection",
            other => return format_compact!("command-{other}"),
        })
    }

    /// What it does.
    pub fn verb(self) -> Verb {
        match self.0 {
            2 | 3 | 4 | 9 | 10 | 14 | 22..=28 | 31 => Verb::Read,
            8 | 12 => Verb::Restart,
            17 => Verb::Authenticate,
            18 | 19 | 21 | 30 => Verb::Subscribe,
            _ => Verb::Configure,
        }
    }

    /// Whether a server answers it.
    pub fn is_answered(self) -> bool {
        !matches!(self, Self::QUIT | Self::LONG_DATA | Self::CLOSE)
    }
}
