//! `cargo xtask bench`: measures, and writes `docs/benchmarks.md`; `cargo xtask bench hardness` writes the section of that
//! page that is about traffic made to exhaust whoever reads it.
//!
//! Never part of the tests: a number means something only with the machine it came from, when that machine was quiet.

mod backup;
mod exchange;
mod hardness;
mod hunt;
mod machine;
mod measure;
mod pages;
mod restoration;
mod section;
mod segmentation;
mod watch;

use crate::{
    house,
    run::{End, bounded},
};
use anyhow::{Context, Result, bail};
use machine::Machine;
use measure::{Measured, Watched};
use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// The size of the mixed capture that is made.
const MEGABYTES: &str = "256";

/// How often each thing is measured; the fastest counts, as it was disturbed least.
const TIMES: usize = 3;

/// The most that one measurement may take.
const LIMIT: Duration = Duration::from_secs(300);

pub(crate) fn run(arguments: &[&str]) -> Result<bool> {
    let root = house::root();
    let given = match arguments {
        [] => None,
        ["backup"] => return backup::run(),
        ["exchange"] => return exchange::run(),
        ["hardness"] => return hardness::run(),
        ["hunt"] => return hunt::run(),
        ["pages"] => return pages::run(),
        ["restoration"] => return restoration::run(),
        ["segmentation"] => return segmentation::run(),
        ["watch"] => return watch::run(),
        [capture] => Some(PathBuf::from(capture)),
        _ => bail!("one capture at most"),
    };
    build(&["--package", "bastide", "--bin", "bastide", "--example", "cycle_speed"])?;
    let capture = match given {
        Some(capture) => Capture { packets: None, origin: "a capture given".into(), path: capture },
        None => make_capture()?,
    };
    let bytes = fs::metadata(&capture.path).with_context(|| capture.path.display().to_string())?.len();
    let bastide = root.join("target/release/bastide");
    let mut rows = Vec::new();

    let folder = root.join("target/bench");
    fs::create_dir_all(&folder)?;
    let mut one_core = Vec::new();
    for form in FORMS {
        let mut slower = None;
        for cores in ["1", "2"] {
            let arguments = ["records", "--threads", cores, "--format", form];
            let measured = fastest(|| {
                let mut command = Command::new(&bastide);
                command.current_dir(&folder).args(arguments);
                if *form == "zeek" {
                    command.args(["--into", "logs"]);
                }
                measure::run(command.arg(&capture.path), LIMIT)
            })?;
            let title = format!("`bastide {}`", arguments.join(" "));
            let mut row = Row::reading(&title, &measured, bytes, capture.packets);
            match slower {
                None => {
                    slower = Some(measured.seconds);
                    one_core.push((*form, measured.seconds));
                }
                Some(slower) => {
                    let _ =
                        write!(row.note, "; {:.2} times as fast as on one core", slower / measured.seconds);
                }
            }
            rows.push(row);
            // The logs of Zeek have one writer, whatever is asked for.
            if *form == "zeek" {
                break;
            }
        }
    }
    for Other { programme, arguments, forms } in OTHERS {
        if !house::has(programme) {
            println!("{programme} is not installed: not compared");
            continue;
        }
        let other = fastest(|| {
            let mut command = Command::new(programme);
            for argument in *arguments {
                match *argument {
                    "CAPTURE" => command.arg(&capture.path),
                    argument => command.arg(argument),
                };
            }
            measure::run(command.current_dir(&folder), LIMIT)
        })?;
        let title = format!("`{programme} {}`", arguments.join(" "));
        let mut row = Row::reading(&title, &other, bytes, capture.packets);
        for (form, seconds) in one_core.iter().filter(|(form, _)| forms.contains(form)) {
            let ratio = seconds / other.seconds;
            let _ = write!(row.note, "; `--format {form} --threads 1` takes {ratio:.2} times as long");
        }
        rows.push(row);
    }
    rows.extend(reading(&capture.path)?);
    rows.extend(cycle(&capture.path)?);
    rows.extend(meaning()?);
    rows.extend(start_up(&bastide)?);

    let text = page(&Machine::here(), &capture, bytes, &rows);
    let into = root.join(PAGE);
    let old = fs::read_to_string(&into).unwrap_or_default();
    let kept = [
        segmentation::TITLE,
        backup::TITLE,
        restoration::TITLE,
        hunt::TITLE,
        exchange::TITLE,
        pages::TITLE,
        watch::TITLE,
    ]
    .map(|title| section::section(&old, title))
    .concat();
    let kept = kept + &hardness::section(&old);
    fs::create_dir_all(root.join("docs"))?;
    fs::write(&into, text.clone() + &kept)?;
    println!("{text}\nwritten to {}", into.display());
    Ok(true)
}

