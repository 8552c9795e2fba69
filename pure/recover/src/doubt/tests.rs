//! Histories made up, ordinary and not.

use super::*;
use jiff::SignedDuration;
use proptest::prelude::*;

const DAY: i64 = 86_400;

/// A backup's nights, one after the other.
struct Nights(Vec<Taken>);

impl Nights {
    /// A folder of a thousand documents, of which a few change every day.
    fn office(nights: usize) -> Nights {
        let mut history = Nights(Vec::new());
        history.next(Snapshot {
            files: 1_000,
            bytes: 500 << 20,
            new_files: 1_000,
            added: 500 << 20,
            sampled: 8 << 20,
            noise: 2 << 20,
            ..Snapshot::default()
        });
        for night in 1..nights as u64 {
            history.next(Snapshot { noise: 1 << 18, ..day(1_000 + night * 2, 2, 20 + night % 7, 0) });
        }
        history
    }

    fn next(&mut self, snapshot: Snapshot) -> Option<Doubt> {
        let number = self.0.len() as i64;
        let snapshot = Snapshot { id: format!("{number:064x}").into(), ..snapshot };
        let found = doubt(&self.0, &snapshot);
        self.0.push(Taken {
            start: Timestamp::from_second(1_767_225_600 + number * DAY).unwrap(),
            duration: SignedDuration::from_mins(5),
            snapshot,
            doubt: found.clone(),
            proven: None,
        });
        found
    }
}

/// An ordinary day: half a mebibyte a file, and a tenth of what is new is noise.
fn day(files: u64, new: u64, changed: u64, gone: u64) -> Snapshot {
    let touched = (new + changed) << 19;
    Snapshot {
        files,
        bytes: files << 19,
        added: touched,
        stored: touched / 2,
        new_files: new,
        changed_files: changed,
        gone_files: gone,
        sampled: touched,
        noise: touched / 10,
        ..Snapshot::default()
    }
}

fn names(names: &[&str]) -> Vec<Text> {
    names.iter().map(|name| (*name).into()).collect()
}

#[test]
fn ordinary_nights_are_in_no_doubt() {
    assert!(Nights::office(40).0.iter().all(|taken| taken.doubt.is_none()));
}

#[test]
fn files_encrypted_where_they_are_are_found_on_the_first_night() {
    let mut history = Nights::office(10);
    let mut spoilt = day(1_018, 0, 900, 0);
    (spoilt.noise, spoilt.noisy) = (
        spoilt.sampled * 99 / 100,
        names(&["a.txt", "b.csv", "c.txt", "d.ini", "e.html", "f.txt", "g.csv", "h.txt"]),
    );
    let found = history.next(spoilt).unwrap();
    assert_eq!(found.cause(), Cause::Noise);
    assert_eq!(
        found.to_string(),
        "files that could be read are noise now: a.txt, b.csv, c.txt, d.ini and 4 more; 900 files have other content \
         than before, 99 % of what is new is noise"
    );
    // Nothing changes the night after, for there is nothing left to encrypt: that night is no better.
    assert!(matches!(history.next(day(1_018, 0, 3, 0)), Some(Doubt::Follows { cause: Cause::Noise, .. })));
    // The files are put back: most of them change once more, and can be read.
    assert_eq!(history.next(day(1_018, 0, 880, 0)), None);
    assert_eq!(history.next(day(1_020, 2, 20, 0)), None);
}

#[test]
fn files_encrypted_under_other_names_are_found_though_nobody_knows_what_they_were() {
    let mut history = Nights::office(10);
    let mut spoilt = day(1_018, 1_018, 0, 1_018);
    spoilt.noise = spoilt.sampled;
    assert!(matches!(
        history.next(spoilt),
        Some(Doubt::Noise { replaced: 1_018, of: 1_018, noise: 100, .. })
    ));
}

#[test]
fn a_share_that_is_encrypted_bit_by_bit_is_found() {
    let mut history = Nights::office(10);
    let mut spoilt = day(1_018, 0, 150, 0);
    spoilt.noise = spoilt.sampled * 95 / 100;
    assert!(matches!(history.next(spoilt), Some(Doubt::Noise { .. })));
}

