//! Every filter of every suricata-verify case over a protocol's events, against what `records --format eve` writes.
//!
//! `floors_eve.tsv` has, for each kind of event, the share of filters that hold: as many of our events match as the
//! filter counts. A share below its floor fails; `BASTIDE_FLOORS=write` puts the reached ones down. Events of protocols
//! that are not read count as not found. What differs, why, and who is right stands in `differences.md`.
//!
//! Left out are filters over what Suricata tells of itself and of its rules ([`NOT_OF_PROTOCOLS`]), those that no event
//! may match (they are of what a test switches off), and fields that say where in the capture a packet stood, come of the
//! test's rules, are a credential's value, or are made with a seed of the test's own ([`APART`]).

use crate::{
    cases::{self, Case},
    compare::{Report, Tally},
    expected_log::Row,
    filters::{self, Filter},
    reading,
};
use records::eve::Events;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};
use wire::Config;

/// Kinds of events that are no protocol's.
const NOT_OF_PROTOCOLS: &[&str] = &["", "alert", "anomaly", "drop", "frame", "packet", "stats"];

/// Fields that are not compared.
const APART: &[&str] = &[
    "community_id",
    "flow.alerted",
    "mqtt.connect.password",
    "pcap_cnt",
    "rfb.authentication.vnc.challenge",
    "rfb.authentication.vnc.response",
    "snmp.community",
];

/// What a filter wants of the fields that are compared.
fn without_apart(filter: &Filter) -> Row {
    filter.matches.clone().into_iter().filter(|(field, _)| !APART.contains(&field.as_str())).collect()
}

/// The events that we write of a capture.
fn events(case: &Case) -> Vec<Value> {
    let (mut events, mut lines) = (Events::default(), Vec::new());
    let config = Config { logs: false, ..reading::config() };
    for observation in &reading::read_with(&case.capture, config).observations {
        events.write(&mut lines, observation);
    }
    let text = String::from_utf8(lines).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// An event by the names of its fields: `dns.queries[0].rrname`.
fn flat(event: &Value) -> Row {
    let mut row = Row::new();
    if let Value::Object(fields) = event {
        for (name, value) in fields {
            filters::flatten(name, value, &mut row);
        }
    }
    row
}

/// An event with its texts cut where the filter says that the test's settings cut them: `topi[truncated 2 additional
/// bytes]`. Ours are cut where Suricata cuts them by default.
fn as_cut(event: &Row, filter: &Filter) -> Row {
    let mut event = event.clone();
    for (field, wanted) in &filter.matches {
        let Some((kept, _)) = wanted.split_once("[truncated ") else { continue };
        let Some(ours) = event.get(field) else { continue };
        let (beginning, cut) = match ours.split_once("[truncated ") {
            Some((beginning, rest)) => (beginning, rest.split(' ').next().unwrap().parse().unwrap()),
            None => (ours.as_str(), 0),
        };
        if beginning.len() > kept.len() && beginning.starts_with(kept) {
            let cut: usize = cut + beginning.len() - kept.len();
            let text = format!("{kept}[truncated {cut} additional bytes]");
            event.insert(field.clone(), text);
        }
    }
    if filter.matches.contains_key("mqtt.publish.truncated")
        && let Some(length) = packet_bytes(&event)
    {
        event.insert("mqtt.publish.truncated".into(), "true".into());
        event.insert("mqtt.publish.skipped_length".into(), length.to_string());
    }
    event
}

/// How long a PUBLISH was (MQTT 5.0 clause 2.1.4), which Suricata gives instead of what is in it where it is longer than
/// the test's settings allow.
fn packet_bytes(event: &Row) -> Option<usize> {
    let (topic, message) = (event.get("mqtt.publish.topic")?, event.get("mqtt.publish.message")?);
    let message = match message.split_once("[truncated ") {
        Some((kept, rest)) => kept.len() + rest.split(' ').next()?.parse::<usize>().ok()?,
        None => message.len(),
    };
    let id = if event.contains_key("mqtt.publish.message_id") { 2 } else { 0 };
    let body = 2 + topic.len() + id + message;
    let head = match body {
        ..128 => 2,
        128..16_384 => 3,
        _ => 4,
    };
    Some(head + body)
}

fn floors_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/floors_eve.tsv")
}

fn floors() -> BTreeMap<String, f64> {
    let text = fs::read_to_string(floors_file()).unwrap();
    text.lines()
        .skip(1)
        .map(|line| {
            let [kind, _, share] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("odd line {line:?}")
            };
            (kind.into(), share.parse().unwrap())
        })
        .collect()
}

