//! The sealed log: what was found, decided and done, never rewritten.
//!
//! Records stand in a table, each with the hash of its canonical bytes ([`integrity::leaf_bytes`]). The hashes are the
//! leaves of a Merkle tree; after every batch its head is signed with a key that only this installation has. *Sealed*
//! means: records, hashes and signed head are on the disk, and the head stands a second time in a file of its own, so
//! that a table cut short does not pass for a shorter log. [`SealedLog::seal`] answers when that is so, and not before.

mod heads;
mod incident;
mod read;
mod record;
mod recovery;
mod response;
mod verify;
mod write;

use crate::{KeyFileError, database::DatabaseError, durable::FileError};
use integrity::{Checkpoint, Hash, Verifier};
use jiff::Timestamp;
use sqlx::SqlitePool;
use std::path::PathBuf;
use tokio::sync::{mpsc, oneshot, watch};

pub use incident::{IncidentRecord, IncidentStepRecord};
pub use record::{
    Act, ActRecord, EvidenceRecord, FindingRecord, PlanFile, PlanRecord, ReasonRecord, Record, Sealed,
    StartRecord,
};
pub use recovery::{BackupRecord, DrillRecord, DrillStepRecord, SnapshotRecord};
pub use response::ResponseRecord;
pub use verify::{Damage, Verified};

/// Why the log could not be opened, sealed or read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// What is stored is not what was signed. Nothing more is sealed on top of it.
    #[error(
        "the sealed log was changed after it was signed: {0}; run `bastide log verify`, and restore it from a backup"
    )]
    Changed(Damage),
    /// The key that signs its heads cannot be used.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// A record has no written form.
    #[error("a record of kind `{0}` could not be written as JSON")]
    Form(&'static str),
    /// The log was closed, or is open for reading only.
    #[error("the sealed log is closed, so nothing can be sealed")]
    Closed,
    /// A batch of another was lost together with this one; the message is its cause.
    #[error("the records were not sealed: {0}")]
    Batch(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A file could not be written or read.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The acknowledgement: these records are in the log, under this head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The place of the first of the records, from 1.
    pub first: u64,
    /// The place of the last; below `first` if there were none.
    pub last: u64,
    /// The signed head that covers them.
    pub head: Head,
}

/// A signed head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many records it covers.
    pub size: u64,
    /// The head of the Merkle tree over them.
    pub root: Hash,
    /// When it was signed (RFC 3339); none for the head over no records.
    pub time: Option<String>,
}

impl Head {
    fn of(checkpoint: Checkpoint) -> Head {
        Head { size: checkpoint.size, root: checkpoint.root, time: checkpoint.time }
    }
}

/// What waits to be sealed, and who waits for it.
struct Waiting {
    time: Timestamp,
    records: Vec<Record>,
    answer: oneshot::Sender<Result<Receipt, LogError>>,
}

/// The sealed log. A cheap handle: clone it.
#[derive(Clone, Debug)]
pub struct SealedLog {
    pool: SqlitePool,
    heads: PathBuf,
    verifier: Verifier,
    /// To the one task that writes; none if open for reading only.
    writer: Option<mpsc::Sender<Waiting>>,
    latest: watch::Receiver<Head>,
}

impl SealedLog {
    /// The key that checks this log's heads, in the form of C2SP signed-note, to be kept where the log is not.
    #[must_use]
    pub fn public_key(&self) -> &Verifier {
        &self.verifier
    }

    /// The latest head that was acknowledged. For a log open for reading only: when it was opened.
    #[must_use]
    pub fn head(&self) -> Head {
        self.latest.borrow().clone()
    }

    /// Told of each new head, so that pages can follow the log.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Head> {
        self.latest.clone()
    }

    /// Seals records: answers when they are on the disk under a signed head, and not before. Records that wait at the
    /// same time are put on the disk together. `time` is the time of the city, which the records carry.
    ///
    /// # Errors
    /// The records are not acknowledged. After [`LogError::File`] they may still be found in the log later.
    pub async fn seal(&self, time: Timestamp, records: Vec<Record>) -> Result<Receipt, LogError> {
        let writer = self.writer.as_ref().ok_or(LogError::Closed)?;
        let (answer, answered) = oneshot::channel();
        writer.send(Waiting { time, records, answer }).await.map_err(|_| LogError::Closed)?;
        answered.await.unwrap_or(Err(LogError::Closed))
    }
}

#[cfg(test)]
mod tests;
