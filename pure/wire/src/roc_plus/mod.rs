//! ROC Plus: how Emerson's ROC800 and `FloBoss` flow computers are asked, by the ROC Plus Protocol Specifications
//! Manual (D301180X012).
//!
//! Read, over TCP and UDP: the header, the check, and the data of opcodes 6, 7, 8, 10, 11, 17, 24, 50, 100, 105, 108,
//! 118, 119, 135 to 139, 166, 167, 203, 206, 224, 225 and 255. Of 180, 181 and 205 the parameters' types are known to
//! the device alone, so that their data are told as they are. A message whose check is wrong is passed over; the check
//! is taken as good with either seed that is in use, 0 and 65535.
//!
//! A login's password crosses the network readable: that it did is told, its value never. Session keys are kept back
//! too, as are the logon parameters (point type 92), wherever they are read, written or passed on.
//!
//! In the logs, numbers of several bytes are read with the most significant first and floating-point values as whole
//! numbers, as the peer writes them; that is how the field's logs look. The manual has the least significant byte
//! first, so that requests tell no number of several bytes, except the clock's year, which is read whichever way makes
//! sense.
//!
//! Not read: the older ROC protocol's opcodes, which are told by number.
//!
//! The target is the address of the unit, the kind of thing (`parameter`, `history`, `file`, …), and its name: a
//! parameter by its type, logical number and number, a file by its path.

mod conversation;
mod message;
mod parse;
mod rows;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use message::PacketType;
use parse::Found;

/// Reads ROC Plus.
pub(crate) const READER: Reader = Reader { protocol: Protocol::RocPlus, recognise, open: conversation::open };

/// The port on which the devices listen unless told otherwise.
pub(crate) const PORT: u16 = 4000;

/// Recognises ROC Plus by its check, its length, and an opcode with data of a length that it can have.
fn recognise(opening: &Opening<'_>) -> Recognition {
    let bytes = opening.first_bytes();
    match parse::parse_message(bytes) {
        Found::Message(message, used) => {
            let whole = opening.is_tcp() || used == bytes.len();
            let kind = message::packet_type(message.opcode, message.data);
            let known = message.opcode.is_known() && kind != PacketType::Misfit;
            // Eight bytes with this check can be a Modbus RTU frame as well.
            let plain = message.data.is_empty() && !opening.on_port(PORT);
            match (whole && known, plain) {
                (true, false) => Recognition::Yes(Sureness::ByStructure),
                (true, true) if opening.is_tcp() => Recognition::More,
                _ => Recognition::No,
            }
        }
        Found::More if opening.is_tcp() && opening.on_port(PORT) => match bytes.get(4) {
            Some(opcode) if !message::Opcode(*opcode).is_known() => Recognition::No,
            _ => Recognition::More,
        },
        Found::More | Found::Nothing => Recognition::No,
    }
}
