//! Backing up and restoring, beside restic, in one run on the same disk.

use super::{LIMIT, PAGE, build, machine::Machine, measure, measure::Measured, section::put};
use crate::house;
use anyhow::{Context, Result, bail};
use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// How the section begins.
pub(super) const TITLE: &str = "## Backups";
/// How often everything is done; the fastest counts.
const ROUNDS: usize = 3;
/// What is measured, in this order.
const STEPS: [&str; 4] = ["init", "first backup", "second backup", "restore"];

/// Who backs up.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Bastide,
    Restic,
}

struct Bench {
    root: PathBuf,
}

/// Measures, and writes the section.
pub(super) fn run() -> Result<bool> {
    if !house::has("restic") {
        bail!("restic is not installed: there is nothing to compare with; as root: apt-get install restic");
    }
    build(&["--package", "vault", "--example", "backup_speed"])?;
    let bench = Bench { root: house::root().join("target/bench/backup") };
    let _ = fs::remove_dir_all(&bench.root);
    fs::create_dir_all(&bench.root)?;
    bench.write_key()?;
    bench.ours(&["tree", "data"])?;
    let mut best: [[Option<Measured>; 2]; 4] = Default::default();
    let mut sizes = [0_u64; 2];
    for round in 0..ROUNDS {
        // One after the other, and who is first changes.
        let mut order = [Who::Bastide, Who::Restic];
        order.rotate_left(round % 2);
        for step in 0..STEPS.len() {
            if step == 2 {
                bench.ours(&["change", "data", &(round + 1).to_string()])?;
            }
            for who in order {
                let measured = measure::run(&mut bench.command(who, step)?, LIMIT)?;
                let cell = best.get_mut(step).and_then(|row| row.get_mut(who as usize));
                if let Some(cell) = cell
                    && cell.is_none_or(|best| measured.seconds < best.seconds)
                {
                    *cell = Some(measured);
                }
                println!(
                    "{}: {:.2} s, {}",
                    STEPS.get(step).unwrap_or(&""),
                    measured.seconds,
                    measured.memory()
                );
            }
        }
        for who in order {
            let folder = bench.repository(who);
            if let Some(size) = sizes.get_mut(who as usize) {
                *size = bytes_below(&folder)?;
            }
            fs::remove_dir_all(folder)?;
            fs::remove_dir_all(bench.restored(who))?;
        }
    }
    let text = write_section(&best, sizes);
    println!("{text}");
    let into = house::root().join(PAGE);
    let page = fs::read_to_string(&into).with_context(|| into.display().to_string())?;
    fs::write(&into, put(&page, TITLE, &text))?;
    fs::remove_dir_all(&bench.root)?;
    Ok(true)
}

impl Bench {
    fn write_key(&self) -> Result<()> {
        let key = self.root.join("key");
        fs::write(&key, "seven blue herons\n")?;
        let mut private = Command::new("chmod");
        measure::run(private.arg("600").arg(key), LIMIT)?;
        Ok(())
    }

    fn ours(&self, arguments: &[&str]) -> Result<()> {
        let mut command = Command::new(house::root().join("target/release/examples/backup_speed"));
        measure::run(command.current_dir(&self.root).args(arguments), LIMIT).map(drop)
    }

    fn repository(&self, who: Who) -> PathBuf {
        self.root.join(if who == Who::Bastide { "repository-bastide" } else { "repository-restic" })
    }

    fn restored(&self, who: Who) -> PathBuf {
        self.root.join(if who == Who::Bastide { "restored-bastide" } else { "restored-restic" })
    }

    fn command(&self, who: Who, step: usize) -> Result<Command> {
        let (key, data, into) = (self.root.join("key"), self.root.join("data"), self.restored(who));
        Ok(match who {
            Who::Bastide => {
                let mut command = Command::new(house::root().join("target/release/examples/backup_speed"));
                let act = ["init", "backup", "backup", "restore"];
                command.arg(act.get(step).context("a step")?).arg(self.repository(who)).arg(key);
                match step {
                    0 => &mut command,
                    3 => command.arg(into),
                    _ => command.arg(data),
                };
                command
            }
            Who::Restic => {
                let mut command = Command::new("restic");
                command.args(["--quiet", "--no-cache", "--repo"]).arg(self.repository(who));
                command.arg("--password-file").arg(key);
                match step {
                    0 => command.arg("init"),
                    3 => command.args(["restore", "latest", "--target"]).arg(into),
                    _ => command.arg("backup").arg(data),
                };
                command
            }
        })
    }
}

fn write_section(best: &[[Option<Measured>; 2]; 4], sizes: [u64; 2]) -> String {
    let mut text = format!(
        "{TITLE}\n\nMeasured by `cargo xtask bench backup`, which wrote this section, on {}. The same tree of 100,000 files \
         and 1.0 GB, half of it records and half packed already, into a folder on the same disk, by a process for each \
         step; between the backups one file in a hundred is written anew. The fastest of {ROUNDS} runs each, in turns. \
         Bastide's restoration reads every file back and compares it, restic's does not; Bastide brings every object to the \
         disk before it is given its name and reads the snapshot back. Neither keeps a cache.\n\n\
         | step | Bastide | memory | restic | memory | Bastide takes |\n|---|---|---|---|---|---|\n",
        Machine::here(),
    );
    for (step, row) in STEPS.iter().zip(best) {
        let [Some(ours), Some(theirs)] = row else { continue };
        let _ = writeln!(
            text,
            "| {step} | {:.2} s | {} | {:.2} s | {} | {:.2} times as long |",
            ours.seconds,
            ours.memory(),
            theirs.seconds,
            theirs.memory(),
            ours.seconds / theirs.seconds,
        );
    }
    let [ours, theirs] = sizes.map(|bytes| bytes as f64 / 1e6);
    let _ = writeln!(text, "\nThe repositories then have {ours:.0} MB and {theirs:.0} MB.");
    text
}

fn bytes_below(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { bytes_below(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}
