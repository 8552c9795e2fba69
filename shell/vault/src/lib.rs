//! Backups made, tried and restored: repositories in restic's format, what goes into them, and the isolated places where
//! it is shown that it comes back.

mod staged;

pub use staged::Staged;
