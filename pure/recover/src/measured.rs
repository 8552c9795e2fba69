//! What backups and drills have measured, as predictions need it.

use city::{BackupId, RepositoryId};
use jiff::{SignedDuration, Timestamp};
use plan::Plan;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was measured of each backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// How long restoring and checking it took in the last drills, the latest last; at most [`Measured::DRILLS_MAX`].
    pub drills: BTreeMap<BackupId, Vec<SignedDuration>>,
    /// The newest snapshot in each repository that is not known to be spoilt.
    pub newest: BTreeMap<(BackupId, RepositoryId), Timestamp>,
    /// Nothing was ever told of a backup, and each is taken to have been made as the plan says.
    pub assumed: bool,
}

impl Measured {
    /// The most drills of a backup that are kept.
    pub const DRILLS_MAX: usize = 8;

    /// The same; but where nothing was ever told of any backup, as on a machine that only has the plan, each is taken to
    /// have been made in time, and is as old as it may be.
    #[must_use]
    pub fn or_as_declared(self, plan: &Plan, at: Timestamp) -> Measured {
        if !self.newest.is_empty() || !self.drills.is_empty() || plan.backups().len() == 0 {
            return self;
        }
        let made = plan.backups().flat_map(|backup| {
            let taken = at.checked_sub(backup.every).unwrap_or(at);
            backup.to.iter().map(move |repository| ((backup.id.clone(), repository.clone()), taken))
        });
        Measured { newest: made.collect(), assumed: true, ..self }
    }
}
