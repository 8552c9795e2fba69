//! BACnet, against ICSNPP's four logs.
//!
//! Differences that remain, and why:
//!
//! | log | difference | reason |
//! |---|---|---|
//! | bacnet_device_control | `password` is not compared | a password is never kept |
//! | bacnet_discovery | the names of two objects | they are in code page 932 (20.2.9); we give their bytes, ICSNPP nothing |
//! | bacnet_property | two WritePropertyMultiple rows more | ICSNPP does not log that service |

use crate::{
    cases::{self, Case},
    compare::Report,
    details::{all, capitalised, detail, row},
    expected_log::Row,
    reading,
};
use city::{Protocol, Reply, Request};

fn requests(case: &Case) -> Vec<Request> {
    let reading = reading::read(&case.capture);
    reading.requests().filter(|request| request.flow.protocol == Some(Protocol::Bacnet)).cloned().collect()
}

/// The columns that say who sent a message to whom.
const WAY: [&str; 4] = ["source_h", "source_p", "destination_h", "destination_p"];

/// Who sent a message: the asker, or the one asked.
fn way(request: &Request, from_asker: bool) -> Row {
    let flow = &request.flow;
    let asker = (flow.source.to_string(), flow.source_port.to_string());
    let asked = (flow.destination.to_string(), flow.destination_port.to_string());
    let (from, to) = if from_asker { (asker, asked) } else { (asked, asker) };
    WAY.iter().map(|column| (*column).to_owned()).zip([from.0, from.1, to.0, to.1]).collect()
}

fn seen(request: &Request) -> bool {
    detail(request, "request-seen") != Some("false")
}

/// Whether a request is the first part of its message, so that the message is counted once.
fn is_first(request: &Request) -> bool {
    detail(request, "part").is_none_or(|part| part == "1")
}

fn underscores(name: &str) -> String {
    name.replace('-', "_")
}

/// `original-unicast-npdu` as ICSNPP writes it.
fn bvlc_function(name: &str) -> String {
    let word = |word: &str| match word {
        "npdu" | "bvlc" => word.to_uppercase(),
        "to" => word.to_owned(),
        word => capitalised(word),
    };
    name.split('-').map(word).collect::<Vec<_>>().join("_")
}

/// bacnet.log: a row for each PDU, one for all the segments of a message.
fn pdus(request: &Request) -> Vec<Row> {
    if !is_first(request) {
        return Vec::new();
    }
    let mut rows = Vec::new();
    let service = underscores(&request.function);
    let invoke = detail(request, "invoke-id");
    let bvlc = detail(request, "bvlc-function").map(bvlc_function);
    if seen(request)
        && let Some(pdu_type) = detail(request, "pdu-type")
    {
        let kind = match pdu_type {
            "network-message" => "NPDU".to_owned(),
            other => underscores(other).to_uppercase(),
        };
        let mut row = row([
            ("bvlc_function", bvlc.as_deref()),
            ("pdu_type", Some(kind.as_str())),
            ("pdu_service", Some(service.as_str())),
            ("invoke_id", invoke),
        ]);
        row.extend(way(request, true));
        rows.push(row);
    }
    for acknowledgement in all(request, "segment-ack") {
        let mut row = row([
            ("bvlc_function", bvlc.as_deref()),
            ("pdu_type", Some("SEGMENT_ACK")),
            ("invoke_id", invoke),
        ]);
        row.extend(way(request, acknowledgement.starts_with("client")));
        rows.push(row);
    }
    if let Some(kind) = detail(request, "reply-pdu-type") {
        let (kind, service, result) = match kind {
            "error" => ("ERROR_PDU", service.as_str(), detail(request, "error-code")),
            "reject" => ("REJECT_PDU", "reject", detail(request, "reject-reason")),
            "abort" => ("ABORT_PDU", "abort", detail(request, "abort-reason")),
            "simple-ack" => ("SIMPLE_ACK", service.as_str(), None),
            _ => ("COMPLEX_ACK", service.as_str(), None),
        };
        let bvlc = detail(request, "reply-bvlc-function").map(bvlc_function);
        let mut row = row([
            ("bvlc_function", bvlc.as_deref()),
            ("pdu_type", Some(kind)),
            ("pdu_service", Some(service)),
            ("invoke_id", invoke),
            ("result_code", result),
        ]);
        row.extend(way(request, detail(request, "abort-from-server") == Some("false")));
        rows.push(row);
    }
    rows
}

