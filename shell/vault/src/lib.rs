//! Backups made, tried and restored: repositories in restic's format, what goes into them, and the isolated places where
//! it is shown that it comes back.

mod check;
mod choose;
mod database;
mod drill;
mod error;
mod isolation;
mod noise;
mod objects;
mod program;
mod progress;
mod reading;
mod restore;
mod retention;
mod scratch;
mod secret;
mod source;
mod sqlite;
mod staged;
mod storage;
mod vault;
mod walk;

pub use choose::{Repositories, Spoilt};
pub use drill::{Drilling, drill};
pub use error::VaultError;
pub use isolation::{Isolation, IsolationError, Place};
pub use program::{Bounds, ProgramError};
pub use progress::{Progress, SoFar};
pub use restore::{Restorable, RestoreError, Restoring, plan_restore, restore};
pub use scratch::{Scratch, ScratchError};
pub use secret::{Secret, SecretError};
pub use source::{Context, SourceError, stage};
pub use sqlite::SqliteError;
pub use staged::Staged;
pub use vault::{Forgotten, ReadBack, Restored, Share, SnapshotInfo, Target, Vault};

#[cfg(test)]
#[path = "../tests/parts/mod.rs"]
mod parts;
