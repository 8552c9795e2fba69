//! Zeek's dhcp.log: a row for the messages of one transaction, whoever sent them.

use super::{
    log::{Head, Log},
    row::{Row, bytes_of_digits, detail},
};
use city::{Address, Request};
use jiff::{SignedDuration, Timestamp};
use std::{collections::VecDeque, net::IpAddr};

pub(super) const LOGS: &[Log] = &[Log {
    path: "dhcp",
    head: Head::Time,
    columns: &[
        ("uids", "set[string]"),
        ("client_addr", "addr"),
        ("server_addr", "addr"),
        ("mac", "string"),
        ("host_name", "string"),
        ("client_fqdn", "string"),
        ("domain", "string"),
        ("requested_addr", "addr"),
        ("assigned_addr", "addr"),
        ("lease_time", "interval"),
        ("client_message", "string"),
        ("server_message", "string"),
        ("msg_types", "vector[string]"),
        ("duration", "interval"),
        ("circuit_id", "string"),
        ("agent_remote_id", "string"),
        ("subscriber_id", "string"),
    ],
}];

/// How long the messages of a transaction are waited for (`DHCP::max_txid_watch_time`).
const WATCH: SignedDuration = SignedDuration::from_secs(30);

/// Transactions followed at a time.
const OPEN_MAX: usize = 10_000;

/// The transactions that may go on, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Transactions(VecDeque<Transaction>);

#[derive(Debug)]
struct Transaction {
    id: String,
    first: Timestamp,
    last: Timestamp,
    /// What was said last of each column, but of the client's address first.
    columns: Vec<(&'static str, String)>,
    kinds: Vec<String>,
    uids: Vec<String>,
    request: Request,
}

impl Transactions {
    /// Takes a message in; the rows are those of transactions that were over before.
    pub(super) fn see(&mut self, request: &Request, time: Timestamp, uid: &str) -> Vec<Row> {
        let mut rows = Vec::new();
        while let Some(oldest) = self.0.front()
            && (time.duration_since(oldest.first) > WATCH || self.0.len() >= OPEN_MAX)
        {
            rows.extend(self.0.pop_front().map(Transaction::row));
        }
        let id = detail(request, "id").unwrap_or_default();
        match self.0.iter_mut().find(|transaction| transaction.id == id) {
            Some(transaction) => transaction.add(request, time, uid),
            None => {
                let mut transaction = Transaction {
                    id: id.to_owned(),
                    first: time,
                    last: time,
                    columns: Vec::new(),
                    kinds: Vec::new(),
                    uids: Vec::new(),
                    request: Request { details: Vec::new(), ..request.clone() },
                };
                transaction.add(request, time, uid);
                self.0.push_back(transaction);
            }
        }
        rows
    }

    /// What goes on at the end.
    pub(super) fn finish(&mut self) -> Vec<Row> {
        std::mem::take(&mut self.0).into_iter().map(Transaction::row).collect()
    }
}

impl Transaction {
    fn put(&mut self, column: &'static str, value: Option<String>) {
        let Some(value) = value else { return };
        match self.columns.iter_mut().find(|(known, _)| *known == column) {
            Some((_, known)) => *known = value,
            None => self.columns.push((column, value)),
        }
    }

    fn add(&mut self, request: &Request, time: Timestamp, uid: &str) {
        let of = |key: &str| detail(request, key).map(str::to_owned);
        self.last = self.last.max(time);
        if !self.uids.iter().any(|known| known == uid) {
            self.uids.push(uid.to_owned());
        }
        self.kinds.push(request.function.to_uppercase().to_string());
        let is_server = matches!(request.function.as_str(), "offer" | "ack" | "nak");
        self.put("mac", of("client-mac"));
        let client = if is_server { of("assigned-address") } else { client(request.flow.source) };
        if !self.columns.iter().any(|(column, _)| *column == "client_addr") {
            self.put("client_addr", client);
        }
        // Zeek names the server where it gave an address.
        if request.function == "ack" && detail(request, "assigned-address").is_some() {
            self.put("server_addr", of("server-address"));
            self.put("assigned_addr", of("assigned-address"));
            self.put("lease_time", of("lease-time").map(|seconds| format!("{seconds}.000000")));
        }
        if is_server {
            self.put("server_message", of("message"));
        } else {
            self.put("requested_addr", of("requested-address"));
            self.put("client_message", of("message"));
        }
        for (column, key) in
            [("host_name", "host-name"), ("client_fqdn", "client-fqdn"), ("domain", "domain")]
        {
            self.put(column, of(key));
        }
        for (column, key) in [
            ("circuit_id", "relay-circuit"),
            ("agent_remote_id", "relay-remote"),
            ("subscriber_id", "relay-subscriber"),
        ] {
            let value = of(key).map(|value| match value.strip_prefix("0x") {
                Some(digits) => bytes_of_digits(digits),
                None => value.replace('\\', "\\\\"),
            });
            self.put(column, value);
        }
    }

    fn row(self) -> Row {
        let mut row = Row::new(self.request.conversation(), "dhcp");
        row.time = Some(self.first);
        self.uids.into_iter().for_each(|uid| row.put("uids", uid));
        for (column, value) in self.columns {
            match column {
                "circuit_id" | "agent_remote_id" | "subscriber_id" => row.put(column, value),
                _ => row.text(column, &value),
            }
        }
        self.kinds.into_iter().for_each(|kind| row.put("msg_types", kind));
        let micros = self.last.duration_since(self.first).as_micros();
        row.show("duration", format_args!("{}.{:06}", micros / 1_000_000, micros % 1_000_000));
        row
    }
}

/// The address from which a client speaks, if it has one.
fn client(address: Address) -> Option<String> {
    match address {
        Address::Ip(IpAddr::V4(ip)) if !ip.is_unspecified() && !ip.is_broadcast() => Some(ip.to_string()),
        _ => None,
    }
}
