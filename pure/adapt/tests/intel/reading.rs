//! Other forms become objects of STIX that are valid, the same each time, and as many as the file says.

use adapt::{
    intel::read::{Form, Read, Teller, Unreadable, read},
    stix::{Document, Gravity, validate},
};
use city::Tlp;
use serde_json::{Value, json};
use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
};

fn told(text: &str, form: Option<Form>) -> Read {
    let now = "2026-03-02T09:00:00Z".parse().unwrap();
    read(text.as_bytes(), form, Teller { source: "test", tlp: Some(Tlp::Green), now }).unwrap()
}

fn patterns(read: &Read) -> Vec<&str> {
    read.objects.iter().filter_map(|object| object["pattern"].as_str()).collect()
}

fn is_valid(objects: &[Value]) {
    let text = Value::from(objects.to_vec()).to_string();
    let problems = validate(&Document::read(text.as_bytes()).unwrap());
    let refused: Vec<_> = problems.iter().filter(|problem| problem.gravity == Gravity::Refused).collect();
    assert!(refused.is_empty(), "{refused:?}");
}

#[test]
fn lists_and_tables_are_read_by_what_each_value_looks_like() {
    let list = told(
        "# A list\n203.0.113.9 # restarts controllers\n203.0.113.0/25\n2001:db8::9\nEvil[.]Example\n\
         hxxp://evil.example/a#b\nd41d8cd98f00b204e9800998ecf8427e\nnot a value\n1.2.3.4.5\n",
        None,
    );
    assert_eq!(
        patterns(&list),
        [
            "[ipv4-addr:value = '203.0.113.9']",
            "[ipv4-addr:value = '203.0.113.0/25']",
            "[ipv6-addr:value = '2001:db8::9']",
            "[domain-name:value = 'evil.example']",
            "[url:value = 'http://evil.example/a#b']",
            "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']",
        ]
    );
    assert_eq!(list.objects[0]["description"], "restarts controllers");
    assert_eq!(
        list.skipped.iter().map(|(place, _)| place.as_str()).collect::<Vec<_>>(),
        ["line 8", "line 9"]
    );
    is_valid(&list.objects);
    let table =
        told("first_seen,IP,comment\n2026-01-01,203.0.113.9,\"x, \"\"y\"\"\"\n2026-01-02,,none\n", None);
    assert_eq!(patterns(&table), ["[ipv4-addr:value = '203.0.113.9']"]);
    assert_eq!(table.objects[0]["description"], "x, \"y\"");
    assert_eq!(patterns(&told("203.0.113.9,x\n203.0.113.10,y\n", None)).len(), 2);
    assert_eq!(patterns(&told("src_ip,comment\n203.0.113.9,x\n", None)).len(), 1);
    // The same by the same teller is the same; and a constant ends nowhere before its end.
    assert_eq!(table.objects[0]["id"], list.objects[0]["id"]);
    assert_eq!(list.objects[0]["modified"], "2026-03-02T00:00:00.000Z");
    assert_eq!(
        patterns(&told("http://a/'] OR [b:c = '", None)),
        ["[url:value = 'http://a/\\'] OR [b:c = \\'']"]
    );
}

