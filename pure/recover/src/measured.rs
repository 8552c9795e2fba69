//! What backups and drills have measured, as predictions need it.

use city::{BackupId, RepositoryId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was measured of each backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// How long restoring and checking it took in the last drills, the latest last; at most [`Measured::DRILLS_MAX`].
    pub drills: BTreeMap<BackupId, Vec<SignedDuration>>,
    /// The newest snapshot in each repository that is not known to be spoilt.
    pub newest: BTreeMap<(BackupId, RepositoryId), Timestamp>,
}

impl Measured {
    /// The most drills of a backup that are kept.
    pub const DRILLS_MAX: usize = 8;
}
