//! Indicators held against what is seen.
//!
//! What is looked for are addresses outside the city, networks of such addresses, and domain names: what a conversation
//! shows at once. Each observation costs a look-up for each of its ends, however many indicators there are. A pattern that
//! asks for more than one thing at a time is kept and hunted with, and not watched for; how many there are is told.

mod belief;
mod doubt;
mod simple;

pub use belief::{Belief, FILE_TRUST, WatchedBy};
pub use doubt::Ground;
pub use simple::{Watched, watched};

use crate::{hunt::NAMED, stix::Object};
use city::{Address, Doubt, DoubtKind, Flow, Observation, Observed, Received, Sighting, Text, Tlp};
use foldhash::fast::FixedState;
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use std::{collections::BTreeMap, net::IpAddr};

/// The most values that are watched for.
pub const WATCHED_MAX: usize = 4_000_000;

/// What an author's word is worth who says nothing of it.
const CONFIDENCE: u8 = 50;

/// After how long what is said of an address is believed half as much: addresses change hands.
const HALF_LIFE_ADDRESS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// After how long what is said of a name is believed half as much: names are given up more slowly.
const HALF_LIFE_NAME: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How long the same match at the same two ends is one sighting.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// The most matches of which it is known when they were told last.
const TOLD_MAX: usize = 65_536;

/// A number of an indicator in a list.
type Number = u32;

/// Hash maps whose hashes are the same in every run.
type Map<K, V> = IndexMap<K, V, FixedState>;

/// What is kept of an indicator: 40 bytes, and its words once for all that share them.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The UUID of its id.
    id: [u8; 16],
    name: u32,
    techniques: u32,
    source: u32,
    confidence: u8,
    tlp: Tlp,
    until: i64,
}

/// Indicators, to be held against what is seen.
#[derive(Clone, Debug, Default)]
pub struct Watchlist {
    entries: Vec<Entry>,
    words: Words,
    addresses: Map<IpAddr, Number>,
    /// For each length of a prefix in use, the networks.
    networks: BTreeMap<(bool, u8), Map<IpAddr, Number>>,
    names: Map<Box<str>, Number>,
}

/// Texts that many share, each kept once.
#[derive(Clone, Debug, Default)]
struct Words {
    texts: Vec<Text>,
    places: Map<Text, u32>,
}

impl Words {
    fn put(&mut self, text: &str) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.into());
        self.places.insert(text.into(), place);
        place
    }

    fn get(&self, place: u32) -> Text {
        usize::try_from(place).ok().and_then(|place| self.texts.get(place)).cloned().unwrap_or_default()
    }
}

/// Who told an indicator.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'o> {
    /// A peer's id, or the name of a file.
    pub source: &'o str,
    /// How far it is believed, from 0 to 100.
    pub trust: u8,
    /// How far it may be passed on.
    pub tlp: Tlp,
}

/// What came of adding indicators.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// Indicators of which at least one value is watched for.
    pub watched: u64,
    /// Indicators whose patterns ask for more than is watched for.
    pub hunted_only: u64,
    /// Indicators that are over: revoked, or no longer valid.
    pub over: u64,
    /// What is not acted on, by kind.
    pub doubts: BTreeMap<DoubtKind, Doubt>,
}

impl Gathered {
    fn doubt(&mut self, kind: DoubtKind, example: impl FnOnce() -> String) {
        let doubt =
            self.doubts.entry(kind).or_insert_with(|| Doubt { kind, count: 0, example: example().into() });
        doubt.count += 1;
    }

    /// The doubts as they are told.
    #[must_use]
    pub fn told(&self) -> Vec<Doubt> {
        self.doubts.values().take(Received::DOUBTS_MAX).cloned().collect()
    }
}

impl Watchlist {
    /// How many values are watched for.
    #[must_use]
    pub fn len(&self) -> usize {
        let networks: usize = self.networks.values().map(Map::len).sum();
        self.addresses.len() + networks + self.names.len()
    }

