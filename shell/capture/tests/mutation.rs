//! Ten thousand captures that were tampered with, read to their end: no panic, no hang, no memory without bound.
//!
//! The seeds are the demo city's captures and, where they are there, the captures of others. A failure names the
//! number of its case; the same number makes the same capture again.

#![cfg(test)]

use capture::CaptureFile;
use jiff::SignedDuration;
use std::{
    env, fs,
    io::{Cursor, Write},
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use wire::{Config, Limits, Wire};

/// How many captures are made.
const CASES: u64 = 10_000;

/// No more of a seed is used, so that many small captures are tried rather than a few large ones.
const SEED_BYTES_MAX: usize = 24 << 10;

/// Longer for one such capture is a hang, even for an unoptimised build on a busy machine.
const HANG: Duration = Duration::from_secs(20);

/// What the whole process may hold: seeds, two readers with small bounds, and the test itself.
const MEMORY_MAX_KB: u64 = 512 << 10;

/// Chance that can be had again: SplitMix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

/// A frame of a seed: seconds, link type and bytes.
type Kept = (i64, u16, Vec<u8>);

/// The captures to begin with.
fn seeds() -> Vec<Vec<Kept>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data = env::var_os("BASTIDE_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    let folders = [root.join("cities"), data.join("ot-pcap"), data.join("net-pcap")];
    let mut paths: Vec<PathBuf> = folders.iter().flat_map(|folder| files_below(folder)).collect();
    paths.sort();
    paths.iter().filter_map(|path| read_seed(path)).collect()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else if path.to_string_lossy().contains(".pcap") {
            found.push(path);
        }
    }
    found
}

fn read_seed(path: &Path) -> Option<Vec<Kept>> {
    let mut file = CaptureFile::open(path).ok()?;
    let (mut frames, mut bytes) = (Vec::new(), 0);
    while let Ok(Some(frame)) = file.next() {
        bytes += frame.bytes.len();
        if bytes > SEED_BYTES_MAX {
            break;
        }
        frames.push((frame.time.as_second(), frame.link.0, frame.bytes.to_vec()));
    }
    (!frames.is_empty()).then_some(frames)
}

/// Tampers with some bytes.
fn mutate(bytes: &mut Vec<u8>, dice: &mut Dice) {
    if bytes.is_empty() {
        bytes.push(0);
    }
    let at = dice.below(bytes.len());
    match dice.below(7) {
        0 => bytes[at] ^= 1 << dice.below(8),
        1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xfe, 0xff][dice.below(6)],
        2 => bytes[at] = bytes[at].wrapping_add(1),
        3 => bytes.truncate(at),
        4 => drop(bytes.drain(at..(at + 1 + dice.below(16)).min(bytes.len()))),
        5 => {
            let end = (at + 1 + dice.below(64)).min(bytes.len());
            let copy = bytes[at..end].to_vec();
            bytes.splice(at..at, copy);
        }
        _ => {
            let end = (at + 1 + dice.below(4)).min(bytes.len());
            bytes[at..end].fill(dice.next() as u8);
        }
    }
}

/// The capture of a case: frames of one seed, perhaps among those of another, tampered with as frames or as a file.
fn make(case: u64, seeds: &[Vec<Kept>]) -> Vec<u8> {
    let mut dice = Dice(case);
    let mut frames = seeds[dice.below(seeds.len())].clone();
    if dice.below(4) == 0 {
        let other = &seeds[dice.below(seeds.len())];
        let at = dice.below(frames.len());
        let until = 1 + dice.below(other.len());
        frames.splice(at..at, other[..until].iter().cloned());
    }
    for _ in 0..=dice.below(8) {
        let at = dice.below(frames.len());
        match dice.below(8) {
            // A frame lost, twice, late, or at another time.
            0 if frames.len() > 1 => drop(frames.remove(at)),
            1 => frames.insert(at, frames[at].clone()),
            2 => {
                let other = dice.below(frames.len());
                frames.swap(at, other);
            }
            3 => frames[at].0 = i64::from(dice.next() as u32),
            _ => mutate(&mut frames[at].2, &mut dice),
        }
    }
    let link = frames[0].1;
    let mut file = Vec::new();
    for field in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, u32::from(link)] {
        file.extend(field.to_le_bytes());
    }
    for (seconds, _, bytes) in &frames {
        for field in [*seconds as u32, 0, bytes.len() as u32, bytes.len() as u32] {
            file.extend(field.to_le_bytes());
        }
        file.extend(bytes);
    }
    if dice.below(4) == 0 {
        mutate(&mut file, &mut dice);
    }
    file
}

