//! What a Modbus message is: Modbus Application Protocol Specification V1.1b3, clauses 4 to 7; the header is that of
//! the Modbus Messaging on TCP/IP Implementation Guide V1.0b, clause 3.1.3.
//!
//! Codes stay numbers with names attached, so that an unknown one is kept and shown.

use crate::cursor::Cursor;
use city::{Text, Verb};
use compact_str::format_compact;

/// What a request asks for (clause 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FunctionCode(pub u8);

impl FunctionCode {
    /// 6.1
    pub const READ_COILS: Self = Self(1);
    /// 6.2
    pub const READ_DISCRETE_INPUTS: Self = Self(2);
    /// 6.3
    pub const READ_HOLDING_REGISTERS: Self = Self(3);
    /// 6.4
    pub const READ_INPUT_REGISTERS: Self = Self(4);
    /// 6.5
    pub const WRITE_SINGLE_COIL: Self = Self(5);
    /// 6.6
    pub const WRITE_SINGLE_REGISTER: Self = Self(6);
    /// 6.7
    pub const READ_EXCEPTION_STATUS: Self = Self(7);
    /// 6.8
    pub const DIAGNOSTICS: Self = Self(8);
    /// 6.9
    pub const GET_COMM_EVENT_COUNTER: Self = Self(11);
    /// 6.10
    pub const GET_COMM_EVENT_LOG: Self = Self(12);
    /// 6.11
    pub const WRITE_MULTIPLE_COILS: Self = Self(15);
    /// 6.12
    pub const WRITE_MULTIPLE_REGISTERS: Self = Self(16);
    /// 6.13
    pub const REPORT_SERVER_ID: Self = Self(17);
    /// 6.14
    pub const READ_FILE_RECORD: Self = Self(20);
    /// 6.15
    pub const WRITE_FILE_RECORD: Self = Self(21);
    /// 6.16
    pub const MASK_WRITE_REGISTER: Self = Self(22);
    /// 6.17
    pub const READ_WRITE_MULTIPLE_REGISTERS: Self = Self(23);
    /// 6.18
    pub const READ_FIFO_QUEUE: Self = Self(24);
    /// 6.19 to 6.21
    pub const ENCAPSULATED_INTERFACE_TRANSPORT: Self = Self(43);
    /// Schneider Electric's Unity messaging (UMAS): a reserved code (annex A) that carries programming.
    pub const UMAS: Self = Self(90);

