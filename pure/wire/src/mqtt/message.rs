//! What an MQTT control packet is: OASIS MQTT 5.0 and 3.1.1, clauses 2 and 3; MQTT 3.1 (`MQIsdp`) differs only in the
//! name it gives itself.

use crate::cursor::Cursor;
use city::Text;
use compact_str::format_compact;

/// What a packet is (5.0, clause 2.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PacketType(pub u8);

impl PacketType {
    pub const CONNECT: Self = Self(1);
    pub const CONNACK: Self = Self(2);
    pub const PUBLISH: Self = Self(3);
    pub const PUBACK: Self = Self(4);
    pub const PUBREC: Self = Self(5);
    pub const PUBREL: Self = Self(6);
    pub const PUBCOMP: Self = Self(7);
    pub const SUBSCRIBE: Self = Self(8);
    pub const SUBACK: Self = Self(9);
    pub const UNSUBSCRIBE: Self = Self(10);
    pub const UNSUBACK: Self = Self(11);
    pub const PINGREQ: Self = Self(12);
    pub const PINGRESP: Self = Self(13);
    pub const DISCONNECT: Self = Self(14);
    pub const AUTH: Self = Self(15);

    /// The flags that every packet of the type must carry (2.1.3); `None` where they have a meaning.
    pub fn flags(self) -> Option<u8> {
        match self {
            Self::PUBLISH => None,
            Self::PUBREL | Self::SUBSCRIBE | Self::UNSUBSCRIBE => Some(2),
            _ => Some(0),
        }
    }
}

/// The version that a CONNECT names: 3 for 3.1, 4 for 3.1.1, 5 for 5.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u8);

impl Version {
    pub const V3_1_1: Self = Self(4);
    pub const V5: Self = Self(5);

    /// As people write it.
    pub fn text(self) -> Text {
        match self.0 {
            3 => "3.1".into(),
            4 => "3.1.1".into(),
            other => format_compact!("{other}.0"),
        }
    }
}

/// How a packet was answered (5.0, clause 2.4; for a CONNACK of 3.1.1, clause 3.2.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReasonCode(pub u8);

impl ReasonCode {
    /// Whether it says that the thing was not done. Return codes below 5.0 are handled by [`ReasonCode::of_connack`].
    pub fn is_error(self) -> bool {
        self.0 >= 0x80
    }

    /// The return code of a CONNACK as a reason code: versions before 5 have numbers of their own.
    pub fn of_connack(version: Version, code: u8) -> ReasonCode {
        ReasonCode(match code {
            code if version >= Version::V5 => code,
            1 => 0x84,
            2 => 0x85,
            3 => 0x88,
            4 => 0x86,
            5 => 0x87,
            0 => 0,
            _ => 0x80,
        })
    }

    /// The name, or `reason-200` where there is none.
    pub fn text(self) -> Text {
        Text::const_new(match self.0 {
            0x00 => "success",
            0x01 => "granted-qos-1",
            0x02 => "granted-qos-2",
            0x04 => "disconnect-with-will-message",
            0x10 => "no-matching-subscribers",
            0x11 => "no-subscription-existed",
            0x18 => "continue-authentication",
            0x19 => "re-authenticate",
            0x80 => "unspecified-error",
            0x81 => "malformed-packet",
            0x82 => "protocol-error",
            0x83 => "implementation-specific-error",
            0x84 => "unsupported-protocol-version",
            0x85 => "client-identifier-not-valid",
            0x86 => "bad-user-name-or-password",
            0x87 => "not-authorized",
            0x88 => "server-unavailable",
            0x89 => "server-busy",
            0x8a => "banned",
            0x8b => "server-shutting-down",
            0x8c => "bad-authentication-method",
            0x8d => "keep-alive-timeout",
            0x8e => "session-taken-over",
            0x8f => "topic-filter-invalid",
            0x90 => "topic-name-invalid",
            0x91 => "packet-identifier-in-use",
            0x92 => "packet-identifier-not-found",
            0x93 => "receive-maximum-exceeded",
            0x94 => "topic-alias-invalid",
            0x95 => "packet-too-large",
            0x96 => "message-rate-too-high",
            0x97 => "quota-exceeded",
            0x98 => "administrative-action",
            0x99 => "payload-format-invalid",
            0x9a => "retain-not-supported",
            0x9b => "qos-not-supported",
            0x9c => "use-another-server",
            0x9d => "server-moved",
            0x9e => "shared-subscriptions-not-supported",
            0x9f => "connection-rate-exceeded",
            0xa0 => "maximum-connect-time",
            0xa1 => "subscription-identifiers-not-supported",
            0xa2 => "wildcard-subscriptions-not-supported",
            other => return format_compact!("reason-{other}"),
        })
    }
}

