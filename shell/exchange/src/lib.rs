//! Exchanging intelligence: TAXII 2.1 (OASIS Standard, 10 June 2021), spoken and understood.
//!
//! ```text
//! others ─► listen ─► server: who asks, what for ─► store::Intelligence: what is theirs ─► answer
//! client: discovery ─► API root ─► collection ─► pages ─► poll: new, known, refused, doubts
//! ```
//!
//! - **Served** is what was filed in a collection, to whom it was filed for and within the marking that they may see. The
//!   question itself goes by that ([`store::intelligence`]); to everybody else it does not exist.
//! - **Read** is one server at a time, in bounded pages, bounded in number and time, from where the last reading stopped.
//!   What a server says of its own clock is looked at and never relied upon.

pub mod client;
mod envelope;
pub mod server;
mod sharing;
mod taxii;

pub use sharing::{BadLogin, Collection, Login, Requester, SECRET_MIN, Sharing};
pub use taxii::{CONTENT_MAX, MEDIA_TYPE};
