//! From messages to observations.

use super::message::Message;
use super::parse::parse_message;
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use city::{Details, Reply, Target, Text, Trait, Verb};
use compact_str::ToCompactString;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// Words remembered of a conversation.
const WORDS_MAX: usize = 256;

/// What a station or a router says to a group.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    /// What was told: by whom, in which word, of which group.
    told: BTreeSet<(Side, &'static str, Option<Ipv4Addr>)>,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let Some(message) = parse_message(bytes) else { return false };
        match message {
            Message::Query { version, group } => {
                if self.tell(side, Verb::Discover, "query", group, version, out) {
                    out.identity(side, Trait::Role, "multicast querier", "IGMP query", 70);
                }
            }
            Message::Join { version, group } => self.membership(side, group, true, version, out),
            Message::Leave { group } => self.membership(side, group, false, 2, out),
            Message::Report(groups) => {
                groups.into_iter().for_each(|(group, is_in)| self.membership(side, group, is_in, 3, out));
            }
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
    fn membership(&mut self, side: Side, group: Ipv4Addr, is_in: bool, version: u8, out: &mut Out<'_>) {
        let (word, other) = if is_in { ("join", "leave") } else { ("leave", "join") };
        self.tell(side, Verb::Subscribe, word, Some(group), version, out);
        self.told.remove(&(side, other, Some(group)));
    }

    /// Tells of a word unless it was told; whether it was told now.
    fn tell(
        &mut self,
        side: Side,
        verb: Verb,
        word: &'static str,
        group: Option<Ipv4Addr>,
        version: u8,
        out: &mut Out<'_>,
    ) -> bool {
        if self.told.len() >= WORDS_MAX {
            self.told.clear();
        }
        let is_new = self.told.insert((side, word, group));
        if is_new {
            let target = group.map_or_else(Target::default, |group| Target {
                kind: Text::const_new("group"),
                name: group.to_compact_string(),
                ..Target::default()
            });
            let details: Details = vec![(Text::const_new("version"), version.to_compact_string())];
            let function = Text::const_new(word);
            let reply = Reply::NotExpected;
            out.request(side, Asked { verb, function, target, value: None, reply, details });
        }
        is_new
    }
}
