//! How much was said in each minute of the last day, for the line that shows a city's pulse.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// A day of minutes.
const MINUTES_MAX: usize = 24 * 60;

/// How much was said in one minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Minute {
    /// When the minute began.
    pub start: Timestamp,
    /// Conversations begun.
    pub conversations: u64,
    /// Requests made.
    pub requests: u64,
}

/// The minutes of the last day in which anything was said, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Activity {
    minutes: VecDeque<Minute>,
}

impl Activity {
    pub(crate) fn minutes(&self) -> impl ExactSizeIterator<Item = &Minute> {
        self.minutes.iter()
    }

    /// The minute of a time that does not run backwards. A table of minutes that is full forgets its oldest.
    pub(crate) fn minute(&mut self, now: Timestamp) -> Option<&mut Minute> {
        let second = now.as_second();
        let start = Timestamp::from_second(second - second.rem_euclid(60)).unwrap_or(now);
        if self.minutes.back().is_none_or(|last| last.start < start) {
            if self.minutes.len() >= MINUTES_MAX {
                self.minutes.pop_front();
            }
            self.minutes.push_back(Minute { start, ..Minute::default() });
        }
        self.minutes.back_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_minutes_is_kept_and_no_more() {
        let mut activity = Activity::default();
        for second in (0..3 * 86_400).step_by(30) {
            let minute = activity.minute(Timestamp::from_second(second).unwrap()).unwrap();
            minute.conversations += 1;
        }
        assert_eq!(activity.minutes().len(), MINUTES_MAX);
        assert!(activity.minutes().all(|minute| minute.conversations == 2));
        assert_eq!(activity.minutes().next().unwrap().start.as_second(), 2 * 86_400);
    }
}
