//! WS-Discovery over UDP (OASIS WS-Discovery 1.1, SOAP-over-UDP 1.1), as ONVIF's cameras use it (ONVIF Core clause 7).
//!
//! Read: probes, resolutions, announcements and farewells; the types and addresses of devices; from ONVIF's scopes what
//! a camera calls itself, its model, and where it stands.
//!
//! Not read: the discovery proxy's mode over HTTP; what devices do behind their addresses. Of the XML only the few
//! elements are looked for that matter, whatever their prefix; what stands in comments would be taken for them.
//!
//! One [`city::Request`] is one message: the function in words (`probe`, `probe-match`, `hello`, `bye`, `resolve`),
//! the target the types, the value the addresses.

mod conversation;
#[cfg(test)]
mod tests;
mod xml;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

/// Reads WS-Discovery.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::WsDiscovery, recognise, open: conversation::open };

fn recognise(opening: &Opening<'_>) -> Recognition {
    let is_message = opening.is_udp() && conversation::action(opening.first_bytes()).is_some();
    if is_message { Recognition::Yes(Sureness::BySignature) } else { Recognition::No }
}
