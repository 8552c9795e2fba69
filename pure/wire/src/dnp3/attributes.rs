//! What an outstation says of itself: device attributes (IEEE 1815-2012 annex A.1).

use super::message::Fragment;
use super::objects::{Piece, headers};
use super::value;
use crate::dialogue::{Out, Side};
use city::Trait;

/// Tells what a response says of the outstation.
pub fn identify(side: Side, fragment: &Fragment<'_>, out: &mut Out<'_>) {
    for objects in headers(fragment.function, fragment.objects).filter(|objects| objects.group == 0) {
        // Other sets of attributes, by their index, have the maker's own meaning.
        let Some(item) = objects.items().next().filter(|item| item.index.unwrap_or_default() == 0) else {
            continue;
        };
        let (about, field) = match objects.variation {
            242 => (Trait::Firmware, "software-version"),
            247 => (Trait::Name, "user-assigned-device-name"),
            248 => (Trait::Serial, "serial-number"),
            250 => (Trait::Model, "product-name-and-model"),
            252 => (Trait::Vendor, "manufacturer-name"),
            _ => continue,
        };
        if let Piece::Bytes(bytes) = item.piece
            && let Some(value) = value::attribute(bytes)
        {
            out.identity(side, about, &value, field, 90);
        }
    }
}
