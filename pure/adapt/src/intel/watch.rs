//! Indicators held against what is seen.
//!
//! ```text
//! indicator ─► compile: anchors ─► Index ─┐
//! observation ─► seen: values ────────────┴─► hit ─┬─► sighting
//!                    pattern and what was seen before ─► evaluate ─┘
//! ```
//!
//! What is looked for are values that traffic shows: addresses outside the city, networks of such addresses, names, URLs,
//! hashes of certificates, fingerprints of hellos. Each observation costs a look-up for each value that it shows, however
//! many indicators there are; a pattern that asks for more is evaluated only when one of its values was seen. What shows
//! in no traffic is kept and hunted with, and told with the reason.

mod compile;
mod doubt;
mod held;
mod index;
mod seen;
mod value;

pub use compile::OnlyHunted;
pub use doubt::Ground;
pub use held::{Held, PassedOver};
pub use value::{Kind, Watched};

use crate::stix::Object;
use city::{Address, Doubt, DoubtKind, Flow, Observation, Observed, Received, Request, Sighting, Text, Tlp};
use compile::{Compiled, Why, compile};
use held::Asking;
use index::{Index, Map, Number, Seeker};
use jiff::{SignedDuration, Timestamp};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

/// The most values that are watched for.
pub const WATCHED_MAX: usize = 4_000_000;

/// The most indicators that are awaited because they are not valid yet.
const LATER_MAX: usize = 100_000;

/// What an author's word is worth who says nothing of it.
const CONFIDENCE: u8 = 50;

/// By how much less that is believed of which less is seen than it asks for.
const LESS: u8 = 2;

/// After how long what is said of an address is believed half as much: addresses change hands.
const HALF_LIFE_ADDRESS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// After how long what is said of anything else is believed half as much: names are given up more slowly.
const HALF_LIFE_OTHER: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How long before an indicator is valid it is awaited, and not doubted: clocks differ.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// How long the same match at the same two ends is one sighting.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// The most matches of which it is known when they were told last.
const TOLD_MAX: usize = 65_536;

/// The number of no indicator, and the place of no word.
const NONE: u32 = u32::MAX;

/// What is kept of an indicator, and its words once for all that share them.
#[derive(Clone, Debug)]
struct Entry {
    /// The UUID of its id.
    id: [u8; 16],
    name: u32,
    techniques: u32,
    source: u32,
    /// The pattern that decides where a value alone does not.
    pattern: u32,
    /// Another reading of the same indicator.
    next: Number,
    /// Seconds since 1970.
    from: u32,
    until: u32,
    /// What its author says of it, from 0 to 100.
    said: u8,
    tlp: Tlp,
    values: Values,
}

/// What an indicator looks for: most often one thing.
#[derive(Clone, Debug)]
enum Values {
    One(Watched, bool),
    Several(Box<[(Watched, bool)]>),
}

impl Values {
    fn each(&self) -> impl Iterator<Item = (&Watched, bool)> {
        let (one, several) = match self {
            Values::One(value, says_less) => (Some((value, *says_less)), [].as_slice()),
            Values::Several(all) => (None, &**all),
        };
        one.into_iter().chain(several.iter().map(|(value, says_less)| (value, *says_less)))
    }
}

/// Somebody who tells.
#[derive(Clone, Copy, Debug, Default)]
struct Source {
    trust: u8,
    watched: u64,
}

/// Indicators, to be held against what is seen. It is changed as what is known changes, and is then as if made anew.
#[derive(Clone, Debug, Default)]
pub struct Watchlist {
    entries: Vec<Option<Entry>>,
    free: Vec<Number>,
    /// The first reading of each indicator.
    ids: Map<[u8; 16], Number>,
    sources: Map<Text, Source>,
    words: Words,
    index: Index,
    /// What is not valid yet, by when it will be.
    later: BTreeSet<(Timestamp, [u8; 16])>,
    /// Tells which end of a request is the city's.
    ground: Ground,
}

/// Texts that many share, each kept once and as long as somebody needs it.
#[derive(Clone, Debug, Default)]
struct Words {
    texts: Vec<(Arc<str>, u32)>,
    places: Map<Arc<str>, u32>,
    free: Vec<u32>,
}