    /// Whether the code marks an exception reply (clause 7): its highest bit is set.
    pub fn is_exception(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// The code without the mark of an exception.
    pub fn asked(self) -> FunctionCode {
        FunctionCode(self.0 & 0x7f)
    }

    /// Whether the specification defines it (clause 5.1).
    pub fn is_public(self) -> bool {
        matches!(self.0, 1..=8 | 11 | 12 | 15..=17 | 20..=24 | 43)
    }

    /// Whether it reads or writes coils, inputs or registers by their addresses.
    pub fn has_values(self) -> bool {
        matches!(self.0, 1..=6 | 15 | 16 | 22 | 23)
    }

    /// The name: the specification's for public codes, the makers' for reserved ones (annex A).
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::READ_COILS => "read-coils",
            Self::READ_DISCRETE_INPUTS => "read-discrete-inputs",
            Self::READ_HOLDING_REGISTERS => "read-holding-registers",
            Self::READ_INPUT_REGISTERS => "read-input-registers",
            Self::WRITE_SINGLE_COIL => "write-single-coil",
            Self::WRITE_SINGLE_REGISTER => "write-single-register",
            Self::READ_EXCEPTION_STATUS => "read-exception-status",
            Self::DIAGNOSTICS => "diagnostics",
            Self(9) => "program-484",
            Self(10) => "poll-484",
            Self::GET_COMM_EVENT_COUNTER => "get-comm-event-counter",
            Self::GET_COMM_EVENT_LOG => "get-comm-event-log",
            Self(13) => "program-584-984",
            Self(14) => "poll-584-984",
            Self::WRITE_MULTIPLE_COILS => "write-multiple-coils",
            Self::WRITE_MULTIPLE_REGISTERS => "write-multiple-registers",
            Self::REPORT_SERVER_ID => "report-server-id",
            Self(18) => "program-884-u84",
            Self(19) => "reset-comm-link-884-u84",
            Self::READ_FILE_RECORD => "read-file-record",
            Self::WRITE_FILE_RECORD => "write-file-record",
            Self::MASK_WRITE_REGISTER => "mask-write-register",
            Self::READ_WRITE_MULTIPLE_REGISTERS => "read-write-multiple-registers",
            Self::READ_FIFO_QUEUE => "read-fifo-queue",
            Self(40) => "program-concept",
            Self::ENCAPSULATED_INTERFACE_TRANSPORT => "encapsulated-interface-transport",
            Self::UMAS => "umas",
            Self(125) => "firmware-replacement",
            Self(126) => "program-584-984-2",
            Self(127) => "report-local-address",
            _ => return None,
        })
    }

    /// The name, or `function-71` where there is none.
    pub fn text(self) -> Text {
        self.name().map_or_else(|| format_compact!("function-{}", self.0), Text::const_new)
    }

    /// The kind of thing the function is about.
    pub fn kind(self) -> &'static str {
        match self {
            Self::READ_COILS | Self::WRITE_SINGLE_COIL | Self::WRITE_MULTIPLE_COILS => "coil",
            Self::READ_DISCRETE_INPUTS => "discrete-input",
            Self::READ_HOLDING_REGISTERS
            | Self::WRITE_SINGLE_REGISTER
            | Self::WRITE_MULTIPLE_REGISTERS
            | Self::MASK_WRITE_REGISTER
            | Self::READ_WRITE_MULTIPLE_REGISTERS => "holding-register",
            Self::READ_INPUT_REGISTERS => "input-register",
            Self::READ_FILE_RECORD | Self::WRITE_FILE_RECORD => "file-record",
            Self::READ_FIFO_QUEUE => "fifo-queue",
            _ => "",
        }
    }
}

/// Why a request was refused (clause 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExceptionCode(pub u8);

impl ExceptionCode {
    /// The name, or `exception-9` where there is none.
    pub fn text(self) -> Text {
        Text::const_new(match self.0 {
            1 => "illegal-function",
            2 => "illegal-data-address",
            3 => "illegal-data-value",
            4 => "server-device-failure",
            5 => "acknowledge",
            6 => "server-device-busy",
            7 => "negative-acknowledge",
            8 => "memory-parity-error",
            10 => "gateway-path-unavailable",
            11 => "gateway-target-device-failed-to-respond",
            other => return format_compact!("exception-{other}"),
        })
    }
}

/// What a diagnostic request asks for (clause 6.8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diagnostic(pub u16);

impl Diagnostic {
    /// The name, or `diagnostic-5` where there is none.
    pub fn text(self) -> Text {
        Text::const_new(match self.0 {
            0 => "return-query-data",
            1 => "restart-communications-option",
            2 => "return-diagnostic-register",
            3 => "change-ascii-input-delimiter",
            4 => "force-listen-only-mode",
            10 => "clear-counters-and-diagnostic-register",
            11 => "return-bus-message-count",
            12 => "return-bus-communication-error-count",
            13 => "return-bus-exception-error-count",
            14 => "return-server-message-count",
            15 => "return-server-no-response-count",
            16 => "return-server-nak-count",
            17 => "return-server-busy-count",
            18 => "return-bus-character-overrun-count",
            19 => "return-overrun-error-count",
            20 => "clear-overrun-counter-and-flag",
            21 => "get-clear-modbus-plus-statistics",
            other => return format_compact!("diagnostic-{other}"),
        })
    }

    fn verb(self) -> Verb {
        match self.0 {
            0 => Verb::Discover,
            1 => Verb::Restart,
            // A device that only listens stops obeying: the process feels it at once.
            4 => Verb::Operate,
            2 | 11..=19 => Verb::Read,
            _ => Verb::Configure,
        }
    }
}

