//! Zeek's ocsp.log: what is said of certificates that may have been withdrawn.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[Log {
    path: "ocsp",
    head: Head::Time,
    columns: &[
        ("id", "string"),
        ("hashAlgorithm", "string"),
        ("issuerNameHash", "string"),
        ("issuerKeyHash", "string"),
        ("serialNumber", "string"),
        ("certStatus", "string"),
        ("revoketime", "time"),
        ("revokereason", "string"),
        ("thisUpdate", "time"),
        ("nextUpdate", "time"),
    ],
}];
