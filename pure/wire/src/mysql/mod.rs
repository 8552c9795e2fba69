//! MySQL and MariaDB: "MySQL Client/Server Protocol" in MySQL's source documentation, version 10 of its greeting.
//!
//! Read: the server's version; who logs in to which database, by what method and with what result; every command with
//! its reply, statements also where they were prepared before; how many rows came back or were changed, or why not.
//! What follows a client's wish for TLS is read as TLS. A password that crosses the network readable or as a hash that
//! can be guessed, a login without one, and a database without TLS are weaknesses.
//!
//! Not read: what is in rows, parameters and files; packed conversations (after the login), the stream of a replica;
//! conversations whose beginning was not seen, and what follows a gap, since a packet has no mark by which it could be
//! found. No password, hash or proof is looked at. A statement that speaks of a password or another secret is told
//! without the texts in it; what is secret without saying so cannot be known, so that records of statements deserve
//! care.
//!
//! One [`city::Request`] is one login, with the database as its target and the user as its value; or one statement: the
//! function is its first word, the target the first table or other thing that it names, the value how many rows came
//! back or were changed; or another command by its name. Details: `method` of a login, such as
//! `caching_sha2_password`; `user` and `statement` of a statement, of which the first 2 kB are kept.

mod command;
mod conversation;
mod message;
mod parse;
#[cfg(test)]
mod tests;

use crate::dialogue::{Reader, Side};
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;

/// Reads MySQL.
pub(crate) const READER: Reader = Reader { protocol: Protocol::Mysql, recognise, open: conversation::open };

/// The port that IANA lists.
const PORT: u16 = 3306;

/// The longest greeting that is waited for.
const GREETING_MAX: u32 = 512;

/// Recognises MySQL by the server's greeting, with which every conversation begins; at its port also by a refusal.
fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_tcp() || opening.first != Side::Destination {
        return Recognition::No;
    }
    let bytes = opening.from_destination;
    let may_begin = match bytes {
        [low, high, 0, 0, 10 | 0xff, ..] => u32::from(*low) | u32::from(*high) << 8 <= GREETING_MAX,
        [_, _, 0, 0] | [_, _, 0] => true,
        _ => bytes.len() < 3 && opening.source_port != PORT && opening.destination_port == PORT,
    };
    if !may_begin {
        return Recognition::No;
    }
    let Some((packet, _)) = parse::parse_packet(bytes) else { return Recognition::More };
    let is_refusal = || opening.destination_port == PORT && parse::parse_error(packet.payload).is_some();
    if parse::parse_greeting(packet.payload).is_some() {
        Recognition::Yes(Sureness::ByStructure)
    } else if is_refusal() {
        Recognition::Yes(Sureness::ByPort)
    } else {
        Recognition::No
    }
}
