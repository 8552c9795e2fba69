//! S7comm and S7comm-plus, the protocols of Siemens controllers (S7-300, S7-400, S7-1200, S7-1500 and relatives), over
//! ISO transport (ISO 8073 class 0) over TCP (RFC 1006). Neither is published; what is read here is what the field has
//! found out and agrees on.
//!
//! Read of S7comm: jobs with their replies (setup, variables item by item with their addresses and values, moving of
//! blocks, services of the programme, stop) and user data (testing, cyclic data, blocks, system status lists with what
//! they say of the device, alarms, the session's password as a credential without its value, the clock). The address of
//! a variable is written as STEP 7 writes it: `DB1.DBX0.0`, `MW10`, `DB5.DBX0.0 BYTE 8`. S7comm carries no proof of who
//! asks, so that any change that a controller accepts shows a weakness, unless a password was accepted before.
//!
//! Read of S7comm-plus: version, opcode, function; who begins a session, reads, writes, explores, subscribes, with the
//! objects' numbers; the model and firmware that a controller gives at the start. Version 1 has no integrity check.
//!
//! Not read: the values of S7comm-plus, its integrity check and legitimation, S7comm-plus inside TLS (which newer
//! controllers begin within the same connection), the values within alarms and of test jobs, data of numerical controls.
//!
//! The target is the variable, the block (`DB1`), the list (`szl 0x0011 index 0x0000`), the module called
//! (`rack 0 slot 2`), or for S7comm-plus the object (`object 0x70000e51`, `DB5.lid-113`).

mod address;
mod block;
mod classic;
mod conversation;
mod message;
mod parse;
mod plus;
mod szl;
#[cfg(test)]
mod tests;
mod userdata;

use crate::cotp::{self, Code, Found, Tpdu};
use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

/// Reads S7comm.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::S7comm, recognise: recognise_classic, open: conversation::open };

/// Reads S7comm-plus.
pub(crate) const PLUS_READER: Reader =
    Reader { protocol: Protocol::S7commPlus, recognise: recognise_plus, open: conversation::open };

/// The port of ISO transport over TCP that IANA lists.
const PORT: u16 = 102;

/// Which of the protocols that share the transport is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spoken {
    Classic,
    Plus,
    /// Something else.
    Other,
    /// It cannot be told yet.
    Unknown,
}

fn recognise_classic(opening: &Opening<'_>) -> Recognition {
    recognise(opening, Spoken::Classic)
}

fn recognise_plus(opening: &Opening<'_>) -> Recognition {
    recognise(opening, Spoken::Plus)
}

/// Recognises a conversation by what the transport carries, or by the selectors with which it is opened. RDP begins with
/// the same transport, but with other parameters.
fn recognise(opening: &Opening<'_>, wanted: Spoken) -> Recognition {
    if !opening.is_tcp() {
        return Recognition::No;
    }
    for bytes in [opening.from_source, opening.from_destination] {
        match spoken(bytes, opening.on_port(PORT)) {
            Spoken::Unknown => {}
            found if found == wanted => return Recognition::Yes(Sureness::ByStructure),
            _ => return Recognition::No,
        }
    }
    Recognition::More
}

/// What one side says.
fn spoken(mut bytes: &[u8], at_port: bool) -> Spoken {
    loop {
        match cotp::parse_packet(bytes) {
            Found::More => return Spoken::Unknown,
            Found::Nothing => return Spoken::Other,
            Found::Packet(tpdu, length) => {
                let found = match tpdu.code {
                    Code::CONNECTION_REQUEST | Code::CONNECTION_CONFIRM => selected(&tpdu, at_port),
                    Code::DATA if tpdu.data.is_empty() => Spoken::Unknown,
                    Code::DATA => carried(&tpdu),
                    _ => Spoken::Other,
                };
                if found != Spoken::Unknown {
                    return found;
                }
                bytes = bytes.get(length..).unwrap_or_default();
                if bytes.is_empty() {
                    return found;
                }
            }
        }
    }
}

/// What the selectors of a connection are for.
fn selected(tpdu: &Tpdu<'_>, at_port: bool) -> Spoken {
    let Some(parameters) = tpdu.parameters() else { return Spoken::Other };
    let selector = |wanted: u8| parameters.iter().find(|(code, _)| *code == wanted).map(|(_, value)| *value);
    match (selector(0xc1), selector(0xc2)) {
        // The size of a packet and the two selectors are all that these protocols send.
        _ if parameters.iter().any(|(code, _)| !(0xc0..=0xc2).contains(code)) => Spoken::Other,
        (_, Some(called)) if called.starts_with(b"SIMATIC-ROOT") => Spoken::Plus,
        // A kind of connection (programming device, panel, other), then rack and slot.
        (Some([_, _]), Some([1..=3, _])) if at_port => Spoken::Classic,
        (Some(_), Some(_)) => Spoken::Unknown,
        // RDP names no selectors; a confirmation may leave them out.
        _ if tpdu.code == Code::CONNECTION_CONFIRM => Spoken::Unknown,
        _ => Spoken::Other,
    }
}

/// What data are.
fn carried(tpdu: &Tpdu<'_>) -> Spoken {
    if parse::is_message(tpdu.data) {
        Spoken::Classic
    } else if plus::is_frame(tpdu.data) {
        Spoken::Plus
    } else {
        Spoken::Other
    }
}
