//! The logs of BSAP, as ICSNPP's parser has them.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[
    Log {
        path: "bsap_ip_header",
        head: Head::Sides,
        columns: &[("num_msg", "count"), ("type_name", "string")],
    },
    Log {
        path: "bsap_ip_rdb",
        head: Head::Sides,
        columns: &[
            ("header_size", "count"),
            ("mes_seq", "count"),
            ("res_seq", "count"),
            ("data_len", "count"),
            ("sequence", "count"),
            ("app_func_code", "string"),
            ("node_status", "count"),
            ("func_code", "string"),
            ("variable_count", "count"),
            ("variables", "vector[string]"),
            ("variable_value", "vector[string]"),
        ],
    },
    Log { path: "bsap_ip_unknown", head: Head::Sides, columns: &[("data", "string")] },
    Log {
        path: "bsap_serial_header",
        head: Head::Sides,
        columns: &[
            ("ser", "count"),
            ("dadd", "count"),
            ("sadd", "count"),
            ("ctl", "count"),
            ("dfun", "string"),
            ("seq", "count"),
            ("sfun", "string"),
            ("nsb", "count"),
            ("type_name", "string"),
        ],
    },
    Log {
        path: "bsap_serial_rdb",
        head: Head::Sides,
        columns: &[
            ("func_code", "string"),
            ("variable_count", "count"),
            ("variables", "vector[string]"),
            ("variable_value", "vector[string]"),
        ],
    },
    Log {
        path: "bsap_serial_rdb_ext",
        head: Head::Sides,
        columns: &[
            ("dfun", "string"),
            ("seq", "count"),
            ("sfun", "string"),
            ("nsb", "count"),
            ("extfun", "string"),
            ("data", "string"),
        ],
    },
    Log { path: "bsap_serial_unknown", head: Head::Sides, columns: &[("data", "string")] },
];
