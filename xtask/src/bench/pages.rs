//! How long each page of the console takes, over a log as long as a bad year's.

use super::{PAGE, build, machine::Machine, section::put};
use crate::house;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{env, fmt::Write, fs, process::Command};

/// How the section begins.
pub(super) const TITLE: &str = "## Pages";

/// How many findings and incidents the log has; `BASTIDE_PAGES_RECORDS` says otherwise.
const RECORDS: &str = "10000000";

/// The most that a page may take at the server, in milliseconds.
const PAGE_MS_MAX: f64 = 100.0;

/// Measures, and writes the section. `false` if a page took longer than it may, in half of the tries.
pub(super) fn run() -> Result<bool> {
    build(&["--package", "console", "--example", "page_speed"])?;
    let records = env::var("BASTIDE_PAGES_RECORDS").unwrap_or_else(|_| RECORDS.to_owned());
    // On the disk, for it is long.
    let folder = house::root().join("target/bench/pages");
    fs::create_dir_all(&folder)?;
    let program = house::root().join("target/release/examples/page_speed");
    let output = Command::new(program).arg(&records).env("TMPDIR", &folder).output()?;
    fs::remove_dir_all(&folder)?;
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("page_speed said: {lines}{}", String::from_utf8_lossy(&output.stderr));
    }
    let values = lines.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    let Some((about, pages)) = values.split_first() else { bail!("page_speed said nothing") };
    let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_f64).unwrap_or(f64::MAX);
    let mut text = format!(
        "{TITLE}\n\nMeasured by `cargo xtask bench pages`, which wrote this section, on {}. The demo city after 5,000 strangers \
         spoke to it has {} findings and {} incidents in memory; its sealed log has {} records, filled in {:.0} s. Each kind of page that \
         a link leads to is asked for a hundred times over a connection of its own, by somebody who is signed in. A page must take \
         less than {PAGE_MS_MAX:.0} ms; only the check of the log (`/log?check`) reads all of it.\n\n| page | median | slowest of 100 | size |\n|---|---|---|---|\n",
        Machine::here(),
        number(about, "findings"),
        number(about, "incidents"),
        number(about, "records"),
        number(about, "seconds"),
    );
    let mut in_time = true;
    for page in pages {
        let median = number(page, "median");
        let name = page.get("page").and_then(Value::as_str).unwrap_or_default();
        // Checking the log reads all of it, when somebody asks for just that.
        in_time &= median < PAGE_MS_MAX || name == "/log?check";
        let row = format!(
            "| `{name}` | {median:.1} ms | {:.1} ms | {:.0} kB |",
            number(page, "slowest"),
            number(page, "bytes") / 1e3
        );
        println!("{row}");
        let _ = writeln!(text, "{row}");
    }
    let into = house::root().join(PAGE);
    let page = fs::read_to_string(&into).with_context(|| into.display().to_string())?;
    fs::write(&into, put(&page, TITLE, &text))?;
    Ok(in_time)
}
