//! What people decide about devices, by the commands that they use, in a city that no firewall is connected to.

use super::{
    cable::{Cable, ENDS},
    running::{Running, bastide},
};
use serde_json::Value;
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    time::Duration,
};

/// Watches the town from its pumps.
pub fn watch(cable: &Cable, state: &Path) -> Running {
    let mut command = cable.pumps(env!("CARGO_BIN_EXE_bastide"));
    command
        .args(["run", "--city", "tests/program/town", "--interface", ENDS[1], "--user", "nobody"])
        .args(["--threads", "1", "--listen", "127.0.0.1:0", "--state"])
        .arg(state);
    let mut watching = Running::start(&mut command);
    watching.wait_for_line(|line| line.starts_with("Watching "));
    watching
}

/// The exit code of a command, and what it printed on standard output and on standard error.
fn say(state: &Path, words: &[&str]) -> (i32, String, String) {
    let output = bastide().args(words).arg("--state").arg(state).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn listed(state: &Path, words: &[&str]) -> Vec<Value> {
    let (code, list, errors) = say(state, &[words, &["--format", "json"]].concat());
    assert_eq!(code, 0, "{errors}");
    serde_json::from_str(&list).unwrap()
}

#[test]
fn a_decision_that_nothing_can_carry_out_fails_with_what_to_enter_and_outlasts_a_kill() {
    let Some(cable) = Cable::lay("respond") else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let state = &folder.path().join("state");
    let reason = ["--reason", "it scans"];
    let contain = |device| [&["contain", device][..], &reason].concat();

    let (code, _, errors) = say(state, &contain("pump-1"));
    assert_eq!(code, 2);
    assert!(errors.contains("no process watches"), "{errors}");

    let mut watching = watch(&cable, state);
    let (code, said, errors) = say(state, &contain("pump-1"));
    assert_eq!(code, 1, "{said}{errors}");
    for part in [
        "Response 1: Pump controller at Mill Lane could not be contained.",
        "Not done: no firewall is connected to Bastide.",
        "Pumping stations would be without Pump controller at Mill Lane",
        "Cisco IOS",
        "Juniper Junos",
        "nft 'add element inet bastide quarantine4 { 192.0.2.130 }'",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let (code, said, _) = say(state, &contain("192.0.2.77"));
    assert_eq!(code, 1);
    assert!(said.contains("Response 2: 192.0.2.77 could not be contained."), "{said}");
    for (words, code, wanted) in [
        (contain("nobody-1"), 2, "No asset `nobody-1`"),
        (contain("224.0.0.1"), 2, "not one device’s address"),
        (vec!["agree", "9"], 2, "no response 9"),
        ([&["release", "scada"][..], &reason].concat(), 2, "not contained"),
        ([&["dismiss", "2"][..], &reason].concat(), 0, ""),
        (vec!["agree", "2"], 2, "waits for nobody"),
        ([&["dismiss", "2", "--reason", " "][..]].concat(), 2, "Say why"),
    ] {
        let (said, _, errors) = say(state, &words);
        assert_eq!(said, code, "{words:?}: {errors}");
        assert!(errors.contains(wanted), "{words:?}: {errors}");
    }

    let before = listed(state, &["responses"]);
    let states: Vec<_> = before.iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["failed", "dismissed"]);
    watching.kill();
    assert_eq!(listed(state, &["responses"]), before, "from the files");
    let mut watching = watch(&cable, state);
    assert_eq!(listed(state, &["responses"]), before, "from the process started anew");
    assert!(watching.stop(Duration::from_secs(10)).is_some_and(|status| status.success()));

    let sealed = listed(state, &["log", "show"]);
    let steps: Vec<String> = sealed
        .iter()
        .filter(|record| record["kind"] == "response")
        .map(|record| {
            let text = |name: &str| record["body"][name].as_str().unwrap_or("-").to_owned();
            format!("{} {}: {}", record["body"]["number"], text("by"), text("step"))
        })
        .collect();
    assert_eq!(
        steps,
        [
            "1 local: Contain: it scans",
            "1 -: Not done: no firewall is connected to Bastide",
            "2 local: Contain: it scans",
            "2 -: Not done: no firewall is connected to Bastide",
            "2 local: Dismissed: it scans",
        ]
    );
}
