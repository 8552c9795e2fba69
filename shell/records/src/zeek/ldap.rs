//! LDAP: Zeek's logs of its messages and of its searches.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[
    Log {
        path: "ldap",
        head: Head::Ends,
        columns: &[
            ("message_id", "int"),
            ("version", "int"),
            ("opcode", "string"),
            ("result", "string"),
            ("diagnostic_message", "string"),
            ("object", "string"),
            ("argument", "string"),
        ],
    },
    Log {
        path: "ldap_search",
        head: Head::Ends,
        columns: &[
            ("message_id", "int"),
            ("scope", "string"),
            ("deref_aliases", "string"),
            ("base_object", "string"),
            ("result_count", "count"),
            ("result", "string"),
            ("diagnostic_message", "string"),
            ("filter", "string"),
            ("attributes", "vector[string]"),
        ],
    },
];
