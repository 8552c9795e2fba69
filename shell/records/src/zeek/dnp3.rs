//! Zeek's dnp3.log, and ICSNPP's logs of DNP3 controls and objects.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[
    Log {
        path: "dnp3",
        head: Head::Ends,
        columns: &[("fc_request", "string"), ("fc_reply", "string"), ("iin", "count")],
    },
    Log {
        path: "dnp3_control",
        head: Head::Sides,
        columns: &[
            ("block_type", "string"),
            ("function_code", "string"),
            ("index_number", "count"),
            ("trip_control_code", "string"),
            ("operation_type", "string"),
            ("clear_bit", "bool"),
            ("execute_count", "count"),
            ("on_time", "count"),
            ("off_time", "count"),
            ("status_code", "string"),
        ],
    },
    Log {
        path: "dnp3_objects",
        head: Head::Sides,
        columns: &[
            ("function_code", "string"),
            ("object_type", "string"),
            ("object_count", "count"),
            ("range_low", "count"),
            ("range_high", "count"),
        ],
    },
];
