//! sip.log: a row for each reply, and for what was not replied to.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[Log {
    path: "sip",
    head: Head::Ends,
    columns: &[
        ("trans_depth", "count"),
        ("method", "string"),
        ("uri", "string"),
        ("date", "string"),
        ("request_from", "string"),
        ("request_to", "string"),
        ("response_from", "string"),
        ("response_to", "string"),
        ("reply_to", "string"),
        ("call_id", "string"),
        ("seq", "string"),
        ("subject", "string"),
        ("request_path", "vector[string]"),
        ("response_path", "vector[string]"),
        ("user_agent", "string"),
        ("status_code", "count"),
        ("status_msg", "string"),
        ("warning", "string"),
        ("request_body_len", "count"),
        ("response_body_len", "count"),
        ("content_type", "string"),
    ],
}];
