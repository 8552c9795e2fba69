//! RADIUS: Zeek's log of who was let in.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[Log {
    path: "radius",
    head: Head::Ends,
    columns: &[
        ("username", "string"),
        ("mac", "string"),
        ("framed_addr", "addr"),
        ("tunnel_client", "string"),
        ("connect_info", "string"),
        ("reply_msg", "string"),
        ("result", "string"),
        ("ttl", "interval"),
    ],
}];
