//! What came of what was told.

use super::OnlyHunted;
use city::{Doubt, DoubtKind, Received, Text};
use std::collections::BTreeMap;

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
    pub(super) fn doubt(&mut self, kind: DoubtKind, example: impl FnOnce() -> String) {
        let doubt =
            self.doubts.entry(kind).or_insert_with(|| Doubt { kind, count: 0, example: example().into() });
        doubt.count += 1;
    }

    pub(super) fn leave(&mut self, reason: OnlyHunted, example: impl FnOnce() -> String) {
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
