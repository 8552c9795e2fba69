//! ICSNPP's logs of BACnet.

use super::{
    log::{Head, Log},
    row::{Row, capitalised, capitals, detail, details, flag, number, was_asked},
};
use city::{Reply, Request};

pub(super) const LOGS: &[Log] = &[
    Log {
        path: "bacnet",
        head: Head::Sides,
        columns: &[
            ("bvlc_function", "string"),
            ("pdu_type", "string"),
            ("pdu_service", "string"),
            ("invoke_id", "count"),
            ("result_code", "string"),
        ],
    },
    Log {
        path: "bacnet_discovery",
        head: Head::Sides,
        columns: &[
            ("pdu_service", "string"),
            ("device_id_type", "string"),
            ("device_id_number", "count"),
            ("object_type", "string"),
            ("instance_number", "count"),
            ("vendor", "string"),
            ("range", "string"),
            ("object_name", "string"),
        ],
    },
    Log {
        path: "bacnet_property",
        head: Head::Sides,
        columns: &[
            ("invoke_id", "count"),
            ("pdu_service", "string"),
            ("object_type", "string"),
            ("instance_number", "count"),
            ("property", "string"),
            ("array_index", "count"),
            ("value", "string"),
        ],
    },
    Log {
        path: "bacnet_device_control",
        head: Head::Sides,
        columns: &[
            ("invoke_id", "count"),
            ("pdu_service", "string"),
            ("time_duration", "count"),
            ("device_state", "string"),
            ("password", "string"),
            ("result", "string"),
            ("result_code", "string"),
        ],
    },
];

