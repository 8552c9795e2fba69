//! Whose turn it is: each author's defences are judged one at a time, and so many a day are tried that take long.

use city::PeerId;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How many defences of an author are tried a day that take long: each reads all that was recorded.
const TRIED_MAX: usize = 16;

/// A day.
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The turns of all authors. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Turns(Arc<Mutex<BTreeMap<PeerId, Arc<Mutex<Turn>>>>>);

/// One author's.
#[derive(Default)]
pub(super) struct Turn {
    tried: VecDeque<Instant>,
}

impl Turns {
    /// The turn of an author that a plan names.
    pub(super) fn of(&self, author: &PeerId) -> Arc<Mutex<Turn>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(author.clone()).or_default())
    }
}

impl Turn {
    /// Whether one more may be tried now.
    pub(super) fn take(&mut self) -> bool {
        while self.tried.front().is_some_and(|at| at.elapsed() >= DAY) {
            self.tried.pop_front();
        }
        let may = self.tried.len() < TRIED_MAX;
        if may {
            self.tried.push_back(Instant::now());
        }
        may
    }
}