/// Reads a capture to its end, and says how long that took, and how many frames and observations there were.
fn read(capture: Vec<u8>) -> (Duration, usize, usize) {
    let limits = Limits {
        conversations: 64,
        reorder_bytes: 256 << 10,
        message_bytes: 64 << 10,
        pending_bytes: 256 << 10,
        unanswered_bytes: 256 << 10,
        remembered_bytes: 256 << 10,
        fragmented: 16,
        fragment_bytes: 256 << 10,
    };
    let interim = Some(SignedDuration::from_secs(60));
    let mut wire = Wire::new(Config {
        sensor: "mutation".into(),
        logs: true,
        events: city::Protocol::ALL,
        signs: false,
        seed: 1,
        limits,
        only_whole: false,
        interim,
    });
    let mut out = Vec::new();
    let (mut frames, mut observations) = (0, 0);
    let begin = Instant::now();
    if let Ok(mut file) = CaptureFile::read("mutated".into(), Cursor::new(capture), None) {
        while let Ok(Some(frame)) = file.next() {
            wire.see(&frame, &mut out);
            frames += 1;
            observations += out.drain(..).count();
            assert!(wire.conversations() <= limits.conversations);
        }
    }
    wire.finish(&mut out);
    (begin.elapsed(), frames, observations + out.len())
}

#[test]
fn ten_thousand_mutated_captures_are_survived() {
    let seeds = seeds();
    if seeds.is_empty() {
        return skipped();
    }
    let failures = Mutex::new(Vec::new());
    let (frames, observations) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let workers = thread::available_parallelism().map_or(1, usize::from) as u64;
    thread::scope(|scope| {
        for worker in 0..workers {
            let (seeds, failures, frames, observations) = (&seeds, &failures, &frames, &observations);
            scope.spawn(move || {
                for case in (worker..CASES).step_by(workers as usize) {
                    let capture = make(case, seeds);
                    match panic::catch_unwind(AssertUnwindSafe(|| read(capture))) {
                        Ok((took, seen, told)) if took < HANG => {
                            frames.fetch_add(seen, Ordering::Relaxed);
                            observations.fetch_add(told, Ordering::Relaxed);
                        }
                        Ok((took, ..)) => failures.lock().unwrap().push(format!("case {case} took {took:?}")),
                        Err(_) => failures.lock().unwrap().push(format!("case {case} panicked")),
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {CASES} failed: {failures:?}", failures.len());
    let memory = peak_kb();
    let (frames, observations) = (frames.into_inner(), observations.into_inner());
    println!(
        "{CASES} captures from {} seeds: {frames} frames, {observations} observations, {} MB at most",
        seeds.len(),
        memory >> 10
    );
    // What was tampered with must still be worth reading, or the test tries nothing.
    assert!(frames > 5 * CASES as usize && observations > CASES as usize);
    assert!(memory < MEMORY_MAX_KB, "{memory} kB");
}

/// The most memory that this process has held, in kilobytes.
fn peak_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Says that there was nothing to begin with, past the test runner's capture and where skipped cases are counted.
fn skipped() {
    let line =
        format!("{CASES} cases skipped in mutation: no captures in cities, BASTIDE_DATA or ../shared/data\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(path) = env::var_os("BASTIDE_SKIPPED") {
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
    }
}