/// One packet, still on the bytes it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// PUBACK, PUBREC, PUBREL and PUBCOMP.
    Ack {
        kind: PacketType,
        id: u16,
        code: ReasonCode,
        properties: Properties<'a>,
    },
    Auth {
        code: ReasonCode,
        properties: Properties<'a>,
    },
    Connack {
        session_present: bool,
        code: u8,
        properties: Properties<'a>,
    },
    Connect(Connect<'a>),
    Disconnect {
        code: ReasonCode,
        properties: Properties<'a>,
    },
    Pingreq,
    Pingresp,
    Publish(Publish<'a>),
    /// One code for each filter.
    Suback {
        id: u16,
        properties: Properties<'a>,
        codes: &'a [u8],
    },
    Subscribe {
        id: u16,
        properties: Properties<'a>,
        filters: Filters<'a>,
    },
    /// One code for each filter from 5.0 on; none before.
    Unsuback {
        id: u16,
        properties: Properties<'a>,
        codes: &'a [u8],
    },
    Unsubscribe {
        id: u16,
        properties: Properties<'a>,
        filters: Filters<'a>,
    },
}

/// The first packet of a client (3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connect<'a> {
    pub protocol_name: &'a [u8],
    pub version: Version,
    pub clean_start: bool,
    pub keep_alive_seconds: u16,
    pub properties: Properties<'a>,
    pub client_id: &'a [u8],
    pub will: Option<Will<'a>>,
    pub user_name: Option<&'a [u8]>,
    /// Only ever compared with what makers ship; never kept.
    pub password: Option<&'a [u8]>,
}

/// What the server shall publish if the client is lost (3.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Will<'a> {
    pub topic: &'a [u8],
    pub payload: &'a [u8],
    pub qos: u8,
    pub retain: bool,
    pub properties: Properties<'a>,
}

/// A message for subscribers (3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publish<'a> {
    pub duplicate: bool,
    pub qos: u8,
    pub retain: bool,
    /// Empty where an alias stands for it (3.3.2.3.4).
    pub topic: &'a [u8],
    /// Present for QoS 1 and 2.
    pub id: Option<u16>,
    pub properties: Properties<'a>,
    /// The payload, or its beginning where the packet is longer than what was held.
    pub payload: &'a [u8],
    /// The whole payload's length.
    pub payload_bytes: u64,
}

/// The topic filters of a SUBSCRIBE (each with its options) or of an UNSUBSCRIBE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filters<'a> {
    pub bytes: &'a [u8],
    pub with_options: bool,
}

impl<'a> Filters<'a> {
    /// Each filter with its options; an UNSUBSCRIBE has none.
    pub fn iter(self) -> impl Iterator<Item = (&'a [u8], u8)> {
        let mut cursor = Cursor::new(self.bytes);
        std::iter::from_fn(move || {
            let length = usize::from(cursor.u16()?);
            let filter = cursor.take(length)?;
            let options = if self.with_options { cursor.u8()? } else { 0 };
            Some((filter, options))
        })
    }
}

