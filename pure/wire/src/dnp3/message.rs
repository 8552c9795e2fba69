//! What a DNP3 application message is: IEEE 1815-2012, clause 4.
//!
//! Codes stay numbers with names attached, so that an unknown one is kept and shown.

use super::objects::Objects;
use city::{Text, Verb};
use compact_str::format_compact;

/// What a fragment is for (clause 4.4, table 4-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FunctionCode(pub u8);

impl FunctionCode {
    pub const CONFIRM: Self = Self(0);
    pub const READ: Self = Self(1);
    pub const WRITE: Self = Self(2);
    pub const SELECT: Self = Self(3);
    pub const OPERATE: Self = Self(4);
    pub const DIRECT_OPERATE: Self = Self(5);
    pub const DIRECT_OPERATE_NO_ACK: Self = Self(6);
    pub const FREEZE_AT_TIME: Self = Self(11);
    pub const FREEZE_AT_TIME_NO_ACK: Self = Self(12);
    pub const INITIALIZE_APPLICATION: Self = Self(16);
    pub const STOP_APPLICATION: Self = Self(18);
    pub const ASSIGN_CLASS: Self = Self(22);
    pub const OPEN_FILE: Self = Self(25);
    pub const AUTHENTICATE_FILE: Self = Self(29);
    pub const ABORT_FILE: Self = Self(30);
    pub const ACTIVATE_CONFIGURATION: Self = Self(31);
    pub const AUTHENTICATE_REQUEST: Self = Self(32);
    pub const AUTHENTICATE_REQUEST_NO_ACK: Self = Self(33);
    pub const RESPONSE: Self = Self(129);
    pub const UNSOLICITED_RESPONSE: Self = Self(130);
    pub const AUTHENTICATE_RESPONSE: Self = Self(131);

    /// The name that Zeek's `dnp3.log` has, and ours.
    fn names(self) -> Option<(&'static str, &'static str)> {
        Some(match self.0 {
            0 => ("CONFIRM", "confirm"),
            1 => ("READ", "read"),
            2 => ("WRITE", "write"),
            3 => ("SELECT", "select"),
            4 => ("OPERATE", "operate"),
            5 => ("DIRECT_OPERATE", "direct-operate"),
            6 => ("DIRECT_OPERATE_NR", "direct-operate-no-ack"),
            7 => ("IMMED_FREEZE", "immediate-freeze"),
            8 => ("IMMED_FREEZE_NR", "immediate-freeze-no-ack"),
            9 => ("FREEZE_CLEAR", "freeze-and-clear"),
            10 => ("FREEZE_CLEAR_NR", "freeze-and-clear-no-ack"),
            11 => ("FREEZE_AT_TIME", "freeze-at-time"),
            12 => ("FREEZE_AT_TIME_NR", "freeze-at-time-no-ack"),
            13 => ("COLD_RESTART", "cold-restart"),
            14 => ("WARM_RESTART", "warm-restart"),
            15 => ("INITIALIZE_DATA", "initialize-data"),
            16 => ("INITIALIZE_APPL", "initialize-application"),
            17 => ("START_APPL", "start-application"),
            18 => ("STOP_APPL", "stop-application"),
            19 => ("SAVE_CONFIG", "save-configuration"),
            20 => ("ENABLE_UNSOLICITED", "enable-unsolicited"),
            21 => ("DISABLE_UNSOLICITED", "disable-unsolicited"),
            22 => ("ASSIGN_CLASS", "assign-class"),
            23 => ("DELAY_MEASURE", "delay-measurement"),
            24 => ("RECORD_CURRENT_TIME", "record-current-time"),
            25 => ("OPEN_FILE", "open-file"),
            26 => ("CLOSE_FILE", "close-file"),
            27 => ("DELETE_FILE", "delete-file"),
            28 => ("GET_FILE_INFO", "get-file-information"),
            29 => ("AUTHENTICATE_FILE", "authenticate-file"),
            30 => ("ABORT_FILE", "abort-file"),
            31 => ("ACTIVATE_CONFIG", "activate-configuration"),
            32 => ("AUTHENTICATE_REQ", "authenticate-request"),
            33 => ("AUTHENTICATE_ERR", "authenticate-request-no-ack"),
            129 => ("RESPONSE", "response"),
            130 => ("UNSOLICITED_RESPONSE", "unsolicited-response"),
            131 => ("AUTHENTICATE_RESP", "authenticate-response"),
            _ => return None,
        })
    }

