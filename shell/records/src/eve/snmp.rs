//! `snmp`: each message, with the objects that it is about. The community is `(hidden)`: it is a password.

use super::event::{Event, Object, Value, all, detail, number};
use city::Message;

/// The event of a message.
pub(super) fn event(message: &Message) -> Event {
    let fields = &message.fields;
    let mut body = Object::default();
    body.number("version", fields, "version");
    let unit = detail(fields, "unit").unwrap_or_default();
    body.put("pdu_type", name(unit));
    body.maybe("error", number(fields, "error").map(error));
    if let Some(generic) = number(fields, "generic-trap") {
        body.put("trap_type", trap(generic));
    }
    body.text("trap_oid", fields, "enterprise");
    body.text("trap_address", fields, "agent");
    let objects: Vec<Value> = all(fields, "object").map(Value::from).collect();
    if !objects.is_empty() {
        body.put("vars", objects);
    }
    body.text("community", fields, "community");
    body.plain("usm", fields, "user");
    Event::by_sender("snmp", message, body)
}

/// A unit by Suricata's name.
fn name(unit: &str) -> &str {
    match unit {
        "get" => "get_request",
        "get-next" => "get_next_request",
        "get-bulk" => "get_bulk_request",
        "set" => "set_request",
        "inform" => "inform_request",
        "trap-1" => "trap_v1",
        "trap" => "trap_v2",
        other => other,
    }
}

/// A generic trap of version 1 (RFC 1157 clause 4.1.6).
fn trap(generic: u64) -> String {
    let named = match generic {
        0 => "coldStart",
        1 => "warmStart",
        2 => "linkDown",
        3 => "linkUp",
        4 => "authenticationFailure",
        5 => "egpNeighborLoss",
        6 => "enterpriseSpecific",
        other => return other.to_string(),
    };
    named.to_owned()
}

/// The status of an error (RFC 3416 clause 3).
fn error(status: u64) -> String {
    const NAMES: [&str; 19] = [
        "noError",
        "tooBig",
        "noSuchName",
        "badValue",
        "readOnly",
        "genErr",
        "noAccess",
        "wrongType",
        "wrongLength",
        "wrongEncoding",
        "wrongValue",
        "noCreation",
        "inconsistentValue",
        "resourceUnavailable",
        "commitFailed",
        "undoFailed",
        "authorizationError",
        "notWritable",
        "inconsistentName",
    ];
    let named = usize::try_from(status).ok().and_then(|status| NAMES.get(status));
    named.map_or_else(|| status.to_string(), |name| (*name).to_owned())
}
