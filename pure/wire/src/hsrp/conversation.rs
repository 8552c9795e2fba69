//! From messages to observations.

use super::message::{Kind, Message, Proof, Standing};
use super::parse::parse_message;
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::{ToCompactString, format_compact};

/// Groups of one router that are remembered.
const GROUPS_MAX: usize = 64;

/// What a router says to its group.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    /// How each group's member stood last, by side and group.
    last: Vec<(Side, u16, Standing)>,
    role_told: bool,
    proof_told: bool,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let Some(message) = parse_message(bytes) else { return false };
        if !std::mem::replace(&mut self.role_told, true) {
            out.identity(side, Trait::Role, "router", "HSRP", 80);
        }
        match message.standing {
            Some(standing) => self.standing(side, &message, standing, out),
            None => out.request(side, asked(&message, Target::default(), None)),
        }
        true
    }

    fn stream(&mut self, _side: Side, _bytes: &[u8], _out: &mut Out<'_>) -> Progress {
        Progress::Lost
    }

    fn gap(&mut self, _side: Side, _missing: u64, _out: &mut Out<'_>) {}

    fn end(&mut self, _out: &mut Out<'_>) {}
}

impl Conversation {
    fn standing(&mut self, side: Side, message: &Message, standing: Standing, out: &mut Out<'_>) {
        let place = self.last.iter().position(|(known, group, _)| (*known, *group) == (side, standing.group));
        let before = place.map(|place| self.last.remove(place).2);
        if self.last.len() >= GROUPS_MAX {
            self.last.remove(0);
        }
        self.last.push((side, standing.group, standing));
        if message.kind == Kind::HELLO && before == Some(standing) {
            return;
        }
        let target = Target {
            name: standing.address.to_compact_string(),
            ..Target::numbered("group", standing.group.into(), standing.group.into())
        };
        let value = format_compact!("{}, priority {}", standing.state, standing.priority);
        out.request(side, asked(message, target, Some(value)));
        if let Proof::Word { is_makers } = standing.proof
            && !std::mem::replace(&mut self.proof_told, true)
        {
            let (kind, words) = if is_makers {
                (WeaknessKind::DefaultCredentials, "guarded by the word that the maker ships")
            } else {
                (WeaknessKind::CleartextCredentials, "guarded by a word that is sent readable")
            };
            out.weakness(side, kind, format_compact!("HSRP group {} is {words}", standing.group));
        }
    }
}

fn asked(message: &Message, target: Target, value: Option<Text>) -> Asked {
    // A takeover changes where the whole network's traffic goes.
    let verb = if matches!(message.kind, Kind(1 | 2)) { Verb::Configure } else { Verb::Publish };
    let function = message.kind.name().map_or_else(Text::default, Text::const_new);
    let details = vec![(Text::const_new("version"), message.version.to_compact_string())];
    Asked { verb, function, target, value, reply: Reply::NotExpected, details: Details::from(details) }
}
