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

mod belief;
mod compile;
mod doubt;
mod form;
mod gathered;
mod held;
mod hold;
mod index;
mod recent;
mod seen;
mod shape;
mod standing;
mod value;
mod words;

pub use belief::{Belief, LooksFor, WatchedBy};
pub use compile::OnlyHunted;
pub use doubt::Ground;
pub use gathered::{Gathered, NotWatched};
pub use held::{Held, PassedOver};
pub use recent::Recent;
pub use standing::Standing;
pub use value::{Kind, Watched};

use crate::stix::Object;
use city::{DoubtKind, Text, Tlp};
use compile::{Compiled, Why, compile};
use index::{Index, Map, Number, Seeker};
use jiff::{SignedDuration, Timestamp};
use std::{collections::BTreeSet, net::IpAddr};
use words::{Words, at_mut};

/// The most values that are watched for.
pub const WATCHED_MAX: usize = 4_000_000;

/// The most indicators that are awaited because they are not valid yet.
const LATER_MAX: usize = 100_000;

/// What an author's word is worth who says nothing of it.
const CONFIDENCE: u8 = 50;

/// How long before an indicator is valid it is awaited, and not doubted: clocks differ.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// The most techniques of an indicator that are told with a sighting.
const TECHNIQUES_MAX: usize = 16;

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

    /// What is the city's own, as far as it was told.
    #[must_use]
    pub fn ground(&self) -> &Ground {
        &self.ground
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
            techniques: self
                .words
                .put(&object.techniques().take(TECHNIQUES_MAX).collect::<Vec<_>>().join(" ")),
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
}

/// Seconds since 1970, as far as an indicator can say them.
fn seconds(time: Timestamp) -> u32 {
    u32::try_from(time.as_second().max(0)).unwrap_or(u32::MAX - 1)
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

#[cfg(test)]
mod tests;
