//! Trying a receiver, and alerts of other tools beside a capture, with the commands that people use.

use super::running::{bastide, made_capture};
use serde_json::Value;
use std::fs;

#[test]
fn a_receiver_is_tried_and_says_what_came_back() {
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("told.cef");
    let plan = format!(
        "[city]\nname = \"Averbourne\"\ntime-zone = \"Europe/London\"\n\
         [[notify]]\nid = \"log\"\nname = \"The log\"\nto = \"file:{}\"\nform = \"cef\"\n\
         [[notify]]\nid = \"gone\"\nname = \"The old SIEM\"\nto = \"syslog:tcp://127.0.0.1:1\"\n",
        told.display()
    );
    fs::write(folder.path().join("city.toml"), plan).unwrap();
    let test = |id: &str| {
        let output = bastide().args(["notify", "test", id, "--city"]).arg(folder.path()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    assert_eq!(test("log"), (Some(0), "The log was told: it was written\n".to_owned()));
    let line = fs::read_to_string(&told).unwrap();
    assert!(
        line.starts_with("CEF:0|Bastide|")
            && line.contains("|This is a test: Averbourne can tell The log. Nothing happened|"),
        "{line}"
    );
    let (code, said) = test("gone");
    assert_eq!(code, Some(1));
    assert!(
        said.starts_with("The old SIEM could not be told: 127.0.0.1 does not answer at port 1"),
        "{said}"
    );
    let (code, said) = test("lag");
    assert_eq!(code, Some(2));
    assert!(said.contains("the plan has no receiver `lag`; it has log, gone"), "{said}");
}

#[test]
fn alerts_beside_a_capture_are_taken_in_and_a_broken_line_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (capture, eve) = (folder.path().join("made.pcap"), folder.path().join("eve.json"));
    made_capture(&capture, 300);
    fs::write(&eve, "{\"timestamp\":\"2026-01-01T00:00:01Z\",\"event_type\":\"alert\",\"src_ip\":\"192.0.2.1\",\"alert\":{\"signature_id\":1}}\n{\n").unwrap();
    let replay = |alerts: &std::path::Path| {
        bastide().args(["replay", "--format", "json", "--alerts"]).arg(alerts).arg(&capture).output().unwrap()
    };
    let output = replay(&eve);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let losses = report["losses"].to_string();
    assert!(losses.contains("damage") && losses.contains("eve.json, line 2: it is not JSON"), "{losses}");
    let output = replay(&folder.path().join("none.json"));
    assert_eq!(output.status.code(), Some(2));
}
