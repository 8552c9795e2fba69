//! The MUD files of others, read in place.

use super::holds;
use defend::mud::{Peers, parse, propose};
use plan::{SourceFile, check};
use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
};

/// The folder of others' files, if it is there.
pub fn folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = env::var_os("BASTIDE_DATA").map_or_else(beside, PathBuf::from).join("mud");
    folder.is_dir().then_some(folder)
}

/// Says that a test skipped so many cases for want of the data: on standard error past the test runner's capture, and
/// in the file that the runner of all tests counts from.
pub fn skipped(count: usize, test: &str) {
    let line = format!("{count} cases skipped in {test}: no data in BASTIDE_DATA or ../shared/data\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Some(path) = env::var_os("BASTIDE_SKIPPED") {
        let file = fs::OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "the test reads the files of others where they are")]
pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

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

/// What is beside the MUD files in the folder, and is none.
const OTHER_FILES: [&str; 3] = ["cabling.json", "devices.json", "controller-mapping"];

#[test]
fn every_file_of_others_is_read_and_holds_as_a_plan() {
    let Some(folder) = folder() else { return skipped(21, "mud") };
    let town = super::TOWN;
    let plan = check(&[SourceFile::new("city.toml", town)]).plan.unwrap();
    let asset = plan.asset(&"lamp".parse().unwrap()).unwrap();
    let mut read_well = 0;
    for path in files(&folder) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let parsed = parse(&read(&path));
        if OTHER_FILES.iter().any(|other| name.contains(other)) {
            let refused = parsed.unwrap_err();
            assert!(refused.problem.contains("there is no `ietf-mud:mud`"), "{refused}");
            continue;
        }
        let mud = parsed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        // First as it stands, then with everybody named whom the file leaves open.
        let mut peers = Peers::new();
        for named in [false, true] {
            if named {
                for peer in mud.rules.iter().flat_map(|rule| &rule.peers) {
                    peers.insert(peer.word(), vec!["head-end".parse().unwrap()]);
                }
            }
            let proposal = propose(&mud, &plan, asset, &peers);
            holds(town, &proposal);
            // Whoever lets something pass gets a conduit, or a note why not.
            assert!(!proposal.conduits.is_empty() || !proposal.notes.is_empty(), "{}", path.display());
            if named && mud.rules.iter().any(|rule| rule.accept) {
                assert!(!proposal.conduits.is_empty(), "{}\n{:?}", path.display(), proposal.notes);
            }
        }
        read_well += 1;
    }
    assert_eq!(read_well, 21);
}
