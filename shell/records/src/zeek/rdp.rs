//! RDP: Zeek's log of remote desktops.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[Log {
    path: "rdp",
    head: Head::Ends,
    columns: &[
        ("cookie", "string"),
        ("result", "string"),
        ("security_protocol", "string"),
        ("client_channels", "vector[string]"),
        ("keyboard_layout", "string"),
        ("client_build", "string"),
        ("client_name", "string"),
        ("client_dig_product_id", "string"),
        ("desktop_width", "count"),
        ("desktop_height", "count"),
        ("requested_color_depth", "string"),
        ("cert_type", "string"),
        ("cert_count", "count"),
        ("cert_permanent", "bool"),
        ("encryption_level", "string"),
        ("encryption_method", "string"),
    ],
}];
