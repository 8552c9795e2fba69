//! The way back: what backups and drills say, in what order lost services return and when, and who does what.

mod measured;

pub use measured::Measured;