#[test]
fn photographs_which_are_noise_anyway_are_in_doubt_when_all_of_them_change() {
    let photographs = |files, new, changed| {
        let snapshot = day(files, new, changed, 0);
        Snapshot { noise: snapshot.sampled, ..snapshot }
    };
    let mut history = Nights(Vec::new());
    history.next(photographs(5_000, 5_000, 0));
    for night in 1..10 {
        assert_eq!(history.next(photographs(5_000 + night * 40, 40, 0)), None);
    }
    assert_eq!(history.clone_and(photographs(9_000, 3_640, 0)), None, "a big import");
    assert!(matches!(history.next(photographs(5_360, 0, 5_300)), Some(Doubt::Noise { .. })));
}

#[test]
fn a_dump_that_turns_to_noise_is_found_though_it_is_one_file() {
    let dump = |bytes: u64| Snapshot {
        files: 1,
        bytes,
        added: bytes / 8,
        changed_files: 1,
        sampled: bytes,
        ..Snapshot::default()
    };
    let mut history = Nights(Vec::new());
    history.next(Snapshot { new_files: 1, changed_files: 0, ..dump(9_000_000) });
    for night in 0..9 {
        assert_eq!(history.next(dump(9_000_000 + night * 1_000)), None);
    }
    assert_eq!(
        history.clone_and(Snapshot { noise: 9_000_000, ..dump(9_010_000) }),
        None,
        "it never was readable"
    );
    let spoilt = Snapshot { noise: 9_000_000, noisy: names(&["telecare.sql"]), ..dump(9_010_000) };
    assert!(matches!(history.clone_and(spoilt), Some(Doubt::Encrypted { .. })));
    let small = dump(900_000);
    assert!(matches!(history.clone_and(small), Some(Doubt::Shrank { .. })));
    assert!(matches!(history.next(dump(0)), Some(Doubt::Shrank { .. })));
    // It is whole again.
    assert_eq!(history.next(dump(9_020_000)), None);
}

#[test]
fn files_that_are_gone_are_found_and_stay_missed() {
    let mut history = Nights::office(10);
    let lost = Snapshot { gone: names(&["a.txt", "b.csv"]), ..day(300, 0, 0, 718) };
    let found = history.next(lost).unwrap();
    assert_eq!(found.to_string(), "718 of 1018 files are gone, among them a.txt, b.csv");
    assert!(matches!(
        history.next(day(300, 0, 2, 0)),
        Some(Doubt::Shrank { .. } | Doubt::Follows { cause: Cause::Loss, .. })
    ));
    assert_eq!(history.next(day(1_018, 718, 0, 0)), None, "they were put back");
}

#[test]
fn smaller_for_a_week_is_what_is_usual_then() {
    let mut history = Nights::office(10);
    assert!(history.next(day(400, 0, 0, 618)).is_some());
    for _ in 1..ACCEPTED {
        assert!(history.next(day(400, 0, 3, 0)).is_some());
    }
    assert_eq!(history.next(day(402, 2, 3, 0)), None);
    assert_eq!(history.next(day(404, 2, 3, 0)), None);
    assert!(history.next(day(100, 0, 3, 304)).is_some(), "and a fall from there is found");
}

#[test]
fn what_is_natural_is_in_no_doubt() {
    let check = |what: &str, snapshot: Snapshot| {
        assert_eq!(Nights::office(12).next(snapshot), None, "{what}");
    };
    let base = 1_022;
    // Twenty old logs are packed: what could be read is noise, and its names say why.
    let logs: Vec<Text> = (0..16).map(|n| format!("var/log/service-{n}.log.1").into()).collect();
    let rotated = day(base, 20, 40, 20);
    check("log rotation", Snapshot { noise: rotated.sampled * 6 / 10, noisy: logs, ..rotated });
    // A third of the files goes into one archive.
    let archived = day(base - 340, 1, 5, 341);
    check("a yearly archive", Snapshot { added: 120 << 20, sampled: 8 << 20, noise: 8 << 20, ..archived });
    let imported = day(base + 5_000, 5_000, 10, 0);
    check("a big import", Snapshot { noise: imported.sampled, ..imported });
    let video = day(base + 1, 1, 12, 0);
    check(
        "a new compressed video",
        Snapshot { bytes: 3 << 30, added: 2 << 30, sampled: 16 << 20, noise: 16 << 20, ..video },
    );
    // A folder gets another name: everything is gone and everything is new, and nothing has to be stored.
    let renamed = day(base, base, 4, base);
    check("a renamed folder", Snapshot { added: 4 << 19, noise: renamed.sampled, ..renamed });
    check("an update of many programs", day(base, 40, 300, 40));
    check(
        "two files packed by somebody",
        Snapshot { noisy: names(&["plan.txt", "list.csv"]), ..day(base, 2, 9, 2) },
    );
    check("nothing at all", Snapshot { sampled: 0, noise: 0, ..day(base, 0, 0, 0) });
}

