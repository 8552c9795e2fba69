//! Lengths of time, amounts and sizes for people.

use jiff::SignedDuration;

/// A length of time in its two greatest units: `47 min`, `3 h 20 min`, `2 d 4 h`.
pub(crate) fn time(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    let two = |great: i64, unit: &str, rest: i64, small: &str| match rest {
        0 => format!("{great} {unit}"),
        rest => format!("{great} {unit} {rest} {small}"),
    };
    match seconds {
        0 if length.is_positive() => format!("{} ms", length.as_millis()),
        0..60 => format!("{seconds} s"),
        60..3_600 => two(seconds / 60, "min", if seconds < 600 { seconds % 60 } else { 0 }, "s"),
        3_600..86_400 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

/// So many of something.
pub(crate) fn amount(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// Bytes in the greatest unit that leaves a number above one: `1.5 MiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if unit == 0 { format!("{bytes} {name}") } else { format!("{size:.1} {name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_read_as_people_say_them() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (95, "1 min 35 s"),
            (47 * 60 + 3, "47 min"),
            (3_600, "1 h"),
            (12_000, "3 h 20 min"),
            (187_200, "2 d 4 h"),
        ] {
            assert_eq!(time(SignedDuration::from_secs(seconds)), text);
        }
        assert_eq!(time(SignedDuration::from_millis(20)), "20 ms");
    }

    #[test]
    fn sizes_have_a_unit_that_fits() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_536), "1.5 KiB");
        assert_eq!(bytes(5 << 30), "5.0 GiB");
    }
}
