//! What an EtherNet/IP message is: The CIP Networks Library, volume 2, chapter 2.
//!
//! Codes stay numbers with names attached, so that an unknown one is kept and shown.

/// Bytes of the header.
pub const HEADER_BYTES: usize = 24;

/// The header of every message (clause 2-3), without the options, which are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub command: Command,
    /// Bytes behind the header.
    pub length: u16,
    pub session: u32,
    pub status: u32,
    /// What the sender put in, and gets back: eight bytes, the first the most significant.
    pub context: u64,
    pub options: u32,
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    pub header: Header,
    pub data: &'a [u8],
}

/// What is asked (clause 2-3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command(pub u16);

impl Command {
    pub const NOP: Self = Self(0x00);
    pub const LIST_SERVICES: Self = Self(0x04);
    pub const LIST_IDENTITY: Self = Self(0x63);
    pub const LIST_INTERFACES: Self = Self(0x64);
    pub const REGISTER_SESSION: Self = Self(0x65);
    pub const UNREGISTER_SESSION: Self = Self(0x66);
    pub const SEND_RR_DATA: Self = Self(0x6f);
    pub const SEND_UNIT_DATA: Self = Self(0x70);

    /// The name; none of a command that the standard does not have.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::NOP => "NOP",
            Self::LIST_SERVICES => "List Services",
            Self::LIST_IDENTITY => "List Identity",
            Self::LIST_INTERFACES => "List Interfaces",
            Self::REGISTER_SESSION => "Register Session",
            Self::UNREGISTER_SESSION => "Unregister Session",
            Self::SEND_RR_DATA => "Send RR Data",
            Self::SEND_UNIT_DATA => "Send Unit Data",
            Self(0x72) => "Indicate Status",
            Self(0x73) => "Cancel",
            _ => return None,
        })
    }

    /// Whether it asks who is there, which needs no session.
    pub fn is_list(self) -> bool {
        matches!(self, Self::LIST_SERVICES | Self::LIST_IDENTITY | Self::LIST_INTERFACES)
    }
}

/// How it went (table 2-3.3).
pub fn status_name(status: u32) -> Option<&'static str> {
    Some(match status {
        0x00 => "Success",
        0x01 => "Invalid Command",
        0x02 => "Insufficient Memory",
        0x03 => "Incorrect Data",
        0x64 => "Invalid Session Handle",
        0x65 => "Invalid Length",
        0x69 => "Unsupported Protocol Revision",
        0x6a => "Encapsulated CIP Service Not Allowed",
        _ => return None,
    })
}

/// One item of the common packet format (clause 2-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    pub kind: u16,
    pub data: &'a [u8],
}

impl Item<'_> {
    /// An identity, in the reply to a list of them.
    pub const IDENTITY: u16 = 0x0c;
    /// The connection's identifier.
    pub const CONNECTED_ADDRESS: u16 = 0xa1;
    pub const CONNECTED_DATA: u16 = 0xb1;
    pub const UNCONNECTED_DATA: u16 = 0xb2;
    /// The connection's identifier and a number for each datagram.
    pub const SEQUENCED_ADDRESS: u16 = 0x8002;
}
