//! IEC 60870-5-104: telecontrol over TCP, with the ASDUs of IEC 60870-5-101.
//!
//! Read: APDUs of the three formats, every type of ASDU with its information elements, causes, addresses, values with
//! their quality and time; commands with selection, execution and what was answered, interrogations with the values
//! that came, readings, clocks, resets, parameters, tests, and the beginnings of file transfers. The authentication of
//! IEC 60870-5-7 (types 81 to 95) is seen as such: what is proved is not checked, but where it is spoken, a control
//! shows no weakness.
//!
//! Not read: other lengths of causes and addresses than IEC 60870-5-104 fixes (IEC 60870-5-101 over TCP), what is
//! inside files, the fields of authentication, and private types (their bytes are in the log).
//!
//! One [`city::Request`] is one activation with its confirmation, or one ASDU of values that a station sends of its
//! own accord, which is a publication. The target is the station's common address with the kind of object and the
//! objects' addresses: `400/single-point 1255..1336`; of interrogations `400/interrogation station`.

mod ask;
mod conversation;
mod elements;
mod message;
mod parse;
mod rows;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use parse::Found;

/// Reads IEC 60870-5-104.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Iec104, recognise, open: conversation::open };

/// The port that IANA lists.
const PORT: u16 = 2_404;

/// Recognises IEC 104 by a first APDU that fits throughout; on its port, by one whose control field does.
fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_tcp() {
        return Recognition::No;
    }
    let bytes = opening.first_bytes();
    match parse::parse_apdu(bytes) {
        Found::More if parse::may_begin(bytes) => Recognition::More,
        Found::More | Found::Nothing => Recognition::No,
        Found::Apdu(apdu, length) => {
            let goes_on = bytes.get(length).is_none_or(|next| *next == parse::START);
            if goes_on && conversation::fits(&apdu) {
                Recognition::Yes(Sureness::ByStructure)
            } else if opening.on_port(PORT) {
                Recognition::Yes(Sureness::ByPort)
            } else {
                Recognition::No
            }
        }
    }
}
