//! Zeek's files.log: what was transferred, whatever carried it.

use super::{
    conn::is_local,
    dns::timestamp,
    log::{Head, Log},
    row::Row,
    uid,
};
use city::Message;
use jiff::Timestamp;

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

/// The row of a file, the `nth` that is told of.
pub(super) fn row(message: &Message, time: Timestamp, nth: u64) -> Row {
    let mut row = Row { time: None, message: message.clone() };
    let began = message.fields.iter().find(|(name, _)| name == "began");
    row.time = began.and_then(|(_, began)| timestamp(began));
    let sender = if message.back { message.flow.destination } else { message.flow.source };
    row.flag("local_orig", is_local(sender));
    row.put("fuid", uid::of_file(&message.flow, time, nth));
    row
}
