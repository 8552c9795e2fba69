//! The way back: what backups and drills say, in what order lost services return and when, and who does what.

mod chance;
mod doubt;
mod due;
mod estimate;
mod evidence;
mod graph;
mod improve;
mod loss;
mod meanwhile;
mod measured;
mod planning;
mod record;
mod restoration;
mod run;
mod schedule;
mod seconds;
mod sign;
mod tasks;
mod trouble;
mod verify;
mod words;
mod work;

pub use doubt::{Cause, Doubt};
pub use due::{Stale, stale_pack};
pub use estimate::{Basis, Estimate};
pub use evidence::proof_holds;
pub use loss::{Down, LossError, Lost};
pub use measured::Measured;
pub use planning::{checked_restoration, plan_restoration};
pub use record::{History, Judgement, Record, ServiceProof, Taken, Tried, rpo};
pub use restoration::{
    Because, Change, DataLoss, DecisionKind, DecisionPoint, Fallback, Gain, Improvement, Kept, Link, Load,
    Restoration, Return, Step, Target, Tell,
};
pub use run::{Doing, Progress, Run, RunError, RunRead, Standing, StepProgress, Tick, TickState};
pub use sign::{Clue, STAYS, Sign, Verdict};
pub use trouble::Trouble;
pub use verify::{Fault, Unsound, verify};
pub use work::{Hands, StepId, Work};
