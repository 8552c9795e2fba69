//! PostgreSQL: the frontend/backend protocol 3, as the chapter of that name in PostgreSQL's documentation has it.
//!
//! Read: who logs in to which database, by what proof and with what result; every simple query and every statement of
//! the extended protocol, with what came of it: how many rows, what was done, or why not; copying in and out, by its
//! size; what a server says of its version. What follows an accepted request for TLS is read as TLS. A password that
//! crosses the network readable or as MD5, a login without any proof, and a database without TLS are weaknesses.
//!
//! Not read: what is in rows, parameters and copied data; notifications; protocol 2. No password, hash, proof or key of
//! a cancellation is looked at. A statement that speaks of a password or another secret is told without the texts in
//! it; what is secret without saying so, such as a value that is written into a column, cannot be known, so that
//! records of statements deserve care.
//!
//! One [`city::Request`] is one login, with the database as its target and the user as its value; or one statement:
//! the function is its first word, the target the first table or other thing that it names, the value what the server
//! says that it did: `INSERT 0 1`. What a verb may change is judged by the first word, so that a `select` of a function
//! that changes something is told as reading. Details:
//!
//! | key | value |
//! |---|---|
//! | `method` | of a login: `password`, `md5`, `scram-sha-256`, or `trust` for none |
//! | `application` | of a login: by what name the client's program goes |
//! | `user`, `statement` | of a statement; its first 2 kB |
//! | `rows`, `bytes` | how many came back, and how long their values are |

mod answers;
mod conversation;
mod events;
mod login;
mod message;
mod parse;
mod statement;
#[cfg(test)]
mod tests;

use crate::dialogue::{Reader, Side};
use crate::recognise::{Opening, Recognition, Sureness};
use city::Protocol;
use parse::Found;

/// Reads PostgreSQL.
pub(crate) const READER: Reader =
    Reader { protocol: Protocol::Postgresql, recognise, open: conversation::open };

/// The port that IANA lists.
const PORT: u16 = 5432;

/// Recognises PostgreSQL by its opening; at its port by messages that fill what was seen.
fn recognise(opening: &Opening<'_>) -> Recognition {
    if !opening.is_tcp() {
        return Recognition::No;
    }
    if opening.first == Side::Source {
        match parse::parse_opening(opening.from_source) {
            Found::Of(message::Opening::Startup { parameters, .. }, _)
                if !parameters.iter().any(|(name, _)| *name == b"user") => {}
            Found::Of(..) => return Recognition::Yes(Sureness::BySignature),
            Found::More if opening.from_source.len() >= 8 => return Recognition::More,
            Found::More if opening.destination_port == PORT => return Recognition::More,
            Found::More | Found::Nothing => {}
        }
    }
    let is_client = opening.first == Side::Source;
    let bytes = opening.first_bytes();
    let fits = opening.destination_port == PORT && bytes.len() >= 5 && parse::are_messages(bytes, is_client);
    if fits { Recognition::Yes(Sureness::ByPort) } else { Recognition::No }
}
