//! Intelligence: what is watched for, what is doubted, and what is seen of it.
#![cfg(test)]

mod changing;
mod reading;
mod showing;

use adapt::{
    intel::watch::{Gathered, Ground, Held, Origin, Recent, Watchlist},
    stix::Object,
};
use city::{
    DoubtKind, Flow, Observation, Observed, Protocol, Reply, Request, Sighting, Target, Tlp, Transport, Verb,
};
use jiff::{SignedDuration, Timestamp};
use plan::{SourceFile, check};
use serde_json::{Value, json};
use std::net::IpAddr;

const CITY: &str = r#"[city]
name = "Wexcombe"
time-zone = "Europe/London"

[[zone]]
id = "pumps"
name = "Pumps"
networks = ["192.0.2.0/24"]
security-level = 2

[[zone]]
id = "internet"
name = "Everybody else"
outside = true
security-level = 0

[[asset]]
id = "mirror"
name = "The supplier's server"
zone = "internet"
addresses = ["203.0.113.123"]
"#;

fn now() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn indicator(number: u32, pattern: &str, more: &Value) -> Value {
    let mut object = json!({
        "type": "indicator", "spec_version": "2.1", "id": format!("indicator--00000000-0000-4000-8000-{number:012x}"),
        "created": "2026-03-02T08:00:00Z", "modified": "2026-03-02T08:00:00Z", "valid_from": "2026-03-02T08:00:00Z",
        "name": "Restarts controllers", "pattern": pattern, "pattern_type": "stix",
        "external_references": [{ "source_name": "mitre-ics-attack", "external_id": "T0816" }],
    });
    let more = more.as_object().unwrap();
    object.as_object_mut().unwrap().extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
    object
}

fn gathered(objects: &[Value]) -> (Watchlist, Gathered) {
    let plan = check(&[SourceFile::new("city.toml", CITY)]).plan.unwrap();
    let mut ground = Ground::of(Some(&plan));
    ground.allow(["198.51.100.0/25", "good.example"]);
    let (mut list, mut gathered) = (Watchlist::default(), Gathered::default());
    let origin = Origin { source: "port-ellery", trust: 80, tlp: Tlp::Amber };
    for object in objects {
        list.add(Object::of(object).unwrap(), origin, &ground, now(), &mut gathered);
    }
    (list, gathered)
}

fn flow(source: &str, destination: &str, protocol: Option<Protocol>) -> Flow {
    let ip = |text: &str| text.parse::<IpAddr>().unwrap().into();
    Flow {
        source: ip(source),
        destination: ip(destination),
        source_port: 50_000,
        destination_port: 502,
        transport: Transport::Tcp,
        protocol,
    }
}

fn seen(list: &Watchlist, fact: Observed) -> Vec<Sighting> {
    seen_at(list, &mut Held::default(), now(), fact)
}

fn seen_at(list: &Watchlist, held: &mut Held, time: Timestamp, fact: Observed) -> Vec<Sighting> {
    let mut sightings = Vec::new();
    list.see(&Observation { time, sensor: "eth1".into(), fact }, held, &mut sightings);
    sightings
}

fn asked(name: &str) -> Observed {
    Observed::Request(Box::new(Request {
        flow: flow("192.0.2.7", "192.0.2.53", Some(Protocol::Dns)),
        back: false,
        verb: Verb::Read,
        function: "query".into(),
        target: Target::named(name),
        value: None,
        reply: Reply::Missing,
        details: Vec::new(),
    }))
}

#[test]
fn what_is_watched_for_is_seen_at_either_end_and_by_name() {
    let (list, gathered) = gathered(&[
        indicator(
            1,
            "[ipv4-addr:value = '203.0.113.9'] OR [domain-name:value = 'Evil.example.']",
            &json!({}),
        ),
        indicator(
            2,
            "[network-traffic:dst_ref.value ISSUBSET '198.51.100.128/25']",
            &json!({ "confidence": 100 }),
        ),
        indicator(3, "[ipv6-addr:value IN ('2001:db8::9', '2001:db8:f::/64')]", &json!({})),
        indicator(4, "[ipv4-addr:value = '203.0.113.9' AND ipv4-addr:x = 1]", &json!({})),
        indicator(5, "[file:name = 'a'] FOLLOWEDBY [file:name = 'b']", &json!({})),
        indicator(6, "[ipv4-addr:value = '203.0.113.10']", &json!({ "revoked": true })),
        indicator(7, "[ipv4-addr:value = '203.0.113.11']", &json!({ "valid_until": "2026-03-02T08:59:59Z" })),
    ]);
    assert_eq!((gathered.watched, gathered.hunted_only, gathered.over, list.len()), (3, 2, 2, 5));
    assert_eq!(gathered.told(), []);

    let [sighting] = &seen(&list, Observed::Opened(flow("203.0.113.9", "192.0.2.7", None)))[..] else {
        panic!()
    };
    assert_eq!(sighting.indicator, "indicator--00000000-0000-4000-8000-000000000001");
    assert_eq!(
        (sighting.subject.to_string().as_str(), sighting.value.as_str()),
        ("192.0.2.7", "203.0.113.9")
    );
    assert_eq!((sighting.confidence, sighting.source.as_str()), (40, "port-ellery"));
    assert_eq!(sighting.techniques, ["T0816"]);
    let [outward] = &seen(&list, Observed::Opened(flow("192.0.2.7", "198.51.100.200", None)))[..] else {
        panic!()
    };
    assert_eq!((outward.confidence, outward.tlp), (80, Tlp::Amber));
    assert_eq!(seen(&list, Observed::Opened(flow("2001:db8:f::7", "192.0.2.7", None))).len(), 1);
    assert_eq!(seen(&list, Observed::Opened(flow("192.0.2.7", "198.51.100.7", None))), []);
    assert_eq!(seen(&list, asked("EVIL.example")).len(), 1);
    assert_eq!(seen(&list, asked("not.evil.example")), []);

    let mut recent = Recent::default();
    let later = |minutes| now() + SignedDuration::from_mins(minutes);
    assert!(recent.is_new(sighting, now()) && !recent.is_new(sighting, later(59)));
    assert!(recent.is_new(outward, later(59)) && recent.is_new(sighting, later(61)));
}

