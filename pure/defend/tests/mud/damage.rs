//! A file with anything changed in it is refused with its reason, or what it proposes holds.

use super::{TOWN, holds};
use defend::mud::{Peers, parse, propose};
use plan::{SourceFile, check};
use proptest::prelude::*;

const LAMP: &str = include_str!("../../../../fuzz/seeds/mud/lamp.json");

/// What may stand in the place of another word or number of the file.
const WORDS: [&str; 16] = [
    "null",
    "[]",
    "{}",
    "65535",
    "0",
    "6",
    "17",
    "132",
    "1",
    "58",
    "\"eq\"",
    "\"ipv6-acl-type\"",
    "\"to-device\"",
    "\"198.51.100.0/24\"",
    "\"a\\\"b\"",
    "\"fr\"",
];

/// The parts of the text between the signs of JSON.
fn parts() -> Vec<(usize, usize)> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, sign) in LAMP.match_indices(|c: char| "{}[],".contains(c) || c == ':') {
        if at > start {
            parts.push((start, at));
        }
        start = at + sign.len();
    }
    parts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_files_are_refused_or_hold(changes in prop::collection::vec((any::<prop::sample::Index>(), 0..WORDS.len()), 1..4)) {
        let parts = parts();
        let mut chosen: Vec<_> = changes.iter().map(|(part, word)| (parts[part.index(parts.len())], WORDS[*word])).collect();
        chosen.sort_unstable();
        chosen.dedup_by_key(|(part, _)| *part);
        let mut text = LAMP.to_owned();
        for ((start, end), word) in chosen.into_iter().rev() {
            text.replace_range(start..end, word);
        }
        match parse(&text) {
            Err(error) => prop_assert!(!error.problem.is_empty() && !error.remedy.is_empty()),
            Ok(mud) => {
                let plan = check(&[SourceFile::new("city.toml", TOWN)]).plan.unwrap();
                let asset = plan.asset(&"lamp".parse().unwrap()).unwrap();
                holds(TOWN, &propose(&mud, &plan, asset, &Peers::new()));
            }
        }
    }
}
