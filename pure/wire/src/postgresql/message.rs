//! What a message is: chapter "Frontend/Backend Protocol" of PostgreSQL's documentation, section "Message Formats".

use city::Text;
use compact_str::format_compact;

/// What a client says before anything else, which has no letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening<'a> {
    /// `CancelRequest`. The number and the key that prove it are passed over.
    Cancel,
    /// `GSSENCRequest`.
    GssEncryption,
    /// `SSLRequest`.
    Tls,
    /// `StartupMessage`: the version, and pairs of names and values.
    Startup { major: u16, minor: u16, parameters: Vec<(&'a [u8], &'a [u8])> },
}

/// The letter of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letter(pub u8);

impl Letter {
    /// Whether a client may send it.
    pub fn is_of_client(self) -> bool {
        matches!(
            self.0,
            b'B' | b'C' | b'D' | b'E' | b'F' | b'H' | b'P' | b'Q' | b'S' | b'X' | b'c' | b'd' | b'f' | b'p'
        )
    }

    /// Whether a server may send it.
    pub fn is_of_server(self) -> bool {
        matches!(
            self.0,
            b'1' | b'2'
                | b'3'
                | b'A'
                | b'C'
                | b'D'
                | b'E'
                | b'G'
                | b'H'
                | b'I'
                | b'K'
                | b'N'
                | b'R'
                | b'S'
                | b'T'
                | b'V'
                | b'W'
                | b'Z'
                | b'c'
                | b'd'
                | b'n'
                | b's'
                | b't'
                | b'v'
        )
    }
}

/// One message with a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    pub letter: Letter,
    /// As much of the body as is looked at.
    pub body: &'a [u8],
    /// How long the body is.
    pub length: u64,
}

/// What a server wants of a client, or says of its proof (`Authentication…`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authentication(pub u32);

impl Authentication {
    pub const OK: Self = Self(0);
    pub const CLEARTEXT: Self = Self(3);
    pub const MD5: Self = Self(5);
    pub const GSS: Self = Self(7);
    pub const SSPI: Self = Self(9);
    pub const SASL: Self = Self(10);
    pub const SASL_CONTINUE: Self = Self(11);
    pub const SASL_FINAL: Self = Self(12);

    /// The method by the name that the server's `pg_hba.conf` has for it.
    pub fn method(self) -> Text {
        Text::const_new(match self.0 {
            2 => "kerberos-5",
            3 => "password",
            5 => "md5",
            7 => "gss",
            9 => "sspi",
            10 => "sasl",
            other => return format_compact!("authentication-{other}"),
        })
    }
}

/// An `ErrorResponse` or a `NoticeResponse`: fields by their letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report<'a>(pub Vec<(u8, &'a [u8])>);

impl<'a> Report<'a> {
    /// A field.
    pub fn field(&self, letter: u8) -> Option<&'a [u8]> {
        self.0.iter().find(|(known, _)| *known == letter).map(|(_, value)| *value)
    }
}