#[test]
fn a_poisoned_feed_watches_for_nothing_of_ours_and_is_told() {
    let poison = [
        ("192.0.2.7", DoubtKind::OwnAddress),
        ("203.0.113.123", DoubtKind::OwnAddress),
        ("10.1.2.3", DoubtKind::NobodysAddress),
        ("172.16.0.0/12", DoubtKind::TooBroad),
        ("192.168.0.0/16", DoubtKind::NobodysAddress),
        ("127.0.0.1", DoubtKind::NobodysAddress),
        ("fe80::1", DoubtKind::NobodysAddress),
        ("8.8.8.8", DoubtKind::WellKnown),
        ("8.8.8.0/24", DoubtKind::WellKnown),
        ("203.0.113.0/24", DoubtKind::OwnAddress),
        ("192.0.0.0/16", DoubtKind::OwnAddress),
        ("0.0.0.0/0", DoubtKind::TooBroad),
        ("::/0", DoubtKind::TooBroad),
        ("::ffff:192.0.2.7", DoubtKind::OwnAddress),
        ("198.51.100.1", DoubtKind::WellKnown),
    ];
    for (number, (value, doubt)) in (0..).zip(poison) {
        let kind = if value.contains(':') { "ipv6-addr" } else { "ipv4-addr" };
        let (list, gathered) =
            gathered(&[indicator(number, &format!("[{kind}:value = '{value}']"), &json!({}))]);
        let kinds: Vec<DoubtKind> = gathered.doubts.keys().copied().collect();
        assert_eq!((kinds.as_slice(), list.is_empty()), (&[doubt][..], true), "{value}");
    }
    let others = [
        indicator(1, "[domain-name:value = 'github.com']", &json!({})),
        indicator(2, "[domain-name:value = 'com']", &json!({})),
        indicator(3, "[domain-name:value = 'good.example']", &json!({})),
        indicator(4, "[domain-name:value = ", &json!({})),
        indicator(5, "[ipv4-addr:value = '203.0.113.9']", &json!({ "valid_from": "2027-01-01T00:00:00Z" })),
        json!({ "type": "indicator", "id": "indicator--x", "pattern": "[a:b = 1]", "pattern_type": "stix" }),
    ];
    let (list, gathered) = gathered(&others);
    assert!(list.is_empty());
    let told: Vec<(DoubtKind, u64)> = gathered.told().iter().map(|doubt| (doubt.kind, doubt.count)).collect();
    assert_eq!(
        told,
        [
            (DoubtKind::WellKnown, 2),
            (DoubtKind::TooBroad, 1),
            (DoubtKind::Malformed, 2),
            (DoubtKind::WrongTime, 1)
        ]
    );
}

#[test]
fn what_is_believed_fades_and_the_surest_of_several_counts() {
    let at = |days: i64, confidence: u8, number: u32| {
        let from = now() - SignedDuration::from_hours(24 * days);
        let more = json!({ "valid_from": from.to_string(), "confidence": confidence });
        indicator(number, "[ipv4-addr:value = '203.0.113.9']", &more)
    };
    let confidence = |objects: &[Value]| {
        let (list, _) = gathered(objects);
        seen(&list, Observed::Opened(flow("203.0.113.9", "192.0.2.7", None)))[0].confidence
    };
    let faded: Vec<u8> = [0, 15, 30, 60, 400].map(|days| confidence(&[at(days, 100, 1)])).to_vec();
    assert_eq!(faded, [80, 60, 40, 20, 0]);
    assert_eq!(confidence(&[at(0, 40, 1), at(0, 90, 2), at(0, 50, 3)]), 72);
}
