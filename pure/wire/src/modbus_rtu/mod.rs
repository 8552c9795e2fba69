//! Modbus RTU frames over TCP or UDP: MODBUS over Serial Line Specification V1.02, as device servers carry what goes
//! over a serial line into a network, without the header of Modbus/TCP.
//!
//! Read: everything that is read of Modbus/TCP, with the same targets, values and details; the same reader does it.
//! No port is usual. A frame is known by its check word, its length and data that fit the function, so that no reply
//! is taken for a request, whichever end opened the connection.
//!
//! Not read: frames in ASCII; frames whose check word is wrong, as a disturbed line makes them, which are passed over.
//!
//! One [`city::Request`] is one request with its reply; details as of `modbus`, with two differences: the `transaction`
//! is counted here, since frames have no number, and a length is that of the frame without its check word.

mod conversation;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::{Reader, Side};
use crate::modbus::{FunctionCode, Message, fits_request, fits_response};
use crate::recognise::{Opening, Recognition, Sureness};
use crate::roc_plus;
use city::Protocol;
use message::{FRAME_MAX, Found, Length, UNIT_MAX};

/// Reads Modbus RTU.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::ModbusRtu, recognise, open: conversation::open };

/// Recognises a whole frame by its check word and by data that fit the function.
fn recognise(opening: &Opening<'_>) -> Recognition {
    let bytes = opening.first_bytes();
    // Eight bytes with this check word can be ROC Plus as well, and at its port they are.
    if !may_be_frame(bytes) || opening.on_port(roc_plus::PORT) {
        return Recognition::No;
    }
    let fits = |message: &Message<'_>| fits_request(message) || fits_response(message);
    match parse::parse_frame(bytes) {
        Found::Frame(message, used) if fits(&message) => {
            let next = bytes.get(used..).unwrap_or_default();
            // What is behind it, if anything, is another frame.
            let goes_on = next.is_empty() || opening.is_tcp() && may_be_frame(next);
            if !goes_on {
                return Recognition::No;
            }
            // Eight bytes with this check word can be a message of ROC Plus as well; then the reply tells.
            match (roc_plus::READER.recognise)(opening) {
                Recognition::No => Recognition::Yes(Sureness::ByStructure),
                Recognition::More => match parse::parse_frame(reply(opening)) {
                    Found::Frame(reply, _) if fits_response(&reply) => {
                        Recognition::Yes(Sureness::ByStructure)
                    }
                    Found::More => Recognition::More,
                    Found::Frame(..) | Found::Nothing => Recognition::No,
                },
                Recognition::Yes(_) => Recognition::No,
            }
        }
        Found::More if opening.is_tcp() => match parse::request_length(bytes) {
            // A request that comes in pieces.
            Length::Known(length) if bytes.len() < length && length <= FRAME_MAX => Recognition::More,
            _ => Recognition::No,
        },
        _ => Recognition::No,
    }
}

/// What was said second.
fn reply<'a>(opening: &Opening<'a>) -> &'a [u8] {
    match opening.first {
        Side::Source => opening.from_destination,
        Side::Destination => opening.from_source,
    }
}

/// Whether bytes begin with a unit and a public function, and perhaps a frame.
fn may_be_frame(bytes: &[u8]) -> bool {
    let [unit, function, ..] = bytes else { return false };
    *unit <= UNIT_MAX
        && FunctionCode(*function).asked().is_public()
        && parse::parse_frame(bytes) != Found::Nothing
}