    /// Whether nothing is watched for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The addresses that are watched for, for whoever looks for them in the past.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.addresses.keys().copied()
    }

    /// Adds an indicator, if it is one, is in force, and stands on the ground of what is known of the city.
    pub fn add(
        &mut self,
        object: Object<'_>,
        origin: Origin<'_>,
        ground: &Ground,
        now: Timestamp,
        gathered: &mut Gathered,
    ) {
        if object.object_type() != "indicator" {
            return;
        }
        let id = object.id().unwrap_or_default();
        let Some(uuid) = uuid_of(id) else {
            return gathered.doubt(DoubtKind::Malformed, || format!("`{id}` is not an indicator’s id"));
        };
        let until = object.valid_until();
        if object.revoked() || until.is_some_and(|until| until <= now) {
            gathered.over += 1;
            return;
        }
        let from = object.valid_from().or_else(|| object.modified()).unwrap_or(now);
        if from > now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(now) {
            return gathered.doubt(DoubtKind::WrongTime, || format!("`{id}` is valid from {from:.0}"));
        }
        let values = match object.pattern().filter(|_| object.pattern_type() == Some("stix")).map(watched) {
            Some(Ok(Some(values))) => values,
            Some(Ok(None)) | None => {
                gathered.hunted_only += 1;
                return;
            }
            Some(Err(cause)) => return gathered.doubt(DoubtKind::Malformed, || format!("`{id}`: {cause}")),
        };
        let age = now.duration_since(from);
        let said =
            u64::from(object.confidence().unwrap_or(CONFIDENCE)) * u64::from(origin.trust.min(100)) / 100;
        let techniques = techniques(object).join(" ");
        let mut entry = Entry {
            id: uuid,
            name: self.words.put(object.name().unwrap_or_default()),
            techniques: self.words.put(&techniques),
            source: self.words.put(origin.source),
            confidence: 0,
            tlp: origin.tlp,
            until: until.map_or(i64::MAX, |until| until.as_second()),
        };
        let mut any = false;
        for value in values {
            if let Some(kind) = ground.doubt(&value) {
                gathered.doubt(kind, || format!("{value} in `{id}`"));
            } else if self.len() >= WATCHED_MAX {
                gathered
                    .doubt(DoubtKind::TooLarge, || format!("{WATCHED_MAX} values are watched for at most"));
            } else {
                let half = match value {
                    Watched::Name(_) => HALF_LIFE_NAME,
                    Watched::Address(_) | Watched::Network(_) => HALF_LIFE_ADDRESS,
                };
                entry.confidence = decayed(said, age, half);
                any = true;
                self.put(value, entry);
            }
        }
        gathered.watched += u64::from(any);
    }

    /// Watches for a value. Of several indicators for it, the one that is believed most counts.
    fn put(&mut self, value: Watched, entry: Entry) {
        let number = Number::try_from(self.entries.len()).unwrap_or(Number::MAX);
        let slot = match value {
            Watched::Address(address) => self.addresses.entry(address).or_insert(number),
            Watched::Network(network) => {
                let length = (network.addr().is_ipv4(), network.prefix_len());
                self.networks.entry(length).or_default().entry(network.network()).or_insert(number)
            }
            Watched::Name(name) => self.names.entry(name.into_boxed_str()).or_insert(number),
        };
        if *slot == number {
            self.entries.push(entry);
        } else if let Some(known) = usize::try_from(*slot).ok().and_then(|at| self.entries.get_mut(at))
            && known.confidence < entry.confidence
        {
            *known = entry;
        }
    }

    fn find(&self, address: IpAddr) -> Option<Number> {
        if let Some(number) = self.addresses.get(&address) {
            return Some(*number);
        }
        // Longest first: what says most of it.
        self.networks.iter().rev().find_map(|((is_v4, length), networks)| {
            if *is_v4 != address.is_ipv4() {
                return None;
            }
            let network = ipnet::IpNet::new(address, *length).ok()?;
            networks.get(&network.network()).copied()
        })
    }

    /// What an observation shows of what is watched for.
    pub fn see(&self, observation: &Observation, sightings: &mut Vec<Sighting>) {
        match &observation.fact {
            Observed::Opened(flow) => self.see_flow(flow, observation.time, sightings),
            Observed::Conversation(conversation) => {
                self.see_flow(&conversation.flow, observation.time, sightings);
            }
            Observed::Request(request) => {
                let flow = request.conversation();
                if flow.protocol.is_some_and(|protocol| NAMED.contains(&protocol)) {
                    self.see_name(&request.target.name, &flow, observation.time, sightings);
                }
            }
            _ => {}
        }
    }

    fn see_flow(&self, flow: &Flow, time: Timestamp, sightings: &mut Vec<Sighting>) {
        for (end, other) in [(flow.source, flow.destination), (flow.destination, flow.source)] {
            let Address::Ip(ip) = end else { continue };
            if let Some(number) = self.find(ip.to_canonical()) {
                sightings.extend(self.sighting(number, other, Some(end), end.to_string(), flow, time));
            }
        }
    }

    fn see_name(&self, name: &str, flow: &Flow, time: Timestamp, sightings: &mut Vec<Sighting>) {
        if name.is_empty() || self.names.is_empty() {
            return;
        }
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if let Some(number) = self.names.get(name.as_str()) {
            sightings.extend(self.sighting(*number, flow.source, Some(flow.destination), name, flow, time));
        }
    }

    fn sighting(
        &self,
        number: Number,
        subject: Address,
        peer: Option<Address>,
        value: String,
        flow: &Flow,
        time: Timestamp,
    ) -> Option<Sighting> {
        let entry = usize::try_from(number).ok().and_then(|at| self.entries.get(at))?;
        // Watched or not, what is no longer valid is no sign.
        if entry.until < time.as_second() {
            return None;
        }
        let techniques = self.words.get(entry.techniques);
        Some(Sighting {
            indicator: id_of(entry.id).into(),
            name: self.words.get(entry.name),
            source: self.words.get(entry.source),
            confidence: entry.confidence,
            tlp: entry.tlp,
            subject,
            peer,
            value: value.into(),
            flow: Some(*flow),
            techniques: techniques.split_whitespace().map(Into::into).collect(),
            looking_back: false,
        })
    }
}