#[test]
fn old_logs_are_known_by_their_names() {
    for name in ["syslog.1", "var/log/access.log.3.gz", "boot.log-20260105", "x.2.zst"] {
        assert!(is_old_log(name), "{name}");
    }
    for name in ["report.txt", "2026", "budget-2026.csv", "archive.gz", "a.1/b.txt", "syslog.1.locked", ""] {
        assert!(!is_old_log(name), "{name}");
    }
}

impl Nights {
    /// What would be thought of a next night, without it.
    fn clone_and(&self, snapshot: Snapshot) -> Option<Doubt> {
        doubt(&self.0, &snapshot)
    }
}

/// What an ordinary backup does: it grows and shrinks a little, some files change, logs turn, things are imported.
#[derive(Clone, Copy, Debug)]
enum Day {
    Quiet,
    Work { new: u64, changed: u64, gone: u64, noise: u64 },
    Import { new: u64, noise: u64 },
    Rotation { logs: u64 },
    Clear { share: u64 },
}

fn days() -> impl Strategy<Value = Day> {
    prop_oneof![
        3 => Just(Day::Quiet),
        8 => (0..30_u64, 0..80_u64, 0..30_u64, 0..40_u64)
            .prop_map(|(new, changed, gone, noise)| Day::Work { new, changed, gone, noise }),
        1 => (100..9_000_u64, 0..101_u64).prop_map(|(new, noise)| Day::Import { new, noise }),
        2 => (1..30_u64).prop_map(|logs| Day::Rotation { logs }),
        1 => (1..40_u64).prop_map(|share| Day::Clear { share }),
    ]
}

/// What a history becomes when each of these days comes to pass; clearing up goes as far as somebody would in two months.
fn live(first: u64, days: &[Day]) -> Nights {
    let mut history = Nights(Vec::new());
    let (mut files, mut cleared) = (first, 0);
    history.next(day(files, files, 0, 0));
    for act in days {
        let snapshot = match *act {
            Day::Quiet => day(files, 0, 0, 0),
            Day::Work { new, changed, gone, noise } => {
                let gone = gone.min(files / 20);
                files = files + new - gone;
                let snapshot = day(files, new, changed, gone);
                Snapshot { noise: snapshot.sampled * noise / 100, ..snapshot }
            }
            Day::Import { new, noise } => {
                files += new;
                let snapshot = day(files, new, 0, 0);
                Snapshot { noise: snapshot.sampled * noise / 100, ..snapshot }
            }
            Day::Rotation { logs } => {
                let noisy = (0..logs.min(16)).map(|n| Text::from(format!("log/{n}.log.1"))).collect();
                let snapshot = day(files, logs, logs, logs);
                Snapshot { noise: snapshot.sampled / 2, noisy, ..snapshot }
            }
            Day::Clear { share } if cleared + share <= 40 => {
                cleared += share;
                let gone = files * share / 100;
                files -= gone;
                day(files, 0, 0, gone)
            }
            Day::Clear { .. } => continue,
        };
        history.next(snapshot);
    }
    history
}

proptest! {
    #[test]
    fn no_ordinary_history_is_in_doubt(first in 200..20_000_u64, days in prop::collection::vec(days(), 1..80)) {
        let history = live(first, &days);
        prop_assert!(history.0.iter().all(|taken| taken.doubt.is_none()));
    }

    #[test]
    fn after_any_ordinary_history_encryption_is_found_and_what_follows_is_not_clean(
        first in 200..20_000_u64,
        days in prop::collection::vec(days(), 1..80),
        share in 5..101_u64,
        renamed in any::<bool>(),
        after in 0..40_u64,
    ) {
        let mut history = live(first, &days);
        let files = history.0.last().unwrap().snapshot.files;
        let touched = (files * share / 100).max(8);
        let mut spoilt = if renamed { day(files, touched, 0, touched) } else { day(files, 0, touched, 0) };
        spoilt.noise = spoilt.sampled;
        spoilt.noisy = (0..touched.min(16)).map(|n| Text::from(format!("office/letter-{n}.txt"))).collect();
        let found = history.next(spoilt);
        prop_assert_eq!(found.map(|doubt| doubt.cause()), Some(Cause::Noise));
        for _ in 0..after {
            let usual = Habit::of(&history.0).replaced_max;
            prop_assert!(history.next(day(files, 0, usual.max(touched / 4), 0)).is_some());
        }
    }
}
