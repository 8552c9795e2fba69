//! What a telegram on the bus means: the application layer of KNX, ISO/IEC 14543-3-1 and KNX Standard 03/03/07.

use super::message::{group, individual};
use crate::cursor::Cursor;
use crate::show::{VALUE_BYTES_MAX, hexadecimal};
use city::{Target, Text, Verb};
use compact_str::format_compact;

/// What a message of the common external message interface is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code(pub u8);

impl Code {
    pub const DATA_REQUEST: Self = Self(0x11);
    pub const DATA_INDICATION: Self = Self(0x29);
    pub const DATA_CONFIRMATION: Self = Self(0x2e);
    pub const RESET_INDICATION: Self = Self(0xf0);
    pub const RESET_REQUEST: Self = Self(0xf1);
    pub const WRITE_CONFIRMATION: Self = Self(0xf5);
    pub const WRITE_REQUEST: Self = Self(0xf6);
    pub const FUNCTION_COMMAND: Self = Self(0xf8);
    pub const FUNCTION_STATE: Self = Self(0xf9);
    pub const FUNCTION_CONFIRMATION: Self = Self(0xfa);
    pub const READ_CONFIRMATION: Self = Self(0xfb);
    pub const READ_REQUEST: Self = Self(0xfc);

    pub fn is_data(self) -> bool {
        matches!(self, Self::DATA_REQUEST | Self::DATA_INDICATION | Self::DATA_CONFIRMATION)
    }

    pub fn is_management(self) -> bool {
        matches!(self.0, 0xf5 | 0xf6 | 0xf8..=0xfc)
    }

    pub fn is_function(self) -> bool {
        matches!(self, Self::FUNCTION_COMMAND | Self::FUNCTION_STATE | Self::FUNCTION_CONFIRMATION)
    }
}

/// A telegram with data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Telegram<'a> {
    pub code: Code,
    /// Whether a confirmation says that nobody on the bus took it.
    pub failed: bool,
    pub source: u16,
    pub destination: u16,
    pub to_group: bool,
    /// From the transport's control on.
    pub data: &'a [u8],
}

/// A message of local device management.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Management<'a> {
    pub code: Code,
    pub object: u16,
    pub property: u8,
    /// 0 in an answer that is an error.
    pub elements: u8,
    pub data: &'a [u8],
}

/// Whether a telegram asks or answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Something is answered on the bus with the service of this number.
    Asks(u16),
    Answers,
    /// Nothing comes back but the bus's confirmation.
    Tells,
}

/// What a telegram does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The application layer's code, ten bits; short services by their first four.
    pub service: u16,
    pub verb: Verb,
    pub function: &'static str,
    pub role: Role,
    pub target: Target,
    pub value: Option<Text>,
    pub key: Option<Key>,
}

/// A key that a telegram carries readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// All ones: access for everybody.
    Free,
    Own,
}

impl Telegram<'_> {
    /// What it does; `None` for the transport's own control.
    pub fn meaning(&self) -> Option<Meaning> {
        let mut cursor = Cursor::new(self.data);
        let (first, second) = (cursor.u8()?, cursor.u8()?);
        if first & 0x80 != 0 {
            return None;
        }
        let service = u16::from(first & 3) << 8 | u16::from(second);
        // Eleven services are told by four bits; six bits of data stand beside them.
        let short = service & 0x3c0;
        let service = match short {
            0x1c0 | 0x2c0 | 0x3c0 => service,
            0x380 => service & 0x3e1,
            _ => short,
        };
        let (verb, function, role) = service_of(service);
        let data = cursor.rest();
        let (mut value, mut key) = (None, None);
        let detail = match service {
            0x040 | 0x080 if data.is_empty() => {
                value = Some(format_compact!("{}", second & 0x3f));
                None
            }
            0x040 | 0x080 => {
                value = Some(format_compact!("0x{}", hexadecimal(data, VALUE_BYTES_MAX)));
                None
            }
            0x0c0 => {
                value = cursor.u16().map(individual);
                None
            }
            0x200 | 0x240 | 0x280 => {
                let count = second & 0x3f;
                let address = cursor.u16()?;
                value = shown(cursor.rest());
                Some(memory(u32::from(address), count))
            }
            0x1fb..=0x1fe => {
                let (count, address) = (cursor.u8()?, cursor.unsigned(3)? as u32);
                if service & 1 == 1 {
                    value = shown(cursor.rest());
                }
                Some(memory(address, count))
            }
            0x2c0..=0x2c2 => {
                let (count, address) = (cursor.u8()?, cursor.u16()?);
                value = shown(cursor.rest());
                let address = u32::from(address) | u32::from(count >> 4) << 16;
                Some(memory(address, count & 0x0f))
            }
            0x2c7..=0x2c9 | 0x3d5..=0x3d9 => {
                let (object, property) = (cursor.u8()?, cursor.u8()?);
                if matches!(service, 0x3d6 | 0x3d7) {
                    cursor.u16()?;
                    value = shown(cursor.rest());
                }
                Some(format_compact!("property {object}/{property}"))
            }
            0x3d1 | 0x3d3 => {
                cursor.u8()?;
                let is_free = cursor.rest().iter().all(|byte| *byte == 0xff);
                key = Some(if is_free { Key::Free } else { Key::Own });
                None
            }
            0x340 => {
                value = shown(data);
                None
            }
            _ => None,
        };
        let target = if self.to_group && self.destination != 0 {
            Target { kind: "group".into(), ..Target::named(group(self.destination)) }
        } else {
            // An answer is about the device that gives it; a broadcast is about whoever listens.
            let device = if role == Role::Answers { self.source } else { self.destination };
            let device = if device == 0 { "everywhere".into() } else { individual(device) };
            let name = detail.map_or_else(|| device.clone(), |detail| format_compact!("{device} {detail}"));
            Target { kind: "device".into(), ..Target::named(name) }
        };
        Some(Meaning { service, verb, function, role, target, value, key })
    }
}

