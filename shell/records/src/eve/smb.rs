//! `smb`: each command of versions 2 and 3 with its reply, and the offer by which a client of version 1 comes to them.
//! Commands of version 1, pipes and the calls in them have no events.

use super::event::{Event, Object, Value, all, detail, number, plain};
use city::{Details, Message};

/// The event of a command.
pub(super) fn event(message: &Message) -> Event {
    let fields = &message.fields;
    let mut body = Object::default();
    body.number("id", fields, "id");
    body.put("dialect", detail(fields, "dialect").unwrap_or("unknown"));
    body.text("command", fields, "command");
    if let Some(code) = number(fields, "status") {
        body.put("status", status(code));
        body.put("status_code", format!("{code:#x}"));
    }
    body.number("session_id", fields, "session");
    body.number("tree_id", fields, "tree");
    body.plain("filename", fields, "filename");
    for (name, key) in [
        ("share", "share"),
        ("share_type", "share-type"),
        ("disposition", "disposition"),
        ("access", "access"),
    ] {
        body.text(name, fields, key);
    }
    for key in ["created", "accessed", "modified", "changed", "size"] {
        body.number(key, fields, key);
    }
    body.text("fuid", fields, "file");
    let dialects: Vec<Value> = all(fields, "dialect-offered").map(Value::from).collect();
    if !dialects.is_empty() {
        body.put("client_dialects", dialects);
    }
    body.text("client_guid", fields, "client-guid");
    body.text("server_guid", fields, "server-guid");
    body.unless_empty("ntlmssp", log_on(fields));
    if let Some(realm) = detail(fields, "realm") {
        let mut kerberos = Object::default();
        kerberos.put("realm", plain(realm));
        let parts = detail(fields, "service").unwrap_or_default().split('/');
        kerberos.put("snames", parts.map(|part| Value::Text(plain(part))).collect::<Vec<_>>());
        body.put("kerberos", kerberos);
    }
    Event::by_sender("smb", message, body)
}

fn log_on(fields: &Details) -> Object {
    let mut log_on = Object::default();
    for key in ["domain", "user", "host"] {
        log_on.plain(key, fields, key);
    }
    log_on.text("version", fields, "version");
    log_on
}

/// A status by its name (MS-ERREF clause 2.3.1), of those that come up; the number of another.
fn status(code: u64) -> String {
    let named = match code {
        0 => "STATUS_SUCCESS",
        0x0000_0103 => "STATUS_PENDING",
        0x0000_010b => "STATUS_NOTIFY_CLEANUP",
        0x0000_010c => "STATUS_NOTIFY_ENUM_DIR",
        0x8000_0005 => "STATUS_BUFFER_OVERFLOW",
        0x8000_0006 => "STATUS_NO_MORE_FILES",
        0xc000_0001 => "STATUS_UNSUCCESSFUL",
        0xc000_0003 => "STATUS_INVALID_INFO_CLASS",
        0xc000_0008 => "STATUS_INVALID_HANDLE",
        0xc000_000d => "STATUS_INVALID_PARAMETER",
        0xc000_000f => "STATUS_NO_SUCH_FILE",
        0xc000_0010 => "STATUS_INVALID_DEVICE_REQUEST",
        0xc000_0011 => "STATUS_END_OF_FILE",
        0xc000_0016 => "STATUS_MORE_PROCESSING_REQUIRED",
        0xc000_0022 => "STATUS_ACCESS_DENIED",
        0xc000_0023 => "STATUS_BUFFER_TOO_SMALL",
        0xc000_0033 => "STATUS_OBJECT_NAME_INVALID",
        0xc000_0034 => "STATUS_OBJECT_NAME_NOT_FOUND",
        0xc000_0035 => "STATUS_OBJECT_NAME_COLLISION",
        0xc000_003a => "STATUS_OBJECT_PATH_NOT_FOUND",
        0xc000_0043 => "STATUS_SHARING_VIOLATION",
        0xc000_0054 => "STATUS_FILE_LOCK_CONFLICT",
        0xc000_0056 => "STATUS_DELETE_PENDING",
        0xc000_0064 => "STATUS_NO_SUCH_USER",
        0xc000_006a => "STATUS_WRONG_PASSWORD",
        0xc000_006d => "STATUS_LOGON_FAILURE",
        0xc000_006e => "STATUS_ACCOUNT_RESTRICTION",
        0xc000_0070 => "STATUS_INVALID_WORKSTATION",
        0xc000_0071 => "STATUS_PASSWORD_EXPIRED",
        0xc000_0072 => "STATUS_ACCOUNT_DISABLED",
        0xc000_00ac => "STATUS_PIPE_NOT_AVAILABLE",
        0xc000_00b5 => "STATUS_IO_TIMEOUT",
        0xc000_00ba => "STATUS_FILE_IS_A_DIRECTORY",
        0xc000_00bb => "STATUS_NOT_SUPPORTED",
        0xc000_00c9 => "STATUS_NETWORK_NAME_DELETED",
        0xc000_00cc => "STATUS_BAD_NETWORK_NAME",
        0xc000_0101 => "STATUS_DIRECTORY_NOT_EMPTY",
        0xc000_0120 => "STATUS_CANCELLED",
        0xc000_0128 => "STATUS_FILE_CLOSED",
        0xc000_015b => "STATUS_LOGON_TYPE_NOT_GRANTED",
        0xc000_0203 => "STATUS_USER_SESSION_DELETED",
        0xc000_0225 => "STATUS_NOT_FOUND",
        0xc000_0234 => "STATUS_ACCOUNT_LOCKED_OUT",
        0xc000_0257 => "STATUS_PATH_NOT_COVERED",
        0xc000_035c => "STATUS_NETWORK_SESSION_EXPIRED",
        other => return format!("{other}"),
    };
    named.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_on_is_named_and_proves_nothing() {
        let pairs =
            [("domain", "DEPOT"), ("user", "keeper"), ("host", ""), ("version", "10.0 build 1 rev 15")];
        let fields: Details = pairs.map(|(name, value)| (name.into(), value.into())).into();
        assert_eq!(
            super::super::event::rendered(&log_on(&fields)),
            r#"{"domain":"DEPOT","user":"keeper","host":"","version":"10.0 build 1 rev 15"}"#
        );
        assert_eq!(status(0xc000_0022), "STATUS_ACCESS_DENIED");
        assert_eq!(status(0x1234), "4660");
    }
}
