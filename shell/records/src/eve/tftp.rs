//! `tftp`: each request to read or to write a file.

use super::event::{Event, Object};
use city::Message;

/// The event of a request.
pub(super) fn event(message: &Message) -> Event {
    let mut body = Object::default();
    body.text("packet", &message.fields, "packet");
    body.plain("file", &message.fields, "file");
    body.text("mode", &message.fields, "mode");
    Event::by_sender("tftp", message, body)
}
