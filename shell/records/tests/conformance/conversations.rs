//! Conversations, against Zeek's conn.log and the expected Community IDs.
//!
//! Where conversations differ from Zeek's, and why:
//!
//! | case | difference | reason |
//! |---|---|---|
//! | `core.tunnels.gre-aruba-amsdu` | the ends are exchanged | run with `-b`, Zeek knows no server ports; we take 443 for the server |
//! | `core.tunnels.teredo` | two DNS exchanges 16 s apart from one port are one conversation | Zeek gives DNS 10 s, we give all of UDP one minute |
//! | `core.tunnels.vxlan-unknown-internal-packet` | Zeek counts no packets of the outer conversation | Zeek stops counting at a tunnel whose inside it does not know |
//! | `core.unknown-ip-protocol` | Zeek counts no payload | we count what is above the IP header |
//! | `scripts.base.protocols.ldap.sasl-signed-clear-2` | more IP bytes | IP lengths of 0, from a card that cuts packets itself: we count the bytes captured |
//! | `scripts.base.protocols.ntp.misordered-ntp` | the answer came first | Zeek corrects the direction by NTP's mode |
//! | `scripts.base.protocols.ssh.half-duplex-client` | four conversations instead of eight | only one direction was captured; Zeek gives up a SYN after 5 s though its sender goes on |

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
    let bytes = |count: u64| if conversation.duration.is_zero() { "0".to_owned() } else { count.to_string() };
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
        ("orig_bytes", bytes(conversation.bytes_out)),
        ("resp_bytes", bytes(conversation.bytes_in)),
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
        // Without a duration Zeek leaves the bytes out.
        for row in &mut log.rows {
            for column in ["orig_bytes", "resp_bytes"] {
                row.entry(column.into()).or_insert_with(|| "0".into());
            }
        }
        compared += 1;
        let reading = reading::read(&case.capture);
        let mut ours: Vec<Row> = reading.conversations().filter_map(row).collect();
        // By default Zeek makes no conversations of other IP protocols.
        let others = |row: &Row| row["proto"] == "unknown_transport";
        if !log.rows.iter().any(others) {
            ours.retain(|row| !others(row));
        }
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
        report.compare("ends and missed bytes", &[&ends[..], &["missed_bytes"]].concat(), &log.rows, &ours);
        report.compare("ends and state", &[&ends[..], &["conn_state"]].concat(), &log.rows, &ours);
        let tally = report.compare("ends, state, packets and bytes", &whole, &log.rows, &ours);
        if tally.both < tally.expected || tally.both < tally.ours {
            println!("{} {} {}: {tally:?} {}", case.suite, case.name, case.capture.display(), case.arguments);
        }
    }
    assert_eq!(compared, CASES);
    report.hold("ends", 96.5, 98.9);
    report.hold("ends and missed bytes", 96.5, 98.9);
    report.hold("ends and state", 95.0, 97.4);
    report.hold("ends, state, packets and bytes", 91.5, 93.8);
}

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
