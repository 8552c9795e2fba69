//! The web console and the HTTP API: what Bastide knows of a city, for people and programmes.
//!
//! [`open`] listens, [`Console::run`] answers. Everything shown is made from a [`view`]: plain values with stable names,
//! built while the city is held for reading and sent after it is let go. Nothing here decides anything.
//!
//! - Pages are put together on the server; a short script fetches them again when the city changes.
//! - Nobody sees anything without having signed in: by name and passphrase, by a token, or by reaching the Unix socket
//!   as the user who runs Bastide.
//! - Nothing is loaded from elsewhere, and the policy sent with each page forbids it.

mod acts;
mod api;
mod chart;
mod config;
mod door;
mod figure;
mod hunting;
mod live;
mod markdown;
pub mod pack;
mod pages;
mod reference;
mod refusal;
mod rehearsal;
mod routes;
mod serve;
mod state;
mod still;
mod time;
pub mod view;
mod words;

pub use config::{Ask, Config, HuntAsked, HuntFound, HuntHit, Shared, Watching};
pub use door::{FIRST_SIGN_IN, SET_PASSPHRASE, WALL_SCREEN};
pub use listen::{ListenError, Tls};
pub use rehearsal::rehearse;
pub use serve::{Console, open, router, serve};
pub use time::Clock;
pub use view::PlanText;
