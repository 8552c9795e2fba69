//! DNP3, IEEE 1815-2012: over TCP and UDP.
//!
//! Read: frames with their checksums, segments put together to fragments, every function code, the object headers
//! with each qualifier, the sizes of all groups and variations, the values of points, controls and what came of them,
//! analogue outputs, times, files by name, device attributes, internal indications, unsolicited responses with their
//! confirmations. Several stations may share a connection. Secure authentication is seen as such: what is proved is
//! not checked, but a control that was challenged, or came with its proof, shows no weakness.
//!
//! Not read: the flags of points (only their values), the members of data sets, what is inside files and virtual
//! terminals, virtual memory addresses beyond their numbers, and the reply of a response whose request was not seen
//! (its objects are in the logs). Of a response in several fragments, the first says what came of the request.
//!
//! One [`city::Request`] is one object header of a request with its response, or, of controls, one point. The target
//! is the outstation's station address with the kind of point and its indexes, `10/binary-output 3`; classes of data
//! are `10/class 1..3`, files have their name or handle. An unsolicited response is a publication by the outstation,
//! done when the master has confirmed it.

mod ask;
mod assembly;
mod attributes;
mod control;
mod conversation;
mod file;
mod link;
mod message;
mod names;
mod objects;
mod parse;
mod rows;
#[cfg(test)]
mod tests;
mod value;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use link::Found;

/// Reads DNP3.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Dnp3, recognise, open: conversation::open };

/// The port that IANA lists.
const PORT: u16 = 20_000;

/// Recognises DNP3 by the first frame of either side: its start and the checksum of its header.
fn recognise(opening: &Opening<'_>) -> Recognition {
    let either = [opening.from_source, opening.from_destination];
    let whole =
        |bytes: &[u8]| bytes.len() >= link::HEADER_BYTES && link::parse_frame(bytes) != Found::Nothing;
    let begun = |bytes: &[u8]| !bytes.is_empty() && link::parse_frame(bytes) == Found::More;
    if opening.is_udp() {
        let is_frame = matches!(link::parse_frame(opening.first_bytes()), Found::Frame(..));
        return if is_frame { Recognition::Yes(Sureness::BySignature) } else { Recognition::No };
    }
    if either.into_iter().any(whole) {
        return Recognition::Yes(Sureness::BySignature);
    }
    if either.into_iter().any(begun) {
        return Recognition::More;
    }
    // Where the capture began within a frame, the next one is looked for.
    if opening.on_port(PORT) && either.into_iter().any(|bytes| link::find_frame(bytes).1) {
        return Recognition::Yes(Sureness::ByPort);
    }
    Recognition::No
}
