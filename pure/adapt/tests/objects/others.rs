//! What others publish, read in place: every object is kept, and judged as they judge it.

use adapt::stix::{Document, Gravity, Pattern, validate};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    env, fs,
    io::Write,
    path::{Path, PathBuf},
};

/// The folder of others' intelligence, if it is there.
fn folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = env::var_os("BASTIDE_DATA").map_or_else(beside, PathBuf::from).join("intel");
    folder.is_dir().then_some(folder)
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

#[expect(clippy::disallowed_methods, reason = "the test reads the files of others where they are")]
fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap()
}

/// Every JSON file under a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "json") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_object_of_others_is_kept_without_loss() {
    let Some(folder) = folder() else { return skipped(140, "stix objects") };
    let mut objects = 0;
    for path in files(&folder) {
        if path.file_name().unwrap().to_string_lossy().starts_with("invalid_") {
            continue;
        }
        let text = read(&path);
        let plain: Value = serde_json::from_slice(&text).unwrap();
        let document = match Document::read(&text) {
            Ok(document) => document,
            Err(error) => panic!("{}: {error}", path.display()),
        };
        assert_eq!(document.value(), &plain, "{}", path.display());
        let again = Document::read(document.value().to_string().as_bytes()).unwrap();
        assert_eq!(again, document, "{}", path.display());
        objects += document.objects().count();
    }
    assert!(objects > 1_000, "{objects}");
}

#[test]
fn objects_of_others_are_judged_as_they_judge_them() {
    let Some(folder) = folder() else { return skipped(10, "stix validator") };
    for path in files(&folder.join("stix-validator")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let worst = match Document::read(&read(&path)) {
            Err(_) => Some(Gravity::Refused),
            Ok(document) => validate(&document).iter().map(|problem| problem.gravity).max(),
        };
        let refused = name.starts_with("invalid_");
        assert_eq!(worst == Some(Gravity::Refused), refused, "{name}: {worst:?}");
        if name.ends_with("_warning.json") {
            assert_eq!(worst, Some(Gravity::Warning), "{name}");
        }
    }
}

/// What is refused in the data of others, and why that is right.
const REFUSED: &[(&str, &str)] = &[];

#[test]
fn nothing_that_others_publish_is_refused_without_a_reason() {
    let Some(folder) = folder() else { return skipped(50, "stix published") };
    let mut refused: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for part in ["attack-ics", "python-stix2", "stix2-schemas/examples", "cti-documentation"] {
        for path in files(&folder.join(part)) {
            let name = path.strip_prefix(&folder).unwrap().display().to_string();
            for problem in validate(&Document::read(&read(&path)).unwrap()) {
                if problem.gravity == Gravity::Refused {
                    refused.entry(name.clone()).or_default().push(problem.to_string());
                }
            }
        }
    }
    refused.retain(|name, problems| {
        problems.retain(|problem| {
            !REFUSED.iter().any(|(file, words)| name.contains(file) && problem.contains(words))
        });
        !problems.is_empty()
    });
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn attack_for_ics_is_read_whole() {
    let Some(folder) = folder() else { return skipped(1, "attack for ics") };
    let files = files(&folder.join("attack-ics"));
    let document = Document::read(&read(&files[0])).unwrap();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for object in document.objects() {
        *counts.entry(object.object_type().to_owned()).or_default() += 1;
        assert!(object.id().is_some() && object.created().is_some(), "{:?}", object.id());
    }
    let listed = document.value()["objects"].as_array().unwrap();
    assert_eq!(counts.values().sum::<usize>(), listed.len());
    for (name, least) in
        [("attack-pattern", 80), ("course-of-action", 40), ("x-mitre-asset", 10), ("relationship", 1_000)]
    {
        assert!(counts.get(name).is_some_and(|count| *count >= least), "{name}: {counts:?}");
    }
}

#[test]
fn every_pattern_of_the_standard_is_one() {
    let Some(folder) = folder() else { return skipped(24, "stix patterns") };
    let text = String::from_utf8(read(&folder.join("stix-patterns/v21-spec_examples.txt"))).unwrap();
    let mut count = 0;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let pattern = Pattern::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(Pattern::parse(&pattern.to_string()), Ok(pattern), "{line}");
        count += 1;
    }
    assert!(count > 20, "{count}");
    for path in files(&folder) {
        let Ok(document) = Document::read(&read(&path)) else { continue };
        for object in document.objects().filter(|object| object.pattern_type() == Some("stix")) {
            let text = object.pattern().unwrap();
            assert!(Pattern::parse(text).is_ok(), "{}: {text}", path.display());
        }
    }
}

/// Every property of the schemas of others is in our model of objects: a path to it is not called unknown.
#[test]
fn the_model_of_objects_has_what_the_schemas_have() {
    let Some(folder) = folder() else { return skipped(18, "stix model") };
    let mut count = 0;
    for path in files(&folder.join("stix2-schemas/schemas/observables")) {
        let schema: Value = serde_json::from_slice(&read(&path)).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let properties =
            schema["allOf"].as_array().unwrap().iter().filter_map(|part| part["properties"].as_object());
        for property in properties.flat_map(|properties| properties.keys()) {
            let pattern = Pattern::parse(&format!("[EXISTS {name}:'{property}']")).unwrap();
            assert_eq!(pattern.notes(), [], "{name}:{property}");
            count += 1;
        }
    }
    assert!(count > 150, "{count}");
}
