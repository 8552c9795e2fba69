//! What a device can be in the habit of.

use city::{Address, Protocol, Verb};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Something that a device does, or has done to it, and that a person can refuse.
///
/// In words it is `asked 192.0.2.10 modbus read`, `calls 203.0.113.5`, `changed 26` (the hour of the week, Monday's first
/// being 0, in UTC), `peer 192.0.2.10` or `rate changing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Habit {
    // The first, so that whether a device is ever asked anything is seen from the first entry of a table.
    /// The device is asked this by a peer.
    Asked(Address, Protocol, Verb),
    /// The device calls a place outside the city.
    Calls(Address),
    /// The device is changed in this hour of the week.
    Changed(u8),
    /// The device talks with a peer.
    Peer(Address),
    /// So much of something happens within ten minutes.
    Rate(Rate),
}

impl fmt::Display for Habit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Habit::Asked(peer, protocol, verb) => write!(f, "asked {peer} {} {verb}", protocol.as_str()),
            Habit::Calls(place) => write!(f, "calls {place}"),
            Habit::Changed(hour) => write!(f, "changed {hour}"),
            Habit::Peer(peer) => write!(f, "peer {peer}"),
            Habit::Rate(rate) => write!(f, "rate {}", rate.as_str()),
        }
    }
}

impl FromStr for Habit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Habit, &'static str> {
        const WRONG: &str =
            "a habit is said as the baseline says it, such as `asked 192.0.2.10 modbus write`";
        let words: Vec<&str> = text.split_whitespace().take(5).collect();
        let address = |word: &str| word.parse::<Address>().map_err(|_| WRONG);
        match words.as_slice() {
            ["asked", peer, protocol, verb] => Ok(Habit::Asked(
                address(peer)?,
                protocol.parse().map_err(|_| WRONG)?,
                verb.parse().map_err(|_| WRONG)?,
            )),
            ["calls", place] => Ok(Habit::Calls(address(place)?)),
            ["changed", hour] => {
                let hour = hour.parse().ok().filter(|hour| *hour < Week::HOURS).ok_or(WRONG)?;
                Ok(Habit::Changed(hour))
            }
            ["peer", peer] => Ok(Habit::Peer(address(peer)?)),
            ["rate", rate] => {
                let rate = Rate::ALL.into_iter().find(|known| known.as_str() == *rate).ok_or(WRONG)?;
                Ok(Habit::Rate(rate))
            }
            _ => Err(WRONG),
        }
    }
}

/// What is counted in every ten minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Rate {
    /// Requests in industrial protocols that change the device.
    Changing,
    /// Conversations begun with the device.
    Conversations,
    /// Requests in industrial protocols that change nothing.
    Looking,
}

impl Rate {
    /// Every rate.
    pub const ALL: [Rate; 3] = [Rate::Changing, Rate::Conversations, Rate::Looking];

    /// The rate in which a request is counted.
    #[must_use]
    pub fn of(verb: Verb) -> Rate {
        if verb.changes() { Rate::Changing } else { Rate::Looking }
    }

    /// The word in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Rate::Changing => "changing",
            Rate::Conversations => "conversations",
            Rate::Looking => "looking",
        }
    }

    /// What is counted, for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Rate::Changing => "requests that change it",
            Rate::Conversations => "conversations begun with it",
            Rate::Looking => "requests that only look",
        }
    }
}

/// Some of the 168 hours of the week, Monday's first being 0, in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Week([u64; 3]);

impl Week {
    /// The hours of a week.
    pub const HOURS: u8 = 168;

    /// The hour of the week of a time.
    #[must_use]
    pub fn hour_of(time: Timestamp) -> u8 {
        // The first of January 1970 was a Thursday.
        let hours = time.as_second().div_euclid(3_600) + 3 * 24;
        hours.rem_euclid(i64::from(Self::HOURS)).try_into().unwrap_or(0)
    }

    /// The hour for people, such as `Tuesday 03:00`.
    #[must_use]
    pub fn name_of(hour: u8) -> String {
        let day = match hour / 24 {
            0 => "Monday",
            1 => "Tuesday",
            2 => "Wednesday",
            3 => "Thursday",
            4 => "Friday",
            5 => "Saturday",
            _ => "Sunday",
        };
        format!("{day} {:02}:00", hour % 24)
    }

    /// Adds an hour.
    pub fn insert(&mut self, hour: u8) {
        if let Some(word) = self.0.get_mut(usize::from(hour / 64)) {
            *word |= 1 << (hour % 64);
        }
    }

    /// Takes an hour out.
    pub fn remove(&mut self, hour: u8) {
        if let Some(word) = self.0.get_mut(usize::from(hour / 64)) {
            *word &= !(1 << (hour % 64));
        }
    }

    /// Whether the hour is among them.
    #[must_use]
    pub fn contains(self, hour: u8) -> bool {
        self.0.get(usize::from(hour / 64)).is_some_and(|word| word & (1 << (hour % 64)) != 0)
    }

    /// Every hour among them, in order.
    pub fn hours(self) -> impl Iterator<Item = u8> {
        (0..Self::HOURS).filter(move |hour| self.contains(*hour))
    }

    /// Whether an hour, or one next to it, is among them on any day of its kind: working days are alike, and so are
    /// Saturday and Sunday.
    pub(crate) fn is_near(self, hour: u8) -> bool {
        let weekend = |hour: u8| hour / 24 >= 5;
        self.hours().filter(|known| weekend(*known) == weekend(hour)).any(|known| {
            let apart = (known % 24).abs_diff(hour % 24);
            apart.min(24 - apart) <= 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_habit_is_read_as_it_is_written() {
        let peer: Address = "192.0.2.10".parse().unwrap();
        let link: Address = "00:00:5e:00:53:0a".parse().unwrap();
        let mut habits = vec![
            Habit::Asked(peer, Protocol::Modbus, Verb::Write),
            Habit::Calls("2001:db8::7".parse().unwrap()),
            Habit::Changed(167),
            Habit::Peer(link),
        ];
        habits.extend(Rate::ALL.map(Habit::Rate));
        for habit in habits {
            assert_eq!(habit.to_string().parse(), Ok(habit));
        }
        for wrong in
            ["", "asked", "asked 192.0.2.10 modbus", "changed 168", "rate all", "peer x", "peer 192.0.2.1 x"]
        {
            assert!(wrong.parse::<Habit>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_week_begins_on_monday_in_utc() {
        let hour = |text: &str| Week::hour_of(text.parse().unwrap());
        assert_eq!(hour("2026-01-05T00:00:00Z"), 0);
        assert_eq!(hour("2026-01-11T23:59:59Z"), 167);
        assert_eq!(hour("1969-12-31T23:00:00Z"), 2 * 24 + 23);
        assert_eq!(Week::name_of(27), "Tuesday 03:00");
    }

    #[test]
    fn an_hour_is_near_on_any_day_of_its_kind_and_across_midnight() {
        let mut week = Week::default();
        week.insert(9);
        week.insert(24 + 23);
        let near = |hour| week.is_near(hour);
        assert!(near(10) && near(3 * 24 + 8) && near(4 * 24));
        assert!(!near(11) && !near(3), "too far");
        assert!(!near(5 * 24 + 9), "Saturday is another kind of day");
        week.remove(9);
        assert_eq!(week.hours().collect::<Vec<_>>(), [47]);
    }
}
