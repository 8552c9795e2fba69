//! Incidents as people name them and see to them, by the commands that they use.

use super::{
    averbourne::{capture, cases},
    cable::{Cable, ENDS, Modbus},
    running::{Running, bastide},
};
use serde_json::Value;
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    thread,
    time::Duration,
};

/// The exit code of a command, and what it printed on standard output and on standard error.
fn say(state: &Path, words: &[&str]) -> (i32, String, String) {
    let output = bastide().args(words).arg("--state").arg(state).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn told(state: &Path, words: &[&str]) -> Value {
    let (code, told, errors) = say(state, &[words, &["--format", "json"]].concat());
    assert_eq!(code, 0, "{errors}");
    serde_json::from_str(&told).unwrap()
}

#[test]
fn the_story_of_averbourne_has_the_incidents_that_a_person_would_name() {
    let folder = tempfile::tempdir().unwrap();
    let state = &folder.path().join("state");
    let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/averbourne/plan");
    let mut replay = bastide();
    replay.args(["replay", "--city"]).arg(plan).arg("--state").arg(state);
    assert!(replay.args(cases().iter().map(|case| capture(case))).output().unwrap().status.success());
    let mut incidents = told(state, &["incidents"]).as_array().unwrap().clone();
    incidents.sort_by_key(|incident| incident["number"].as_u64());
    let named: Vec<(&str, &str, u64)> = incidents
        .iter()
        .map(|incident| {
            let text = |name: &str| incident[name].as_str().unwrap();
            (text("severity"), text("title"), incident["findings"].as_u64().unwrap())
        })
        .collect();
    // The laptop that comes, scans and writes is one; a password that can be read and all that the quiet day lives with
    // are none.
    let laptop = "LAPTOP-7Q2 (198.51.100.183) got Pumping station, Riverside to operate, which the plan does not allow";
    let twin = "Digital twin server calls updates.quietharbour.example (203.0.113.200) outside the city, for the first time";
    assert_eq!(
        named,
        [
            ("critical", laptop, 9),
            ("critical", "Another device answers for River gauge, Old Bridge", 1),
            ("medium", twin, 1),
            ("medium", "Camera, Bus station calls 203.0.113.201 outside the city, for the first time", 2),
            ("critical", "Pumping station, Station subway is silent", 1),
        ]
    );
    let laptop = told(state, &["incidents", "show", "1"]);
    assert!(laptop["times"]["detect"].as_i64().unwrap() >= 60, "it was there a minute before it did harm");
    assert!(
        laptop["techniques"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["name"] == "Unauthorized Command Message")
    );
    assert_eq!(laptop["responses"].as_array().unwrap().len(), 1);
    let (code, told, _) = say(state, &["incidents", "show", "1"]);
    assert_eq!(code, 0);
    for part in
        ["Finding 26 joined, because both are about what LAPTOP-7Q2", "Pumping stations and flood gauges"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    let (code, _, errors) = say(state, &["incidents", "show", "6"]);
    assert!(code == 2 && errors.contains("no incident 6"), "{errors}");
    let (code, _, errors) = say(state, &["incidents", "take", "1"]);
    assert!(code == 2 && errors.contains("no process watches"), "{errors}");
}

fn watch(cable: &Cable, state: &Path) -> Running {
    let mut command = cable.pumps(env!("CARGO_BIN_EXE_bastide"));
    command
        .args(["run", "--city", "tests/program/town", "--interface", ENDS[1], "--user", "nobody"])
        .args(["--threads", "1", "--listen", "127.0.0.1:0", "--state"])
        .arg(state);
    let mut watching = Running::start(&mut command);
    watching.wait_for_line(|line| line.starts_with("Watching "));
    watching
}

#[test]
fn an_incident_is_followed_to_its_review_and_each_act_is_sealed_with_who() {
    let Some(cable) = Cable::lay("incident") else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let state = &folder.path().join("state");
    let modbus = Modbus::found();
    let _server = modbus.serve(&cable);
    let mut watching = watch(&cable, state);
    modbus.ask(&cable, "write");
    for _ in 0..100 {
        if told(state, &["incidents"]).as_array().is_some_and(|list| !list.is_empty()) {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    for (words, code, wanted) in [
        (&["review", "1", "too early"][..], 2, "not recovered yet"),
        (&["take", "1", "--owner", "Ada"], 0, "Ada sees to it"),
        (&["note", "1", "The laptop in the pump house"], 0, "Incident 1, critical, triage"),
        (&["contain", "1", "Unplugged"], 0, "It goes no further"),
        (&["recover", "1", "Levels put back"], 0, "What it harmed is right again"),
        (&["split", "1", "1"], 2, "Not all of these findings belong to it"),
        (&["merge", "1", "7"], 2, "no incident to merge it into"),
        (&["note", "1", " "], 2, "Say something"),
        (&["note", "9", "x"], 2, "no incident 9"),
        (&["review", "1", "An open socket"], 0, "It is over"),
    ] {
        let (said, out, errors) = say(state, &[&["incidents"], words].concat());
        assert_eq!(said, code, "{words:?}: {errors}");
        assert!(out.contains(wanted) || errors.contains(wanted), "{words:?}: {out}{errors}");
    }
    let before = told(state, &["incidents", "show", "1"]);
    assert_eq!(before["state"], "reviewed");
    assert!(before["times"]["contain"].as_i64().is_some() && before["times"]["recover"].as_i64().is_some());
    watching.kill();
    assert_eq!(told(state, &["incidents", "show", "1"]), before, "from the files");
    let mut watching = watch(&cable, state);
    assert_eq!(told(state, &["incidents", "show", "1"]), before, "from the process started anew");
    assert!(watching.stop(Duration::from_secs(10)).is_some_and(|status| status.success()));

    let sealed = told(state, &["log", "show"]);
    let steps: Vec<String> = sealed
        .as_array()
        .unwrap()
        .iter()
        .filter(|record| record["kind"] == "incident")
        .filter_map(|record| {
            let step = record["body"]["steps"].as_array().unwrap().last().unwrap();
            let (by, text) = (step["by"].as_str()?, step["text"].as_str()?);
            Some(format!("{}, {by}: {text}", record["body"]["state"].as_str()?))
        })
        .collect();
    assert_eq!(
        steps,
        [
            "triage, local: Gave it to Ada",
            "triage, local: Note: The laptop in the pump house",
            "contained, local: Contained: Unplugged",
            "recovered, local: Recovered: Levels put back",
            "reviewed, local: Reviewed: An open socket",
        ]
    );
}
