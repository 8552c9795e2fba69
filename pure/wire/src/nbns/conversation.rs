//! Pairs questions with answers.

use super::parse::{Message, parse_message};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use city::{Details, Reply, Target, Text, Trait, Verb};
use compact_str::format_compact;
use std::collections::VecDeque;
use std::net::IpAddr;

/// Questions awaiting an answer at a time. Most are broadcast and get none.
const PENDING_MAX: usize = 16;

/// How many names are remembered, so that each is told once.
const TOLD_MAX: usize = 32;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

#[derive(Default)]
struct Conversation {
    pending: VecDeque<(Side, u16, Asked)>,
    told: Vec<(city::Address, Text)>,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let Some(message) = parse_message(bytes) else { return false };
        if message.is_response {
            self.answer(side, &message, out);
        } else {
            self.question(side, &message, out);
        }
        true
    }

    fn stream(&mut self, _side: Side, _bytes: &[u8], _out: &mut Out<'_>) -> Progress {
        Progress::Lost
    }

    fn gap(&mut self, _side: Side, _missing: u64, _out: &mut Out<'_>) {}

    fn holds(&self) -> usize {
        crate::dialogue::held::<(Side, u16, Asked)>(self.pending.len())
    }

    fn end(&mut self, out: &mut Out<'_>) {
        while let Some((asker, _, asked)) = self.pending.pop_front() {
            out.request(asker, asked);
        }
    }
}

impl Conversation {
    fn question(&mut self, side: Side, message: &Message, out: &mut Out<'_>) {
        let (verb, function) = match message.operation {
            0 if message.is_node_status => (Verb::Discover, "node-status"),
            0 => (Verb::Discover, "query"),
            5 => (Verb::Publish, "register"),
            6 => (Verb::Publish, "release"),
            8 | 9 => (Verb::Publish, "refresh"),
            15 => (Verb::Publish, "register-multihomed"),
            _ => (Verb::Discover, "unknown-operation"),
        };
        let value = message.address.map(|(address, _)| format_compact!("{address}"));
        let asked = Asked {
            verb,
            function: Text::const_new(function),
            target: Target::named(message.name.shown()),
            value,
            // Registrations and releases are broadcast as a rule, and silence is consent.
            reply: if verb == Verb::Publish { Reply::NotExpected } else { Reply::Missing },
            details: Details::new(),
        };
        if let (Verb::Publish, Some((address, false)), false) = (verb, message.address, function == "release")
        {
            self.name(city::Address::Ip(IpAddr::V4(address)), &message.name, out);
        }
        if self.pending.len() >= PENDING_MAX
            && let Some((asker, _, oldest)) = self.pending.pop_front()
        {
            out.request(asker, oldest);
        }
        self.pending.push_back((side, message.id, asked));
    }

    fn answer(&mut self, side: Side, message: &Message, out: &mut Out<'_>) {
        if message.code == 0 {
            if let Some((address, false)) = message.address {
                self.name(city::Address::Ip(IpAddr::V4(address)), &message.name, out);
            }
            for (name, _) in message.names.iter().filter(|(_, is_group)| !is_group) {
                self.name(out.address(side), name, out);
            }
        }
        let place = self.pending.iter().position(|(asker, id, _)| *asker != side && *id == message.id);
        let Some((asker, _, mut asked)) = place.and_then(|place| self.pending.remove(place)) else { return };
        asked.reply = match message.code {
            0 => Reply::Done,
            3 => Reply::Refused(Text::const_new("no-such-name")),
            5 => Reply::Refused(Text::const_new("refused")),
            6 => Reply::Refused(Text::const_new("name-is-taken")),
            other => Reply::Refused(format_compact!("error-{other}")),
        };
        if let Some((address, _)) = message.address {
            asked.value = Some(format_compact!("{address}"));
        }
        out.request(asker, asked);
    }

    fn name(&mut self, address: city::Address, name: &super::parse::Name, out: &mut Out<'_>) {
        let fact = (address, name.text.clone());
        if !name.is_of_computer() || self.told.contains(&fact) {
            return;
        }
        out.identity_of(address, Trait::Name, &name.text, "NetBIOS name", 80);
        if self.told.len() < TOLD_MAX {
            self.told.push(fact);
        }
    }
}
