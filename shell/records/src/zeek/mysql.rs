//! MySQL: Zeek's log of commands.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[Log {
    path: "mysql",
    head: Head::Ends,
    columns: &[
        ("cmd", "string"),
        ("arg", "string"),
        ("success", "bool"),
        ("rows", "count"),
        ("response", "string"),
    ],
}];
