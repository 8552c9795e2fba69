//! Averbourne's plan rehearsed against Averbourne's recorded days: by captures, and by the store of their replay.

use super::{
    averbourne::{capture, cases},
    running::bastide,
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

fn town() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/averbourne/plan")
}

/// A copy of the town's plan with its conduits changed.
fn changed(folder: &Path, change: impl Fn(&str) -> String) -> PathBuf {
    let into = folder.join("new");
    for part in ["", "procedures"] {
        fs::create_dir_all(into.join(part)).unwrap();
        let files = fs::read_dir(town().join(part)).unwrap().map(|file| file.unwrap());
        for file in files.filter(|file| file.path().is_file()) {
            fs::copy(file.path(), into.join(part).join(file.file_name())).unwrap();
        }
    }
    let path = into.join("conduits.toml");
    let text = fs::read_to_string(&path).unwrap();
    let new = change(&text);
    assert_ne!(new, text);
    fs::write(&path, new).unwrap();
    into
}

/// The conduits without the one of an id.
fn without(text: &str, id: &str) -> String {
    let (before, rest) = text.split_once(&format!("[[conduit]]\nid = \"{id}\"")).unwrap();
    let (_, after) = rest.split_once("[[conduit]]").unwrap();
    format!("{before}[[conduit]]{after}")
}

fn rehearse(plan: &Path, more: &[&str]) -> Output {
    let mut command = bastide();
    command.args(["defend", "rehearse", "--city"]).arg(town()).arg("--plan").arg(plan).args(more);
    command.arg("--capture").args(cases().iter().map(|case| capture(case)));
    command.output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn lines(answer: &Value, list: &str) -> Vec<Value> {
    answer.pointer(list).and_then(Value::as_array).cloned().unwrap()
}

#[test]
fn what_is_outside_the_plan_of_now_is_refused_by_its_rehearsal_too() {
    let output = rehearse(&town(), &["--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let answer = json(&output);
    assert!(text(&answer, "/headline").starts_with("Nothing that the plan of now allows would stop."));
    let refused = lines(&answer, "/refused");
    assert!(refused.iter().all(|line| line["now"] == "refused"));
    // The laptop that wrote to the pumps, and the camera that calls home.
    let ran: Vec<&Value> = refused.iter().filter(|line| line["ran"] == true).collect();
    let from = |zone: &str, port: u64| {
        ran.iter().any(|line| text(line, "/from/zone") == zone && line["port"] == port)
    };
    assert!(from("libraries", 502) && from("cctv", 4_444));
    assert!(refused.iter().any(|line| line["ran"] == false), "a scan knocks in vain");
}

#[test]
fn the_quiet_day_would_go_on() {
    let quiet = capture(&cases()[0]);
    let output = bastide()
        .args(["defend", "rehearse", "--plan"])
        .arg(town())
        .arg("--capture")
        .arg(quiet)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let first = said.lines().next().unwrap();
    assert!(
        first.starts_with("Nothing that ran in the 10 minutes on record would stop, and ")
            && first.ends_with(" allowances were never used."),
        "{first}"
    );
}

#[test]
fn a_conduit_taken_out_is_noticed_and_the_patch_puts_back_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let new = changed(folder.path(), |conduits| {
        without(conduits, "centre-to-water")
            .replace("\"mqtt: publish averbourne/river/*\"", "\"mqtt: discover\"")
    });
    let answer = json(&rehearse(&new, &["--format", "json"]));
    let noticing = lines(&answer, "/services");
    let water = noticing.iter().find(|service| service["refused"].as_u64() > Some(0)).unwrap();
    assert_eq!(
        (text(water, "/service"), text(water, "/owner")),
        ("flood-and-drainage".into(), "drainage".into()),
        "{water}"
    );
    let river = lines(&answer, "/watched");
    let river = river.iter().find(|line| text(line, "/to/zone") == "twin").unwrap();
    assert_eq!((text(river, "/refusal"), text(river, "/now")), ("verb".into(), "allowed".into()));

    let patched = patch(&new, folder.path(), &rehearse(&new, &["--propose"]));
    let answer = json(&rehearse(&patched, &["--format", "json"]));
    assert!(text(&answer, "/headline").starts_with("Nothing that the plan of now allows would stop."));
    // What was outside before may be let in too, but only by name.
    let ids: Vec<String> = ["/refused", "/watched"]
        .iter()
        .flat_map(|list| lines(&answer, list))
        .filter(|line| line["ran"] == true)
        .map(|line| text(&line, "/id"))
        .collect();
    let output = rehearse(&patched, &["--amend", &ids.join(",")]);
    let opened = patch(&patched, folder.path(), &output);
    let output = rehearse(&opened, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("Newly possible"), "{said}");
    let unknown = rehearse(&new, &["--amend", "r0000000000"]);
    assert_eq!(unknown.status.code(), Some(2));
}

/// Applies a patch to a plan's folder, as an operator would, and checks what comes of it.
fn patch(plan: &Path, folder: &Path, proposed: &Output) -> PathBuf {
    assert_eq!(proposed.status.code(), Some(1), "{}", String::from_utf8_lossy(&proposed.stderr));
    let file = folder.join("amendment.patch");
    fs::write(&file, &proposed.stdout).unwrap();
    let applied = Command::new("patch")
        .args(["-s", "-p1", "-i"])
        .arg(&file)
        .current_dir(plan)
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(applied.success());
    let check = bastide().args(["plan", "check"]).arg(plan).output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
    let format = bastide().args(["plan", "format", "--check"]).arg(plan).output().unwrap();
    assert!(format.status.success(), "{}", String::from_utf8_lossy(&format.stdout));
    plan.to_path_buf()
}

#[test]
fn the_store_of_a_replay_answers_as_its_captures_do_on_any_number_of_cores() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let new = changed(folder.path(), |conduits| {
        without(conduits, "centre-to-water").replace("snmp: any", "snmp: read").replace("/river/*", "/weir/*")
    });
    let replay = bastide()
        .args(["replay", "--format", "json", "--city"])
        .arg(town())
        .arg("--state")
        .arg(&state)
        .args(cases().iter().map(|case| capture(case)))
        .output()
        .unwrap();
    assert!(replay.status.success(), "{}", String::from_utf8_lossy(&replay.stderr));
    let stored = |more: &[&str]| {
        let mut command = bastide();
        command.args(["defend", "rehearse", "--format", "json", "--state"]).arg(&state);
        let output = command.arg("--plan").arg(&new).args(more).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        json(&output)
    };
    let captured = json(&rehearse(&new, &["--format", "json"]));
    assert!(!lines(&captured, "/watched").is_empty());
    for threads in ["1", "2", "3"] {
        assert!(stored(&["--threads", threads]) == captured, "{threads} cores");
    }
    let lately = stored(&["--since", "9m", "--threads", "1"]);
    assert!(lately["reach"]["conversations"].as_u64() < captured["reach"]["conversations"].as_u64());
    assert!(stored(&["--since", "9m", "--threads", "2"]) == lately);
}
