//! BSAP: the Bristol Standard Asynchronous/Synchronous Protocol of Emerson's (Bristol's) controllers, by the BSAP
//! Communications Application Programmer's Reference (D301401X012).
//!
//! Read: BSAP over UDP as Bristol's controllers speak it over IP (a header of 14 bytes that the manual does not have,
//! read as it shows in traffic), and the serial frames between DLE STX and DLE ETX when a terminal server carries them
//! over UDP or TCP, with local and global headers. Of what they carry: reading and writing of signals by address and by
//! name in the remote data base (RDB), with names, addresses and values; other RDB functions, the RDB extension and
//! other functions by name or number. A serial frame's check is not verified.
//!
//! Not read: the fields of a reply beyond type, value, address and version; alarm reports; downloads.
//!
//! BSAP carries a security level but no proof of who asks, so that any change that a controller accepts shows a
//! weakness.
//!
//! The target is the node's address, where one is given, and the signals: by name (`@GV.Level`), or by the address of
//! their data (`address` with the number).

mod conversation;
mod data_base;
mod message;
mod parse;
mod rows;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use parse::Found;

/// Reads BSAP.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Bsap, recognise, open: conversation::open };

/// The ports that controllers use unless told otherwise.
pub(super) const PORTS: [u16; 2] = [1234, 1235];

/// Recognises BSAP by lengths that agree throughout (over IP), or by the frame with a function that it has (serial).
fn recognise(opening: &Opening<'_>) -> Recognition {
    let bytes = opening.first_bytes();
    let at_port = PORTS.into_iter().any(|port| opening.on_port(port));
    if opening.is_udp() && parse::parse_packet(bytes).is_some_and(|packet| packet.fits()) {
        return Recognition::Yes(if at_port { Sureness::BySignature } else { Sureness::ByStructure });
    }
    match parse::find_frame(bytes) {
        Found::Frame(frame, used) if opening.is_tcp() || used == bytes.len() => {
            match parse::parse_serial(&parse::without_escapes(frame)) {
                Some(message) if message.is_data_base() => Recognition::Yes(Sureness::ByStructure),
                Some(message) if at_port && message.is_known() => Recognition::Yes(Sureness::ByPort),
                _ => Recognition::No,
            }
        }
        Found::More if opening.is_tcp() && at_port => Recognition::More,
        _ => Recognition::No,
    }
}
