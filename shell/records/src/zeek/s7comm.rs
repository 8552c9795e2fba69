//! The logs of ICSNPP's parser of COTP, S7comm and S7comm-plus.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[
    Log { path: "cotp", head: Head::Sides, columns: &[("pdu_code", "string"), ("pdu_name", "string")] },
    Log {
        path: "s7comm",
        head: Head::Sides,
        columns: &[
            ("rosctr_code", "count"),
            ("rosctr_name", "string"),
            ("pdu_reference", "count"),
            ("function_code", "string"),
            ("function_name", "string"),
            ("subfunction_code", "string"),
            ("subfunction_name", "string"),
            ("error_class", "string"),
            ("error_code", "string"),
        ],
    },
    Log {
        path: "s7comm_known_devices",
        head: Head::SidesUnset,
        columns: &[
            ("automation_system_name", "string"),
            ("module_name", "string"),
            ("plant_name", "string"),
            ("module_serial", "string"),
        ],
    },
    Log {
        path: "s7comm_plus",
        head: Head::Sides,
        columns: &[
            ("version", "count"),
            ("opcode", "string"),
            ("opcode_name", "string"),
            ("function_code", "string"),
            ("function_name", "string"),
        ],
    },
    Log {
        path: "s7comm_read_szl",
        head: Head::Sides,
        columns: &[
            ("pdu_reference", "count"),
            ("method", "string"),
            ("szl_id", "string"),
            ("szl_id_name", "string"),
            ("szl_index", "string"),
            ("return_code", "string"),
            ("return_code_name", "string"),
        ],
    },
    Log {
        path: "s7comm_upload_download",
        head: Head::Sides,
        columns: &[
            ("rosctr", "string"),
            ("pdu_reference", "count"),
            ("function_name", "string"),
            ("function_status", "string"),
            ("session_id", "count"),
            ("blocklength", "count"),
            ("filename", "string"),
            ("block_type", "string"),
            ("block_number", "string"),
            ("destination_filesystem", "string"),
        ],
    },
];
