//! What a ROC Plus message is: ROC Plus Protocol Specifications Manual, chapters 1 and 2.

use city::{Text, Verb};
use compact_str::format_compact;

/// One message (section 1.2): where to, where from, what, its data, and the check as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// The unit and group that it is for.
    pub destination: (u8, u8),
    /// The unit and group that it is from.
    pub source: (u8, u8),
    /// What it asks or answers.
    pub opcode: Opcode,
    /// What the opcode needs.
    pub data: &'a [u8],
    /// The check: its less and its more significant byte.
    pub check: [u8; 2],
}

/// What a message asks or answers (section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Opcode(pub u8);

/// The opcodes that the manual has: number, name in the field's log, name of the function, what it does.
const OPCODES: &[(u8, &str, &str, Verb)] = &[
    (6, "System Config", "system-configuration", Verb::Discover),
    (7, "Read Realtime Clock", "read-clock", Verb::Read),
    (8, "Set Realtime Clock", "set-clock", Verb::Configure),
    (10, "Read Configurable Opcode Point Data", "read-opcode-table", Verb::Read),
    (11, "Write Configurable Opcode Point Data", "write-opcode-table", Verb::Write),
    (17, "Login Request", "login", Verb::Authenticate),
    (24, "Store And Forward", "store-and-forward", Verb::Transfer),
    (50, "Request IO Point Position", "read-io-positions", Verb::Discover),
    (100, "Access User Defined Information", "read-user-defined-information", Verb::Discover),
    (105, "Request Today's Yesterday's Min/Max Values", "read-history-extremes", Verb::Read),
    (108, "Request History Tag And Periodic Index", "read-history-tags", Verb::Read),
    (118, "Request Alarm Data", "read-alarms", Verb::Read),
    (119, "Request Event Data", "read-events", Verb::Read),
    (135, "Request Single History Point Data", "read-history-point", Verb::Read),
    (136, "Request Multiple History Point Data", "read-history-points", Verb::Read),
    (137, "Request History Index", "read-history-index", Verb::Read),
    (138, "Request Daily And Periodic History", "read-history-of-day", Verb::Read),
    (139, "History Information Data", "read-history-information", Verb::Read),
    (166, "Set Single Point Parameters", "write-point-parameters", Verb::Write),
    (167, "Request Single Point Parameters", "read-point-parameters", Verb::Read),
    (180, "Request Parameters", "read-parameters", Verb::Read),
    (181, "Write Parameters", "write-parameters", Verb::Write),
    (203, "General File Transfer", "file-transfer", Verb::Transfer),
    (205, "Peer To Peer Network Messages", "peer-to-peer", Verb::Transfer),
    (206, "Read Transaction History Data", "read-transaction-history", Verb::Read),
    (224, "Srbx Signal", "report-by-exception", Verb::Publish),
    (225, "Acknowledge Srbx", "acknowledge-report-by-exception", Verb::Operate),
    (255, "Error Indicator", "error", Verb::Read),
];

impl Opcode {
    /// Passed on to another unit.
    pub const STORE_AND_FORWARD: Self = Self(24);
    /// Who asks.
    pub const LOGIN: Self = Self(17);
    /// Files.
    pub const FILE: Self = Self(203);
    /// A device tells by itself that something happened.
    pub const REPORT: Self = Self(224);
    /// The host has heard of it.
    pub const ACKNOWLEDGE: Self = Self(225);
    /// Something was wrong with a request.
    pub const ERROR: Self = Self(255);

    fn entry(self) -> Option<&'static (u8, &'static str, &'static str, Verb)> {
        OPCODES.iter().find(|(code, ..)| *code == self.0)
    }

    /// Whether the manual has it.
    pub fn is_known(self) -> bool {
        self.entry().is_some()
    }

    /// As the field's log has it.
    pub fn title(self) -> Text {
        let name = self.entry().map_or("Unknown", |entry| entry.1);
        format_compact!("{name} ({:03})", self.0)
    }

    /// The function's name.
    pub fn text(self) -> Text {
        match self.entry() {
            Some(entry) => Text::const_new(entry.2),
            None => format_compact!("opcode-{}", self.0),
        }
    }

    /// What it does to the device. An unknown one may do anything, and is taken for the harmless.
    pub fn verb(self) -> Verb {
        self.entry().map_or(Verb::Read, |entry| entry.3)
    }
}

