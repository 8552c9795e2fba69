//! MQTT, against Zeek's printed events and Suricata's events; the logs are compared in [`crate::logs`].
//!
//! Differences that remain, and why:
//!
//! | suite | difference | reason |
//! |---|---|---|
//! | suricata | `mqtt.connect.password` is not compared | a password is never kept |
//! | suricata | filters on DISCONNECT, PINGREQ and PINGRESP left out | they ask for nothing and are not told |
//! | suricata | filters on alerts, anomalies and frames left out | they are of Suricata's rules and parser states |

use crate::{
    cases::{self, Case},
    compare::{Report, Tally},
    details::{all, detail, flag, row},
    expected_log::Row,
    filters::Filter,
    reading,
};
use city::{Protocol, Reply, Request, WeaknessKind};
use std::collections::BTreeMap;

fn requests(case: &Case) -> Vec<Request> {
    let reading = reading::read(&case.capture);
    reading.requests().filter(|request| request.flow.protocol == Some(Protocol::Mqtt)).cloned().collect()
}

/// SUBSCRIBE and UNSUBSCRIBE packets: their filters are requests of their own, told one after another.
fn packets<'r>(requests: &'r [Request], function: &str) -> Vec<Vec<&'r Request>> {
    let mut packets: Vec<Vec<&Request>> = Vec::new();
    for request in requests.iter().filter(|request| request.function == function) {
        if detail(request, "part") == Some("1") || packets.is_empty() {
            packets.push(Vec::new());
        }
        packets.last_mut().unwrap().push(request);
    }
    packets
}

#[test]
fn events_are_those_of_zeek() {
    let Some(cases) = cases::of("zeek", "mqtt") else { return cases::skipped(1, "events_are_those_of_zeek") };
    let mut report = Report::default();
    for case in &cases {
        let requests = requests(case);
        let Some(text) = case.text("out") else { continue };
        // Event, payload as far as it was kept, its length, and the whole payload's length.
        let lines = text.lines().filter_map(|line| line.strip_prefix("mqtt_publish, "));
        let mut expected = Vec::new();
        let mut ours = Vec::new();
        for (line, request) in lines.zip(requests.iter().filter(|request| request.function == "publish")) {
            let [length, kept, payload] = line.rsplitn(3, ", ").collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            expected.push(row([("payload", Some(payload)), ("length", Some(length))]));
            let kept: usize = kept.parse().unwrap();
            let payload = detail(request, "payload").and_then(|payload| payload.get(..kept));
            ours.push(row([("payload", payload), ("length", detail(request, "payload-length"))]));
        }
        report.compare("zeek mqtt events", &["payload", "length"], &expected, &ours);
    }
    report.hold("zeek mqtt events", 100.0, 100.0);
}

/// Puts a fixed header's fields, which packets other than PUBLISH cannot choose.
fn header(event: &mut Row, packet: &str, qos: &str) {
    for (name, value) in [("qos", qos), ("retain", "false"), ("dup", "false")] {
        event.insert(format!("mqtt.{packet}.{name}"), value.into());
    }
}

/// Puts the properties that stand under a prefix.
fn properties(event: &mut Row, request: &Request, prefix: &str, field: &str) {
    for (name, value) in &request.details {
        let Some(name) = name.strip_prefix(prefix).and_then(|name| name.strip_prefix('-')) else { continue };
        let (name, value) = match value.split_once('=') {
            Some(pair) if name == "user-property" => pair,
            _ => (name, value.as_str()),
        };
        event.insert(format!("mqtt.{field}.properties.{}", name.replace('-', "_")), value.into());
    }
}

