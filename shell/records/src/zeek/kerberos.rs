//! Kerberos: Zeek's log of tickets asked for and shown.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[Log {
    path: "kerberos",
    head: Head::Ends,
    columns: &[
        ("request_type", "string"),
        ("client", "string"),
        ("service", "string"),
        ("success", "bool"),
        ("error_msg", "string"),
        ("from", "time"),
        ("till", "time"),
        ("cipher", "string"),
        ("forwardable", "bool"),
        ("renewable", "bool"),
        ("client_cert_subject", "string"),
        ("client_cert_fuid", "string"),
        ("server_cert_subject", "string"),
        ("server_cert_fuid", "string"),
        // Of a script that Zeek loads if told to.
        ("auth_ticket_sha256", "string"),
        ("new_ticket_sha256", "string"),
    ],
}];
