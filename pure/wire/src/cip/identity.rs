//! What a device says of itself: the Identity object (volume 1 clause 5-2), in a reply of its own or in the list of
//! identities that EtherNet/IP sends.

use super::vendors;
use crate::cursor::Cursor;
use crate::dialogue::{Out, Side};
use crate::show::{VALUE_BYTES_MAX, readable};
use city::{Text, Trait};
use compact_str::format_compact;

/// The attributes that were given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity<'a> {
    pub vendor: Option<u16>,
    pub device_type: Option<u16>,
    pub product_code: Option<u16>,
    /// Major and minor.
    pub revision: Option<(u8, u8)>,
    pub status: Option<u16>,
    pub serial: Option<u32>,
    pub name: Option<&'a [u8]>,
    pub state: Option<u8>,
}

impl<'a> Identity<'a> {
    /// Reads the attribute of this number, which goes into its place. None of another number, or if it is cut short.
    fn attribute(&mut self, number: u16, cursor: &mut Cursor<'a>) -> Option<()> {
        let word = |cursor: &mut Cursor<'a>| cursor.array().map(u16::from_le_bytes);
        match number {
            1 => self.vendor = Some(word(cursor)?),
            2 => self.device_type = Some(word(cursor)?),
            3 => self.product_code = Some(word(cursor)?),
            4 => self.revision = Some((cursor.u8()?, cursor.u8()?)),
            5 => self.status = Some(word(cursor)?),
            6 => self.serial = Some(cursor.array().map(u32::from_le_bytes)?),
            7 => {
                let length = usize::from(cursor.u8()?);
                self.name = Some(cursor.take(length)?);
            }
            8 => self.state = Some(cursor.u8()?),
            _ => return None,
        }
        Some(())
    }