fn connect_event(request: &Request) -> Row {
    let mut event = row([
        ("mqtt.connect.protocol_string", detail(request, "protocol-name")),
        ("mqtt.connect.client_id", detail(request, "client-id")),
        ("mqtt.connect.username", detail(request, "user-name")),
        ("mqtt.connect.flags.username", detail(request, "has-user-name")),
        ("mqtt.connect.flags.password", detail(request, "has-password")),
        ("mqtt.connect.flags.will", detail(request, "has-will")),
        ("mqtt.connect.flags.will_retain", Some(detail(request, "will-retain").unwrap_or("false"))),
        ("mqtt.connect.flags.clean_session", detail(request, "clean-start")),
        ("mqtt.connect.will.topic", detail(request, "will-topic")),
        ("mqtt.connect.will.message", detail(request, "will-payload")),
        ("mqtt.connack.session_present", detail(request, "session-present")),
        ("mqtt.connack.return_code", detail(request, "return-code")),
    ]);
    let version = match detail(request, "protocol-version") {
        Some("3.1") => "3",
        Some("3.1.1") => "4",
        _ => "5",
    };
    event.insert("mqtt.connect.protocol_version".into(), version.into());
    header(&mut event, "connect", "0");
    if request.reply != Reply::Missing {
        header(&mut event, "connack", "0");
    }
    properties(&mut event, request, "property", "connect");
    properties(&mut event, request, "will-property", "connect.will");
    properties(&mut event, request, "reply-property", "connack");
    event
}

fn publish_event(request: &Request) -> Row {
    let mut event = row([
        ("mqtt.publish.topic", Some(request.target.name.as_str())),
        ("mqtt.publish.message", detail(request, "payload")),
        ("mqtt.publish.qos", detail(request, "qos")),
        ("mqtt.publish.retain", detail(request, "retain")),
        ("mqtt.publish.dup", detail(request, "duplicate")),
        ("mqtt.publish.message_id", detail(request, "packet-id")),
    ]);
    for packet in ["puback", "pubrec", "pubrel", "pubcomp"] {
        if let Some(code) = detail(request, &format!("{packet}-code")) {
            header(&mut event, packet, if packet == "pubrel" { "1" } else { "0" });
            event.insert(format!("mqtt.{packet}.reason_code"), code.into());
            event.insert(format!("mqtt.{packet}.message_id"), detail(request, "packet-id").unwrap().into());
        }
    }
    // What Suricata gives where a message is longer than it was set to keep: the length of the whole packet (2.1.4).
    let payload = detail(request, "payload-length").unwrap();
    let id = if event.contains_key("mqtt.publish.message_id") { 2 } else { 0 };
    let body = payload.parse::<usize>().unwrap() + 2 + request.target.name.len() + id;
    let header = match body {
        ..128 => 2,
        128..16_384 => 3,
        _ => 4,
    };
    event.insert("mqtt.publish.skipped_length".into(), (header + body).to_string());
    event.insert("mqtt.publish.truncated".into(), "true".into());
    event.insert(MESSAGE_BYTES.into(), payload.into());
    event
}

/// Not a field of Suricata's: how long a message is that may have been cut.
const MESSAGE_BYTES: &str = "bytes of mqtt.publish.message";

fn subscribe_event(packet: &[&Request]) -> Row {
    let asked = packet[0].function.as_str();
    let (answer, codes) = match asked {
        "subscribe" => ("suback", "qos_granted"),
        _ => ("unsuback", "reason_codes"),
    };
    let mut event = Row::new();
    header(&mut event, asked, "1");
    let id = detail(packet[0], "packet-id").unwrap();
    event.insert(format!("mqtt.{asked}.message_id"), id.into());
    for (number, request) in packet.iter().enumerate() {
        let topic = request.target.name.to_string();
        if asked == "subscribe" {
            event.insert(format!("mqtt.subscribe.topics[{number}].topic"), topic);
            event.insert(
                format!("mqtt.subscribe.topics[{number}].qos"),
                detail(request, "qos").unwrap_or_default().into(),
            );
        } else {
            event.insert(format!("mqtt.unsubscribe.topics[{number}]"), topic);
        }
        if let Some(code) = detail(request, "reason-code") {
            event.insert(format!("mqtt.{answer}.{codes}[{number}]"), code.into());
        }
    }
    if packet[0].reply != Reply::Missing {
        header(&mut event, answer, "0");
        event.insert(format!("mqtt.{answer}.message_id"), id.into());
    }
    event
}

