//! Identify: what a device is, from what it says.

mod attributes;
mod built_in;
mod fingerprint;
mod kind;
mod pattern;
pub mod recog;

pub use attributes::Attributes;
pub use built_in::built_in;
pub use fingerprint::{Database, Identification, Source};
pub use kind::Kind;