/// The properties of a packet (5.0, clause 2.2.2); empty before 5.0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Properties<'a>(pub &'a [u8]);

/// The value of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Binary(&'a [u8]),
    Number(u32),
    Pair(&'a [u8], &'a [u8]),
    Text(&'a [u8]),
}

/// Which property a value is of (2.2.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PropertyId(pub u8);

impl PropertyId {
    pub const AUTHENTICATION_DATA: Self = Self(0x16);
    pub const TOPIC_ALIAS: Self = Self(0x23);

    /// The name, for one side's properties of a request or of a reply.
    pub fn name(self) -> &'static str {
        match self.0 {
            0x01 => "payload-format-indicator",
            0x02 => "message-expiry-interval",
            0x03 => "content-type",
            0x08 => "response-topic",
            0x09 => "correlation-data",
            0x0b => "subscription-identifier",
            0x11 => "session-expiry-interval",
            0x12 => "assigned-client-identifier",
            0x13 => "server-keep-alive",
            0x15 => "authentication-method",
            0x16 => "authentication-data",
            0x17 => "request-problem-information",
            0x18 => "will-delay-interval",
            0x19 => "request-response-information",
            0x1a => "response-information",
            0x1c => "server-reference",
            0x1f => "reason-string",
            0x21 => "receive-maximum",
            0x22 => "topic-alias-maximum",
            0x23 => "topic-alias",
            0x24 => "maximum-qos",
            0x25 => "retain-available",
            0x26 => "user-property",
            0x27 => "maximum-packet-size",
            0x28 => "wildcard-subscription-available",
            0x29 => "subscription-identifier-available",
            0x2a => "shared-subscription-available",
            _ => "property",
        }
    }
}

impl<'a> Properties<'a> {
    /// Each property, up to the first that the standard does not know: its length could not be told.
    pub fn iter(self) -> impl Iterator<Item = (PropertyId, Value<'a>)> {
        let mut cursor = Cursor::new(self.0);
        std::iter::from_fn(move || property(&mut cursor))
    }

    /// Whether every byte is part of a property that the standard knows.
    pub fn are_sound(self) -> bool {
        let mut cursor = Cursor::new(self.0);
        while !cursor.is_empty() {
            if property(&mut cursor).is_none() {
                return false;
            }
        }
        true
    }

    /// The value of a property that is a number.
    pub fn number(self, wanted: PropertyId) -> Option<u32> {
        self.iter().find_map(|(id, value)| match value {
            Value::Number(number) if id == wanted => Some(number),
            _ => None,
        })
    }
}

fn property<'a>(cursor: &mut Cursor<'a>) -> Option<(PropertyId, Value<'a>)> {
    let id = cursor.u8()?;
    let value = match id {
        0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28..=0x2a => Value::Number(u32::from(cursor.u8()?)),
        0x13 | 0x21..=0x23 => Value::Number(u32::from(cursor.u16()?)),
        0x02 | 0x11 | 0x18 | 0x27 => Value::Number(cursor.u32()?),
        0x0b => Value::Number(variable_integer(cursor)?),
        0x03 | 0x08 | 0x12 | 0x15 | 0x1a | 0x1c | 0x1f => Value::Text(string(cursor)?),
        0x09 | 0x16 => Value::Binary(string(cursor)?),
        0x26 => Value::Pair(string(cursor)?, string(cursor)?),
        _ => return None,
    };
    Some((PropertyId(id), value))
}

/// Bytes with their length before them (1.5.4, 1.5.6).
pub fn string<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let length = usize::from(cursor.u16()?);
    cursor.take(length)
}

/// A number in one to four bytes, seven bits in each, the least significant first (1.5.5).
pub fn variable_integer(cursor: &mut Cursor<'_>) -> Option<u32> {
    let mut number = 0;
    for place in 0..4 {
        let byte = cursor.u8()?;
        number |= u32::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
