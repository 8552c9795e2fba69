//! Times as people read them: in the city's own time zone, with the UTC instant beside it for machines.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::fmt;

/// The city's time zone and the time at which a page is made.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: TimeZone,
    now: Timestamp,
}

impl Clock {
    /// A clock for one page.
    #[must_use]
    pub fn new(zone: TimeZone, now: Timestamp) -> Clock {
        Clock { zone, now }
    }

    /// A clock in an IANA time zone; in UTC, if the zone is not known.
    #[must_use]
    pub fn in_zone(zone: &str, now: Timestamp) -> Clock {
        Clock::new(TimeZone::get(zone).unwrap_or(TimeZone::UTC), now)
    }

    /// The time at which the page is made.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A time as short as it can be said: `14:05` today, `yesterday 14:05`, `3 Nov 14:05`, `3 Nov 2012 14:05`.
    #[must_use]
    pub fn short(&self, time: Timestamp) -> Moment {
        let local = time.to_zoned(self.zone.clone());
        let today = self.today();
        let pattern = if local.date() == today {
            "%H:%M"
        } else if today.yesterday().is_ok_and(|day| day == local.date()) {
            "yesterday %H:%M"
        } else if local.year() == today.year() {
            "%-d %b %H:%M"
        } else {
            "%-d %b %Y %H:%M"
        };
        Moment { time, words: local.strftime(pattern).to_string() }
    }

    /// A time to the second, with its zone: `Mon 23 Nov 2026, 14:05:09 GMT`.
    #[must_use]
    pub fn full(&self, time: Timestamp) -> Moment {
        let local = time.to_zoned(self.zone.clone());
        Moment { time, words: local.strftime("%a %-d %b %Y, %H:%M:%S %Z").to_string() }
    }

    /// The day and the time of day: `Monday 23 November, 14:05 GMT`.
    #[must_use]
    pub fn day(&self, time: Timestamp) -> Moment {
        let local = time.to_zoned(self.zone.clone());
        Moment { time, words: local.strftime("%A %-d %B, %H:%M %Z").to_string() }
    }

    /// The date: `27 November 2026`.
    #[must_use]
    pub fn date(&self, time: Timestamp) -> Moment {
        let local = time.to_zoned(self.zone.clone());
        Moment { time, words: local.strftime("%-d %B %Y").to_string() }
    }

    /// When something was, in a sentence: `last night`, `today`, `yesterday`, `on 3 November`.
    #[must_use]
    pub fn ago(&self, time: Timestamp) -> String {
        let local = time.to_zoned(self.zone.clone());
        let (day, today) = (local.date(), self.today());
        let yesterday = today.yesterday().is_ok_and(|yesterday| yesterday == day);
        match local.hour() {
            // A night ends when people come to work, whatever the calendar says.
            0..7 if day == today => "last night".to_owned(),
            20.. if yesterday => "last night".to_owned(),
            _ if day == today => "today".to_owned(),
            _ if yesterday => "yesterday".to_owned(),
            _ if day.year() == today.year() => format!("on {}", day.strftime("%-d %B")),
            _ => format!("on {}", day.strftime("%-d %B %Y")),
        }
    }

    /// The time of day alone, for the ends of an axis.
    #[must_use]
    pub fn hour(&self, time: Timestamp) -> String {
        time.to_zoned(self.zone.clone()).strftime("%H:%M").to_string()
    }

    /// Text of the city's own as markup: what stands between backticks as code, and instants of UTC in local time.
    #[must_use]
    pub fn prose(&self, text: &str) -> Prose {
        let mut markup = String::with_capacity(text.len() + 16);
        for (index, part) in text.split('`').enumerate() {
            let code = index % 2 == 1;
            markup.push_str(if code { "<code>" } else { "" });
            for (index, word) in part.split(' ').enumerate() {
                if index > 0 {
                    markup.push(' ');
                }
                let bare = word.trim_end_matches([';', ',', '.', ':', ')']);
                let instant = if bare.len() >= 20 { bare.parse::<Timestamp>().ok() } else { None };
                let rest = match instant {
                    Some(time) => {
                        markup.push_str(&self.full(time).to_string());
                        word.get(bare.len()..).unwrap_or_default()
                    }
                    None => word,
                };
                for letter in rest.chars() {
                    match letter {
                        '&' => markup.push_str("&amp;"),
                        '<' => markup.push_str("&lt;"),
                        '>' => markup.push_str("&gt;"),
                        '"' => markup.push_str("&quot;"),
                        '\'' => markup.push_str("&#39;"),
                        other => markup.push(other),
                    }
                }
            }
            markup.push_str(if code { "</code>" } else { "" });
        }
        Prose(markup)
    }

    fn today(&self) -> Date {
        self.now.to_zoned(self.zone.clone()).date()
    }
}

/// Text as markup, escaped.
#[derive(Clone, Debug)]
pub struct Prose(String);

impl fmt::Display for Prose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Prose {}

/// A time in words, which writes itself as `<time>` with the UTC instant.
#[derive(Clone, Debug)]
pub struct Moment {
    time: Timestamp,
    words: String,
}

impl Moment {
    /// The words alone.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.words
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The words come from the pattern and the time zone's abbreviation: letters, digits, colons, signs, spaces.
        write!(f, "<time datetime=\"{:.0}\">{}</time>", self.time, self.words)
    }
}

impl askama::filters::HtmlSafe for Moment {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_local_and_as_short_as_the_day_allows() {
        let zone = TimeZone::get("Europe/London").unwrap();
        let clock = Clock::new(zone, "2026-07-10T11:30:00Z".parse().unwrap());
        for (time, words) in [
            ("2026-07-10T11:05:00Z", "12:05"),
            ("2026-07-09T22:59:00Z", "yesterday 23:59"),
            ("2026-07-09T23:00:00Z", "00:00"),
            ("2026-01-03T09:00:00Z", "3 Jan 09:00"),
            ("2012-01-03T09:00:00Z", "3 Jan 2012 09:00"),
        ] {
            assert_eq!(clock.short(time.parse().unwrap()).words(), words, "{time}");
        }
        assert_eq!(
            clock.prose("Last heard at 2026-07-10T11:05:09Z; set `a<b` & go").to_string(),
            "Last heard at <time datetime=\"2026-07-10T11:05:09Z\">Fri 10 Jul 2026, 12:05:09 BST</time>; set \
             <code>a&lt;b</code> &amp; go"
        );
        assert_eq!(clock.prose("<script>`</code>").to_string(), "&lt;script&gt;<code>&lt;/code&gt;</code>");
        for (time, words) in [
            ("2026-07-10T01:14:00Z", "last night"),
            ("2026-07-09T21:00:00Z", "last night"),
            ("2026-07-09T12:00:00Z", "yesterday"),
            ("2026-07-10T08:00:00Z", "today"),
            ("2026-07-03T08:00:00Z", "on 3 July"),
            ("2025-07-03T08:00:00Z", "on 3 July 2025"),
        ] {
            assert_eq!(clock.ago(time.parse().unwrap()), words, "{time}");
        }
        let full = clock.full("2026-07-10T11:05:09.7Z".parse().unwrap());
        assert_eq!(
            full.to_string(),
            "<time datetime=\"2026-07-10T11:05:09Z\">Fri 10 Jul 2026, 12:05:09 BST</time>"
        );
    }
}
