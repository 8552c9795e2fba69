//! Averbourne's story as Suricata's events.

use super::{
    averbourne::{capture, cases},
    running::bastide,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn every_line_is_an_event_and_two_readings_are_alike() {
    let captures: Vec<_> = cases().iter().map(|case| capture(case)).collect();
    let print = || {
        let output = bastide().args(["records", "--format", "eve"]).args(&captures).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = print();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let (mut flows, mut others) = (BTreeSet::new(), BTreeSet::new());
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let kind = event["event_type"].as_str().unwrap().to_owned();
        assert!(event[&kind].is_object(), "{line}");
        if let Some(id) = event["flow_id"].as_u64() {
            if kind == "flow" {
                flows.insert(id)
            } else {
                others.insert(id)
            };
        }
        *kinds.entry(kind).or_default() += 1;
    }
    // Whatever has a conversation has the number of one that ended.
    assert!(others.is_subset(&flows) && !others.is_empty());
    assert!(["arp", "dns", "flow", "modbus"].iter().all(|kind| kinds.contains_key(*kind)), "{kinds:?}");
    assert_eq!(text, print());
}

#[test]
fn what_the_form_does_not_have_is_refused_in_words() {
    let capture = capture(&cases()[0]);
    for (arguments, words) in
        [(["--kind", "request"], "event_type"), (["--into", "folder"], "standard output")]
    {
        let output =
            bastide().args(["records", "--format", "eve"]).args(arguments).arg(&capture).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(words), "{said}");
    }
}
