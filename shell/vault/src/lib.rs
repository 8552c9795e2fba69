//! Backups made, tried and restored: repositories in restic's format, what goes into them, and the isolated places where
//! it is shown that it comes back.

mod check;
mod database;
mod isolation;
mod program;
mod scratch;
mod source;
mod sqlite;
mod staged;

pub use isolation::{Isolation, IsolationError, Place};
pub use program::{Bounds, ProgramError};
pub use scratch::{Scratch, ScratchError};
pub use source::{Context, SourceError, stage};
pub use sqlite::SqliteError;
pub use staged::Staged;

#[cfg(test)]
#[path = "../tests/parts/mod.rs"]
mod parts;
