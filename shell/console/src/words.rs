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