#[test]
fn an_event_of_misp_keeps_its_markings_and_techniques() {
    let event = json!({ "response": [{ "Event": {
        "info": "Controllers restarted", "date": "2026-02-27",
        "Tag": [{ "name": "tlp:amber" }, { "name": "misp-galaxy:mitre-ics-techniques=\"Device Restart - T0816\"" }],
        "Attribute": [
            { "type": "ip-dst|port", "value": "203.0.113.9|4444", "to_ids": true, "uuid": "a" },
            { "type": "text", "value": "words", "to_ids": true, "uuid": "b" },
            { "type": "ip-src", "value": "203.0.113.10", "to_ids": false, "uuid": "c" },
        ],
        "Object": [{ "Attribute": [
            { "type": "filename|sha1", "value": "a.bin|da39a3ee5e6b4b0d3255bfef95601890afd80709", "to_ids": "1",
              "uuid": "d", "timestamp": "1772186400", "Tag": [{ "name": "tlp:red" }] },
        ] }],
    } }] });
    let read = told(&event.to_string(), None);
    assert_eq!(
        patterns(&read),
        [
            "[network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_port = 4444]",
            "[file:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709']",
        ]
    );
    assert_eq!(read.skipped[0].0, "attribute b");
    assert_eq!(read.objects[0]["external_references"][0]["external_id"], "T0816");
    assert_eq!(read.objects[0]["valid_from"], "2026-02-27T00:00:00.000Z");
    assert_eq!(read.objects[1]["valid_from"], "2026-02-27T10:00:00.000Z");
    // The closest of several markings counts.
    assert_eq!(
        read.objects[1]["object_marking_refs"][0],
        "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
    );
    is_valid(&read.objects);
}

#[test]
fn what_is_of_no_form_is_refused_with_a_reason() {
    let teller = Teller { source: "x", tlp: None, now: "2026-03-02T09:00:00Z".parse().unwrap() };
    let refused = |bytes: &[u8]| read(bytes, None, teller).unwrap_err();
    assert_eq!(refused(b"\xff\xfe"), Unreadable::NotText);
    assert!(matches!(refused(b"{\"a\": 1}"), Unreadable::Unknown(_)));
    assert!(matches!(refused(b"{\"a\": "), Unreadable::Unknown(_)));
}

/// The peers' files, if they are here.
#[expect(clippy::disallowed_methods, reason = "the test reads the files of others where they are")]
fn files(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = env::var_os("BASTIDE_DATA").map_or_else(beside, PathBuf::from);
    let mut waiting = vec![data.join("intel").join(folder)];
    let mut found = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.is_file() && path.to_string_lossy().ends_with(ending) {
            found.push((path.clone(), fs::read_to_string(path).unwrap()));
        }
    }
    found
}

/// Says that a test skipped so many cases for want of the data, where the runner of all tests counts.
fn skipped(count: usize, test: &str) {
    let line = format!("{count} cases skipped in {test}: no data in BASTIDE_DATA or ../shared/data\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(path) = env::var_os("BASTIDE_SKIPPED") {
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
    }
}

#[test]
fn the_files_of_others_are_read_whole() {
    let kev = files("kev", "vulnerabilities.json");
    let mut events = files("eset-ioc", ".json");
    events.retain(|(path, _)| path.file_name().is_some_and(|name| name.to_string_lossy().contains("misp")));
    if kev.is_empty() || events.is_empty() {
        return skipped(5, "reading intelligence");
    }
    for (path, text) in &kev {
        let raw: Value = serde_json::from_str(text).unwrap();
        let read = told(text, None);
        assert_eq!(Some(read.objects.len() as u64), raw["count"].as_u64(), "{}", path.display());
        is_valid(&read.objects);
    }
    let mut signs = 0;
    for (path, text) in &events {
        let raw: Value = serde_json::from_str(text).unwrap();
        let read = told(text, None);
        // Counted apart: every attribute, at whatever depth, that is meant to be looked for.
        let mut meant = 0;
        let mut waiting = vec![&raw];
        while let Some(value) = waiting.pop() {
            match value {
                Value::Object(map) => {
                    let is =
                        map.get("to_ids") == Some(&json!(true)) && map.get("deleted") != Some(&json!(true));
                    meant += u64::from(is && map.contains_key("value"));
                    waiting.extend(map.values());
                }
                Value::Array(list) => waiting.extend(list),
                _ => {}
            }
        }
        let taken = read.objects.len() as u64;
        assert_eq!(taken + read.skipped_in_all, meant, "{}: {:?}", path.display(), read.skipped);
        signs += taken;
        is_valid(&read.objects);
    }
    assert!(signs > 100, "{signs}");
}