fn events(requests: &[Request]) -> Vec<Row> {
    let mut events: Vec<Row> = requests
        .iter()
        .filter_map(|request| match request.function.as_str() {
            "connect" => Some(connect_event(request)),
            "publish" => Some(publish_event(request)),
            _ => None,
        })
        .collect();
    for function in ["subscribe", "unsubscribe"] {
        events.extend(packets(requests, function).iter().map(|packet| subscribe_event(packet)));
    }
    for event in &mut events {
        event.insert("event_type".into(), "mqtt".into());
    }
    events
}

/// An event with its texts cut as the filter says that Suricata cut them: `topi[truncated 2 additional bytes]`.
fn as_cut(event: &Row, filter: &Filter) -> Row {
    let mut event = event.clone();
    for (field, wanted) in &filter.matches {
        let Some((kept, _)) = wanted.split_once("[truncated ") else { continue };
        let Some(whole) = event.get(field).filter(|whole| whole.len() > kept.len()) else { continue };
        let bytes =
            event.get(&format!("bytes of {field}")).map_or(whole.len(), |bytes| bytes.parse().unwrap());
        let Some(beginning) = whole.get(..kept.len()) else { continue };
        let cut = format!("{beginning}[truncated {} additional bytes]", bytes - kept.len());
        event.insert(field.clone(), cut);
    }
    event
}

#[test]
fn events_are_those_of_suricata() {
    let Some(cases) = cases::of("suricata-verify", "mqtt") else {
        return cases::skipped(31, "events_are_those_of_suricata");
    };
    let mut report = Report::default();
    let mut left_out: BTreeMap<&str, usize> = BTreeMap::new();
    for case in &cases {
        let events = events(&requests(case));
        let mut tally = Tally::default();
        for filter in &case.filters() {
            let about = |packet: &str| filter.matches.keys().any(|key| key.starts_with(packet));
            if filter.event() != "mqtt" {
                *left_out.entry("alerts, anomalies, frames, flows").or_default() += 1;
                continue;
            }
            if about("mqtt.disconnect") || about("mqtt.ping") {
                *left_out.entry("disconnect and ping").or_default() += 1;
                continue;
            }
            let accepts = |event: &&Row| filter.accepts(&as_cut(event, filter), &["mqtt.connect.password"]);
            let matching = events.iter().filter(accepts).count();
            if matching != filter.count {
                println!("{}: {} expected, {matching} ours: {:?}", case.name, filter.count, filter.matches);
                println!("  {:?}", filter.difference(&events, &["mqtt.connect.password"]));
            }
            tally += Tally { expected: filter.count, ours: matching, both: matching.min(filter.count) };
        }
        report.add("suricata mqtt filters", tally);
    }
    println!("filters left out: {left_out:?}");
    report.hold("suricata mqtt filters", 100.0, 100.0);
}

/// Every login with a password shows as a weakness, and the password nowhere.
#[test]
fn passwords_are_reported_and_never_kept() {
    let Some(cases) = cases::of("suricata-verify", "mqtt") else {
        return cases::skipped(31, "passwords_are_reported_and_never_kept");
    };
    let mut logins = 0;
    for case in &cases {
        let reading = reading::read(&case.capture);
        let requests = requests(case);
        let with_password = requests.iter().filter(|request| flag(request, "has-password")).count();
        let told = reading.weaknesses().filter(|weakness| {
            (weakness.protocol, weakness.kind) == (Protocol::Mqtt, WeaknessKind::CleartextCredentials)
        });
        assert_eq!(told.count(), with_password, "{}", case.name);
        for filter in case.filters() {
            let Some(password) = filter.matches.get("mqtt.connect.password") else { continue };
            for request in requests.iter().filter(|request| request.function == "connect") {
                // The word may stand within a client's name.
                let details = request
                    .details
                    .iter()
                    .filter(|(name, _)| name != "client-id" && !name.starts_with("has-"));
                assert!(details.clone().all(|(_, value)| !value.contains(password.as_str())), "{request:?}");
            }
            logins += 1;
        }
        assert!(requests.iter().all(|request| all(request, "password").next().is_none()));
    }
    assert!(logins > 0);
}