/// The rows of a request with its reply, or of one part of them.
pub(super) fn rows(request: &Request) -> Vec<Row> {
    let mut rows = Vec::new();
    // A message of several parts is one PDU.
    if detail(request, "part").is_none_or(|part| part == "1") {
        pdus(request, &mut rows);
    }
    match request.function.as_str() {
        "who-is" | "i-am" | "who-has" | "i-have" => rows.push(discovery(request)),
        "device-communication-control" | "reinitialize-device" => control(request, &mut rows),
        "write-property" => written(request, &mut rows),
        "read-property" | "read-property-multiple" | "read-range" => read(request, &mut rows),
        _ => {}
    }
    rows
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

fn underscores(name: &str) -> String {
    name.replace('-', "_")
}

/// bacnet.log: a row for each PDU, one for all the segments of a message.
fn pdus(request: &Request, rows: &mut Vec<Row>) {
    let service = underscores(&request.function);
    let invoke = detail(request, "invoke-id");
    let bvlc = detail(request, "bvlc-function").map(bvlc_function);
    if was_asked(request)
        && let Some(pdu_type) = detail(request, "pdu-type")
    {
        let mut row = Row::of(request, "bacnet", true);
        row.maybe("bvlc_function", bvlc.as_deref());
        let kind = if pdu_type == "network-message" { "NPDU".to_owned() } else { capitals(pdu_type) };
        row.put("pdu_type", kind);
        row.put("pdu_service", service.as_str());
        row.maybe("invoke_id", invoke);
        rows.push(row);
    }
    for acknowledgement in details(request, "segment-ack") {
        let mut row = Row::of(request, "bacnet", acknowledgement.starts_with("client"));
        row.maybe("bvlc_function", bvlc.as_deref());
        row.put("pdu_type", "SEGMENT_ACK");
        row.maybe("invoke_id", invoke);
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
        let mut row = Row::of(request, "bacnet", detail(request, "abort-from-server") == Some("false"));
        row.maybe("bvlc_function", detail(request, "reply-bvlc-function").map(bvlc_function));
        row.put("pdu_type", kind);
        row.put("pdu_service", service);
        row.maybe("invoke_id", invoke);
        row.maybe("result_code", result);
        rows.push(row);
    }
}

/// bacnet_discovery.log.
fn discovery(request: &Request) -> Row {
    let function = request.function.as_str();
    let mut row = Row::of(request, "bacnet_discovery", true);
    row.put("pdu_service", function);
    row.maybe("device_id_type", detail(request, "device-type"));
    row.maybe("device_id_number", detail(request, "device-instance"));
    row.maybe("object_type", detail(request, "object-type"));
    row.maybe("instance_number", detail(request, "object-instance"));
    row.maybe("vendor", number(request, "vendor-id").map(vendor));
    if function.starts_with("who") {
        row.put(
            "range",
            match (detail(request, "low-limit"), detail(request, "high-limit")) {
                (Some(low), Some(high)) => format!("{low}-{high}"),
                _ => "All".to_owned(),
            },
        );
    }
    let name = detail(request, "object-name").map(text);
    row.maybe("object_name", name.or((function == "who-has").then_some("N/A")));
    row
}

/// Text in a character set that ICSNPP does not read has no value in its logs.
fn text(text: &str) -> &str {
    let is_foreign =
        |set: &str| set == "jis" || set.strip_prefix("cp").is_some_and(|page| page.parse::<u16>().is_ok());
    match text.split_once(':') {
        Some((set, _)) if is_foreign(set) => "",
        _ => text,
    }
}

/// A row of bacnet_property.log about a request's property.
fn property_row(request: &Request, service: &str, value: Option<&str>, from_asker: bool) -> Row {
    let mut row = Row::of(request, "bacnet_property", from_asker);
    row.maybe("invoke_id", detail(request, "invoke-id"));
    row.put("pdu_service", service);
    row.maybe("object_type", detail(request, "object-type"));
    row.maybe("instance_number", detail(request, "object-instance"));
    row.maybe("property", detail(request, "property").map(property));
    row.maybe("array_index", detail(request, "array-index"));
    row.maybe("value", value);
    row
}

/// bacnet_property.log: what is written, a row for each value.
fn written(request: &Request, rows: &mut Vec<Row>) {
    for value in values(request) {
        rows.push(property_row(request, "write-property", value.as_deref(), true));
    }
}

/// bacnet_property.log: what is read, a row for the question and for each value of its answer.
fn read(request: &Request, rows: &mut Vec<Row>) {
    let service = request.function.as_str();
    if was_asked(request) {
        let mut row = property_row(request, &format!("{service}-request"), None, true);
        // ICSNPP gives a range the index 0 where there is none.
        if service == "read-range" && detail(request, "array-index").is_none() {
            row.put("array_index", "0");
        }
        rows.push(row);
    }
    let acknowledged = format!("{service}-ack");
    if request.reply == Reply::Done {
        for value in values(request) {
            rows.push(property_row(request, &acknowledged, value.as_deref(), false));
        }
    }
    if service == "read-property-multiple" && matches!(request.reply, Reply::Refused(_)) {
        rows.push(property_row(request, &acknowledged, Some("PropertyError"), false));
    }
    if service == "read-property"
        && let Some(code) = detail(request, "error-code")
    {
        let mut row = Row::of(request, "bacnet_property", false);
        row.maybe("invoke_id", detail(request, "invoke-id"));
        row.put("pdu_service", "ERROR: read_property");
        row.put("object_type", code);
        rows.push(row);
    }
}

/// A property as ICSNPP spells it.
fn property(name: &str) -> String {
    match name {
        "daylight-savings-status" => "daylights-savings-status".to_owned(),
        "number-of-apdu-retries" => "number-of-APDU-retries".to_owned(),
        other => match other.strip_prefix("property-") {
            Some(number) if number.parse::<u32>().is_ok() => format!("Vendor Specific ({number})"),
            _ => other.to_owned(),
        },
    }
}

/// The values of a request's property, as ICSNPP has them: null and the empty string are unset, reals have six places,
/// a bit string is filled up to whole bytes, and some enumerations keep their numbers.
fn values(request: &Request) -> Vec<Option<String>> {
    let keeps_numbers = matches!(
        detail(request, "property"),
        Some("file-access-method" | "polarity" | "present-value" | "priority-array" | "relinquish-default")
    );
    let mut found: Vec<Option<String>> = Vec::new();
    for (field, value) in &request.details {
        match field.as_str() {
            "value" => found.push(Some(text(value).to_owned()).filter(|text| !text.is_empty())),
            "value-type" => {
                if let Some(last) = found.last_mut() {
                    *last = last.take().and_then(|text| typed(&text, value));
                }
            }
            "value-number" if keeps_numbers => {
                if let Some(last) = found.last_mut() {
                    *last = Some(value.to_string());
                }
            }
            _ => {}
        }
    }
    found
}

/// A value in ICSNPP's form for its type.
fn typed(text: &str, kind: &str) -> Option<String> {
    Some(match kind {
        "null" => return None,
        "real" => text.parse::<f32>().map_or_else(|_| text.to_owned(), |value| format!("{value:.6}")),
        "double" => text.parse::<f64>().map_or_else(|_| text.to_owned(), |value| format!("{value:.6}")),
        "bit-string" => format!("{text:F<width$}", width = text.len().next_multiple_of(8)),
        "date" => date(text).unwrap_or_else(|| text.to_owned()),
        "time" => {
            let parts = text.split([':', '.']).map(|part| plain(part, "255")).collect::<Vec<_>>();
            match parts.as_slice() {
                [hour, minute, second, part] => format!("{hour}:{minute}:{second}.{part}"),
                _ => text.to_owned(),
            }
        }
        "object-identifier" => text.replacen(' ', ": ", 1),
        _ => text.to_owned(),
    })
}

fn date(text: &str) -> Option<String> {
    let mut parts = text.split('-');
    let year = plain(parts.next()?, "2155");
    let (month, day) = (plain(parts.next()?, "255"), plain(parts.next()?, "255"));
    Some(format!("{month}/{day}/{year}"))
}

/// A number without its leading zeros; what matches any is the number that the wire has for it.
fn plain<'t>(part: &'t str, any: &'t str) -> &'t str {
    match part.trim_start_matches('0') {
        "" => "0",
        "*" => any,
        number => number,
    }
}

/// bacnet_device_control.log: a row for the command and one for what became of it. A password is never written.
fn control(request: &Request, rows: &mut Vec<Row>) {
    let service = underscores(&request.function);
    let start = |from_asker: bool| {
        let mut row = Row::of(request, "bacnet_device_control", from_asker);
        row.maybe("invoke_id", detail(request, "invoke-id"));
        row.put("pdu_service", service.as_str());
        row
    };
    if was_asked(request) {
        let mut row = start(true);
        row.maybe("time_duration", detail(request, "time-duration"));
        row.maybe("device_state", detail(request, "state"));
        row.put("password", if flag(request, "has-password") { "(hidden)" } else { "" });
        rows.push(row);
    }
    let result = match detail(request, "reply-pdu-type") {
        Some("simple-ack") => "SUCCESS",
        Some("error") => "ERROR",
        _ => return,
    };
    let mut row = start(false);
    row.put("result", result);
    row.maybe("result_code", detail(request, "error-code"));
    rows.push(row);
}

/// A maker by the identifier that ASHRAE gave out, as ICSNPP spells it.
fn vendor(number: u32) -> String {
    let place = VENDORS.binary_search_by_key(&number, |(number, _)| *number);
    match place.ok().and_then(|place| VENDORS.get(place)) {
        Some((_, name)) => (*name).to_owned(),
        None => format!("Unknown Vendor-{number:#x}"),
    }
}

const VENDORS: &[(u32, &str)] =
    &[(24, "Automated Logic Corporation"), (42, "Acuity Brands Lighting Inc."), (154, "Unitec Corporation")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_forms_of_the_field() {
        for (text, kind, shown) in [
            ("null", "null", None),
            ("21.5", "real", Some("21.500000")),
            ("TF", "bit-string", Some("TFFFFFFF")),
            ("2005-05-02", "date", Some("5/2/2005")),
            ("08:27:14.00", "time", Some("8:27:14.0")),
            ("analog-output 3", "object-identifier", Some("analog-output: 3")),
            ("percent", "enumerated", Some("percent")),
        ] {
            assert_eq!(typed(text, kind).as_deref(), shown, "{text}");
        }
        assert_eq!(bvlc_function("distribute-broadcast-to-network"), "Distribute_Broadcast_to_Network");
        assert_eq!(property("property-512"), "Vendor Specific (512)");
        assert_eq!(vendor(0x539), "Unknown Vendor-0x539");
        assert!(VENDORS.is_sorted_by_key(|(number, _)| *number));
    }
}
