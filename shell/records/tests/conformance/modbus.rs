//! Modbus, against Zeek's printed events; the logs are compared in [`crate::logs`], Suricata's events in [`crate::eve`].
//!
//! Differences that remain, and why:
//!
//! | suite | difference | reason |
//! |---|---|---|
//! | zeek `coil_parsing_big` | 2 events more | a reply that Zeek drops at a hole in the capture |

use crate::{
    cases::{self, Case},
    compare::Report,
    details::{detail, flag},
    expected_log::Row,
    reading,
};
use city::{Protocol, Reply, Request};

/// The requests of a case.
fn requests(case: &Case) -> Vec<Request> {
    let reading = reading::read(&case.capture);
    reading.requests().filter(|request| request.flow.protocol == Some(Protocol::Modbus)).cloned().collect()
}

/// Whether the request itself was seen, and whether the reply was.
fn seen(request: &Request) -> (bool, bool) {
    (detail(request, "request-seen") != Some("false"), request.reply != Reply::Missing)
}

/// The events that Zeek prints for a request: name, ends, header and arguments in one text.
fn events(request: &Request) -> Vec<String> {
    let flow = &request.flow;
    let ends = format!(
        "[orig_h={}, orig_p={}/tcp, resp_h={}, resp_p={}/tcp, proto=6, ctx=[]]",
        flow.source, flow.source_port, flow.destination, flow.destination_port
    );
    let value = |name: &str| detail(request, name).unwrap_or_default().to_owned();
    let truth = |bit: &str| if bit == "1" { "T" } else { "F" };
    let header = |code: &str, length: &str| {
        let (tid, pid, unit) = (value("transaction"), value("protocol-id"), value("unit"));
        format!("[tid={tid}, pid={pid}, uid={unit}, function_code={}, len={}]", value(code), value(length))
    };
    let (asked, answered) = seen(request);
    let name = request.function.replace('-', "_");
    let mut events = Vec::new();
    if asked {
        let header = header("function-code", "request-length");
        events.push(format!("modbus_message, {ends}, {header}, T"));
        let address = value("address");
        let arguments = match request.function.as_str() {
            "write-single-coil" => format!("{address}, {}", truth(&value("request-values"))),
            "write-multiple-coils" => {
                let bits: Vec<&str> =
                    detail(request, "request-values").unwrap().split(',').map(truth).collect();
                format!("{address}, [{}]", bits.join(", "))
            }
            _ => format!("{address}, {}", value("quantity")),
        };
        events.push(format!("modbus_{name}_request, {ends}, {header}, {arguments}"));
    }
    if answered {
        let header = header("response-function-code", "response-length");
        events.push(format!("modbus_message, {ends}, {header}, F"));
        let address = value("response-address");
        let arguments = match request.function.as_str() {
            "write-single-coil" => format!("{address}, {}", truth(&value("response-values"))),
            "read-coils" => {
                // Zeek gives whole bytes.
                let bits = [value("response-values"), value("response-padding")].join(",");
                let bits: Vec<&str> = bits.split(',').filter(|bit| !bit.is_empty()).map(truth).collect();
                format!("[{}]", bits.join(", "))
            }
            _ => format!("{address}, {}", value("response-quantity")),
        };
        events.push(format!("modbus_{name}_response, {ends}, {header}, {arguments}"));
    }
    events
}

#[test]
fn events_are_those_of_zeek() {
    let Some(cases) = cases::of("zeek", "modbus") else {
        return cases::skipped(2, "events_are_those_of_zeek");
    };
    let mut report = Report::default();
    for case in &cases {
        let Some(text) = case.text("output") else { continue };
        let mut expected = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (count, event) = line.split_once(' ').unwrap();
            let row = Row::from([("event".into(), event.into())]);
            expected.extend(std::iter::repeat_n(row, count.parse().unwrap()));
        }
        let ours: Vec<Row> = requests(case)
            .iter()
            .flat_map(events)
            .map(|event| Row::from([("event".into(), event)]))
            .collect();
        report.compare("zeek modbus events", &["event"], &expected, &ours);
    }
    report.hold("zeek modbus events", 100.0, 99.9);
}

/// What a device obeys without proof shows as a weakness, once in each conversation.
#[test]
fn obeyed_changes_show_as_weaknesses() {
    let Some(cases) = cases::of("icsnpp-modbus", "modbus") else {
        return cases::skipped(1, "obeyed_changes_show_as_weaknesses");
    };
    for case in &cases {
        let reading = reading::read(&case.capture);
        let weaknesses: Vec<_> = reading.weaknesses().collect();
        assert_eq!(weaknesses.len(), 1, "{weaknesses:?}");
        assert_eq!(weaknesses[0].kind, city::WeaknessKind::UnauthenticatedControl);
        assert_eq!(weaknesses[0].port, 502);
        assert!(reading.requests().all(|request| !flag(request, "request-seen")));
    }
}
