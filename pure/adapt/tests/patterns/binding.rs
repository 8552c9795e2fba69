//! Which observations are bound together, and which are not.

use super::scene::{bundle, matched, read, time};
use adapt::stix::{
    ObservedData, Pattern,
    pattern::{Budget, Undecided, evaluate},
};
use serde_json::json;

/// Files of a name, seen from one second to another, so many times.
fn seen(files: &[(&str, i64, i64, u64)]) -> Vec<ObservedData> {
    let bundles: Vec<_> = files
        .iter()
        .enumerate()
        .map(|(id, (name, first, last, count))| {
            bundle(
                u32::try_from(id).unwrap(),
                &[json!({"type": "file", "name": name})],
                *first,
                *last,
                *count,
            )
        })
        .collect();
    read(&bundles)
}

/// A pattern in which `x` is `[file:name = 'x']`.
fn written(short: &str) -> String {
    short
        .split(' ')
        .map(|word| {
            let name = word.trim_matches(['(', ')']);
            if name.len() == 1 && name.chars().all(|c| c.is_ascii_lowercase()) {
                word.replace(name, &format!("[file:name = '{name}']"))
            } else {
                word.to_owned()
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn check(files: &[(&str, i64, i64, u64)], cases: &[(&str, bool)]) {
    let observed = seen(files);
    for (short, holds) in cases {
        assert_eq!(matched(&written(short), &observed).is_some(), *holds, "{short} in {files:?}");
    }
}

#[test]
fn every_bracket_has_an_observation_of_its_own() {
    check(&[("x", 0, 0, 1)], &[("x", true), ("x AND x", false), ("x OR x", true), ("x FOLLOWEDBY x", false)]);
    check(
        &[("x", 0, 0, 1), ("x", 0, 0, 1)],
        &[("x AND x", true), ("x FOLLOWEDBY x", true), ("x AND x AND x", false)],
    );
    // Only by giving the second file to the first bracket can both be served.
    let files = [("x", 0, 0, 1), ("y", 0, 0, 1)];
    let observed = seen(&files);
    let either = "[file:name = 'x' OR file:name = 'y'] AND [file:name = 'x']";
    assert_eq!(matched(either, &observed), Some(vec![0, 1]));
}

#[test]
fn an_observation_counts_as_often_as_it_was_made() {
    check(
        &[("x", 0, 5, 3)],
        &[
            ("x REPEATS 3 TIMES", true),
            ("x REPEATS 4 TIMES", false),
            ("x AND x AND x", true),
            ("x AND x AND x AND x", false),
            ("x FOLLOWEDBY x", true),
            ("(x AND x) REPEATS 2 TIMES", false),
            ("x REPEATS 3 TIMES WITHIN 1 SECONDS", true),
            ("x REPEATS 1000000000000 TIMES", false),
        ],
    );
    check(
        &[("x", 0, 0, 2), ("x", 1, 1, 1)],
        &[
            ("x REPEATS 3 TIMES", true),
            ("(x FOLLOWEDBY x) REPEATS 1 TIMES", true),
            ("(x FOLLOWEDBY x) REPEATS 2 TIMES", false),
        ],
    );
    check(&[("x", 0, 0, 1_000_000_000)], &[("x REPEATS 999999999 TIMES", true)]);
}

#[test]
fn what_follows_is_no_earlier() {
    for (one, other, holds) in [
        ((0, 0), (1, 1), true),
        ((1, 1), (0, 0), false),
        ((0, 0), (0, 0), true),
        ((0, 5), (3, 4), true),
        ((3, 8), (0, 3), true),
        ((3, 8), (0, 2), false),
    ] {
        check(&[("x", one.0, one.1, 1), ("y", other.0, other.1, 1)], &[("x FOLLOWEDBY y", holds)]);
    }
    check(
        &[("x", 6, 9, 1), ("y", 0, 6, 1), ("z", 4, 5, 1)],
        &[
            ("x FOLLOWEDBY y FOLLOWEDBY z", false),
            ("x FOLLOWEDBY (y FOLLOWEDBY z)", false),
            ("(x AND z) FOLLOWEDBY y", true),
        ],
    );
    check(
        &[("x", 5, 5, 1), ("y", 0, 0, 1), ("z", 3, 3, 1)],
        &[
            ("(x AND y) FOLLOWEDBY z", false),
            ("y FOLLOWEDBY z FOLLOWEDBY x", true),
            ("y FOLLOWEDBY (x AND z)", true),
        ],
    );
}

#[test]
fn times_bound_what_is_matched() {
    check(
        &[("x", 0, 0, 1), ("x", 3, 3, 1), ("x", 5, 5, 1), ("y", 9, 9, 1)],
        &[
            ("x REPEATS 2 TIMES WITHIN 2 SECONDS", true),
            ("x REPEATS 2 TIMES WITHIN 1.9 SECONDS", false),
            ("x REPEATS 3 TIMES WITHIN 5 SECONDS", true),
            ("x REPEATS 3 TIMES WITHIN 4 SECONDS", false),
            ("x WITHIN 1 SECONDS REPEATS 3 TIMES", true),
            ("(x AND y) WITHIN 4 SECONDS", true),
            ("(x AND y) WITHIN 3 SECONDS", false),
            ("(x FOLLOWEDBY y) WITHIN 4 SECONDS", true),
            ("x AND y WITHIN 1 SECONDS", true),
            ("(x FOLLOWEDBY x) WITHIN 2 SECONDS REPEATS 2 TIMES", false),
        ],
    );
    let between = |from, to| format!("START t'{}' STOP t'{}'", time(from), time(to));
    for (first, last, holds) in [
        (0, 4, false),
        (0, 5, true),
        (5, 5, true),
        (9, 20, true),
        (10, 10, false),
        (0, 20, true),
        (10, 20, false),
    ] {
        check(&[("x", first, last, 1)], &[(&format!("x {}", between(5, 10)), holds)]);
    }
    check(
        &[("x", 6, 6, 1), ("y", 11, 11, 1)],
        &[(&format!("(x AND y) {}", between(5, 10)), false), (&format!("(x OR y) {}", between(5, 10)), true)],
    );
    check(
        &[("x", 5, 5, 1)],
        &[(&format!("x {}", between(5, 5)), false), (&format!("x {}", between(9, 5)), false)],
    );
}

#[test]
fn the_observations_that_match_are_told() {
    let observed = seen(&[("y", 2, 2, 1), ("x", 1, 1, 1), ("z", 0, 0, 1)]);
    assert_eq!(matched(&written("x FOLLOWEDBY y"), &observed), Some(vec![0, 1]));
    assert_eq!(matched(&written("z OR q"), &observed), Some(vec![2]));
    assert_eq!(matched(&written("(x AND q) OR z"), &observed), Some(vec![2]));
    assert_eq!(matched(&written("q OR (x AND q)"), &observed), None);
}

#[test]
fn many_observations_are_bound_in_time() {
    // Every minute a knock, and in the end an entry, with much else between.
    let files: Vec<(&str, i64, i64, u64)> = (0..20_000)
        .map(|second| (if second % 60 == 0 { "x" } else { "q" }, second, second, 1))
        .chain([("y", 19_990, 19_990, 1)])
        .collect();
    check(
        &files,
        &[
            ("(x REPEATS 10 TIMES FOLLOWEDBY y) WITHIN 600 SECONDS", true),
            ("(x REPEATS 10 TIMES FOLLOWEDBY y) WITHIN 500 SECONDS", false),
            ("x FOLLOWEDBY x FOLLOWEDBY x FOLLOWEDBY x FOLLOWEDBY y", true),
        ],
    );
}

#[test]
fn a_search_without_end_is_given_up_and_says_so() {
    let files: Vec<(&str, i64, i64, u64)> = (0..60).map(|second| ("x", second, second, 1)).collect();
    let observed = seen(&files);
    let pair = "([file:name = 'x'] FOLLOWEDBY [file:name = 'x']) WITHIN 1 SECONDS";
    let parts = vec![format!("({pair})"); 31].join(" AND ");
    let pattern = Pattern::parse(&format!("(({parts}) REPEATS 1 TIMES)")).unwrap();
    // Sixty observations make thirty pairs and no more: this is seen at once.
    assert_eq!(evaluate(&pattern, &observed, Budget::default()), Ok(None));
    let parts = vec![format!("({pair} WITHIN 0.5 SECONDS)"); 29].join(" AND ");
    let pattern = Pattern::parse(&parts.replace(" WITHIN 1 SECONDS WITHIN", " WITHIN")).unwrap();
    let answer = evaluate(&pattern, &observed, Budget { steps: 2_000_000 });
    assert!(matches!(answer, Ok(None) | Err(Undecided::GaveUp { .. })), "{answer:?}");
    let nothing = evaluate(&pattern, &observed, Budget { steps: 10 });
    assert!(matches!(nothing, Err(Undecided::GaveUp { binding: false, .. })), "{nothing:?}");
}
