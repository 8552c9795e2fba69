//! Every kind of object that is made here is one to OASIS's own programs: `stix2-validator` finds no error in it, and
//! `stix2` reads it without anything being called custom.

use super::{
    peer,
    scene::{at, finding, incident, plan},
};
use adapt::{
    defence::redact::Inside,
    intel::read::{Teller, read},
    share::{Share, share},
};
use city::Tlp;
use integrity::Signer;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

/// Validates each object and reads it.
const SCRIPT: &str = r#"
import json, sys, warnings
warnings.simplefilter("ignore")
import stix2
from stix2validator import ValidationOptions, validate_instance
options = ValidationOptions(version="2.1")
for line in sys.stdin:
    value = json.loads(line)
    answer = {"errors": [], "warnings": []}
    try:
        found = validate_instance(value, options)
        answer["errors"] += [str(error) for error in found.errors]
        answer["warnings"] += [str(warning) for warning in found.warnings]
        stix2.parse(value, allow_custom=False)
    except Exception as error:
        answer["errors"].append(type(error).__name__ + ": " + str(error))
    print(json.dumps(answer), flush=True)
"#;

/// What they warn of that stays, and why.
const ACCEPTED: &[(&str, &str)] = &[
    (
        "Both the name and description properties SHOULD be present",
        "§4.7 would have them; of a value in a list or a sign of an event nothing more is told",
    ),
    (
        "is not a valid UUIDv4 ID",
        "§2.9 would have UUIDv4 and allows what is unique: ours are made of what is told, so that the same is known again",
    ),
];

/// How many objects of one of the files of others are tried.
const OF_A_FILE: usize = 60;

fn of_text(text: &str) -> Vec<Value> {
    let teller = Teller { source: "test", tlp: Some(Tlp::Green), now: at("2026-03-02T09:00:00Z") };
    read(text.as_bytes(), None, teller).unwrap().objects
}

fn of_misp() -> Vec<Value> {
    let (md5, sha1, sha256) = ("0".repeat(32), "1".repeat(40), "2".repeat(64));
    let attributes = [
        ("ip-src", "203.0.113.9".to_owned()),
        ("ip-dst", "2001:db8::/64".to_owned()),
        ("ip-dst|port", "203.0.113.9|4444".to_owned()),
        ("ip-src|port", "2001:db8::9|4444".to_owned()),
        ("hostname|port", "evil.example|8443".to_owned()),
        ("domain|ip", "evil.example|203.0.113.9".to_owned()),
        ("domain", "evil.example".to_owned()),
        ("url", "http://evil.example/it's?a=b".to_owned()),
        ("md5", md5.clone()),
        ("sha1", sha1.clone()),
        ("sha256", sha256.clone()),
        ("filename", "C:\\lamp.bin".to_owned()),
        ("filename|sha256", format!("lamp.bin|{sha256}")),
        ("malware-sample", format!("lamp.bin|{md5}")),
        ("email", "lamp@evil.example".to_owned()),
        ("email-src", "lamp@evil.example".to_owned()),
        ("email-dst", "lamp@evil.example".to_owned()),
        ("email-subject", "Your lamp".to_owned()),
        ("mutex", "Local\\lamp".to_owned()),
        ("regkey", "HKLM\\Software\\Lamp".to_owned()),
        ("regkey|value", "HKLM\\Software\\Lamp|on".to_owned()),
        ("user-agent", "Lamp/1.0 (x)".to_owned()),
        ("ja3-fingerprint-md5", md5.clone()),
        ("x509-fingerprint-sha1", sha1.clone()),
    ];
    let attribute = |(number, (kind, value)): (usize, &(&str, String))| {
        json!({ "type": kind, "value": value, "to_ids": true, "deleted": number == 3, "comment": "seen at night",
                "uuid": format!("0e1f5d0a-0000-4000-8000-0000000000{number:02}"), "timestamp": "1772186400",
                "Tag": [{ "name": "misp-galaxy:mitre-attack-pattern=\"Device Restart - T0816\"" }] })
    };
    let attributes: Vec<Value> = attributes.iter().enumerate().map(attribute).collect();
    let count = attributes.len();
    let event = json!({ "Event": { "info": "Lamps", "date": "2026-02-01", "Attribute": attributes,
                                   "Tag": [{ "name": "tlp:amber" }] } });
    let objects = of_text(&event.to_string());
    assert_eq!(objects.len(), count, "each is read");
    objects
}

