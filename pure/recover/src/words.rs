//! Figures in words.

use jiff::{SignedDuration, Timestamp};

/// A length of time as people say it: in the greatest unit of which there are at least two.
pub(crate) fn span(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let units = [(86_400, "days"), (3_600, "hours"), (60, "minutes")];
    match units.into_iter().find(|(size, _)| seconds >= 2 * size) {
        Some((size, name)) => format!("{} {name}", seconds / size),
        None if seconds == 1 => "1 second".to_owned(),
        None => format!("{seconds} seconds"),
    }
}

/// A moment, to the minute.
pub(crate) fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// An amount of data in the greatest unit of which there is at least one.
pub(crate) fn amount(bytes: u64) -> String {
    let units = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(size, _)| bytes >= *size) {
        Some((size, name)) => format!("{}.{} {name}", bytes / size, bytes % size * 10 / size),
        None => format!("{bytes} bytes"),
    }
}

/// The first few texts, and how many more there are.
pub(crate) fn some<T: AsRef<str>>(texts: &[T], most: usize) -> String {
    let mut text = texts.iter().take(most).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    if let more @ 1.. = texts.len().saturating_sub(most) {
        text += &format!(" and {more} more");
    }
    text
}

/// The first digits of a snapshot's id, as restic shows them.
pub(crate) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_say_them() {
        let said = |seconds| span(SignedDuration::from_secs(seconds));
        assert_eq!(
            [1, 90, 2_820, 7_200, 200_000].map(said),
            ["1 second", "90 seconds", "47 minutes", "2 hours", "2 days"]
        );
        assert_eq!([0, 1_023, 1_536, 5 << 30].map(amount), ["0 bytes", "1023 bytes", "1.5 KiB", "5.0 GiB"]);
        assert_eq!(moment(Timestamp::UNIX_EPOCH), "1970-01-01 00:00 UTC");
        assert_eq!((short("1a2b3c4d5e6f"), short("é")), ("1a2b3c4d", "é"));
        assert_eq!(some(&["a", "b", "c"], 2), "a, b and 1 more");
    }
}
