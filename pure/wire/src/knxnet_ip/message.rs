//! What a KNXnet/IP frame is: ISO 22510, clauses on core, device management, tunnelling, routing and secure.

use city::Text;
use compact_str::format_compact;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Service(pub u16);

impl Service {
    pub const SEARCH_REQUEST: Self = Self(0x0201);
    pub const SEARCH_RESPONSE: Self = Self(0x0202);
    pub const DESCRIPTION_REQUEST: Self = Self(0x0203);
    pub const DESCRIPTION_RESPONSE: Self = Self(0x0204);
    pub const CONNECT_REQUEST: Self = Self(0x0205);
    pub const CONNECT_RESPONSE: Self = Self(0x0206);
    pub const SEARCH_REQUEST_EXTENDED: Self = Self(0x020b);
    pub const SEARCH_RESPONSE_EXTENDED: Self = Self(0x020c);
    pub const CONFIGURATION_REQUEST: Self = Self(0x0310);
    pub const CONFIGURATION_ACK: Self = Self(0x0311);
    pub const TUNNELLING_REQUEST: Self = Self(0x0420);
    pub const TUNNELLING_ACK: Self = Self(0x0421);
    pub const FEATURE_SET: Self = Self(0x0424);
    pub const ROUTING_INDICATION: Self = Self(0x0530);
    pub const ROUTING_SYSTEM_BROADCAST: Self = Self(0x0533);
    pub const REMOTE_BASIC_CONFIGURATION: Self = Self(0x0742);
    pub const REMOTE_RESET: Self = Self(0x0743);
    pub const SECURE_WRAPPER: Self = Self(0x0950);
    pub const SESSION_REQUEST: Self = Self(0x0951);
    pub const SESSION_RESPONSE: Self = Self(0x0952);

    /// Whether the standard has it.
    pub fn is_known(self) -> bool {
        matches!(
            self.0,
            0x0201..=0x020c
                | 0x0310..=0x0311
                | 0x0420..=0x0425
                | 0x0530..=0x0533
                | 0x0740..=0x0743
                | 0x0950..=0x0955
        )
    }
}

/// One frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    pub service: Service,
    pub body: &'a [u8],
}

/// Why a connection was not made or a frame not taken.
pub fn status(code: u8) -> Text {
    Text::const_new(match code {
        0x01 => "host-protocol-type",
        0x02 => "version-not-supported",
        0x04 => "sequence-number",
        0x0f => "error",
        0x21 => "connection-id",
        0x22 => "connection-type",
        0x23 => "connection-option",
        0x24 => "no-more-connections",
        0x25 => "no-more-unique-connections",
        0x26 => "data-connection",
        0x27 => "knx-connection",
        0x28 => "authorisation",
        0x29 => "tunnelling-layer",
        0x2d => "no-tunnelling-address",
        0x2e => "connection-in-use",
        other => return format_compact!("status-{other}"),
    })
}

/// What a connection is for.
pub fn connection(kind: u8) -> &'static str {
    match kind {
        3 => "device-management",
        4 => "tunnel",
        6 => "remote-logging",
        7 => "remote-configuration",
        8 => "object-server",
        _ => "unknown-connection",
    }
}

/// What a device says of itself (description information block 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description<'a> {
    pub programming: bool,
    pub address: u16,
    /// The first two bytes are the maker's number.
    pub serial: [u8; 6],
    /// ISO 8859-1, zeros behind it.
    pub name: &'a [u8],
    pub families: &'a [u8],
}

impl Description<'_> {
    /// What it serves as (service families: 4 tunnelling, 5 routing).
    pub fn role(&self) -> &'static str {
        let serves = |family| self.families.chunks_exact(2).any(|pair| pair.first() == Some(&family));
        match (serves(5), serves(4)) {
            (true, _) => "KNX IP router",
            (false, true) => "KNX IP interface",
            _ => "KNX IP device",
        }
    }
}

/// The makers whose numbers in KNX Association's list are known here.
pub fn maker(number: u16) -> Option<&'static str> {
    Some(match number {
        1 => "Siemens",
        2 => "ABB",
        4 => "Albrecht Jung",
        5 => "Bticino",
        6 => "Berker",
        7 => "Busch-Jaeger Elektro",
        8 => "GIRA Giersiepen",
        9 => "Hager Electro",
        10 => "Insta",
        11 => "Legrand",
        12 => "Merten",
        131 => "MDT technologies",
        197 => "Weinzierl Engineering",
        _ => return None,
    })
}

/// An individual address: area, line and device.
pub fn individual(address: u16) -> Text {
    format_compact!("{}.{}.{}", address >> 12, address >> 8 & 0x0f, address & 0xff)
}

/// A group address in three parts.
pub fn group(address: u16) -> Text {
    format_compact!("{}/{}/{}", address >> 11, address >> 8 & 7, address & 0xff)
}