fn of_share() -> Vec<Value> {
    let (plan, key) = (plan(), Signer::from_seed("wexcombe.example", [3; 32]).unwrap());
    let (incident, finding, inside) = (incident(), finding(), Inside::of(&plan));
    let mut count = 0;
    let outgoing = share(
        Share {
            incident: &incident,
            findings: &[&finding],
            inside: &inside,
            city: "Wexcombe",
            tlp: Tlp::AmberStrict,
            key: &key,
            now: at("2026-03-02T09:06:00Z"),
        },
        &mut || {
            count += 1;
            format!("00000000-0000-4000-8000-{count:012}")
        },
    );
    outgoing.unwrap().objects
}

/// What becomes of the files of others, if they are here: some objects of each.
#[expect(clippy::disallowed_methods, reason = "the test reads the files of others where they are")]
fn of_others() -> Vec<Value> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = env::var_os("BASTIDE_DATA").map_or_else(beside, PathBuf::from);
    let mut waiting = vec![data.join("intel/kev"), data.join("intel/eset-ioc")];
    let mut objects = Vec::new();
    while let Some(path) = waiting.pop() {
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            waiting.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.is_file() && !name.contains("schema") && name.ends_with(".json") {
            let teller = Teller { source: &name, tlp: None, now: at("2026-03-02T09:00:00Z") };
            let Ok(read) = read(&fs::read(&path).unwrap(), None, teller) else { continue };
            let every = read.objects.len().div_ceil(OF_A_FILE).max(1);
            objects.extend(read.objects.into_iter().step_by(every));
        }
    }
    objects
}

#[test]
fn every_object_that_is_made_here_is_valid_to_the_programs_of_oasis() {
    let kev = json!({ "catalogVersion": "2026.03.02", "vulnerabilities": [{
        "cveID": "CVE-2026-0001", "dateAdded": "2026-03-01", "vulnerabilityName": "Lamp overflow",
        "shortDescription": "A lamp does what it is told.", "vendorProject": "Lamp", "product": "Lamp 7",
        "requiredAction": "Update it", "dueDate": "2026-03-22", "knownRansomwareCampaignUse": "Unknown",
    }] });
    let list = "203.0.113.9 # restarts controllers\n203.0.113.0/25\n2001:db8::9\nevil.example\nhttp://evil.example/a\n\
                d41d8cd98f00b204e9800998ecf8427e\n203.0.113.9:4444\n";
    let table = "ip,comment\n203.0.113.10,\"two\nlines\"\n";
    let all = [of_text(&kev.to_string()), of_misp(), of_text(list), of_text(table), of_share(), of_others()]
        .concat();
    let test = "every_object_that_is_made_here_is_valid_to_the_programs_of_oasis";
    // One more, in which they must find something.
    let mut broken = all.last().cloned().unwrap();
    broken["created"] = json!("yesterday");
    let asked = all.iter().cloned().chain([broken]).collect();
    let Some(mut answers) = peer::ask_script(SCRIPT, &["stix2", "stix2validator"], asked, test) else {
        return;
    };
    assert_ne!(answers.pop().unwrap()["errors"], json!([]));
    assert_eq!(answers.len(), all.len());
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut wrong, mut met) = (Vec::new(), vec![0; ACCEPTED.len()]);
    for (object, answer) in all.iter().zip(&answers) {
        *kinds.entry(object["type"].as_str().unwrap()).or_default() += 1;
        let told = |name: &str| answer[name].as_array().unwrap().iter().map(|text| text.as_str().unwrap());
        for text in told("errors") {
            wrong.push(format!("{text}\n  {object}"));
        }
        for text in told("warnings") {
            match ACCEPTED.iter().position(|(part, _)| text.contains(part)) {
                Some(at) => met[at] += 1,
                None => wrong.push(format!("warning: {text}\n  {object}")),
            }
        }
    }
    wrong.sort();
    // Of each kind one.
    wrong.dedup_by_key(|text| {
        text.lines().next().and_then(|line| line.split_once('{')).map(|(_, what)| what.to_owned())
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(met.iter().all(|count| *count > 0), "nothing is accepted that does not occur: {met:?}");
    let made = [
        "course-of-action",
        "extension-definition",
        "identity",
        "indicator",
        "marking-definition",
        "relationship",
        "vulnerability",
    ];
    assert_eq!(kinds.keys().copied().collect::<Vec<_>>(), made);
}