/// Which matches were told already, so that one that goes on is told once an hour.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    told: BTreeMap<(Text, Address, Option<Address>), Timestamp>,
}

impl Recent {
    /// Whether a match is to be told at a time.
    pub fn is_new(&mut self, sighting: &Sighting, time: Timestamp) -> bool {
        let key = (sighting.indicator.clone(), sighting.subject, sighting.peer);
        if self.told.get(&key).is_some_and(|told| time.duration_since(*told) < AGAIN) {
            return false;
        }
        if self.told.len() >= TOLD_MAX {
            self.told.retain(|_, told| time.duration_since(*told) < AGAIN);
            if self.told.len() >= TOLD_MAX {
                self.told.clear();
            }
        }
        self.told.insert(key, time);
        true
    }
}

/// What is left of a confidence after a time, by halves: between two halvings along a line, which is near enough.
fn decayed(said: u64, age: SignedDuration, half: SignedDuration) -> u8 {
    let (age, half) = (age.as_secs().max(0).unsigned_abs(), half.as_secs().max(1).unsigned_abs());
    let halvings = u32::try_from(age / half).unwrap_or(u32::MAX);
    let left = said.checked_shr(halvings).unwrap_or(0);
    let part = left * (age % half) / (2 * half);
    u8::try_from(left - part).unwrap_or(100).min(100)
}

/// Techniques of ATT&CK that an object names in its external references.
fn techniques(object: Object<'_>) -> Vec<&str> {
    let references = object.value().get("external_references").and_then(serde_json::Value::as_array);
    let named = references.into_iter().flatten().filter_map(|reference| {
        let source = reference.get("source_name")?.as_str()?;
        let id = reference.get("external_id")?.as_str()?;
        (source.starts_with("mitre-") && id.starts_with('T')).then_some(id)
    });
    named.take(16).collect()
}

fn uuid_of(id: &str) -> Option<[u8; 16]> {
    let digits = id.strip_prefix("indicator--")?.replace('-', "");
    u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32).map(u128::to_be_bytes)
}

fn id_of(uuid: [u8; 16]) -> String {
    let digits = format!("{:032x}", u128::from_be_bytes(uuid));
    let part = |from, to| digits.get(from..to).unwrap_or_default();
    format!("indicator--{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}
