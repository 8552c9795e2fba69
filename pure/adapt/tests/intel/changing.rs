//! A list that is changed is the list that would be made anew.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const PATTERNS: &[&str] = &[
    "[ipv4-addr:value = '203.0.113.9']",
    "[ipv4-addr:value = '203.0.113.9'] OR [ipv4-addr:value = '203.0.113.10']",
    "[ipv4-addr:value IN ('203.0.113.8/29', '203.0.113.10')]",
    "[network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_port = 502]",
    "[domain-name:value = 'evil.example']",
    "[url:value = 'http://evil.example/']",
    "[domain-name:value = 'evil.example' OR domain-name:value = 'worse.example']",
    "[ipv4-addr:value = '203.0.113.10'] FOLLOWEDBY [domain-name:value = 'evil.example']",
    "[file:name = 'a']",
    "[ipv4-addr:value = '192.0.2.7']",
];

const SOURCES: [&str; 2] = ["port-ellery", "agency"];

#[derive(Clone, Debug)]
struct Reading {
    pattern: usize,
    source: usize,
    confidence: u8,
    /// Hours from now.
    from: i64,
    until: Option<i64>,
    revoked: bool,
}

#[derive(Clone, Debug)]
enum Change {
    Set(u32, Vec<Reading>),
    Trust(usize, u8),
    Pass(i64),
}

fn reading() -> impl Strategy<Value = Reading> {
    let until = prop::option::of(1..200_i64);
    (0..PATTERNS.len(), 0..2_usize, 1..=100_u8, -1_000..100_i64, until, prop::bool::weighted(0.1)).prop_map(
        |(pattern, source, confidence, from, until, revoked)| Reading {
            pattern,
            source,
            confidence,
            from,
            until,
            revoked,
        },
    )
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => (1..8_u32, prop::collection::vec(reading(), 0..3)).prop_map(|(id, all)| Change::Set(id, all)),
        1 => (0..2_usize, 0..=100_u8).prop_map(|(source, trust)| Change::Trust(source, trust)),
        2 => (1..60_i64).prop_map(Change::Pass),
    ]
}

/// Everything that can be asked of a list.
fn answers(list: &Watchlist, time: Timestamp) -> (usize, BTreeMap<String, u64>, Vec<Vec<Sighting>>) {
    let opened = |destination: &str| Observed::Opened(flow("192.0.2.7", destination, None));
    let facts = [
        opened("203.0.113.9"),
        opened("203.0.113.10"),
        opened("203.0.113.11"),
        asked("evil.example"),
        asked("worse.example"),
        Observed::Opened(flow("203.0.113.9", "192.0.2.8", None)),
    ];
    let mut held = Held::default();
    let seen = facts.into_iter().map(|fact| seen_at(list, &mut held, time, fact)).collect();
    let by_source =
        list.by_source().filter(|(_, count)| *count > 0).map(|(name, count)| (name.to_string(), count));
    (list.len(), by_source.collect(), seen)
}

proptest! {
    #[test]
    fn any_sequence_of_changes_gives_what_is_made_anew(changes in prop::collection::vec(change(), 1..60)) {
        let plan = check(&[SourceFile::new("city.toml", CITY)]).plan.unwrap();
        let ground = Ground::of(Some(&plan));
        let mut time = now();
        let mut trusts = [80, 60];
        let mut known: BTreeMap<String, Vec<(Value, usize)>> = BTreeMap::new();
        let mut list = Watchlist::default();
        let origin = |source: usize, trusts: [u8; 2]| Origin { source: SOURCES[source], trust: trusts[source], tlp: Tlp::Green };
        for change in changes.into_iter().chain([Change::Pass(0)]) {
            let set = |list: &mut Watchlist, id: &str, all: &[(Value, usize)], time, trusts| {
                let readings = all.iter().map(|(object, source)| (Object::of(object).unwrap(), origin(*source, trusts)));
                list.set(id, readings, &ground, time, &mut Gathered::default());
            };
            match change {
                Change::Set(number, readings) => {
                    let hours = |hours: i64| (time + SignedDuration::from_hours(hours)).to_string();
                    let all: Vec<(Value, usize)> = readings.into_iter().map(|reading| {
                        let mut more = json!({
                            "valid_from": hours(reading.from), "confidence": reading.confidence, "revoked": reading.revoked,
                            "name": format!("of {}", reading.pattern),
                        });
                        if let Some(until) = reading.until {
                            more["valid_until"] = hours(until).into();
                        }
                        (indicator(number, PATTERNS[reading.pattern], &more), reading.source)
                    }).collect();
                    let id = format!("indicator--00000000-0000-4000-8000-{number:012x}");
                    set(&mut list, &id, &all, time, trusts);
                    known.insert(id, all);
                }
                Change::Trust(source, trust) => {
                    trusts[source] = trust;
                    list.trust(SOURCES[source], trust);
                }
                Change::Pass(hours) => {
                    time += SignedDuration::from_hours(hours);
                    for id in list.pass(time) {
                        set(&mut list, &id, &known[&id], time, trusts);
                    }
                }
            }
        }
        let mut anew = Watchlist::default();
        for (object, source) in known.values().flatten() {
            anew.add(Object::of(object).unwrap(), origin(*source, trusts), &ground, time, &mut Gathered::default());
        }
        prop_assert_eq!(answers(&list, time), answers(&anew, time));
    }
}
