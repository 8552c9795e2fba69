//! `bastide hunt`, run whole: on Averbourne's recorded days, against DuckDB on the same files, and beside a live city.

use super::{
    averbourne::{capture, cases},
    cable::Cable,
    responses::watch,
    running::bastide,
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    env,
    fs::{self, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A replay of the whole story, with its plan.
fn replayed(into: &Path) -> PathBuf {
    let state = into.join("state");
    let replay = bastide()
        .args(["replay", "--format", "json", "--city"])
        .arg(root().join("cities/averbourne/plan"))
        .arg("--state")
        .arg(&state)
        .args(cases().iter().map(|case| capture(case)))
        .output()
        .unwrap();
    assert!(replay.status.success(), "{}", String::from_utf8_lossy(&replay.stderr));
    state
}

fn hunt(state: &Path, words: &[&str]) -> Output {
    bastide().arg("hunt").args(words).arg("--state").arg(state).output().unwrap()
}

/// What hunts say in JSON, after so an exit code.
fn answers(state: &Path, words: &[&str], code: i32) -> Vec<Value> {
    let output = hunt(state, &[words, &["--format", "json", "--limit", "100000"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{words:?}: {said}"))
}

/// Rows by source, destination and port.
type Rows = BTreeMap<(String, String, u64), u64>;

fn rows(answer: &Value) -> Rows {
    let mut rows = Rows::new();
    for hit in answer["hits"].as_array().unwrap() {
        let text = |name: &str| hit[name].as_str().unwrap().to_owned();
        let key = (text("source"), text("destination"), hit["port"].as_u64().unwrap());
        *rows.entry(key).or_default() += hit["rows"].as_u64().unwrap();
    }
    assert_eq!(rows.values().sum::<u64>(), answer["found"].as_u64().unwrap());
    rows
}

#[test]
fn what_was_done_in_averbourne_is_found_by_hunts_and_in_duckdb_alike_and_what_was_not_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let state = replayed(folder.path());
    what_was_done_is_found_and_what_was_not_is_not(&state);
    the_statements_of_the_manual_answer_in_duckdb_as_hunts_do(&state);
}

fn what_was_done_is_found_and_what_was_not_is_not(state: &Path) {
    let all = answers(state, &["run", "--all"], 1);
    let found: BTreeMap<&str, u64> = all
        .iter()
        .map(|answer| (answer["hunt"].as_str().unwrap(), answer["found"].as_u64().unwrap()))
        .filter(|(_, found)| *found > 0)
        .collect();
    let expected = [
        ("modbus-two-masters", 10),
        ("opcua-unprotected", 1),
        ("remote-service-across-zones", 12),
        ("remote-service-from-outside", 2),
        ("snmp-set", 3),
    ];
    assert_eq!(found, BTreeMap::from(expected));
    let stranger = "[ipv4-addr:value IN ('203.0.113.241', '203.0.113.242')]";
    let none = answers(state, &[stranger], 0);
    assert_eq!(
        (&none[0]["found"], &none[0]["searched"]["rows_looked_at"]),
        (&0.into(), &0.into()),
        "{none:?}"
    );
    assert!(none[0]["searched"]["rows"].as_u64().unwrap() > 1_000);
    // Whether the second follows the first, each by itself has long been seen.
    let write =
        "[x-bastide-request:protocol = 'modbus' AND x-bastide-request:function = 'write-multiple-coils']";
    let set = "[x-bastide-request:protocol = 'snmp' AND x-bastide-request:function = 'set']";
    let (then, never) = (
        format!("({set} FOLLOWEDBY {write}) WITHIN 300 SECONDS"),
        format!("({set} FOLLOWEDBY {write}) WITHIN 1 SECONDS"),
    );
    assert_eq!(answers(state, &[&then], 1)[0]["found"], 2);
    answers(state, &[&never], 0);
    // Before the first packet there is nothing; what history does not keep is named.
    answers(state, &["run", "snmp-set", "--until", "2026-11-23T06:00:00Z"], 0);
    let partly = format!("[file:name = 'x' OR {}", stranger.trim_start_matches('['));
    for (query, says) in [
        (partly.as_str(), "not everything could be searched"),
        ("[file:name = 'x']", "`file:name` is not kept in history"),
        ("[ipv4-addr:value = ]", "not a pattern: line 1"),
    ] {
        let output = hunt(state, &[query]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains(says), "{query}: {said}");
    }
}

#[test]
fn a_hunt_is_put_on_record_beside_a_process_and_without_one() {
    let Some(cable) = Cable::lay("hunt") else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let state = folder.path().join("state");
    let mut watching = watch(&cable, &state);
    let quiet = |words: &[&str]| {
        let output = hunt(&state, words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(0) && said.is_empty(), "{words:?}: {said}");
    };
    quiet(&["run", "dnp3-restart", "remote-service-across-zones", "--since", "30d"]);
    assert!(watching.stop(Duration::from_secs(60)).unwrap().success());
    quiet(&["[ipv4-addr:value = '203.0.113.9']"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let reader = runtime.block_on(store::Reader::open(&state)).unwrap();
    let hunted = reader.events(store::Position(0)).unwrap().filter_map(|event| match event.unwrap().1 {
        cycle::Event::Observed(city::Observation { fact: city::Observed::Hunted(hunted), .. }) => {
            assert!(!hunted.by.is_empty() && hunted.found == 0 && hunted.from <= hunted.until);
            Some((hunted.hunt.to_string(), hunted.technique.map(|technique| technique.to_string())))
        }
        _ => None,
    });
    let technique = |id: &str| Some(id.to_owned());
    assert_eq!(
        hunted.collect::<Vec<_>>(),
        [
            ("dnp3-restart".to_owned(), technique("T0816")),
            ("remote-service-across-zones".to_owned(), technique("T0886")),
            ("[ipv4-addr:value = '203.0.113.9']".to_owned(), None),
        ]
    );
}

/// Runs statements in one connection, and prints what each gives.
const SCRIPT: &str = r#"
import duckdb, json, sys
connection = duckdb.connect()
for statement in json.load(sys.stdin):
    found = connection.execute(statement).fetchall()
    names = [column[0] for column in connection.description or []]
    print(json.dumps([dict(zip(names, row)) for row in found], default=str))
"#;

/// What DuckDB answers; none, and a line where skipped tests are counted, if it is not there.
fn duckdb(statements: &[String]) -> Option<Vec<Vec<Value>>> {
    let there = Command::new("python3").args(["-c", "import duckdb"]).stderr(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        let line = "1 test skipped: hunting beside DuckDB needs python3 with duckdb (PyPI)\n";
        let _ = io::stderr().write_all(line.as_bytes());
        if let Some(path) = env::var_os("BASTIDE_SKIPPED") {
            let file = fs::OpenOptions::new().create(true).append(true).open(path);
            file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
        }
        return None;
    }
    let mut python = Command::new("python3");
    let mut python =
        python.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let input = serde_json::to_vec(statements).unwrap();
    python.stdin.take().unwrap().write_all(&input).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).unwrap();
    Some(answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// The blocks of a page that are in a language.
fn blocks<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let begin = format!("```{language}\n");
    page.split(&begin).skip(1).map(|rest| rest.split_once("```").unwrap().0).collect()
}

fn the_statements_of_the_manual_answer_in_duckdb_as_hunts_do(state: &Path) {
    let page = fs::read_to_string(root().join("docs/hunting.md")).unwrap();
    let (_, page) = page.split_once("## SQL").unwrap();
    let here = |sql: &&str| sql.replace("/var/lib/bastide", state.to_str().unwrap());
    let sql: Vec<String> = blocks(page, "sql").iter().map(here).collect();
    let Some(found) = duckdb(&sql) else { return };
    let commands = blocks(page, "console");
    // First the views, then a statement for each command, then one more.
    assert!(commands.len() == 5 && found.len() == commands.len() + 2);
    for (command, found) in commands.iter().zip(found.iter().skip(1)) {
        let words = command.trim().strip_prefix("$ bastide hunt ").unwrap();
        let words: Vec<&str> = match words.strip_prefix("run ") {
            Some(name) => vec!["run", name],
            None => vec![words.trim_matches('"')],
        };
        let hunted = rows(&answers(state, &words, 1)[0]);
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        let of_row = |row: &Value| {
            let key = (text(row, "source"), text(row, "destination"), row["port"].as_u64().unwrap());
            (key, row["rows"].as_u64().unwrap())
        };
        assert_eq!(found.iter().map(of_row).collect::<Rows>(), hunted, "{command}");
    }
}
