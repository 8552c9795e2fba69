//! From DCP messages to observations.

use super::ETHER_TYPE;
use super::message::{Block, Direction, Message, Service, What, error};
use super::vendor;
use crate::Config;
use crate::dialogue::{Asked, Out, Side};
use crate::show::{VALUE_BYTES_MAX, hexadecimal, listed, readable};
use city::{
    Address, Binding, Details, Flow, Mac, Observation, Protocol, Reply, Target, Text, Trait, Transport, Verb,
    WeaknessKind,
};
use compact_str::format_compact;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

/// Messages awaiting a reply at a time, over all stations.
const PENDING_MAX: usize = 256;
/// How long a reply is awaited: a station may wait for that long before it answers an identify that goes to all
/// (clause 4.3.1.4, response delay).
const PATIENCE: SignedDuration = SignedDuration::from_secs(10);
/// For how long the same question with the same outcome, or the same of a station, is not told again.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// Questions, and facts of stations, remembered.
const REMEMBERED: usize = 8_192;
/// Blocks read of one message.
const BLOCKS_MAX: usize = 64;

/// What is known of PROFINET's stations on the links.
#[derive(Debug, Default)]
pub(crate) struct Stations {
    pending: VecDeque<Pending>,
    /// What was told of each station, and when.
    told: BTreeMap<(Address, What), (Timestamp, Text)>,
    /// What was asked, with its outcome, and when it was told.
    asked: BTreeMap<(Mac, Mac, Service, Text, bool), Timestamp>,
    /// The stations whose weakness was told.
    weak: BTreeSet<Mac>,
}

/// A message that awaits a reply, with one request for each thing that it sets.
#[derive(Debug)]
struct Pending {
    source: Mac,
    destination: Mac,
    service: Service,
    transaction: u32,
    time: Timestamp,
    asked: Vec<(What, Asked)>,
}

/// Where a message was seen.
pub(crate) struct Seen<'a> {
    pub(crate) config: &'a Config,
    pub(crate) time: Timestamp,
    pub(crate) source: Mac,
    pub(crate) destination: Mac,
}

impl Seen<'_> {
    fn out<'b>(&'b self, source: Mac, destination: Mac, observations: &'b mut Vec<Observation>) -> Out<'b> {
        Out {
            config: self.config,
            observations,
            expected: None,
            unanswered: None,
            time: self.time,
            flow: flow(source, destination),
        }
    }
}

fn flow(source: Mac, destination: Mac) -> Flow {
    Flow {
        source: Address::Mac(source),
        source_port: 0,
        destination: Address::Mac(destination),
        destination_port: 0,
        transport: Transport::Ethernet(ETHER_TYPE),
        protocol: Some(Protocol::ProfinetDcp),
    }
}

impl Stations {
    /// Reads a message. Gives back the address that a station said it has, for the table of neighbours.
    pub(crate) fn see(
        &mut self,
        message: &Message<'_>,
        seen: &Seen<'_>,
        observations: &mut Vec<Observation>,
    ) -> Option<Binding> {
        self.expire(seen.config, seen.time, observations);
        match (message.service, message.direction) {
            (Service::HELLO, _) => {
                let asked = asked(Verb::Publish, "hello".into(), Target::default(), Reply::NotExpected);
                self.tell(seen.source, seen.destination, Service::HELLO, asked, seen, observations);
                self.station(message, seen, observations)
            }
            (_, Direction::Request) => {
                self.request(message, seen, observations);
                None
            }
            (service, direction) => {
                self.reply(message, seen, observations);
                let tells = service != Service::SET && direction == Direction::Success;
                if tells { self.station(message, seen, observations) } else { None }
            }
        }
    }

    /// Tells of messages that have waited too long.
    pub(crate) fn expire(&mut self, config: &Config, now: Timestamp, observations: &mut Vec<Observation>) {
        while self.pending.front().is_some_and(|oldest| now.duration_since(oldest.time) > PATIENCE) {
            self.put_out_oldest(config, now, observations);
        }
    }

    /// Tells of all messages that still wait.
    pub(crate) fn finish(&mut self, config: &Config, now: Timestamp, observations: &mut Vec<Observation>) {
        while self.put_out_oldest(config, now, observations) {}
    }

