//! Every log of every case, against the log that `records --format zeek` writes: all columns of all rows.
//!
//! `floors.tsv` has, for each suite and log, the shares that were reached: of the peer's rows, how many we write; of
//! ours, how many the peer has. A share below its floor fails; `BASTIDE_FLOORS=write` puts the reached ones down.
//! What differs, why, and who is right stands in `differences.md`.

use crate::{
    cases::{self, Case},
    compare::{Report, Tally},
    expected_log::{self, Log, Row},
    reading,
};
use records::zeek::Logs;
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

/// Columns that two readers of the same capture fill differently by design: the time is masked in the peer's logs, and
/// names of conversations and files are made up by each.
fn is_masked(column: &str) -> bool {
    column == "ts" || column.ends_with("uid") || column.ends_with("fuids") || column == "tunnel_parents"
}

/// Columns that link the rows of two logs by a name that each reader makes up: only whether there is one is compared.
fn is_link(column: &str) -> bool {
    column.ends_with("link_id")
        || column.ends_with("link")
        || matches!(column, "cfg_frame_id" | "data_frame_id")
}

/// Rows with what cannot be compared taken out or put in order.
fn comparable(rows: Vec<Row>, columns: &[String], types: &BTreeMap<String, String>) -> Vec<Row> {
    let is_set = |column: &String| types.get(column).is_some_and(|kind| kind.starts_with("set["));
    let sets: Vec<&String> = columns.iter().filter(|column| is_set(column)).collect();
    let links: Vec<&String> = columns.iter().filter(|column| is_link(column)).collect();
    let mut rows = rows;
    for row in &mut rows {
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

/// What stands in the peer's logs for whatever looks like a time, in any column.
const TIME_MASK: &str = "XXXXXXXXXX.XXXXXX";

/// Masks our values as the peer's were, in the columns where some of the peer's are.
fn mask_alike(rows: &mut [Row], expected: &[Row]) {
    let masked_columns = expected.iter().flatten().filter(|(_, value)| value.contains(TIME_MASK));
    let columns: std::collections::BTreeSet<&String> = masked_columns.map(|(column, _)| column).collect();
    for (_, value) in rows.iter_mut().flatten().filter(|(column, _)| columns.contains(column)) {
        if let Some(masked) = masked(value) {
            *value = masked;
        }
    }
}

/// A value whose first nine or ten digits before a point, and what follows it, are masked.
fn masked(value: &str) -> Option<String> {
    let (whole, rest) = value.split_once('.')?;
    let digits = whole.bytes().rev().take_while(u8::is_ascii_digit).count().min(10);
    let fraction = rest.bytes().take_while(u8::is_ascii_digit).count().min(8);
    let (before, after) = (whole.get(..whole.len() - digits)?, rest.get(fraction..)?);
    (digits >= 9 && fraction > 0).then(|| format!("{before}{TIME_MASK}{after}"))
}

/// The logs that we write of a capture, by name, with the types of their columns.
fn ours(case: &Case) -> BTreeMap<String, (Log, BTreeMap<String, String>)> {
    let folder = tempfile::tempdir().unwrap();
    let mut logs = Logs::into(folder.path().to_path_buf());
    for observation in &reading::read(&case.capture).observations {
        logs.write(observation).unwrap();
    }
    logs.finish().unwrap();
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
            let columns: Vec<&str> =
                expected.columns.iter().map(String::as_str).filter(|column| !is_masked(column)).collect();
            let (log, types) = ours.remove(&expected.name).unwrap_or_default();
            let mut rows = comparable(log.rows, &log.columns, &types);
            mask_alike(&mut rows, &expected.rows);
            let expected_rows = comparable(expected.rows, &expected.columns, &types);
            let title = format!("{} {} {}", case.suite, expected.name, case.name);
            let tally = report.compare(&title, &columns, &expected_rows, &rows);
            *tallies.entry((case.suite.clone(), expected.name)).or_default() += tally;
        }
    }
    let mut whole = Report::default();
    tallies.iter().for_each(|((suite, log), tally)| whole.add(&format!("{suite} {log}"), *tally));
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
