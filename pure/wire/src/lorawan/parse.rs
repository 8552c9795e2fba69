//! Bytes to messages.

use super::message::{Body, Identifier, Message};
use crate::cursor::Cursor;
use crate::json;

/// Reads a datagram; `None` if it is not a message of the packet forwarder.
pub fn parse_message(bytes: &[u8]) -> Option<Message<'_>> {
    let mut cursor = Cursor::new(bytes);
    let version = cursor.u8().filter(|version| matches!(version, 1 | 2))?;
    let token = cursor.u16()?;
    let identifier = Identifier(cursor.u8()?);
    let gateway = if identifier.is_of_gateway() { Some(cursor.array::<8>()?) } else { None };
    let rest = cursor.rest();
    let body = match identifier {
        Identifier::PUSH_DATA | Identifier::PULL_RESP => Body::Json(json::parse_value(rest)?),
        // A TX_ACK without a body says that all is well; some senders put spaces there.
        Identifier::TX_ACK if !rest.trim_ascii().is_empty() => Body::Json(json::parse_value(rest)?),
        Identifier::TX_ACK => Body::Nothing,
        Identifier::PUSH_ACK | Identifier::PULL_DATA | Identifier::PULL_ACK if rest.is_empty() => {
            Body::Nothing
        }
        _ => return None,
    };
    Some(Message { version, token, identifier, gateway, body })
}
