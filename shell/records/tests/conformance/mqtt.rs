//! MQTT, against Zeek's logs.
//!
//! Differences that remain, and why:
//!
//! | suite | difference | reason |
//! |---|---|---|
//! | zeek | a payload longer than Zeek's cap is compared up to it | the cap is a setting of that test |

use crate::{
    cases::{self, Case},
    compare::Report,
    details::{ENDS, all, detail, ends, flag, row},
    expected_log::Row,
    reading,
};
use city::{Protocol, Reply, Request, WeaknessKind};

fn requests(case: &Case) -> Vec<Request> {
    let reading = reading::read(&case.capture);
    reading.requests().filter(|request| request.flow.protocol == Some(Protocol::Mqtt)).cloned().collect()
}

/// The ends with the client first, whoever asked.
fn client_ends(request: &Request) -> Row {
    let mut request = request.clone();
    if detail(&request, "from-client") == Some("false") {
        let flow = &mut request.flow;
        std::mem::swap(&mut flow.source, &mut flow.destination);
        std::mem::swap(&mut flow.source_port, &mut flow.destination_port);
    }
    ends(&request)
}

fn truth(value: Option<&str>) -> Option<&'static str> {
    value.map(|value| if value == "true" { "T" } else { "F" })
}

/// Zeek's mqtt_connect.log.
fn connect_row(request: &Request) -> Row {
    let status = match &request.reply {
        Reply::Done => Some("Connection Accepted"),
        _ => None,
    };
    let mut row = row([
        ("proto_name", detail(request, "protocol-name")),
        ("proto_version", detail(request, "protocol-version")),
        ("client_id", detail(request, "client-id")),
        ("connect_status", status),
        ("will_topic", detail(request, "will-topic")),
        ("will_payload", detail(request, "will-payload")),
    ]);
    row.extend(ends(request));
    row
}

/// Zeek's mqtt_publish.log.
fn publish_row(request: &Request) -> Row {
    let qos = match detail(request, "qos") {
        Some("0") => "at most once",
        Some("1") => "at least once",
        _ => "exactly once",
    };
    let done = matches!(request.reply, Reply::Done | Reply::NotExpected);
    let mut row = row([
        ("from_client", truth(detail(request, "from-client"))),
        ("retain", truth(detail(request, "retain"))),
        ("qos", Some(qos)),
        ("status", Some(if done { "ok" } else { "incomplete" })),
        ("topic", Some(request.target.name.as_str())),
        ("payload", detail(request, "payload")),
        ("payload_len", detail(request, "payload-length")),
    ]);
    row.extend(client_ends(request));
    row
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

/// Zeek's mqtt_subscribe.log.
fn subscribe_row(packet: &[&Request]) -> Row {
    let joined = |parts: Vec<&str>| parts.join(",");
    let mut row = ends(packet[0]);
    let topics = joined(packet.iter().map(|request| request.target.name.as_str()).collect());
    row.insert("topics".into(), topics);
    row.insert(
        "qos_levels".into(),
        joined(packet.iter().filter_map(|request| detail(request, "qos")).collect()),
    );
    let granted = packet.iter().filter_map(|request| detail(request, "granted-qos")).next();
    row.extend(granted.map(|granted| ("granted_qos_level".into(), granted.to_owned())));
    row.insert("ack".into(), if packet[0].reply == Reply::Missing { "F" } else { "T" }.into());
    row.insert("action".into(), format!("MQTT::{}", packet[0].function.to_uppercase()));
    row
}

#[test]
fn logs_are_those_of_zeek() {
    let Some(cases) = cases::of("zeek", "mqtt") else { return cases::skipped(3, "logs_are_those_of_zeek") };
    let mut report = Report::default();
    for case in &cases {
        let requests = requests(case);
        let of = |function: &'static str| requests.iter().filter(move |request| request.function == function);
        let log = |name: &str| case.log(name).map(|log| log.rows).unwrap_or_default();

        let ours: Vec<Row> = of("connect").map(connect_row).collect();
        let columns =
            ["proto_name", "proto_version", "client_id", "connect_status", "will_topic", "will_payload"];
        if case.log("mqtt_connect").is_some() {
            let columns = [&ENDS[..], &columns].concat();
            report.compare("zeek mqtt_connect.log", &columns, &log("mqtt_connect"), &ours);
        }

        let columns = ["from_client", "retain", "qos", "status", "topic", "payload", "payload_len"];
        let columns = [&ENDS[..], &columns].concat();
        let mut ours: Vec<Row> = of("publish").map(publish_row).collect();
        if case.name.ends_with("payload-cap") {
            // The test caps payloads at 8 bytes.
            for row in &mut ours {
                row.get_mut("payload").unwrap().truncate(8);
            }
        }
        if case.log("mqtt_publish").is_some() {
            report.compare("zeek mqtt_publish.log", &columns, &log("mqtt_publish"), &ours);
        }

        let packets = packets(&requests, "subscribe");
        let ours: Vec<Row> = packets.iter().map(|packet| subscribe_row(packet)).collect();
        let columns = [&ENDS[..], &["action", "topics", "qos_levels", "granted_qos_level", "ack"]].concat();
        if case.log("mqtt_subscribe").is_some() {
            report.compare("zeek mqtt_subscribe.log", &columns, &log("mqtt_subscribe"), &ours);
        }

        if let Some(text) = case.text("out") {
            // Event, payload as far as it was kept, its length, and the whole payload's length.
            let lines = text.lines().filter_map(|line| line.strip_prefix("mqtt_publish, "));
            let mut expected = Vec::new();
            let mut ours = Vec::new();
            for (line, request) in lines.zip(of("publish")) {
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
    }
    for title in ["mqtt_connect.log", "mqtt_publish.log", "mqtt_subscribe.log", "mqtt events"] {
        report.hold(&format!("zeek {title}"), 100.0, 100.0);
    }
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
