//! Killed at any moment, Bastide loses nothing that it acknowledged, at most the last second of observations, and says
//! so at its next start.

use super::running::{Running, bastide, made_capture};
use serde_json::Value;
use std::{collections::BTreeSet, path::Path, process::Command, thread, time::Duration};

/// How many times each is killed. More by the environment, for a night's run.
fn times() -> u64 {
    std::env::var("BASTIDE_KILLS").ok().and_then(|times| times.parse().ok()).unwrap_or(20)
}

/// A small linear congruential generator: the moments are the same in every run.
pub fn moments(seed: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(seed), |state| {
        Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407))
    })
    .map(|state| state >> 33)
}

/// The numbers of the findings that the state directory knows.
pub fn findings(state: &Path) -> BTreeSet<u64> {
    let output = bastide().args(["findings", "--format", "json", "--state"]).arg(state).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    list.as_array().unwrap().iter().map(|finding| finding["number"].as_u64().unwrap()).collect()
}

/// The numbers of the findings in the sealed log, which must be whole.
pub fn sealed(state: &Path) -> BTreeSet<u64> {
    let verify = bastide().args(["log", "verify", "--state"]).arg(state).output().unwrap();
    let said = [verify.stdout.as_slice(), &verify.stderr].concat();
    assert!(verify.status.success(), "{}", String::from_utf8_lossy(&said));
    let output = bastide()
        .args(["log", "show", "--last", "10000", "--format", "json", "--state"])
        .arg(state)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    let records = list.as_array().unwrap().iter().filter(|record| record["kind"] == "finding");
    records.map(|record| record["body"]["number"].as_u64().unwrap()).collect()
}

#[test]
fn a_replay_killed_at_any_moment_keeps_every_finding_that_it_told() {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("made.pcap");
    made_capture(&capture, 60_000);
    let mut told_of_any = 0;
    for (round, moment) in moments(7).take(usize::try_from(times()).unwrap()).enumerate() {
        let state = folder.path().join(format!("state-{round}"));
        let mut replay = Running::start(
            Command::new(env!("CARGO_BIN_EXE_bastide"))
                .args(["replay", "--follow", "--city", "tests/program/town", "--state"])
                .arg(&state)
                .arg(&capture),
        );
        thread::sleep(Duration::from_millis(moment % 900));
        let acknowledged: BTreeSet<u64> = replay.kill().iter().filter_map(|line| number(line)).collect();
        told_of_any += acknowledged.len();
        if !state.join("log.pub").exists() {
            // Killed while the directory was being made: nothing was told yet, and the next start finishes it.
            assert!(acknowledged.is_empty());
            let mut again = bastide();
            again.args(["replay", "--city", "tests/program/town", "--state"]).arg(&state).arg(&capture);
            let output = again.output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "round {round}: {said}");
        }
        let known = findings(&state);
        let log = sealed(&state);
        assert!(acknowledged.is_subset(&log), "round {round}: told of {acknowledged:?}, sealed {log:?}");
        assert!(log.is_subset(&known), "round {round}: sealed {log:?}, known {known:?}");
    }
    assert!(told_of_any > 0, "no round told of a finding before it was killed");
}

/// The number of a finding that a line of `--follow` tells of.
fn number(line: &str) -> Option<u64> {
    let finding: Value = serde_json::from_str(line).ok()?;
    finding["number"].as_u64()
}

#[test]
fn the_next_start_says_what_a_kill_cost() {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("made.pcap");
    made_capture(&capture, 60_000);
    let state = folder.path().join("state");
    let mut replay = Running::start(
        Command::new(env!("CARGO_BIN_EXE_bastide"))
            .args(["replay", "--follow", "--city", "tests/program/town", "--state"])
            .arg(&state)
            .arg(&capture),
    );
    replay.wait_for_line(|line| number(line).is_some());
    replay.kill();
    let again = bastide()
        .args(["replay", "--city", "tests/program/town", "--format", "json", "--state"])
        .arg(&state)
        .arg(&capture)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(again.status.success(), "{said}");
    assert!(said.contains("stopped without being able to finish"), "{said}");
    let report: Value = serde_json::from_slice(&again.stdout).unwrap();
    let losses = report["losses"].as_array().unwrap();
    assert!(losses.iter().any(|loss| loss["kind"] == "interrupted"), "{losses:?}");
}

#[test]
fn the_same_capture_gives_the_same_findings_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("made.pcap");
    made_capture(&capture, 20_000);
    let replay = |core: &str| {
        let output = Command::new("taskset")
            .args(["--cpu-list", core, env!("CARGO_BIN_EXE_bastide")])
            .args(["replay", "--city", "tests/program/town", "--format", "json"])
            .arg(&capture)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let one = replay("0");
    assert!(one == replay("0,1"), "one core and two give different answers");
    let report: Value = serde_json::from_slice(&one).unwrap();
    assert!(!report["findings"].as_array().unwrap().is_empty());
}
