//! From the journal into files by day.

use super::{
    History, HistoryError,
    files::{self, Part},
    table::{self, Table},
};
use crate::{
    durable,
    journal::{Journal, JournalError, Position},
};
use ::city::Observation;
use cycle::Event;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// The most rows that are held in memory and written at once.
const BATCH_ROWS: usize = 65_536;
/// The most events that one file may stand for, so that a quiet city's files stay small ranges too.
const BATCH_EVENTS: u64 = 1_048_576;
/// This many small files of a day that follow one another are merged into one.
const MERGE_FILES: usize = 8;

/// What compacting did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// The place up to which the journal is compacted now.
    pub end: Position,
    /// Rows written.
    pub rows: u64,
    /// Files written.
    pub files: u64,
    /// Parts of the journal that could not be read, each in words. Their rows are lost to history.
    pub damaged: Vec<String>,
}

/// Rows by table and day.
type Batch = BTreeMap<(Table, Date), Vec<Observation>>;

impl History {
    /// Files what the journal holds on disk up to a place. `end` must not be beyond [`Journal::synced`].
    ///
    /// Batch by batch: the batch's files are on the disk before the place is moved on, so that after a kill every row
    /// is there once.
    ///
    /// # Errors
    /// The journal or a file could not be read or written. What was filed before stays filed.
    pub fn compact(&self, end: Position) -> Result<Compacted, HistoryError> {
        let _work = self.work();
        let start = self.compacted()?;
        let mut done = Compacted { end: start, ..Compacted::default() };
        if end <= start {
            return Ok(done);
        }
        let mut touched = BTreeSet::new();
        let (mut batch, mut rows, mut first, mut next) = (Batch::new(), 0, start, start);
        for item in Journal::read(&self.journal, start)? {
            match item {
                Ok((place, _)) if place >= end => break,
                Ok((place, event)) => {
                    next = Position(place.0 + 1);
                    rows += usize::from(add(&mut batch, event));
                }
                Err(error @ (JournalError::Damaged { .. } | JournalError::Unreadable { .. })) => {
                    done.damaged.push(error.to_string());
                }
                Err(error) => return Err(error.into()),
            }
            if rows >= BATCH_ROWS || next.0 - first.0 >= BATCH_EVENTS {
                self.file(&mut batch, (first, next), &mut done, &mut touched)?;
                (rows, first) = (0, next);
            }
        }
        self.file(&mut batch, (first, end), &mut done, &mut touched)?;
        for (table, day) in touched {
            self.merge(table, day, done.end)?;
        }
        Ok(done)
    }

    fn file(
        &self,
        batch: &mut Batch,
        range: (Position, Position),
        done: &mut Compacted,
        touched: &mut BTreeSet<(Table, Date)>,
    ) -> Result<(), HistoryError> {
        for ((table, day), mut rows) in std::mem::take(batch) {
            files::write(&self.directory, table, day, range, &mut rows)?;
            done.rows += rows.len() as u64;
            done.files += 1;
            touched.insert((table, day));
        }
        self.set_compacted(range.1)?;
        done.end = range.1;
        Ok(())
    }

    /// Merges small files of a day that follow one another, so that a quiet city does not end with thousands of them.
    fn merge(&self, table: Table, day: Date, compacted: Position) -> Result<(), HistoryError> {
        let parts = files::parts(&self.directory, table, day, compacted)?;
        let mut rest = parts.as_slice();
        while !rest.is_empty() {
            let mut sum = 0;
            let fit = rest.iter().take_while(|part| {
                sum += part.rows;
                sum <= BATCH_ROWS as u64
            });
            let run = fit.count();
            let (merged, after) = rest.split_at_checked(run.max(1)).unwrap_or((rest, &[]));
            if run >= MERGE_FILES {
                self.merge_run(table, day, merged)?;
            }
            rest = after;
        }
        Ok(())
    }

    fn merge_run(&self, table: Table, day: Date, run: &[Part]) -> Result<(), HistoryError> {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { return Ok(()) };
        let mut rows = Vec::new();
        for part in run {
            rows.extend(files::read_all(part, table, &self.sound)?);
        }
        // From here on the wide file counts and the narrow ones do not, whether or not a kill keeps them from going.
        files::write(&self.directory, table, day, (first.first, last.end), &mut rows)?;
        for part in run {
            durable::remove(&part.path)?;
        }
        Ok(())
    }
}

/// Adds an event's row, if it has one.
fn add(batch: &mut Batch, event: Event) -> bool {
    let Event::Observed(observation) = event else { return false };
    let Some(table) = Table::of(&observation) else { return false };
    let day = files::day_of(table::time_of(&observation));
    batch.entry((table, day)).or_default().push(observation);
    true
}
