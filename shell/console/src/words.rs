//! Numbers, lists and sizes as people say them.

use std::fmt::Write as _;

const SMALL: [&str; 21] = [
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
];

/// A number in a sentence: a word up to twenty, digits from there on.
#[must_use]
pub fn number(count: usize) -> String {
    SMALL.get(count).map_or_else(|| grouped(count as u64), |word| (*word).to_owned())
}

/// The same at the beginning of a sentence.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Digits in groups of three: `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count with its noun: `1 device`, `2 devices`.
#[must_use]
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// A list in a sentence: `a`, `a and b`, `a, b and c`, and no more than `most` of them: `a, b and 7 more`.
#[must_use]
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let mut names: Vec<&str> = names.into_iter().collect();
    let beyond = names.len().saturating_sub(most);
    names.truncate(most);
    let mut said: Vec<String> = names.into_iter().map(str::to_owned).collect();
    if beyond > 0 {
        said.push(format!("{beyond} more"));
    }
    match said.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// A length of time in its largest whole unit: `90 seconds`, `4 hours`, `2 days`.
#[must_use]
pub fn duration(seconds: i64) -> String {
    let (count, one, many) = match seconds {
        s if s != 0 && s % 86_400 == 0 && s != 86_400 => (s / 86_400, "day", "days"),
        s if s != 0 && s % 3_600 == 0 => (s / 3_600, "hour", "hours"),
        s if s != 0 && s % 60 == 0 => (s / 60, "minute", "minutes"),
        s => (s, "second", "seconds"),
    };
    counted(count.unsigned_abs(), one, many)
}

/// A length of time to the precision that helps, short: `40 s`, `47 min`, `3 h 20 min`, `2 d 4 h`.
#[must_use]
pub fn span(seconds: i64) -> String {
    let (great, small) = split(seconds);
    let of =
        |(count, unit): (i64, usize)| format!("{count} {}", ["d", "h", "min", "s"].get(unit).unwrap_or(&""));
    if small.0 == 0 { of(great) } else { format!("{} {}", of(great), of(small)) }
}

/// The same in whole words: `47 minutes`, `3 hours and 20 minutes`.
#[must_use]
pub fn spoken(seconds: i64) -> String {
    let names = [("day", "days"), ("hour", "hours"), ("minute", "minutes"), ("second", "seconds")];
    let of = |(count, unit): (i64, usize)| {
        let (one, many) = names.get(unit).copied().unwrap_or_default();
        counted(count.unsigned_abs(), one, many)
    };
    if seconds == 0 {
        return "less than a second".to_owned();
    }
    let (great, small) = split(seconds);
    if small.0 == 0 { of(great) } else { format!("{} and {}", of(great), of(small)) }
}

/// A length of time in its greatest unit and the one below, rounded: counts, and which unit from the day down.
fn split(seconds: i64) -> ((i64, usize), (i64, usize)) {
    const UNITS: [i64; 4] = [86_400, 3_600, 60, 1];
    let seconds = seconds.max(0);
    for (unit, long) in UNITS.into_iter().enumerate() {
        // Below a minute seconds count, below an hour minutes do; above, so much that two units say it.
        let step = match long {
            86_400 => 3_600,
            3_600 => 300,
            60 if seconds >= 600 => 60,
            60 => 15,
            _ => 1,
        };
        let rounded = (seconds + step / 2) / step * step;
        if rounded >= long && (long != 86_400 || rounded >= 2 * long) {
            let rest = rounded % long;
            let below = UNITS.get(unit + 1).copied().unwrap_or(1);
            return ((rounded / long, unit), (if long == 1 { 0 } else { rest / below }, unit + 1));
        }
    }
    ((0, 3), (0, 3))
}

/// Bytes with a decimal prefix: `812 bytes`, `1.4 MB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if count < 1_000 {
        return counted(count, "byte", "bytes");
    }
    let mut value = count as f64;
    let mut unit = "bytes";
    for name in UNITS {
        if value < 999.5 {
            break;
        }
        value /= 1_000.0;
        unit = name;
    }
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = if value < 9.95 { write!(out, "{value:.1} {unit}") } else { write!(out, "{value:.0} {unit}") };
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lists_and_sizes_read_as_people_say_them() {
        assert_eq!((number(0), number(9), number(21)), ("no".into(), "nine".into(), "21".into()));
        assert_eq!(capital("seven of nine"), "Seven of nine");
        assert_eq!(
            ["1", "999", "1,000", "1,234,567"],
            [1, 999, 1_000, 1_234_567].map(grouped).each_ref().map(String::as_str)
        );
        assert_eq!(list(["a"], 3), "a");
        assert_eq!(list(["a", "b", "c"], 3), "a, b and c");
        assert_eq!(list(["a", "b", "c", "d", "e"], 2), "a, b and 3 more");
        for (count, words) in
            [(1, "1 byte"), (999, "999 bytes"), (1_000, "1.0 kB"), (15_400, "15 kB"), (999_999, "1.0 MB")]
        {
            assert_eq!(bytes(count), words);
        }
        assert_eq!(bytes(u64::MAX), "18 EB");
        for (seconds, short, long) in [
            (0, "0 s", "less than a second"),
            (40, "40 s", "40 seconds"),
            (60, "1 min", "1 minute"),
            (100, "1 min 45 s", "1 minute and 45 seconds"),
            (2_820, "47 min", "47 minutes"),
            (3_590, "1 h", "1 hour"),
            (12_030, "3 h 20 min", "3 hours and 20 minutes"),
            (90_000, "25 h", "25 hours"),
            (187_300, "2 d 4 h", "2 days and 4 hours"),
        ] {
            assert_eq!((span(seconds).as_str(), spoken(seconds).as_str()), (short, long));
        }
        for (seconds, words) in [
            (0, "0 seconds"),
            (90, "90 seconds"),
            (60, "1 minute"),
            (14_400, "4 hours"),
            (86_400, "24 hours"),
            (172_800, "2 days"),
        ] {
            assert_eq!(duration(seconds), words);
        }
    }
}
