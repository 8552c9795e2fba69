//! What came of backups, of restoring them to try them, and of trying to destroy them.

use crate::{BackupId, CheckId, RepositoryId, ServiceId, Text};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What came of making one backup into one repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupMade {
    /// The declared backup.
    pub backup: BackupId,
    /// Where to.
    pub repository: RepositoryId,
    /// When it began: what is in it is at least as new.
    pub start: Timestamp,
    /// How long it took.
    pub duration: SignedDuration,
    /// The snapshot, or why there is none.
    pub outcome: Result<Snapshot, Text>,
}

/// A snapshot as it was when it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its id in the repository: 64 hexadecimal digits.
    pub id: Text,
    /// Its files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes that the repository did not have yet, before they were compressed.
    pub added: u64,
    /// Bytes that the repository grew by.
    pub stored: u64,
    /// Files that the snapshot before did not have.
    pub new_files: u64,
    /// Files that are not as they were.
    pub changed_files: u64,
    /// Files of the snapshot before that are gone.
    pub gone_files: u64,
    /// Some of the files that are gone, at most [`Snapshot::NAMES_MAX`].
    pub gone: Vec<Text>,
    /// How many bytes of new and changed files were looked at for noise: a sample.
    pub sampled: u64,
    /// How many of those bytes cannot be told from noise: encrypted, or packed.
    pub noise: u64,
    /// Some of the files that were text or records before and are noise now, or that noise replaced.
    pub noisy: Vec<Text>,
}

impl Snapshot {
    /// The most names that are kept of each kind.
    pub const NAMES_MAX: usize = 16;
}

/// What came of restoring a service's backups to an isolated place, to see whether it could come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drill {
    /// The service.
    pub service: ServiceId,
    /// When it began.
    pub start: Timestamp,
    /// How long it took altogether.
    pub duration: SignedDuration,
    /// The time to which everything would be back: that of the oldest snapshot restored. None if a snapshot is missing.
    pub recovered_to: Option<Timestamp>,
    /// What was done, in order.
    pub steps: Vec<DrillStep>,
}

impl Drill {
    /// Whether everything was restored and every check passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|step| step.failure.is_none())
    }
}

/// One thing that a drill did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillStep {
    /// The backup that it was about.
    pub backup: BackupId,
    /// The repository and snapshot it used.
    pub from: Option<(RepositoryId, Text)>,
    /// The declared check, if it was one.
    pub check: Option<CheckId>,
    /// What, in plain words: `restore 1,204 files`, `query returns rows`.
    pub what: Text,
    /// How long it took.
    pub duration: SignedDuration,
    /// How many bytes were restored or read.
    pub bytes: u64,
    /// Why it did not succeed, if it did not.
    pub failure: Option<Text>,
}

/// What came of looking at a repository: whether it is there, and whether what is in it can be destroyed by whoever can
/// write to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryTried {
    /// The repository.
    pub repository: RepositoryId,
    /// Why it could not be reached or read, if so; the rest then says nothing.
    pub unreachable: Option<Text>,
    /// Whether a delete was refused. None if it was not tried.
    pub refuses_delete: Option<bool>,
    /// Whether a change of what was written was refused. None if it was not tried.
    pub refuses_change: Option<bool>,
    /// Until when the storage itself says that it refuses to delete what was written just now.
    pub locked_until: Option<Timestamp>,
    /// When its newest snapshot was made.
    pub newest: Option<Timestamp>,
    /// How many snapshots it holds.
    pub snapshots: u64,
    /// What is damaged in it, by name: at most [`Snapshot::NAMES_MAX`].
    pub damage: Vec<Text>,
    /// How many bytes of backups were read back and found whole, if some were read.
    pub read_back: u64,
}

/// The pack for when nothing else works was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackIssued {
    /// When.
    pub time: Timestamp,
    /// The digest of the plan that it was made from.
    pub plan: Text,
}
