//! From advertisements to observations.

use super::message::Message;
use super::parse::parse_message;
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::show::{VALUE_BYTES_MAX, listed};
use city::{Address, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::{ToCompactString, format_compact};
use std::net::IpAddr;

/// What a router says to the others.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    /// What was said last of each virtual router; at most 255 for each side, by their number.
    last: Vec<(Side, Message)>,
    role_told: bool,
    password_told: bool,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let version_6 = matches!(out.address(side), Address::Ip(IpAddr::V6(_)));
        let Some(message) = parse_message(bytes, version_6) else { return false };
        if !std::mem::replace(&mut self.role_told, true) {
            out.identity(side, Trait::Role, "router", "VRRP", 80);
        }
        if message.has_password && !std::mem::replace(&mut self.password_told, true) {
            let detail = format_compact!(
                "virtual router {} is guarded by a password that is sent readable",
                message.router
            );
            out.weakness(side, WeaknessKind::CleartextCredentials, detail);
        }
        let same = |(known, last): &(Side, Message)| (*known, last.router) == (side, message.router);
        let place = self.last.iter().position(same);
        let before = place.map(|place| self.last.swap_remove(place).1);
        if before.as_ref() != Some(&message) {
            out.request(side, asked(&message));
        }
        self.last.push((side, message));
        true
    }

    fn stream(&mut self, _side: Side, _bytes: &[u8], _out: &mut Out<'_>) -> Progress {
        Progress::Lost
    }

    fn gap(&mut self, _side: Side, _missing: u64, _out: &mut Out<'_>) {}

    fn end(&mut self, _out: &mut Out<'_>) {}
}

fn asked(message: &Message) -> Asked {
    let number = u64::from(message.router);
    let (first, others) = match &message.addresses[..] {
        [first, others @ ..] => (first.to_compact_string(), others),
        [] => (Text::default(), &[][..]),
    };
    let target = Target { name: first, ..Target::numbered("router", number, number) };
    let mut value = format_compact!("priority {}", message.priority);
    if !others.is_empty() {
        value.push_str(", ");
        value.push_str(&listed(others, VALUE_BYTES_MAX));
    }
    let (verb, function) =
        if message.priority == 0 { (Verb::Configure, "resign") } else { (Verb::Publish, "advertise") };
    let details = vec![(Text::const_new("version"), message.version.to_compact_string())];
    let function = Text::const_new(function);
    Asked { verb, function, target, value: Some(value), reply: Reply::NotExpected, details }
}
