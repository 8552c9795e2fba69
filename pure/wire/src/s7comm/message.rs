//! What an S7 message is.
//!
//! Siemens has not published the protocol. The names are those that the field has agreed on; codes stay numbers with
//! names attached, so that an unknown one is kept and shown.

use city::{Text, Verb};
use compact_str::format_compact;

/// The first byte of every message.
pub(super) const MAGIC: u8 = 0x32;

/// What kind of message it is: the remote operating service control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rosctr(pub(super) u8);

impl Rosctr {
    /// A request.
    pub(super) const JOB: Self = Self(1);
    /// A reply without data.
    pub(super) const ACK: Self = Self(2);
    /// A reply.
    pub(super) const ACK_DATA: Self = Self(3);
    /// A request or reply of the services for programming devices.
    pub(super) const USER_DATA: Self = Self(7);
    /// Seen between servers.
    pub(super) const SERVER_CONTROL: Self = Self(8);

    /// Whether its header has the two bytes of an error.
    pub(super) fn has_error(self) -> bool {
        matches!(self, Self::ACK | Self::ACK_DATA)
    }

    /// The name as the field writes it.
    pub(super) fn title(self) -> Text {
        Text::const_new(match self {
            Self::JOB => "Job-Request",
            Self::ACK => "ACK",
            Self::ACK_DATA => "ACK-Data",
            Self::USER_DATA => "User-Data",
            Self::SERVER_CONTROL => "Server-Control",
            Self(other) => return format_compact!("Unknown-0x{other:02x}"),
        })
    }
}

/// What a job asks for: the first byte of the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Function(pub(super) u8);

impl Function {
    pub(super) const READ_VAR: Self = Self(0x04);
    pub(super) const WRITE_VAR: Self = Self(0x05);
    pub(super) const REQUEST_DOWNLOAD: Self = Self(0x1a);
    pub(super) const DOWNLOAD_BLOCK: Self = Self(0x1b);
    pub(super) const DOWNLOAD_ENDED: Self = Self(0x1c);
    pub(super) const START_UPLOAD: Self = Self(0x1d);
    pub(super) const UPLOAD: Self = Self(0x1e);
    pub(super) const END_UPLOAD: Self = Self(0x1f);
    pub(super) const PLC_CONTROL: Self = Self(0x28);
    pub(super) const PLC_STOP: Self = Self(0x29);
    pub(super) const SETUP: Self = Self(0xf0);

    /// The name as the field writes it.
    pub(super) fn title(self) -> Text {
        Text::const_new(match self {
            Self(0) => "CPU Services",
            Self(1) => "Mode Transition",
            Self::READ_VAR => "Read Variable",
            Self::WRITE_VAR => "Write Variable",
            Self::REQUEST_DOWNLOAD => "Request Download",
            Self::DOWNLOAD_BLOCK => "Download Block",
            Self::DOWNLOAD_ENDED => "Download Ended",
            Self::START_UPLOAD => "Start Upload",
            Self::UPLOAD => "Upload",
            Self::END_UPLOAD => "End Upload",
            Self::PLC_CONTROL => "PLC Control",
            Self::PLC_STOP => "PLC Stop",
            Self::SETUP => "Setup Communication",
            Self(other) => return format_compact!("Unknown-0x{other:02x}"),
        })
    }

    /// The name in kebab-case, or `function-0x30` where there is none.
    pub(super) fn text(self) -> Text {
        Text::const_new(match self {
            Self(0) => "cpu-services",
            Self(1) => "mode-transition",
            Self::READ_VAR => "read-var",
            Self::WRITE_VAR => "write-var",
            Self::REQUEST_DOWNLOAD => "request-download",
            Self::DOWNLOAD_BLOCK => "download-block",
            Self::DOWNLOAD_ENDED => "download-ended",
            Self::START_UPLOAD => "start-upload",
            Self::UPLOAD => "upload",
            Self::END_UPLOAD => "end-upload",
            Self::PLC_CONTROL => "plc-control",
            Self::PLC_STOP => "plc-stop",
            Self::SETUP => "setup-communication",
            Self(other) => return format_compact!("function-0x{other:02x}"),
        })
    }

    /// What it does. Items of variables and services of the programme have verbs of their own.
    pub(super) fn verb(self) -> Verb {
        match self {
            Self::READ_VAR => Verb::Read,
            Self::WRITE_VAR => Verb::Write,
            Self::REQUEST_DOWNLOAD => Verb::Program,
            // The controller fetches what it agreed to take; an upload only looks.
            Self::DOWNLOAD_BLOCK
            | Self::DOWNLOAD_ENDED
            | Self::START_UPLOAD
            | Self::UPLOAD
            | Self::END_UPLOAD => Verb::Transfer,
            Self::PLC_STOP => Verb::Restart,
            Self(0 | 1) | Self::SETUP => Verb::Discover,
            _ => Verb::Configure,
        }
    }

