//! What a CoAP message is: RFC 7252 clauses 3, 5.10 and 12, with the options of its successors.

use crate::cursor::Cursor;
use city::Text;
use compact_str::format_compact;

/// How a datagram is to be answered (clause 3); streams have no such thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Confirmable,
    NonConfirmable,
    Acknowledgement,
    Reset,
}

/// A method, a response or a signal: three bits of class and five of detail (clause 12.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code(pub u8);

impl Code {
    pub const EMPTY: Self = Self(0);
    pub const GET: Self = Self(1);
    pub const POST: Self = Self(2);
    pub const PUT: Self = Self(3);
    pub const DELETE: Self = Self(4);
    pub const FETCH: Self = Self(5);
    /// 7.01, RFC 8323.
    pub const CSM: Self = Self(0xe1);

    pub fn is_request(self) -> bool {
        matches!(self.0, 1..=7)
    }

    pub fn is_response(self) -> bool {
        matches!(self.0 >> 5, 2 | 4 | 5)
    }

    pub fn is_success(self) -> bool {
        self.0 >> 5 == 2
    }

    /// Whether IANA's registry holds it.
    pub fn is_known(self) -> bool {
        self.name().is_some()
    }

    fn name(self) -> Option<&'static str> {
        Some(match (self.0 >> 5, self.0 & 0x1f) {
            (0, 0) => "empty",
            (0, 1) => "get",
            (0, 2) => "post",
            (0, 3) => "put",
            (0, 4) => "delete",
            (0, 5) => "fetch",
            (0, 6) => "patch",
            (0, 7) => "ipatch",
            (2, 1) => "created",
            (2, 2) => "deleted",
            (2, 3) => "valid",
            (2, 4) => "changed",
            (2, 5) => "content",
            (2, 31) => "continue",
            (4, 0) => "bad-request",
            (4, 1) => "unauthorized",
            (4, 2) => "bad-option",
            (4, 3) => "forbidden",
            (4, 4) => "not-found",
            (4, 5) => "method-not-allowed",
            (4, 6) => "not-acceptable",
            (4, 8) => "request-entity-incomplete",
            (4, 9) => "conflict",
            (4, 12) => "precondition-failed",
            (4, 13) => "request-entity-too-large",
            (4, 15) => "unsupported-content-format",
            (4, 22) => "unprocessable-entity",
            (4, 29) => "too-many-requests",
            (5, 0) => "internal-server-error",
            (5, 1) => "not-implemented",
            (5, 2) => "bad-gateway",
            (5, 3) => "service-unavailable",
            (5, 4) => "gateway-timeout",
            (5, 5) => "proxying-not-supported",
            (5, 8) => "hop-limit-reached",
            (7, 1) => "csm",
            (7, 2) => "ping",
            (7, 3) => "pong",
            (7, 4) => "release",
            (7, 5) => "abort",
            _ => return None,
        })
    }

    /// The name, or the code as it is written, `4.30`, where there is none.
    pub fn text(self) -> Text {
        self.name().map_or_else(|| format_compact!("{}.{:02}", self.0 >> 5, self.0 & 0x1f), Text::const_new)
    }
}

/// Which option a value is of (clause 12.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OptionNumber(pub u32);

impl OptionNumber {
    pub const OBSERVE: Self = Self(6);
    pub const OSCORE: Self = Self(9);
    pub const URI_PATH: Self = Self(11);
    pub const CONTENT_FORMAT: Self = Self(12);
    pub const URI_QUERY: Self = Self(15);
    pub const ACCEPT: Self = Self(17);
    pub const BLOCK2: Self = Self(23);
    pub const BLOCK1: Self = Self(27);
    pub const PROXY_URI: Self = Self(35);

    /// The least and the most bytes that its value may have; `None` for an option that is not known.
    pub fn lengths(self) -> Option<(usize, usize)> {
        Some(match self.0 {
            1 => (0, 8),
            3 => (1, 255),
            4 => (1, 8),
            5 => (0, 0),
            6 => (0, 3),
            7 => (0, 2),
            8 | 11 | 15 | 20 => (0, 255),
            9 => (0, 255),
            12 | 17 => (0, 2),
            13 => (0, 3),
            14 => (0, 4),
            16 => (1, 1),
            19 | 23 | 27 | 31 => (0, 3),
            21 => (0, 0),
            28 | 60 => (0, 4),
            35 => (1, 1034),
            39 => (1, 255),
            252 => (1, 40),
            258 => (0, 1),
            292 => (0, 8),
            _ => return None,
        })
    }
}

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Of a datagram: how it is to be answered, and the number by which that is done.
    pub datagram: Option<(Kind, u16)>,
    pub code: Code,
    /// By which a response finds its request.
    pub token: &'a [u8],
    /// Still in the form of clause 3.1; the parser has walked over them.
    pub option_bytes: &'a [u8],
    pub payload: &'a [u8],
}

impl<'a> Message<'a> {
    /// The options in their order.
    pub fn options(&self) -> impl Iterator<Item = (OptionNumber, &'a [u8])> + use<'a> {
        let mut cursor = Cursor::new(self.option_bytes);
        let mut number = 0_u32;
        std::iter::from_fn(move || {
            let (delta, value) = take_option(&mut cursor)?;
            number = number.saturating_add(delta);
            Some((OptionNumber(number), value))
        })
    }

    /// The values of one option.
    pub fn values(&self, number: OptionNumber) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.options().filter(move |(found, _)| *found == number).map(|(_, value)| value)
    }

    /// The value of an option that is a number (clause 3.2).
    pub fn number(&self, number: OptionNumber) -> Option<u32> {
        let value = self.values(number).next().filter(|value| value.len() <= 4)?;
        Some(value.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    /// A block: its number, whether more follow, and the size of each (RFC 7959 clause 2.2).
    pub fn block(&self, number: OptionNumber) -> Option<(u32, bool, u32)> {
        let value = self.number(number)?;
        Some((value >> 4, value & 8 != 0, 16 << (value & 7)))
    }
}

/// One option: how far its number lies above the last, and its value (clause 3.1).
pub fn take_option<'a>(cursor: &mut Cursor<'a>) -> Option<(u32, &'a [u8])> {
    let first = cursor.u8()?;
    let mut extended = |nibble: u8| match nibble {
        13 => cursor.u8().map(|more| u32::from(more) + 13),
        14 => cursor.u16().map(|more| u32::from(more) + 269),
        15 => None,
        small => Some(u32::from(small)),
    };
    let delta = extended(first >> 4)?;
    let length = extended(first & 0x0f)?;
    Some((delta, cursor.take(usize::try_from(length).ok()?)?))
}
