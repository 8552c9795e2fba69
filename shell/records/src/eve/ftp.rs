//! `ftp`: each command with its replies. `ftp_data`, which tells of the files that data connections carry, is not
//! written: nothing in them is read.

use super::event::{Event, Object, Value, all, plain};
use city::Message;

/// The event of a command.
pub(super) fn event(message: &Message) -> Event {
    let fields = &message.fields;
    let mut body = Object::default();
    body.text("command", fields, "command");
    body.plain("command_data", fields, "argument");
    let texts = |key: &str| all(fields, key).map(|text| Value::Text(plain(text))).collect::<Vec<_>>();
    let (replies, codes) = (texts("reply"), texts("code"));
    let is_answered = !codes.is_empty();
    for (name, list) in [("reply", replies), ("completion_code", codes)] {
        if !list.is_empty() {
            body.put(name, list);
        }
    }
    body.number("dynamic_port", fields, "port");
    body.text("mode", fields, "mode");
    body.put("reply_received", if is_answered { "yes" } else { "no" });
    Event::by_sender("ftp", message, body)
}
