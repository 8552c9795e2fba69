//! Patterns that ask for more than one value: asked when one of their values was seen, with what was seen before.
//!
//! All of it is bounded: how many patterns are asked in one second of the traffic, how long each may take, how many
//! observations are kept, of one indicator and of all, and for how long. What was passed over is counted by who told it.

use super::{
    Watchlist,
    compile::{KEPT_MAX, least, needs},
    hold::Sight,
    index::Number,
    seen,
};
use crate::stix::{
    ObservedData, Pattern,
    pattern::{Budget, Undecided, evaluate, takes_part},
};
use city::{Address, Flow, Observation, Observed, Sighting, Text};
use jiff::{SignedDuration, Timestamp};
use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

/// How often patterns are asked in one second of the traffic; so many observations that were kept weigh as much as one time
/// more.
const ASKED_MAX: usize = 10_000;
const WEIGH_AS_ONE: usize = 4;

/// How much one observation may cost, and how much several together.
const ONE: Budget = Budget { steps: 50_000 };
const SEVERAL: Budget = Budget { steps: 500_000 };

/// How long what was seen is kept for what may follow.
const SPAN: SignedDuration = SignedDuration::from_hours(24);

/// The most indicators of which something seen is kept, and the most observations in all.
const WINDOWS_MAX: usize = 1_024;
const OBSERVATIONS_MAX: usize = 16_384;

/// The most patterns that are kept as they were read.
const READ_MAX: usize = 1_024;

/// The longest text of a pattern that a sighting shows, in characters.
const SHOWN_MAX: usize = 200;

/// The most sources of which is counted what was passed over.
const SOURCES_MAX: usize = 256;

/// An indicator whose pattern is to be asked, and how the sighting would be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking {
    pub(super) number: Number,
    pub(super) confidence: u8,
    pub(super) subject: Address,
    pub(super) peer: Address,
}

/// What of a source's patterns could not be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedOver {
    /// How often.
    pub count: u64,
    /// One of them, and why.
    pub example: Text,
}

/// A pattern as it was read.
#[derive(Clone, Debug)]
struct Read {
    pattern: Pattern,
    is_single: bool,
    /// How many observations it takes at least.
    least: u64,
}

/// What was seen of one indicator.
#[derive(Clone, Debug, Default)]
struct Window {
    seen: Vec<ObservedData>,
    /// Which conversation each was, by its ends and its beginning.
    of: Vec<Option<(Flow, Timestamp)>>,
    /// Conversations that led to a sighting: when they are told of again, they are not taken again.
    taken: Vec<(Flow, Timestamp)>,
}

/// What is held of what was seen, for patterns that ask for several observations.
#[derive(Clone, Debug, Default)]
pub struct Held {
    read: BTreeMap<Arc<str>, Option<Arc<Read>>>,
    windows: BTreeMap<([u8; 16], Arc<str>), Window>,
    observations: usize,
    second: i64,
    asked: usize,
    passed_over: BTreeMap<Text, PassedOver>,
    /// Room, kept so that it is not asked for again for each observation.
    room: Vec<Asking>,
}

impl Held {
    /// What could not be asked since this was asked last, by who told it.
    pub fn passed_over(&mut self) -> BTreeMap<Text, PassedOver> {
        std::mem::take(&mut self.passed_over)
    }

    /// Room for the patterns to be asked.
    pub(super) fn room(&mut self) -> Vec<Asking> {
        std::mem::take(&mut self.room)
    }

    /// Asks patterns of which a value was seen, each once.
    pub(super) fn ask(
        &mut self,
        list: &Watchlist,
        mut asked: Vec<Asking>,
        observation: &Observation,
        sightings: &mut Vec<Sighting>,
    ) {
        if asked.is_empty() {
            self.room = asked;
            return;
        }
        // By what they are, not by where they stand in the list; of one pattern of one indicator the surest counts.
        let which = |asking: &Asking| {
            list.entry(asking.number).map(|entry| (entry.id, list.words.get(entry.pattern)))
        };
        asked.sort_by_cached_key(|asking| {
            let rank = list.entry(asking.number).map(|entry| list.rank(entry));
            (which(asking), Reverse(asking.confidence), rank)
        });
        asked.dedup_by(|one, other| which(one) == which(other));
        let Some(flow) = flow_of(observation) else { return };
        let mut observed = None;
        for asking in asked.drain(..) {
            let Some(entry) = list.entry(asking.number) else { continue };
            let Some(text) = list.words.get(entry.pattern) else { continue };
            let source = list.source(entry);
            if !self.may_ask(observation.time) {
                let example = format!("more than {ASKED_MAX} patterns would be asked in one second");
                self.pass_over(source, &example);
                continue;
            }
            let Some(read) = self.read(text) else { continue };
            if observed.is_none() {
                observed = seen::observed(observation);
            }
            let Some(observed) = &observed else { break };
            match self.holds(entry.id, text, &read, observed, observation) {
                Ok(false) => {}
                Ok(true) => {
                    let shown: String = text.chars().take(SHOWN_MAX).collect();
                    let Asking { confidence, subject, peer, .. } = asking;
                    let sight = Sight { subject, peer, flow: &flow, time: observation.time };
                    sightings.push(list.sighting(entry, confidence, &sight, shown.into()));
                }
                Err(why) => self.pass_over(source, &format!("{}: {why}", super::id_of(entry.id))),
            }
        }
        self.room = asked;
    }

