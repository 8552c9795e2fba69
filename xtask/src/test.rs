//! `cargo xtask test`: everything that must hold before a change is proposed.

use crate::{
    dependencies, fuzz, house, needs,
    run::{Counts, End, Summary, bounded, verdict},
    tidy,
};
use anyhow::{Context, Result, bail, ensure};
use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// The aim is half an hour on two cores from a clean checkout. A busy machine gets longer before what is left is given up.
const LIMIT: Duration = Duration::from_secs(55 * 60);

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

pub(crate) fn run() -> Result<bool> {
    let mut summary = Summary::new(LIMIT);
    summary.step("needs", |summary| needs::meet(summary.time_for(minutes(6))));
    summary.command("format", minutes(1), &mut house::cargo(&["fmt", "--all", "--check"]));
    summary.step("tidy", |_| report(tidy::problems()?));
    summary.step("dependencies", |summary| dependencies::check(summary.time_for(minutes(3))));
    let clippy = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    summary.command("clippy", minutes(14), &mut house::cargo(&clippy));
    let mut rustdoc = house::cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    summary.command("rustdoc", minutes(5), rustdoc.env("RUSTDOCFLAGS", "-D warnings"));
    summary.step("tests", tests);
    summary.step("fuzz", |summary| fuzz::rotation(summary.time_for(minutes(10))));
    summary.step("browser", browser);
    Ok(summary.close())
}

fn report(problems: Vec<String>) -> Result<(Counts, String)> {
    for problem in &problems {
        println!("{problem}");
    }
    let failed = problems.len() as u64;
    Ok((Counts { passed: u64::from(failed == 0), failed, skipped: 0 }, String::new()))
}

/// Unit, property, conformance and documentation tests.
fn tests(summary: &Summary) -> Result<(Counts, String)> {
    // What a test skips for want of data or rights, it writes here: the test runner hides the rest.
    let skipped = house::root().join("target/skipped");
    let _ = fs::remove_file(&skipped);
    let mut command = house::cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]);
    command.env("BASTIDE_SKIPPED", &skipped).env("PYTHONPATH", needs::python_packages());
    let mut counts = Counts::default();
    let end = bounded(&mut command, summary.time_for(minutes(30)), |line| {
        if let Some(result) = parse_result(line) {
            counts.passed += result.passed;
            counts.failed += result.failed;
            counts.skipped += result.skipped;
        } else if !line.ends_with("... ok") && !line.is_empty() {
            println!("{line}");
        }
    })?;
    for line in fs::read_to_string(&skipped).unwrap_or_default().lines() {
        println!("{line}");
        counts.skipped += line.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(1);
        // The test that wrote the line did nothing else, so it has not passed.
        counts.passed = counts.passed.saturating_sub(1);
    }
    let (verdict, note) = verdict(end);
    // A failure that no test is to blame for: it did not build, or took too long.
    if end != End::Done && counts.failed == 0 {
        counts.failed += verdict.failed;
    }
    Ok((counts, note))
}

/// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
fn parse_result(line: &str) -> Option<Counts> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |word: &str| {
        let part = counts.split("; ").find_map(|part| part.strip_suffix(word));
        part.and_then(|number| number.parse().ok()).unwrap_or(0)
    };
    Some(Counts { passed: count(" passed"), failed: count(" failed"), skipped: count(" ignored") })
}

/// The folder of the browser test, in the house.
pub(crate) const BROWSER_TEST: &str = "shell/console/tests/browser";

/// The console in a real browser, against a demo of the programme just built.
fn browser(summary: &Summary) -> Result<(Counts, String)> {
    let folder = house::root().join(BROWSER_TEST);
    let files = test_files(&folder).unwrap_or_default();
    if files.is_empty() {
        return Ok((Counts::SKIPPED, format!("no tests in {BROWSER_TEST}")));
    }
    if let Some(missing) = needs::missing_for_browser() {
        return Ok((Counts::SKIPPED, format!("missing: {missing}")));
    }
    let mut build = house::cargo(&["build", "--locked", "--package", "bastide"]);
    if bounded(&mut build, summary.time_for(minutes(10)), |line| println!("{line}"))? != End::Done {
        return Ok((Counts::FAILED, "the programme did not build".into()));
    }
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=tap"]).args(files).current_dir(&folder);
    let demo = Demo::start(&house::root().join("target/debug/bastide"))?;
    node.env("BASTIDE_URL", &demo.link);
    let mut counts = Counts::default();
    let end = bounded(&mut node, summary.time_for(minutes(6)), |line| match parse_tap(line) {
        Some(("pass", count)) => counts.passed += count,
        Some(("fail" | "cancelled", count)) => counts.failed += count,
        Some(("skipped" | "todo", count)) => counts.skipped += count,
        Some(_) => {}
        None => println!("{line}"),
    })?;
    let (verdict, note) = verdict(end);
    if end != End::Done && counts.failed == 0 {
        counts.failed += verdict.failed;
    }
    Ok((counts, note))
}

/// A demo that runs until it is let go.
struct Demo {
    child: Child,
    state: PathBuf,
    /// The one-time link by which the first person signs in.
    link: String,
}

impl Demo {
    /// Starts the demo on a port of the system's choice and waits until its quiet day has been seen.
    fn start(bastide: &Path) -> Result<Demo> {
        let state = env::temp_dir().join(format!("bastide-browser-test-{}", std::process::id()));
        let mut command = Command::new(bastide);
        command.args(["demo", "--listen", "127.0.0.1:0", "--state"]).arg(&state);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().context("the demo has no output")?;
        let mut demo = Demo { child, state, link: String::new() };
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            if let Some(link) = line.split(' ').find(|word| word.contains("/welcome/")) {
                demo.link = link.to_owned();
                break;
            }
        }
        ensure!(!demo.link.is_empty(), "the demo prints no link");
        for _ in 0..60 {
            let services = Command::new(bastide)
                .args(["services", "--format", "csv", "--state"])
                .arg(&demo.state)
                .output()?;
            let text = String::from_utf8_lossy(&services.stdout);
            if text.lines().count() > 1 && !text.contains("unknown") {
                return Ok(demo);
            }
            thread::sleep(Duration::from_secs(1));
        }
        bail!("the demo's quiet day does not come to its end")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.state);
    }
}

/// The test files by name: older versions of node do not look for them in a folder.
fn test_files(folder: &Path) -> Result<Vec<String>> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<Result<Vec<_>>>()?;
    names.retain(|name| name.ends_with(".test.mjs") || name.ends_with(".test.js"));
    names.sort();
    Ok(names)
}

/// Reads `# pass 3`.
fn parse_tap(line: &str) -> Option<(&str, u64)> {
    let (word, count) = line.strip_prefix("# ")?.split_once(' ')?;
    Some((word, count.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_counted() {
        let line = "test result: FAILED. 17 passed; 2 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.49s";
        assert_eq!(parse_result(line), Some(Counts { passed: 17, failed: 2, skipped: 1 }));
        assert_eq!(parse_result("test a_result ... ok"), None);
        assert_eq!(parse_tap("# pass 12"), Some(("pass", 12)));
        assert_eq!(parse_tap("# duration_ms 12.5"), None);
    }
}
