//! The way back: what backups and drills say, in what order lost services return and when, and who does what.

mod doubt;
mod due;
mod evidence;
mod measured;
mod record;
mod sign;
mod trouble;
mod words;

pub use doubt::{Cause, Doubt};
pub use due::{Stale, stale_pack};
pub use evidence::proof_holds;
pub use measured::Measured;
pub use record::{History, Judgement, Record, ServiceProof, Taken, Tried, rpo};
pub use sign::{Clue, STAYS, Sign, Verdict};
pub use trouble::Trouble;