    fn may_ask(&mut self, time: Timestamp) -> bool {
        if time.as_second() != self.second {
            (self.second, self.asked) = (time.as_second(), 0);
        }
        self.asked = self.asked.saturating_add(1);
        self.asked <= ASKED_MAX
    }

    fn pass_over(&mut self, source: Text, example: &str) {
        if self.passed_over.len() >= SOURCES_MAX && !self.passed_over.contains_key(&source) {
            return;
        }
        let told = self.passed_over.entry(source).or_default();
        if told.count == 0 {
            told.example = example.into();
        }
        told.count += 1;
    }

    fn read(&mut self, text: &Arc<str>) -> Option<Arc<Read>> {
        if let Some(read) = self.read.get(text) {
            return read.clone();
        }
        if self.read.len() >= READ_MAX {
            self.read.clear();
        }
        let read = Pattern::parse(text).ok().map(|pattern| {
            let is_single = needs(pattern.root()) == 1;
            let least = least(pattern.root());
            Arc::new(Read { pattern, is_single, least })
        });
        self.read.insert(Arc::clone(text), read.clone());
        read
    }

    /// Whether a pattern holds now, of what is seen and what was seen before.
    fn holds(
        &mut self,
        id: [u8; 16],
        text: &Arc<str>,
        read: &Read,
        observed: &ObservedData,
        observation: &Observation,
    ) -> Result<bool, Undecided> {
        if read.is_single {
            return Ok(evaluate(&read.pattern, std::slice::from_ref(observed), ONE)?.is_some());
        }
        if !takes_part(&read.pattern, observed, ONE)? {
            return Ok(false);
        }
        let key = (id, Arc::clone(text));
        self.make_room(&key);
        let window = self.windows.entry(key).or_default();
        let before = window.seen.len();
        window.put(observed.clone(), conversation_of(observation));
        let held = if (window.seen.len() as u64) < read.least {
            Ok(None)
        } else {
            self.asked = self.asked.saturating_add(window.seen.len() / WEIGH_AS_ONE);
            evaluate(&read.pattern, &window.seen, SEVERAL)
        };
        if let Ok(Some(_)) = held {
            window.take_all();
        }
        self.observations = self.observations.saturating_sub(before) + window.seen.len();
        Ok(held?.is_some())
    }

    /// Lets go of what was seen longest ago, where there is no room for more.
    fn make_room(&mut self, key: &([u8; 16], Arc<str>)) {
        let is_full = self.observations >= OBSERVATIONS_MAX
            || self.windows.len() >= WINDOWS_MAX && !self.windows.contains_key(key);
        if !is_full {
            return;
        }
        let last = |window: &Window| window.seen.last().map(ObservedData::last);
        let oldest =
            self.windows.iter().filter(|(other, _)| *other != key).min_by_key(|(_, window)| last(window));
        if let Some(oldest) = oldest.map(|(oldest, _)| oldest.clone())
            && let Some(window) = self.windows.remove(&oldest)
        {
            self.observations = self.observations.saturating_sub(window.seen.len());
        }
    }
}

impl Window {
    /// Adds what was seen. A conversation that was told of before is the same one.
    fn put(&mut self, observed: ObservedData, conversation: Option<(Flow, Timestamp)>) {
        if conversation.is_some_and(|it| self.taken.contains(&it)) {
            return;
        }
        let known = conversation.and_then(|it| self.of.iter().position(|other| *other == Some(it)));
        if let Some(slot) = known.and_then(|at| self.seen.get_mut(at)) {
            *slot = observed;
            return;
        }
        let since = observed.last().checked_sub(SPAN).unwrap_or(Timestamp::MIN);
        let mut at = 0;
        while let Some(old) = self.seen.get(at) {
            if old.last() < since || self.seen.len() >= KEPT_MAX {
                self.seen.remove(at);
                self.of.remove(at);
            } else {
                at += 1;
            }
        }
        self.seen.push(observed);
        self.of.push(conversation);
    }

    /// Lets go of everything: it led to a sighting.
    fn take_all(&mut self) {
        self.seen.clear();
        self.taken.extend(self.of.drain(..).flatten());
        let old = self.taken.len().saturating_sub(KEPT_MAX);
        self.taken.drain(..old);
    }
}

fn flow_of(observation: &Observation) -> Option<Flow> {
    match &observation.fact {
        Observed::Opened(flow) => Some(*flow),
        Observed::Conversation(conversation) => Some(conversation.flow),
        Observed::Request(request) => Some(request.conversation()),
        _ => None,
    }
}

/// Which conversation it is, if it is one: its protocol becomes known only later.
fn conversation_of(observation: &Observation) -> Option<(Flow, Timestamp)> {
    let (flow, start) = match &observation.fact {
        Observed::Opened(flow) => (*flow, observation.time),
        Observed::Conversation(conversation) => (conversation.flow, conversation.start),
        _ => return None,
    };
    Some((Flow { protocol: None, ..flow }, start))
}
