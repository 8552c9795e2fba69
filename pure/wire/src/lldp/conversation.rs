//! From announcements to observations.

use super::message::{Message, kind, organisation};
use super::names;
use super::parse::parse_lldp;
use crate::announce::{Announcement, Announcers};
use crate::link::Seen;
use crate::show::{VALUE_BYTES_MAX, listed, readable};
use city::{Details, Observation, Protocol, Text, Trait};
use compact_str::{ToCompactString, format_compact};

/// The longest text of a detail, in bytes.
const DETAIL_MAX: usize = 255;

/// A part of LLDP-MED's inventory: its number, its name, and what it says with which confidence.
type Entry = (u8, &'static str, Option<(Trait, u8)>);

/// The inventory.
const INVENTORY: [Entry; 7] = [
    (5, "hardware", None),
    (6, "firmware", Some((Trait::Firmware, 85))),
    (7, "software", Some((Trait::Firmware, 90))),
    (8, "serial", Some((Trait::Serial, 90))),
    (9, "maker", Some((Trait::Vendor, 90))),
    (10, "model", Some((Trait::Model, 90))),
    (11, "asset", Some((Trait::Name, 60))),
];

/// Reads an announcement. `None` if it is none.
pub(crate) fn read(
    bytes: &[u8],
    announcers: &mut Announcers,
    seen: &Seen<'_>,
    observations: &mut Vec<Observation>,
) -> Option<()> {
    let message = parse_lldp(bytes)?;
    let name = text(message.first(kind::SYSTEM_NAME));
    let mut facts = Vec::new();
    let mut add = |about, value: Option<Text>, field, confidence| {
        facts.extend(value.map(|value| (about, value, field, confidence)));
    };
    add(Trait::Name, name.clone(), "system-name", 90);
    add(Trait::Product, text(message.first(kind::SYSTEM_DESCRIPTION)), "system-description", 80);
    // A station of PROFINET names itself by its chassis and has no other name.
    if name.is_none() && message.chassis.kind == "local" {
        add(Trait::Name, Some(message.chassis.text()), "chassis", 70);
    }
    for (number, field, about) in INVENTORY {
        if let Some((about, confidence)) = about {
            add(about, text(message.organised(organisation::MED, number)), field, confidence);
        }
    }
    let roles = message.capabilities().map(|(_, does)| listed(names::capabilities(does), VALUE_BYTES_MAX));
    add(Trait::Role, roles, "capabilities", 80);
    let said = Announcement {
        protocol: Protocol::Lldp,
        function: if message.seconds == 0 { "withdraw" } else { "announce" },
        port: message.port.text(),
        name,
        facts,
        addresses: message.addresses().map(|(address, _)| address).chain(message.chassis.address()).collect(),
        chassis: message.chassis.mac(),
    };
    announcers.see(said, || details(&message), seen, observations);
    Some(())
}

/// Text that says something.
fn text(bytes: Option<&[u8]>) -> Option<Text> {
    let text = readable(bytes?, VALUE_BYTES_MAX);
    let text = text.trim_matches(|character: char| character.is_whitespace() || character == '\0');
    (!text.is_empty()).then(|| text.into())
}

fn details(message: &Message<'_>) -> Details {
    let mut details = Details::new();
    let mut put = |key: &'static str, value: Text| details.push((Text::const_new(key), value));
    put("chassis", message.chassis.text());
    put("chassis-kind", message.chassis.kind.into());
    put("port", message.port.text());
    put("port-kind", message.port.kind.into());
    put("ttl", message.seconds.to_compact_string());
    for (key, kind) in [
        ("port-description", kind::PORT_DESCRIPTION),
        ("system-name", kind::SYSTEM_NAME),
        ("system-description", kind::SYSTEM_DESCRIPTION),
    ] {
        if let Some(bytes) = message.first(kind) {
            put(key, readable(bytes, DETAIL_MAX));
        }
    }
    if let Some((can, does)) = message.capabilities() {
        put("capabilities", listed(names::capabilities(can), DETAIL_MAX));
        put("enabled", listed(names::capabilities(does), DETAIL_MAX));
    }
    for (address, interface) in message.addresses() {
        put("management-address", address.to_compact_string());
        if let Some(number) = interface {
            put("management-interface", number.to_compact_string());
        }
    }
    for (whose, number, value) in message.parts.iter().filter_map(|part| part.organised()) {
        if let Some((key, value)) = organised(whose, number, value) {
            put(key, value);
        }
    }
    message.parts.iter().for_each(|part| put("part", names::part(part)));
    details
}

/// What a part of an organisation says, where it is read.
fn organised(whose: [u8; 3], number: u8, value: &[u8]) -> Option<(&'static str, Text)> {
    let pair = |high: u8, low: u8| u16::from_be_bytes([high, low]);
    let shown = match (whose, number, value) {
        (organisation::BRIDGING, 1, [a, b, ..]) => ("port-vlan", pair(*a, *b).to_compact_string()),
        (organisation::BRIDGING, 3, [a, b, length, name @ ..]) => {
            let name = name.get(..usize::from(*length))?;
            ("vlan", format_compact!("{} {}", pair(*a, *b), readable(name, VALUE_BYTES_MAX)))
        }
        (organisation::BRIDGING, 6, [a, b, ..]) => ("management-vlan", pair(*a, *b).to_compact_string()),
        // Joined since 2009 as a part of 802.1, before of 802.3.
        (organisation::BRIDGING, 7, [status, port @ ..])
        | (organisation::ETHERNET, 3, [status, port @ ..]) => {
            let port = u32::from_be_bytes(*port.first_chunk()?);
            let state = ["not possible", "possible", "not possible", "on"];
            let state = state.get(usize::from(status & 3)).copied().unwrap_or_default();
            ("aggregation", format_compact!("{state}, port {port}"))
        }
        (organisation::ETHERNET, 1, [_, _, _, a, b, ..]) => ("medium", pair(*a, *b).to_compact_string()),
        (organisation::ETHERNET, 2, [support, _, class, rest @ ..]) => {
            ("power", power(*support, *class, rest))
        }
        (organisation::ETHERNET, 4, [a, b, ..]) => ("frame-size", pair(*a, *b).to_compact_string()),
        (organisation::MED, 2, [application, a, b, c, ..]) => {
            // Unknown, tagged, reserved; twelve bits of VLAN, three of priority, six of service code.
            let bits = u32::from_be_bytes([0, *a, *b, *c]);
            let (vlan, priority) = (bits >> 9 & 0xfff, bits >> 6 & 7);
            (
                "policy",
                format_compact!("{} VLAN {vlan} priority {priority}", names::application(*application)),
            )
        }
        (organisation::MED, 4, [kind, a, b, ..]) => {
            let end = if kind >> 6 == 0 { "source" } else { "device" };
            let tenths = pair(*a, *b);
            ("power", format_compact!("{end}, {}.{} W", tenths / 10, tenths % 10))
        }
        (organisation::MED, number, value) => {
            let (_, key, _) = INVENTORY.into_iter().find(|(known, ..)| *known == number)?;
            (key, readable(value, DETAIL_MAX))
        }
        (organisation::IANA, 1, url) => ("mud-url", readable(url, DETAIL_MAX)),
        _ => return None,
    };
    Some(shown)
}

/// Power over the cable (IEEE 802.3 clause 79.3.2): the end that tells, its state, its class, and, if said, what is
/// asked for and what is given.
fn power(support: u8, class: u8, rest: &[u8]) -> Text {
    let end = if support & 1 == 1 { "source" } else { "device" };
    let state = if support & 4 == 4 { "on" } else { "off" };
    let class = class.saturating_sub(1);
    match rest {
        [_, a, b, c, d, ..] => {
            let (asked, given) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
            let (asked, given) = ((asked / 10, asked % 10), (given / 10, given % 10));
            format_compact!(
                "{end} {state}, class {class}, {}.{} W asked, {}.{} W given",
                asked.0,
                asked.1,
                given.0,
                given.1
            )
        }
        _ => format_compact!("{end} {state}, class {class}"),
    }
}
