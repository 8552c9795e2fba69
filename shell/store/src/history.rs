//! History: conversations, requests, identities and weaknesses as Parquet files by day, which other tools read too.
//!
//! `history/<table>/date=YYYY-MM-DD/<first>-<end>-<rows>-<check>.parquet`: each file holds what the events of the journal from
//! place `first` to before place `end` put into that day, sorted by time, and
//! `check` is the CRC-32 of its bytes. The file `compacted` names the place up to
//! which the journal was compacted; a file that reaches beyond it was left by a kill and does not count. What the
//! journal holds behind that place is read from the journal, so that an answer is complete to the last second.
//!
//! Everything here reads and writes files and takes its time: from asynchronous code, call it where blocking is
//! allowed.

mod columns;
mod compact;
mod condition;
mod files;
mod question;
mod retain;
mod search;
mod sweep;
mod table;

use crate::{
    durable::{self, FileError, failed},
    journal::{JournalError, Position},
};
use parquet::errors::ParquetError;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

pub use columns::Coded;
pub use compact::Compacted;
pub use condition::{Addresses, Condition, TextSet, Texts};
pub use question::{Answer, Place, Question};
pub use retain::{Pruned, Retention};
pub use search::{Looked, Passed};
pub use sweep::{Batch, Conversations, Requests, Sweep, Swept, Targets};
pub use table::Table;

/// The schema number of the files that this release writes.
pub const SCHEMA: u32 = 1;

/// Why history could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// A file was written by a newer release.
    #[error("`{}` has schema {found}, this program knows {SCHEMA} at most; use the newer program", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema number found.
        found: u32,
    },
    /// A file is damaged.
    #[error("`{}` is damaged: {why}; restore it from a backup, or remove it to do without its rows", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Rows could not be written as Parquet.
    #[error("cannot write `{}`: {cause}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the format's writer said.
        cause: ParquetError,
    },
    /// The journal behind the last compaction could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file could not be written or read.
    #[error(transparent)]
    File(#[from] FileError),
}

impl HistoryError {
    /// Whether a file was not there, because another thread or process put another in its place meanwhile.
    fn is_missing(&self) -> bool {
        match self {
            HistoryError::File(error) => error.is_missing(),
            HistoryError::Journal(JournalError::File(error)) => error.is_missing(),
            _ => false,
        }
    }
}

/// The history of a city. A cheap handle: clone it.
#[derive(Clone, Debug)]
pub struct History {
    directory: PathBuf,
    journal: PathBuf,
    /// Held while files are written or removed, so that one does not undo the other.
    work: Arc<Mutex<()>>,
    sound: Arc<files::Sound>,
}

/// The file that names the place up to which the journal was compacted.
const COMPACTED: &str = "compacted";

impl History {
    /// Opens history for reading and writing and clears what a kill left.
    pub(crate) fn open(directory: PathBuf, journal: PathBuf) -> Result<History, HistoryError> {
        durable::make_directory(&directory)?;
        let history = History::read_only(directory, journal);
        files::clear(&history.directory, history.compacted()?)?;
        Ok(history)
    }

    /// A handle that only reads.
    pub(crate) fn read_only(directory: PathBuf, journal: PathBuf) -> History {
        History { directory, journal, work: Arc::default(), sound: Arc::default() }
    }

    /// The place up to which the journal was compacted: its segments before it hold no row that history lacks.
    ///
    /// # Errors
    /// The file could not be read, or says nothing that can be believed.
    pub fn compacted(&self) -> Result<Position, HistoryError> {
        let path = self.directory.join(COMPACTED);
        let text = match fs::read_to_string(&path).map_err(failed("read", &path)) {
            Ok(text) => text,
            Err(error) if error.is_missing() => return Ok(Position(0)),
            Err(error) => return Err(error.into()),
        };
        let why = "it does not say a place in the journal".to_owned();
        text.trim().parse().map(Position).map_err(|_| HistoryError::Damaged { path, why })
    }

    fn set_compacted(&self, position: Position) -> Result<(), FileError> {
        durable::write_whole(&self.directory.join(COMPACTED), format!("{position}\n").as_bytes())
    }

    /// The folder that holds the files, for other tools to read.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn work(&self) -> std::sync::MutexGuard<'_, ()> {
        // Whoever panicked while holding it left files that the rules above already cover.
        self.work.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
