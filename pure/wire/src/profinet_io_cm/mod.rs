//! PROFINET IO's context manager (IEC 61158-5-10 and 61158-6-10): how a controller connects to a device, sets its
//! parameters and lets it go, in DCE 1.1 RPC (C706) over UDP.
//!
//! Read: every packet's header; connect, release, read, write (also of several records at once), control and implicit
//! read, put together from fragments, with their blocks by name; what became of each; who connects and by what name;
//! identification and maintenance data (I&M0); the annotation of the endpoint mapper, in which a device gives its type,
//! order number and version. PROFINET proves nothing of who asks, so that any parameter that a device accepts shows a
//! weakness.
//!
//! Not read: the values within records and within the blocks of a connect, cyclic data (which go directly on the link),
//! alarms, PROFINET's security classes 2 and 3.
//!
//! A device may answer from a port of its own, which makes the answer another conversation: there it is told with what
//! it answers; here the request is told without a reply. The target is the device (`vendor 0x002a device 0x010e`) or
//! the record (`slot 1 subslot 1 I&M0`).

mod block;
mod conversation;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

/// Reads PROFINET's context manager.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::ProfinetIoCm, recognise, open: conversation::open };

/// The port that IANA lists.
const PORT: u16 = 34964;

/// Recognises a packet by its interface, which nothing else has; at the usual port also one that asks which there are.
fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_udp() {
        return Recognition::No;
    }
    let bytes = opening.first_bytes();
    if parse::is_profinet(bytes) {
        return Recognition::Yes(Sureness::BySignature);
    }
    let asks =
        |packet: message::Packet<'_>| packet.interface.ordered(packet.representation).is_endpoint_mapper();
    if opening.on_port(PORT) && parse::parse_packet(bytes).is_some_and(asks) {
        return Recognition::Yes(Sureness::ByPort);
    }
    Recognition::No
}
