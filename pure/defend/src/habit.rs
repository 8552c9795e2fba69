//! What each device was seen to do while its behaviour was being learned.

use city::{Address, Protocol, Verb};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most devices whose habits are kept.
const DEVICES_MAX: usize = 50_000;

/// The most habits kept for a device; a device that does more is not a creature of habit, and is not judged by them.
const HABITS_MAX: usize = 512;

/// Something a device does, or has done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Habit {
    /// The device is asked this by a peer.
    Asked(Address, Protocol, Verb),
    /// The device calls a place outside the city.
    Calls(Address),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Habits {
    since: Timestamp,
    known: BTreeSet<Habit>,
}

/// The habits of every device.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Memory {
    by_device: BTreeMap<Address, Habits>,
}

impl Memory {
    /// Takes note that a device is there: its learning begins at its first sight.
    pub(crate) fn meet(&mut self, device: Address, time: Timestamp) {
        if self.by_device.len() < DEVICES_MAX {
            self.by_device.entry(device).or_insert_with(|| Habits { since: time, known: BTreeSet::new() });
        }
    }

    /// Takes note of a habit. Returns whether it is new although the device's learning is over.
    pub(crate) fn see(
        &mut self,
        device: Address,
        habit: Habit,
        time: Timestamp,
        learning: SignedDuration,
    ) -> bool {
        self.meet(device, time);
        let Some(habits) = self.by_device.get_mut(&device) else { return false };
        let learned = time.duration_since(habits.since) > learning;
        if habits.known.contains(&habit) || habits.known.len() >= HABITS_MAX {
            return false;
        }
        habits.known.insert(habit);
        learned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_after_learning_is_told_and_only_once() {
        let device = Address::Ip([192, 0, 2, 9].into());
        let habit = |last| Habit::Calls(Address::Ip([203, 0, 113, last].into()));
        let at = |hour: i64| Timestamp::from_second(1_700_000_000 + hour * 3_600).unwrap();
        let mut memory = Memory::default();
        let mut see = |habit, hour| memory.see(device, habit, at(hour), SignedDuration::from_hours(24));
        assert!(!see(habit(1), 0));
        assert!(!see(habit(2), 24));
        assert!(!see(habit(1), 25));
        assert!(see(habit(3), 25));
        assert!(!see(habit(3), 26));
    }

    #[test]
    fn learning_begins_when_a_device_is_first_seen_not_when_it_first_has_a_habit() {
        let device = Address::Ip([192, 0, 2, 9].into());
        let at = |hour: i64| Timestamp::from_second(1_700_000_000 + hour * 3_600).unwrap();
        let mut memory = Memory::default();
        memory.meet(device, at(0));
        assert!(memory.see(device, Habit::Calls(device), at(25), SignedDuration::from_hours(24)));
    }
}
