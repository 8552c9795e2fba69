//! The plan and Bastide's own store, copied while another process writes to it.

use super::*;
use cycle::City;
use std::{
    fs,
    process::{Command, Stdio},
};
use store::{Act, ActRecord, Journal, Kind, Limits, Question, Record, Retention, Store, Table};

#[path = "../../../store/tests/sample/mod.rs"]
mod sample;

const CHILD: &str = "BASTIDE_VAULT_STORE_CHILD";

/// Small enough that days are forgotten and files merged while the test runs.
fn limits() -> Limits {
    let history = Retention { age: Some(SignedDuration::from_hours(24)), bytes: Some(300_000) };
    Limits { history, ..Limits::default() }
}

fn record(n: u64) -> Record {
    Record::Act(ActRecord {
        person: Some("ada".into()),
        act: Act::PacketsOpened,
        subject: Some(n.to_string()),
        from: None,
        detail: None,
    })
}

/// The child: writes as the loop does, though all of it a hundred times as often, until it is killed.
async fn write(directory: &Path) {
    let (mut store, _) = Store::open(directory, Kind::Live, "mirror-0", limits()).await.unwrap();
    let mut city = City::new(None);
    for n in 0.. {
        let event = sample::event(n);
        store.journal.append(&event).unwrap();
        city.handle(&event, &mut Vec::new());
        match n % 60 {
            10 | 40 => {
                store.journal.sync().unwrap();
                let sealed = store.log.head().size;
                store.log.seal(event.time(), vec![record(sealed)]).await.unwrap();
            }
            20 => drop(store.checkpoint(&city).unwrap()),
            50 if n % 600 == 50 => drop(store.compact().unwrap()),
            52 => store.journal.rotate().unwrap(),
            55 => drop(store.tend(event.time()).unwrap()),
            _ => {}
        }
    }
}

#[test]
fn the_store_is_copied_while_bastide_writes_to_it_and_its_log_verifies() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if let Ok(directory) = std::env::var(CHILD) {
        return runtime.block_on(write(Path::new(&directory)));
    }
    let (plan, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::create_dir(plan.path().join("procedures")).unwrap();
    fs::write(plan.path().join("city.toml"), "[city]\nname = \"Wexcombe\"\n").unwrap();
    fs::write(plan.path().join("procedures/telecare.md"), "# Telecare\n").unwrap();
    let state = state.path().join("state");
    let mut child = Command::new("setpriv");
    child.args(["--pdeathsig", "KILL", "--"]).arg(std::env::current_exe().unwrap());
    let test = "own::the_store_is_copied_while_bastide_writes_to_it_and_its_log_verifies";
    child.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(CHILD, &state);
    let child = parts::Process(child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    parts::eventually("history is compacted", || state.join("history/compacted").exists());
    let desk = Desk::new();
    let asked = backup("bastide", Source::Bastide, None);
    let mut ends = Vec::new();
    for _ in 0..25 {
        let staged = desk.stage_of(&asked, None, plan.path(), &state).unwrap();
        let folder = folder(&staged);
        assert_eq!(fs::read_to_string(folder.join("plan/procedures/telecare.md")).unwrap(), "# Telecare\n");
        let copy = folder.join("state");
        assert!(!copy.join("lock").exists() && copy.join("log.key").exists());
        ends.push(runtime.block_on(check(&copy)));
    }
    assert!(ends.is_sorted() && ends.first() < ends.last(), "the child wrote meanwhile: {ends:?}");
    drop(child);
}

/// Opens a copy as a start would, and asks it for everything. Gives how many events it holds.
async fn check(copy: &Path) -> u64 {
    let (store, start) = Store::open(copy, Kind::Live, "mirror-0", limits()).await.unwrap();
    assert!(start.passed_over.is_empty(), "{:?}", start.passed_over);
    let end = store.journal.end().0;
    let behind: Vec<_> = Journal::read(store.journal.directory(), start.position())
        .unwrap()
        .map(|item| item.unwrap())
        .collect();
    assert_eq!(behind.len() as u64, end - start.position().0);
    let report = store.log.verify().await.unwrap();
    assert!(report.is_whole(), "{:?}", report.damage);
    let now = sample::time(end);
    let from = now - SignedDuration::from_mins(10);
    let recent = Question { from: Some(from), ..Question::new(Table::Requests, usize::MAX) };
    let found = store.history.ask(&recent).unwrap().rows.len() as u64;
    let requests = |n: &u64| n % 10 != 9 && matches!(n % 9, 3 | 4) && sample::time(*n) >= from;
    assert_eq!(found, (end.saturating_sub(700)..end).filter(requests).count() as u64);
    store.close().await.unwrap();
    end
}

#[test]
fn without_a_store_there_is_no_backup_of_it() {
    let desk = Desk::new();
    let plan = tempfile::tempdir().unwrap();
    let asked = backup("bastide", Source::Bastide, None);
    let error = desk.stage_of(&asked, None, plan.path(), Path::new("/nonexistent")).unwrap_err();
    assert!(error.to_string().contains("/nonexistent"), "{error}");
}
