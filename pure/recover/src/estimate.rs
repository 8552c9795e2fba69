//! How long something takes, and from what that is known.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How long something takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// Hardly ever shorter.
    #[serde(with = "crate::seconds")]
    pub low: SignedDuration,
    /// What is reckoned with.
    #[serde(with = "crate::seconds")]
    pub likely: SignedDuration,
    /// Hardly ever longer.
    #[serde(with = "crate::seconds")]
    pub high: SignedDuration,
    /// From what it is known.
    pub basis: Basis,
}

/// From what it is known how long something takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Nothing is known: a guess, and a wide one. Not measured.
    Guessed,
    /// The plan says so. Not measured.
    Declared,
    /// It was measured so many times.
    Measured(usize),
    /// It takes no time: it is reached when what it needs is done.
    Reached,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Basis::Guessed => f.write_str("guessed, not measured"),
            Basis::Declared => f.write_str("declared, not measured"),
            Basis::Measured(1) => f.write_str("measured once"),
            Basis::Measured(2) => f.write_str("measured twice"),
            Basis::Measured(times) => write!(f, "measured {times} times"),
            Basis::Reached => f.write_str("takes no time"),
        }
    }
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// No length of time that is reckoned with is longer, so that sums of them cannot overflow.
const LONGEST: i64 = 20 * 366 * DAY;

impl Estimate {
    /// A moment: something is reached and takes no time.
    pub const NONE: Estimate = Estimate {
        low: SignedDuration::ZERO,
        likely: SignedDuration::ZERO,
        high: SignedDuration::ZERO,
        basis: Basis::Reached,
    };

    /// What a backup's restoring takes by what drills measured; if there were none, a guess.
    ///
    /// The median is what is reckoned with. A drill restores to an isolated place with nobody waiting: the real thing is
    /// given a quarter more than the longest, and after a single drill half more.
    #[must_use]
    pub fn of_restoring(drills: &[SignedDuration]) -> Estimate {
        let mut seconds: Vec<i64> = drills.iter().map(|drill| whole(*drill)).collect();
        seconds.sort_unstable();
        let (Some(least), Some(most)) = (seconds.first(), seconds.last()) else {
            return Estimate::guessed(30 * MINUTE, 2 * HOUR, 12 * HOUR);
        };
        let median = seconds.get(seconds.len() / 2).copied().unwrap_or(*most);
        let high = if seconds.len() == 1 { most + most / 2 } else { most + most / 4 };
        Estimate::new(least - least / 10, median, high, Basis::Measured(seconds.len()))
    }

    /// What the plan says. People are a quarter faster at best, and half slower on a bad day.
    #[must_use]
    pub fn declared(time: SignedDuration) -> Estimate {
        let time = whole(time);
        Estimate::new(time - time / 4, time, time + time / 2, Basis::Declared)
    }

    /// Until another asset is delivered, where the plan does not say.
    #[must_use]
    pub fn of_unknown_delivery() -> Estimate {
        Estimate::guessed(4 * HOUR, DAY, 14 * DAY)
    }

    /// Until another asset is found, where its supplier is gone.
    #[must_use]
    pub fn of_other_supplier() -> Estimate {
        Estimate::guessed(2 * DAY, 7 * DAY, 60 * DAY)
    }

    /// Putting another asset in its place once it is there, where the plan does not say.
    #[must_use]
    pub fn of_unknown_fitting() -> Estimate {
        Estimate::guessed(30 * MINUTE, HOUR, 4 * HOUR)
    }

    /// Making anew what no snapshot is left of.
    #[must_use]
    pub fn of_rebuilding() -> Estimate {
        Estimate::guessed(8 * HOUR, 3 * DAY, 30 * DAY)
    }

    /// A step of a procedure that does not say how long it takes.
    #[must_use]
    pub fn of_unknown_step() -> Estimate {
        Estimate::guessed(5 * MINUTE, 15 * MINUTE, HOUR)
    }

    /// Looking whether a service does what it should.
    #[must_use]
    pub fn of_looking() -> Estimate {
        Estimate::guessed(2 * MINUTE, 5 * MINUTE, 30 * MINUTE)
    }

    /// A declared time of replacing, taken apart: the wait for a delivery, which takes no hands, and the fitting, which
    /// does. The plan tells the sum only: a quarter of it, and at most an hour, is taken for the fitting. Where that leaves
    /// nothing, as of what is replaced together with something else, there is no wait.
    pub(crate) fn split(declared: SignedDuration) -> (Option<Estimate>, Estimate) {
        let whole = whole(declared);
        let fitting = (whole / 4).clamp(1, HOUR);
        let part = |seconds| Estimate::declared(SignedDuration::from_secs(seconds));
        ((whole > fitting).then(|| part(whole - fitting)), part(fitting))
    }

    fn guessed(low: i64, likely: i64, high: i64) -> Estimate {
        Estimate::new(low, likely, high, Basis::Guessed)
    }

    fn new(low: i64, likely: i64, high: i64, basis: Basis) -> Estimate {
        let likely = likely.clamp(1, LONGEST);
        Estimate {
            low: SignedDuration::from_secs(low.clamp(1, likely)),
            likely: SignedDuration::from_secs(likely),
            high: SignedDuration::from_secs(high.clamp(likely, LONGEST + LONGEST / 2)),
            basis,
        }
    }
}

/// A length of time in whole seconds, rounded up; at least one, for work always takes some.
fn whole(time: SignedDuration) -> i64 {
    let seconds = time.as_secs().saturating_add(i64::from(time.subsec_nanos() > 0));
    seconds.clamp(1, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drills_give_their_median_and_a_spread_around_it() {
        let minutes = |minutes: &[i64]| -> Vec<SignedDuration> {
            minutes.iter().map(|m| SignedDuration::from_mins(*m)).collect()
        };
        let estimate = Estimate::of_restoring(&minutes(&[40, 20, 30]));
        assert_eq!(estimate.likely, SignedDuration::from_mins(30));
        assert_eq!(estimate.low, SignedDuration::from_mins(18));
        assert_eq!(estimate.high, SignedDuration::from_mins(50));
        assert_eq!(estimate.basis.to_string(), "measured 3 times");
        let once = Estimate::of_restoring(&minutes(&[20]));
        assert_eq!((once.likely.as_mins(), once.high.as_mins()), (20, 30));
        assert_eq!(Estimate::of_restoring(&[]).basis, Basis::Guessed);
    }

    #[test]
    fn a_time_beyond_reason_stays_within_what_can_be_added_up() {
        for time in
            [SignedDuration::MAX, SignedDuration::MIN, SignedDuration::ZERO, SignedDuration::from_nanos(1)]
        {
            let estimate = Estimate::declared(time);
            assert!(estimate.low <= estimate.likely && estimate.likely <= estimate.high);
            assert!(estimate.low >= SignedDuration::from_secs(1));
        }
    }
}
