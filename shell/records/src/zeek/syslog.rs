//! Syslog: Zeek's log.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[Log {
    path: "syslog",
    head: Head::Ends,
    columns: &[("proto", "enum"), ("facility", "string"), ("severity", "string"), ("message", "string")],
}];
