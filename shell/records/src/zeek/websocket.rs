//! Zeek's websocket.log.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[Log {
    path: "websocket",
    head: Head::Ends,
    columns: &[
        ("host", "string"),
        ("uri", "string"),
        ("user_agent", "string"),
        ("subprotocol", "string"),
        ("client_protocols", "vector[string]"),
        ("server_extensions", "vector[string]"),
        ("client_extensions", "vector[string]"),
    ],
}];