/// bacnet_discovery.log.
fn discovery(request: &Request) -> Option<Row> {
    let function = request.function.as_str();
    if !matches!(function, "who-is" | "i-am" | "who-has" | "i-have") {
        return None;
    }
    let range = match (detail(request, "low-limit"), detail(request, "high-limit")) {
        (Some(low), Some(high)) => format!("{low}-{high}"),
        _ => "All".to_owned(),
    };
    let name = detail(request, "object-name").or((function == "who-has").then_some("N/A"));
    let vendor = detail(request, "vendor-id").map(|id| format!("vendor {id}"));
    let mut row = row([
        ("pdu_service", Some(function)),
        ("device_id_type", detail(request, "device-type")),
        ("device_id_number", detail(request, "device-instance")),
        ("object_type", detail(request, "object-type")),
        ("instance_number", detail(request, "object-instance")),
        ("vendor", vendor.as_deref()),
        ("range", function.starts_with("who").then_some(range.as_str())),
        ("object_name", name),
    ]);
    row.extend(way(request, true));
    Some(row)
}

/// A maker's name as its number, for the makers in these captures; ASHRAE's list changes its spellings.
fn vendor_number(name: &str) -> String {
    match name {
        "Acuity Brands Lighting Inc." => "vendor 42".into(),
        "Automated Logic Corporation" => "vendor 24".into(),
        "Unitec Corporation" => "vendor 154".into(),
        other => match other.strip_prefix("Unknown Vendor-0x") {
            Some(number) => format!("vendor {}", u32::from_str_radix(number, 16).unwrap()),
            None => other.to_owned(),
        },
    }
}

/// A property as the standard spells it.
fn property(name: &str) -> String {
    if let Some(number) = name.strip_prefix("Vendor Specific (").and_then(|rest| rest.strip_suffix(')')) {
        return format!("property-{number}");
    }
    match name {
        "daylights-savings-status" => "daylight-savings-status".into(),
        other => other.to_lowercase(),
    }
}

/// ICSNPP's forms of a value, made the standard's. Its test masks the end of a real number that looks like a time.
fn value(text: &str) -> String {
    let numbers: Vec<u32> = text.split(['/', ':', '.']).filter_map(|part| part.parse().ok()).collect();
    match (text.matches('/').count(), text.matches(':').count(), numbers.as_slice()) {
        (2, 0, [month, day, year]) => format!("{year}-{month:02}-{day:02}"),
        (0, 2, [hour, minute, second, part]) => format!("{hour:02}:{minute:02}:{second:02}.{part:02}"),
        _ => text.replace("XXXXXXXXXX.XXXXXX", "0.000000").replace(": ", " "),
    }
}

/// The values of a request's property, as ICSNPP has them: null and the empty string are unset, reals have six places,
/// a bit string is filled up to whole bytes, and some enumerations keep their numbers.
fn values(request: &Request) -> Vec<Option<String>> {
    let name = detail(request, "property").unwrap_or_default();
    let keeps_numbers = matches!(
        name,
        "file-access-method" | "polarity" | "present-value" | "priority-array" | "relinquish-default"
    );
    let mut found: Vec<Option<String>> = Vec::new();
    for (field, text) in &request.details {
        match (field.as_str(), text.as_str()) {
            ("value", text) => found.push(Some(text.to_owned()).filter(|text| !text.is_empty())),
            ("value-type", "null") => *found.last_mut().unwrap() = None,
            ("value-type", kind) => {
                if let Some(Some(last)) = found.last_mut() {
                    match kind {
                        "real" => *last = format!("{:.6}", f64::from(last.parse::<f32>().unwrap())),
                        "bit-string" => {
                            *last = format!("{last:F<width$}", width = last.len().next_multiple_of(8))
                        }
                        _ => {}
                    }
                }
            }
            ("value-number", number) if keeps_numbers => *found.last_mut().unwrap() = Some(number.to_owned()),
            _ => {}
        }
    }
    found
}

