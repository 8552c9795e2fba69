//! From announcements to observations.

use super::message::{Kind, Message, capabilities};
use super::parse::parse_cdp;
use crate::announce::{Announcement, Announcers};
use crate::link::Seen;
use crate::show::{VALUE_BYTES_MAX, hexadecimal, listed, readable};
use city::{Details, Observation, Protocol, Text, Trait};
use compact_str::ToCompactString;

/// The longest text of a detail, in bytes.
const DETAIL_MAX: usize = 512;

/// Reads an announcement. `None` if it is none.
pub(crate) fn read(
    bytes: &[u8],
    announcers: &mut Announcers,
    seen: &Seen<'_>,
    observations: &mut Vec<Observation>,
) -> Option<()> {
    let message = parse_cdp(bytes)?;
    let text = |kind| text(message.first(kind)?);
    let mut facts = Vec::new();
    let mut add = |about, value: Option<Text>, field, confidence| {
        facts.extend(value.map(|value| (about, value, field, confidence)));
    };
    let (name, platform, software) = (text(Kind::DEVICE), text(Kind::PLATFORM), text(Kind::SOFTWARE));
    // Others than Cisco speak it too, and name themselves in the platform.
    let is_cisco = platform
        .as_deref()
        .is_some_and(|platform| platform.get(..5).is_some_and(|first| first.eq_ignore_ascii_case("cisco")));
    add(Trait::Name, name.clone(), "device", 90);
    add(Trait::Name, text(Kind::SYSTEM_NAME), "system-name", 90);
    add(Trait::Vendor, is_cisco.then(|| "Cisco".into()), "platform", 80);
    add(Trait::Model, platform, "platform", 90);
    add(Trait::Firmware, software.as_deref().and_then(version), "software", 85);
    add(Trait::Product, software, "software", 80);
    let roles = message.number(Kind::CAPABILITIES).map(|does| listed(capabilities(does), VALUE_BYTES_MAX));
    add(Trait::Role, roles, "capabilities", 80);
    let addresses = message.addresses(Kind::MANAGEMENT_ADDRESSES).chain(message.addresses(Kind::ADDRESSES));
    let said = Announcement {
        protocol: Protocol::Cdp,
        function: if message.seconds == 0 { "withdraw" } else { "announce" },
        port: text(Kind::PORT).unwrap_or_default(),
        name,
        facts,
        addresses: addresses.collect(),
        chassis: None,
    };
    announcers.see(said, || details(&message), seen, observations);
    Some(())
}

/// The first line of a text that says something.
fn text(bytes: &[u8]) -> Option<Text> {
    let first =
        bytes.split(|byte| matches!(byte, b'\n' | b'\r' | 0)).find(|line| !line.trim_ascii().is_empty())?;
    Some(readable(first.trim_ascii(), VALUE_BYTES_MAX))
}

/// The version in a line like `IOS Software, C3000 Software (C3000-IP-M), Version 12.2(25)SE, RELEASE SOFTWARE`.
fn version(line: &str) -> Option<Text> {
    let (_, behind) = line.split_once("Version ")?;
    let version = behind.split([',', ' ']).next()?;
    version.starts_with(|first: char| first.is_ascii_digit()).then(|| version.into())
}

fn details(message: &Message<'_>) -> Details {
    let mut details = Details::new();
    let mut put = |key: &'static str, value: Text| details.push((Text::const_new(key), value));
    put("version", message.version.to_compact_string());
    put("ttl", message.seconds.to_compact_string());
    for (key, kind) in [
        ("device", Kind::DEVICE),
        ("system-name", Kind::SYSTEM_NAME),
        ("port", Kind::PORT),
        ("platform", Kind::PLATFORM),
        ("software", Kind::SOFTWARE),
        ("vtp-domain", Kind::VTP_DOMAIN),
    ] {
        if let Some(bytes) = message.first(kind) {
            put(key, readable(bytes, DETAIL_MAX));
        }
    }
    if let Some(object) = message.first(Kind::SYSTEM_OBJECT) {
        put("system-object", hexadecimal(object, DETAIL_MAX));
    }
    if let Some(does) = message.number(Kind::CAPABILITIES) {
        put("capabilities", listed(capabilities(does), DETAIL_MAX));
    }
    for (key, kind) in [("address", Kind::ADDRESSES), ("management-address", Kind::MANAGEMENT_ADDRESSES)] {
        message.addresses(kind).for_each(|address| put(key, address.to_compact_string()));
    }
    for (key, kind) in [("native-vlan", Kind::NATIVE_VLAN), ("mtu", Kind::MTU), ("power", Kind::POWER)] {
        if let Some(number) = message.number(kind) {
            put(key, number.to_compact_string());
        }
    }
    // A kind of telephony, and the VLAN for it.
    if let Some([_, a, b]) = message.first(Kind::VOICE_VLAN) {
        put("voice-vlan", u16::from_be_bytes([*a, *b]).to_compact_string());
    }
    if let Some([duplex, ..]) = message.first(Kind::DUPLEX) {
        put("duplex", Text::const_new(if *duplex == 0 { "half" } else { "full" }));
    }
    message.parts.iter().for_each(|part| put("part", part.kind.0.to_compact_string()));
    details
}