    /// The name in Zeek's `dnp3.log`.
    pub fn label(self) -> Text {
        let unknown = || format_compact!("unknown-{}", self.0);
        self.names().map_or_else(unknown, |(label, _)| Text::const_new(label))
    }

    /// The name, or `function-99` where there is none.
    pub fn text(self) -> Text {
        let unknown = || format_compact!("function-{}", self.0);
        self.names().map_or_else(unknown, |(_, text)| Text::const_new(text))
    }

    /// Whether an outstation sends it.
    pub fn is_response(self) -> bool {
        self.0 >= 128
    }

    /// Whether the standard has no reply to it.
    pub fn is_without_reply(self) -> bool {
        matches!(self.0, 0 | 6 | 8 | 10 | 12 | 33)
    }

    /// Whether objects in it have values, not only numbers.
    pub fn carries_values(self) -> bool {
        self.is_response()
            || matches!(
                self,
                Self::WRITE
                    | Self::SELECT
                    | Self::OPERATE
                    | Self::DIRECT_OPERATE
                    | Self::DIRECT_OPERATE_NO_ACK
                    | Self::AUTHENTICATE_REQUEST
                    | Self::AUTHENTICATE_REQUEST_NO_ACK
                    | Self::ACTIVATE_CONFIGURATION
            )
            || (Self::OPEN_FILE..=Self::ABORT_FILE).contains(&self)
            || (Self::INITIALIZE_APPLICATION..=Self::STOP_APPLICATION).contains(&self)
    }
}

/// What a request does to the objects of one header, in the common vocabulary.
///
/// `select` only arms an output, but whoever may not operate may not select either.
pub fn verb(function: FunctionCode, objects: Option<&Objects<'_>>) -> Verb {
    let group = objects.map(|objects| objects.group);
    match (function.0, group) {
        (_, Some(120)) | (29 | 32 | 33, _) => Verb::Authenticate,
        (1 | 2, Some(70)) => Verb::Transfer,
        (1, Some(0)) => Verb::Discover,
        (1, _) => Verb::Read,
        // Packed binary outputs and analogue output blocks take effect at once.
        (2, Some(10 | 12 | 41)) => Verb::Operate,
        // Attributes, deadbands, clocks, indications, storage and data sets are how the device works.
        (2, Some(0 | 34 | 50 | 51 | 80..=86)) => Verb::Configure,
        (2, _) => Verb::Write,
        (3..=6, _) => Verb::Operate,
        // Counters are copied and perhaps cleared.
        (7..=12, _) => Verb::Write,
        (13 | 14 | 16..=18, _) => Verb::Restart,
        (20, _) => Verb::Subscribe,
        (23, _) => Verb::Read,
        (25 | 26 | 28 | 30, _) => Verb::Transfer,
        (130, _) => Verb::Publish,
        _ => Verb::Configure,
    }
}

/// The internal indications of a response (clause 4.2.6): IIN1 in the upper byte, IIN2 in the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indications(pub u16);

impl Indications {
    /// Why the request was refused, if it was.
    pub fn refusal(self) -> Option<&'static str> {
        match self.0 {
            bits if bits & 0x01 != 0 => Some("no-function-code-support"),
            bits if bits & 0x02 != 0 => Some("object-unknown"),
            bits if bits & 0x04 != 0 => Some("parameter-error"),
            bits if bits & 0x10 != 0 => Some("already-executing"),
            _ => None,
        }
    }
}

/// One fragment of the application layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment<'a> {
    /// Whether it is the first of its message: FIR.
    pub first: bool,
    /// Whether a confirmation is wanted: CON.
    pub confirm: bool,
    /// Whether it belongs to the unsolicited responses: UNS.
    pub unsolicited: bool,
    /// The number that request and reply have in common.
    pub sequence: u8,
    pub function: FunctionCode,
    /// Of a response.
    pub indications: Option<Indications>,
    /// The object headers and objects.
    pub objects: &'a [u8],
}
