//! PostgreSQL: Zeek's log of requests for encryption and of simple queries. Logins have no row here: what Zeek writes of
//! them is not documented.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[Log {
    path: "postgresql",
    head: Head::Ends,
    columns: &[
        ("user", "string"),
        ("database", "string"),
        ("application_name", "string"),
        ("frontend", "string"),
        ("frontend_arg", "string"),
        ("success", "bool"),
        ("backend", "string"),
        ("backend_arg", "string"),
        ("rows", "count"),
    ],
}];
