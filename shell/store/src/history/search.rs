//! Searching all of history for the few rows that a question wants: newest day first, on several cores, and passing over
//! whatever a file's own notes say is not there.

use super::{
    History, HistoryError,
    condition::{By, Condition, Sieve, Wanted},
    files::{self, Open, Part},
    question::Question,
    sweep::{ATTEMPTS, on_cores},
    table::Table,
};
use crate::journal::{Journal, JournalError, Position};
use ::city::Observation;
use cycle::Event;
use jiff::Timestamp;
use std::{
    num::NonZeroUsize,
    ops::ControlFlow,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// What a search looked at, and what it passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Files opened.
    pub files: u64,
    /// Files of days that were not asked for.
    pub files_passed: u64,
    /// Row groups of which rows were looked at.
    pub groups: u64,
    /// Row groups in which no row was looked at, by what told that none is wanted.
    pub passed: Passed,
    /// Rows decided about: those of every row group of the files opened, and of the journal.
    pub rows: u64,
    /// Of these, rows that were looked at one by one.
    pub rows_read: u64,
    /// Rows that were handed out.
    pub found: u64,
    /// Whether whoever takes the rows had enough before all was searched.
    pub stopped: bool,
    /// Parts of the journal that could not be read, each in words.
    pub damaged: Vec<String>,
}

/// Row groups passed over, by what told that none of their rows is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// The least and greatest value of a column.
    pub by_statistics: u64,
    /// A bloom filter.
    pub by_filter: u64,
    /// The list of a column's distinct values.
    pub by_dictionary: u64,
}

impl Looked {
    fn add(&mut self, other: Looked) {
        self.files += other.files;
        self.groups += other.groups;
        self.passed.by_statistics += other.passed.by_statistics;
        self.passed.by_filter += other.passed.by_filter;
        self.passed.by_dictionary += other.passed.by_dictionary;
        self.rows += other.rows;
        self.rows_read += other.rows_read;
        self.found += other.found;
    }

    fn pass(&mut self, by: By) {
        match by {
            By::Statistics => self.passed.by_statistics += 1,
            By::Filter => self.passed.by_filter += 1,
            By::Dictionary => self.passed.by_dictionary += 1,
        }
    }
}

impl History {
    /// Hands out every row that a question wants, on so many cores: each folds what it is lent into a state of its own,
    /// made by `start`. Which rows go to which, and in what order, is chance. The question's limit is not regarded:
    /// whoever has enough breaks off. A conversation that was told of several times is handed out each time.
    ///
    /// Where files are replaced meanwhile, it begins again with new states.
    ///
    /// # Errors
    /// A file or the journal could not be read.
    pub fn search<S: Send>(
        &self,
        question: &Question,
        cores: NonZeroUsize,
        start: impl Fn() -> S + Sync,
        fold: impl Fn(&mut S, Observation) -> ControlFlow<()> + Sync,
    ) -> Result<(Vec<S>, Looked), HistoryError> {
        for _ in 1..ATTEMPTS {
            let compacted = self.compacted()?;
            match self.search_once(question, cores, &start, &fold, compacted) {
                Err(error) if error.is_missing() => {}
                // Rows may have moved from the journal into a file while both were read.
                result if self.compacted()? == compacted => return result,
                _ => {}
            }
        }
        self.search_once(question, cores, &start, &fold, self.compacted()?)
    }

    fn search_once<S: Send>(
        &self,
        question: &Question,
        cores: NonZeroUsize,
        start: &(impl Fn() -> S + Sync),
        fold: &(impl Fn(&mut S, Observation) -> ControlFlow<()> + Sync),
        compacted: Position,
    ) -> Result<(Vec<S>, Looked), HistoryError> {
        let mut looked = Looked::default();
        let enough = AtomicBool::new(false);
        let mut first = start();
        self.search_journal(question, compacted, &mut looked, |row| {
            if fold(&mut first, row).is_break() {
                enough.store(true, Ordering::Relaxed);
            }
            enough.load(Ordering::Relaxed)
        })?;
        let mut parts = Vec::new();
        for day in files::days(&self.directory, question.table)?.into_iter().rev() {
            let those = files::parts(&self.directory, question.table, day, compacted)?;
            if question.admits_day(day) {
                parts.extend(those.into_iter().rev());
            } else {
                looked.files_passed += those.len() as u64;
            }
        }
        let condition = question.whole();
        let next = AtomicUsize::new(0);
        let total = Mutex::new(looked);
        let states = on_cores(cores, first, start, |mut state| {
            let mut looked = Looked::default();
            let mut take = |row| {
                if fold(&mut state, row).is_break() {
                    enough.store(true, Ordering::Relaxed);
                }
                enough.load(Ordering::Relaxed)
            };
            while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                if enough.load(Ordering::Relaxed) {
                    break;
                }
                self.search_part(question, &condition, part, &mut looked, &mut take)?;
            }
            total.lock().unwrap_or_else(PoisonError::into_inner).add(looked);
            Ok(state)
        })?;
        let mut looked = total.into_inner().unwrap_or_else(PoisonError::into_inner);
        looked.stopped = enough.into_inner();
        Ok((states, looked))
    }

    /// The beginning of the first day of which there are files. `None` if there is none.
    ///
    /// # Errors
    /// A folder could not be read.
    pub fn oldest(&self) -> Result<Option<Timestamp>, HistoryError> {
        let mut oldest = None;
        for table in Table::ALL {
            let day = files::days(&self.directory, table)?.into_iter().next();
            let began = day.and_then(files::span_of).map(|(began, _)| began);
            oldest = [oldest, began].into_iter().flatten().min();
        }
        Ok(oldest)
    }

    /// Searches a file, until `take` says that it is enough.
    fn search_part(
        &self,
        question: &Question,
        condition: &Condition,
        part: &Part,
        looked: &mut Looked,
        take: &mut impl FnMut(Observation) -> bool,
    ) -> Result<(), HistoryError> {
        let open = Open::sound(part, question.table, &self.sound)?;
        looked.files += 1;
        for group in 0..open.groups() {
            let rows = open.group_rows(group);
            looked.rows += rows;
            let wanted = match Sieve::new(&open, question.table, group).sift(condition)? {
                Wanted::None(by) => {
                    looked.pass(by);
                    continue;
                }
                Wanted::Rows(wanted) => wanted,
            };
            looked.groups += 1;
            looked.rows_read += rows;
            for row in open.wanted_rows(group, &wanted)? {
                looked.found += 1;
                if take(row) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn search_journal(
        &self,
        question: &Question,
        compacted: Position,
        looked: &mut Looked,
        mut take: impl FnMut(Observation) -> bool,
    ) -> Result<(), HistoryError> {
        for item in Journal::read(&self.journal, compacted)? {
            match item {
                Ok((_, Event::Observed(row))) => {
                    let is_of_table = Table::of(&row) == Some(question.table);
                    looked.rows += u64::from(is_of_table);
                    looked.rows_read += u64::from(is_of_table);
                    if is_of_table && question.admits(&row) {
                        looked.found += 1;
                        if take(row) {
                            return Ok(());
                        }
                    }
                }
                Ok(_) => {}
                Err(error @ (JournalError::Damaged { .. } | JournalError::Unreadable { .. })) => {
                    looked.damaged.push(error.to_string());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
