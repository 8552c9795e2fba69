//! What BSAP messages are: BSAP Communications Application Programmer's Reference, chapters 4 to 8.

use city::{Text, Verb};
use compact_str::format_compact;

/// What a packet over IP is for: the header's third number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketKind(pub u16);

impl PacketKind {
    /// It holds no message and says which packet was last heard.
    pub const POLL: Self = Self(0);
    /// It holds replies, and is itself a beginning of counting.
    pub const RESPONSE_COUNT: Self = Self(1);
    /// It holds replies.
    pub const RESPONSE: Self = Self(5);
    /// It holds requests.
    pub const REQUEST: Self = Self(6);

    /// As the field's log has it.
    pub fn title(self) -> Text {
        Text::const_new(match self {
            PacketKind::POLL => "POLL",
            PacketKind::RESPONSE_COUNT => "RESPONSECNT",
            PacketKind::RESPONSE => "RESPONSE",
            PacketKind::REQUEST => "REQUEST",
            PacketKind(code) => return format_compact!("Unknown-0x{code:04x}"),
        })
    }
}

/// A packet over IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    pub kind: PacketKind,
    /// How many messages it says it has.
    pub count: u16,
    /// The messages.
    pub messages: &'a [u8],
}

/// One message in a packet over IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpMessage<'a> {
    /// Its length, the length's field included.
    pub length: u16,
    /// Which request it is or answers.
    pub sequence: u32,
    /// What follows.
    pub data: &'a [u8],
}

/// A serial message (chapter 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialMessage<'a> {
    /// The node's address on its line.
    pub address: u8,
    /// Goes up with each message.
    pub serial: u8,
    /// Of a message that passes through more than one level: where to, where from, and the control byte.
    pub way: Option<(u16, u16, u8)>,
    /// The function that it is for.
    pub destination_function: Function,
    /// Which request it is or answers, the function that sent it, the node's state, and the data. A message of the line
    /// itself (a poll, an acknowledgement) has none of them.
    pub rest: Option<SerialRest<'a>>,
}

/// What a serial message has that carries data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialRest<'a> {
    pub sequence: u16,
    pub source_function: Function,
    pub node_status: u8,
    pub data: &'a [u8],
}

impl SerialMessage<'_> {
    /// Whether it is for the data base or from it.
    pub fn is_data_base(&self) -> bool {
        let base = |function: Function| matches!(function, Function::RDB | Function::RDB_EXTENSION);
        self.rest.is_some_and(|rest| base(self.destination_function) || base(rest.source_function))
    }

    /// Whether both of its functions are known.
    pub fn is_known(&self) -> bool {
        let known = |function: Function| function.name().is_some();
        known(self.destination_function) && self.rest.is_none_or(|rest| known(rest.source_function))
    }
}

/// A part of a node that sends and receives messages (chapter 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function(pub u8);

impl Function {
    /// The remote data base.
    pub const RDB: Self = Self(0xa0);
    /// Its extension.
    pub const RDB_EXTENSION: Self = Self(0xa1);

    /// Whether it is a message of the line itself: a poll, an acknowledgement.
    pub fn is_of_line(self) -> bool {
        matches!(self.0, 0x81 | 0x83 | 0x85..=0x87 | 0x8a | 0x8b | 0x95)
    }

    fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0x00 => "ILLEGAL",
            0x03 => "PEI_PC",
            0x40 => "PEI_RTU",
            0x48 => "DIAG",
            0x70 => "FLASH_DOWNLOAD",
            0x81 => "DIAL_UP_ACK",
            0x83 => "ACK",
            0x85 => "POLL",
            0x86 => "DOWN_TRNS_ACK",
            0x87 => "ACK_NO_DATA",
            0x88 => "TIME_SYNC",
            0x8a => "UP_ACK_W_POLL",
            0x8b => "UP_ACK_MSTR",
            0x95 => "NAK_NO_DATA",
            0xa0 => "RDB",
            0xa1 => "RDB_EXTENSION",
            _ => return None,
        })
    }

    /// As the field's log has it.
    pub fn title(self) -> Text {
        match self.name() {
            Some(name) => Text::const_new(name),
            None => format_compact!("Unknown-0x{:02x}", self.0),
        }
    }

    /// In our words.
    pub fn text(self) -> Text {
        match self.name() {
            Some(name) => name.to_ascii_lowercase().replace('_', "-").into(),
            None => format_compact!("function-{}", self.0),
        }
    }
}

/// What is asked of the data base (chapter 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataBaseFunction(pub u8);

impl DataBaseFunction {
    /// Signals by the addresses of their data.
    pub const READ_BY_ADDRESS: Self = Self(0x00);
    /// Signals by their names.
    pub const READ_BY_NAME: Self = Self(0x04);
    /// Signals by the addresses of their data.
    pub const WRITE_BY_ADDRESS: Self = Self(0x80);
    /// Signals by their names.
    pub const WRITE_BY_NAME: Self = Self(0x84);

    /// What stands above a request's code in the reply's, in the field's log.
    const ANSWERED: u8 = 0x50;

    /// Name in the field's log and in our words.
    fn names(self) -> Option<(&'static str, &'static str)> {
        Some(match self.0 {
            0x00 => ("READ_SIGNAL_BY_ADDRESS", "read-signal-by-address"),
            0x04 => ("READ_SIGNAL_BY_NAME", "read-signal-by-name"),
            0x08 => ("READ_SIGNAL_BY_MATCH", "read-signal-by-match"),
            0x0c => ("READ_SIGNAL_BY_LIST_START", "read-signal-by-list"),
            0x0d => ("READ_SIGNAL_BY_LIST_CONTINUE", "read-signal-by-list-continue"),
            0x80 => ("WRITE_SIGNAL_BY_ADDRESS", "write-signal-by-address"),
            0x84 => ("WRITE_SIGNAL_BY_NAME", "write-signal-by-name"),
            0x8c => ("WRITE_SIGNAL_BY_LIST_START", "write-signal-by-list"),
            0x8d => ("WRITE_SIGNAL_BY_LIST_CONTINUE", "write-signal-by-list-continue"),
            _ => return None,
        })
    }

    /// As the field's log has the request.
    pub fn title(self) -> Text {
        match self.names() {
            Some((name, _)) => Text::const_new(name),
            None => format_compact!("Unknown RDB Func-0x{:x}", self.0),
        }
    }

    /// As the field's log has the reply: name, and the number that its state of the node shows.
    pub fn answer_title(self) -> (Text, u8) {
        let code = self.0.wrapping_add(Self::ANSWERED);
        match self.names() {
            Some((name, _)) => (format_compact!("RSP_{name}"), code),
            None => (format_compact!("Unknown RDB Func-0x{code:x}"), code),
        }
    }

    /// In our words.
    pub fn text(self) -> Text {
        match self.names() {
            Some((_, name)) => Text::const_new(name),
            None => format_compact!("rdb-{}", self.0),
        }
    }

    /// What it does: codes from 128 on write.
    pub fn verb(self) -> Verb {
        if self.0 & 0x80 == 0 { Verb::Read } else { Verb::Write }
    }
}