/// What an encapsulated message holds (clause 6.19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeiType(pub u8);

impl MeiType {
    /// 6.20
    pub const CAN_OPEN: Self = Self(13);
    /// 6.21
    pub const READ_DEVICE_IDENTIFICATION: Self = Self(14);

    /// The name, or `mei-5` where there is none.
    pub fn text(self) -> Text {
        Text::const_new(match self.0 {
            13 => "canopen-general-reference",
            14 => "read-device-identification",
            other => return format_compact!("mei-{other}"),
        })
    }
}

/// One message with its header. The unit names the device behind a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Chosen by the client, returned by the server.
    pub transaction: u16,
    /// 0 for Modbus.
    pub protocol: u16,
    /// How many bytes follow the length field, the unit included.
    pub length: u16,
    /// The device behind the address.
    pub unit: u8,
    /// What is asked, or answered.
    pub function: FunctionCode,
    /// What follows the function code.
    pub data: &'a [u8],
}

/// What a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Functions without data: 7, 11, 12 and 17.
    Bare,
    Diagnostics {
        sub: Diagnostic,
        data: &'a [u8],
    },
    Encapsulated {
        mei: MeiType,
        data: &'a [u8],
    },
    /// Function 43/14: how much is wanted, from which object on.
    Identify {
        category: u8,
        object: u8,
    },
    MaskWrite {
        address: u16,
        and: u16,
        or: u16,
    },
    /// A code that the specification does not define, or data that do not fit the code.
    Other {
        data: &'a [u8],
    },
    /// Functions 1 to 4.
    Read {
        first: u16,
        quantity: u16,
    },
    ReadFifo {
        address: u16,
    },
    /// The sub-requests, seven bytes each.
    ReadFile {
        groups: &'a [u8],
    },
    ReadWrite {
        read: (u16, u16),
        write: (u16, u16),
        registers: &'a [u8],
    },
    /// The sub-requests with their record data.
    WriteFile {
        groups: &'a [u8],
    },
    /// Functions 15 and 16; the values are bits or registers.
    WriteMultiple {
        first: u16,
        quantity: u16,
        values: &'a [u8],
    },
    /// Functions 5 and 6.
    WriteSingle {
        address: u16,
        value: u16,
    },
}

/// What a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response<'a> {
    /// Functions 1 and 2: eight to a byte, the first in the lowest bit.
    Bits {
        bits: &'a [u8],
    },
    Diagnostics {
        sub: Diagnostic,
        data: &'a [u8],
    },
    Encapsulated {
        mei: MeiType,
        data: &'a [u8],
    },
    EventCounter {
        status: u16,
        events: u16,
    },
    EventLog {
        status: u16,
        events: u16,
        messages: u16,
        log: &'a [u8],
    },
    Exception {
        code: ExceptionCode,
    },
    /// Function 7: eight outputs.
    ExceptionStatus {
        outputs: u8,
    },
    Fifo {
        registers: &'a [u8],
    },
    /// The objects, each with its number and length.
    Identification {
        category: u8,
        conformity: u8,
        more: bool,
        next: u8,
        count: u8,
        objects: &'a [u8],
    },
    MaskWrite {
        address: u16,
        and: u16,
        or: u16,
    },
    /// A code that the specification does not define, or data that do not fit the code.
    Other {
        data: &'a [u8],
    },
    /// The sub-responses.
    ReadFile {
        groups: &'a [u8],
    },
    /// Functions 3, 4 and 23.
    Registers {
        registers: &'a [u8],
    },
    /// Function 17: a name and a run status, in the maker's own form.
    ServerId {
        data: &'a [u8],
    },
    /// The sub-requests, repeated.
    WriteFile {
        groups: &'a [u8],
    },
    /// Functions 15 and 16.
    WroteMultiple {
        first: u16,
        quantity: u16,
    },
    /// Functions 5 and 6.
    WroteSingle {
        address: u16,
        value: u16,
    },
}

