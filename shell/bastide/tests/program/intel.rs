//! `bastide intel`, run whole.

use super::running::bastide;
use serde_json::{Value, json};
use std::{
    fs,
    io::Write,
    process::{Output, Stdio},
};

fn pattern(arguments: &[&str]) -> Output {
    bastide().args(["intel", "pattern"]).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|cause| panic!("{cause}: {}", said(output)))
}

const LAMP: &str = "observed-data--00000000-0000-4000-8000-000000000001";
const DOOR: &str = "observed-data--00000000-0000-4000-8000-000000000002";

/// A lamp calls out, and then a door.
fn bundle() -> Value {
    let observed = |id: &str, time: &str, address: &str| {
        json!({
            "type": "observed-data", "spec_version": "2.1", "id": id, "created": time, "modified": time,
            "first_observed": time, "last_observed": time, "number_observed": 1, "object_refs": [address],
        })
    };
    let address = |number: u8, value: &str| json!({"type": "ipv4-addr", "id": format!("ipv4-addr--00000000-0000-4000-8000-00000000000{number}"), "value": value});
    let (lamp, door) = (address(1, "203.0.113.9"), address(2, "203.0.113.10"));
    json!({
        "type": "bundle",
        "id": "bundle--00000000-0000-4000-8000-000000000000",
        "objects": [
            observed(LAMP, "2026-03-01T00:00:00Z", lamp["id"].as_str().unwrap()),
            observed(DOOR, "2026-03-01T00:01:00Z", door["id"].as_str().unwrap()),
            lamp,
            door,
        ],
    })
}

const FOLLOWED: &str =
    "[ipv4-addr:value = '203.0.113.9'] FOLLOWEDBY [ipv4-addr:value ISSUBSET '203.0.113.10/31']";

