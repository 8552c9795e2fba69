//! What a C12.22 message is: IEEE 1703-2012, clauses 5.3 (services) and 5.4 (ACSE and EPSEM).

use city::{Text, Verb};
use compact_str::format_compact;

/// One ACSE element, as far as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    pub tag: u8,
    pub content: &'a [u8],
}

impl Element<'_> {
    pub const ASO_CONTEXT: u8 = 0xa1;
    pub const CALLED_AP_TITLE: u8 = 0xa2;
    pub const CALLED_AP_INVOCATION_ID: u8 = 0xa4;
    pub const CALLING_AP_TITLE: u8 = 0xa6;
    pub const CALLING_AE_QUALIFIER: u8 = 0xa7;
    pub const CALLING_AP_INVOCATION_ID: u8 = 0xa8;
    pub const MECHANISM_NAME: u8 = 0x8b;
    pub const CALLING_AUTHENTICATION_VALUE: u8 = 0xac;
    pub const USER_INFORMATION: u8 = 0xbe;

    /// As the field's log has it; none for an element that C12.22 does not have.
    pub fn title(self) -> Option<&'static str> {
        Some(match self.tag {
            Self::ASO_CONTEXT => "ASO Context",
            Self::CALLED_AP_TITLE => "Called AP Title",
            0xa3 => "Called AE Qualifier",
            Self::CALLED_AP_INVOCATION_ID => "Called AP Invocation ID",
            Self::CALLING_AP_TITLE => "Calling AP Title",
            Self::CALLING_AE_QUALIFIER => "Calling AE Qualifier",
            Self::CALLING_AP_INVOCATION_ID => "Calling AP Invocation ID",
            Self::MECHANISM_NAME => "Mechanism Name",
            Self::CALLING_AUTHENTICATION_VALUE => "Calling Authentication Value",
            Self::USER_INFORMATION => "User Information",
            _ => return None,
        })
    }
}

/// How the calling side proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof<'a> {
    /// By C12.22's cipher, with the number of a key and a vector that is new each time.
    C1222 { key: u8, vector: u32 },
    /// By C12.21's tickets, which are not kept.
    C1221 { algorithm: Option<&'a [u8]>, request: bool, response: bool },
    /// In octets of another form, which are not kept.
    Other,
}

/// The authentication element: the proof, and whether it names its form by a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authentication<'a> {
    pub proof: Proof<'a>,
    pub indirect: bool,
}

/// How much an envelope is protected (the EPSEM control's security mode).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecurityMode {
    Cleartext,
    Authenticated,
    Encrypted,
    Reserved,
}

/// The EPSEM control byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control(pub u8);

impl Control {
    /// Whether an end device's class follows.
    pub fn has_class(self) -> bool {
        self.0 & 0x10 != 0
    }

    pub fn security(self) -> SecurityMode {
        match self.0 >> 2 & 3 {
            0 => SecurityMode::Cleartext,
            1 => SecurityMode::Authenticated,
            2 => SecurityMode::Encrypted,
            _ => SecurityMode::Reserved,
        }
    }

    /// Whether no response is wanted whatever happens.
    pub fn wants_nothing(self) -> bool {
        self.0 & 3 == 2
    }

    /// As the field's log has it.
    pub fn titles(self) -> impl Iterator<Item = &'static str> {
        let response = match self.0 & 3 {
            0 => "RESPONSE_CONTROL_ALWAYS_RESPOND",
            1 => "RESPONSE_CONTROL_RESPOND_ON_EXCEPTION",
            2 => "RESPONSE_CONTROL_NEVER_RESPOND",
            _ => "RESPONSE_CONTROL_RESERVED",
        };
        let security = match self.security() {
            SecurityMode::Cleartext => "SECURITY_MODE_CLEARTEXT",
            SecurityMode::Authenticated => "SECURITY_MODE_CLEARTEXT_WITH_AUTHENTICATION",
            SecurityMode::Encrypted => "SECURITY_MODE_CIPHERTEXT_WITH_AUTHENTICATION",
            SecurityMode::Reserved => "SECURITY_MODE_RESERVED",
        };
        let flag = |mask: u8, name| (self.0 & mask != 0).then_some(name);
        [
            Some(response),
            Some(security),
            flag(0x10, "ED_CLASS_INCLUDED"),
            flag(0x20, "PROXY_SERVICE_USED"),
            flag(0x40, "RECOVERY_SESSION"),
        ]
        .into_iter()
        .flatten()
    }
}

/// The envelope: what the user information holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epsem<'a> {
    /// Whether it names its encoding by a reference.
    pub reference: Option<&'a [u8]>,
    pub control: Control,
    /// The end device's class, if it is there.
    pub class: Option<[u8; 4]>,
    /// The services, or what they are encrypted to.
    pub body: &'a [u8],
    /// What proves that it is unchanged, where the mode has it.
    pub check: Option<u32>,
}

