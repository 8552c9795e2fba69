//! KNXnet/IP: ISO 22510 (EN 13321-2) over UDP and TCP, with the KNX telegrams (cEMI, ISO/IEC 14543-3) that it carries.
//!
//! Read: searching and description with what a device says of itself, connections, tunnelling, device management
//! (properties over `M_PropRead` and its like) and routing; of telegrams group values, and what a tool does to one
//! device: memory, properties, addresses, keys, restart. A telegram sent through a tunnel is paired with its
//! confirmation from the bus, a reading with its answer. Sessions of KNX IP Secure and telegrams of KNX Data Secure are
//! told as such. Without these nothing proves who asks, so that a change confirmed on the bus shows a weakness.
//!
//! Not read: what is encrypted, raw and bus-monitor frames, remote diagnosis, object server. The type of a group's value
//! is in the project alone: values up to six bits are told as numbers, longer ones in hexadecimal. Of a conversation of
//! routing no confirmation is seen. Keep-alives are not told.
//!
//! The target is a `group` by its three parts (`group 1/2/3`) or a `device` by its individual address, with what is
//! meant within: `device 1.1.5 memory 0x4000..0x400b`, `device 1.1.5 property 0/11`. A group value is `write` for who
//! sends it, whether a switch or a sensor, and `publish` where a tunnel passes it on. Memory is `program`.

mod conversation;
mod message;
mod parse;
mod telegram;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use parse::Found;

/// Reads KNXnet/IP.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::KnxnetIp, recognise, open: conversation::open };

/// Recognises the header, whose length must be that of the datagram, and a service that exists.
fn recognise(opening: &Opening<'_>) -> Recognition {
    let bytes = opening.first_bytes();
    match parse::parse_frame(bytes) {
        Found::Frame(frame, used)
            if frame.service.is_known() && (opening.is_tcp() || used == bytes.len()) =>
        {
            Recognition::Yes(Sureness::ByStructure)
        }
        Found::More if opening.is_tcp() => Recognition::More,
        _ => Recognition::No,
    }
}
