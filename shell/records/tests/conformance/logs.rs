//! Every log of every case, against the log that `records --format zeek` writes: all columns of all rows.
//!
//! `floors.tsv` has, for each suite and log, the shares that were reached: of the peer's rows, how many we write; of
//! ours, how many the peer has. A share below its floor fails; `BASTIDE_FLOORS=write` puts the reached ones down.
//! What differs, why, and who is right stands in `differences.md`.

use crate::{
    apart::{self, Count},
    cases::{self, Case},
    compare::{Report, Tally},
    expected_log::{self, Log, Row},
    reading,
};
use records::zeek::{Files, Rows};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
};
use wire::Config;

/// Columns that two readers of the same capture fill differently by design: the time is masked in the peer's logs, and
/// names of conversations and files are made up by each.
fn is_masked(column: &str) -> bool {
    let is_name = column.ends_with("uid") || column.ends_with("uids");
    column == "ts" || is_name && !column.ends_with("guid") || column == "tunnel_parents"
}

/// Columns that an older Zeek had and never filled: it knew no local networks unless told.
fn is_unknown_to_the_peer(column: &str, log: &Log) -> bool {
    column.starts_with("local_") && log.rows.iter().all(|row| !row.contains_key(column))
}

/// Columns that link the rows of two logs by a name that each reader makes up: only whether there is one is compared.
fn is_link(column: &str) -> bool {
    column == "id"
        || column.ends_with("link_id")
        || column.ends_with("link")
        || matches!(column, "cfg_frame_id" | "data_frame_id")
}

/// A value with what looks like a time masked, as the peers' test runner masks it in every column: `0.000000`, and nine
/// or ten digits with up to eight behind the point.
fn without_times(value: &str) -> String {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut masked = String::new();
    let mut rest = value;
    while let Some(first) = rest.chars().next() {
        let whole = digits(rest);
        let part = rest.get(whole..).and_then(|rest| rest.strip_prefix('.')).map_or(0, digits);
        let (kept, hidden) = if rest.starts_with("0.000000") {
            (0, 8)
        } else if whole >= 9 && part >= 1 {
            // Of more digits the last ten are taken.
            (whole.saturating_sub(10), whole.min(10) + 1 + part.min(8))
        } else {
            (whole.max(first.len_utf8()), 0)
        };
        let (before, behind) = rest.split_at(kept);
        masked.push_str(before);
        masked.push_str(if hidden > 0 { "XXXXXXXXXX.XXXXXX" } else { "" });
        rest = behind.split_at(hidden).1;
    }
    masked
}

/// Rows with what cannot be compared taken out or put in order.
fn comparable(rows: Vec<Row>, columns: &[String], types: &BTreeMap<String, String>) -> Vec<Row> {
    let is_set = |column: &String| types.get(column).is_some_and(|kind| kind.starts_with("set["));
    let sets: Vec<&String> = columns.iter().filter(|column| is_set(column)).collect();
    // Times are masked in the peer's logs wherever they stand.
    let is_time = |column: &String| types.get(column).is_some_and(|kind| kind == "time");
    let links: Vec<&String> = columns.iter().filter(|column| is_link(column) || is_time(column)).collect();
    let mut rows = rows;
    for row in &mut rows {
        row.values_mut().filter(|value| value.contains('.')).for_each(|value| *value = without_times(value));
        for set in &sets {
            if let Some(value) = row.get_mut(*set) {
                let mut items: Vec<&str> = value.split(',').collect();
                items.sort_unstable();
                *value = items.join(",");
            }
        }
        for link in &links {
            if let Some(value) = row.get_mut(*link).filter(|value| !value.is_empty()) {
                *value = "linked".into();
            }
        }
    }
    rows
}

/// Hides in an address what ours hides in it: `session_id=***`.
fn hide_parameters(ours: &str, expected: &str) -> String {
    let hidden: Vec<&str> = ours.split(['?', '&']).filter_map(|part| part.strip_suffix("=***")).collect();
    let mut shown = String::new();
    for part in expected.split_inclusive(['?', '&']) {
        let (body, end) = part.split_at(part.trim_end_matches(['?', '&']).len());
        match body.split_once('=').filter(|(name, _)| hidden.contains(name)) {
            Some((name, _)) => shown += &format!("{name}=***{end}"),
            None => shown += part,
        }
    }
    shown
}

/// Where we hide a credential that the peer writes, only whether there is one is compared.
fn hide_alike(ours: &mut [Row], expected: &mut [Row]) {
    const HIDDEN: &str = "(hidden)";
    for row in ours.iter() {
        for (column, value) in row.iter().filter(|(_, value)| value.contains("=***")) {
            for theirs in expected.iter_mut().filter_map(|row| row.get_mut(column)) {
                *theirs = hide_parameters(value, theirs);
            }
        }
    }
    let hidden: BTreeSet<String> = ours
        .iter()
        .flatten()
        .filter(|(_, value)| *value == HIDDEN)
        .map(|(column, _)| column.clone())
        .collect();
    for (_, value) in
        ours.iter_mut().chain(expected).flatten().filter(|(column, _)| hidden.contains(column.as_str()))
    {
        *value = HIDDEN.into();
    }
}

