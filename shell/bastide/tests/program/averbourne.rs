//! Averbourne's story, told to the whole program: what its maker did is found, and nothing is found that is not there.

use super::running::bastide;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The captures' folders, in the order of the story.
pub fn cases() -> Vec<PathBuf> {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/averbourne/captures");
    let entries = fs::read_dir(captures).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> = entries.filter(|path| path.join("expected.toml").exists()).collect();
    cases.sort();
    cases
}

/// The capture in a case's folder.
pub fn capture(case: &Path) -> PathBuf {
    let mut files = fs::read_dir(case).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.to_string_lossy().contains(".pcap")).unwrap()
}

/// What the whole story's replay says.
fn told(cases: &[PathBuf]) -> Value {
    let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/averbourne/plan");
    let output = bastide()
        .args(["replay", "--format", "json", "--city"])
        .arg(plan)
        .args(cases.iter().map(|case| capture(case)))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What the maker expects to be found in a case.
fn expected(case: &Path) -> Vec<toml::Table> {
    let text = fs::read_to_string(case.join("expected.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let list = table.get("finding").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    list.into_iter().map(|finding| finding.as_table().unwrap().clone()).collect()
}

fn rule_and_subject(finding: &toml::Table) -> (String, String) {
    let text = |name: &str| finding[name].as_str().unwrap().to_owned();
    (text("rule"), text("subject"))
}

#[test]
fn everything_that_was_done_is_found() {
    let cases = cases();
    assert_eq!(cases.len(), 8);
    let report = told(&cases);
    let found: BTreeSet<(String, String)> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let text = |pointer: &str| finding.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
            (text("/rule"), text("/subject/address"))
        })
        .collect();
    let wanted = cases.iter().flat_map(|case| {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        expected(case).into_iter().map(move |finding| (name.clone(), finding))
    });
    let missing: Vec<(String, (String, String))> = wanted
        .filter(|(_, finding)| !finding.get("optional").and_then(toml::Value::as_bool).unwrap_or_default())
        .map(|(case, finding)| (case, rule_and_subject(&finding)))
        .filter(|(_, key)| !found.contains(key))
        .collect();
    assert!(missing.is_empty(), "not found: {missing:#?}");
}

#[test]
fn a_quiet_day_raises_no_false_alarm() {
    let day = &cases()[..1];
    let report = told(day);
    let known: BTreeSet<(String, String)> = expected(&day[0]).iter().map(rule_and_subject).collect();
    let alarms: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| {
            let text = |pointer: &str| finding.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
            !known.contains(&(text("/rule"), text("/subject/address")))
        })
        .map(|finding| finding["title"].as_str().unwrap())
        .collect();
    assert!(alarms.is_empty(), "false alarms: {alarms:#?}");
    let standings = report.pointer("/city/standings").unwrap();
    assert_eq!(standings["down"], 0, "{standings}");
}

#[test]
fn to_contain_the_laptop_is_proposed_before_it_switches_the_pumps_off_and_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/averbourne/plan");
    let story = cases();
    let captures = story.iter().take(5).map(|case| capture(case));
    let mut replay = bastide();
    replay.args(["replay", "--city"]).arg(plan).arg("--state").arg(&state).args(captures);
    assert!(replay.output().unwrap().status.success());
    let listed = |what: &str| -> Vec<Value> {
        let output = bastide().args([what, "--format", "json", "--state"]).arg(&state).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let responses = listed("responses");
    let [proposal] = responses.as_slice() else { panic!("{responses:#?}") };
    assert_eq!(
        (&proposal["state"], &proposal["consequences"]),
        (&"proposed".into(), &Value::Array(Vec::new()))
    );
    assert_eq!(proposal["target"]["name"], "LAPTOP-7Q2 (198.51.100.183)");
    let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let findings = listed("findings");
    let written = findings.iter().find(|finding| finding["rule"] == "verb-not-allowed").unwrap();
    let before = time(&written["first"]).duration_since(time(&proposal["steps"][0]["time"]));
    assert!(before.as_secs() >= 30, "{before:?}");
}

#[test]
fn no_secret_of_the_town_is_in_any_output_or_on_disk() {
    let secrets = secrets();
    assert!(!secrets.is_empty());
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/averbourne/plan");
    let captures: Vec<PathBuf> = cases().iter().map(|case| capture(case)).collect();
    let replay = bastide()
        .args(["replay", "--format", "json", "--city"])
        .arg(plan)
        .arg("--state")
        .arg(&state)
        .args(&captures)
        .output();
    let mut outputs = vec![("replay".to_owned(), replay.unwrap().stdout)];
    for format in ["ndjson", "eve"] {
        let records = bastide().args(["records", "--format", format]).args(&captures).output().unwrap();
        outputs.push((format!("records as {format}"), records.stdout));
    }
    let responses =
        bastide().args(["responses", "--format", "json", "--state"]).arg(&state).output().unwrap();
    outputs.push(("responses".to_owned(), responses.stdout));
    for (path, bytes) in files_below(&state) {
        // Packets are kept as they were: opening them is a right of its own.
        if !path.starts_with(state.join("packets")) {
            outputs.push((path.to_string_lossy().into_owned(), bytes));
        }
    }
    assert!(
        outputs
            .iter()
            .all(|(name, bytes)| !bytes.is_empty() || name.ends_with("lock") || name.contains("wal"))
    );
    for (name, bytes) in &outputs {
        for secret in &secrets {
            let seen = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!seen, "{name} holds the secret `{secret}`");
        }
    }
}

/// The secrets that the town's traffic holds.
fn secrets() -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/averbourne/make/secrets.toml");
    let table: toml::Table = fs::read_to_string(file).unwrap().parse().unwrap();
    let list = table["secret"].as_array().unwrap();
    list.iter().map(|secret| secret["value"].as_str().unwrap().to_owned()).collect()
}

fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    files
}
