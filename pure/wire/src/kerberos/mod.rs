//! Kerberos: RFC 4120 over UDP and TCP, and its AP messages in the tokens of other protocols.
//!
//! Read: who asks for tickets of which service (AS and TGS), with which cipher, until when, and why it was refused; who
//! shows a ticket to a service (AP). Tickets and what else is sealed are never looked into. Who grants a ticket sealed
//! with DES or RC4, or lets somebody in by one, shows a weakness.
//!
//! Not read: pre-authentication data with its certificates, KRB-SAFE, KRB-PRIV, KRB-CRED, and changes of passwords.
//!
//! The target is the service for which a ticket is asked; the value is the client.

mod conversation;
mod message;
mod parse;
mod session;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::{Protocol, Text};
use parse::Framed;
pub(crate) use session::Session;

/// Reads Kerberos.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::Kerberos, recognise, open: conversation::open };

/// The realm and the service of a ticket that is shown, if that is what a message is for.
pub(crate) fn ticket_shown(message: &[u8]) -> Option<(Text, Text)> {
    match parse::parse_message(message)? {
        message::Message::Show(ticket) => Some((ticket.realm, ticket.service)),
        _ => None,
    }
}

/// The port that IANA lists.
const PORT: u16 = 88;

/// Recognises Kerberos by a message whose tag, version and type agree.
fn recognise(opening: &Opening<'_>) -> Recognition {
    let bytes = opening.first_bytes();
    if opening.is_udp() {
        return match parse::parse_message(bytes) {
            Some(_) => Recognition::Yes(Sureness::ByStructure),
            None => Recognition::No,
        };
    }
    match parse::parse_framed(bytes) {
        Framed::Whole(body, _) if parse::parse_message(body).is_some() => {
            Recognition::Yes(Sureness::ByStructure)
        }
        Framed::More if bytes.len() > 5 && opening.on_port(PORT) => Recognition::Yes(Sureness::ByPort),
        Framed::More => Recognition::More,
        _ => Recognition::No,
    }
}