/// What a service is: below 32 a response, above a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(pub u8);

impl Code {
    pub const OK: Self = Self(0);
    /// A request that is too long, with the longest that is not.
    pub const REQUEST_TOO_LARGE: Self = Self(0x0f);
    /// A response that would be too long, with the longest that would not.
    pub const RESPONSE_TOO_LARGE: Self = Self(0x10);
    /// Segments that do not fit together.
    pub const SEGMENTATION_ERROR: Self = Self(0x12);
    pub const IDENTIFICATION: Self = Self(0x20);
    pub const RESOLVE: Self = Self(0x25);
    pub const TRACE: Self = Self(0x26);
    pub const FULL_WRITE: Self = Self(0x40);
    pub const LOGON: Self = Self(0x50);
    pub const SECURITY: Self = Self(0x51);
    pub const AUTHENTICATE: Self = Self(0x53);

    /// Whether it answers.
    pub fn is_response(self) -> bool {
        self.0 < 0x20
    }

    /// Whether it reads a table or a part of one.
    pub fn reads(self) -> bool {
        self.0 & 0xf0 == 0x30
    }

    /// Whether it writes a table or a part of one.
    pub fn writes(self) -> bool {
        self.0 & 0xf0 == 0x40
    }

    /// The short name in the field's log.
    fn name(self) -> Text {
        Text::const_new(match self.0 {
            0x00 => "OK",
            0x01 => "ERR",
            0x02 => "SNS",
            0x03 => "ISC",
            0x04 => "ONP",
            0x05 => "IAR",
            0x06 => "BSY",
            0x07 => "DNR",
            0x08 => "DLK",
            0x09 => "RNO",
            0x0a => "ISSS",
            0x0b => "SME",
            0x0c => "UAT",
            0x0d => "NETT",
            0x0e => "NETR",
            0x0f => "RQTL",
            0x10 => "RSTL",
            0x11 => "SGNP",
            0x12 => "SGERR",
            0x20 => "Ident",
            0x21 => "Terminate",
            0x22 => "Disconnect",
            0x24 => "Deregister",
            0x25 => "Resolve",
            0x26 => "Trace",
            0x27 => "Register",
            0x30 => "Full Read",
            0x31..=0x39 => "Partial Read Index",
            0x3e => "Default Read",
            0x3f => "Partial Read Offset",
            0x40 => "Full Write",
            0x41..=0x49 => "Partial Write Index",
            0x4e => "Default Write",
            0x4f => "Partial Write Offset",
            0x50 => "Logon",
            0x51 => "Security",
            0x52 => "Logoff",
            0x53 => "Authenticate",
            0x60..=0x6b => "Negotiate",
            0x70 => "Wait",
            0x71 => "Timing Setup",
            code => return format_compact!("Unknown-0x{code:02x}"),
        })
    }

    /// As the field's log has it.
    pub fn title(self) -> Text {
        let side = if self.is_response() { "RESP" } else { "REQ" };
        format_compact!("{side}:{}", self.name())
    }

    /// The function's name.
    pub fn text(self) -> Text {
        match self {
            Code::IDENTIFICATION => Text::const_new("identification"),
            _ => self.name().to_ascii_lowercase().replace(' ', "-").into(),
        }
    }

    /// What it does. Sessions' own services neither read nor change the meter.
    pub fn verb(self) -> Verb {
        match self.0 {
            0x30..=0x3f => Verb::Read,
            0x40..=0x4f => Verb::Write,
            // Who takes part, and who asks.
            0x21 | 0x24 | 0x27 | 0x50..=0x53 => Verb::Authenticate,
            // A node is to leave its network.
            0x22 => Verb::Configure,
            _ => Verb::Discover,
        }
    }

    /// Why a request was refused (clause 5.3.1).
    pub fn reason(self) -> Text {
        Text::const_new(match self.0 {
            0x01 => "error",
            0x02 => "service-not-supported",
            0x03 => "insufficient-security-clearance",
            0x04 => "operation-not-possible",
            0x05 => "inappropriate-action-requested",
            0x06 => "device-busy",
            0x07 => "data-not-ready",
            0x08 => "data-locked",
            0x09 => "renegotiate-request",
            0x0a => "invalid-service-sequence-state",
            0x0b => "security-mechanism-error",
            0x0c => "unknown-application-title",
            0x0d => "network-time-out",
            0x0e => "network-not-reachable",
            0x0f => "request-too-large",
            0x10 => "response-too-large",
            0x11 => "segmentation-not-possible",
            0x12 => "segmentation-error",
            code => return format_compact!("response-{code}"),
        })
    }
}
