//! How long it takes to hunt back through a year.

use super::{PAGE, build, machine::Machine, section::put};
use crate::house;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{env, fmt::Write, fs, process::Command};

/// How the section begins.
pub(super) const TITLE: &str = "## Hunting";

/// How many conversations the year has; `BASTIDE_HUNT_CONVERSATIONS` says otherwise.
const CONVERSATIONS: &str = "10000000";

/// The most that a question to 100 million conversations may take, in seconds.
const SECONDS_MAX: f64 = 30.0;

/// Measures, and writes the section. `false` if a question took longer than it may, by the number of conversations.
pub(super) fn run() -> Result<bool> {
    build(&["--package", "store", "--example", "hunt_speed"])?;
    let folder = house::root().join("target/bench/hunt");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let conversations = env::var("BASTIDE_HUNT_CONVERSATIONS").unwrap_or_else(|_| CONVERSATIONS.to_owned());
    let program = house::root().join("target/release/examples/hunt_speed");
    let output = Command::new(program).arg(&folder).arg(&conversations).output()?;
    fs::remove_dir_all(&folder)?;
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("hunt_speed said: {lines}{}", String::from_utf8_lossy(&output.stderr));
    }
    let values = lines.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    let Some((about, questions)) = values.split_first() else { bail!("hunt_speed said nothing") };
    let (text, in_time) = section(about, questions);
    let into = house::root().join(PAGE);
    let page = fs::read_to_string(&into).with_context(|| into.display().to_string())?;
    fs::write(&into, put(&page, TITLE, &text))?;
    Ok(in_time)
}

fn section(about: &Value, questions: &[Value]) -> (String, bool) {
    let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64).unwrap_or_default();
    let seconds = |value: &Value, name: &str| value.get(name).and_then(Value::as_f64).unwrap_or(f64::MAX);
    let all = number(about, "conversations");
    let mut text = format!(
        "{TITLE}\n\nMeasured by `cargo xtask bench hunt`, which wrote this section, on {}. A year of {all} conversations of 5,000 \
         devices, one in twenty with an address outside, written by the store's own journal and compaction: {:.2} GB. Asked for \
         conversations of which either end is one of a set, by `History::search` on two cores. *First* is a process that reads and \
         sums up every file that it opens, *again* one that has; files are in the system's cache either way, as they were just \
         written. A question to 100 million must take less than {SECONDS_MAX:.0} s.\n\n\
         | question | found | first | again | row groups looked at | passed over by statistics | by bloom filter | by distinct values |\n\
         |---|---|---|---|---|---|---|---|\n",
        Machine::here(),
        number(about, "history_bytes") as f64 / 1e9,
    );
    let share = all as f64 / 1e8;
    let mut in_time = true;
    for value in questions {
        let (first, again) = (seconds(value, "seconds"), seconds(value, "seconds_again"));
        in_time &= first <= SECONDS_MAX * share.max(0.01);
        let cells = [
            value.get("question").and_then(Value::as_str).unwrap_or_default().to_owned(),
            number(value, "found").to_string(),
            format!("{first:.2} s"),
            format!("{again:.2} s"),
            number(value, "groups").to_string(),
            number(value, "by_statistics").to_string(),
            number(value, "by_filter").to_string(),
            number(value, "by_dictionary").to_string(),
        ];
        println!("{}", cells.join(" | "));
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    (text, in_time)
}
