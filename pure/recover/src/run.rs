//! A restoration while it goes on: who ticked off what, and when.
//!
//! A run is a list of ticks to which is only ever added. Ticks may come in any order and more than once, so that what two
//! people wrote down apart, without a network, is merged by putting the one file behind the other.

mod lines;
mod progress;

pub use lines::{RunError, RunRead};
pub use progress::{Doing, Progress, Standing, StepProgress};

use crate::{LossError, Lost, Measured, Restoration, StepId, plan_restoration};
use city::Text;
use jiff::Timestamp;
use plan::Plan;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A way back that people are on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What was lost, in the words that [`Lost::parse`] reads.
    pub lost: Vec<Text>,
    /// The moment of loss: all times of the restoration are counted from it.
    pub started: Timestamp,
    /// What was ticked off, in any order.
    pub ticks: Vec<Tick>,
}

/// What somebody says of a step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tick {
    /// When.
    pub time: Timestamp,
    /// Who says so, by name.
    pub by: Text,
    /// The step.
    pub step: StepId,
    /// What became of it.
    pub state: TickState,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TickState {
    /// Somebody began it.
    Begun,
    /// It is done.
    Done,
    /// It did not work, and has to be done again.
    Failed,
    /// It need not be done; what needs it can begin.
    Skipped,
    /// What was said of it was a mistake: it has not begun.
    Undone,
}

impl Tick {
    /// The longest note that is kept, in bytes.
    pub const NOTE_MAX: usize = 2_000;
    /// The longest name that is kept, in bytes.
    pub const NAME_MAX: usize = 200;
}

impl Run {
    /// The most ticks that a run keeps.
    pub const TICKS_MAX: usize = 200_000;

    /// A run on which nothing is ticked off yet.
    #[must_use]
    pub fn new(lost: &Lost, started: Timestamp) -> Run {
        Run { lost: lost.words.clone(), started, ticks: Vec::new() }
    }

    /// What is lost, by a plan.
    ///
    /// # Errors
    ///
    /// The plan changed since, so that the words no longer say what is lost.
    pub fn lost(&self, plan: &Plan) -> Result<Lost, LossError> {
        let words: Vec<&str> = self.lost.iter().map(Text::as_str).collect();
        Lost::parse(&words, plan)
    }

    /// The way back as it was planned when nothing was done yet.
    ///
    /// # Errors
    ///
    /// As for [`Run::lost`].
    pub fn restoration(&self, plan: &Plan, measured: &Measured) -> Result<Restoration, LossError> {
        Ok(plan_restoration(plan, &self.lost(plan)?, measured, self.started))
    }

    /// Takes in what another says of the same run. The order does not matter, and nothing counts twice.
    ///
    /// # Errors
    ///
    /// It is another run: something else was lost, or at another time.
    pub fn merge(&mut self, other: &Run) -> Result<(), RunError> {
        if self.lost != other.lost || self.started != other.started {
            return Err(RunError::Apart);
        }
        self.ticks.extend(other.ticks.iter().cloned());
        self.ticks.sort();
        self.ticks.dedup();
        self.ticks.truncate(Run::TICKS_MAX);
        Ok(())
    }

    /// What holds of each step: of two ticks the later one, of two at the same time the one of whose name comes later.
    fn settled(&self) -> BTreeMap<&StepId, Settled<'_>> {
        let mut ticks: Vec<&Tick> = self.ticks.iter().collect();
        ticks.sort();
        let mut settled: BTreeMap<&StepId, Settled<'_>> = BTreeMap::new();
        for tick in ticks {
            let begun = match (tick.state, settled.get(&tick.step)) {
                (TickState::Undone | TickState::Failed, _) => None,
                // Begun anew after it failed or was done.
                (TickState::Begun, Some(Settled { begun: Some(begun), last }))
                    if last.state == TickState::Begun =>
                {
                    Some(*begun)
                }
                (TickState::Begun, _) => Some(tick.time),
                (TickState::Done | TickState::Skipped, before) => before.and_then(|before| before.begun),
            };
            settled.insert(&tick.step, Settled { begun, last: tick });
        }
        settled
    }
}

/// What holds of a step.
#[derive(Clone, Copy, Debug)]
struct Settled<'r> {
    /// When it was begun, if that was said.
    begun: Option<Timestamp>,
    last: &'r Tick,
}