    fn put_out_oldest(
        &mut self,
        config: &Config,
        now: Timestamp,
        observations: &mut Vec<Observation>,
    ) -> bool {
        let Some(oldest) = self.pending.pop_front() else { return false };
        let Pending { source, destination, service, asked, .. } = oldest;
        let seen = Seen { config, time: now, source, destination };
        for (_, asked) in asked {
            self.tell(source, destination, service, asked, &seen, observations);
        }
        true
    }

    fn request(&mut self, message: &Message<'_>, seen: &Seen<'_>, observations: &mut Vec<Observation>) {
        let asked = match message.service {
            Service::SET => sets(message),
            service => vec![(What::ALL, question(service, message))],
        };
        if self.pending.len() >= PENDING_MAX {
            self.put_out_oldest(seen.config, seen.time, observations);
        }
        let (source, destination, time) = (seen.source, seen.destination, seen.time);
        let (service, transaction) = (message.service, message.transaction);
        self.pending.push_back(Pending { source, destination, service, transaction, time, asked });
    }

    fn reply(&mut self, message: &Message<'_>, seen: &Seen<'_>, observations: &mut Vec<Observation>) {
        // An identify goes to a group, and many may answer it; the first answer makes it answered.
        let answers = |pending: &Pending| {
            pending.source == seen.destination
                && (pending.destination == seen.source || pending.destination.is_group())
                && (pending.service, pending.transaction) == (message.service, message.transaction)
        };
        let place = self.pending.iter().position(answers);
        let Some(pending) = place.and_then(|place| self.pending.remove(place)) else { return };
        let outcomes: Vec<(What, u8)> =
            message.blocks().take(BLOCKS_MAX).filter_map(|block| block.outcome()).collect();
        for (what, mut asked) in pending.asked {
            let code = outcomes.iter().find(|(set, _)| *set == what).map_or(0, |(_, code)| *code);
            asked.reply = match (message.direction, code) {
                (Direction::NotSupported, _) => Reply::Refused("not-supported".into()),
                (_, 0) => Reply::Done,
                (_, code) => Reply::Refused(error(code)),
            };
            self.tell(pending.source, pending.destination, pending.service, asked, seen, observations);
        }
    }

    /// Tells of a request, unless the same was told a short while ago and changes nothing.
    fn tell(
        &mut self,
        source: Mac,
        destination: Mac,
        service: Service,
        asked: Asked,
        seen: &Seen<'_>,
        observations: &mut Vec<Observation>,
    ) {
        let mut out = seen.out(source, destination, observations);
        if service != Service::SET {
            let what = format_compact!("{}", asked.target);
            let key = (source, destination, service, what, asked.reply == Reply::Done);
            let recent = |then: &Timestamp| seen.time.duration_since(*then) < AGAIN_AFTER;
            if self.asked.get(&key).is_some_and(recent) {
                return;
            }
            if self.asked.len() >= REMEMBERED {
                self.asked.clear();
            }
            self.asked.insert(key, seen.time);
        } else if asked.verb.changes() && asked.reply == Reply::Done && !self.weak.contains(&destination) {
            if self.weak.len() >= REMEMBERED {
                self.weak.clear();
            }
            self.weak.insert(destination);
            let detail = format_compact!("{} obeyed; PROFINET DCP cannot prove who asks", asked.function);
            out.weakness(Side::Destination, WeaknessKind::UnauthenticatedControl, detail);
        }
        out.request(Side::Source, asked);
    }

    /// What a station says of itself.
    fn station(
        &mut self,
        message: &Message<'_>,
        seen: &Seen<'_>,
        observations: &mut Vec<Observation>,
    ) -> Option<Binding> {
        let station = seen.source;
        let ip = message.blocks().take(BLOCKS_MAX).find_map(|block| block.ip()).map(|ip| ip.address);
        // A station without an address gives zeros.
        let ip = ip.filter(|ip| !ip.is_unspecified()).map(IpAddr::V4);
        let address = ip.map_or(Address::Mac(station), Address::Ip);
        for block in message.blocks().take(BLOCKS_MAX) {
            for (about, value, field) in facts(&block) {
                // Of several facts in one block, the field tells them apart.
                let key = (address, if field == "device" { What(2, 0) } else { block.what });
                let recent = |(then, said): &(Timestamp, Text)| {
                    *said == value && seen.time.duration_since(*then) < AGAIN_AFTER
                };
                if self.told.get(&key).is_some_and(recent) {
                    continue;
                }
                if self.told.len() >= REMEMBERED {
                    self.told.clear();
                }
                self.told.insert(key, (seen.time, value.clone()));
                let mut out = seen.out(seen.source, seen.destination, observations);
                out.identity_of(address, about, &value, field, 90);
            }
        }
        ip.map(|address| Binding { address, mac: station, protocol: Protocol::ProfinetDcp })
    }
}

