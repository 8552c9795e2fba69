//! LDAP: RFC 4511 over TCP, and over UDP as Active Directory's clients ask for their servers (MS-ADTS clause 6.3.3).
//!
//! Read: binds with their names and mechanisms, searches with their filters, changes, comparisons, extended operations,
//! results. Messages in a security layer (RFC 4422) that are only signed, by Kerberos or NTLM, are read as well; sealed
//! ones are passed over. What follows a StartTLS is read as TLS. Who logs on by NTLM or Kerberos is read there.
//!
//! Read for Suricata's events alone: the attributes of entries and of changes, without what is named like a password.
//!
//! Not read: controls, referrals. No password or token is looked at.
//!
//! The target is the name of the entry, or the identifier of an extended operation; the value of a search is its filter,
//! of a bind its mechanism.

mod conversation;
mod event;
mod filter;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::Reader;
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use message::Operation;
use parse::Found;

/// Reads LDAP.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Ldap, recognise, open: conversation::open };

/// The ports of a directory and of a global catalogue.
const PORTS: [u16; 2] = [389, 3268];

/// Recognises LDAP by a message whose lengths, number and operation fit.
fn recognise(opening: &Opening<'_>) -> Recognition {
    let at_port = PORTS.iter().any(|port| opening.on_port(*port));
    match parse::parse_message(opening.first_bytes()) {
        Found::Message(message, used) if opening.is_tcp() || used == opening.first_bytes().len() => {
            if at_port || fits(message.operation, message.content) {
                Recognition::Yes(Sureness::ByStructure)
            } else {
                Recognition::No
            }
        }
        Found::More(Some((total, ..))) if opening.is_tcp() && total < 1 << 20 => {
            if at_port {
                Recognition::Yes(Sureness::ByPort)
            } else {
                Recognition::More
            }
        }
        Found::More(None) if opening.is_tcp() => Recognition::More,
        _ => Recognition::No,
    }
}

/// Whether content is what its operation wants, throughout: on other ports, that is the signature.
fn fits(operation: Operation, content: &[u8]) -> bool {
    match operation {
        Operation::BIND_REQUEST => {
            parse::parse_bind(content).is_some_and(|bind| (2..=3).contains(&bind.version))
        }
        Operation::SEARCH_REQUEST => parse::parse_search(content)
            .is_some_and(|search| (0..=3).contains(&search.scope) && (0..=3).contains(&search.aliases)),
        Operation::EXTENDED_REQUEST => parse::parse_extension(content).is_some_and(|name| {
            name.len() > 2 && name.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
        }),
        operation if operation.is_result() => parse::parse_outcome(content).is_some(),
        _ => false,
    }
}