impl Words {
    fn put(&mut self, text: &str) -> u32 {
        let known = self.places.get(text).copied();
        if let Some(place) = known
            && let Some((_, uses)) = at_mut(&mut self.texts, place)
        {
            *uses += 1;
            return place;
        }
        let text: Arc<str> = text.into();
        let place = match self.free.pop() {
            Some(place) => {
                if let Some(slot) = at_mut(&mut self.texts, place) {
                    *slot = (Arc::clone(&text), 1);
                }
                place
            }
            None => {
                self.texts.push((Arc::clone(&text), 1));
                u32::try_from(self.texts.len() - 1).unwrap_or(NONE)
            }
        };
        self.places.insert(text, place);
        place
    }

    fn take(&mut self, place: u32) {
        let Some((text, uses)) = at_mut(&mut self.texts, place) else { return };
        *uses = uses.saturating_sub(1);
        if *uses == 0 {
            self.places.swap_remove(&**text);
            *text = "".into();
            self.free.push(place);
        }
    }

    fn get(&self, place: u32) -> Option<&Arc<str>> {
        self.texts.get(usize::try_from(place).ok()?).map(|(text, _)| text)
    }

    fn text(&self, place: u32) -> Text {
        self.get(place).map(|text| Text::from(&**text)).unwrap_or_default()
    }
}

fn at_mut<T>(list: &mut [T], place: u32) -> Option<&mut T> {
    list.get_mut(usize::try_from(place).ok()?)
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

/// What is not watched for, for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotWatched {
    /// How many indicators.
    pub count: u64,
    /// One of them, and what of it cannot be watched for.
    pub example: Text,
}

