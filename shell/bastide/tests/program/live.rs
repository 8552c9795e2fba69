//! A city watched live, over a cable between two network namespaces: what is found and how soon, with what rights it is
//! watched, and what is left when the watching ends well or badly.

use super::{
    cable::{Cable, ENDS, Modbus},
    kill::{findings, moments, sealed},
    running::{Running, bastide, made_capture},
};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs::{self, File, Permissions},
    io::{Read, Write},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tempfile::TempDir;

/// How many times the watching is killed. More by the environment, for a night's run.
fn times() -> usize {
    std::env::var("BASTIDE_KILLS").ok().and_then(|times| times.parse().ok()).unwrap_or(10)
}

/// Where a watched city keeps what it keeps.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        // The user who watches has to get at the state directory within.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        Place { folder }
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// What the latest start printed on standard error.
    fn errors(&self) -> String {
        fs::read_to_string(self.folder.path().join("errors")).unwrap()
    }

    /// Waits until the latest start prints this on standard error.
    fn wait_for_errors(&self, wanted: &str) {
        let began = Instant::now();
        while !self.errors().contains(wanted) {
            assert!(
                began.elapsed() < Duration::from_secs(10),
                "not a word that it {wanted}: {}",
                self.errors()
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Watches the pumps' end of the cable, and waits until the console is open.
    fn watch(&self, cable: &Cable) -> Running {
        self.watch_with(cable, "3")
    }

    /// The same, with so many readers.
    fn watch_with(&self, cable: &Cable, readers: &str) -> Running {
        let errors = File::create(self.folder.path().join("errors")).unwrap();
        let mut command = cable.pumps(env!("CARGO_BIN_EXE_bastide"));
        command
            .args(["run", "--city", "tests/program/town", "--interface", ENDS[1], "--user", "nobody"])
            .args(["--threads", readers, "--listen", "127.0.0.1:0", "--state"])
            .arg(self.state());
        let mut watching = Running::start_with_errors_to(&mut command, errors);
        watching.wait_for_line(|line| line.starts_with("Watching "));
        watching
    }

    /// The rules by which there are findings, asked with the command that people use.
    fn rules(&self) -> Vec<String> {
        let output =
            bastide().args(["findings", "--format", "json", "--state"]).arg(self.state()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let list: Value = serde_json::from_slice(&output.stdout).unwrap();
        list.as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
    }

    /// What the watching process answers; none if it did not come to.
    fn ask(&self, what: &str) -> Option<Value> {
        let mut socket = UnixStream::connect(self.state().join("socket")).ok()?;
        let question = format!("GET /api/v1/{what} HTTP/1.0\r\nHost: localhost\r\n\r\n");
        socket.write_all(question.as_bytes()).ok()?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }

    /// The numbers of the findings that the watching process tells of; none if it did not come to answer.
    fn told(&self) -> BTreeSet<u64> {
        let Some(answer) = self.ask("findings?limit=1000000") else { return BTreeSet::new() };
        let list = answer["findings"].as_array().expect("an answer that lists findings");
        list.iter().map(|finding| finding["number"].as_u64().unwrap()).collect()
    }
}

#[test]
fn a_write_that_the_plan_does_not_allow_is_found_within_two_seconds() {
    let Some(cable) = Cable::lay("write") else { return };
    let place = Place::new();
    let modbus = Modbus::found();
    let _server = modbus.serve(&cable);
    let mut watching = place.watch(&cable);
    modbus.ask(&cable, "read");
    thread::sleep(Duration::from_secs(2));
    assert_eq!(place.rules(), [""; 0], "reading is allowed");
    let written = modbus.ask(&cable, "write");
    let mut found = None;
    while found.is_none() && since_1970() < written + 10.0 {
        found = place.rules().iter().any(|rule| rule == "verb-not-allowed").then(|| since_1970() - written);
    }
    println!("with {modbus:?}: found {found:?} seconds after the write");
    assert!(found.is_some_and(|seconds| seconds < 2.0), "found {found:?} seconds after the write");
    // The other: Modbus obeyed somebody who could not prove who he is.
    assert_eq!(place.rules(), ["verb-not-allowed", "weakness"]);
    assert!(watching.stop(Duration::from_secs(5)).is_some_and(|status| status.success()));
    assert_eq!(place.errors(), "");
}

fn since_1970() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

#[test]
fn a_city_is_watched_without_rights() {
    let Some(cable) = Cable::lay("rights") else { return };
    let place = Place::new();
    let watching = place.watch(&cable);
    let tasks = fs::read_dir(format!("/proc/{}/task", watching.id())).unwrap();
    let mut threads = 0;
    for task in tasks {
        let status = fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        for line in [
            "Uid:\t65534\t65534\t65534\t65534",
            "CapInh:\t0000000000000000",
            "CapPrm:\t0000000000000000",
            "CapEff:\t0000000000000000",
            "CapAmb:\t0000000000000000",
            "NoNewPrivs:\t1",
        ] {
            assert!(status.lines().any(|have| have == line), "{line} in {status}");
        }
        threads += 1;
    }
    assert!(threads > 2, "only {threads} threads were looked at");
}

#[test]
fn several_readers_read_what_passes_and_what_there_was_no_room_for_is_told() {
    let Some(cable) = Cable::lay("readers") else { return };
    let place = Place::new();
    let watching = place.watch_with(&cable, "2");
    let capture = place.folder.path().join("made.pcap");
    made_capture(&capture, 60_000);
    let sender = cable.send(&capture);
    let began = Instant::now();
    let worked = || -> Vec<bool> {
        let tasks = fs::read_dir(format!("/proc/{}/task", watching.id())).unwrap();
        let read = |task: &Path, name: &str| fs::read_to_string(task.join(name)).unwrap_or_default();
        // How long a thread was on a core, in nanoseconds (sched-stats).
        tasks
            .map(|task| task.unwrap().path())
            .filter(|task| read(task, "comm").starts_with("reader-"))
            .map(|task| read(&task, "schedstat").split(' ').next().is_some_and(|time| time.len() > 7))
            .collect()
    };
    while worked() != [true, true] || place.told().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}, {}", worked(), place.errors());
        thread::sleep(Duration::from_millis(100));
    }
    drop(sender);
    watching.paused(|| cable.flood(50_000));
    let dropped = || {
        let answer = place.ask("losses")?;
        let mut losses = answer["losses"].as_array()?.iter();
        losses.find(|loss| loss["kind"] == "dropped")?["count"].as_u64()
    };
    let began = Instant::now();
    let dropped = loop {
        if let Some(dropped) = dropped() {
            break dropped;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "drops are not told: {}", place.errors());
        thread::sleep(Duration::from_millis(100));
    };
    // The ring holds 32 MiB of the 75 MB.
    assert!((20_000..50_000).contains(&dropped), "{dropped}");
}

#[test]
fn watching_that_is_killed_at_any_moment_keeps_every_finding_that_it_told() {
    let Some(cable) = Cable::lay("kill") else { return };
    let place = Place::new();
    let capture = place.folder.path().join("made.pcap");
    made_capture(&capture, 60_000);
    let _sender = cable.send(&capture);
    let (mut acknowledged, mut told_by_rounds) = (BTreeSet::new(), 0);
    for (round, moment) in moments(11).take(times()).enumerate() {
        let mut watching = place.watch(&cable);
        if round > 0 {
            let said = place.errors();
            assert!(said.contains("stopped without being able to finish"), "round {round}: {said}");
        }
        let before = acknowledged.len();
        // Asked by another, so that the kill may come while an answer is on its way.
        let end = Instant::now() + Duration::from_millis(moment % 2_000);
        let told = thread::scope(|scope| {
            let asking = scope.spawn(|| {
                let mut told = BTreeSet::new();
                while Instant::now() < end + Duration::from_millis(100) {
                    told.extend(place.told());
                    thread::sleep(Duration::from_millis(5));
                }
                told
            });
            thread::sleep(end.saturating_duration_since(Instant::now()));
            watching.kill();
            asking.join().unwrap()
        });
        acknowledged.extend(told);
        told_by_rounds += usize::from(acknowledged.len() > before);
        let (log, known) = (sealed(&place.state()), findings(&place.state()));
        assert!(acknowledged.is_subset(&log), "round {round}: told of {acknowledged:?}, sealed {log:?}");
        assert!(log.is_subset(&known), "round {round}: sealed {log:?}, known {known:?}");
    }
    println!(
        "{} kills, {told_by_rounds} of them after new findings were told; {} findings kept",
        times(),
        acknowledged.len()
    );
    assert!(told_by_rounds > 0, "no round told of a finding before it was killed");
}

#[test]
fn watching_that_is_told_to_stop_stops_soon_and_loses_nothing() {
    let Some(cable) = Cable::lay("stop") else { return };
    let place = Place::new();
    let capture = place.folder.path().join("made.pcap");
    made_capture(&capture, 60_000);
    let _sender = cable.send(&capture);
    let mut told = BTreeSet::new();
    for round in 0..2 {
        let mut watching = place.watch(&cable);
        assert_eq!(place.errors(), "", "start {round} complains");
        let began = Instant::now();
        while told.is_empty() && began.elapsed() < Duration::from_secs(30) {
            told = place.told();
        }
        assert!(told.is_subset(&place.told()), "start {round} forgot what was told");
        let stopping = Instant::now();
        let status = watching.stop(Duration::from_secs(5)).expect("it is still there after five seconds");
        println!("stopped in {:?}", stopping.elapsed());
        assert!(status.success(), "{status}: {}", place.errors());
    }
    assert!(!told.is_empty(), "nothing was found");
    assert!(told.is_subset(&sealed(&place.state())));
    assert_eq!(starts_that_lost(&place.state()), 0);
}

#[test]
fn an_interface_that_goes_is_told_of_and_nobody_watches_nothing() {
    let Some(cable) = Cable::lay("gone") else { return };
    let place = Place::new();
    let mut watching = place.watch(&cable);
    let end = ENDS[1];
    assert!(cable.pumps("ip").args(["link", "set", end, "down"]).status().unwrap().success());
    place.wait_for_errors("went down");
    assert!(cable.pumps("ip").args(["link", "set", end, "up"]).status().unwrap().success());
    let capture = place.folder.path().join("made.pcap");
    made_capture(&capture, 1_000);
    let sender = cable.send(&capture);
    let began = Instant::now();
    while place.told().is_empty() {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "what is up again is not heard: {}",
            place.errors()
        );
        thread::sleep(Duration::from_millis(50));
    }
    drop(sender);
    assert!(cable.pumps("ip").args(["link", "delete", end]).status().unwrap().success());
    let status = watching.wait(Duration::from_secs(10)).expect("it watches an interface that is not there");
    assert_eq!(status.code(), Some(2), "{}", place.errors());
    assert!(place.errors().contains("was removed"), "{}", place.errors());
}

/// How many starts the sealed log has that tell of a loss.
fn starts_that_lost(state: &Path) -> usize {
    let output = bastide()
        .args(["log", "show", "--last", "10000", "--format", "json", "--state"])
        .arg(state)
        .output()
        .unwrap();
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    let starts: Vec<_> = list.as_array().unwrap().iter().filter(|record| record["kind"] == "start").collect();
    assert_eq!(starts.len(), 2);
    starts.iter().filter(|start| !start["body"]["lost"].is_null()).count()
}
