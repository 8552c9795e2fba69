//! The way back: what backups and drills say, in what order lost services return and when, and who does what.

mod chance;
mod estimate;
mod graph;
mod improve;
mod loss;
mod meanwhile;
mod measured;
mod planning;
mod restoration;
mod run;
mod schedule;
mod seconds;
mod tasks;
mod verify;
mod work;

pub use estimate::{Basis, Estimate};
pub use loss::{Down, LossError, Lost};
pub use measured::Measured;
pub use planning::plan_restoration;
pub use restoration::{
    Because, Change, DataLoss, DecisionKind, DecisionPoint, Fallback, Gain, Improvement, Kept, Link, Load,
    Restoration, Return, Step, Target, Tell,
};
pub use run::{Doing, Progress, Run, RunError, RunRead, Standing, StepProgress, Tick, TickState};
pub use verify::{Fault, verify};
pub use work::{Hands, StepId, Work};
