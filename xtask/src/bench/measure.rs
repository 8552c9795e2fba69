//! Time and memory of a process.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// What one run took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    pub(super) seconds: f64,
    pub(super) memory_kb: u64,
}

impl Measured {
    pub(super) fn memory(&self) -> String {
        memory(self.memory_kb)
    }
}

pub(super) fn memory(kilobytes: u64) -> String {
    format!("{:.0} MB", kilobytes as f64 / 1024.0)
}

/// What became of waiting for a process to say something.
pub(super) enum Watched {
    Seen {
        /// Seconds from its start.
        after: f64,
        memory_kb: u64,
    },
    Never,
}

/// Runs a command to its end; its output is thrown away.
pub(super) fn run(command: &mut Command, limit: Duration) -> Result<Measured> {
    run_on(command, Stdio::null(), limit)
}

/// The same, with something on its standard input.
pub(super) fn run_on(command: &mut Command, input: Stdio, limit: Duration) -> Result<Measured> {
    let name = format!("{command:?}");
    let begin = Instant::now();
    let mut child = command.stdin(input).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let mut memory_kb = 0;
    loop {
        memory_kb = memory_kb.max(peak_kb(&child));
        if let Some(status) = child.try_wait()? {
            let seconds = begin.elapsed().as_secs_f64();
            if !status.success() {
                bail!("{name} failed with {status}");
            }
            return Ok(Measured { seconds, memory_kb });
        }
        if begin.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("{name} took longer than {} s", limit.as_secs());
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Starts a command, waits for a line of its output that holds a word, lets it run on for a while, and ends it.
pub(super) fn until(
    command: &mut Command,
    word: &'static str,
    on: Duration,
    limit: Duration,
) -> Result<Watched> {
    let begin = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (send, seen) = mpsc::channel();
    let output = child.stdout.take().context("no output")?;
    let errors = child.stderr.take().context("no output")?;
    let sources: [Box<dyn Read + Send>; 2] = [Box::new(output), Box::new(errors)];
    for source in sources {
        let send = send.clone();
        thread::spawn(move || {
            for line in BufReader::new(source).lines().map_while(Result::ok) {
                if line.contains(word) {
                    // The other end is gone when the word was seen before.
                    let _ = send.send(begin.elapsed().as_secs_f64());
                }
            }
        });
    }
    drop(send);
    let after = seen.recv_timeout(limit).ok();
    let mut memory_kb = 0;
    if after.is_some() {
        thread::sleep(on);
        memory_kb = peak_kb(&child);
    }
    child.kill()?;
    child.wait()?;
    Ok(after.map_or(Watched::Never, |after| Watched::Seen { after, memory_kb }))
}

/// The most memory that a process has held so far, in kilobytes.
pub(super) fn peak_kb(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// What a part of a bench says: one line of JSON.
pub(super) fn say(program: &Path, arguments: &[&str]) -> Result<Value> {
    let output = Command::new(program).args(arguments).output()?;
    let line = String::from_utf8_lossy(&output.stdout).into_owned();
    match serde_json::from_str(line.trim()) {
        Ok(value) if output.status.success() => Ok(value),
        _ => bail!("{}: {line}{}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)),
    }
}
