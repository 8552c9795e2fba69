//! Listening: on loopback, over TLS elsewhere, and on a Unix socket; with room for so many and no more.
//!
//! [`open`] listens, [`Listening::run`] answers with a router and tells it who is at the other end ([`Peer`]).
//! [`Patience`] counts failed sign-ins.

mod accept;
mod open;
mod patience;

pub use accept::Peer;
pub use open::{ListenError, Listening, Tls, open};
pub use patience::Patience;