/// What a request does, in the common vocabulary.
///
/// A coil makes the process do something now. Codes that only a maker documents can do anything; those known to carry
/// programming are `program`, the others `configure`, so that a plan must allow them expressly.
pub fn verb(function: FunctionCode, request: Option<&Request<'_>>) -> Verb {
    use FunctionCode as Code;
    match (function, request) {
        (_, Some(Request::Diagnostics { sub, .. })) => sub.verb(),
        (_, Some(Request::Identify { .. })) => Verb::Discover,
        (_, Some(Request::Encapsulated { mei: MeiType::READ_DEVICE_IDENTIFICATION, .. })) => Verb::Discover,
        // Without its data, no more can be said of a function with many uses than of the most frequent one.
        (Code::DIAGNOSTICS | Code::ENCAPSULATED_INTERFACE_TRANSPORT, None) => Verb::Discover,
        (Code::REPORT_SERVER_ID | Code(127), _) => Verb::Discover,
        (Code::READ_COILS | Code::READ_DISCRETE_INPUTS, _) => Verb::Read,
        (Code::READ_HOLDING_REGISTERS | Code::READ_INPUT_REGISTERS, _) => Verb::Read,
        (Code::READ_EXCEPTION_STATUS | Code::READ_FIFO_QUEUE | Code(10 | 14), _) => Verb::Read,
        (Code::GET_COMM_EVENT_COUNTER | Code::GET_COMM_EVENT_LOG, _) => Verb::Read,
        (Code::READ_FILE_RECORD | Code::WRITE_FILE_RECORD, _) => Verb::Transfer,
        (Code::WRITE_SINGLE_COIL | Code::WRITE_MULTIPLE_COILS, _) => Verb::Operate,
        (Code::WRITE_SINGLE_REGISTER | Code::WRITE_MULTIPLE_REGISTERS, _) => Verb::Write,
        (Code::MASK_WRITE_REGISTER | Code::READ_WRITE_MULTIPLE_REGISTERS, _) => Verb::Write,
        (Code::UMAS | Code(9 | 13 | 18 | 40 | 125 | 126), _) => Verb::Program,
        (Code(19), _) => Verb::Restart,
        _ => Verb::Configure,
    }
}

/// The registers in `bytes`, two bytes each.
pub fn registers(bytes: &[u8]) -> impl Iterator<Item = u16> + '_ {
    bytes.chunks_exact(2).filter_map(|pair| Cursor::new(pair).u16())
}

/// The bits in `bytes`, the first in the lowest bit of the first byte.
pub fn bits(bytes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    bytes.iter().flat_map(|byte| (0..8).map(move |place| byte >> place & 1))
}

/// One piece of a file, as functions 20 and 21 name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilePiece {
    /// The reference type; the specification knows only 6.
    pub reference: u8,
    pub file: u16,
    pub record: u16,
    /// How many registers.
    pub length: u16,
}

/// The pieces that a request of function 20 names, or, with their data between them, one of function 21.
pub fn file_pieces(groups: &[u8], with_data: bool) -> impl Iterator<Item = FilePiece> + '_ {
    let mut cursor = Cursor::new(groups);
    std::iter::from_fn(move || {
        let reference = cursor.u8()?;
        let piece =
            FilePiece { reference, file: cursor.u16()?, record: cursor.u16()?, length: cursor.u16()? };
        if with_data {
            cursor.take(usize::from(piece.length) * 2)?;
        }
        Some(piece)
    })
}

/// The objects of a device identification (6.21): number and value.
pub fn objects(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut cursor = Cursor::new(bytes);
    std::iter::from_fn(move || {
        let number = cursor.u8()?;
        let length = cursor.u8()?;
        Some((number, cursor.take(usize::from(length))?))
    })
}

/// The name of an object of a device identification (6.21, table "object id"), or `object-128` where there is none.
pub fn object_name(number: u8) -> Text {
    Text::const_new(match number {
        0 => "vendor-name",
        1 => "product-code",
        2 => "major-minor-revision",
        3 => "vendor-url",
        4 => "product-name",
        5 => "model-name",
        6 => "user-application-name",
        other => return format_compact!("object-{other}"),
    })
}
