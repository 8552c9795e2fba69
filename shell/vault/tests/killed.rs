//! Backups and restorations that are killed at any moment. No snapshot that was ever reported is lost, what was sent is
//! used again, and plain restic finds nothing amiss.
#![cfg(test)]

mod support;

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};
use support::{
    City, Entry, at, backup_id, noise,
    programs::{have, restic_must},
    tree,
};
use vault::{Staged, Target, Vault};

/// What the other process shall do: `backup NIGHT [BANDWIDTH]` or `restore ID FOLDER`, in the city in the variable `CITY`.
const WORK: &str = "BASTIDE_VAULT_WORK";
const CITY: &str = "BASTIDE_VAULT_CITY";

/// The other process: this test program once more. It does nothing unless it is told to.
#[test]
fn work_to_be_killed() {
    let (Ok(work), Ok(root)) = (std::env::var(WORK), std::env::var(CITY)) else { return };
    let city = City::at(Path::new(&root));
    let mut declared = city.folder();
    declared.bandwidth = work.split(' ').nth(2).and_then(|bandwidth| bandwidth.parse().ok());
    let vault = Vault::open(&declared).unwrap();
    // The test runner has begun a line.
    println!("\nbegin");
    match work.split(' ').collect::<Vec<_>>()[..] {
        ["backup", night, ..] => {
            let staged = Staged::InPlace { roots: vec![city.data()], exclude: Vec::new() };
            let made = vault.backup(&backup_id(), &staged, at(night.parse().unwrap()), &()).unwrap();
            println!("complete {}", made.id);
        }
        ["restore", id, into] => {
            let target = Target { into: Path::new(into), only: None, replace: true };
            vault.restore(id, target, &()).unwrap();
            println!("complete {id}");
        }
        _ => unreachable!(),
    }
}

/// Starts the other process; given back when it begins the work itself.
fn begin(city: &City, work: &str) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "work_to_be_killed", "--nocapture", "--test-threads=1"])
        .env(WORK, work)
        .env(CITY, city.root())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while line != "begin\n" {
        line.clear();
        assert!(output.read_line(&mut line).unwrap() > 0, "the other process ended before it began");
    }
    (child, output)
}

/// Lets it work for a while and kills it; given back is the snapshot that it reported, if it did.
fn kill_after(mut child: Child, mut output: BufReader<ChildStdout>, delay: Duration) -> Option<String> {
    sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap();
    let mut said = String::new();
    output.read_to_string(&mut said).unwrap();
    said.lines().find_map(|line| line.strip_prefix("complete ")).map(str::to_owned)
}

/// Instants as chance would have them, up to a third more than the work takes.
fn instants(count: u64, takes: Duration) -> Vec<Duration> {
    let chance = noise(77, 2 * count as usize);
    let share = |pair: &[u8]| f64::from(u16::from_le_bytes([pair[0], pair[1]])) / f64::from(u16::MAX);
    chance.chunks(2).map(|pair| takes.mul_f64(share(pair) * 1.33)).collect()
}

fn change(city: &City, round: u64) {
    fs::write(city.data().join("new.bin"), noise(1_000 + round, 1_500_000)).unwrap();
    fs::write(city.data().join(format!("notes/{}.txt", round % 40)), format!("round {round}\n")).unwrap();
}

fn restore(vault: &Vault, city: &City, id: &str, expected: &[Entry]) {
    let into = city.place("restored");
    vault.restore(id, Target { into: &into, only: None, replace: false }, &()).unwrap();
    let below = into.join(city.data().strip_prefix("/").unwrap());
    assert!(tree(&below) == *expected, "snapshot {id} is not what was backed up");
    fs::remove_dir_all(&into).unwrap();
}

