//! Conversations, against the expected Community IDs; conn.log is compared in [`crate::logs`].

use crate::{cases, reading};
use city::{Flow, Transport};
use std::collections::BTreeSet;
use std::net::IpAddr;
use wire::community_id;

#[test]
fn community_ids_are_those_of_the_specification() {
    const CASES: usize = 8;
    let Some(cases) = cases::of("community-id-spec", "community-id") else {
        return cases::skipped(CASES, "community_ids_are_those_of_the_specification");
    };
    assert_eq!(cases.len(), CASES);
    let text = cases[0].text(".json").unwrap();
    let expected: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();

    // By the words of the specification.
    let mut by_flow = BTreeSet::new();
    for entry in &expected {
        let ip = |field: &str| entry[field].as_str().unwrap().parse::<IpAddr>().unwrap();
        let port = |field: &str| entry[field].as_u64().map_or(0, |port| u16::try_from(port).unwrap());
        let flow = Flow {
            source: ip("saddr").into(),
            source_port: port("sport"),
            destination: ip("daddr").into(),
            destination_port: port("dport"),
            transport: match entry["proto"].as_u64().unwrap() {
                1 | 58 => Transport::Icmp,
                6 => Transport::Tcp,
                17 => Transport::Udp,
                132 => Transport::Sctp,
                other => Transport::Ip(u8::try_from(other).unwrap()),
            },
            protocol: None,
        };
        assert_eq!(community_id(&flow).as_deref(), entry["communityid"].as_str(), "{flow:?}");
        by_flow.insert(entry["communityid"].as_str().unwrap().to_owned());
    }

    // By the captures themselves.
    let mut seen = BTreeSet::new();
    for case in &cases {
        let reading = reading::read(&case.capture);
        seen.extend(reading.conversations().filter_map(|conversation| community_id(&conversation.flow)));
    }
    let missing: Vec<_> = by_flow.difference(&seen).collect();
    assert!(missing.is_empty(), "not seen: {missing:?}");
}
