//! Bytes to messages.

use super::message::Message;
use serde_json::Value;

/// The longest text by which a call may be known: the standard has 36 characters, some stations more.
const ID_MAX: usize = 128;

/// The longest name of an action.
const ACTION_MAX: usize = 64;

/// Reads a message. `None` if it is none.
pub fn parse_message(bytes: &[u8]) -> Option<Message> {
    // How deep JSON may be nested is bounded by its reader, and how long it may be by whoever calls.
    let Value::Array(items) =
        serde_json::from_slice(bytes.trim_ascii_start().starts_with(b"[").then_some(bytes)?).ok()?
    else {
        return None;
    };
    let mut items = items.into_iter();
    let kind = items.next()?.as_u64()?;
    let Value::String(id) = items.next()? else { return None };
    if id.len() > ID_MAX {
        return None;
    }
    match kind {
        2 | 6 => {
            let (Value::String(action), payload @ Value::Object(_)) = (items.next()?, items.next()?) else {
                return None;
            };
            let is_name = (1..=ACTION_MAX).contains(&action.len())
                && action.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            is_name.then_some(Message::Call { id, action, payload, is_answered: kind == 2 })
        }
        3 => Some(Message::Result { id, payload: items.next()? }),
        4 => match items.next()? {
            Value::String(code) => Some(Message::Error { id, code }),
            _ => None,
        },
        _ => None,
    }
}
