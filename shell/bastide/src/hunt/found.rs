//! What a hunt finds: rows put together by their ends, in bounded room.

use super::{Ground, Task, ask, place};
use adapt::{
    hunt::{End, Places, Sought, Spread, observed},
    stix::{
        ObservedData,
        pattern::{Budget, Match, evaluate, takes_part},
    },
};
use anyhow::{anyhow, bail};
use city::{Address, Observation, Observed, Text};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    ops::ControlFlow,
};
use store::Looked;

/// The most hits that are told apart; what else is found is counted.
const HITS_MAX: usize = 100_000;

/// The most conversations that are remembered, so that one told of several times counts once.
const TOLD_MAX: usize = 2_000_000;

/// The most rows that are held at once for a pattern that binds several.
const BOUND_ROWS_MAX: usize = 50_000;

/// What tells hits apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) source: Option<Address>,
    pub(super) destination: Option<Address>,
    pub(super) port: Option<u16>,
    pub(super) protocol: Option<&'static str>,
    /// The verb of a request, else the kind of row.
    pub(super) what: &'static str,
    /// The function of a request, the kind of weakness, what an identity is about, how a conversation went.
    pub(super) function: Text,
}

/// Rows that are alike.
#[derive(Clone, Debug)]
pub(super) struct Hit {
    /// Rows, but for conversations that are remembered.
    counted: u64,
    /// Conversations, each by a digest of who, whom and when: one told of several times counts once.
    told: HashSet<u64>,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    /// Of the last row.
    pub(super) target: Text,
    /// Of the last row.
    pub(super) value: Option<Text>,
}

/// What a hunt found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) hits: BTreeMap<Key, Hit>,
    /// Rows found, each conversation once.
    pub(super) rows: u64,
    /// Rows of hits that there was no room to tell apart.
    pub(super) untold: u64,
    pub(super) looked: Looked,
}

/// What a reader of rows gathers.
#[derive(Default)]
struct Gathered {
    found: Found,
    /// How many conversations are remembered.
    told: usize,
    /// Rows that may be bound together, with what they say.
    bound: Vec<(Observation, ObservedData)>,
    problem: Option<anyhow::Error>,
}

impl Found {
    fn put(&mut self, key: Key, hit: Hit) {
        if let Some(known) = self.hits.get_mut(&key) {
            known.join(hit);
        } else if self.hits.len() >= HITS_MAX {
            self.untold += hit.rows();
        } else {
            self.hits.insert(key, hit);
        }
    }

    /// Keeps only what is spread far enough.
    fn keep_spread(&mut self, spread: Spread) {
        let ends = |key: &Key| match spread.of {
            End::Destinations => (key.source, key.destination),
            End::Sources => (key.destination, key.source),
        };
        let mut counted: BTreeMap<Option<Address>, BTreeSet<Option<Address>>> = BTreeMap::new();
        for (per, of) in self.hits.keys().map(ends) {
            counted.entry(per).or_default().insert(of);
        }
        self.hits.retain(|key, _| counted.get(&ends(key).0).is_some_and(|of| of.len() >= spread.least));
    }
}

impl Hit {
    /// How many rows it is.
    pub(super) fn rows(&self) -> u64 {
        self.counted + self.told.len() as u64
    }

    fn join(&mut self, other: Hit) {
        self.counted += other.counted;
        self.told.extend(other.told);
        self.first = self.first.min(other.first);
        // Of rows at one time any is the last; which one must not depend on who read first.
        if (self.last, &self.target, &self.value) < (other.last, &other.target, &other.value) {
            self.last = other.last;
            self.target = other.target;
            self.value = other.value;
        }
    }
}

/// Searches history for what a task seeks.
pub(super) fn search(ground: &Ground, task: &Task, sought: &Sought) -> anyhow::Result<Found> {
    let by_plan = ground.plan.as_ref().map(|plan| move |address: Address| place(plan, address));
    let places: Places<'_> = by_plan.as_ref().map(|place| place as _);
    let fold = |gathered: &mut Gathered, row: Observation| {
        let taken = gathered.take(row, task, sought, places);
        taken.unwrap_or_else(|problem| {
            gathered.problem = Some(problem);
            ControlFlow::Break(())
        })
    };
    let mut all = Gathered::default();
    for (kept, clause) in &sought.asks {
        let question = ask::question(ground, *kept, clause);
        let history = &ground.history;
        let (gathered, looked) = history.search(&question, ground.cores, Gathered::default, fold)?;
        all.looked(looked);
        for gathered in gathered {
            all.join(gathered)?;
        }
    }
    all.bind(task, sought)?;
    let mut found = all.found;
    if let Some(spread) = task.spread {
        found.keep_spread(spread);
        // What could not be told apart is spread nowhere.
        found.untold = 0;
    }
    found.rows = found.untold + found.hits.values().map(Hit::rows).sum::<u64>();
    Ok(found)
}

