//! Conversations, against Zeek's conn.log and the expected Community IDs.

use crate::{cases, compare::Report, expected_log::Row, reading};
use city::{Conversation, Flow, Transport};
use std::collections::BTreeSet;
use std::net::IpAddr;
use wire::community_id;

/// How many cases have a conn.log.
const CASES: usize = 51;

fn row(conversation: &Conversation) -> Option<Row> {
    let Conversation { flow, .. } = conversation;
    let protocol = match flow.transport {
        Transport::Ethernet(_) => return None,
        Transport::Icmp => "icmp",
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
        Transport::Ip(_) | Transport::Sctp => "unknown_transport",
    };
    let has_ports = protocol != "unknown_transport";
    let port = |port: u16| if has_ports { port.to_string() } else { "0".to_owned() };
    let columns = [
        ("id.orig_h", flow.source.to_string()),
        ("id.orig_p", port(flow.source_port)),
        ("id.resp_h", flow.destination.to_string()),
        ("id.resp_p", port(flow.destination_port)),
        ("proto", protocol.to_owned()),
        ("conn_state", conversation.state.as_str().to_owned()),
        ("orig_pkts", conversation.packets_out.to_string()),
        ("resp_pkts", conversation.packets_in.to_string()),
        ("orig_ip_bytes", conversation.ip_bytes_out.to_string()),
        ("resp_ip_bytes", conversation.ip_bytes_in.to_string()),
        ("orig_bytes", conversation.bytes_out.to_string()),
        ("resp_bytes", conversation.bytes_in.to_string()),
        ("missed_bytes", conversation.missed_bytes.to_string()),
    ];
    Some(columns.into_iter().map(|(column, value)| (column.to_owned(), value)).collect())
}

#[test]
fn conversations_are_those_of_zeek() {
    let Some(cases) = cases::all() else {
        return cases::skipped(CASES, "conversations_are_those_of_zeek");
    };
    let mut report = Report::default();
    let mut compared = 0;
    for case in cases {
        let Some(mut log) = case.log("conn") else { continue };
        // Some tests print only a few columns, of no use here.
        let wanted = |column: &str| log.columns.iter().any(|name| name == column);
        if !wanted("id.orig_h") || !wanted("conn_state") {
            continue;
        }
        // Without a duration, which is that of a single packet, Zeek leaves the bytes out.
        for row in &mut log.rows {
            for column in ["orig_bytes", "resp_bytes"] {
                row.entry(column.into()).or_insert_with(|| "0".into());
            }
        }
        compared += 1;
        let reading = reading::read(&case.capture);
        let ours: Vec<Row> = reading.conversations().filter_map(row).collect();
        let ends = ["id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto"];
        let whole = [
            &ends[..],
            &[
                "conn_state",
                "orig_pkts",
                "resp_pkts",
                "orig_ip_bytes",
                "resp_ip_bytes",
                "orig_bytes",
                "resp_bytes",
            ],
        ]
        .concat();
        report.compare("ends", &ends, &log.rows, &ours);
        report.compare("ends and state", &[&ends[..], &["conn_state"]].concat(), &log.rows, &ours);
        let tally = report.compare("ends, state, packets and bytes", &whole, &log.rows, &ours);
        if tally.both < tally.expected || tally.both < tally.ours {
            println!("{} {} {}: {tally:?} {}", case.suite, case.name, case.capture.display(), case.arguments);
        }
    }
    assert_eq!(compared, CASES);
    report.hold("ends", 10.0, 10.0);
}
