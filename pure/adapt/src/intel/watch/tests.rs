//! What a pattern holds of is seen, and nothing else.

use super::{compile::compile, form::in_form, *};
use crate::stix::{
    Pattern,
    pattern::{Budget, evaluate},
};
use city::{
    ConnectionState, Conversation, Details, Flow, Observation, Observed, Protocol, Reply, Request, Target,
    Transport, Verb,
};
use proptest::prelude::*;
use serde_json::json;

const AGENT: &str = "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'[*]";
const PATH: &str = "network-traffic:extensions.'http-request-ext'.request_value";

fn address() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("203.0.113.9"), Just("203.0.113.10"), Just("192.0.2.7")]
}

/// A test of a conversation.
fn of_conversation() -> impl Strategy<Value = String> {
    prop_oneof![
        address().prop_map(|it| format!("ipv4-addr:value = '{it}'")),
        Just("ipv4-addr:value IN ('203.0.113.8/29', '198.51.100.1')".to_owned()),
        address().prop_map(|it| format!("ipv4-addr:value != '{it}'")),
        (prop_oneof![Just("src"), Just("dst")], address())
            .prop_map(|(end, it)| format!("network-traffic:{end}_ref.value = '{it}'")),
        Just("network-traffic:dst_ref.value ISSUBSET '203.0.113.8/29'".to_owned()),
        (80..82_u16).prop_map(|port| format!("network-traffic:dst_port = {port}")),
        Just("network-traffic:protocols[*] = 'tcp'".to_owned()),
        Just("network-traffic:src_byte_count > 100".to_owned()),
        Just("file:name = 'a'".to_owned()),
    ]
}

/// A test of a request.
fn of_request() -> impl Strategy<Value = String> {
    let name = || prop_oneof![Just("evil.example"), Just("Worse.Example.")];
    let path = || prop_oneof![Just("/gate.php"), Just("/gate.php?id=1")];
    prop_oneof![
        name().prop_map(|it| format!("domain-name:value = '{it}'")),
        (name(), path()).prop_map(|(name, path)| format!("url:value = 'http://{name}{path}'")),
        path().prop_map(|it| format!("{PATH} = '{it}'")),
        Just(format!("{AGENT} = 'lamp-loader'")),
        Just(format!("{AGENT} LIKE 'lamp-%'")),
        Just("network-traffic:x_ja3 = 'AA'".to_owned()),
        Just("x509-certificate:hashes.'SHA-1' = 'bb'".to_owned()),
        address().prop_map(|it| format!("{PATH} LIKE '/g%' AND network-traffic:dst_ref.value = '{it}'")),
        (80..82_u16).prop_map(|port| format!("{PATH} LIKE '/g%' AND network-traffic:dst_port = {port}")),
    ]
}

fn pattern(test: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    let comparison = test.prop_recursive(3, 8, 3, |inner| {
        (prop::collection::vec(inner, 1..4), any::<bool>()).prop_map(|(parts, all)| {
            let parts: Vec<String> = parts.into_iter().map(|part| format!("({part})")).collect();
            parts.join(if all { " AND " } else { " OR " })
        })
    });
    prop::collection::vec(comparison, 1..3)
        .prop_map(|all| all.into_iter().map(|it| format!("[{it}]")).collect::<Vec<_>>().join(" OR "))
}

fn flow() -> impl Strategy<Value = Flow> {
    (address(), address(), 80..82_u16).prop_map(|(source, destination, port)| Flow {
        source: source.parse().unwrap(),
        destination: destination.parse().unwrap(),
        source_port: 50_000,
        destination_port: port,
        transport: Transport::Tcp,
        protocol: None,
    })
}

fn conversation() -> impl Strategy<Value = Observed> {
    (flow(), prop::option::of(50..150_u64)).prop_map(|(flow, bytes)| {
        let Some(bytes) = bytes else { return Observed::Opened(flow) };
        Observed::Conversation(Box::new(Conversation {
            flow,
            source_mac: None,
            destination_mac: None,
            vlan: None,
            start: Timestamp::UNIX_EPOCH,
            duration: SignedDuration::ZERO,
            packets_out: 1,
            packets_in: 1,
            bytes_out: bytes,
            bytes_in: 1,
            ip_bytes_out: bytes,
            ip_bytes_in: 1,
            missed_bytes: 0,
            state: ConnectionState::Sf,
            history: Text::default(),
            ended: true,
            details: Details::new(),
        }))
    })
}

fn request() -> impl Strategy<Value = Observed> {
    let name = prop_oneof![Just("EVIL.example"), Just("worse.example")];
    let path = prop_oneof![Just("/gate.php"), Just("/gate.php?id=1"), Just("/")];
    let agent = prop_oneof![Just("lamp-loader"), Just("a browser")];
    (flow(), any::<bool>(), name, path, agent).prop_map(|(flow, is_http, name, path, agent)| {
        let (protocol, target, signs) = if is_http {
            (Protocol::Http, path, vec![("host", name), ("user-agent", agent)])
        } else {
            (Protocol::Tls, name, vec![("ja3-hash", "aa"), ("ja4", "t13"), ("certificate-sha1", "bb")])
        };
        Observed::Request(Box::new(Request {
            flow: Flow { protocol: Some(protocol), ..flow },
            back: false,
            verb: Verb::Read,
            function: "GET".into(),
            target: Target::named(target),
            value: None,
            reply: Reply::Done,
            details: signs.into_iter().map(|(key, value)| (key.into(), value.into())).collect(),
        }))
    })
}

/// Whether a list with one pattern sees something in a fact, and whether the pattern holds of it; none if nothing of it is
/// watched for.
fn seen_and_held(pattern: &str, fact: Observed) -> Option<(bool, bool, bool)> {
    let compiled = compile(pattern).unwrap().ok()?;
    let object = json!({
        "type": "indicator", "id": "indicator--00000000-0000-4000-8000-000000000001", "pattern": pattern,
        "pattern_type": "stix", "valid_from": "1970-01-01T00:00:00Z",
    });
    let (mut list, mut gathered) = (Watchlist::default(), Gathered::default());
    let origin = Origin { source: "agency", trust: 100, tlp: Tlp::Green };
    let ground = Ground::default();
    list.add(Object::of(&object).unwrap(), origin, &ground, Timestamp::UNIX_EPOCH, &mut gathered);
    let observation = Observation { time: Timestamp::UNIX_EPOCH, sensor: "test".into(), fact };
    let mut sightings = Vec::new();
    list.see(&observation, &mut Held::default(), &mut sightings);
    let observed = seen::observed(&observation).unwrap();
    let pattern = Pattern::of(in_form(Pattern::parse(pattern).unwrap().root()));
    let held = evaluate(&pattern, &[observed], Budget::default()).unwrap().is_some();
    Some((!sightings.is_empty(), held, compiled.left_out.is_empty()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_a_pattern_holds_of_a_conversation_is_seen(
        pattern in pattern(of_conversation()),
        fact in conversation(),
    ) {
        if let Some((seen, held, whole)) = seen_and_held(&pattern, fact) {
            prop_assert!(seen == held || held && !whole, "{pattern}: seen {seen}, held {held}");
        }
    }

    #[test]
    fn what_a_pattern_holds_of_a_request_is_seen(pattern in pattern(of_request()), fact in request()) {
        if let Some((seen, held, whole)) = seen_and_held(&pattern, fact) {
            prop_assert!(seen == held || held && !whole, "{pattern}: seen {seen}, held {held}");
        }
    }
}
