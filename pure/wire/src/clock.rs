//! What the time of a frame means: told by the times of the frames alone, so that several readers that share the work
//! of one capture do at the same frame what one reader would do.

use jiff::{SignedDuration, Timestamp};

/// How far time may run backwards between frames before it counts as another clock, not as disorder.
const DISORDER: SignedDuration = SignedDuration::from_secs(60);
/// How often it is looked whether conversations have fallen silent; the time of every frame would cost more than reading
/// the frame.
const SWEEP_EVERY: SignedDuration = SignedDuration::from_millis(100);
/// How often losses and unread bytes are told of.
const TELL_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// The time that the frames tell. It never runs backwards, but for [`Turn::Restart`].
#[derive(Clone, Debug, Default)]
pub struct Clock {
    now: Option<Timestamp>,
    swept: Option<Timestamp>,
    told: Option<Timestamp>,
}

/// What a time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The time that it is now.
    pub now: Timestamp,
    /// What is to be done before the frame is read.
    pub turn: Turn,
}

/// What is to be done when time has come to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The frame is a little older than one before it: that is counted.
    Late,
    /// Nothing.
    Nothing,
    /// The time is that of another clock: a second capture behind the first, or a clock set right. What was going on is
    /// over, for its age can no longer be told.
    Restart {
        /// The time by the clock of before.
        was: Timestamp,
    },
    /// What has been silent for too long ends.
    Sweep {
        /// Whether losses and unread bytes are told of as well.
        tell: bool,
    },
}

impl Moment {
    /// When losses and unread bytes are to be told of now; none if they are not.
    #[must_use]
    pub fn tells(&self) -> Option<Timestamp> {
        match self.turn {
            Turn::Sweep { tell: true } => Some(self.now),
            Turn::Restart { was } => Some(was),
            Turn::Late | Turn::Nothing | Turn::Sweep { tell: false } => None,
        }
    }
}

impl Clock {
    /// The time of a frame. Frames come in the order of their capture.
    pub fn see(&mut self, time: Timestamp) -> Moment {
        match self.now {
            Some(was) if time < was && was.duration_since(time) >= DISORDER => {
                *self = Clock { now: Some(time), swept: Some(time), told: Some(time) };
                Moment { now: time, turn: Turn::Restart { was } }
            }
            Some(now) if time < now => Moment { now, turn: Turn::Late },
            Some(now) if time == now => Moment { now, turn: Turn::Nothing },
            _ => {
                self.now = Some(time);
                Moment { now: time, turn: self.turn(time) }
            }
        }
    }

    /// Lets time pass without a frame. None if it has passed already.
    pub fn tick(&mut self, time: Timestamp) -> Option<Moment> {
        self.now.is_none_or(|now| time > now).then(|| self.see(time))
    }

    /// The time that it is; none before the first frame.
    #[must_use]
    pub fn now(&self) -> Option<Timestamp> {
        self.now
    }

    fn turn(&mut self, now: Timestamp) -> Turn {
        if self.swept.is_some_and(|then| now.duration_since(then) < SWEEP_EVERY) {
            return Turn::Nothing;
        }
        self.swept = Some(now);
        let tell = self.told.is_some_and(|then| now.duration_since(then) >= TELL_EVERY);
        if tell || self.told.is_none() {
            self.told = Some(now);
        }
        Turn::Sweep { tell }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_that_of_the_frames() {
        let mut clock = Clock::default();
        let mut see = |millis: i64| clock.see(Timestamp::from_millisecond(millis).unwrap()).turn;
        assert_eq!(see(1_000_000), Turn::Sweep { tell: false });
        assert_eq!(see(1_000_000), Turn::Nothing);
        assert_eq!(see(1_000_099), Turn::Nothing);
        assert_eq!(see(1_000_100), Turn::Sweep { tell: false });
        assert_eq!(see(1_000_000), Turn::Late);
        assert_eq!(see(1_060_000), Turn::Sweep { tell: true });
        assert_eq!(see(1_060_200), Turn::Sweep { tell: false });
        let was = Timestamp::from_millisecond(1_060_200).unwrap();
        assert_eq!(see(1_000_000), Turn::Restart { was });
        assert_eq!(see(1_000_100), Turn::Sweep { tell: false });
        assert_eq!(clock.tick(Timestamp::from_millisecond(1_000_050).unwrap()), None);
    }
}
