//! Genisys: the serial protocol between a railway's control office and its field units (Union Switch & Signal, later
//! Ansaldo STS and Hitachi), carried as it is over TCP or UDP.
//!
//! Read: every message with its check word and escapes; control, indication and checkback bytes by address. Nothing
//! proves who asks, so that controls that a unit accepts show a weakness.
//!
//! Not read: what the bits of a control or an indication mean, which only a unit's own plan tells.
//!
//! One [`city::Request`] is one message of the office with the unit's answer. The target's unit is the station; its
//! numbers are the first and last byte asked for or told: `1/indication 0..55`, `1/control 3`, `1/configuration 224`.

mod conversation;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use parse::Found;

/// Reads Genisys.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Genisys, recognise, open: conversation::open };

/// The port that serial converters listen on.
pub(super) const PORT: u16 = 10_001;

/// Recognises a message by its check word; one without passes at the usual port, if it is as short as it must be.
fn recognise(opening: &Opening<'_>) -> Recognition {
    let at_port = opening.on_port(PORT);
    let bytes = opening.first_bytes();
    match parse::parse_message(bytes) {
        Found::Nothing => Recognition::No,
        Found::More if opening.is_udp() => Recognition::No,
        Found::More => Recognition::More,
        Found::Message(message, used) => {
            let is_alone = used == bytes.len();
            let is_right = message.check.is_some_and(|check| check.is_right());
            if is_right && message.data.len() % 2 == 0 && (is_alone || opening.is_tcp()) {
                Recognition::Yes(Sureness::ByStructure)
            } else if at_port && is_alone && (message.check.is_none() || is_right) {
                Recognition::Yes(Sureness::ByPort)
            } else {
                Recognition::No
            }
        }
    }
}
