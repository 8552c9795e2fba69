//! SSH: Zeek's log.

use super::{
    conn::is_local,
    log::{Head, Log},
};
use city::{Message, Text};

pub(super) const LOGS: &[Log] = &[Log {
    path: "ssh",
    head: Head::Ends,
    columns: &[
        ("version", "count"),
        ("auth_success", "bool"),
        ("auth_attempts", "count"),
        ("direction", "enum"),
        ("client", "string"),
        ("server", "string"),
        ("cipher_alg", "string"),
        ("mac_alg", "string"),
        ("compression_alg", "string"),
        ("kex_alg", "string"),
        ("host_key_alg", "string"),
        ("host_key_fingerprint", "string"),
    ],
}];

/// The row, with which way it goes: whether into or out of what is local.
pub(super) fn row(message: &Message) -> Message {
    let mut row = message.clone();
    let direction = match (is_local(message.flow.source), is_local(message.flow.destination)) {
        (true, false) => "OUTBOUND",
        (false, true) => "INBOUND",
        _ => return row,
    };
    row.fields.push((Text::const_new("direction"), Text::const_new(direction)));
    row
}
