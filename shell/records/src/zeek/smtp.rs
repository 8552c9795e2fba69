//! SMTP: Zeek's log.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[Log {
    path: "smtp",
    head: Head::Ends,
    columns: &[
        ("trans_depth", "count"),
        ("helo", "string"),
        ("mailfrom", "string"),
        ("rcptto", "set[string]"),
        ("date", "string"),
        ("from", "string"),
        ("to", "set[string]"),
        ("cc", "set[string]"),
        ("reply_to", "string"),
        ("msg_id", "string"),
        ("in_reply_to", "string"),
        ("subject", "string"),
        ("x_originating_ip", "addr"),
        ("first_received", "string"),
        ("second_received", "string"),
        ("last_reply", "string"),
        ("path", "vector[addr]"),
        ("user_agent", "string"),
        ("tls", "bool"),
        ("fuids", "vector[string]"),
    ],
}];
