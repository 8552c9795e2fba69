//! Synchrophasors: IEEE C37.118.2-2011 and its forerunner IEEE C37.118-2005, over TCP and UDP.
//!
//! Read: data, header, configuration 1 to 3 and command frames, with check word; data by the configuration that was
//! seen in the same conversation. Nothing proves who asks, so that a stream which flows because somebody asked for it
//! shows a weakness.
//!
//! Not read: a configuration 3 in several pieces, and data whose configuration went by another way (commands over TCP,
//! data over UDP); such frames are told without values. Values are those on the wire, not scaled by the configuration.
//!
//! One [`city::Request`] is one command with the first frame that answers it. Data are told once for each stream, when
//! it begins to flow or was configured anew. The target's unit is the stream (`IDCODE`).

mod conversation;
mod message;
mod parse;
mod rows;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use parse::Found;

/// Reads synchrophasors.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::Synchrophasor, recognise, open: conversation::open };

/// The default ports, for TCP and for UDP.
pub(super) const PORTS: [u16; 2] = [4712, 4713];

/// Recognises a frame by its check word; a wrong one may pass at the usual ports.
fn recognise(opening: &Opening<'_>) -> Recognition {
    let at_port = PORTS.iter().any(|port| opening.on_port(*port));
    let bytes = opening.first_bytes();
    match parse::parse_frame(bytes) {
        Found::Nothing => Recognition::No,
        Found::More if opening.is_udp() => Recognition::No,
        Found::More => Recognition::More,
        Found::Frame(frame) if opening.is_udp() && usize::from(frame.size) != bytes.len() => Recognition::No,
        Found::Frame(frame) if frame.is_sound && frame.version <= 3 => {
            Recognition::Yes(Sureness::ByStructure)
        }
        Found::Frame(frame) if at_port && frame.version <= 3 => Recognition::Yes(Sureness::ByPort),
        Found::Frame(_) => Recognition::No,
    }
}