fn write_floors(tallies: &BTreeMap<String, Tally>) {
    let mut text = String::from("event\tfilters\thold %\n");
    for (kind, tally) in tallies {
        // Rounded down, so that a floor is never above what was reached.
        let floor = (tally.found() * 10.0).floor() / 10.0;
        text += &format!("{kind}\t{}\t{floor}\n", tally.expected);
    }
    fs::write(floors_file(), text).unwrap();
}

#[test]
fn events_are_those_of_suricata() {
    let Some(cases) = cases::all() else {
        return cases::skipped(cases::COUNT, "events_are_those_of_suricata");
    };
    // `BASTIDE_CASES=dns` looks at what has this in its protocol or name, and holds nothing to its floor.
    let only = env::var("BASTIDE_CASES").ok();
    let mut report = Report::default();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for case in cases.iter().filter(|case| case.suite == "suricata-verify") {
        let about = format!("{} {} {}", case.suite, case.protocol, case.name);
        if only.as_ref().is_some_and(|only| !about.contains(only.as_str())) {
            continue;
        }
        let mut filters = case.filters();
        filters.retain(|filter| filter.count > 0 && !NOT_OF_PROTOCOLS.contains(&filter.event()));
        if filters.is_empty() {
            continue;
        }
        let events: Vec<Row> = events(case).iter().map(flat).collect();
        for filter in filters.clone() {
            let found = events.iter().filter(|event| filter.accepts(&as_cut(event, &filter), APART)).count();
            // Without the number of a packet such filters may be alike: then so many events must be there at the least.
            let holds = if filter.matches.contains_key("pcap_cnt") {
                let alike = |other: &&Filter| without_apart(other) == without_apart(&filter);
                found >= filters.iter().filter(alike).map(|other| other.count).sum()
            } else {
                found == filter.count
            };
            if !holds && env::var_os("BASTIDE_DIFFERENCES").is_some() {
                let same_kind: Vec<Row> =
                    events.iter().filter(|event| event["event_type"] == filter.event()).cloned().collect();
                let difference = filter.difference(&same_kind, APART);
                println!("{} {}: {found} of {}: {difference:?}", case.name, filter.event(), filter.count);
            }
            let tally = Tally { expected: 1, ours: 1, both: usize::from(holds) };
            report.add(&format!("suricata {}", filter.event()), tally);
            *tallies.entry(filter.event().to_owned()).or_default() += tally;
        }
    }
    if only.is_some() {
        return;
    }
    if env::var("BASTIDE_FLOORS").is_ok_and(|word| word == "write") {
        return write_floors(&tallies);
    }
    let floors = floors();
    let below: Vec<String> = tallies
        .iter()
        .filter(|(kind, tally)| tally.found() < floors.get(*kind).copied().unwrap_or_default())
        .map(|(kind, tally)| format!("{kind}: {:.1} %", tally.found()))
        .collect();
    assert!(below.is_empty(), "below the floors of floors_eve.tsv:\n{}", below.join("\n"));
    assert_eq!(tallies.len(), floors.len(), "floors_eve.tsv has another list of events; write it anew");
}

/// Whatever the capture: each event is an object with what all events have, and those of one conversation have its
/// number.
#[test]
fn every_event_is_sound() {
    let Some(cases) = cases::all() else { return cases::skipped(cases::COUNT, "every_event_is_sound") };
    let mut count = 0;
    for case in
        cases.iter().filter(|case| !case.is_text() && case.packets.is_none_or(|packets| packets < 2_000))
    {
        let mut ends_of: BTreeMap<u64, [String; 2]> = BTreeMap::new();
        for event in events(case) {
            count += 1;
            let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
            let kind = text("event_type");
            assert_eq!(text("timestamp").len(), "2026-01-02T03:04:05.678901+0000".len(), "{event}");
            assert!(event[&kind].is_object(), "{}: {event}", case.name);
            if kind == "arp" {
                continue;
            }
            let id = event["flow_id"].as_u64().unwrap_or_else(|| panic!("{}: {event}", case.name));
            assert!(id < 1 << 53, "{event}");
            // A conversation's number is that of no other. DHCP changes its ends: it speaks to everybody.
            let mut ends = ["src", "dest"]
                .map(|end| format!("{} {}", text(&format!("{end}_ip")), event[format!("{end}_port")]));
            ends.sort();
            let known = ends_of.entry(id).or_insert_with(|| ends.clone());
            assert_eq!(*known, ends, "{}: {event}", case.name);
        }
    }
    println!("{count} events");
    assert!(count > 1_000);
}
