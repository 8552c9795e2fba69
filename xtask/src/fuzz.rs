//! Fuzzing with libFuzzer: one target for a time, or each target in turn.
//!
//! The targets are a workspace of their own in `fuzz/`, built by the stable compiler with LLVM's coverage
//! instrumentation. Address sanitising is left out: the code under test forbids `unsafe`, and overflow checks and
//! debug assertions find what can go wrong in it.

use crate::{
    house,
    run::{Counts, End, bounded},
};
use anyhow::{Context, Result, bail};
use std::{
    fs::{self, File},
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

/// What `cargo xtask fuzz` gives each target unless told otherwise.
const SECONDS: u64 = 60;

/// What the whole rotation within `cargo xtask test` takes once the targets are built.
const ROTATION: Duration = Duration::from_secs(100);

/// The most that a target may use: what the parsers promise, and libFuzzer itself.
const MEMORY_MB: &str = "-rss_limit_mb=1024";

/// An input that takes longer than this, in seconds, is a hang.
const HANG: &str = "-timeout=10";

pub(crate) fn run(arguments: &[&str]) -> Result<bool> {
    let mut seconds = SECONDS;
    let mut wanted = None;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match *argument {
            "--seconds" => {
                let text = rest.next().context("--seconds needs a number")?;
                seconds = text.parse().with_context(|| format!("`{text}` is no number of seconds"))?;
            }
            name if wanted.is_none() && !name.starts_with('-') => wanted = Some(name),
            other => bail!("unknown argument `{other}`"),
        }
    }
    let all = targets()?;
    let chosen: Vec<&String> =
        all.iter().filter(|name| wanted.is_none_or(|wanted| wanted == *name)).collect();
    if chosen.is_empty() {
        bail!("no such target; there are {}", all.join(", "));
    }
    build(Duration::from_secs(1_800))?;
    let mut well = true;
    for target in chosen {
        well &= fuzz(target, seconds)?;
    }
    Ok(well)
}

/// Each target for a short time, as one of the tests.
pub(crate) fn rotation(limit: Duration) -> Result<(Counts, String)> {
    if !house::has("c++") {
        return Ok((Counts::SKIPPED, "missing: a C++ compiler for libFuzzer".into()));
    }
    let begin = Instant::now();
    build(limit)?;
    let built = begin.elapsed();
    let targets = targets()?;
    let left = limit.saturating_sub(built).min(ROTATION).as_secs();
    let seconds = left / (targets.len() as u64).max(1);
    let mut counts = Counts::default();
    for target in &targets {
        // No time left is not a pass.
        if seconds == 0 {
            counts.skipped += 1;
            continue;
        }
        match fuzz(target, seconds) {
            Ok(true) => counts.passed += 1,
            Ok(false) => counts.failed += 1,
            Err(error) => {
                println!("✗ {target}: {error:#}");
                counts.failed += 1;
            }
        }
    }
    Ok((counts, format!("{} s building, then {seconds} s for each target", built.as_secs())))
}

fn folder() -> PathBuf {
    house::root().join("fuzz")
}

/// The targets, in the order of their names: the lines `("name", …),` of their list.
fn targets() -> Result<Vec<String>> {
    let list = fs::read_to_string(folder().join("src/targets.rs")).context("fuzz/src/targets.rs")?;
    let names = list.lines().filter_map(|line| line.strip_prefix("    (\"")?.split('"').next());
    Ok(names.map(str::to_owned).collect())
}

fn build(limit: Duration) -> Result<()> {
    let flags = [
        "--cfg=fuzzing",
        "-Cpasses=sancov-module",
        "-Cllvm-args=-sanitizer-coverage-level=4",
        "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
        "-Cllvm-args=-sanitizer-coverage-pc-table",
        "-Cllvm-args=-sanitizer-coverage-trace-compares",
    ];
    // With `--target`, the flags are not applied to build scripts, which could not be linked with them.
    let mut command = house::cargo(&["build", "--release", "--bin", "fuzz", "--target", TARGET]);
    command.current_dir(folder()).env("RUSTFLAGS", flags.join(" "));
    match bounded(&mut command, limit, |line| println!("{line}"))? {
        End::Done => Ok(()),
        End::Failed => bail!("the fuzz targets do not build"),
        End::TooLong => bail!("the fuzz targets took too long to build"),
    }
}

const TARGET: &str =
    if cfg!(target_arch = "aarch64") { "aarch64-unknown-linux-gnu" } else { "x86_64-unknown-linux-gnu" };

/// Runs one target from its seeds and from what earlier runs found, and says whether it survived.
fn fuzz(target: &str, seconds: u64) -> Result<bool> {
    let folder = folder();
    let corpus = folder.join("corpus").join(target);
    let found = folder.join("artifacts").join(target);
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&found)?;
    let mut command = Command::new(folder.join("target").join(TARGET).join("release/fuzz"));
    command.env("BASTIDE_FUZZ", target).arg(&corpus);
    let seeds = folder.join("seeds").join(target);
    if seeds.is_dir() {
        command.arg(seeds);
    }
    command.args([MEMORY_MB, HANG, "-print_final_stats=1"]);
    command.arg(format!("-max_total_time={seconds}")).arg(format!("-artifact_prefix={}/", found.display()));
    // libFuzzer talks much; only a failure is of interest, and then the end of it.
    let log = found.join("log");
    command.stderr(File::create(&log)?).current_dir(&folder);
    let end = bounded(&mut command, Duration::from_secs(seconds + 60), |_| {})?;
    let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    if end != End::Done {
        let tail: Vec<&str> = text.lines().rev().take(40).collect();
        tail.iter().rev().for_each(|line| println!("  {line}"));
        println!("✗ {target}: what broke it lies in {}; add it as a test of the parser", found.display());
        return Ok(false);
    }
    let stat = |name: &str| {
        let line =
            text.lines().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name)?.strip_prefix(':'));
        line.map_or("?", str::trim).to_owned()
    };
    println!(
        "✓ {target}: {} inputs in {seconds} s, {} MB at most",
        stat("number_of_executed_units"),
        stat("peak_rss_mb")
    );
    Ok(true)
}
