//! The way back: what is done, by whom, in what order and why, and when each service runs again.

use crate::{Estimate, Hands, StepId, Work};
use city::{BackupId, ContactId, CrewId, Impact, ProcedureId, RecoveryTarget, RepositoryId, ServiceId, Text};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// An ordered and explained way back. All times in it are counted from the moment of loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Restoration {
    /// The steps, by their start.
    pub steps: Vec<Step>,
    /// The services that are down, the worst impact first, then by when they run again.
    pub services: Vec<Return>,
    /// When the last step ends.
    #[serde(with = "crate::seconds")]
    pub end: SignedDuration,
    /// The chain of steps that decides when the last one ends, in order: each begins when the one before it ends.
    pub critical_path: Vec<Link>,
    /// The hands that are needed, by how much they have to do.
    pub crews: Vec<Load>,
    /// What is done meanwhile.
    pub fallbacks: Vec<Fallback>,
    /// What somebody has to decide, by when.
    pub decisions: Vec<DecisionPoint>,
    /// Who must be told, in order.
    pub tell: Vec<Tell>,
    /// What would bring the services back sooner, the best first.
    pub improvements: Vec<Improvement>,
    /// Whether nothing was ever told of a backup, so that each is taken to have been made as the plan says.
    pub assumed: bool,
    /// How often the schedule was run through with other times to learn how far the prediction may be off.
    pub simulated: usize,
}

impl Restoration {
    /// The single improvement that brings the services back soonest, if any does.
    #[must_use]
    pub fn best(&self) -> Option<&Improvement> {
        self.improvements.first().filter(|best| best.weight > 0.0)
    }

    /// When a service runs again, and what of it is lost; none if it is not down.
    #[must_use]
    pub fn service(&self, id: &ServiceId) -> Option<&Return> {
        self.services.iter().find(|service| service.service == *id)
    }

    /// A step by its id.
    #[must_use]
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == *id)
    }
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it is called, the same whenever the same is lost.
    pub id: StepId,
    /// What it is about.
    pub work: Work,
    /// What is to be done, in plain words; Markdown where a procedure says it.
    pub what: Text,
    /// Why it is there, why so, and why not sooner.
    pub why: Vec<Text>,
    /// Who does it.
    pub hands: Hands,
    /// The steps that must be done before.
    pub needs: Vec<StepId>,
    /// The step that the same pair of hands does before this one, if it does one.
    pub hands_from: Option<StepId>,
    /// The services that it is for.
    pub services: Vec<ServiceId>,
    /// How long it takes.
    pub estimate: Estimate,
    /// When it begins.
    #[serde(with = "crate::seconds")]
    pub start: SignedDuration,
    /// When it ends.
    #[serde(with = "crate::seconds")]
    pub end: SignedDuration,
    /// How much later it may end without the end of all being later, while people do things in this order.
    #[serde(with = "crate::seconds")]
    pub slack: SignedDuration,
    /// Whether it is on the critical path.
    pub critical: bool,
    /// The lines for a shell with which Bastide can do it; it shows them first, always.
    pub run: Option<Text>,
}

/// A step of the critical path, and why it begins only when the one before it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The step.
    pub step: StepId,
    /// Why it begins no sooner.
    pub because: Because,
}

/// Why a step begins no sooner than it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// Those who do it were busy with the step before.
    Busy,
    /// It is the first: it begins at once.
    First,
    /// It needs the step before.
    Needs,
}

/// When a service runs again, and what of it is lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Return {
    /// The service.
    pub service: ServiceId,
    /// Its name.
    pub name: Text,
    /// How much it hurts while it is down.
    pub impact: Impact,
    /// Why it is down.
    pub because: Vec<Text>,
    /// When it runs again by the schedule that is shown, in which each step takes as long as is likely. Where guesses
    /// lean late, and where several ways meet, that is sooner than it will most likely be.
    #[serde(with = "crate::seconds")]
    pub scheduled: SignedDuration,
    /// When it likely runs again: in half of the simulated runs it was back by this.
    #[serde(with = "crate::seconds")]
    pub likely: SignedDuration,
    /// In one of ten simulated runs it was back sooner than this.
    #[serde(with = "crate::seconds")]
    pub p10: SignedDuration,
    /// In nine of ten simulated runs it was back by this.
    #[serde(with = "crate::seconds")]
    pub p90: SignedDuration,
    /// What it must be able to come back to, if the plan says.
    pub target: Option<Target>,
    /// Whether it is likely back within its recovery time objective. None without a target.
    pub rto_met: Option<bool>,
    /// Whether it is likely back before the harm becomes unacceptable. None without a target.
    pub mtpd_met: Option<bool>,
    /// Whether no more data is lost than its recovery point objective says. None without a target.
    pub rpo_met: Option<bool>,
    /// What becomes of its data.
    pub data: Vec<DataLoss>,
    /// The most of its recent data that is lost: the oldest of the snapshots taken. None if some of its data cannot be
    /// recovered at all, or if none of it was lost; see [`Return::unrecoverable`].
    #[serde(with = "crate::seconds::maybe")]
    pub data_lost: Option<SignedDuration>,
    /// Whether there is data of which no clean snapshot is left. It cannot be recovered.
    pub unrecoverable: bool,
    /// Whether any of the times on its way back is guessed.
    pub guessed: bool,
    /// The last steps on its way back that decide when it runs, the first first; at most [`Return::PATH_MAX`].
    pub path: Vec<StepId>,
}

