//! What tcpdump prints of a capture, against what is told of it: names, addresses and types, not the layout.
//!
//! tcpdump tells of every packet, we of what is new; so sets are compared, case by case. Of what it prints,
//! [`crate::tcpdump_text`] takes out facts: which protocol, what kind of fact, its value in our words. A fact is found
//! if an observation of that protocol holds its value. The other way round, what devices are said to be, names, models,
//! versions, must stand in tcpdump's text, so that a broken capture brings no wrong facts.
//!
//! `floors_tcpdump.tsv` has the shares that were reached, by protocol; `BASTIDE_FLOORS=write` puts them down.

use crate::{
    cases::{self, Case},
    compare::{Report, Tally},
    reading::{self, Reading},
    tcpdump_text::{Fact, facts},
};
use city::{Observed, Protocol, Trait};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
};

/// How many cases tcpdump has.
const CASES: usize = 111;

/// What our observations hold, in small letters, by protocol; what is told of addresses alone under no name.
fn ours(reading: &Reading) -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut found: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    let mut put = |protocol: Option<Protocol>, texts: Vec<String>| {
        let texts = texts.into_iter().map(|text| text.to_lowercase());
        found.entry(protocol.map_or("ip", Protocol::as_str)).or_default().extend(texts);
    };
    let mut pairs = Vec::new();
    for observation in &reading.observations {
        match &observation.fact {
            Observed::Request(request) => {
                let mut texts = vec![request.function.to_string(), request.target.to_string()];
                texts.extend(request.value.iter().map(|value| value.to_string()));
                texts.extend([request.flow.source, request.flow.destination].map(|end| end.to_string()));
                texts.extend(request.details.iter().map(|(key, value)| format!("{key} {value}")));
                put(request.flow.protocol, texts);
            }
            Observed::Message(message) => {
                let texts = message.fields.iter().map(|(key, value)| format!("{key} {value}"));
                put(message.flow.protocol, texts.collect());
            }
            // A system is concluded, not read.
            Observed::Identity(identity) if identity.about != Trait::System => {
                let texts = vec![identity.value.to_string(), identity.address.to_string()];
                put(Some(identity.witness.protocol), texts);
            }
            Observed::Binding(binding) => {
                let texts = vec![binding.address.to_string(), binding.mac.to_string()];
                put(Some(binding.protocol), texts);
            }
            Observed::Opened(flow) => {
                pairs.push(format!("{} > {}", flow.source, flow.destination));
                pairs.push(format!("{} > {}", flow.destination, flow.source));
            }
            _ => {}
        }
    }
    put(None, pairs);
    found
}

fn is_found(fact: &Fact, ours: &BTreeMap<&'static str, BTreeSet<String>>) -> bool {
    let value = fact.value.to_lowercase();
    let within =
        |protocol: &str| ours.get(protocol).is_some_and(|texts| texts.iter().any(|text| holds(text, &value)));
    within(fact.protocol) || fact.protocol == "dns" && within("mdns")
}

/// Whether a text holds a value that neither begins nor ends within a word of it.
fn holds(text: &str, value: &str) -> bool {
    text.match_indices(value).any(|(at, _)| {
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let behind = text.get(at + value.len()..).and_then(|behind| behind.chars().next());
        let begins_cut = is_word(value.chars().next()) && is_word(before);
        let ends_cut = is_word(value.chars().next_back()) && is_word(behind);
        !begins_cut && !ends_cut
    })
}

fn compare(case: &Case, text: &str, report: &mut Report) {
    let shown: usize = env::var("BASTIDE_DIFFERENCES").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let reading = reading::read(&case.capture);
    let ours = ours(&reading);
    let mut missing = Vec::new();
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for fact in facts(text) {
        let tally = tallies.entry(fact.protocol).or_default();
        tally.expected += 1;
        if is_found(&fact, &ours) {
            tally.both += 1;
        } else {
            missing.push(format!("  missing: {} {} {}", fact.protocol, fact.kind, fact.value));
        }
    }
    for tally in tallies.values_mut() {
        tally.ours = tally.both;
    }
    // What devices are said to be must be in the peer's text too; roles are in our own words. Of NTP's variables the peer
    // says that it does not read them.
    let text = text.to_lowercase();
    let said: BTreeSet<(&str, String)> = reading
        .identities()
        .filter(|identity| identity.about != Trait::Role && identity.witness.protocol != Protocol::Ntp)
        .map(|identity| (identity.witness.protocol.as_str(), identity.value.to_lowercase().into()))
        .collect();
    for (protocol, value) in said {
        if tallies.contains_key(protocol) && !text.contains(value.trim_end_matches('…')) {
            tallies.entry(protocol).or_default().ours += 1;
            missing.push(format!("  not expected: {protocol} {value}"));
        }
    }
    for (protocol, tally) in tallies {
        report.add(&format!("tcpdump {protocol}"), tally);
    }
    if shown > 0 && !missing.is_empty() {
        println!("{}\n{}", case.name, missing.into_iter().take(shown).collect::<Vec<_>>().join("\n"));
    }
}

#[test]
fn facts_are_those_of_tcpdump() {
    let Some(all) = cases::all() else { return cases::skipped(CASES, "facts_are_those_of_tcpdump") };
    let part = env::var("BASTIDE_CASES").ok();
    let cases: Vec<&Case> = all.iter().filter(|case| case.suite == "tcpdump").collect();
    assert_eq!(cases.len(), CASES);
    let mut report = Report::default();
    for case in cases.iter().filter(|case| part.as_deref().is_none_or(|part| case.name.contains(part))) {
        let text = case.text(".out").unwrap_or_default();
        compare(case, &text, &mut report);
    }
    if part.is_none() {
        hold(&report);
    }
}

/// Holds the shares that were reached.
fn hold(report: &Report) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/floors_tcpdump.tsv");
    if env::var("BASTIDE_FLOORS").is_ok_and(|word| word == "write") {
        let lines = report.titles().map(|title| {
            let tally = report.tally(title);
            let floor = |share: f64| (share * 10.0).floor() / 10.0;
            format!("{title}\t{:.1}\t{:.1}\n", floor(tally.found()), floor(tally.right()))
        });
        fs::write(&path, lines.collect::<String>()).unwrap();
        return;
    }
    for line in fs::read_to_string(&path).unwrap().lines() {
        let [title, found, right] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("odd line {line}")
        };
        report.hold(title, found.parse().unwrap(), right.parse().unwrap());
    }
}