    /// Reads one attribute, of which this is all.
    pub fn of_attribute(number: u32, data: &'a [u8]) -> Identity<'a> {
        let mut identity = Identity::default();
        let _ = u16::try_from(number).ok().and_then(|n| identity.attribute(n, &mut Cursor::new(data)));
        identity
    }

    /// Reads all of them, in order, as far as they go.
    pub fn of_all(data: &'a [u8]) -> Identity<'a> {
        let mut identity = Identity::default();
        let mut cursor = Cursor::new(data);
        let _ = (1..=8).try_for_each(|number| identity.attribute(number, &mut cursor));
        identity
    }

    /// Reads a list: a count, then each number with its status and value. What comes behind an attribute of unknown
    /// form cannot be found.
    pub fn of_list(data: &'a [u8]) -> Identity<'a> {
        let mut identity = Identity::default();
        let mut cursor = Cursor::new(data.get(2..).unwrap_or_default());
        while let (Some(number), Some(status)) = (cursor.array(), cursor.array()) {
            if u16::from_le_bytes(status) == 0
                && identity.attribute(u16::from_le_bytes(number), &mut cursor).is_none()
            {
                break;
            }
        }
        identity
    }

    /// Tells of it.
    pub fn tell(&self, side: Side, out: &mut Out<'_>) {
        let named = |number: u16, name: Option<&str>, kind: &str| {
            name.map_or_else(|| format_compact!("{kind} {number}"), Text::from)
        };
        if let Some(vendor) = self.vendor {
            let value = named(vendor, vendors::vendor(vendor), "ODVA vendor");
            out.identity(side, Trait::Vendor, &value, "vendor-id", 90);
        }
        if let Some(number) = self.device_type {
            let value = named(number, device_type(number), "device type");
            out.identity(side, Trait::Role, &value, "device-type", 90);
        }
        if let Some(name) = self.name {
            out.identity(side, Trait::Model, &readable(name, VALUE_BYTES_MAX), "product-name", 90);
        }
        // The three numbers under which makers file a device's description.
        if let (Some(vendor), Some(kind), Some(code)) = (self.vendor, self.device_type, self.product_code) {
            let value = format_compact!("{vendor}/{kind}/{code}");
            out.identity(side, Trait::Product, &value, "vendor-id/device-type/product-code", 90);
        }
        if let Some((major, minor)) = self.revision {
            out.identity(side, Trait::Firmware, &format_compact!("{major}.{minor}"), "revision", 90);
        }
        if let Some(serial) = self.serial {
            out.identity(side, Trait::Serial, &format_compact!("{serial:#010x}"), "serial-number", 90);
        }
    }

    /// It as the value of a reply: name, revision and state; none if none was given.
    pub fn value(&self) -> Option<Text> {
        let name = self.name.map(|name| readable(name, VALUE_BYTES_MAX));
        let revision = self.revision.map(|(major, minor)| format_compact!("{major}.{minor}"));
        let state = self
            .state
            .map(|state| state_name(state).map_or_else(|| format_compact!("state {state}"), Text::const_new));
        let mut value = Text::default();
        for part in [name, revision, state].into_iter().flatten() {
            if !value.is_empty() {
                value.push(' ');
            }
            value.push_str(&part);
        }
        (!value.is_empty()).then_some(value)
    }
}

/// A device profile (volume 1 chapter 6).
pub fn device_type(number: u16) -> Option<&'static str> {
    Some(match number {
        0x00 => "Generic Device (deprecated)",
        0x02 => "AC Drive",
        0x03 => "Motor Overload",
        0x04 => "Limit Switch",
        0x05 => "Inductive Proximity Switch",
        0x06 => "Photoelectric Sensor",
        0x07 => "General Purpose Discrete I/O",
        0x08 => "Encoder (deprecated)",
        0x09 => "Resolver",
        0x0a => "General Purpose Analog I/O",
        0x0c => "Communications Adapter",
        0x0d => "Barcode Scanner",
        0x0e => "Programmable Logic Controller",
        0x10 => "Position Controller",
        0x11 => "Weigh Scale",
        0x12 => "Message Display",
        0x13 => "DC Drive",
        0x14 => "Servo Drive",
        0x15 => "Contactor",
        0x16 => "Motor Starter",
        0x17 => "Softstart Starter",
        0x18 => "Human-Machine Interface",
        0x19 => "Pneumatic Valve(s)",
        0x1a => "Mass Flow Controller",
        0x1b => "Pneumatic Valve(s)",
        0x1c => "Vacuum Pressure Gauge",
        0x1d => "Process Control Valve",
        0x1e => "Residual Gas Analyzer",
        0x1f => "DC Power Generator",
        0x20 => "RF Power Generator",
        0x21 => "Turbomolecular Vacuum Pump",
        0x22 => "Encoder",
        0x23 => "Safety Discrete I/O Device",
        0x24 => "Fluid Flow Controller",
        0x25 => "CIP Motion Drive",
        0x26 => "CompoNet Repeater",
        0x27 => "Mass Flow Controller, Enhanced",
        0x28 => "CIP Modbus Device",
        0x29 => "CIP Modbus Translator",
        0x2a => "Safety Analog I/O Device",
        0x2b => "Generic Device (keyable)",
        0x2c => "Managed Ethernet Switch",
        0x2d => "CIP Motion Safety Drive Device",
        0x2e => "Safety Drive Device",
        0x2f => "CIP Motion Encoder",
        0x30 => "CIP Motion Converter",
        0x31 => "CIP Motion I/O",
        0x32 => "ControlNet Physical Layer",
        0x33 => "Circuit Breaker",
        0x34 => "HART Device",
        0x35 => "CIP-HART Translator",
        0xc8 => "Embedded Component",
        _ => return None,
    })
}

/// The state of a device (clause 5-2.2.1, attribute 8).
fn state_name(state: u8) -> Option<&'static str> {
    Some(match state {
        0 => "nonexistent",
        1 => "self-testing",
        2 => "standby",
        3 => "operational",
        4 => "major-recoverable-fault",
        5 => "major-unrecoverable-fault",
        255 => "state-not-known",
        _ => return None,
    })
}
