//! Traffic made to exhaust whoever reads it: the program stays within its bounds, and says what happened.

#[path = "../../examples/hostile/kinds.rs"]
pub mod kinds;

use super::running::bastide;
use serde_json::Value;
use std::{
    fs,
    io::{BufWriter, Read, Write},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// What the reader may hold, in megabytes: what `wire::Limits` says of its defaults.
const READER_MB: u64 = 500;

/// What the city may hold beside it: devices, pairs of talkers, findings.
const CITY_MB: u64 = 200;

/// Runs a command while hostile traffic is written to its standard input. Returns what it printed, and the most memory
/// that it held, in megabytes.
fn run(command: &mut Command, kind: &'static kinds::Kind) -> (String, u64) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = BufWriter::with_capacity(1 << 20, child.stdin.take().unwrap());
    let writing = thread::spawn(move || {
        kinds::write(kind, kind.short, &mut input).unwrap();
        input.flush().unwrap();
    });
    let mut output = child.stdout.take().unwrap();
    let reading = thread::spawn(move || {
        // Lines are many and of no interest; a report is one.
        let (mut kept, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
        while let Ok(count @ 1..) = output.read(&mut buffer) {
            kept.extend_from_slice(&buffer[..count]);
            if kept.len() > 64 << 20 {
                kept.drain(..32 << 20);
            }
        }
        String::from_utf8_lossy(&kept).into_owned()
    });
    let mut most = 0;
    let status = loop {
        most = most.max(held(&child));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        thread::sleep(Duration::from_millis(2));
    };
    writing.join().unwrap();
    assert!(status.success(), "{}: {status}", kind.name);
    (reading.join().unwrap(), most >> 10)
}

/// The most memory that a process has held so far, in kilobytes.
fn held(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[test]
fn every_kind_is_read_within_the_bounds() {
    for kind in kinds::KINDS {
        assert!(kind.short < kind.full);
        let mut command = bastide();
        let (_, most) = run(command.args(["records", "--threads", "1", "--kind", "loss,flood", "-"]), kind);
        println!("{} {}: {most} MB", kind.short, kind.about);
        assert!(most > 0 && most < READER_MB, "{}: {most} MB", kind.name);
    }
}

#[test]
fn a_flood_is_told_and_found_once_and_the_city_stays_within_its_bounds() {
    let kind = kinds::KINDS.iter().find(|kind| kind.name == "syn-flood").unwrap();
    let (report, most) =
        run(bastide().args(["replay", "--city", "tests/program/town", "--format", "json", "-"]), kind);
    println!("{most} MB");
    assert!(most < READER_MB + CITY_MB, "{most} MB");
    let report: Value = serde_json::from_str(&report).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let floods: Vec<_> = findings.iter().filter(|finding| finding["rule"] == "flood").collect();
    assert_eq!(floods.len(), 1);
    assert_eq!(floods[0]["title"], "192.0.2.20 is flooded with connection attempts");
    // Strangers and newcomers, as far as they are told of one by one.
    assert!(findings.len() < 64 + 256 + 10, "{} findings", findings.len());
    let full = report["losses"].as_array().unwrap().iter().any(|loss| loss["kind"] == "table-full");
    assert!(full, "what was put out of a full table is told");
}
