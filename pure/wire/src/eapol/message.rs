//! What is said over the link (IEEE 802.1X clause 11) and in EAP (RFC 3748 clause 4).

use std::fmt;

/// What a frame is for (table 11-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind(pub(crate) u8);

impl Kind {
    pub(crate) const EAP: Kind = Kind(0);
    pub(crate) const LOGOFF: Kind = Kind(2);
    pub(crate) const KEY: Kind = Kind(3);

    /// The name of what is told by name alone.
    pub(crate) fn name(self) -> Option<&'static str> {
        const NAMES: [&str; 9] = [
            "eap",
            "start",
            "logoff",
            "key",
            "alert",
            "key-agreement",
            "announcement",
            "announcement",
            "announcement-request",
        ];
        NAMES.get(usize::from(self.0)).copied()
    }
}

/// A frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) version: u8,
    pub(crate) kind: Kind,
    pub(crate) body: &'a [u8],
}

/// Who says what in EAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EapCode {
    Request,
    Response,
    Success,
    Failure,
}

/// An EAP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Eap<'a> {
    pub(crate) code: EapCode,
    /// The same in a response as in the request that it answers.
    pub(crate) identifier: u8,
    /// The method, in requests and responses.
    pub(crate) method: Option<Method>,
    /// What belongs to the method.
    pub(crate) data: &'a [u8],
}

/// A method (IANA registry of EAP methods).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Method(pub(crate) u8);

impl Method {
    pub(crate) const IDENTITY: Method = Method(1);
    pub(crate) const NOTIFICATION: Method = Method(2);
    pub(crate) const NAK: Method = Method(3);
    pub(crate) const MD5: Method = Method(4);
    pub(crate) const GTC: Method = Method(6);
    pub(crate) const LEAP: Method = Method(17);
    pub(crate) const MSCHAPV2: Method = Method(26);
    pub(crate) const EXPANDED_NAK: Method = Method(254);

    /// Whether it proves anything, and is not only about the way there.
    pub(crate) fn proves(self) -> bool {
        !matches!(self, Method::IDENTITY | Method::NOTIFICATION | Method::NAK)
    }

    /// What whoever listens learns of a password, where nothing encrypts.
    pub(crate) fn shows(self) -> Option<&'static str> {
        match self {
            Method::GTC => Some("sends it readable"),
            Method::MD5 | Method::LEAP | Method::MSCHAPV2 => {
                Some("outside a tunnel lets whoever listens guess it at leisure")
            }
            _ => None,
        }
    }

    fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            1 => "identity",
            2 => "notification",
            3 => "nak",
            4 => "md5",
            5 => "otp",
            6 => "gtc",
            13 => "tls",
            17 => "leap",
            18 => "sim",
            21 => "ttls",
            23 => "aka",
            25 => "peap",
            26 => "mschapv2",
            29 => "mschapv2",
            33 => "tlv",
            38 => "tnc",
            43 => "fast",
            46 => "pax",
            47 => "psk",
            48 => "sake",
            49 => "ikev2",
            50 => "aka-prime",
            51 => "gpsk",
            52 => "pwd",
            53 => "eke",
            55 => "teap",
            254 => "expanded",
            _ => return None,
        })
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "eap-{name}"),
            None => write!(f, "eap-{}", self.0),
        }
    }
}