impl Return {
    /// The most steps that are told of a service's way back.
    pub const PATH_MAX: usize = 32;
}

/// A service's recovery target, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// By when it should run again.
    #[serde(with = "crate::seconds")]
    pub rto: SignedDuration,
    /// How much recent data may be lost.
    #[serde(with = "crate::seconds")]
    pub rpo: SignedDuration,
    /// After which the harm is not acceptable.
    #[serde(with = "crate::seconds")]
    pub mtpd: SignedDuration,
}

impl From<RecoveryTarget> for Target {
    fn from(target: RecoveryTarget) -> Target {
        Target { rto: target.rto, rpo: target.rpo, mtpd: target.mtpd }
    }
}

/// What becomes of data that has to be restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataLoss {
    /// The backup.
    pub backup: BackupId,
    /// The newest clean snapshot in a repository that is left. None means that the data cannot be recovered.
    pub snapshot: Option<Kept>,
}

/// A snapshot that is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The repository it is in.
    pub repository: RepositoryId,
    /// When it was made.
    pub taken: Timestamp,
    /// How old it was at the moment of loss: what is newer is lost.
    #[serde(with = "crate::seconds")]
    pub age: SignedDuration,
}

/// How busy people are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Who.
    pub hands: Hands,
    /// The crew's name.
    pub name: Text,
    /// How many steps they can do at once.
    pub people: u32,
    /// How many steps they have.
    pub steps: usize,
    /// How long these take, added up.
    #[serde(with = "crate::seconds")]
    pub busy: SignedDuration,
    /// When their last step ends.
    #[serde(with = "crate::seconds")]
    pub until: SignedDuration,
}

/// What is done while a service is down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fallback {
    /// The service.
    pub service: ServiceId,
    /// What it does without its network, in plain words.
    pub words: Option<Text>,
    /// The written procedures for doing without it.
    pub procedures: Vec<ProcedureId>,
    /// Until when that has to do, if all goes as is likely. It begins with the loss.
    #[serde(with = "crate::seconds")]
    pub until: SignedDuration,
    /// For how long without it the harm is acceptable.
    #[serde(with = "crate::seconds::maybe")]
    pub bearable: Option<SignedDuration>,
}

/// Something that a person has to decide, because no plan can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionPoint {
    /// What kind it is.
    pub kind: DecisionKind,
    /// What the matter is.
    pub what: Text,
    /// What can be done.
    pub choices: Vec<Text>,
    /// By when.
    #[serde(with = "crate::seconds")]
    pub by: SignedDuration,
    /// Who answers for it, if the plan says.
    pub who: Option<ContactId>,
    /// The services that hang on it.
    pub services: Vec<ServiceId>,
}

/// Why a person has to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecisionKind {
    /// A service is back only after the harm has become unacceptable.
    BackTooLate,
    /// A repository of backups is lost.
    RepositoryLost,
    /// A supplier is gone.
    SupplierGone,
    /// The plan does not say how an asset is replaced.
    NoReplacement,
    /// There is data of which no clean snapshot is left.
    Unrecoverable,
}

/// Someone who must be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tell {
    /// Who.
    pub contact: ContactId,
    /// Their name.
    pub name: Text,
    /// What they answer for.
    pub role: Text,
    /// Telephone number.
    pub telephone: Option<Text>,
    /// Mail address.
    pub mail: Option<Text>,
    /// By when.
    #[serde(with = "crate::seconds")]
    pub by: SignedDuration,
    /// Why, the most urgent first; at most [`Tell::WHY_MAX`], and how many more.
    pub why: Vec<Text>,
}

impl Tell {
    /// The most reasons that are told.
    pub const WHY_MAX: usize = 6;
}

/// Something that would bring services back sooner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Improvement {
    /// What.
    pub change: Change,
    /// What, in plain words.
    pub what: Text,
    /// How much sooner the services return, weighted by impact, in hours: 30 for critical, 10 for high, 3 for medium, 1
    /// for low. May be below nothing.
    pub weight: f64,
    /// How much less the services may be late, weighted in the same way: what measuring gives.
    pub surer: f64,
    /// The services that return sooner, and by how much; those that gain most first, at most [`Improvement::GAINS_MAX`].
    pub gains: Vec<Gain>,
    /// When the last step would end.
    #[serde(with = "crate::seconds")]
    pub end: SignedDuration,
}

impl Improvement {
    /// The most services that are told of an improvement.
    pub const GAINS_MAX: usize = 8;
}

/// A change that might help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Change {
    /// One more of those who do it.
    Hand {
        /// The crew; none stands for people of no crew.
        crew: Option<CrewId>,
    },
    /// A step takes half as long.
    Halve {
        /// The step.
        step: StepId,
    },
    /// A drill measures how long a step takes, which now is not measured.
    Measure {
        /// The step.
        step: StepId,
    },
    /// A spare is kept, so that no delivery is waited for.
    Spare {
        /// The delivery that is waited for no more.
        step: StepId,
    },
}

/// How much sooner a service returns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gain {
    /// The service.
    pub service: ServiceId,
    /// By how much.
    #[serde(with = "crate::seconds")]
    pub sooner: SignedDuration,
}
