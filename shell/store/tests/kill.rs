//! Killed at any instant: nothing acknowledged is lost, and the next start says what is.
//!
//! The test runs itself again as a child that appends, seals, checkpoints, compacts and forgets, and prints each
//! acknowledgement once it has it. The child is killed with SIGKILL after a time of chance, over and over in the same
//! state directory, and after each kill everything that it was told is looked for.

#![cfg(test)]

mod sample;

use cycle::{City, Event};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use store::{
    Act, ActRecord, Journal, Kind, Limits, PlanFile, PlanRecord, Position, Question, Record, Retention,
    Store, Table,
};

const CHILD: &str = "BASTIDE_STORE_KILL_CHILD";
/// How often the child is killed; more by `BASTIDE_KILLS`.
const KILLS: u64 = 60;

fn kills() -> u64 {
    std::env::var("BASTIDE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

fn record(n: u64) -> Record {
    if n % 50 == 49 {
        // A record of some size, so that a kill can come in the midst of it.
        let files = vec![PlanFile { name: "city.toml".into(), text: format!("# {n}\n").repeat(2_000) }];
        return Record::Plan(PlanRecord::new(files, None, "ada".into()));
    }
    Record::Act(ActRecord {
        person: Some("ada".into()),
        act: Act::PacketsOpened,
        subject: Some(n.to_string()),
        from: None,
        detail: None,
    })
}

fn limits() -> Limits {
    // Small enough that days are forgotten while the test runs.
    let history = Retention { age: Some(SignedDuration::from_hours(24)), bytes: Some(2_000_000) };
    Limits { history, ..Limits::default() }
}

fn say(line: std::fmt::Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    // Behind a closed pipe there is nobody left to tell.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// The child: goes on where the store is, until it is killed.
async fn work(directory: &Path) {
    let (mut store, start) = Store::open(directory, Kind::Live, "mirror-0", limits()).await.unwrap();
    let mut effects = Vec::new();
    let later = Journal::read(store.journal.directory(), start.position()).unwrap();
    let mut city = start.checkpoint.map_or_else(|| City::new(None), |checkpoint| checkpoint.city);
    later.for_each(|item| city.handle(&item.unwrap().1, &mut effects));
    say(format_args!("opened {}", store.journal.end()));
    for n in store.journal.end().0.. {
        let event = sample::event(n);
        store.journal.append(&event).unwrap();
        city.handle(&event, &mut effects);
        effects.clear();
        match n % 60 {
            0 | 15 | 30 | 45 => say(format_args!("synced {}", store.journal.sync().unwrap())),
            10 | 40 => {
                let sealed = store.log.head().size;
                let count = 1 + n % 3;
                let records = (sealed..sealed + count).map(record).collect();
                let receipt = store.log.seal(event.time(), records).await.unwrap();
                assert_eq!((receipt.first, receipt.last), (sealed + 1, sealed + count));
                say(format_args!("sealed {}", receipt.last));
            }
            20 => say(format_args!("checkpoint {}", store.checkpoint(&city).unwrap())),
            50 => say(format_args!("compacted {}", store.compact().unwrap().end)),
            52 => store.journal.rotate().unwrap(),
            55 => {
                store.tend(event.time()).unwrap();
            }
            _ => {}
        }
    }
}

/// What the child was told, by word.
type Told = BTreeMap<String, u64>;

/// Starts the child in a state directory.
fn start(directory: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "nothing_acknowledged_is_lost", "--nocapture", "--test-threads=1"])
        .env(CHILD, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Starts the child, kills it after a while, and adds what it was told.
fn run_and_kill(directory: &Path, after: Duration, told: &mut Told) {
    let mut child = start(directory);
    std::thread::sleep(after);
    let alive = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(alive, "the child ended by itself: {}", String::from_utf8_lossy(&output.stderr));
    for line in BufReader::new(&output.stdout[..]).lines() {
        let line = line.unwrap();
        // The last line may have been cut short by the kill; a number cut short is a smaller one.
        if let Some((word, number)) = line.rsplit_once(' ')
            && let Ok(number) = number.parse::<u64>()
        {
            let word = word.rsplit(' ').next().unwrap_or_default().to_owned();
            let known = told.entry(word).or_default();
            *known = number.max(*known);
        }
    }
}

/// Opens the store as the next start would, and looks for everything that was acknowledged.
async fn check(directory: &Path, told: &Told, kill: u64) {
    let told = |word: &str| told.get(word).copied().unwrap_or(0);
    let (store, start) = Store::open(directory, Kind::Live, "mirror-0", limits()).await.unwrap();
    let end = store.journal.end().0;
    assert!(end >= told("synced"), "kill {kill}: {end} events, {} were acknowledged", told("synced"));
    assert!(start.position().0 >= told("checkpoint"), "kill {kill}: the checkpoint is gone");
    assert!(start.passed_over.is_empty(), "kill {kill}: {:?}", start.passed_over);
    // It says so.
    if end > 0 {
        assert!(start.journal.loss().is_some(), "kill {kill} at event {end} was not reported");
    }
    let events: Vec<(Position, Event)> = Journal::read(store.journal.directory(), start.position())
        .unwrap()
        .map(|item| item.unwrap_or_else(|error| panic!("kill {kill}: {error}")))
        .collect();
    assert_eq!(events.len() as u64, end - start.position().0, "kill {kill}: events behind the checkpoint");
    for (place, event) in &events {
        assert!(*event == sample::event(place.0), "kill {kill}: event {place} is another");
    }
    // The state rebuilt is the state that all events give.
    if kill.is_multiple_of(10) {
        let mut rebuilt = start.checkpoint.map_or_else(|| City::new(None), |checkpoint| checkpoint.city);
        let mut whole = City::new(None);
        events.iter().for_each(|(_, event)| rebuilt.handle(event, &mut Vec::new()));
        (0..end).for_each(|n| whole.handle(&sample::event(n), &mut Vec::new()));
        let bytes = |city: &City| postcard::to_stdvec(city).unwrap();
        assert!(bytes(&rebuilt) == bytes(&whole), "kill {kill}: the state is another");
    }
    // The log.
    let report = store.log.verify().await.unwrap();
    assert!(report.is_whole(), "kill {kill}: {:?}", report.damage);
    assert!(
        report.records >= told("sealed"),
        "kill {kill}: {} of {} records",
        report.records,
        told("sealed")
    );
    assert_eq!(store.log.head().size, report.records);
    for sealed in store.log.latest(None, 40).await.unwrap() {
        assert!(
            sealed.record() == Some(record(sealed.sequence - 1)),
            "kill {kill}: record {}",
            sealed.sequence
        );
    }
    // History: every row that is not too old, once.
    assert!(store.history.compacted().unwrap().0 >= told("compacted"), "kill {kill}: history went back");
    let now = sample::time(end);
    let from = now - SignedDuration::from_mins(10);
    let recent = Question { from: Some(from), ..Question::new(Table::Requests, usize::MAX) };
    let found: Vec<Timestamp> = store.history.ask(&recent).unwrap().rows.iter().map(|row| row.time).collect();
    let requests =
        |n: &u64| n % 10 != 9 && n % 20 != 18 && matches!(n % 9, 3 | 4) && sample::time(*n) >= from;
    let expected: Vec<Timestamp> =
        (end.saturating_sub(700)..end).rev().filter(requests).map(sample::time).collect();
    assert!(found == expected, "kill {kill}: {} rows of {} in history", found.len(), expected.len());
    drop(store);
}

#[test]
fn nothing_acknowledged_is_lost() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if let Ok(directory) = std::env::var(CHILD) {
        runtime.block_on(work(Path::new(&directory)));
        return;
    }
    let kills = kills();
    let directory = tempfile::tempdir().unwrap();
    let mut told = Told::new();
    let began = Instant::now();
    // SplitMix64: the instants come again with the seed, as far as two runs of a machine are alike.
    let mut state = 7_u64;
    for kill in 0..kills {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33;
        run_and_kill(directory.path(), Duration::from_millis(8 + mixed % 240), &mut told);
        runtime.block_on(check(directory.path(), &told, kill));
    }
    println!("{kills} kills in {:?}: {told:?}", began.elapsed());
    for word in ["synced", "sealed", "checkpoint", "compacted"] {
        assert!(told.get(word).is_some_and(|number| *number > 0), "no {word} in {kills} kills");
    }
}

#[test]
fn a_first_start_killed_at_any_moment_is_finished_by_the_next() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    // How far the kill came is seen on the disk: what was there when it came.
    let mut left = BTreeSet::new();
    for kill in 0..kills() {
        let directory = folder.path().join(kill.to_string());
        let mut child = start(&directory);
        let began = Instant::now();
        // Each kill comes a little later after the directory is there than the last.
        while !directory.exists() && began.elapsed() < Duration::from_secs(10) {
            std::hint::spin_loop();
        }
        std::thread::sleep(Duration::from_micros(kill * 300 % 18_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let mut names: Vec<_> =
            std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort_unstable();
        let opened = runtime.block_on(Store::open(&directory, Kind::Live, "mirror-0", limits()));
        let (store, start) = opened.unwrap_or_else(|error| panic!("kill {kill} left {names:?}: {error}"));
        assert!(start.passed_over.is_empty(), "kill {kill} left {names:?}: {:?}", start.passed_over);
        assert!(runtime.block_on(store.log.verify()).unwrap().is_whole(), "kill {kill} left {names:?}");
        left.insert(names);
    }
    assert!(left.len() > 3, "the kills came at the same few moments: {left:?}");
}
