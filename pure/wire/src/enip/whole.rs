//! A whole message with all that it says, for Suricata's events.

use super::message::{Command, Item, Message};
use super::parse::{self, parse_items};
use crate::cip;
use crate::cursor::Cursor;
use crate::dialogue::{Fields, Out, Side};
use crate::show::{VALUE_BYTES_MAX, escaped};

/// Tells of a message.
pub fn tell(side: Side, message: &Message<'_>, out: &mut Out<'_>) {
    out.event(side, "eve_enip", |fields| {
        let Message { header, data } = message;
        fields.show("command", header.command.0);
        fields.show("status", header.status);
        match header.command {
            Command::REGISTER_SESSION => session(fields, data),
            Command::LIST_SERVICES => {
                if let Some(item) = parse_items(data).and_then(|mut items| items.next()) {
                    services(fields, item.data);
                }
            }
            Command::LIST_IDENTITY => {
                let item =
                    parse_items(data).and_then(|mut items| items.find(|item| item.kind == Item::IDENTITY));
                if let Some(item) = item {
                    identity(fields, item.data);
                }
            }
            Command::SEND_RR_DATA | Command::SEND_UNIT_DATA => {
                for item in parse::parse_carried(data).into_iter().flatten() {
                    match item.kind {
                        // Behind the number of the message.
                        Item::CONNECTED_DATA => cip::put(fields, item.data.get(2..).unwrap_or_default()),
                        Item::UNCONNECTED_DATA => cip::put(fields, item.data),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    });
}

fn session(fields: &mut Fields, data: &[u8]) {
    let mut cursor = Cursor::new(data);
    for name in ["protocol_version", "options"] {
        if let Some(number) = cursor.array().map(u16::from_le_bytes) {
            fields.show(name, number);
        }
    }
}

/// Version and capabilities, then the service's name, in zeros (clause 2-4.6).
fn services(fields: &mut Fields, data: &[u8]) {
    let mut cursor = Cursor::new(data);
    for name in ["protocol_version", "capabilities"] {
        if let Some(number) = cursor.array().map(u16::from_le_bytes) {
            fields.show(name, number);
        }
    }
    let name = cursor.rest().split(|byte| *byte == 0).next().unwrap_or_default();
    fields.put("service_name", escaped(name, VALUE_BYTES_MAX));
}

fn identity(fields: &mut Fields, data: &[u8]) {
    let Some(listed) = parse::parse_listed(data) else { return };
    let identity = &listed.identity;
    fields.show("protocol_version", listed.version);
    if let Some((major, minor)) = identity.revision {
        fields.show("revision", format_args!("{major}.{minor}"));
    }
    for (name, number) in [
        ("vendor_id", identity.vendor.map(u32::from)),
        ("device_type", identity.device_type.map(u32::from)),
        ("product_code", identity.product_code.map(u32::from)),
        ("device_status", identity.status.map(u32::from)),
        ("serial", identity.serial),
        ("state", identity.state.map(u32::from)),
    ] {
        if let Some(number) = number {
            fields.show(name, number);
        }
    }
    if let Some(name) = identity.name {
        fields.put("product_name", escaped(name, VALUE_BYTES_MAX * 2));
    }
}
