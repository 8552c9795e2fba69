//! FINS: Omron's Factory Interface Network Service, after the FINS Commands Reference Manual (W227) for CV controllers,
//! the Communications Commands Reference Manual (W342) for CS, CJ and later ones, and the Ethernet Units' manual (W421)
//! for its way over TCP.
//!
//! Read: the header of every message over UDP and TCP; all commands of W227: memory, parameters, programs, run and stop,
//! what a controller says of itself and of its state, clock, messages, access right, errors, files, forced bits, names.
//! FINS carries no proof of who asks, so that any change that a controller accepts shows a weakness. The password that
//! protects a program crosses the network readable: that is told, its value never.
//!
//! Not read: FINS within Host Link frames, the data of files and programs, commands that only newer units have (their
//! number is told, and they count as `configure`), FINS over TCP in the form of encrypted messages.
//!
//! The target of memory is the area as its kind and the words as its numbers, with `bit-3` as the name where bits are
//! meant. The unit is the node that a message is for, if it names one, with the network's number times 256 in front
//! where that is not the local one.

mod areas;
mod asked;
mod conversation;
mod detail;
mod files;
mod message;
mod names;
mod parse;
mod row;
mod status;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use parse::Found;

/// Reads FINS.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::OmronFins, recognise, open: conversation::open };

/// The port that controllers listen on.
const PORT: u16 = 9600;

/// Recognises FINS over TCP by what every message begins with, over UDP by a header and data that fit their command.
fn recognise(opening: &Opening<'_>) -> Recognition {
    let bytes = opening.first_bytes();
    if opening.is_udp() {
        return match parse::parse_message(bytes) {
            Some(message) if parse::fits(&message) => Recognition::Yes(Sureness::ByStructure),
            Some(message) if opening.on_port(PORT) && names::function(message.command.0).is_some() => {
                Recognition::Yes(Sureness::ByPort)
            }
            _ => Recognition::No,
        };
    }
    match parse::parse_enveloped(bytes) {
        Found::Enveloped(envelope, ..) if envelope.command <= message::Envelope::CONFIRM => {
            Recognition::Yes(Sureness::BySignature)
        }
        Found::More => Recognition::More,
        Found::Enveloped(..) | Found::Nothing => Recognition::No,
    }
}
