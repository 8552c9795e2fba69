//! What stations say unasked: unconfirmed services, messages between routers, and what either tells of its sender.

use super::envelope::{Carrier, Envelope, put};
use super::message::{NetworkMessage, ObjectId, Service};
use super::part::Part;
use super::request::{parse_request, vendor};
use super::value::{Tags, character_string};
use crate::cursor::Cursor;
use crate::dialogue::{Asked, Out, Side};
use crate::show::{VALUE_BYTES_MAX, hexadecimal, listed};
use city::{Address, Details, Reply, Target, Text, Trait};
use compact_str::{ToCompactString, format_compact};
use std::net::IpAddr;

/// The address of the station that sent a message: not that of the BBMD that forwarded it. Of a station beyond a hub
/// none is known.
pub fn sender_address(side: Side, envelope: &Envelope<'_>, out: &Out<'_>) -> Option<Address> {
    match envelope.carrier {
        Carrier::Ip { origin: Some((address, _)), .. } => Some(IpAddr::V4(address).into()),
        Carrier::Ip { origin: None, .. } => Some(out.address(side)),
        Carrier::SecureConnect(stations) => stations.origin.is_none().then(|| out.address(side)),
    }
}

/// A request that nobody answers, or is itself an answer.
pub fn unconfirmed(side: Side, envelope: &Envelope<'_>, choice: u8, data: &[u8], out: &mut Out<'_>) {
    let service = Service::Unconfirmed(choice);
    let parts = parse_request(service, data, out.wants_details());
    match sender_address(side, envelope, out) {
        Some(address) if envelope.npdu.source.is_some() => {
            out.identity_of(address, Trait::Role, "router", "SNET", 80);
        }
        Some(address) => introduce(choice, data, address, out),
        None => {}
    }
    let count = parts.len();
    for (number, part) in parts.into_iter().enumerate() {
        let mut details = Details::new();
        if out.wants_details() {
            envelope.request_fields(&mut details);
            put(&mut details, "pdu-type", "unconfirmed-request");
            put(&mut details, "service-choice", choice.to_compact_string());
            if count > 1 {
                put(&mut details, "part", (number + 1).to_compact_string());
                put(&mut details, "parts", count.to_compact_string());
            }
            details.extend(part.about);
            details.extend(part.fields);
        }
        let (verb, function) = (service.verb(), service.text());
        let (target, value) = (part.target, part.value);
        out.request(side, Asked { verb, function, target, value, reply: Reply::NotExpected, details });
    }
}

/// What a station says of itself unasked.
fn introduce(choice: u8, data: &[u8], address: Address, out: &mut Out<'_>) {
    let mut tags = Tags::new(data);
    match choice {
        0 => {
            let device = tags.application_number(12).map(ObjectId);
            let _max_apdu = tags.application(2);
            let _segmentation = tags.application(9);
            let maker = tags.application_number(2);
            if let Some((device, maker)) = device.zip(maker) {
                let name = format_compact!("device {}", device.instance());
                out.identity_of(address, Trait::Name, &name, "I-Am device identifier", 50);
                out.identity_of(address, Trait::Vendor, &vendor(maker), "I-Am vendor identifier", 90);
            }
        }
        13 => {
            let maker = tags.application_number(2);
            let mut text = || tags.application(7).and_then(character_string);
            if let Some((maker, (model, serial))) = maker.zip(text().zip(text())) {
                out.identity_of(address, Trait::Vendor, &vendor(maker), "Who-Am-I vendor identifier", 90);
                out.identity_of(address, Trait::Model, &model, "Who-Am-I model name", 90);
                out.identity_of(address, Trait::Serial, &serial, "Who-Am-I serial number", 90);
            }
        }
        _ => {}
    }
}

/// What the properties of a device object say of the device that answered.
pub fn identify(parts: &[Part], address: Address, out: &mut Out<'_>) {
    for part in parts {
        let is_device = part.object.is_some_and(|object| object.kind() == ObjectId::DEVICE);
        let (true, None, Some(property), Some(value)) = (is_device, part.index, part.property, &part.value)
        else {
            continue;
        };
        let (about, field, confidence) = match property.0 {
            12 => (Trait::Firmware, "application-software-version", 80),
            28 => (Trait::Role, "description", 50),
            44 => (Trait::Firmware, "firmware-revision", 90),
            70 => (Trait::Model, "model-name", 90),
            77 => (Trait::Name, "object-name", 90),
            121 => (Trait::Vendor, "vendor-name", 90),
            372 => (Trait::Serial, "serial-number", 90),
            _ => continue,
        };
        out.identity_of(address, about, value, field, confidence);
    }
}

/// A message between routers (6.4).
pub fn network_message(
    side: Side,
    envelope: &Envelope<'_>,
    kind: NetworkMessage,
    maker: Option<u16>,
    data: &[u8],
    out: &mut Out<'_>,
) {
    let mut cursor = Cursor::new(data);
    let networks = match kind.0 {
        // A list of networks; a rejection has its reason before it, I-Could-Be-Router its cost after it.
        0x00 | 0x01 | 0x02 | 0x04 | 0x05 | 0x08 | 0x09 | 0x13 => {
            listed(std::iter::from_fn(|| cursor.u16()), VALUE_BYTES_MAX)
        }
        0x03 => {
            let _reason = cursor.u8();
            listed(cursor.u16(), VALUE_BYTES_MAX)
        }
        _ => Text::default(),
    };
    if kind == NetworkMessage::I_AM_ROUTER
        && let Some(address) = sender_address(side, envelope, out)
    {
        out.identity_of(address, Trait::Role, "router", "I-Am-Router-To-Network", 90);
    }
    let mut details = Details::new();
    if out.wants_details() {
        envelope.request_fields(&mut details);
        put(&mut details, "pdu-type", "network-message");
        if let Some(maker) = maker {
            put(&mut details, "vendor-id", maker.to_compact_string());
        }
        put(&mut details, "network-data", hexadecimal(data, VALUE_BYTES_MAX));
    }
    let target = Target { kind: "network".into(), name: networks, ..Target::default() };
    let (verb, function) = (kind.verb(), kind.text());
    out.request(side, Asked { verb, function, target, value: None, reply: Reply::NotExpected, details });
}