impl Gathered {
    fn take(
        &mut self,
        row: Observation,
        task: &Task,
        sought: &Sought,
        places: Places<'_>,
    ) -> anyhow::Result<ControlFlow<()>> {
        let id = format!("row at {}", row.time);
        let Some(seen) = observed(id, &row, places) else { return Ok(ControlFlow::Continue(())) };
        if !takes_part(&task.pattern, &seen, Budget::default())? {
            return Ok(ControlFlow::Continue(()));
        }
        if sought.single {
            self.put(&row);
            return Ok(ControlFlow::Continue(()));
        }
        if self.bound.len() >= BOUND_ROWS_MAX {
            bail!(
                "more than {BOUND_ROWS_MAX} rows may be part of it, which are too many to bind together; narrow the pattern, or \
                 the time with --since and --until"
            );
        }
        self.bound.push((row, seen));
        Ok(ControlFlow::Continue(()))
    }

    fn put(&mut self, row: &Observation) {
        let Some((key, mut hit)) = of_row(row) else { return };
        match &row.fact {
            Observed::Conversation(conversation) if self.told < TOLD_MAX => {
                let mut hasher = DefaultHasher::new();
                let flow = city::Flow { protocol: None, ..conversation.flow };
                (flow, conversation.start.as_microsecond()).hash(&mut hasher);
                hit.told.insert(hasher.finish());
                self.told += 1;
            }
            _ => hit.counted = 1,
        }
        self.found.put(key, hit);
    }

    fn looked(&mut self, other: Looked) {
        let looked = &mut self.found.looked;
        looked.files += other.files;
        looked.files_passed += other.files_passed;
        looked.groups += other.groups;
        looked.passed.by_statistics += other.passed.by_statistics;
        looked.passed.by_filter += other.passed.by_filter;
        looked.passed.by_dictionary += other.passed.by_dictionary;
        looked.rows += other.rows;
        looked.rows_read += other.rows_read;
        looked.damaged.extend(other.damaged);
    }

    fn join(&mut self, other: Gathered) -> anyhow::Result<()> {
        if let Some(problem) = other.problem {
            return Err(problem);
        }
        self.found.untold += other.found.untold;
        for (key, hit) in other.found.hits {
            self.found.put(key, hit);
        }
        self.bound.extend(other.bound);
        Ok(())
    }

    /// Evaluates a pattern that binds several rows on all that may be part of it.
    fn bind(&mut self, task: &Task, sought: &Sought) -> anyhow::Result<()> {
        if sought.single {
            return Ok(());
        }
        let mut bound = std::mem::take(&mut self.bound);
        bound.sort_by_key(|(_, seen)| (seen.first(), seen.last()));
        let (rows, seen): (Vec<Observation>, Vec<ObservedData>) = bound.into_iter().unzip();
        let found = evaluate(&task.pattern, &seen, Budget::default())
            .map_err(|undecided| anyhow!(undecided).context("whether it matches could not be decided"))?;
        let places = found.into_iter().flat_map(|Match { observations }| observations);
        places.filter_map(|place| rows.get(place)).for_each(|row| self.put(row));
        Ok(())
    }
}

/// The hit that a row is.
fn of_row(row: &Observation) -> Option<(Key, Hit)> {
    let mut hit = Hit {
        counted: 0,
        told: HashSet::new(),
        first: row.time,
        last: row.time,
        target: Text::default(),
        value: None,
    };
    let key = match &row.fact {
        Observed::Conversation(conversation) => {
            let flow = &conversation.flow;
            hit.first = conversation.start;
            hit.last = conversation.start.checked_add(conversation.duration).unwrap_or(conversation.start);
            Key {
                source: Some(flow.source),
                destination: Some(flow.destination),
                port: Some(flow.destination_port),
                protocol: flow.protocol.map(city::Protocol::as_str),
                what: "conversation",
                function: conversation.state.as_str().into(),
            }
        }
        Observed::Request(request) => {
            let flow = &request.flow;
            hit.target = request.target.to_string().into();
            hit.value.clone_from(&request.value);
            Key {
                source: Some(flow.source),
                destination: Some(flow.destination),
                port: Some(if request.back { flow.source_port } else { flow.destination_port }),
                protocol: flow.protocol.map(city::Protocol::as_str),
                what: request.verb.as_str(),
                function: request.function.clone(),
            }
        }
        Observed::Identity(identity) => {
            hit.value = Some(identity.value.clone());
            Key {
                source: None,
                destination: Some(identity.address),
                port: None,
                protocol: Some(identity.witness.protocol.as_str()),
                what: "identity",
                function: identity.about.as_str().into(),
            }
        }
        Observed::Weakness(weakness) => {
            hit.value = Some(weakness.detail.clone());
            Key {
                source: weakness.peer,
                destination: Some(weakness.address),
                port: Some(weakness.port),
                protocol: Some(weakness.protocol.as_str()),
                what: "weakness",
                function: weakness.kind.as_str().into(),
            }
        }
        _ => return None,
    };
    Some((key, hit))
}
