//! Zeek's analyzer.log: conversations that are not as their protocol says.

use super::log::{Head, Log};
use city::{Message, Text};

pub(super) const LOGS: &[Log] = &[Log {
    path: "analyzer",
    head: Head::Time,
    columns: &[
        ("analyzer_kind", "string"),
        ("analyzer_name", "string"),
        ("uid", "string"),
        ("fuid", "string"),
        ("id.orig_h", "addr"),
        ("id.orig_p", "port"),
        ("id.resp_h", "addr"),
        ("id.resp_p", "port"),
        ("proto", "enum"),
        ("failure_reason", "string"),
        ("failure_data", "string"),
    ],
}];

/// The analyser that gives up: its service is none then, to Zeek.
pub(super) fn gives_up(message: &Message) -> Option<&Text> {
    message.fields.iter().find(|(column, _)| column == "analyzer_name").map(|(_, name)| name)
}
