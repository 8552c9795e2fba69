//! Genisys: the log of ICSNPP's genisys.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[Log {
    path: "genisys",
    head: Head::Ends,
    columns: &[
        ("proto", "enum"),
        ("header", "string"),
        ("server", "count"),
        ("direction", "string"),
        ("crc_transmitted", "string"),
        ("crc_calculated", "string"),
        ("payload", "vector[string]"),
    ],
}];
