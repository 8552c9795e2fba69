//! The four verbs joined: one function decides.
//!
//! [`City::handle`] takes an [`Event`] and appends [`Effect`]s. It knows no clock, file, socket or chance: the same
//! plan, checkpoint and events give the same effects and the same state, byte for byte.

mod activity;
mod city;
mod compromise;
mod incidents;
mod intelligence;
mod ledger;
mod matrix;
mod others;
mod recovery;
mod responses;
mod standing;
mod talk;

pub use crate::city::{City, Counts, Effect, Event};
pub use activity::Minute;
pub use matrix::{Cell, Ends};
pub use others::{Doubted, Heard, Hunt, Offer, Seen};
pub use talk::{Talk, Talkers};