/// What came of adding indicators.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// Indicators of which at least one value is watched for.
    pub watched: u64,
    /// Of these, how many have further parts that cannot be watched for.
    pub in_part: u64,
    /// Indicators that cannot be watched for, and can be hunted with.
    pub hunted_only: u64,
    /// Why indicators, or parts of them, cannot be watched for.
    pub not_watched: BTreeMap<OnlyHunted, NotWatched>,
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

    fn leave(&mut self, reason: OnlyHunted, example: impl FnOnce() -> String) {
        let told = self
            .not_watched
            .entry(reason)
            .or_insert_with(|| NotWatched { count: 0, example: example().into() });
        told.count += 1;
    }

    /// Adds what came of adding others.
    pub fn add(&mut self, others: Gathered) {
        self.watched += others.watched;
        self.in_part += others.in_part;
        self.hunted_only += others.hunted_only;
        self.over += others.over;
        for (reason, told) in others.not_watched {
            match self.not_watched.get_mut(&reason) {
                Some(known) => known.count += told.count,
                None => drop(self.not_watched.insert(reason, told)),
            }
        }
        for (kind, doubt) in others.doubts {
            match self.doubts.get_mut(&kind) {
                Some(known) => known.count += doubt.count,
                None => drop(self.doubts.insert(kind, doubt)),
            }
        }
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
        self.index.len()
    }

    /// Whether nothing is watched for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The addresses that are watched for, for whoever looks for them in the past.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.index.addresses()
    }

    /// Whether an address is watched for by itself.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        self.index.holds(address)
    }

    /// Whether anything of an indicator is watched for.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        uuid_of(id).is_some_and(|id| self.ids.contains_key(&id))
    }

    /// The addresses that one indicator watches for.
    pub fn addresses_of(&self, id: &str) -> impl Iterator<Item = IpAddr> {
        let mut next = uuid_of(id).and_then(|id| self.ids.get(&id).copied());
        let readings = std::iter::from_fn(move || {
            let entry = self.entry(next?)?;
            next = Some(entry.next).filter(|next| *next != NONE);
            Some(entry)
        });
        readings.flat_map(|entry| entry.values.each()).filter_map(|(value, _)| match value {
            Watched::Address(address) => Some(*address),
            _ => None,
        })
    }

    /// How many indicators of each source are watched for, each reading of one counted.
    pub fn by_source(&self) -> impl Iterator<Item = (&Text, u64)> {
        self.sources.iter().map(|(name, source)| (name, source.watched))
    }

    /// Makes room for so many more indicators.
    pub fn reserve(&mut self, indicators: usize) {
        let indicators = indicators.min(WATCHED_MAX);
        self.entries.reserve(indicators);
        self.ids.reserve(indicators);
        self.index.reserve(indicators);
    }

    /// Tells what is the city's own, so that a request is told of the end that is.
    pub fn stand_on(&mut self, ground: &Ground) {
        self.ground = ground.clone();
    }

    /// How far a source is believed from now on, from 0 to 100.
    pub fn trust(&mut self, source: &str, trust: u8) {
        if let Some(known) = self.sources.get_mut(source) {
            known.trust = trust;
        }
    }

    /// Puts what is known now of an indicator in place of what was known before: each reading of its newest version with
    /// who told it, in the order in which they came; none at all takes it away.
    pub fn set<'v>(
        &mut self,
        id: &str,
        readings: impl IntoIterator<Item = (Object<'v>, Origin<'v>)>,
        ground: &Ground,
        now: Timestamp,
        gathered: &mut Gathered,
    ) {
        if let Some(uuid) = uuid_of(id) {
            self.take(uuid);
        }
        for (object, origin) in readings {
            self.add(object, origin, ground, now, gathered);
        }
    }

    /// Takes away what is no longer valid at a time, and says which indicators have become valid by then, by their ids: what is
    /// known of those is to be set.
    pub fn pass(&mut self, now: Timestamp) -> Vec<String> {
        let second = seconds(now);
        for number in 0..self.entries.len() {
            if let Some(Some(entry)) = self.entries.get(number)
                && entry.until <= second
                && let Ok(number) = Number::try_from(number)
            {
                self.take_reading(number);
            }
        }
        let by = now.saturating_add(AHEAD).unwrap_or(now);
        let waiting =
            self.later.split_off(&(by.saturating_add(SignedDuration::from_nanos(1)).unwrap_or(by), [0; 16]));
        let due = std::mem::replace(&mut self.later, waiting);
        due.into_iter().map(|(_, id)| id_of(id)).collect()
    }

    /// Adds a reading of an indicator, if it is one, is in force, and stands on the ground of what is known of the city.
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
        if object.revoked() || until.is_some_and(|until| seconds(until) <= seconds(now)) {
            gathered.over += 1;
            return;
        }
        let from = object.valid_from().or_else(|| object.modified()).unwrap_or(now);
        if from > now.saturating_add(AHEAD).unwrap_or(now) {
            if self.later.len() < LATER_MAX {
                self.later.insert((from, uuid));
            }
            return gathered.doubt(DoubtKind::WrongTime, || format!("`{id}` is valid from {from:.0}"));
        }
        let compiled = match object.pattern().filter(|_| object.pattern_type() == Some("stix")).map(compile) {
            Some(Ok(Ok(compiled))) => compiled,
            Some(Ok(Err(Why { reason, about }))) => {
                gathered.hunted_only += 1;
                return gathered.leave(reason, || format!("{about} in `{id}`"));
            }
            None => {
                gathered.hunted_only += 1;
                return gathered.leave(OnlyHunted::OtherLanguage, || format!("`{id}`"));
            }
            Some(Err(cause)) => return gathered.doubt(DoubtKind::Malformed, || format!("`{id}`: {cause}")),
        };
        let Compiled { anchors, pattern, left_out } = compiled;
        let mut values = Vec::with_capacity(anchors.len());
        for (value, says_less) in anchors {
            if let Some(kind) = ground.doubt(&value, origin.source) {
                // That the host of a bare URL is well known was said of the URL.
                if !says_less {
                    gathered.doubt(kind, || format!("{value} in `{id}`"));
                }
            } else if self.len() + values.len() >= WATCHED_MAX {
                gathered
                    .doubt(DoubtKind::TooLarge, || format!("{WATCHED_MAX} values are watched for at most"));
            } else {
                values.push((value, says_less));
            }
        }
        if values.is_empty() {
            return;
        }
        gathered.watched += 1;
        gathered.in_part += u64::from(!left_out.is_empty());
        for Why { reason, about } in left_out {
            gathered.leave(reason, || format!("{about} in `{id}`"));
        }
        let source = self.sources.entry(origin.source.into());
        let place = u32::try_from(source.index()).unwrap_or(NONE);
        let source = source.or_default();
        source.trust = origin.trust.min(100);
        source.watched += 1;
        let values = match <[_; 1]>::try_from(values) {
            Ok([(value, says_less)]) => Values::One(value, says_less),
            Err(values) => Values::Several(values.into()),
        };
        let entry = Entry {
            id: uuid,
            name: self.words.put(object.name().unwrap_or_default()),
            techniques: self.words.put(&techniques(object).join(" ")),
            source: place,
            pattern: pattern.map_or(NONE, |pattern| self.words.put(&pattern)),
            next: NONE,
            from: seconds(from),
            until: until.map_or(u32::MAX, seconds),
            said: object.confidence().unwrap_or(CONFIDENCE),
            tlp: origin.tlp,
            values,
        };
        self.put(entry);
    }

    fn put(&mut self, mut entry: Entry) {
        let number = match self.free.pop() {
            Some(number) => number,
            None => {
                self.entries.push(None);
                Number::try_from(self.entries.len() - 1).unwrap_or(NONE)
            }
        };
        for (value, says_less) in entry.values.each() {
            self.index.put(value, Seeker { number, says_less });
        }
        entry.next = self.ids.insert(entry.id, number).unwrap_or(NONE);
        if let Some(slot) = at_mut(&mut self.entries, number) {
            *slot = Some(entry);
        }
    }

    fn entry(&self, number: Number) -> Option<&Entry> {
        self.entries.get(usize::try_from(number).ok()?)?.as_ref()
    }

    /// Takes an indicator away, in all its readings.
    fn take(&mut self, id: [u8; 16]) {
        while let Some(number) = self.ids.get(&id).copied() {
            self.take_reading(number);
        }
        if !self.later.is_empty() {
            self.later.retain(|(_, waiting)| *waiting != id);
        }
    }

    fn take_reading(&mut self, number: Number) {
        let Some(entry) = at_mut(&mut self.entries, number).and_then(Option::take) else { return };
        self.free.push(number);
        for (value, says_less) in entry.values.each() {
            self.index.take(value, Seeker { number, says_less });
        }
        [entry.name, entry.techniques, entry.pattern].into_iter().for_each(|word| self.words.take(word));
        let source = usize::try_from(entry.source).ok().and_then(|place| self.sources.get_index_mut(place));
        if let Some((_, source)) = source {
            source.watched = source.watched.saturating_sub(1);
        }
        let first = self.ids.get(&entry.id).copied();
        if first == Some(number) {
            if entry.next == NONE {
                self.ids.swap_remove(&entry.id);
            } else {
                self.ids.insert(entry.id, entry.next);
            }
            return;
        }
        let mut before = first;
        while let Some(at) = before {
            let Some(Some(reading)) = at_mut(&mut self.entries, at) else { return };
            if reading.next == number {
                reading.next = entry.next;
                return;
            }
            before = Some(reading.next).filter(|next| *next != NONE);
        }
    }

    /// What an observation shows of what is watched for.
    pub fn see(&self, observation: &Observation, held: &mut Held, sightings: &mut Vec<Sighting>) {
        if self.ids.is_empty() {
            return;
        }
        let mut hits = Hits { asked: held.room(), sightings, is_told: false };
        match &observation.fact {
            Observed::Opened(flow) => self.see_flow(flow, observation, &mut hits),
            Observed::Conversation(conversation) => {
                self.see_flow(&conversation.flow, observation, &mut hits);
            }
            Observed::Request(request) => self.see_request(request, observation, &mut hits),
            _ => {}
        }
        let Hits { asked, .. } = hits;
        held.ask(self, asked, observation, sightings);
    }

    fn see_flow(&self, flow: &Flow, observation: &Observation, hits: &mut Hits<'_>) {
        for (end, other) in ends(flow) {
            let Address::Ip(ip) = end else { continue };
            let sight = Sight { subject: other, peer: end, flow, time: observation.time };
            // What says most of the address comes first and suffices.
            hits.is_told = false;
            for seekers in self.index.at_end(ip.to_canonical()) {
                self.heed(seekers, &sight, || end.to_string(), true, hits);
            }
        }
    }

    fn see_request(&self, request: &Request, observation: &Observation, hits: &mut Hits<'_>) {
        let flow = request.conversation();
        let time = observation.time;
        if self.index.wants_asked() && seen::has_ends(request) {
            for (end, other) in ends(&flow) {
                let Address::Ip(ip) = end else { continue };
                let sight = Sight { subject: other, peer: end, flow: &flow, time };
                hits.is_told = false;
                for seekers in self.index.asked(ip.to_canonical()) {
                    self.heed(seekers, &sight, || end.to_string(), true, hits);
                }
            }
        }
        let comes_in = self.ground.is_inside(flow.destination) && !self.ground.is_inside(flow.source);
        let (subject, peer) =
            if comes_in { (flow.destination, flow.source) } else { (flow.source, flow.destination) };
        let sight = Sight { subject, peer, flow: &flow, time };
        seen::texts(
            request,
            |kind| self.index.wants(kind),
            |kind, text| {
                hits.is_told = false;
                self.heed(self.index.texts(kind, text), &sight, || text.to_owned(), false, hits);
            },
        );
    }

    /// Tells the surest of those who look for a value that was seen, unless something was told of it, and notes those whose
    /// patterns are to be asked.
    fn heed(
        &self,
        seekers: &[Seeker],
        sight: &Sight<'_>,
        value: impl FnOnce() -> String,
        of_address: bool,
        hits: &mut Hits<'_>,
    ) {
        let mut surest = None;
        for seeker in seekers {
            // Watched or not, what is no longer valid is no sign.
            let entry = self.entry(seeker.number).filter(|entry| entry.until > seconds(sight.time));
            let Some(entry) = entry else { continue };
            let confidence = self.confidence(entry, of_address, sight.time);
            let confidence = if seeker.says_less { confidence / LESS } else { confidence };
            if entry.pattern == NONE {
                // Of equals the same in every list, wherever they stand in it.
                let rank = (Reverse(confidence), entry.id, self.source(entry));
                if surest.as_ref().is_none_or(|(surest, _)| rank < *surest) {
                    surest = Some((rank, entry));
                }
            } else {
                let Sight { subject, peer, .. } = *sight;
                hits.asked.push(Asking { number: seeker.number, confidence, subject, peer });
            }
        }
        if let Some(((Reverse(confidence), ..), entry)) = surest.filter(|_| !hits.is_told) {
            hits.is_told = true;
            hits.sightings.push(self.sighting(entry, confidence, sight, value().into()));
        }
    }

    fn source_of(&self, entry: &Entry) -> Option<(&Text, &Source)> {
        self.sources.get_index(usize::try_from(entry.source).ok()?)
    }

    /// Who told it.
    fn source(&self, entry: &Entry) -> Text {
        self.source_of(entry).map(|(name, _)| name.clone()).unwrap_or_default()
    }

    /// How far an indicator is believed at a time.
    fn confidence(&self, entry: &Entry, of_address: bool, time: Timestamp) -> u8 {
        let trust = self.source_of(entry).map_or(0, |(_, source)| source.trust);
        let said = u64::from(entry.said) * u64::from(trust) / 100;
        let age = SignedDuration::from_secs(i64::from(seconds(time)) - i64::from(entry.from));
        decayed(said, age, if of_address { HALF_LIFE_ADDRESS } else { HALF_LIFE_OTHER })
    }

    fn sighting(&self, entry: &Entry, confidence: u8, sight: &Sight<'_>, value: Text) -> Sighting {
        let techniques = self.words.text(entry.techniques);
        Sighting {
            indicator: id_of(entry.id).into(),
            name: self.words.text(entry.name),
            source: self.source(entry),
            confidence,
            tlp: entry.tlp,
            subject: sight.subject,
            peer: Some(sight.peer),
            value,
            flow: Some(*sight.flow),
            techniques: techniques.split_whitespace().map(Into::into).collect(),
            looking_back: false,
        }
    }
}

/// What one observation led to.
struct Hits<'h> {
    /// The patterns to be asked.
    asked: Vec<Asking>,
    sightings: &'h mut Vec<Sighting>,
    /// Whether something was told of the value that is looked at.
    is_told: bool,
}

/// Where something was seen.
struct Sight<'s> {
    subject: Address,
    peer: Address,
    flow: &'s Flow,
    time: Timestamp,
}

/// Each end with the other.
fn ends(flow: &Flow) -> [(Address, Address); 2] {
    [(flow.source, flow.destination), (flow.destination, flow.source)]
}

/// Seconds since 1970, as far as an indicator can say them.
fn seconds(time: Timestamp) -> u32 {
    u32::try_from(time.as_second().max(0)).unwrap_or(u32::MAX - 1)
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
