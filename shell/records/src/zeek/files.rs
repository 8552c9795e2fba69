//! Zeek's files.log: what was transferred, whatever carried it.

use super::{
    conn::is_local,
    dns::timestamp,
    log::{Head, Log},
    row::Row,
    uid,
};
use city::{Address, Message, Text};
use jiff::Timestamp;
use std::collections::BTreeMap;

pub(super) const LOGS: &[Log] = &[Log {
    path: "files",
    head: Head::File,
    columns: &[
        ("source", "string"),
        ("depth", "count"),
        ("analyzers", "set[string]"),
        ("mime_type", "string"),
        ("filename", "string"),
        ("duration", "interval"),
        ("local_orig", "bool"),
        ("is_orig", "bool"),
        ("seen_bytes", "count"),
        ("total_bytes", "count"),
        ("missing_bytes", "count"),
        ("overflow_bytes", "count"),
        ("timedout", "bool"),
        ("parent_fuid", "string"),
    ],
}];

/// Files fetched in parts that are followed at a time.
const PARTED_MAX: usize = 1_024;

/// Connections of one such file that are remembered.
const CONNECTIONS_MAX: usize = 64;

/// Files that are fetched in parts: one for all connections of a client to one address, as Zeek has it.
#[derive(Debug, Default)]
pub(super) struct Parted(BTreeMap<(Address, Text), Whole>);

/// Such a file.
#[derive(Debug)]
struct Whole {
    began: Timestamp,
    ended: Timestamp,
    seen: u64,
    /// Where the last part ends.
    end: u64,
    length: Option<u64>,
    name: Text,
    /// A row for each connection, with the connection's name.
    rows: Vec<(String, Row)>,
}

impl Parted {
    /// The row of a file, the `nth` that is told of; of a part none yet.
    pub(super) fn row(&mut self, message: &Message, time: Timestamp, nth: u64, uid: &str) -> Option<Row> {
        let of = |column: &str| field(message, column);
        let mut row = Row { time: None, message: message.clone() };
        let began = of("began").and_then(|began| timestamp(began));
        row.time = began;
        let sender = if message.back { message.flow.destination } else { message.flow.source };
        row.flag("local_orig", is_local(sender));
        let name = uid::of_file(&message.flow, time, nth);
        let (Some(start), Some(url), Some(began)) = (number(message, "part-start"), of("part-url"), began)
        else {
            row.put("fuid", name);
            return Some(row);
        };
        if self.0.len() >= PARTED_MAX {
            self.0.clear();
        }
        let ended = of("ended").and_then(|ended| timestamp(ended)).unwrap_or(began);
        let seen = number(message, "seen_bytes").unwrap_or(0);
        let whole = self.0.entry((message.flow.source, url.clone())).or_insert_with(|| Whole {
            began,
            ended,
            seen: 0,
            end: 0,
            length: None,
            name,
            rows: Vec::new(),
        });
        whole.began = whole.began.min(began);
        whole.ended = whole.ended.max(ended);
        whole.seen = whole.seen.saturating_add(seen);
        whole.end = whole.end.max(start.saturating_add(seen));
        whole.length = whole.length.or(number(message, "part-of"));
        if whole.rows.len() < CONNECTIONS_MAX && whole.rows.iter().all(|(known, _)| known != uid) {
            whole.rows.push((uid.to_owned(), row));
        }
        None
    }

    /// The rows of what is fetched in parts, each with its connection's name.
    pub(super) fn finish(&mut self) -> Vec<(String, Row)> {
        let files = std::mem::take(&mut self.0);
        files.into_values().flat_map(Whole::rows).collect()
    }
}

impl Whole {
    fn rows(self) -> Vec<(String, Row)> {
        let micros = self.ended.duration_since(self.began).as_micros().max(0);
        let missing = self.end.saturating_sub(self.seen);
        // What is not whole is waited for in vain.
        let is_whole = self.length.is_some_and(|length| length <= self.seen);
        let mut rows = self.rows;
        for (_, row) in &mut rows {
            row.time = Some(self.began);
            row.remove(&["duration", "seen_bytes", "total_bytes", "missing_bytes", "timedout"]);
            row.put("fuid", self.name.clone());
            row.show("duration", format_args!("{}.{:06}", micros / 1_000_000, micros % 1_000_000));
            row.show("seen_bytes", self.seen);
            if let Some(length) = self.length {
                row.show("total_bytes", length);
            }
            row.show("missing_bytes", missing);
            row.flag("timedout", !is_whole);
        }
        rows
    }
}

fn field<'m>(message: &'m Message, column: &str) -> Option<&'m Text> {
    message.fields.iter().find(|(name, _)| name == column).map(|(_, value)| value)
}

fn number(message: &Message, column: &str) -> Option<u64> {
    field(message, column)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use city::{Flow, Transport};

    fn part(port: u16, start: u64, began: &str, ended: &str) -> Message {
        let flow = Flow {
            source: Address::Ip([192, 0, 2, 1].into()),
            source_port: port,
            destination: Address::Ip([192, 0, 2, 2].into()),
            destination_port: 80,
            transport: Transport::Tcp,
            protocol: None,
        };
        let mut row = Row::new(flow, "files");
        row.message.back = true;
        for (column, value) in [("began", began), ("ended", ended), ("part-url", "pump.example/big")] {
            row.put(column, value);
        }
        row.show("part-start", start);
        row.put("part-of", "1000");
        row.put("seen_bytes", "100");
        row.message
    }

    #[test]
    fn parts_of_one_file_are_told_together_once_for_each_connection() {
        let mut parted = Parted::default();
        for (nth, (port, start)) in (0..).zip([(1, 0), (2, 500), (1, 200)]) {
            let message = part(port, start, "1700000000.000000", "1700000000.250000");
            assert!(parted.row(&message, Timestamp::UNIX_EPOCH, nth, &format!("C{port}")).is_none());
        }
        let rows = parted.finish();
        assert_eq!(rows.iter().map(|(uid, _)| uid.as_str()).collect::<Vec<_>>(), ["C1", "C2"]);
        for (_, row) in &rows {
            let of = |column: &str| field(&row.message, column).map(Text::as_str);
            assert_eq!(of("fuid"), field(&rows[0].1.message, "fuid").map(Text::as_str));
            assert_eq!(
                (of("seen_bytes"), of("missing_bytes"), of("total_bytes")),
                (Some("300"), Some("300"), Some("1000"))
            );
            assert_eq!((of("duration"), of("timedout")), (Some("0.250000"), Some("T")));
        }
    }
}
