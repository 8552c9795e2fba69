//! How compiling, proving and rehearsing a plan's segmentation grow with the city.

use super::{PAGE, build, machine::Machine, section::put};
use crate::house;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{fmt::Write, fs, process::Command, time::Instant};

/// How the section begins.
pub(super) const TITLE: &str = "## Segmentation";

/// So many zones; ten times as many conduits and fifty times as many addresses.
const ZONES: [&str; 4] = ["10", "100", "1000", "10000"];

/// Conversations in the history that is rehearsed on.
const CONVERSATIONS: [&str; 3] = ["100000", "1000000", "10000000"];

/// Measures, and writes the section.
pub(super) fn run() -> Result<bool> {
    let mut text = format!(
        "{TITLE}\n\nMeasured by `cargo xtask bench segmentation`, which wrote this section, on {}. Each city has ten \
         conduits and fifty addresses for each zone, half of the conduits narrowed to ten addresses. *Load* and *list* are \
         `nft` and the kernel, in a namespace; beyond 1,000 zones they are not asked, for the kernel looks for a free name \
         among all anonymous sets for each that it makes. *Contain* is one address put into the quarantine set by `nft`.\n\n\
         | zones | conduits | addresses | check the plan | compile | size | load | list | read back | prove | contain |\n\
         |---|---|---|---|---|---|---|---|---|---|---|\n",
        Machine::here(),
    );
    build(&["--package", "range", "--example", "segmentation_speed"])?;
    for zones in ZONES {
        let output = Command::new(house::root().join("target/release/examples/segmentation_speed"))
            .arg(zones)
            .output()?;
        let line = String::from_utf8_lossy(&output.stdout).into_owned();
        let Ok(value) = serde_json::from_str::<Value>(line.trim()) else {
            bail!("segmentation_speed said: {line}{}", String::from_utf8_lossy(&output.stderr))
        };
        let number = |name: &str| value.get(name).and_then(Value::as_u64).unwrap_or_default();
        let time = |name: &str| match value.get(name).and_then(Value::as_f64) {
            Some(seconds) if seconds < 0.1 => format!("{:.0} ms", seconds * 1_000.0),
            Some(seconds) => format!("{seconds:.1} s"),
            None => "–".to_owned(),
        };
        let cells = [
            number("zones").to_string(),
            number("conduits").to_string(),
            number("addresses").to_string(),
            time("check_s"),
            time("compile_s"),
            format!("{:.1} MB", number("bytes") as f64 / 1e6),
            time("load_s"),
            time("list_s"),
            time("parse_s"),
            time("prove_s"),
            time("quarantine_s"),
        ];
        println!("{}", cells.join(" | "));
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text.push_str(&rehearsals()?);
    let into = house::root().join(PAGE);
    let page = fs::read_to_string(&into).with_context(|| into.display().to_string())?;
    fs::write(&into, put(&page, TITLE, &text))?;
    Ok(true)
}

fn rehearsals() -> Result<String> {
    build(&["--package", "bastide", "--bin", "bastide", "--example", "long_history"])?;
    let root = house::root();
    let mut text = String::from(
        "\nA rehearsal of a plan on a month's history of 50,000 pairs of stations, with one request for every ten \
         conversations:\n\n| conversations | `bastide defend rehearse`, two cores |\n|---|---|\n",
    );
    for conversations in CONVERSATIONS {
        let folder = root.join("target/bench/history");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let made = Command::new(root.join("target/release/examples/long_history"))
            .arg(&folder)
            .arg(conversations)
            .output()?;
        if !made.status.success() {
            bail!("long_history said: {}", String::from_utf8_lossy(&made.stderr));
        }
        let begin = Instant::now();
        let rehearsed = Command::new(root.join("target/release/bastide"))
            .args(["defend", "rehearse", "--since", "3650d", "--format", "json", "--plan"])
            .arg(folder.join("plan"))
            .arg("--state")
            .arg(folder.join("state"))
            .output()?;
        let seconds = begin.elapsed().as_secs_f64();
        if rehearsed.status.code() == Some(2) {
            bail!("the rehearsal said: {}", String::from_utf8_lossy(&rehearsed.stderr));
        }
        println!("{conversations} conversations: {seconds:.2} s");
        let _ = writeln!(text, "| {conversations} | {seconds:.2} s |");
    }
    let _ = fs::remove_dir_all(root.join("target/bench/history"));
    Ok(text)
}