/// Where the figures go.
const PAGE: &str = "docs/benchmarks.md";

/// The forms of records that are measured.
const FORMS: &[&str] = &["ndjson", "eve", "zeek"];

/// Another that reads captures, for comparison where it is installed.
struct Other {
    programme: &'static str,
    arguments: &'static [&'static str],
    /// The forms with which it is compared.
    forms: &'static [&'static str],
}

/// Suricata reads as its own configuration says, which may leave out what is in ours; it is given no rules, and one
/// thread for packets.
const OTHERS: &[Other] = &[
    Other { programme: "tcpdump", arguments: &["-nr", "CAPTURE", "-w", "/dev/null"], forms: FORMS },
    Other {
        programme: "suricata",
        arguments: &["-r", "CAPTURE", "-l", ".", "-k", "none", "-S", "/dev/null", "--runmode", "single"],
        forms: &["eve"],
    },
    Other { programme: "zeek", arguments: &["-C", "-r", "CAPTURE"], forms: &["zeek"] },
];

/// A capture to measure with.
struct Capture {
    path: PathBuf,
    packets: Option<u64>,
    /// What it was made of.
    origin: String,
}

/// A line of the table.
struct Row {
    what: String,
    result: String,
    memory: String,
    note: String,
}

impl Row {
    fn reading(what: &str, measured: &Measured, bytes: u64, packets: Option<u64>) -> Row {
        let rate = bytes as f64 / 1e6 / measured.seconds;
        let mut result = format!("{rate:.0} MB/s");
        if let Some(packets) = packets {
            let _ = write!(result, ", {:.0} packets/s", packets as f64 / measured.seconds);
        }
        Row {
            what: what.into(),
            result,
            memory: measured.memory(),
            note: format!("{:.2} s", measured.seconds),
        }
    }
}

fn build(what: &[&str]) -> Result<()> {
    let mut command = house::cargo(&["build", "--release", "--locked"]);
    match bounded(command.args(what), Duration::from_secs(1_800), |line| println!("{line}"))? {
        End::Done => Ok(()),
        _ => bail!("cargo build --release {} failed", what.join(" ")),
    }
}

fn fastest(mut once: impl FnMut() -> Result<Measured>) -> Result<Measured> {
    let mut best = once()?;
    for _ in 1..TIMES {
        let next = once()?;
        if next.seconds < best.seconds {
            best = next;
        }
    }
    Ok(best)
}

/// Makes the mixed capture of the demo city's captures and, where it is there, of the data of others.
fn make_capture() -> Result<Capture> {
    build(&["--package", "capture", "--example", "mixed_capture"])?;
    let root = house::root();
    let mut sources = captures_below(&root.join("cities"));
    let ours = sources.len();
    let data = std::env::var_os("BASTIDE_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    for topic in ["ot-pcap", "net-pcap"] {
        sources.extend(captures_below(&data.join(topic)));
    }
    if sources.is_empty() {
        bail!("no captures in cities/ to measure with; give one");
    }
    let folder = root.join("target/bench");
    fs::create_dir_all(&folder)?;
    let path = folder.join("mixed.pcap");
    let mut command = Command::new(root.join("target/release/examples/mixed_capture"));
    let output = command.arg(&path).arg(MEGABYTES).args(&sources).output()?;
    if !output.status.success() {
        bail!("the mixed capture could not be made: {}", String::from_utf8_lossy(&output.stderr));
    }
    let packets = String::from_utf8_lossy(&output.stdout).trim().parse().ok();
    let others = sources.len() - ours;
    let origin = format!("{ours} captures of the demo city and {others} made by others, repeated and mixed");
    Ok(Capture { path, packets, origin })
}

/// The captures in a folder and below it, in order.
fn captures_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if [".pcap", ".pcapng", ".pcap.gz", ".pcap.zst", ".pcapng.zst"]
                .iter()
                .any(|e| name.ends_with(e))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// How fast a capture is read, and understood, without anything printed.
