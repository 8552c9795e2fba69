//! The logs of ICSNPP's parser of EtherNet/IP and CIP.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[
    Log {
        path: "enip",
        head: Head::Sides,
        columns: &[
            ("enip_command_code", "string"),
            ("enip_command", "string"),
            ("length", "count"),
            ("session_handle", "string"),
            ("enip_status", "string"),
            ("sender_context", "string"),
            ("options", "string"),
        ],
    },
    Log {
        path: "cip",
        head: Head::Sides,
        columns: &[
            ("cip_sequence_count", "count"),
            ("direction", "string"),
            ("cip_service_code", "string"),
            ("cip_service", "string"),
            ("cip_status_code", "string"),
            ("cip_status", "string"),
            ("cip_extended_status_code", "string"),
            ("cip_extended_status", "string"),
            ("class_id", "string"),
            ("class_name", "string"),
            ("instance_id", "string"),
            ("attribute_id", "string"),
        ],
    },
    Log {
        path: "cip_io",
        head: Head::Sides,
        columns: &[
            ("connection_id", "string"),
            ("sequence_number", "count"),
            ("data_length", "count"),
            ("io_data", "string"),
        ],
    },
    Log {
        path: "cip_identity",
        head: Head::Sides,
        columns: &[
            ("encapsulation_version", "count"),
            ("socket_address", "addr"),
            ("socket_port", "count"),
            ("vendor_id", "count"),
            ("vendor_name", "string"),
            ("device_type_id", "count"),
            ("device_type_name", "string"),
            ("product_code", "count"),
            ("revision", "string"),
            ("device_status", "string"),
            ("serial_number", "string"),
            ("product_name", "string"),
            ("device_state", "string"),
        ],
    },
];
