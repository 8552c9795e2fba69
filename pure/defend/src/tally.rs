//! How often something happens within ten minutes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Seconds that are counted together. They begin at full ten minutes, so that a burst may be cut in two: the true most
/// within any ten minutes is at most twice what is counted, and [`TIMES`] leaves room for that.
const WINDOW: i64 = 600;

/// Only so many times the most that was learned is too much. Twice would be within what cutting bursts in two costs; a
/// server that starts anew, or a second one that reads along for a while, makes two or three times as much.
const TIMES: u32 = 4;

/// Fewer than these within ten minutes are never too many: a person at a panel makes as many.
const LEAST: u32 = 30;

/// In fewer spans of ten minutes nothing of a rate is learned.
const WINDOWS_LEAST: u32 = 12;

/// How often something happens, and the most that was learned.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    window: i64,
    count: u32,
    /// Whether it was told that this window has too many.
    told: bool,
    /// Windows in which anything was counted while learning.
    windows: u32,
    learned: u32,
    later: u32,
    /// The most of a window that was told of: it is not told of again.
    accepted: u32,
}

impl Tally {
    /// Counts one. Returns how many there are within ten minutes, once, if that is to be told of.
    pub(crate) fn count(&mut self, time: Timestamp, over: bool, refused: bool, judged: bool) -> Option<u32> {
        let window = time.as_second().div_euclid(WINDOW);
        if window > self.window {
            if self.told {
                self.accepted = self.accepted.max(self.count);
            }
            (self.window, self.count, self.told) = (window, 0, false);
            if !over {
                self.windows = self.windows.saturating_add(1);
            }
        }
        self.count = self.count.saturating_add(1);
        let most = if over { &mut self.later } else { &mut self.learned };
        *most = (*most).max(self.count);
        let limit = self.limit(refused, judged).filter(|_| over || refused)?;
        if self.told || self.count <= limit {
            return None;
        }
        self.told = true;
        Some(self.count)
    }

    /// More than so many within ten minutes are told of; none where too little was learned.
    pub(crate) fn limit(&self, refused: bool, judged: bool) -> Option<u32> {
        if refused {
            return Some(LEAST);
        }
        let most = self.learned.max(self.accepted);
        (judged && self.windows >= WINDOWS_LEAST).then(|| most.saturating_mul(TIMES).max(LEAST))
    }

    /// The most within ten minutes while learning.
    pub(crate) fn learned(&self) -> u32 {
        self.learned
    }

    /// The most within ten minutes since.
    pub(crate) fn later(&self) -> u32 {
        self.later
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many in one window; returns what was told.
    fn window(tally: &mut Tally, window: i64, count: u32, over: bool, refused: bool) -> Vec<u32> {
        let time = Timestamp::from_second(window * WINDOW).unwrap();
        (0..count).filter_map(|_| tally.count(time, over, refused, true)).collect()
    }

    #[test]
    fn only_far_more_than_was_learned_is_told_once_and_then_accepted() {
        let mut tally = Tally::default();
        for n in 1..=12 {
            assert!(window(&mut tally, n, 10, false, false).is_empty());
        }
        assert_eq!(tally.limit(false, true), Some(40));
        assert!(window(&mut tally, 20, 40, true, false).is_empty());
        assert_eq!(window(&mut tally, 21, 100, true, false), [41]);
        assert!(window(&mut tally, 22, 400, true, false).is_empty(), "it was told of, and nobody refused it");
        assert_eq!(window(&mut tally, 23, 1_700, true, false), [401]);
        assert_eq!((tally.learned(), tally.later()), (10, 1_700));
    }

    #[test]
    fn what_was_hardly_learned_is_not_judged_and_few_are_never_too_many() {
        let mut tally = Tally::default();
        for n in 1..=11 {
            window(&mut tally, n, 1, false, false);
        }
        assert!(window(&mut tally, 20, 500, true, false).is_empty());
        window(&mut tally, 21, 1, false, false);
        assert_eq!(tally.limit(false, true), Some(LEAST));
        assert_eq!(tally.limit(false, false), None);
    }

    #[test]
    fn a_refused_rate_is_told_every_time() {
        let mut tally = Tally::default();
        assert_eq!(window(&mut tally, 1, 40, false, true), [31]);
        assert_eq!(window(&mut tally, 2, 40, true, true), [31]);
        assert!(window(&mut tally, 3, 30, true, true).is_empty());
    }
}
