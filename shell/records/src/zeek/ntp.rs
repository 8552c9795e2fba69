//! ntp.log: a row for each message about the time.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[Log {
    path: "ntp",
    head: Head::Ends,
    columns: &[
        ("version", "count"),
        ("mode", "count"),
        ("stratum", "count"),
        ("poll", "interval"),
        ("precision", "interval"),
        ("root_delay", "interval"),
        ("root_disp", "interval"),
        ("ref_id", "string"),
        ("ref_time", "time"),
        ("org_time", "time"),
        ("rec_time", "time"),
        ("xmt_time", "time"),
        ("num_exts", "count"),
    ],
}];
