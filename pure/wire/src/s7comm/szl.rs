//! System status lists (SZL): what a controller says of itself when it is asked.

use crate::cursor::Cursor;
use crate::dialogue::{Out, Side};
use crate::show::{escaped, readable};
use city::{Text, Trait};
use compact_str::format_compact;

/// The longest text of a record, and of any text told of it.
const TEXT_BYTES: usize = 64;

/// Which list, and which of its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct List {
    pub(super) id: u16,
    pub(super) index: u16,
}

impl List {
    /// Takes identifier and index off the front.
    pub(super) fn take(cursor: &mut Cursor<'_>) -> Option<List> {
        Some(List { id: cursor.u16()?, index: cursor.u16()? })
    }

    /// What the list is about, by the lower byte of its number (SIMATIC system functions, chapter on SZLs).
    pub(super) fn title(self) -> Text {
        Text::const_new(match self.id & 0xff {
            0x00 => "List of all the SZL-IDs of a module",
            0x11 => "Module identification",
            0x12 => "CPU characteristics",
            0x13 => "User memory areas",
            0x14 => "System areas",
            0x15 => "Block types",
            0x16 => "Priority classes",
            0x17 => "List of the permitted SDBs with a number < 1000",
            0x18 => "Maximum S7-300 I/O configuration",
            0x19 => "Status of the module LEDs",
            0x1c => "Component Identification",
            0x21 => "Interrupt / error assignment",
            0x22 => "Interrupt status",
            0x23 => "Priority classes",
            0x24 => "Modes",
            0x25 => "Assignment between process image partitions and OBs",
            0x31 => "Communication capability parameters",
            0x32 => "Communication status data",
            0x33 => "Diagnostics: device logon list",
            0x37 => "Ethernet - Details of a Module",
            0x71 => "H CPU group information",
            0x74 => "Status of the module LEDs",
            0x75 => "Switched DP slaves in the H-system",
            0x81 => "Start information list",
            0x82 => "Start event list",
            0x90 => "DP Master System Information",
            0x91 => "Module status information (max. 27)",
            0x92 => "Rack / station status information",
            0x94 => "Rack / station status information",
            0x95 => "Extended DP master system information",
            0x96 => "Module status information, PROFINET IO and PROFIBUS DP",
            0xa0 => "Diagnostic buffer of the CPU",
            0xb1 => "Module diagnostic information (data record 0)",
            0xb2 => "Module diagnostic information (data record 1), geographical address",
            0xb3 => "Module diagnostic information (data record 1), logical address",
            0xb4 => "Diagnostic data of a DP slave",
            _ => return format_compact!("Unknown-0x{:04x}", self.id),
        })
    }
}

/// What the component identification says: the texts that others keep of a device.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Components {
    pub(super) system: Option<Text>,
    pub(super) module: Option<Text>,
    pub(super) plant: Option<Text>,
    pub(super) serial: Option<Text>,
}

/// The records of a list: their size, their number, and then they.
fn records(body: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut cursor = Cursor::new(body);
    let size = cursor.u16().map_or(0, usize::from);
    let _count = cursor.u16();
    cursor.rest().chunks_exact(size.max(2)).filter_map(|record| {
        let (index, rest) = record.split_first_chunk::<2>()?;
        Some((u16::from_be_bytes(*index), rest))
    })
}

/// The text of a record, which ends at its first zero.
fn text(record: &[u8]) -> &[u8] {
    let end = record.iter().position(|byte| *byte == 0).unwrap_or(record.len());
    record.get(..end).unwrap_or_default()
}

/// Tells what a list says of the device; gives back what a component identification names.
pub(super) fn tell(list: List, body: &[u8], device: Side, out: &mut Out<'_>) -> Option<Components> {
    match list.id & 0xff {
        0x11 => {
            for (index, record) in records(body) {
                module(index, record, device, out);
            }
            None
        }
        0x1c => {
            let mut components = Components::default();
            for (index, record) in records(body) {
                component(index, record, &mut components, device, out);
            }
            Some(components)
        }
        _ => None,
    }
}

/// One record of the module identification: an order number of 20 characters, and three words.
fn module(index: u16, record: &[u8], device: Side, out: &mut Out<'_>) {
    let mut cursor = Cursor::new(record);
    let (Some(order), Some(_kind)) = (cursor.take(20), cursor.u16()) else { return };
    match index {
        1 => {
            out.identity(device, Trait::Model, &readable(text(order), TEXT_BYTES), "module order number", 90)
        }
        7 => {
            if let Some([letter @ (b'V' | b'v'), a, b, c]) = cursor.array() {
                let version = format_compact!("{}{a}.{b}.{c}", char::from(letter));
                out.identity(device, Trait::Firmware, &version, "basic firmware", 90);
            }
        }
        _ => {}
    }
}

/// One record of the component identification.
fn component(index: u16, record: &[u8], found: &mut Components, device: Side, out: &mut Out<'_>) {
    let value = text(record);
    let kept = Some(escaped(value, TEXT_BYTES));
    let (about, field, confidence) = match index {
        1 => {
            found.system = kept;
            (Trait::Name, "name of the automation system", 90)
        }
        2 => {
            found.module = kept;
            (Trait::Name, "name of the module", 80)
        }
        3 => {
            found.plant = kept;
            // The plant's name, which its devices share.
            (Trait::Name, "plant identification", 50)
        }
        5 => {
            found.serial = kept;
            (Trait::Serial, "serial number of the module", 90)
        }
        7 => (Trait::Model, "module type name", 90),
        9 => {
            // PROFIBUS & PROFINET manufacturer identifiers.
            if let [0x00, 0x2a, ..] = record {
                out.identity(device, Trait::Vendor, "Siemens", "manufacturer", 90);
            }
            return;
        }
        _ => return,
    };
    out.identity(device, about, &readable(value, TEXT_BYTES), field, confidence);
}