fn shown(data: &[u8]) -> Option<Text> {
    (!data.is_empty()).then(|| format_compact!("0x{}", hexadecimal(data, VALUE_BYTES_MAX)))
}

fn memory(address: u32, count: u8) -> Text {
    let last = address.saturating_add(u32::from(count.max(1)) - 1);
    format_compact!("memory 0x{address:04x}..0x{last:04x}")
}

fn service_of(service: u16) -> (Verb, &'static str, Role) {
    match service {
        0x000 => (Verb::Read, "group-value-read", Role::Asks(0x040)),
        0x040 => (Verb::Publish, "group-value-response", Role::Answers),
        0x080 => (Verb::Write, "group-value-write", Role::Tells),
        0x0c0 => (Verb::Configure, "individual-address-write", Role::Tells),
        0x100 => (Verb::Discover, "individual-address-read", Role::Asks(0x140)),
        0x140 => (Verb::Publish, "individual-address-response", Role::Answers),
        0x180 => (Verb::Read, "adc-read", Role::Asks(0x1c0)),
        0x1c0 => (Verb::Publish, "adc-response", Role::Answers),
        0x1c8 => (Verb::Discover, "system-network-parameter-read", Role::Asks(0x1c9)),
        0x1c9 => (Verb::Publish, "system-network-parameter-response", Role::Answers),
        0x1ca => (Verb::Configure, "system-network-parameter-write", Role::Tells),
        0x1cc => (Verb::Read, "property-ext-value-read", Role::Asks(0x1cd)),
        0x1cd => (Verb::Publish, "property-ext-value-response", Role::Answers),
        0x1ce => (Verb::Configure, "property-ext-value-write-con", Role::Asks(0x1cf)),
        0x1cf => (Verb::Publish, "property-ext-value-write-con-response", Role::Answers),
        0x1d0 => (Verb::Configure, "property-ext-value-write-uncon", Role::Tells),
        0x1fb => (Verb::Program, "memory-extended-write", Role::Asks(0x1fc)),
        0x1fc => (Verb::Publish, "memory-extended-write-response", Role::Answers),
        0x1fd => (Verb::Read, "memory-extended-read", Role::Asks(0x1fe)),
        0x1fe => (Verb::Publish, "memory-extended-read-response", Role::Answers),
        0x200 => (Verb::Read, "memory-read", Role::Asks(0x240)),
        0x240 => (Verb::Publish, "memory-response", Role::Answers),
        0x280 => (Verb::Program, "memory-write", Role::Tells),
        0x2c0 => (Verb::Read, "user-memory-read", Role::Asks(0x2c1)),
        0x2c1 => (Verb::Publish, "user-memory-response", Role::Answers),
        0x2c2 => (Verb::Program, "user-memory-write", Role::Tells),
        0x2c5 => (Verb::Discover, "user-manufacturer-info-read", Role::Asks(0x2c6)),
        0x2c6 => (Verb::Publish, "user-manufacturer-info-response", Role::Answers),
        0x2c7 => (Verb::Configure, "function-property-command", Role::Asks(0x2c9)),
        0x2c8 => (Verb::Read, "function-property-state-read", Role::Asks(0x2c9)),
        0x2c9 => (Verb::Publish, "function-property-state-response", Role::Answers),
        0x300 => (Verb::Discover, "device-descriptor-read", Role::Asks(0x340)),
        0x340 => (Verb::Publish, "device-descriptor-response", Role::Answers),
        0x380 => (Verb::Restart, "restart", Role::Tells),
        0x381 => (Verb::Restart, "master-reset", Role::Asks(0x3a1)),
        0x3a1 => (Verb::Publish, "restart-response", Role::Answers),
        0x3d1 => (Verb::Authenticate, "authorize-request", Role::Asks(0x3d2)),
        0x3d2 => (Verb::Publish, "authorize-response", Role::Answers),
        0x3d3 => (Verb::Configure, "key-write", Role::Asks(0x3d4)),
        0x3d4 => (Verb::Publish, "key-response", Role::Answers),
        0x3d5 => (Verb::Read, "property-value-read", Role::Asks(0x3d6)),
        0x3d6 => (Verb::Publish, "property-value-response", Role::Answers),
        0x3d7 => (Verb::Configure, "property-value-write", Role::Asks(0x3d6)),
        0x3d8 => (Verb::Discover, "property-description-read", Role::Asks(0x3d9)),
        0x3d9 => (Verb::Publish, "property-description-response", Role::Answers),
        0x3da => (Verb::Discover, "network-parameter-read", Role::Asks(0x3db)),
        0x3db => (Verb::Publish, "network-parameter-response", Role::Answers),
        0x3dc => (Verb::Discover, "individual-address-serial-number-read", Role::Asks(0x3dd)),
        0x3dd => (Verb::Publish, "individual-address-serial-number-response", Role::Answers),
        0x3de => (Verb::Configure, "individual-address-serial-number-write", Role::Tells),
        0x3e0 => (Verb::Configure, "domain-address-write", Role::Tells),
        0x3e1 => (Verb::Discover, "domain-address-read", Role::Asks(0x3e2)),
        0x3e2 => (Verb::Publish, "domain-address-response", Role::Answers),
        0x3e4 => (Verb::Configure, "network-parameter-write", Role::Tells),
        0x3f1 => (Verb::Transfer, "data-secure", Role::Tells),
        // What is not known may change anything.
        _ => (Verb::Configure, "unknown-service", Role::Tells),
    }
}