/// Whether a message asks or answers, as far as the length of its data tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketType {
    Request,
    Response,
    /// It may be either.
    Either,
    /// The opcode has no data of this length.
    Misfit,
}

impl PacketType {
    /// As the field's log has it.
    pub fn title(self) -> &'static str {
        match self {
            PacketType::Request => "Request",
            PacketType::Response => "Response",
            PacketType::Either | PacketType::Misfit => "Unknown",
        }
    }
}

/// What the length of the data tells of a message (chapter 2, the tables of each opcode).
pub fn packet_type(opcode: Opcode, data: &[u8]) -> PacketType {
    let length = data.len();
    let (request, response) = match opcode.0 {
        6 | 7 if length == 0 => (true, false),
        6 => (false, length >= 19),
        7 => (false, length == 8),
        8 => (length == 7, length == 0),
        10 => (length == 3, length >= 7),
        11 => (length >= 4, length == 0),
        17 => (matches!(length, 6 | 11 | 13 | 71 | 76), matches!(length, 0 | 24)),
        24 => (length >= 12, length == 0),
        50 => (length == 1, length >= 2),
        100 => (length == 3, length >= 4),
        105 => (length == 2, length == 50 || length == 46),
        108 => ((3..=22).contains(&length), length >= 15),
        118 | 119 => (length == 3, length >= 5),
        135 => (length == 6, length >= 5 && length != 6),
        136 => (length == 7, length >= 6 && length != 7),
        137 => (length == 3, length == 9),
        138 => (length == 4, length >= 8),
        139 if data.first() == Some(&0) => (length == 2, length >= 3),
        139 => ((9..=28).contains(&length), length >= 11),
        166 => (length >= 4, length == 0),
        167 => (length == 4, length >= 5),
        // How long a parameter's value is, only the device knows.
        180 => (length >= 4, length >= 4),
        181 => (length >= 4, length == 0 || length >= 4),
        203 => return file_packet_type(data),
        205 => (length >= 1, length >= 1),
        206 if data.first() == Some(&1) => (length == 4, length >= 15),
        206 => (length == 6, length >= 4),
        224 | 225 => (length == 2, length == 0),
        255 => (false, length >= 2),
        _ => (true, true),
    };
    match (request, response) {
        (true, true) => PacketType::Either,
        (true, false) => PacketType::Request,
        (false, true) => PacketType::Response,
        (false, false) => PacketType::Misfit,
    }
}

/// Opcode 203's commands have lengths of their own (section 2.27).
fn file_packet_type(data: &[u8]) -> PacketType {
    let length = data.len();
    let (request, response) = match data.first() {
        Some(1) => (length == 127, length == 5),
        Some(2) => (length == 9, length >= 14),
        Some(3) => (length >= 14, length == 9),
        Some(4) => (length == 5, length == 1),
        Some(5 | 6 | 64) => {
            (matches!(length, 102 | 103 | 126), length < 102 || length > 103 && length != 126)
        }
        _ => (false, false),
    };
    match (request, response) {
        (true, _) => PacketType::Request,
        (_, true) => PacketType::Response,
        _ => PacketType::Misfit,
    }
}

/// What opcode 203 is to do (section 2.27). A path with a file's name behind it is to be deleted; one with a number
/// behind it is to be listed, the number's size telling which firmware is asked.
pub fn file_command(data: &[u8]) -> Option<FileCommand> {
    Some(match (data.first()?, data.len()) {
        (1, _) => FileCommand::Open,
        (2, _) => FileCommand::Read,
        (3, _) => FileCommand::Write,
        (4, _) => FileCommand::Close,
        (5 | 6 | 64, 126) => FileCommand::Delete,
        (5 | 6 | 64, 102) => FileCommand::ListOld,
        (5 | 6 | 64, 103) => FileCommand::ListNew,
        (5, _) => FileCommand::Delete,
        (6, _) => FileCommand::ListOld,
        (64, _) => FileCommand::ListNew,
        _ => return None,
    })
}

