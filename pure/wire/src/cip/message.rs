//! What a CIP message is: The CIP Networks Library, volume 1, clauses 2-4 and 3-5.
//!
//! Codes stay numbers with names attached, so that an unknown one is kept and shown.

use super::names;
use super::path::Path;
use city::Text;
use compact_str::format_compact;

/// What is asked for, without the bit that marks a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service(pub u8);

impl Service {
    pub const GET_ATTRIBUTES_ALL: Self = Self(0x01);
    pub const GET_ATTRIBUTE_LIST: Self = Self(0x03);
    pub const SET_ATTRIBUTE_LIST: Self = Self(0x04);
    pub const MULTIPLE_SERVICE_PACKET: Self = Self(0x0a);
    pub const GET_ATTRIBUTE_SINGLE: Self = Self(0x0e);
    /// Of the PCCC class.
    pub const EXECUTE_PCCC: Self = Self(0x4b);
    /// Of a tag.
    pub const WRITE_TAG: Self = Self(0x4d);
    /// Of the connection manager; of a tag: read, modify, write.
    pub const FORWARD_CLOSE: Self = Self(0x4e);
    /// Of the connection manager; of a tag: read a fragment.
    pub const UNCONNECTED_SEND: Self = Self(0x52);
    /// Of a tag.
    pub const WRITE_TAG_FRAGMENTED: Self = Self(0x53);
    /// Of the connection manager.
    pub const FORWARD_OPEN: Self = Self(0x54);
    /// Of the connection manager.
    pub const LARGE_FORWARD_OPEN: Self = Self(0x5b);

    /// The name in the protocol's own words, or `service-0x63` where there is none.
    pub fn text(self, class: Option<u32>) -> Text {
        names::service(self.0, class)
            .map_or_else(|| format_compact!("service-{:#04x}", self.0), names::hyphened)
    }
}

/// How it went (volume 1 appendix B-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u8);

impl Status {
    /// Whether the request was carried out, if only in part.
    pub fn is_success(self) -> bool {
        // 6: there is more than fits into a reply.
        matches!(self.0, 0 | 6)
    }

    /// The name, or `status-0xd0` where there is none; of a connection that failed, what the extended status says.
    pub fn text(self, extended: Option<u16>) -> Text {
        let extended = extended.filter(|_| self.0 == 1).and_then(names::extended_status);
        extended
            .or_else(|| names::status(self.0))
            .map_or_else(|| format_compact!("status-{:#04x}", self.0), names::hyphened)
    }
}

/// A request to an object (clause 2-4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    pub service: Service,
    pub path: Path,
    pub data: &'a [u8],
}

/// What the object answers (clause 2-4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    pub service: Service,
    pub status: Status,
    /// The first word of the additional status.
    pub extended: Option<u16>,
    pub data: &'a [u8],
}

/// A message to or from the message router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    Request(Request<'a>),
    Response(Response<'a>),
}

/// A message that is passed on along a route (clause 3-5.5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unconnected<'a> {
    pub message: &'a [u8],
    pub route: &'a [u8],
}

/// What a connection is opened for (clause 3-5.5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardOpen {
    /// Connection serial number, originator's vendor and serial number: what names a connection for good.
    pub triad: Triad,
    pub to_target: Parameters,
    pub to_originator: Parameters,
    /// Transport class: 0 and 1 are for cyclic data, 2 and 3 for messages.
    pub transport: u8,
    pub path: Path,
}

/// Connection serial number, originator's vendor and originator's serial number.
pub type Triad = (u16, u16, u32);

/// The parameters of one direction of a connection (clause 3-5.5.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// The largest amount of data, in bytes.
    pub size: u16,
    /// Whether nothing is sent in this direction.
    pub is_null: bool,
}

impl ForwardOpen {
    /// Whether cyclic data is exchanged.
    pub fn is_cyclic(&self) -> bool {
        self.transport <= 1 && !(self.to_target.is_null && self.to_originator.is_null)
    }

    /// Whether the originator sends cyclic data that mean something, so that it commands the outputs. A connection
    /// that only listens sends a heartbeat without data; class 1 counts with a word before the data.
    pub fn commands(&self) -> bool {
        let heartbeat = if self.transport == 1 { 2 } else { 0 };
        self.transport <= 1 && !self.to_target.is_null && self.to_target.size > heartbeat
    }
}
