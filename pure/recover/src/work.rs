//! What a step of the way back is about, what it is called, and whose hands it takes.

use city::{AssetId, BackupId, CrewId, ProcedureId, RepositoryId, ServiceId, Text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Names a step of a restoration, the same whenever the same is lost: `restore:telecare-database`, `careline-restore/3`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(Text);

impl StepId {
    /// The longest text that can be the id of a step: no kind of id is longer than 64 bytes.
    pub const LENGTH_MAX: usize = 96;

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for StepId {
    fn from(text: &str) -> StepId {
        StepId(text.into())
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Work {
    /// Somebody looks whether a service that was itself hit does what it should.
    Check {
        /// The service.
        service: ServiceId,
    },
    /// Another asset in the place of a lost one is awaited: nobody of the city is busy with it.
    Deliver {
        /// The lost asset.
        asset: AssetId,
    },
    /// A step of a written procedure is done.
    Procedure {
        /// The procedure.
        procedure: ProcedureId,
        /// Which of its steps, from 1.
        number: usize,
    },
    /// What a backup would have held is made anew, because no clean snapshot of it is left.
    Rebuild {
        /// The backup.
        backup: BackupId,
    },
    /// Another asset is put in the place of a lost one.
    Replace {
        /// The lost asset.
        asset: AssetId,
    },
    /// A backup is restored.
    Restore {
        /// The backup.
        backup: BackupId,
        /// The repository that holds the snapshot to take.
        from: RepositoryId,
        /// When that snapshot was made.
        taken: Timestamp,
    },
    /// A service runs again. This takes no time: it is what all others are for.
    Runs {
        /// The service.
        service: ServiceId,
    },
}

impl Work {
    /// What the step is called.
    #[must_use]
    pub fn id(&self) -> StepId {
        use std::fmt::Write;
        let mut id = Text::default();
        // Writing to a text in memory cannot fail.
        let _ = match self {
            Work::Check { service } => write!(id, "check:{service}"),
            Work::Deliver { asset } => write!(id, "deliver:{asset}"),
            Work::Procedure { procedure, number } => write!(id, "{procedure}/{number}"),
            Work::Rebuild { backup } => write!(id, "rebuild:{backup}"),
            Work::Replace { asset } => write!(id, "replace:{asset}"),
            Work::Restore { backup, .. } => write!(id, "restore:{backup}"),
            Work::Runs { service } => write!(id, "runs:{service}"),
        };
        StepId(id)
    }
}

/// Whose hands a step takes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hands {
    /// No crew is named: whoever is at hand, at most [`Hands::ANYONE`] steps at once.
    Anyone,
    /// One of a crew.
    Crew(CrewId),
    /// Nobody's: it is waited for, or its owner looks in passing.
    Nobody,
}

impl Hands {
    /// How many steps without a crew can be done at once. A city that says nothing of its crews has three to ten people
    /// for all of this; two at work are fewer than it has, so that the prediction errs on the safe side.
    pub const ANYONE: u32 = 2;
}

impl fmt::Display for Hands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hands::Anyone => f.pad("anyone"),
            Hands::Crew(crew) => crew.fmt(f),
            Hands::Nobody => f.pad("nobody"),
        }
    }
}
