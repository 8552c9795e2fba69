//! RFB: Zeek's log of who looks at whose screen.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[Log {
    path: "rfb",
    head: Head::Ends,
    columns: &[
        ("client_major_version", "string"),
        ("client_minor_version", "string"),
        ("server_major_version", "string"),
        ("server_minor_version", "string"),
        ("authentication_method", "string"),
        ("auth", "bool"),
        ("share_flag", "bool"),
        ("desktop_name", "string"),
        ("width", "count"),
        ("height", "count"),
    ],
}];