#[cfg(test)]
impl Stations {
    /// How much is remembered.
    pub(crate) fn remembered(&self) -> usize {
        self.pending.len() + self.told.len() + self.asked.len() + self.weak.len()
    }
}

fn asked(verb: Verb, function: Text, target: Target, reply: Reply) -> Asked {
    Asked { verb, function, target, value: None, reply, details: Details::new() }
}

/// What an identify looks for, or a get asks of a station.
fn question(service: Service, message: &Message<'_>) -> Asked {
    let blocks = || message.blocks().take(BLOCKS_MAX);
    if service == Service::IDENTIFY {
        let wanted = blocks().find(|block| matches!(block.what, What::NAME | What::ALIAS));
        let target = match wanted {
            Some(block) => Target {
                kind: Text::const_new("station"),
                name: readable(block.value, VALUE_BYTES_MAX),
                ..Target::default()
            },
            None => Target::named(listed(blocks().map(|block| block.what.text()), VALUE_BYTES_MAX)),
        };
        return asked(Verb::Discover, "identify".into(), target, Reply::Missing);
    }
    let target = Target::named(listed(blocks().map(|block| block.what.text()), VALUE_BYTES_MAX));
    asked(Verb::Discover, "get".into(), target, Reply::Missing)
}

/// One request for each thing that is set.
fn sets(message: &Message<'_>) -> Vec<(What, Asked)> {
    let mut found = Vec::new();
    for block in message.blocks().take(BLOCKS_MAX) {
        let what = block.what;
        let (name, verb) = match what {
            // They only hold the others together.
            What::START | What::STOP => continue,
            What::SIGNAL => (what.text(), Verb::Operate),
            What::FACTORY_RESET | What::RESET_TO_FACTORY => (what.text(), Verb::Restart),
            _ => (Text::const_new("set"), Verb::Configure),
        };
        let target = if verb == Verb::Configure { Target::named(what.text()) } else { Target::default() };
        let mut asked = asked(verb, name, target, Reply::Missing);
        asked.value = match block.ip() {
            Some(ip) => Some(ip.text()),
            None => Some(value(&block)).filter(|value| !value.is_empty()),
        };
        found.push((what, asked));
    }
    found
}

/// A block's value, as text where it is meant to be.
fn value(block: &Block<'_>) -> Text {
    match block.what {
        What::NAME | What::STATION_TYPE | What::ALIAS => readable(block.value, VALUE_BYTES_MAX),
        What::SIGNAL | What::FACTORY_RESET | What::RESET_TO_FACTORY => Text::default(),
        _ => hexadecimal(block.value, VALUE_BYTES_MAX),
    }
}

/// What a block says of its station.
fn facts(block: &Block<'_>) -> Vec<(Trait, Text, &'static str)> {
    match (block.what, block.value) {
        (What::STATION_TYPE, text) => {
            vec![(Trait::Product, readable(text, VALUE_BYTES_MAX), "type-of-station")]
        }
        (What::NAME, text) => vec![(Trait::Name, readable(text, VALUE_BYTES_MAX), "name-of-station")],
        (What::DEVICE, [a, b, c, d, ..]) => {
            let (maker, device) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
            vec![
                (Trait::Vendor, vendor(maker), "vendor-id"),
                (Trait::Product, format_compact!("PROFINET device 0x{device:04x}"), "device"),
            ]
        }
        (What::ROLE, [roles, ..]) => {
            let names = ["IO device", "IO controller", "IO multidevice", "PN supervisor"];
            let has = names.into_iter().enumerate().filter(|(bit, _)| roles >> bit & 1 == 1);
            vec![(Trait::Role, listed(has.map(|(_, name)| name), VALUE_BYTES_MAX), "device-role")]
        }
        _ => Vec::new(),
    }
}
