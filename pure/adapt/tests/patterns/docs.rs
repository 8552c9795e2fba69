//! What `docs/intelligence.md` tells people is true.

use super::scene::{matched, read};
use adapt::stix::Pattern;
use std::path::Path;

#[expect(clippy::disallowed_methods, reason = "the test reads the page that it tests")]
fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/intelligence.md")).unwrap()
}

/// What stands between two pieces of text.
fn between<'p>(page: &'p str, begin: &str, end: &str) -> &'p str {
    let (_, rest) = page.split_once(begin).unwrap();
    rest.split_once(end).unwrap().0
}

#[test]
fn the_pattern_of_the_manual_matches_as_it_says() {
    let page = page();
    let bundle = serde_json::from_str(between(&page, "```json\n", "```")).unwrap();
    let pattern = between(&page, "$ bastide intel pattern \"(", "\" --observed").replace("\\\n", " ");
    let observed = read(&[bundle]);
    let bound = matched(&format!("({pattern}"), &observed).unwrap();
    let table = between(&page, "OBSERVED DATA", "```");
    assert!(bound.len() == 2 && bound.iter().all(|place| table.contains(observed[*place].id())));
}

#[test]
fn the_mistake_of_the_manual_looks_as_it_says() {
    let page = page();
    let pattern = between(&page, "$ bastide intel pattern \"[", "\"\n");
    let error = Pattern::parse(&format!("[{pattern}")).unwrap_err();
    assert!(page.contains(&format!("bastide: not a pattern: {error}\n")), "{error}");
}
