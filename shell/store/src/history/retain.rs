//! Forgetting in time: by age and by bytes, and never before a checkpoint holds what was learned.

use super::{
    History, HistoryError,
    files::{self, Part},
    table::Table,
};
use crate::{
    durable::{self, failed},
    journal::Position,
};
use jiff::{SignedDuration, Timestamp};
use std::fs;

/// How much is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// How long rows are kept. A day's rows go together once the whole day is older than this: no row is kept for
    /// longer than this and a day, and none is removed before its time. None keeps them for ever.
    pub age: Option<SignedDuration>,
    /// How many bytes of files are kept; the oldest days go first. None sets no limit.
    pub bytes: Option<u64>,
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Files.
    pub files: u64,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// Bytes that should go and were held, because no checkpoint holds yet what they taught.
    pub held: u64,
}

impl History {
    /// Removes what is too old or too much. `now` is the city's time, so that a capture of 2012 is not old the moment
    /// it is replayed. `safe` is [`crate::Checkpoints::safe`]: files that reach beyond it are held.
    ///
    /// # Errors
    /// A file could not be removed or looked at.
    pub fn prune(
        &self,
        now: Timestamp,
        retention: Retention,
        safe: Position,
    ) -> Result<Pruned, HistoryError> {
        let _work = self.work();
        let compacted = self.compacted()?;
        let mut kept: Vec<(Table, Part, u64)> = Vec::new();
        for table in Table::ALL {
            for day in files::days(&self.directory, table)? {
                for part in files::parts(&self.directory, table, day, compacted)? {
                    let bytes = fs::metadata(&part.path).map_err(failed("look at", &part.path))?.len();
                    kept.push((table, part, bytes));
                }
            }
        }
        // The oldest day first, and in it what was filed first.
        kept.sort_by_key(|(table, part, _)| (part.day, part.first, *table));
        let mut total: u64 = kept.iter().map(|(.., bytes)| bytes).sum();
        let oldest = retention.age.and_then(|age| now.checked_sub(age).ok());
        let mut pruned = Pruned::default();
        for (table, part, bytes) in kept {
            let too_old = match (oldest, files::span_of(part.day)) {
                (Some(oldest), Some((_, end))) => end <= oldest,
                _ => false,
            };
            let too_much = retention.bytes.is_some_and(|limit| total > limit);
            if !too_old && !too_much {
                continue;
            }
            if part.end > safe {
                pruned.held += bytes;
                continue;
            }
            durable::remove(&part.path)?;
            // Only succeeds where there is nothing left.
            let _ = fs::remove_dir(files::day_folder(&self.directory, table, part.day));
            total -= bytes;
            pruned.files += 1;
            pruned.rows += part.rows;
            pruned.bytes += bytes;
        }
        Ok(pruned)
    }
}
