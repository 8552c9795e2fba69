//! Times as people give them.

use anyhow::Context;
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use std::str::FromStr;

/// A time, or how long ago it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    At(Timestamp),
    Ago(SignedDuration),
}

impl When {
    /// The time that is meant, as seen from now.
    pub(super) fn before(self, now: Timestamp) -> anyhow::Result<Timestamp> {
        match self {
            When::At(time) => Ok(time),
            When::Ago(duration) => now.checked_sub(duration).context("that is before all time"),
        }
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<When, String> {
        if let Ok(time) = text.parse() {
            return Ok(When::At(time));
        }
        if let Ok(day) = text.parse::<Date>() {
            let start = day.to_zoned(TimeZone::UTC).map_err(|error| error.to_string())?;
            return Ok(When::At(start.timestamp()));
        }
        let ago = || {
            let (unit, hours) = [("d", 24), ("h", 1)].into_iter().find(|(unit, _)| text.ends_with(unit))?;
            let number: i64 = text.strip_suffix(unit)?.parse().ok().filter(|number| *number >= 0)?;
            Some(SignedDuration::from_hours(number.checked_mul(hours).filter(|hours| *hours < 10_000_000)?))
        };
        ago().map(When::Ago).ok_or_else(|| {
            "it is no time (2026-03-01T08:00:00Z), no day (2026-03-01), and no span (90d, 12h)".to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_days_and_spans_are_understood_and_nothing_else() {
        let now: Timestamp = "2026-03-10T12:00:00Z".parse().unwrap();
        for (text, time) in [
            ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00Z"),
            ("2026-03-01", "2026-03-01T00:00:00Z"),
            ("2d", "2026-03-08T12:00:00Z"),
            ("12h", "2026-03-10T00:00:00Z"),
        ] {
            assert_eq!(text.parse::<When>().unwrap().before(now).unwrap().to_string(), time);
        }
        for text in ["", "d", "-1d", "yesterday", "2026-13-01", "99999999999999999d"] {
            assert!(text.parse::<When>().is_err(), "{text}");
        }
    }
}
