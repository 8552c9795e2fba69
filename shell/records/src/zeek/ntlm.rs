//! NTLM: Zeek's log of log-ons.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[Log {
    path: "ntlm",
    head: Head::Ends,
    columns: &[
        ("username", "string"),
        ("hostname", "string"),
        ("domainname", "string"),
        ("server_nb_computer_name", "string"),
        ("server_dns_computer_name", "string"),
        ("server_tree_name", "string"),
        ("success", "bool"),
    ],
}];
