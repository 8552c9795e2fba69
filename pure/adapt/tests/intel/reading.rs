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
    // A quoted cell holds line ends, and a head may stand in a comment, as abuse.ch has it: with space behind commas, ends
    // with ports, and types that are called like columns.
    let lines = told(
        "ip,note,seen\n203.0.113.9,\"two\nlines, \"\"quoted\"\"\",x\r\n203.0.113.10,y,x\nnothing,z,x\n",
        None,
    );
    assert_eq!((patterns(&lines).len(), lines.form), (2, Some(Form::Csv)));
    assert_eq!(lines.objects[0]["description"], "twolines, \"quoted\"");
    assert_eq!(lines.skipped[0].0, "line 5");
    let commented = told(
        "################\n# Indicators of a day, made up\n#\n# \"first_seen\",\"ioc_value\",\"ioc_type\",\"malware_printable\"\n\
         \"2026-03-01\", \"203.0.113.9:4444\", \"ip:port\", \"Lampblack\"\n\
         \"2026-03-01\", \"evil.example\", \"domain\", \"Lampblack\"\n# 2 in all\n",
        None,
    );
    assert_eq!(
        patterns(&commented),
        [
            "[network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_port = 4444]",
            "[domain-name:value = 'evil.example']",
        ]
    );
    assert_eq!((&commented.objects[1]["description"], commented.skipped_in_all), (&json!("Lampblack"), 0));
    let ja3 = "ja3_md5,Firstseen,Listingreason\nb386946a5a44d1ddcc843bc75336dfce,2026-01-01,Lampblack\n";
    assert_eq!(
        patterns(&told(&format!("# {ja3}"), None)),
        ["[network-traffic:x_ja3 = 'b386946a5a44d1ddcc843bc75336dfce']"]
    );
    is_valid(&[lines.objects, commented.objects].concat());
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
            "[file:name = 'a.bin' AND file:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709']",
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
fn an_attribute_keeps_its_uuid_and_both_its_values_and_ends_with_its_maker() {
    let uuid = |number: u8| format!("0e1f5d0a-0000-4000-8000-0000000000{number:02}");
    let attribute = |number, kind: &str, value: &str| json!({ "type": kind, "value": value, "to_ids": true, "uuid": uuid(number), "timestamp": "1772186400" });
    let ja3 = "b386946a5a44d1ddcc843bc75336dfce";
    let values = [
        (
            "domain|ip",
            "Evil.example|203.0.113.9",
            "domain-name:value = 'evil.example' AND domain-name:resolves_to_refs[*].value = '203.0.113.9'",
        ),
        (
            "hostname|port",
            "evil.example|8443",
            "network-traffic:dst_ref.value = 'evil.example' AND network-traffic:dst_port = 8443",
        ),
        (
            "filename|md5",
            "a|b.bin|d41d8cd98f00b204e9800998ecf8427e",
            "file:name = 'a|b.bin' AND file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e'",
        ),
        ("ja3-fingerprint-md5", ja3, &format!("network-traffic:x_ja3 = '{ja3}'")),
        ("email-dst", "lamp@evil.example", "email-message:to_refs[*].value = 'lamp@evil.example'"),
    ];
    let attributes: Vec<Value> =
        (1..).zip(&values).map(|(number, (kind, value, _))| attribute(number, kind, value)).collect();
    let event = |date: &str, attributes: Vec<Value>| json!({ "Event": { "info": "Lamps", "date": date, "Attribute": attributes } });
    let read = told(&event("2026-02-01", attributes.clone()).to_string(), None);
    let wanted: Vec<String> = values.iter().map(|(_, _, test)| format!("[{test}]")).collect();
    assert_eq!(patterns(&read), wanted);
    assert_eq!(read.objects[0]["id"], format!("indicator--{}", uuid(1)));
    let times = |object: &Value| (object["created"].clone(), object["modified"].clone());
    let first = (json!("2026-02-01T00:00:00.000Z"), json!("2026-02-27T10:00:00.000Z"));
    assert_eq!(times(&read.objects[0]), first);
    is_valid(&read.objects);

    // Deleted upstream: a later version of the same, which its maker revoked.
    let mut gone = attributes[0].clone();
    gone["deleted"] = json!(true);
    gone["timestamp"] = json!("1772272800");
    let read = told(&event("2026-02-01", vec![gone]).to_string(), None);
    let revoked = &read.objects[0];
    assert_eq!(
        (&revoked["id"], &revoked["revoked"]),
        (&json!(format!("indicator--{}", uuid(1))), &json!(true))
    );
    assert_eq!(times(revoked), (first.0, json!("2026-02-28T10:00:00.000Z")));
    is_valid(&read.objects);

    // Without a UUID that is one, two events of one value are two.
    let mut nameless = attributes[0].clone();
    nameless["uuid"] = json!("x");
    let both = json!([event("2026-02-01", vec![nameless.clone()]), event("2026-02-02", vec![nameless])]);
    let read = told(&both.to_string(), None);
    assert_ne!(read.objects[0]["id"], read.objects[1]["id"]);
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
        let of = |kind: &str| read.objects.iter().filter(|object| object["type"] == kind).count() as u64;
        assert_eq!(Some(of("vulnerability")), raw["count"].as_u64(), "{}", path.display());
        assert_eq!((of("extension-definition"), of("identity")), (1, 1));
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
                    let is = map.get("to_ids") == Some(&json!(true));
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
