//! Commands, bounded in time, and the count of what passed.

use anyhow::{Context, Result};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Done,
    Failed,
    /// It was ended because its time was over.
    TooLong,
}

/// Runs a command to its end or to the limit. What it writes to standard output goes to `see`, line by line; what it
/// writes to standard error is shown as it comes.
pub(crate) fn bounded(command: &mut Command, limit: Duration, mut see: impl FnMut(&str)) -> Result<End> {
    let name = command.get_program().to_string_lossy().into_owned();
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut child = child.with_context(|| format!("`{name}` could not be started"))?;
    let (send, lines) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        thread::spawn(move || {
            let mut reader = BufReader::new(output);
            let mut line = Vec::new();
            while let Ok(1..) = reader.read_until(b'\n', &mut line) {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                line.clear();
                if send.send(text).is_err() {
                    break;
                }
            }
        });
    }
    let begin = Instant::now();
    loop {
        let left = limit.saturating_sub(begin.elapsed());
        match lines.recv_timeout(left.min(Duration::from_millis(200))) {
            Ok(line) => see(&line),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                // A grandchild may hold the pipe open after the command itself has ended.
                if let Some(status) = child.try_wait()? {
                    lines.try_iter().for_each(|line| see(&line));
                    return Ok(if status.success() { End::Done } else { End::Failed });
                }
                if left.is_zero() {
                    end_tree(&mut child);
                    return Ok(End::TooLong);
                }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                while begin.elapsed() < limit {
                    if let Some(status) = child.try_wait()? {
                        return Ok(if status.success() { End::Done } else { End::Failed });
                    }
                    thread::sleep(Duration::from_millis(20));
                }
                end_tree(&mut child);
                return Ok(End::TooLong);
            }
        }
    }
}

/// Ends a command with everything it started.
fn end_tree(child: &mut Child) {
    let mut ids = vec![child.id()];
    let children = children_by_parent();
    let mut next = 0;
    while let Some(id) = ids.get(next).copied() {
        ids.extend(children.get(&id).into_iter().flatten());
        next += 1;
    }
    let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
    let _ = Command::new("kill").arg("-KILL").args(ids).stderr(Stdio::null()).status();
    let _ = child.wait();
}

/// Every process by the one that started it.
fn children_by_parent() -> BTreeMap<u32, Vec<u32>> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(status) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // `id (name) state parent …`, where the name may hold anything.
        let parent = status.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)?.parse().ok());
        if let Some(parent) = parent {
            children.entry(parent).or_default().push(id);
        }
    }
    children
}

/// What was run, and how it went.
pub(crate) struct Summary {
    begin: Instant,
    limit: Duration,
    lines: Vec<String>,
    counts: Counts,
}

/// How many checks passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    pub(crate) const PASSED: Counts = Counts { passed: 1, failed: 0, skipped: 0 };
    pub(crate) const FAILED: Counts = Counts { passed: 0, failed: 1, skipped: 0 };
    pub(crate) const SKIPPED: Counts = Counts { passed: 0, failed: 0, skipped: 1 };
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

impl Summary {
    pub(crate) fn new(limit: Duration) -> Summary {
        Summary { begin: Instant::now(), limit, lines: Vec::new(), counts: Counts::default() }
    }

    /// How much time a step may take: what it asks for, but no more than is left of the whole.
    pub(crate) fn time_for(&self, step: Duration) -> Duration {
        step.min(self.limit.saturating_sub(self.begin.elapsed()))
    }

    /// Announces a step, runs it and notes how it went. A step that could not be run has failed.
    pub(crate) fn step(&mut self, title: &str, step: impl FnOnce(&Summary) -> Result<(Counts, String)>) {
        println!("\n── {title}");
        let begin = Instant::now();
        let (counts, note) = step(self).unwrap_or_else(|error| (Counts::FAILED, format!("{error:#}")));
        let mark = match (counts.failed, counts.passed) {
            (0, 0) => "–",
            (0, _) => "✓",
            _ => "✗",
        };
        let seconds = begin.elapsed().as_secs_f64();
        let mut line = format!("{mark} {title:<14} {seconds:>6.1} s  {counts}");
        if !note.is_empty() {
            line += &format!("  ({note})");
        }
        println!("{line}");
        self.lines.push(line);
        self.counts.passed += counts.passed;
        self.counts.failed += counts.failed;
        self.counts.skipped += counts.skipped;
    }

    /// Runs a command as a step that either passes or fails.
    pub(crate) fn command(&mut self, title: &str, limit: Duration, command: &mut Command) {
        self.step(title, |summary| {
            let end = bounded(command, summary.time_for(limit), |line| println!("{line}"))?;
            Ok(verdict(end))
        });
    }

    /// Prints what was run and the closing line, and says whether all is well.
    pub(crate) fn close(self) -> bool {
        println!("\n── summary, after {:.0} s", self.begin.elapsed().as_secs_f64());
        for line in &self.lines {
            println!("{line}");
        }
        println!("\n{}", self.counts);
        self.counts.failed == 0
    }
}

/// The count and note of a command that either passes or fails.
pub(crate) fn verdict(end: End) -> (Counts, String) {
    match end {
        End::Done => (Counts::PASSED, String::new()),
        End::Failed => (Counts::FAILED, String::new()),
        End::TooLong => (Counts::FAILED, "ended because it took too long".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn lines_are_seen_and_the_end_is_told() {
        let mut lines = Vec::new();
        let see = |line: &str| lines.push(line.to_owned());
        let end = bounded(&mut shell("echo one; echo two; exit 3"), Duration::from_secs(20), see).unwrap();
        assert_eq!((end, lines), (End::Failed, vec!["one".to_owned(), "two".to_owned()]));
        let end = bounded(&mut shell("true"), Duration::from_secs(20), |_| {}).unwrap();
        assert_eq!(end, End::Done);
    }

    #[test]
    fn a_command_that_takes_too_long_is_ended_with_its_children() {
        let mut lines = Vec::new();
        let begin = Instant::now();
        let script = "sleep 61 & echo $!; wait";
        let end = bounded(&mut shell(script), Duration::from_millis(400), |line| lines.push(line.to_owned()));
        assert_eq!(end.unwrap(), End::TooLong);
        assert!(begin.elapsed() < Duration::from_secs(20));
        let lives = || {
            let stat = fs::read_to_string(format!("/proc/{}/stat", lines[0])).unwrap_or_default();
            !stat.is_empty() && !stat.contains(") Z ")
        };
        // Its end takes effect a moment after it was sent.
        while lives() {
            assert!(begin.elapsed() < Duration::from_secs(20), "the child lives on");
            thread::sleep(Duration::from_millis(20));
        }
    }

    #[test]
    fn the_closing_line_is_plain() {
        let counts = Counts { passed: 12, failed: 0, skipped: 3 };
        assert_eq!(counts.to_string(), "12 passed, 0 failed, 3 skipped");
    }
}
