//! Zeek's quic.log.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[Log {
    path: "quic",
    head: Head::Ends,
    columns: &[
        ("version", "string"),
        ("client_initial_dcid", "string"),
        ("client_scid", "string"),
        ("server_scid", "string"),
        ("server_name", "string"),
        ("client_protocol", "string"),
        ("history", "string"),
    ],
}];
