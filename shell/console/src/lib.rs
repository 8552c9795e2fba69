//! The web console and the HTTP API.

mod reference;
mod time;
pub mod view;
mod words;
