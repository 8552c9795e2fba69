//! Traffic made to exhaust whoever reads it, in full: how much memory the program takes, and how long.

use super::{PAGE, build, machine::Machine, measure};
use crate::house;
use anyhow::{Context, Result, bail};
use std::{
    fmt::Write,
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

/// How the section begins.
const TITLE: &str = "## Hardness";

/// The most that one kind may take.
const LIMIT: Duration = Duration::from_secs(1_800);

/// What the reader may hold, in megabytes: what `wire::Limits` says of its defaults.
const READER_MB: u64 = 500;

/// The section as it stands in a page, to be kept when the rest is written anew.
pub(super) fn section(page: &str) -> String {
    page.find(TITLE).and_then(|at| page.get(at..)).map(|text| format!("\n{text}")).unwrap_or_default()
}

/// Measures every kind, and writes the section. `false` if the memory of one was above its bound.
pub(super) fn run() -> Result<bool> {
    let root = house::root();
    build(&["--package", "bastide", "--bin", "bastide", "--example", "hostile"])?;
    let hostile = root.join("target/release/examples/hostile");
    let listed = Command::new(&hostile).output()?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let mut text = format!(
        "{TITLE}\n\nMeasured by `cargo xtask bench hardness`, which wrote this section, on {}. `hostile KIND` writes so \
         much of a kind to the standard input of `bastide records` on one core and on two, and of `bastide replay` with \
         the plan of a small town. Memory is the process's peak resident set; that of `records` must stay below \
         {READER_MB} MB.\n\n| what | how many | `records`, one core | two cores | `replay` |\n|---|---|---|---|---|\n",
        Machine::here(),
    );
    let mut good = true;
    for line in listed.lines() {
        let mut words = line.splitn(4, ' ');
        let (Some(name), Some(_), Some(count), Some(about)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            bail!("hostile said: {line}")
        };
        let mut cells = Vec::new();
        for arguments in [
            &["records", "--threads", "1", "--kind", "loss,flood", "-"][..],
            &["records", "--threads", "2", "--kind", "loss,flood", "-"],
            &["replay", "--city", "shell/bastide/tests/program/town", "--format", "csv", "-"],
        ] {
            let measured = fed(&hostile, name, &root, arguments)?;
            good &= arguments.first() != Some(&"records") || measured.memory_kb >> 10 < READER_MB;
            cells.push(format!("{}, {:.1} s", measured.memory(), measured.seconds));
        }
        println!("{name}: {}", cells.join("; "));
        let _ = writeln!(text, "| {about} | {count} | {} |", cells.join(" | "));
    }
    let into = root.join(PAGE);
    let page = fs::read_to_string(&into).with_context(|| into.display().to_string())?;
    let before = page.find(TITLE).and_then(|at| page.get(..at)).unwrap_or(&page).trim_end();
    fs::write(&into, format!("{before}\n\n{text}"))?;
    Ok(good)
}

/// Runs the program on a kind of traffic.
fn fed(hostile: &Path, name: &str, root: &Path, arguments: &[&str]) -> Result<measure::Measured> {
    let mut making = Command::new(hostile).arg(name).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let traffic = making.stdout.take().context("no output")?;
    let mut command = Command::new(root.join("target/release/bastide"));
    let measured = measure::run_on(command.current_dir(root).args(arguments), traffic.into(), LIMIT);
    if !making.wait()?.success() {
        bail!("hostile {name} failed");
    }
    measured
}
