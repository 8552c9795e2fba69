//! snmp.log: a row for each conversation.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[Log {
    path: "snmp",
    head: Head::Ends,
    columns: &[
        ("duration", "interval"),
        ("version", "string"),
        ("community", "string"),
        ("get_requests", "count"),
        ("get_bulk_requests", "count"),
        ("get_responses", "count"),
        ("set_requests", "count"),
        ("display_string", "string"),
        ("up_since", "time"),
    ],
}];