/// bacnet_property.log: a row for each question, and for each value of its answer.
fn properties(request: &Request) -> Vec<Row> {
    let service = request.function.as_str();
    let writes = matches!(service, "write-property" | "write-property-multiple");
    if !writes && !matches!(service, "read-property" | "read-property-multiple" | "read-range") {
        return Vec::new();
    }
    let one = |service: &str, value: Option<&str>, from_asker: bool| {
        let mut row = row([
            ("pdu_service", Some(service)),
            ("object_type", detail(request, "object-type")),
            ("instance_number", detail(request, "object-instance")),
            ("property", detail(request, "property")),
            ("array_index", detail(request, "array-index")),
            ("value", value),
            ("invoke_id", detail(request, "invoke-id")),
        ]);
        row.extend(way(request, from_asker));
        row
    };
    let values = values(request);
    let mut rows = Vec::new();
    if writes {
        return values.iter().map(|value| one(service, value.as_deref(), true)).collect();
    }
    if seen(request) {
        // ICSNPP gives a range the index 0 where there is none.
        let mut row = one(&format!("{service}-request"), None, true);
        if service == "read-range" {
            row.entry("array_index".into()).or_insert_with(|| "0".into());
        }
        rows.push(row);
    }
    if request.reply == Reply::Done {
        rows.extend(values.iter().map(|value| one(&format!("{service}-ack"), value.as_deref(), false)));
    }
    if service == "read-property-multiple" && matches!(request.reply, Reply::Refused(_)) {
        rows.push(one("read-property-multiple-ack", Some("PropertyError"), false));
    }
    if let Some(code) = detail(request, "error-code").filter(|_| service == "read-property") {
        let invoke = detail(request, "invoke-id");
        let service = format!("ERROR: {}", underscores(service));
        let mut row = row([
            ("pdu_service", Some(service.as_str())),
            ("object_type", Some(code)),
            ("invoke_id", invoke),
        ]);
        row.extend(way(request, false));
        rows.push(row);
    }
    rows
}

/// bacnet_device_control.log: a row for the command and one for what became of it.
fn control(request: &Request) -> Vec<Row> {
    let service = request.function.as_str();
    if !matches!(service, "device-communication-control" | "reinitialize-device") {
        return Vec::new();
    }
    let one = |columns: Row, from_asker: bool| {
        let mut row = row([
            ("pdu_service", Some(underscores(service).as_str())),
            ("invoke_id", detail(request, "invoke-id")),
        ]);
        row.extend(columns);
        row.extend(way(request, from_asker));
        row
    };
    let mut rows = Vec::new();
    if seen(request) {
        let command = row([
            ("time_duration", detail(request, "time-duration")),
            ("device_state", detail(request, "state")),
        ]);
        rows.push(one(command, true));
    }
    let result = match detail(request, "reply-pdu-type") {
        Some("simple-ack") => Some("SUCCESS"),
        Some("error") => Some("ERROR"),
        _ => None,
    };
    if result.is_some() {
        rows.push(one(row([("result", result), ("result_code", detail(request, "error-code"))]), false));
    }
    rows
}

#[test]
fn logs_are_those_of_icsnpp() {
    let Some(cases) = cases::of("icsnpp-bacnet", "bacnet") else {
        return cases::skipped(3, "logs_are_those_of_icsnpp");
    };
    let mut report = Report::default();
    for case in &cases {
        let requests = requests(case);
        let log = |name: &str| case.log(name).map(|log| log.rows).unwrap_or_default();
        let columns = |more: &[&'static str]| [&WAY[..], more].concat();

        let ours: Vec<Row> = requests.iter().flat_map(pdus).collect();
        let pdu = columns(&["bvlc_function", "pdu_type", "pdu_service", "invoke_id", "result_code"]);
        report.compare("icsnpp bacnet.log", &pdu, &log("bacnet"), &ours);

        let mut expected = log("bacnet_discovery");
        for vendor in expected.iter_mut().filter_map(|row| row.get_mut("vendor")) {
            *vendor = vendor_number(vendor);
        }
        let ours: Vec<Row> = requests.iter().filter_map(discovery).collect();
        let found = ["pdu_service", "device_id_type", "device_id_number", "object_type", "instance_number"];
        let found = columns(&[&found[..], &["vendor", "range", "object_name"]].concat());
        report.compare("icsnpp bacnet_discovery.log", &found, &expected, &ours);

        let mut expected = log("bacnet_property");
        for row in &mut expected {
            if let Some(name) = row.get_mut("property") {
                *name = property(name);
            }
            if let Some(text) = row.get_mut("value") {
                *text = value(text);
            }
        }
        let ours: Vec<Row> = requests.iter().flat_map(properties).collect();
        let read = [
            "invoke_id",
            "pdu_service",
            "object_type",
            "instance_number",
            "property",
            "array_index",
            "value",
        ];
        report.compare("icsnpp bacnet_property.log", &columns(&read), &expected, &ours);

        let ours: Vec<Row> = requests.iter().flat_map(control).collect();
        let told = ["invoke_id", "pdu_service", "time_duration", "device_state", "result", "result_code"];
        if case.log("bacnet_device_control").is_some() {
            report.compare(
                "icsnpp bacnet_device_control.log",
                &columns(&told),
                &log("bacnet_device_control"),
                &ours,
            );
        }
    }
    report.hold("icsnpp bacnet.log", 100.0, 100.0);
    report.hold("icsnpp bacnet_discovery.log", 99.1, 99.1);
    report.hold("icsnpp bacnet_property.log", 100.0, 99.9);
    report.hold("icsnpp bacnet_device_control.log", 100.0, 100.0);
}
