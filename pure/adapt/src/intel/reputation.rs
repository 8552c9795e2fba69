//! Who was right: what sources told, by what became of the incidents that it led to.
//!
//! A source begins with the trust that the plan gives it. Each incident with a sighting of one of its indicators is one
//! verdict, whatever number of sightings: right once people said that what it harmed is right again or that they learned
//! from it, wrong as long as they say that it is none. What nobody decided says nothing, nor what was contained without a
//! person. The trust is the mean of a beta distribution whose prior weighs as much as [`WEIGHT`] verdicts with the plan's
//! trust as its mean: it moves slowly, towards what turned out true, and never past it.

use city::{Incident, IncidentState, Text};
use plan::Plan;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// How far those are believed to begin with who are no peers of the plan: somebody here took their word in.
pub const FILE_TRUST: u8 = 80;

/// How far a source is believed before it has shown what it is worth: as the plan says of its peers, from 0 to 100.
#[must_use]
pub fn to_begin_with(plan: Option<&Plan>, source: &str) -> u8 {
    let peer = plan.and_then(|plan| plan.peer(&source.parse().ok()?));
    peer.map_or(FILE_TRUST, |peer| peer.trust)
}

/// How many verdicts the plan's word weighs as much as.
pub const WEIGHT: u64 = 10;

/// The most sources that are told apart, of one finding and of all.
const SOURCES_MAX: usize = 1_024;
const SOURCES_OF_ONE_MAX: usize = 8;

/// The most findings whose sources are known; the oldest are forgotten first.
const FINDINGS_MAX: usize = 10_000;

/// The most verdicts that may still change; the oldest become final first.
const VERDICTS_MAX: usize = 10_000;

/// How many incidents a source was right and wrong about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Confirmed.
    pub right: u64,
    /// Dismissed.
    pub wrong: u64,
}

impl Tally {
    fn count(&mut self, right: bool) {
        let count = if right { &mut self.right } else { &mut self.wrong };
        *count = count.saturating_add(1);
    }
}

/// How far a source is believed, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Believed {
    /// From 0 to 100.
    pub trust: u8,
    /// What it was before it had shown what it is worth.
    pub before: u8,
    /// What it has shown.
    #[serde(flatten)]
    pub tally: Tally,
}

impl Believed {
    /// How far a source is believed that was believed so far before, and has shown this.
    #[must_use]
    pub fn new(before: u8, tally: Tally) -> Believed {
        let before = before.min(100);
        let (right, wrong) = (u128::from(tally.right), u128::from(tally.wrong));
        let weight = u128::from(WEIGHT);
        let mean = (u128::from(before) * weight + 100 * right) / (weight + right + wrong);
        Believed { trust: u8::try_from(mean).unwrap_or(100), before, tally }
    }
}

impl fmt::Display for Believed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Believed { trust, before, tally: Tally { right, wrong } } = self;
        match right.saturating_add(*wrong) {
            0 => write!(f, "{before}: no incident that it led to was confirmed or dismissed yet"),
            all => write!(
                f,
                "{trust}: it was {before}, and of {all} incidents that it led to {right} were confirmed and {wrong} dismissed"
            ),
        }
    }
}

/// What sources have shown. The same findings and incidents in the same order give the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reputation {
    /// Who told of each finding, by its number.
    told: BTreeMap<u64, Vec<Text>>,
    /// Whether each source was right about each incident, by its number.
    verdicts: BTreeMap<(u64, Text), bool>,
    /// What no longer changes.
    settled: BTreeMap<Text, Tally>,
}

impl Reputation {
    /// Takes note that a finding rests on what a source told.
    pub fn told(&mut self, finding: u64, source: &Text) {
        let sources = self.told.entry(finding).or_default();
        if sources.len() < SOURCES_OF_ONE_MAX && !sources.contains(source) {
            sources.push(source.clone());
        }
        while self.told.len() > FINDINGS_MAX {
            self.told.pop_first();
        }
    }

    /// Takes note of what became of an incident.
    pub fn decided(&mut self, incident: &Incident) {
        let verdict = match incident.state {
            IncidentState::Dismissed { .. } => Some(false),
            IncidentState::Recovered | IncidentState::Reviewed => Some(true),
            IncidentState::Triage | IncidentState::Contained | IncidentState::Merged { .. } => None,
        };
        let number = incident.number;
        let begin = (number, Text::const_new(""));
        let mut of: Vec<_> = self.verdicts.range(begin..).map(|(key, _)| key.clone()).collect();
        of.retain(|(of, _)| *of == number);
        for key in of {
            self.verdicts.remove(&key);
        }
        let Some(right) = verdict else { return };
        let sources = incident.findings.iter().filter_map(|finding| self.told.get(finding)).flatten();
        self.verdicts.extend(sources.map(|source| ((number, source.clone()), right)));
        while self.verdicts.len() > VERDICTS_MAX
            && let Some(((_, source), right)) = self.verdicts.pop_first()
        {
            if self.settled.len() < SOURCES_MAX || self.settled.contains_key(&source) {
                self.settled.entry(source).or_default().count(right);
            }
        }
    }

    /// What a source has shown.
    #[must_use]
    pub fn of(&self, source: &str) -> Tally {
        let mut tally = self.settled.get(source).copied().unwrap_or_default();
        let of = self.verdicts.iter().filter(|((_, other), _)| other == source);
        of.for_each(|(_, right)| tally.count(*right));
        tally
    }

    /// How far a source is believed that the plan, or whoever took it in, believes so far.
    #[must_use]
    pub fn believed(&self, source: &str, before: u8) -> Believed {
        Believed::new(before, self.of(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_moves_towards_what_turned_out_true_and_never_past_it() {
        let trust = |before, right, wrong| Believed::new(before, Tally { right, wrong }).trust;
        assert_eq!([trust(80, 0, 0), trust(80, 10, 0), trust(80, 0, 10), trust(80, 5, 5)], [80, 90, 40, 65]);
        assert_eq!([trust(0, 0, 9), trust(100, 9, 0), trust(200, 0, 0)], [0, 100, 100]);
        assert_eq!([trust(50, u64::MAX, 0), trust(50, 0, u64::MAX)], [99, 0]);
        let believed = Believed::new(80, Tally { right: 1, wrong: 3 });
        assert_eq!(
            believed.to_string(),
            "64: it was 80, and of 4 incidents that it led to 1 were confirmed and 3 dismissed"
        );
    }
}
