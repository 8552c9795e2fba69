//! RDP, the Remote Desktop Protocol: MS-RDPBCGR, over the ISO transport (see [`crate::cotp`]).
//!
//! Read: who connects (the cookie, and what the client says of its computer), which security is asked for, chosen or
//! refused, the settings and channels asked for, and the server's encryption and certificates of X.509 (in the details,
//! as TLS has them). What follows a choice of TLS is read as TLS. A server that agrees to RDP's own security layer
//! instead shows a weakness.
//!
//! Not read: what follows the settings (log-on, screen, input), what lies in certificates of RDP's own form, and RDP
//! over UDP (MS-RDPEUDP).
//!
//! The target of the one request is the cookie's user name; its value is the security chosen.

mod conversation;
mod event;
mod layouts;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::cotp::{self, Code, Found};
use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

/// Reads RDP.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Rdp, recognise, open: conversation::open };

/// The port that IANA lists.
const PORT: u16 = 3389;

/// Recognises RDP by what its connection request has and no other user of this transport: a cookie or a negotiation.
fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_tcp() {
        return Recognition::No;
    }
    match cotp::parse_packet(opening.first_bytes()) {
        Found::More => Recognition::More,
        Found::Packet(tpdu, _) if tpdu.code == Code::CONNECTION_REQUEST => {
            match parse::parse_request(tpdu.variable()) {
                Some(_) if !tpdu.variable().is_empty() => Recognition::Yes(Sureness::ByStructure),
                // The oldest clients ask for nothing.
                Some(_) if opening.on_port(PORT) => Recognition::Yes(Sureness::ByPort),
                _ => Recognition::No,
            }
        }
        // From the middle: the settings.
        Found::Packet(tpdu, _) if tpdu.code == Code::DATA && tpdu.data.starts_with(&[0x7f, 0x65]) => {
            match parse::parse_client(tpdu.data) {
                Some(client) if client.core.is_some() => Recognition::Yes(Sureness::ByStructure),
                _ => Recognition::No,
            }
        }
        _ => Recognition::No,
    }
}