/// What opcode 203 is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileCommand {
    Open,
    Read,
    Write,
    Close,
    Delete,
    /// The names in a folder, in firmware up to 3.05.
    ListOld,
    /// The names in a folder, in firmware from 3.10.
    ListNew,
}

impl FileCommand {
    /// As the field's log has it.
    pub fn title(self) -> &'static str {
        match self {
            FileCommand::Open => "Open",
            FileCommand::Read => "Read",
            FileCommand::Write => "Write",
            FileCommand::Close => "Close",
            FileCommand::Delete => "Delete",
            FileCommand::ListOld => "Read Directory <= v3.05",
            FileCommand::ListNew => "Read Directory >= v3.10",
        }
    }

    /// The function's name.
    pub fn text(self) -> &'static str {
        match self {
            FileCommand::Open => "file-open",
            FileCommand::Read => "file-read",
            FileCommand::Write => "file-write",
            FileCommand::Close => "file-close",
            FileCommand::Delete => "file-delete",
            FileCommand::ListOld | FileCommand::ListNew => "file-list",
        }
    }

    /// What it does: a device's files are its configuration, its programs and its firmware.
    pub fn verb(self) -> Verb {
        match self {
            FileCommand::Write | FileCommand::Delete => Verb::Program,
            FileCommand::ListOld | FileCommand::ListNew => Verb::Discover,
            FileCommand::Open | FileCommand::Read | FileCommand::Close => Verb::Transfer,
        }
    }
}

/// Why a request was not carried out (section 2.31).
pub fn error(code: u8) -> Text {
    Text::const_new(match code {
        1 => "Invalid Opcode Request",
        2 => "Invalid Parameter Number",
        3 => "Invalid Logical Number",
        4 => "Invalid Point Type",
        5 => "Received Too Many Data Bytes",
        6 => "Received Too Few Data Bytes",
        7 => "Did Not Receive 1 Data Byte",
        8 => "Did Not Receive 2 Data Bytes",
        9 => "Did Not Receive 3 Data Bytes",
        10 => "Did Not Receive 4 Data Bytes",
        11 => "Did Not Receive 5 Data Bytes",
        12 => "Did Not Receive 16 Data Bytes",
        13 => "Outside Valid Address Range",
        14 => "Invalid History Request",
        15 => "Invalid FST Request",
        16 => "Invalid Event Entry",
        17 => "Requested Too Many Alarms",
        18 => "Requested Too Many Events",
        19 => "Write To Read Only Parameter",
        20 => "Security Error",
        21 => "Invalid Security Logon",
        22 => "Invalid Store And Forward Path",
        23 => "Flash Programming Error",
        24 => "History Configuration In Progress",
        25 => "Invalid Parameter Range",
        50 => "General Error",
        63 => "Requested Security Level Too High",
        _ => return format_compact!("Unknown ({code})"),
    })
}

/// The day of the week (opcode 7), the first being Sunday.
pub fn weekday(day: u8) -> Text {
    Text::const_new(match day {
        1 => "Sunday",
        2 => "Monday",
        3 => "Tuesday",
        4 => "Wednesday",
        5 => "Thursday",
        6 => "Friday",
        7 => "Saturday",
        _ => return format_compact!("Unknown ({day})"),
    })
}

/// The types in which transactions keep their values (opcode 206): name and size.
pub fn transaction_type(code: u8) -> Option<(&'static str, usize)> {
    Some(match code {
        0 => ("BIN", 1),
        1 => ("S8", 1),
        2 => ("U8", 1),
        3 => ("U16", 2),
        4 => ("U32", 4),
        5 => ("S16", 2),
        6 => ("S32", 4),
        7 => ("FLOAT", 4),
        8 => ("DOUBLE", 8),
        9 => ("STRING3", 3),
        10 => ("STRING7", 7),
        11 => ("STRING10", 10),
        12 => ("STRING12", 12),
        13 => ("STRING20", 20),
        14 => ("STRING30", 30),
        15 => ("STRING40", 40),
        16 => ("TLP", 3),
        20 => ("TIME", 4),
        _ => return None,
    })
}
