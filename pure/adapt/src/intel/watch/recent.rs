//! What was told already.

use city::{Address, Sighting, Text};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// How long the same match at the same two ends is one sighting.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// The most matches of which it is known when they were told last.
const TOLD_MAX: usize = 65_536;

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
