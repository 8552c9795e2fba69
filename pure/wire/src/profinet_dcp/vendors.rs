//! Makers by the number that PROFIBUS & PROFINET International gave them: those that are met most.

use city::Text;
use compact_str::format_compact;

/// The maker's name, or its number.
pub(crate) fn vendor(number: u16) -> Text {
    Text::const_new(match number {
        0x001a => "ABB",
        0x002a => "Siemens",
        0x00b0 => "Phoenix Contact",
        0x010c => "HMS",
        0x011d => "WAGO",
        0x011e => "Hilscher",
        0x0120 => "Beckhoff",
        0x014d => "Festo",
        0x0493 => "rt-labs",
        other => return format_compact!("PROFINET vendor 0x{other:04x}"),
    })
}