#[test]
fn a_pattern_is_tried_on_observed_data() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("monday.json");
    fs::write(&path, bundle().to_string()).unwrap();
    let path = path.to_str().unwrap();
    let output = pattern(&[FOLLOWED, "--observed", path, "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let answer = json_of(&output);
    assert_eq!(answer["match"], true);
    assert_eq!(answer["observations"], json!([LAMP, DOOR]));
    assert_eq!(answer["unknown_paths"], json!([]));
    let table = pattern(&[FOLLOWED, "--observed", path]);
    assert!(String::from_utf8(table.stdout).unwrap().contains(LAMP));

    let no = format!("({FOLLOWED}) WITHIN 30 SECONDS");
    let output = pattern(&[&no, "--observed", path, "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json_of(&output)["match"], false);
    assert_eq!(json_of(&output)["observations"], json!([]));

    let unknown = pattern(&["[ipv4-addr:valeu = '203.0.113.9']", "--observed", path, "--format", "json"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert_eq!(json_of(&unknown)["unknown_paths"], json!(["ipv4-addr:valeu"]));
}

#[test]
fn standard_input_is_a_file_too() {
    // A bare object, in the way of STIX 2.0, in a list.
    let old = json!([{
        "type": "observed-data", "first_observed": "2026-03-01T00:00:00Z", "last_observed": "2026-03-01T00:00:00Z",
        "number_observed": 2, "objects": {"0": {"type": "url", "value": "http://lamp.example/"}},
    }]);
    let mut command = bastide();
    command.args([
        "intel",
        "pattern",
        "[url:value LIKE '%lamp%'] REPEATS 2 TIMES",
        "--observed",
        "-",
        "--format",
        "json",
    ]);
    let mut running = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    running.stdin.take().unwrap().write_all(old.to_string().as_bytes()).unwrap();
    let output = running.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(json_of(&output)["observations"], json!(["#1"]));
}

#[test]
fn a_pattern_alone_is_checked_and_printed_in_its_form() {
    let output = pattern(&["[(ipv4-addr:value=='203.0.113.9')]"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "[ipv4-addr:value = '203.0.113.9']\n");
    let output = pattern(&["[win-registry-key:key = 'a']", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let answer = json_of(&output);
    assert_eq!(answer["unknown_paths"], json!(["win-registry-key:key"]));
    assert_eq!(answer.get("match"), None);
}

#[test]
fn what_cannot_be_done_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let good = file("good.json", &bundle().to_string());
    let broken = file("broken.json", "{\"type\": \"bundle\",}");
    let timeless = file("timeless.json", r#"{"type": "observed-data", "objects": {}, "number_observed": 1}"#);
    let any = "[ipv4-addr:value = '203.0.113.9']";
    for (arguments, words) in [
        (vec!["[file:name = 'a'"], "not a pattern: line 1, column 17: expected `]`"),
        (vec!["[file:name = 'a'"], "\n  |                 ^"),
        (
            vec![any, "--observed", "/nowhere/at/all.json"],
            "cannot read observed data from `/nowhere/at/all.json`",
        ),
        (vec![any, "--observed", &broken], "is not STIX"),
        (vec![any, "--observed", &timeless], "`first_observed` must be a time"),
        (vec!["[ipv4-addr:value MATCHES '(?=2)']", "--observed", &good], "looking ahead"),
        (vec!["-", "--observed", "-"], "standard input cannot be both"),
        (vec![], "PATTERN"),
    ] {
        let output = pattern(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said(&output).contains(words), "{arguments:?}: {}", said(&output));
    }
    let output = pattern(&["[", "--format", "json"]);
    assert_eq!(output.status.code(), Some(2));
    let error = json_of(&output)["error"].clone();
    assert_eq!(
        (&error["kind"], &error["line"], &error["column"]),
        (&json!("not-a-pattern"), &json!(1), &json!(2))
    );
}

#[test]
fn a_capture_is_held_against_what_a_city_knows() {
    let indicator = |number: u8, name: &str, pattern: &str| {
        json!({
            "type": "indicator", "spec_version": "2.1", "id": format!("indicator--00000000-0000-4000-8000-{number:012x}"),
            "created": "2026-11-20T07:00:00Z", "modified": "2026-11-20T07:00:00Z", "valid_from": "2026-11-20T07:00:00Z",
            "name": name, "pattern": pattern, "pattern_type": "stix",
        })
    };
    let objects = [
        indicator(1, "page", "[url:value = 'http://camera-07.averbourne.example/snapshot.png']"),
        indicator(2, "other page", "[url:value = 'http://camera-07.averbourne.example/snapshot.jpg']"),
        indicator(
            3,
            "hello",
            "[network-traffic:x_ja4 LIKE 't13d%' AND network-traffic:dst_ref.value = '198.51.100.147' AND \
             network-traffic:dst_port = 443]",
        ),
        indicator(4, "file", "[file:hashes.MD5 = 'aa']"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let kept = store::Intelligence::open(folder.path()).await.unwrap();
        let filing = store::intelligence::Filing {
            source: "agency".to_owned(),
            collections: Vec::new(),
            audience: store::intelligence::Audience::Everybody,
            unmarked: store::intelligence::Unmarked::default(),
        };
        kept.add(&objects.iter().collect::<Vec<_>>(), &filing, jiff::Timestamp::now()).await.unwrap();
        kept.close().await;
    });
    let capture =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../cities/averbourne/captures/7-call-out/mirror.pcap.gz");
    let seen = |arguments: &[&str]| {
        let output =
            bastide().args(["replay", capture, "--format", "json"]).args(arguments).output().unwrap();
        let report = json_of(&output);
        let findings = report["findings"].as_array().unwrap().iter();
        let seen = findings.filter(|finding| finding["rule"] == "indicator-seen");
        let mut names: Vec<String> = seen
            .filter_map(|finding| Some(finding["title"].as_str()?.rsplit_once(": ")?.1.to_owned()))
            .collect();
        names.sort();
        names.dedup();
        names
    };
    let known = folder.path().to_str().unwrap();
    assert_eq!(seen(&[]), [""; 0]);
    assert_eq!(seen(&["--intelligence", known]), ["hello", "page"]);
    // The same through the loop and its journal, which keeps nothing of what the list alone needed.
    let state = folder.path().join("state");
    assert_eq!(seen(&["--intelligence", known, "--state", state.to_str().unwrap()]), ["hello", "page"]);
    let journal = fs::read_dir(state.join("journal")).unwrap();
    let kept: Vec<u8> = journal.flat_map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
    let holds = |text: &[u8]| kept.windows(text.len()).any(|window| window == text);
    assert!(holds(b"/snapshot.png") && !holds(b"ja3-hash") && !holds(b"user-agent"));
    let none = bastide().args(["replay", capture, "--intelligence", "/nowhere"]).output().unwrap();
    assert_eq!(none.status.code(), Some(2));
    assert!(said(&none).contains("what `/nowhere` keeps of others cannot be read"), "{}", said(&none));
}
