//! Backups and drills as they are sealed.

use ::city::{BackupMade, Drill};
use serde::{Deserialize, Serialize};

/// A backup that was made, or could not be. The id of every snapshot is sealed, so that it can be shown later which there
/// were, whatever became of the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupRecord {
    /// The declared backup.
    pub backup: String,
    /// The repository that it went to.
    pub repository: String,
    /// When it began (RFC 3339).
    pub start: String,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// The snapshot, if it was made.
    pub snapshot: Option<SnapshotRecord>,
    /// Why it could not be made, if it could not.
    pub failure: Option<String>,
}

/// A snapshot's figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotRecord {
    /// Its id in the repository.
    pub id: String,
    /// Its files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that are new, changed and gone since the one before.
    pub new_files: u64,
    /// Files that are not as they were.
    pub changed_files: u64,
    /// Files that are gone.
    pub gone_files: u64,
    /// Bytes of new and changed files that were looked at.
    pub sampled: u64,
    /// Bytes among them that cannot be told from noise.
    pub noise: u64,
}

impl From<&BackupMade> for BackupRecord {
    fn from(made: &BackupMade) -> BackupRecord {
        let snapshot = made.outcome.as_ref().ok().map(|snapshot| SnapshotRecord {
            id: snapshot.id.to_string(),
            files: snapshot.files,
            bytes: snapshot.bytes,
            new_files: snapshot.new_files,
            changed_files: snapshot.changed_files,
            gone_files: snapshot.gone_files,
            sampled: snapshot.sampled,
            noise: snapshot.noise,
        });
        BackupRecord {
            backup: made.backup.to_string(),
            repository: made.repository.to_string(),
            start: made.start.to_string(),
            took_ms: milliseconds(made.duration),
            snapshot,
            failure: made.outcome.as_ref().err().map(ToString::to_string),
        }
    }
}

/// A drill: whether a service could be restored to an isolated place, step by step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillRecord {
    /// The service.
    pub service: String,
    /// Whether everything was restored and every check passed.
    pub passed: bool,
    /// When it began (RFC 3339).
    pub start: String,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// The time to which everything would be back (RFC 3339).
    pub recovered_to: Option<String>,
    /// What was done, in order.
    pub steps: Vec<DrillStepRecord>,
}

/// One thing that a drill did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillStepRecord {
    /// The backup that it was about.
    pub backup: String,
    /// The repository that it used.
    pub repository: Option<String>,
    /// The snapshot that it used.
    pub snapshot: Option<String>,
    /// The declared check, if it was one.
    pub check: Option<String>,
    /// What, in plain words.
    pub what: String,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// How many bytes were restored or read.
    pub bytes: u64,
    /// Why it did not succeed, if it did not.
    pub failure: Option<String>,
}

impl From<&Drill> for DrillRecord {
    fn from(drill: &Drill) -> DrillRecord {
        let steps = drill.steps.iter().map(|step| DrillStepRecord {
            backup: step.backup.to_string(),
            repository: step.from.as_ref().map(|(repository, _)| repository.to_string()),
            snapshot: step.from.as_ref().map(|(_, snapshot)| snapshot.to_string()),
            check: step.check.as_ref().map(ToString::to_string),
            what: step.what.to_string(),
            took_ms: milliseconds(step.duration),
            bytes: step.bytes,
            failure: step.failure.as_ref().map(ToString::to_string),
        });
        DrillRecord {
            service: drill.service.to_string(),
            passed: drill.passed(),
            start: drill.start.to_string(),
            took_ms: milliseconds(drill.duration),
            recovered_to: drill.recovered_to.map(|time| time.to_string()),
            steps: steps.collect(),
        }
    }
}

fn milliseconds(duration: jiff::SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
