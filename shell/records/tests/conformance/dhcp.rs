//! DHCP, against Zeek's dhcp.log.

use crate::{
    cases,
    compare::Report,
    details::detail,
    expected_log::Row,
    reading::{self, Reading},
};
use city::{Protocol, Request};
use std::collections::BTreeMap;

/// How many cases have a dhcp.log.
const LOGS: usize = 5;

/// The columns that a listener can know; times and identifiers of connections are masked.
const COLUMNS: &[&str] = &[
    "server_addr",
    "mac",
    "host_name",
    "client_fqdn",
    "domain",
    "requested_addr",
    "assigned_addr",
    "lease_time",
    "client_message",
    "server_message",
    "msg_types",
    "circuit_id",
    "agent_remote_id",
    "subscriber_id",
];

fn requests(reading: &Reading) -> impl Iterator<Item = &Request> {
    reading.requests().filter(|request| request.flow.protocol == Some(Protocol::Dhcp))
}

/// What is shown in hexadecimal, as it was.
fn plain(value: &str) -> String {
    let Some(digits) = value.strip_prefix("0x") else { return value.to_owned() };
    let byte = |pair: &[u8]| u8::from_str_radix(&String::from_utf8_lossy(pair), 16).unwrap();
    String::from_utf8_lossy(&digits.as_bytes().chunks(2).map(byte).collect::<Vec<_>>()).into_owned()
}

/// Zeek's rows: one for the messages of a client that belong together.
fn rows(reading: &Reading) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut open: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for request in requests(reading) {
        let key = (detail(request, "id").unwrap(), detail(request, "client-mac").unwrap_or_default());
        let at = *open.entry(key).or_insert_with(|| {
            rows.push(Row::new());
            rows.len() - 1
        });
        let row = &mut rows[at];
        let is_server = matches!(request.function.as_str(), "offer" | "ack" | "nak");
        let mut put = |column: &str, value: Option<&str>| {
            if let Some(value) = value {
                row.insert(column.to_owned(), value.to_owned());
            }
        };
        put("mac", detail(request, "client-mac"));
        // Zeek names the server where it gave an address.
        if request.function == "ack" && detail(request, "assigned-address").is_some() {
            put("server_addr", detail(request, "server-address"));
            put("assigned_addr", detail(request, "assigned-address"));
            let lease = detail(request, "lease-time").map(|seconds| format!("{seconds}.000000"));
            put("lease_time", lease.as_deref());
        }
        if is_server {
            put("server_message", detail(request, "message"));
        } else {
            put("requested_addr", detail(request, "requested-address"));
            put("client_message", detail(request, "message"));
        }
        for (column, key) in [
            ("host_name", "host-name"),
            ("client_fqdn", "client-fqdn"),
            ("domain", "domain"),
            ("circuit_id", "relay-circuit"),
            ("agent_remote_id", "relay-remote"),
            ("subscriber_id", "relay-subscriber"),
        ] {
            put(column, detail(request, key).map(plain).as_deref());
        }
        let mut types = row.remove("msg_types").map_or_else(String::new, |types| types + ",");
        types.push_str(&request.function.to_uppercase());
        row.insert("msg_types".to_owned(), types);
    }
    rows
}

#[test]
fn dhcp_is_that_of_zeek() {
    let Some(cases) = cases::all() else { return cases::skipped(LOGS, "dhcp_is_that_of_zeek") };
    let mut report = Report::default();
    let mut compared = 0;
    for case in &cases {
        let Some(log) = case.log("dhcp") else { continue };
        compared += 1;
        let reading = reading::read(&case.capture);
        let columns: Vec<_> =
            COLUMNS.iter().copied().filter(|column| log.columns.iter().any(|name| name == column)).collect();
        let tally =
            report.compare(&format!("zeek dhcp: {}", case.name), &columns, &log.rows, &rows(&reading));
        report.add("zeek dhcp", tally);
    }
    assert_eq!(compared, LOGS);
    report.hold("zeek dhcp", 100.0, 100.0);
}