fn reading(capture: &Path) -> Result<Vec<Row>> {
    build(&["--package", "capture", "--example", "read_speed"])?;
    let output =
        Command::new(house::root().join("target/release/examples/read_speed")).arg(capture).output()?;
    if !output.status.success() {
        bail!("read_speed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = text.lines().filter_map(|line| line.split_once(": "));
    let row = |(what, result): (&str, &str)| Row {
        what: format!("`capture`, {what}"),
        result: result.into(),
        memory: String::new(),
        note: "frames' bytes, without the file's headers".into(),
    };
    Ok(lines.map(row).collect())
}

/// How fast events are folded, with the demo city's plan and without any.
fn cycle(capture: &Path) -> Result<Vec<Row>> {
    let root = house::root();
    let plans = fs::read_dir(root.join("cities")).into_iter().flatten().flatten();
    let plan = plans.map(|entry| entry.path().join("plan")).find(|path| path.is_dir());
    let mut rows = Vec::new();
    for (title, plan) in [("without a plan", None), ("with the demo city's plan", plan)] {
        if title != "without a plan" && plan.is_none() {
            continue;
        }
        let mut command = Command::new(root.join("target/release/examples/cycle_speed"));
        let output = command.arg(capture).args(plan).output()?;
        if !output.status.success() {
            bail!("cycle_speed: {}", String::from_utf8_lossy(&output.stderr));
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [events, seconds, findings] = numbers[..] else { bail!("cycle_speed said: {text}") };
        rows.push(Row {
            what: format!("`cycle`, {title}"),
            result: format!("{:.0} events/s", events / seconds.max(1e-9)),
            memory: String::new(),
            note: format!("{events:.0} events, {findings:.0} findings"),
        });
    }
    Ok(rows)
}

/// How long it takes to work out what rulesets of growing plans mean, and to compare that with the plan.
fn meaning() -> Result<Vec<Row>> {
    build(&["--package", "ruleset", "--example", "meaning_speed"])?;
    let mut rows = Vec::new();
    for zones in [10, 100, 1_000, 10_000] {
        // With ten zones there are no more conduits than this between different ones.
        let conduits = (zones * 10).min(zones * zones / 2);
        let sizes = [zones, conduits, zones * 50].map(|size| size.to_string());
        let command = || {
            let mut command = Command::new(house::root().join("target/release/examples/meaning_speed"));
            command.args(&sizes).arg("addresses");
            command
        };
        let measured = measure::run(&mut command(), LIMIT)?;
        let output = command().output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let words: Vec<&str> = text.split_whitespace().collect();
        let [_, meaning, plan, compared, nodes, intervals] = words[..] else {
            bail!("meaning_speed said: {text}")
        };
        rows.push(Row {
            what: format!("`ruleset`, meaning of {zones} zones and {conduits} conduits"),
            result: format!("{meaning} s"),
            memory: measured.memory(),
            note: format!(
                "the plan itself {plan} s, comparison {compared} s; {nodes} nodes, {intervals} intervals; \
                 memory with the plan and two rulesets"
            ),
        });
    }
    Ok(rows)
}

/// How long the demo takes until its console can be opened, and what memory it holds after a while.
fn start_up(bastide: &Path) -> Result<Vec<Row>> {
    let state = house::root().join("target/bench/demo-state");
    let _ = fs::remove_dir_all(&state);
    let mut command = Command::new(bastide);
    command.args(["demo", "--listen", "127.0.0.1:0", "--state"]).arg(&state);
    let watched = measure::until(&mut command, "http", Duration::from_secs(20), LIMIT)?;
    let _ = fs::remove_dir_all(&state);
    Ok(match watched {
        Watched::Seen { after, memory_kb } => vec![Row {
            what: "`bastide demo`".into(),
            result: format!("console's address after {after:.2} s"),
            memory: measure::memory(memory_kb),
            note: "peak memory 20 s later".into(),
        }],
        Watched::Never => {
            println!("`bastide demo` printed no address: not measured");
            Vec::new()
        }
    })
}

fn page(machine: &Machine, capture: &Capture, bytes: u64, rows: &[Row]) -> String {
    let mut text = String::from("# Benchmarks\n\n");
    let _ = writeln!(
        text,
        "Measured by `cargo xtask bench`, which wrote this page; the fastest of {TIMES} runs each. Memory is the \
         process's peak resident set.\n\nMachine: {machine}.\n\nCapture: {:.0} MB{}, {}.\n",
        bytes as f64 / 1e6,
        capture.packets.map(|packets| format!(", {packets} packets")).unwrap_or_default(),
        capture.origin
    );
    let _ = writeln!(text, "| what | result | memory | note |\n|---|---|---|---|");
    for Row { what, result, memory, note } in rows {
        let _ = writeln!(text, "| {what} | {result} | {memory} | {note} |");
    }
    text
}
