//! Follows a client, or a forwarder of several, and a gateway.

use super::message::{self, Message, ReturnCode, Topic};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::secret;
use crate::show::{VALUE_BYTES_MAX, hexadecimal, readable};
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;
use std::collections::{BTreeMap, VecDeque};

/// Messages awaiting an acknowledgement at a time.
const PENDING_MAX: usize = 64;

/// Topics whose numbers are remembered.
const TOPICS_MAX: usize = 1_024;

/// The longest topic that is remembered, in bytes.
const TOPIC_BYTES_MAX: usize = 256;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// A client and a gateway.
#[derive(Default)]
struct Conversation {
    pending: VecDeque<Pending>,
    topics: BTreeMap<u16, Text>,
    weakness_told: bool,
}

struct Pending {
    asker: Side,
    waits: Waits,
    /// The topic that an acknowledgement gives a number to.
    names: Option<Text>,
    /// What is told; a registration is not.
    asked: Option<Asked>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Waits {
    Connack,
    Publish(u16),
    Regack(u16),
    Suback(u16),
    Unsuback(u16),
    Will(&'static str),
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let Some(message) = message::parse_message(bytes) else { return false };
        self.message(side, &message, out);
        true
    }

    fn stream(&mut self, _side: Side, _bytes: &[u8], _out: &mut Out<'_>) -> Progress {
        Progress::Lost
    }

    fn gap(&mut self, _side: Side, _missing: u64, _out: &mut Out<'_>) {}

    fn holds(&self) -> usize {
        crate::dialogue::held::<Pending>(self.pending.len())
    }

    fn end(&mut self, out: &mut Out<'_>) {
        while let Some(pending) = self.pending.pop_front() {
            tell(pending, out);
        }
    }
}

fn tell(pending: Pending, out: &mut Out<'_>) {
    if let Some(asked) = pending.asked {
        out.request(pending.asker, asked);
    }
}

fn asked(verb: Verb, function: &'static str, target: Text, value: Option<Text>) -> Asked {
    Asked {
        verb,
        function: Text::const_new(function),
        target: Target::named(target),
        value,
        reply: Reply::Missing,
        details: Details::new(),
    }
}

impl Conversation {
    fn message(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        match *message {
            Message::SearchGateway => {
                let mut search = asked(Verb::Discover, "search-gateway", Text::default(), None);
                search.reply = Reply::NotExpected;
                out.request(side, search);
            }
            Message::GatewayInfo => out.identity(side, Trait::Role, "MQTT-SN gateway", "GWINFO", 70),
            Message::Connect { client } => {
                let client = readable(client, VALUE_BYTES_MAX);
                out.identity(side, Trait::Name, &client, "client-id", 40);
                let connect = asked(Verb::Authenticate, "connect", client, None);
                self.await_reply(side, Waits::Connack, None, Some(connect), out);
            }
            Message::Connack { code } => {
                if code.refusal().is_none() && !self.weakness_told {
                    self.weakness_told = true;
                    out.identity(side, Trait::Role, "MQTT-SN gateway", "CONNACK", 90);
                    out.weakness(side, WeaknessKind::AnonymousLogin, "MQTT-SN 1.2 has no login");
                }
                self.answer(side, Waits::Connack, code, None, out);
            }
            Message::Register { topic, id, name } => {
                let name = readable(name, TOPIC_BYTES_MAX);
                // A gateway gives the number with the name; a client asks for one.
                if topic != 0 {
                    self.learn(topic, name.clone());
                }
                self.await_reply(side, Waits::Regack(id), Some(name), None, out);
            }
            Message::Regack { topic, id, code } => {
                self.answer(side, Waits::Regack(id), code, Some(topic), out)
            }
            Message::Publish { duplicate, quality, topic, id, payload } => {
                let topic = self.topic(topic);
                let publish = asked(Verb::Publish, "publish", topic.clone(), Some(value(&topic, payload)));
                let waits = Waits::Publish(id);
                let is_known = self.pending.iter().any(|p| (p.asker, p.waits) == (side, waits));
                if quality == 0 || quality == 3 {
                    out.request(side, Asked { reply: Reply::NotExpected, ..publish });
                } else if !(duplicate && is_known) {
                    self.await_reply(side, waits, None, Some(publish), out);
                }
            }
            Message::Puback { id, code } => self.answer(side, Waits::Publish(id), code, None, out),
            Message::Pubcomp { id } => self.answer(side, Waits::Publish(id), ReturnCode(0), None, out),
            Message::Subscribe { leaves, id, topic } => {
                let named = match topic {
                    Topic::Name(name) if !leaves => Some(readable(name, TOPIC_BYTES_MAX)),
                    _ => None,
                };
                let (function, waits) = match leaves {
                    true => ("unsubscribe", Waits::Unsuback(id)),
                    false => ("subscribe", Waits::Suback(id)),
                };
                let subscribe = asked(Verb::Subscribe, function, self.topic(topic), None);
                self.await_reply(side, waits, named, Some(subscribe), out);
            }
            Message::Suback { topic, id, code } => {
                self.answer(side, Waits::Suback(id), code, Some(topic), out)
            }
            Message::Unsuback { id } => self.answer(side, Waits::Unsuback(id), ReturnCode(0), None, out),
            Message::WillUpdate { function } => {
                let update = asked(Verb::Configure, function, Text::default(), None);
                self.await_reply(side, Waits::Will(function), None, Some(update), out);
            }
            Message::WillUpdated { function, code } => {
                self.answer(side, Waits::Will(function), code, None, out);
            }
            Message::Other => {}
        }
    }

    fn learn(&mut self, number: u16, name: Text) {
        if self.topics.len() < TOPICS_MAX || self.topics.contains_key(&number) {
            self.topics.insert(number, name);
        }
    }

    fn topic(&self, topic: Topic<'_>) -> Text {
        match topic {
            Topic::Name(name) => readable(name, TOPIC_BYTES_MAX),
            Topic::Short(name) => readable(&name, TOPIC_BYTES_MAX),
            Topic::Predefined(number) => format_compact!("(predefined {number})"),
            Topic::Number(number) => {
                self.topics.get(&number).cloned().unwrap_or_else(|| format_compact!("(topic {number})"))
            }
        }
    }

    fn await_reply(
        &mut self,
        asker: Side,
        waits: Waits,
        names: Option<Text>,
        asked: Option<Asked>,
        out: &mut Out<'_>,
    ) {
        // Sent again, since nobody answered in time: the same question.
        let same = self.pending.iter().position(|p| (p.asker, p.waits) == (asker, waits));
        if let Some(old) = same.and_then(|place| self.pending.remove(place)) {
            let repeats = old.asked.as_ref().map(|old| &old.target) == asked.as_ref().map(|new| &new.target);
            if !repeats {
                tell(old, out);
            }
        }
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            tell(oldest, out);
        }
        self.pending.push_back(Pending { asker, waits, names, asked });
    }

    fn answer(&mut self, side: Side, waits: Waits, code: ReturnCode, topic: Option<u16>, out: &mut Out<'_>) {
        let place = self.pending.iter().position(|p| (p.asker, p.waits) == (side.other(), waits));
        let Some(mut pending) = place.and_then(|place| self.pending.remove(place)) else { return };
        let refusal = code.refusal();
        // A subscription with a wildcard is given number 0 (clause 5.4.16).
        if let (Some(number), Some(name), None) =
            (topic.filter(|number| *number != 0), pending.names.take(), &refusal)
        {
            self.learn(number, name);
        }
        if let Some(asked) = &mut pending.asked {
            asked.reply = refusal.map_or(Reply::Done, Reply::Refused);
        }
        tell(pending, out);
    }
}

/// A payload as text if it is text, otherwise in hexadecimal; hidden where the topic names a secret.
fn value(topic: &Text, payload: &[u8]) -> Text {
    let is_text = std::str::from_utf8(payload).is_ok_and(|text| !text.contains(|c: char| c.is_control()));
    if secret::is_named_by(topic.as_bytes()) {
        "(hidden)".into()
    } else if is_text {
        readable(payload, VALUE_BYTES_MAX)
    } else {
        format_compact!("0x{}", hexadecimal(payload, VALUE_BYTES_MAX))
    }
}