/// The logs that we write of a capture, by name, with the types of their columns.
fn ours(case: &Case) -> BTreeMap<String, (Log, BTreeMap<String, String>)> {
    let folder = tempfile::tempdir().unwrap();
    let (mut rows, mut files) = (Rows::default(), Files::into(folder.path().to_path_buf()));
    let mut take = |log: u16, row: &[u8]| files.write(log, row).unwrap();
    // Without `-C` Zeek leaves out packets with wrong checksums.
    let only_whole = case.suite == "zeek" && !case.arguments.split(' ').any(|word| word == "-C");
    let config = Config { only_whole, events: &[], ..reading::config() };
    for observation in &reading::read_with(&case.capture, config).observations {
        rows.make(observation, &mut take);
    }
    rows.finish(&mut take);
    files.finish().unwrap();
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let log = expected_log::parse(&name, &text, None);
        let types = text.lines().find_map(|line| line.strip_prefix("#types\t")).unwrap();
        let types = log.columns.iter().cloned().zip(types.split('\t').map(str::to_owned)).collect();
        found.insert(name, (log, types));
    }
    found
}

/// One suite's log.
type Title = (String, String);

fn floors_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/floors.tsv")
}

fn floors() -> BTreeMap<Title, (f64, f64)> {
    let text = fs::read_to_string(floors_file()).unwrap();
    text.lines()
        .skip(1)
        .map(|line| {
            let [suite, log, _, found, _, right] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("odd line {line:?}")
            };
            ((suite.into(), log.into()), (found.parse().unwrap(), right.parse().unwrap()))
        })
        .collect()
}

fn write_floors(tallies: &BTreeMap<Title, Tally>) {
    let mut text = String::from("suite\tlog\texpected\tfound %\tours\tright %\n");
    for ((suite, log), tally) in tallies {
        // Rounded down, so that a floor is never above what was reached.
        let floor = |share: f64| (share * 10.0).floor() / 10.0;
        let (found, right) = (floor(tally.found()), floor(tally.right()));
        text += &format!("{suite}\t{log}\t{}\t{found}\t{}\t{right}\n", tally.expected, tally.ours);
    }
    fs::write(floors_file(), text).unwrap();
}

#[test]
fn logs_are_those_of_the_peers() {
    let Some(cases) = cases::all() else {
        return cases::skipped(cases::COUNT, "logs_are_those_of_the_peers");
    };
    // `BASTIDE_CASES=dnp3` looks at what has this in its suite, protocol or name, and holds nothing to its floor.
    let only = env::var("BASTIDE_CASES").ok();
    let mut report = Report::default();
    let mut tallies: BTreeMap<Title, Tally> = BTreeMap::new();
    let mut apart: BTreeMap<Title, Count> = BTreeMap::new();
    for case in cases {
        let about = format!("{} {} {}", case.suite, case.protocol, case.name);
        if case.is_text() || only.as_ref().is_some_and(|only| !about.contains(only.as_str())) {
            continue;
        }
        let logs = case.logs();
        if logs.is_empty() {
            continue;
        }
        let mut ours = ours(&case);
        for expected in logs {
            let mut columns: Vec<&str> = expected
                .columns
                .iter()
                .map(String::as_str)
                .filter(|column| !is_masked(column) && !is_unknown_to_the_peer(column, &expected))
                .collect();
            let (log, types) = ours.remove(&expected.name).unwrap_or_default();
            let mut rows = comparable(log.rows, &log.columns, &types);
            let mut expected_rows = comparable(expected.rows, &expected.columns, &types);
            hide_alike(&mut rows, &mut expected_rows);
            let count = apart::set_apart(&case, &expected.name, &mut columns, &mut expected_rows, &mut rows);
            if count != Count::default() {
                *apart.entry((case.suite.clone(), expected.name.clone())).or_default() += count;
            }
            let title = format!("{} {} {}", case.suite, expected.name, case.name);
            let tally = report.compare(&title, &columns, &expected_rows, &rows);
            *tallies.entry((case.suite.clone(), expected.name)).or_default() += tally;
        }
    }
    let mut whole = Report::default();
    tallies.iter().for_each(|((suite, log), tally)| whole.add(&format!("{suite} {log}"), *tally));
    for ((suite, log), Count { rows, columns }) in &apart {
        println!("set apart in {suite} {log}: {rows} rows, {columns} columns");
    }
    if only.is_some() {
        return;
    }
    if env::var("BASTIDE_FLOORS").is_ok_and(|word| word == "write") {
        return write_floors(&tallies);
    }
    let floors = floors();
    let below: Vec<String> = tallies
        .iter()
        .filter_map(|(title, tally)| {
            let (found, right) = floors.get(title).copied().unwrap_or_default();
            (tally.found() < found || tally.right() < right).then(|| {
                let (suite, log) = title;
                format!("{suite} {log}: {:.1} % found, {:.1} % right", tally.found(), tally.right())
            })
        })
        .collect();
    assert!(below.is_empty(), "below the floors of floors.tsv:\n{}", below.join("\n"));
    assert_eq!(tallies.len(), floors.len(), "floors.tsv has another list of logs; write it anew");
}
