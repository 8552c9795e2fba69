//! Which snapshots are kept. A pure decision on their times.

use city::{Period, Retention};
use jiff::{Timestamp, tz::TimeZone};
use std::collections::BTreeSet;

/// A snapshot, as far as it matters for whether it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dated {
    /// The time that it tells.
    pub(crate) time: Timestamp,
    /// Whether everything is in it that should be.
    pub(crate) complete: bool,
}

/// For each snapshot, in the order given, whether it is kept.
///
/// By times of the snapshots and never by how old they are, so that nothing is deleted because a clock ran ahead or
/// backups stood still. Those from after `now` do not take the place of any other, since a clock may have been wrong or
/// somebody forged them, and are kept. The newest complete one is always kept. Incomplete ones take nobody's place, and
/// are kept until a complete one is newer.
pub(crate) fn kept(snapshots: &[Dated], keep: &[Retention], now: Timestamp) -> Vec<bool> {
    if keep.is_empty() {
        return vec![true; snapshots.len()];
    }
    let past = |dated: &&Dated| dated.time <= now;
    let newest = snapshots.iter().filter(past).filter(|dated| dated.complete).map(|dated| dated.time).max();
    let mut times: Vec<Timestamp> =
        snapshots.iter().filter(past).filter(|dated| dated.complete).map(|dated| dated.time).collect();
    times.sort();
    times.reverse();
    let mut chosen: BTreeSet<Timestamp> = newest.into_iter().collect();
    for rule in keep {
        let mut periods = BTreeSet::new();
        for time in &times {
            let period = period(*time, rule.period);
            if !periods.contains(&period) {
                if periods.len() >= usize::try_from(rule.count).unwrap_or(usize::MAX) {
                    break;
                }
                periods.insert(period);
                chosen.insert(*time);
            }
        }
    }
    snapshots
        .iter()
        .map(|dated| {
            dated.time > now
                || if dated.complete {
                    chosen.contains(&dated.time)
                } else {
                    newest.is_none_or(|newest| dated.time > newest)
                }
        })
        .collect()
}

/// Which period a time is in: in UTC, so that it does not go by where the machine stands.
fn period(time: Timestamp, period: Period) -> (i64, i64) {
    let at = time.to_zoned(TimeZone::UTC);
    let year = i64::from(at.year());
    match period {
        Period::Last => (time.as_second(), i64::from(time.subsec_nanosecond())),
        Period::Hourly => (year * 1_000 + i64::from(at.day_of_year()), i64::from(at.hour())),
        Period::Daily => (year, i64::from(at.day_of_year())),
        Period::Weekly => {
            let week = at.date().iso_week_date();
            (i64::from(week.year()), i64::from(week.week()))
        }
        Period::Monthly => (year, i64::from(at.month())),
        Period::Yearly => (year, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Dated {
        Dated { time: time.parse().unwrap(), complete: true }
    }

    fn rules(text: &[(u32, Period)]) -> Vec<Retention> {
        text.iter().map(|(count, period)| Retention { count: *count, period: *period }).collect()
    }

    const NOW: &str = "2026-11-27T09:00:00Z";

    fn check(snapshots: &[Dated], keep: &[(u32, Period)], expected: &str) {
        let kept = kept(snapshots, &rules(keep), NOW.parse().unwrap());
        let kept: String = kept.iter().map(|kept| if *kept { 'k' } else { '-' }).collect();
        assert_eq!(kept, expected);
    }

    #[test]
    fn the_newest_of_each_period_is_kept() {
        let days = [
            at("2026-11-25T03:00:00Z"),
            at("2026-11-25T23:00:00Z"),
            at("2026-11-26T03:00:00Z"),
            at("2026-11-27T03:00:00Z"),
            at("2026-11-27T08:00:00Z"),
        ];
        check(&days, &[(2, Period::Daily)], "--k-k");
        check(&days, &[(2, Period::Last)], "---kk");
        check(&days, &[(2, Period::Daily), (1, Period::Yearly)], "--k-k");
        check(&days, &[(9, Period::Daily)], "-kk-k");
        check(&days, &[], "kkkkk");
        // Nobody may write `0 daily`, and if it were so, the newest would stay.
        check(&days, &[(0, Period::Daily)], "----k");
    }

    #[test]
    fn a_week_belongs_to_its_own_year() {
        let days = [at("2024-12-30T03:00:00Z"), at("2025-01-01T03:00:00Z"), at("2025-01-06T03:00:00Z")];
        check(&days, &[(5, Period::Weekly)], "-kk");
    }

    #[test]
    fn backups_that_stood_still_are_not_deleted_for_their_age() {
        check(&[at("2019-01-01T00:00:00Z"), at("2019-01-02T00:00:00Z")], &[(2, Period::Daily)], "kk");
    }

    #[test]
    fn snapshots_from_the_future_take_nobodys_place() {
        let days = [
            at("2026-11-26T03:00:00Z"),
            at("2026-11-27T03:00:00Z"),
            at("2031-01-01T00:00:00Z"),
            at("2031-01-02T00:00:00Z"),
        ];
        check(&days, &[(2, Period::Daily)], "kkkk");
    }

    #[test]
    fn an_incomplete_snapshot_stays_until_a_complete_one_is_newer() {
        let mut days = [
            at("2026-11-24T03:00:00Z"),
            at("2026-11-25T03:00:00Z"),
            at("2026-11-26T03:00:00Z"),
            at("2026-11-27T03:00:00Z"),
        ];
        days[1].complete = false;
        days[3].complete = false;
        check(&days, &[(1, Period::Daily)], "--kk");
    }
}
