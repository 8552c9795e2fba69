//! FTP: Zeek's log.

use super::log::{Head, Log};

pub(super) const LOGS: &[Log] = &[Log {
    path: "ftp",
    head: Head::Ends,
    columns: &[
        ("user", "string"),
        ("password", "string"),
        ("command", "string"),
        ("arg", "string"),
        ("mime_type", "string"),
        ("file_size", "count"),
        ("reply_code", "count"),
        ("reply_msg", "string"),
        ("data_channel.passive", "bool"),
        ("data_channel.orig_h", "addr"),
        ("data_channel.resp_h", "addr"),
        ("data_channel.resp_p", "port"),
        ("fuid", "string"),
    ],
}];