    /// Whether it moves a block.
    pub(super) fn moves_block(self) -> bool {
        (Self::REQUEST_DOWNLOAD.0..=Self::END_UPLOAD.0).contains(&self.0)
    }
}

/// The class of an error in a reply's header.
pub(super) fn error_class(class: u8) -> Text {
    Text::const_new(match class {
        0x00 => "No error",
        0x81 => "Application relationship error",
        0x82 => "Object definition error",
        0x83 => "No resources available error",
        0x84 => "Error on service processing",
        0x85 => "Error on supplies",
        0x87 => "Access error",
        other => return format_compact!("Unknown-0x{other:02x}"),
    })
}

/// Why a request was refused, in kebab-case: class and code of the header, or of a user data reply's parameters.
pub(super) fn refusal(class: u8, code: u8) -> Text {
    Text::const_new(match (class, code) {
        (0x81, 0x04) => "service-not-implemented",
        (0x83, 0x05) => "function-not-available",
        (0x84, 0x01) => "invalid-service-sequence",
        (0x84, 0x02) => "object-status-forbids",
        (0x84, 0x04) => "function-cannot-be-performed",
        (0x85, 0x00) => "wrong-pdu-size",
        (0x87, 0x01) => "invalid-address",
        (0x87, 0x02) => "service-not-supported",
        (0x87, 0x03) => "access-refused",
        (0xd0, 0x81) => "not-permitted-in-mode",
        (0xd0, 0xa1) => "protection-level",
        (0xd2, 0x01) => "syntax-error-in-block-name",
        (0xd2, 0x02) => "syntax-error-in-parameters",
        (0xd2, 0x09) => "block-not-found",
        (0xd2, 0x10) => "invalid-block-number",
        (0xd2, 0x40) => "coordination-rules-violated",
        (0xd2, 0x41) => "protection-level",
        (0xd4, 0x01) => "invalid-list-id",
        (0xd4, 0x02) => "invalid-list-index",
        (0xd6, 0x02) => "wrong-password",
        (0xd6, 0x04) => "no-password-to-set",
        (0xd6, 0x05) => "no-password-to-clear",
        (0xdc, 0x01) => "invalid-value",
        (class, code) => return format_compact!("error-0x{class:02x}{code:02x}"),
    })
}

/// What became of one item: the return codes of S7 data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReturnCode(pub(super) u8);

impl ReturnCode {
    pub(super) const SUCCESS: Self = Self(0xff);

    /// The name as the field writes it.
    pub(super) fn title(self) -> Text {
        Text::const_new(match self.0 {
            0x00 => "Reserved",
            0x01 => "Hardware error",
            0x03 => "Accessing the object not allowed",
            0x05 => "Invalid address",
            0x06 => "Data type not supported",
            0x07 => "Data type inconsistent",
            0x0a => "Object does not exist",
            0xff => "Success",
            other => return format_compact!("Unknown-0x{other:02x}"),
        })
    }

    /// The name in kebab-case.
    pub(super) fn text(self) -> Text {
        Text::const_new(match self.0 {
            0x00 => "reserved",
            0x01 => "hardware-error",
            0x03 => "access-not-allowed",
            0x05 => "invalid-address",
            0x06 => "data-type-not-supported",
            0x07 => "data-type-inconsistent",
            0x0a => "object-does-not-exist",
            0xff => "success",
            other => return format_compact!("return-code-0x{other:02x}"),
        })
    }
}

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) rosctr: Rosctr,
    /// Chosen by who asks, returned by who answers.
    pub(super) reference: u16,
    /// Class and code, of replies.
    pub(super) error: Option<(u8, u8)>,
    pub(super) parameters: &'a [u8],
    pub(super) data: &'a [u8],
}

impl Message<'_> {
    /// What a job asks for, or a reply answers.
    pub(super) fn function(&self) -> Option<Function> {
        self.parameters.first().copied().map(Function)
    }
}

/// What a service of the programme (function 0x28) does, by its name.
pub(super) fn service_verb(service: &[u8]) -> Verb {
    match service {
        b"P_PROGRAM" => Verb::Restart,
        b"_INSE" | b"_DELE" | b"_MODU" | b"_INS2" | b"_DEL2" => Verb::Program,
        b"_N_LOGIN_" | b"_N_LOGOUT" => Verb::Authenticate,
        _ => Verb::Configure,
    }
}
