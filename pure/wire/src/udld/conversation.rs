//! From messages to observations.

use super::parse::{Message, parse_udld};
use crate::announce::{Announcement, Announcers};
use crate::link::Seen;
use crate::show::{VALUE_BYTES_MAX, readable};
use city::{Details, Observation, Protocol, Text, Trait};
use compact_str::format_compact;

/// Reads a message. `None` if it is none.
pub(crate) fn read(
    bytes: &[u8],
    announcers: &mut Announcers,
    seen: &Seen<'_>,
    observations: &mut Vec<Observation>,
) -> Option<()> {
    let message = parse_udld(bytes)?;
    let name = message.name.map(text).filter(|name| !name.is_empty());
    let mut facts = vec![(Trait::Serial, text(message.device), "device", 80)];
    facts.extend(name.clone().map(|name| (Trait::Name, name, "name", 85)));
    let said = Announcement {
        protocol: Protocol::Udld,
        function: if message.is_flush { "withdraw" } else { "announce" },
        port: text(message.port),
        name,
        facts,
        addresses: Vec::new(),
        chassis: None,
    };
    announcers.see(said, || details(&message), seen, observations);
    Some(())
}

fn text(bytes: &[u8]) -> Text {
    readable(bytes.trim_ascii(), VALUE_BYTES_MAX)
}

fn details(message: &Message<'_>) -> Details {
    let mut details = Details::new();
    let mut put = |key: &'static str, value: Text| details.push((Text::const_new(key), value));
    put("device", text(message.device));
    if let Some(name) = message.name {
        put("name", text(name));
    }
    put("port", text(message.port));
    for (device, port) in &message.heard {
        put("heard", format_compact!("{} {}", text(device), text(port)));
    }
    details
}
