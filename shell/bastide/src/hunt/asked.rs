//! Hunts that are asked for in the console, beside the loop; and those that the demo makes.

use super::{AnswerFormat, Ground, Of, Task, When, answerable, evidence, found, open};
use crate::{arguments::State, engine::Message, failure::warn, recovery::tell};
use adapt::{
    hunt::{Hunt, Sought, built_in},
    stix::Pattern,
};
use anyhow::{Context, bail};
use city::{Hunted, Observation, Observed, Text};
use console::{HuntAsked, HuntFound, HuntHit};
use cycle::City;
use jiff::{SignedDuration, Timestamp};
use std::{
    cmp::Reverse,
    num::NonZeroUsize,
    sync::{Arc, PoisonError, RwLock, mpsc::SyncSender},
};
use store::History;

/// How many hits a person is shown: the latest.
const HITS_SHOWN: usize = 200;

/// Where hunts of the console look, and whom they tell. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Hunter {
    pub(crate) city: Arc<RwLock<City>>,
    pub(crate) history: History,
    pub(crate) messages: SyncSender<Message>,
}

impl Hunter {
    /// Hunts, tells the city that it was done, and says what was found. On one core: the loop needs the others.
    pub(crate) fn hunt(&self, by: &str, asked: &HuntAsked) -> anyhow::Result<HuntFound> {
        let now = Timestamp::now();
        let plan = self.city.read().unwrap_or_else(PoisonError::into_inner).plan().cloned();
        let back = asked.days.map(|days| SignedDuration::from_hours(24 * i64::from(days)));
        let ground = Ground {
            history: self.history.clone(),
            plan: plan.map(|plan| plan.as_ref().clone()),
            files: None,
            from: back.map(|back| now.checked_sub(back)).transpose()?,
            until: None,
            cores: NonZeroUsize::MIN,
        };
        let task = match &asked.name {
            Some(name) => of_library(name)?,
            None => Task { saved: None, pattern: pattern(&asked.pattern)?, spread: None },
        };
        let found = made(&ground, &task, Text::from(by), now)?;
        let fact = Observed::Hunted(Box::new(found.hunted.clone()));
        let observation = Observation { time: now, sensor: Text::const_new("bastide"), fact };
        let noted = Box::new(|noted: Result<(), String>| {
            if let Err(why) = noted {
                warn(format_args!("that a hunt was made was not noted: {why}"));
            }
        });
        if self.messages.send(Message::Told(Box::new(observation), noted)).is_err() {
            bail!("Bastide is stopping, so that the hunt is not on record");
        }
        Ok(found)
    }
}

fn pattern(text: &str) -> anyhow::Result<Pattern> {
    Pattern::parse(text).map_err(|error| anyhow::anyhow!("not a pattern: {error}"))
}

fn of_library(name: &str) -> anyhow::Result<Task> {
    let hunt: Option<Hunt> = built_in()?.into_iter().find(|hunt| hunt.name == name);
    let hunt = hunt.with_context(|| format!("there is no hunt `{name}`"))?;
    Ok(Task { pattern: pattern(&hunt.pattern)?, spread: hunt.spread, saved: Some(hunt) })
}

/// Makes a hunt.
fn made(ground: &Ground, task: &Task, by: Text, now: Timestamp) -> anyhow::Result<HuntFound> {
    let sought = Sought::new(&task.pattern, ground.plan.is_some());
    answerable(task.saved.as_ref().map_or("the query", |hunt| hunt.name.as_str()), &sought)?;
    let found = found::search(ground, task, &sought)?;
    let hunted: Hunted = evidence::of(ground, task, &found, by, now)?;
    let mut hits: Vec<_> = found.hits.iter().collect();
    hits.sort_by_key(|(_, hit)| Reverse(hit.last));
    let beyond = hits.len().saturating_sub(HITS_SHOWN);
    let shown = hits.into_iter().take(HITS_SHOWN).map(|(key, hit)| HuntHit {
        first: hit.first,
        last: hit.last,
        rows: hit.rows(),
        source: key.source,
        destination: key.destination,
        port: key.port,
        protocol: key.protocol,
        what: key.what,
        function: key.function.clone(),
        target: hit.target.clone(),
        value: hit.value.clone(),
    });
    Ok(HuntFound {
        hits: shown.collect(),
        beyond,
        unsought: sought.unsupported.into_iter().chain(found.looked.damaged).collect(),
        hunted,
    })
}

/// Runs hunts of the library on what a running process remembers of the last day, and tells it.
pub(crate) fn run_of_library(state: &State, by: &str, names: &[&str]) -> anyhow::Result<()> {
    let now = Timestamp::now();
    let of = Of {
        state: State::of(state.directory()),
        since: Some(When::Ago(SignedDuration::from_hours(24))),
        until: None,
        limit: 0,
        threads: Some(NonZeroUsize::MIN),
        format: AnswerFormat::Table,
    };
    let (ground, _) = open(&of)?;
    let mut told = Vec::new();
    for name in names {
        let found = made(&ground, &of_library(name)?, Text::from(by), now)?;
        let fact = Observed::Hunted(Box::new(found.hunted));
        told.push(Observation { time: now, sensor: Text::const_new("bastide"), fact });
    }
    tell::tell(state, None, &told);
    Ok(())
}
