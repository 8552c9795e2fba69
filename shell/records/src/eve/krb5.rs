//! `krb5`: each question to a key distribution centre, and each answer.

use super::event::{Event, Object, detail, plain};
use city::Message;

/// The event of a message.
pub(super) fn event(message: &Message) -> Event {
    let fields = &message.fields;
    let mut body = Object::default();
    body.text("msg_type", fields, "type");
    body.text("failed_request", fields, "failed");
    body.text("error_code", fields, "error");
    for (name, key) in [("cname", "client"), ("realm", "realm"), ("sname", "service")] {
        let value = detail(fields, key).filter(|value| !value.is_empty()).unwrap_or("<empty>");
        body.put(name, plain(value));
    }
    body.put("encryption", detail(fields, "cipher").unwrap_or("<none>"));
    body.truth("weak_encryption", fields, "weak");
    body.text("ticket_encryption", fields, "ticket-cipher");
    body.maybe_truth("ticket_weak_encryption", fields, "ticket-weak");
    Event::by_sender("krb5", message, body)
}
