//! What it costs to hold traffic against a million indicators.

use super::{PAGE, build, machine::Machine, make_capture, measure, section::put};
use crate::house;
use anyhow::{Context, Result};
use serde_json::Value;
use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

/// How the section begins.
pub(super) const TITLE: &str = "## Watching";

/// How many indicators are kept.
const MANY: u64 = 1_000_000;

/// How much longer reading a capture may take with them than with none: what a second run of the same differs by.
const RATIO_MAX: f64 = 1.05;

/// Measures, and writes the section. `false` if a million indicators slow the reading measurably.
pub(super) fn run() -> Result<bool> {
    build(&["--package", "bastide", "--example", "watch_speed"])?;
    let capture = make_capture()?;
    let bytes = fs::metadata(&capture.path)?.len();
    let folder = house::root().join("target/bench/watch");
    let _ = fs::remove_dir_all(&folder);
    let (none, many) = (folder.join("none"), folder.join("many"));
    say(&["fill", &path(&none), "0"])?;
    let filled = say(&["fill", &path(&many), &MANY.to_string()])?;
    let mut rows = Vec::new();
    for (what, list) in [
        ("without a watchlist".to_owned(), "-".to_owned()),
        ("0 indicators".to_owned(), path(&none)),
        (format!("{MANY} indicators"), path(&many)),
    ] {
        rows.push((what, say(&["watch", &path(&capture.path), &list])?));
    }
    let store = fs::metadata(many.join("intelligence.db"))?.len();
    let _ = fs::remove_dir_all(&folder);
    let (text, in_time) = section(&rows, &filled, store, bytes);
    let into = house::root().join(PAGE);
    let page = fs::read_to_string(&into).with_context(|| into.display().to_string())?;
    fs::write(&into, put(&page, TITLE, &text))?;
    Ok(in_time)
}

fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn program() -> PathBuf {
    house::root().join("target/release/examples/watch_speed")
}

/// What a part of the bench says.
fn say(arguments: &[&str]) -> Result<Value> {
    measure::say(&program(), arguments)
}

fn section(rows: &[(String, Value)], filled: &Value, store: u64, bytes: u64) -> (String, bool) {
    let number = |value: &Value, name: &str| value.pointer(name).and_then(Value::as_f64).unwrap_or_default();
    let count = |value: &Value, name: &str| value.pointer(name).and_then(Value::as_u64).unwrap_or_default();
    let mut text = format!(
        "{TITLE}\n\nMeasured by `cargo xtask bench watch`, which wrote this section, on {}. The mixed capture of the first table \
         ({:.0} MB) on the way of the live path on one core: read, understood by `wire`, held against the watchlist, judged by \
         `cycle` without a plan; the fastest of 3 runs in one process. Of ten indicators six are addresses, two names, one a URL \
         and one a pattern of an address and a port; the store has {:.2} GB and was filled in {:.0} s. A list must cost less \
         than {:.0} % of the time.\n\n| watched for | values | load | reading | ratio | sightings | memory, loaded | memory, \
         peak |\n|---|---|---|---|---|---|---|---|\n",
        Machine::here(),
        bytes as f64 / 1e6,
        store as f64 / 1e9,
        number(filled, "/seconds"),
        (RATIO_MAX - 1.0) * 100.0,
    );
    // Against an empty list: what is read of the traffic is the same.
    let base = rows.get(1).map_or(1.0, |(_, value)| number(value, "/seconds"));
    let mut ratio = f64::MAX;
    for (what, value) in rows {
        ratio = number(value, "/seconds") / base.max(1e-9);
        let row = format!(
            "| {what} | {} | {:.2} s | {:.2} s | {ratio:.2} | {} | {} | {} |",
            count(value, "/values"),
            number(value, "/load"),
            number(value, "/seconds"),
            count(value, "/sightings"),
            measure::memory(count(value, "/loaded_kb")),
            measure::memory(count(value, "/peak_kb")),
        );
        println!("{row}");
        let _ = writeln!(text, "{row}");
    }
    if let Some((_, many)) = rows.last() {
        let _ = writeln!(
            text,
            "\nOne more indicator is watched for {:.1} ms after it was kept, of which the loop waits for {:.2} ms; to take out what \
             is over, once a minute, keeps it waiting for {:.1} ms.",
            number(many, "/change/seconds") * 1e3,
            number(many, "/change/held") * 1e3,
            number(many, "/change/pass") * 1e3,
        );
    }
    (text, ratio <= RATIO_MAX)
}
