//! Backups made, tried and restored: repositories in restic's format, what goes into them, and the isolated places where
//! it is shown that it comes back.

mod error;
mod noise;
mod objects;
mod progress;
mod reading;
mod retention;
mod secret;
mod staged;
mod storage;
mod vault;
mod walk;

pub use error::VaultError;
pub use progress::{Progress, SoFar};
pub use secret::{Secret, SecretError};
pub use staged::Staged;
pub use vault::{Forgotten, ReadBack, Restored, Share, SnapshotInfo, Target, Vault};
