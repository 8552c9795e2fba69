//! Zeek's logs of what is known: local hosts, their services and certificates, and who speaks Modbus. Each is written
//! once a day.

use super::{
    conn::is_local,
    log::{Head, Log},
    row::{Row, detail, was_asked},
};
use city::{Address, ConnectionState, Conversation, Reply, Request, Text, Transport};
use foldhash::fast::RandomState;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

pub(super) const LOGS: &[Log] = &[
    Log {
        path: "known_certs",
        head: Head::Time,
        columns: &[
            ("host", "addr"),
            ("port_num", "port"),
            ("subject", "string"),
            ("issuer_subject", "string"),
            ("serial", "string"),
        ],
    },
    Log { path: "known_hosts", head: Head::Time, columns: &[("host", "addr")] },
    Log { path: "known_modbus", head: Head::Time, columns: &[("host", "addr"), ("device_type", "enum")] },
    Log {
        path: "known_services",
        head: Head::Time,
        columns: &[
            ("host", "addr"),
            ("port_num", "port"),
            ("port_proto", "enum"),
            ("service", "set[string]"),
        ],
    },
];

/// How long what was written is not written again.
const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Things known at a time.
const KNOWN_MAX: usize = 200_000;

/// What was written, and when.
#[derive(Debug, Default)]
pub(super) struct Known(HashMap<Fact, Timestamp, RandomState>);

/// What is written once a day.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Fact {
    /// A host's certificate at a port, by its fingerprint.
    Certificate(Address, u16, Text),
    Host(Address),
    /// Who asks or who answers in Modbus.
    Modbus(&'static str, Address),
    /// A host's service at a port, by its transport and its names.
    Service(Address, u16, &'static str, String),
}

impl Known {
    fn is_new(&mut self, fact: Fact, time: Timestamp) -> bool {
        if self.0.get(&fact).is_some_and(|then| time.duration_since(*then) < KNOWN_FOR) {
            return false;
        }
        if self.0.len() >= KNOWN_MAX {
            self.0.clear();
        }
        self.0.insert(fact, time);
        true
    }

    /// The hosts and the service that a conversation shows; `services` are those that were recognised in it.
    pub(super) fn conversation(
        &mut self,
        conversation: &Conversation,
        services: &[&str],
        time: Timestamp,
    ) -> Vec<Row> {
        let mut rows = Vec::new();
        let flow = conversation.flow;
        let is_tcp = flow.transport == Transport::Tcp;
        let shook_hands = is_tcp && conversation.history.contains('h') && is_established(conversation.state);
        if shook_hands {
            for host in [flow.source, flow.destination] {
                if is_local(host) && self.is_new(Fact::Host(host), time) {
                    let mut row = Row::new(flow, "known_hosts");
                    row.show("host", host);
                    rows.push(row);
                }
            }
        }
        let serves = shook_hands || flow.transport == Transport::Udp && !services.is_empty();
        if serves && conversation.packets_in > 0 && is_local(flow.destination) {
            let names: Vec<String> = services.iter().map(|service| service.to_uppercase()).collect();
            let proto = if is_tcp { "tcp" } else { "udp" };
            let (host, port) = (flow.destination, flow.destination_port);
            if self.is_new(Fact::Service(host, port, proto, names.join(",")), time) {
                let mut row = Row::new(flow, "known_services");
                row.show("host", host);
                row.show("port_num", port);
                row.put("port_proto", proto);
                if names.is_empty() {
                    row.put("service", "");
                }
                names.into_iter().for_each(|name| row.put("service", name));
                rows.push(row);
            }
        }
        rows
    }

    /// Who asks and who answers in Modbus.
    pub(super) fn modbus(&mut self, request: &Request, time: Timestamp) -> Vec<Row> {
        let seen = |host: Address, kind: &'static str, spoke: bool| {
            (spoke && is_local(host)).then_some((host, kind))
        };
        let speakers = [
            seen(request.flow.source, "Known::MODBUS_MASTER", was_asked(request)),
            seen(request.flow.destination, "Known::MODBUS_SLAVE", request.reply != Reply::Missing),
        ];
        let mut rows = Vec::new();
        for (host, kind) in speakers.into_iter().flatten() {
            if self.is_new(Fact::Modbus(kind, host), time) {
                let mut row = Row::new(request.conversation(), "known_modbus");
                row.show("host", host);
                row.put("device_type", kind);
                rows.push(row);
            }
        }
        rows
    }

    /// The certificate that a local server shows for itself.
    pub(super) fn certificate(&mut self, request: &Request, time: Timestamp) -> Option<Row> {
        let flow = request.conversation();
        let (host, port) = (flow.destination, flow.destination_port);
        if detail(request, "certificate-from") != Some("server") || !is_local(host) {
            return None;
        }
        let print = detail(request, "certificate-fingerprint").unwrap_or_default();
        if !self.is_new(Fact::Certificate(host, port, print.into()), time) {
            return None;
        }
        let mut row = Row::new(flow, "known_certs");
        row.show("host", host);
        row.show("port_num", port);
        row.maybe_text("subject", detail(request, "certificate-subject"));
        row.maybe_text("issuer_subject", detail(request, "certificate-issuer"));
        row.maybe("serial", detail(request, "certificate-serial"));
        Some(row)
    }
}

/// Whether both ends agreed to speak.
fn is_established(state: ConnectionState) -> bool {
    use ConnectionState as C;
    matches!(state, C::S1 | C::S2 | C::S3 | C::Sf | C::Rsto | C::Rstr)
}