#[test]
fn no_snapshot_that_was_reported_is_lost_to_backups_killed_at_fifty_instants() {
    let city = City::new();
    city.fill(1);
    let vault = Vault::init(&city.folder()).unwrap();
    let mut complete: Vec<(String, Vec<Entry>)> = Vec::new();
    // Two that are let end, to know how long it takes.
    let mut takes = Duration::ZERO;
    for round in 0..2 {
        change(&city, round);
        let (child, output) = begin(&city, &format!("backup {round}"));
        let since = Instant::now();
        let id = wait(child, output).expect("a backup that nobody killed");
        takes = since.elapsed();
        complete.push((id, tree(&city.data())));
    }
    let (mut killed, mut listed_only) = (0, 0);
    for (round, delay) in (2..).zip(instants(50, takes)) {
        change(&city, round);
        let (child, output) = begin(&city, &format!("backup {round}"));
        match kill_after(child, output, delay) {
            Some(id) => complete.push((id, tree(&city.data()))),
            None => killed += 1,
        }
        let there = vault.snapshots(None).unwrap();
        listed_only = there.len() - complete.len();
        assert!(complete.iter().all(|(id, _)| there.iter().any(|snapshot| snapshot.id == *id)));
        let (id, expected) = &complete[(round as usize * 7) % complete.len()];
        restore(&vault, &city, id, expected);
    }
    assert!(killed >= 10, "only {killed} of 50 backups were killed before they were complete");
    // One more takes up what the killed ones left.
    vault.backup(&backup_id(), &city.staged(), at(100), &()).unwrap();
    assert_eq!(vault.check().unwrap(), Vec::<String>::new());
    for (id, expected) in &complete {
        restore(&vault, &city, id, expected);
    }
    let litter = tree(&city.place("cellar")).iter().filter(|entry| entry.is_named("tmp")).count();
    assert_eq!(litter, 0, "something half-written was left behind");
    eprintln!("{killed} of 50 were killed, {listed_only} of them after the snapshot was written");
    if have(&["restic"], "restic check after killed backups") {
        let said = restic_must(&city, city.place("cellar").to_str().unwrap(), &["check", "--read-data"]);
        assert_eq!(said, "");
    }
}

fn wait(mut child: Child, mut output: BufReader<ChildStdout>) -> Option<String> {
    let mut said = String::new();
    output.read_to_string(&mut said).unwrap();
    child.wait().unwrap();
    said.lines().find_map(|line| line.strip_prefix("complete ")).map(str::to_owned)
}

#[test]
fn a_restoration_that_was_killed_is_done_again_and_whole() {
    let city = City::new();
    city.fill(1);
    let vault = Vault::init(&city.folder()).unwrap();
    let made = vault.backup(&backup_id(), &city.staged(), at(1), &()).unwrap();
    let into = |round: usize| -> PathBuf { city.place(&format!("restored-{round}")) };
    let work = |round| format!("restore {} {}", made.id, into(round).display());
    let (child, output) = begin(&city, &work(0));
    let since = Instant::now();
    wait(child, output).expect("a restoration that nobody killed");
    let takes = since.elapsed();
    for (round, delay) in (1..).zip(instants(20, takes)) {
        let (child, output) = begin(&city, &work(round));
        kill_after(child, output, delay);
        let target = Target { into: &into(round), only: None, replace: true };
        vault.restore(&made.id, target, &()).unwrap();
        city.assert_same(&into(round));
        fs::remove_dir_all(into(round)).unwrap();
    }
}

#[test]
fn what_an_interrupted_backup_had_sent_is_not_sent_again() {
    let city = City::new();
    Vault::init(&city.folder()).unwrap();
    let size = 160_000_000;
    fs::write(city.data().join("records.bin"), noise(5, size)).unwrap();
    let (child, output) = begin(&city, "backup 1 60000000");
    let packs = || tree(&city.place("cellar/data")).iter().filter(|entry| entry.kind == "file").count();
    let since = Instant::now();
    while packs() < 2 && since.elapsed() < Duration::from_secs(60) {
        sleep(Duration::from_millis(20));
    }
    assert_eq!(kill_after(child, output, Duration::ZERO), None);
    let had_sent: u64 = tree(&city.place("cellar/data")).iter().map(Entry::length).sum();
    assert!(had_sent > 0);
    let made = Vault::open(&city.folder()).unwrap().backup(&backup_id(), &city.staged(), at(1), &()).unwrap();
    eprintln!("{had_sent} bytes had been sent, {} were sent then, of {size}", made.stored);
    let twice = (made.stored + had_sent).saturating_sub(size as u64);
    assert!(twice < 1_000_000, "{twice} bytes were sent twice");
}
