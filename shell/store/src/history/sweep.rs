//! Going through all of history for a long question, column by column and on several cores.
//!
//! A question that must look at every row of a month needs few of its columns, and few distinct values of each. So rows
//! are lent a row group at a time, as typed columns; texts are numbers into a list of the group's distinct values, each
//! of which is parsed once.

use super::{
    History, HistoryError,
    columns::{self, Coded},
    files::{self, Open, Part, damaged},
    table::{self, Table},
};
use crate::journal::{Journal, JournalError, Position};
use ::city::{Address, ConnectionState, Observation, Observed, Protocol, Text, Transport, Verb};
use cycle::Event;
use jiff::Timestamp;
use parquet::file::reader::RowGroupReader;
use std::{
    collections::BTreeSet,
    num::NonZeroUsize,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// What to go through.
#[derive(Clone, Debug, Default)]
pub struct Sweep {
    /// What was told of from this time on: conversations that began before and went on count too. None is all there is.
    pub since: Option<Timestamp>,
    /// The protocols of which the targets of requests are wanted.
    pub targets: BTreeSet<Protocol>,
}

/// What is lent of history.
#[derive(Debug)]
pub enum Batch<'a> {
    /// Conversations of a row group.
    Conversations(&'a Conversations),
    /// Requests of a row group.
    Requests(&'a Requests),
    /// A row that is still in the journal.
    Row(&'a Observation),
}

/// The columns of conversations. Every column has the same rows; those that are before the time asked for are no part.
#[derive(Debug, Default)]
pub struct Conversations {
    /// When it was told of, in microseconds since 1970.
    pub reported: Vec<i64>,
    /// The end that began.
    pub source: Coded<Address>,
    /// Its port.
    pub source_port: Vec<i64>,
    /// The end that was spoken to.
    pub destination: Coded<Address>,
    /// Its port.
    pub destination_port: Vec<i64>,
    /// What carried it.
    pub transport: Coded<Transport>,
    /// What was spoken.
    pub protocol: Coded<Option<Protocol>>,
    /// Packets from the end that was spoken to.
    pub packets_in: Vec<i64>,
    /// Bytes from the end that began.
    pub bytes_out: Vec<i64>,
    /// Bytes from the end that was spoken to.
    pub bytes_in: Vec<i64>,
    /// How it went.
    pub state: Coded<ConnectionState>,
    /// Whether it had ended.
    pub ended: Vec<bool>,
}

/// The columns of requests.
#[derive(Debug, Default)]
pub struct Requests {
    /// When it was made, in microseconds since 1970.
    pub time: Vec<i64>,
    /// The end that asked.
    pub source: Coded<Address>,
    /// Its port.
    pub source_port: Vec<i64>,
    /// The end that was asked.
    pub destination: Coded<Address>,
    /// Its port.
    pub destination_port: Vec<i64>,
    /// What carried it.
    pub transport: Coded<Transport>,
    /// What was spoken.
    pub protocol: Coded<Option<Protocol>>,
    /// Whether the end that was spoken to asked.
    pub back: Vec<bool>,
    /// What was asked.
    pub verb: Coded<Verb>,
    /// What was asked, in the protocol's own words.
    pub function: Coded<Text>,
    /// Whether nothing came back.
    pub missing: Coded<bool>,
    /// What it was about; none if no protocol of the row group is among those whose targets are wanted.
    pub targets: Option<Targets>,
}

/// The columns of what requests were about.
#[derive(Debug, Default)]
pub struct Targets {
    /// The device behind the address.
    pub unit: Vec<Option<i64>>,
    /// The kind of thing.
    pub kind: Coded<Text>,
    /// The first number.
    pub first: Vec<Option<i64>>,
    /// The last number.
    pub last: Vec<Option<i64>>,
    /// The name.
    pub name: Coded<Text>,
}

/// What a sweep took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Rows lent.
    pub rows: u64,
    /// Row groups read, and row groups that were too old.
    pub groups: (u64, u64),
    /// Parts of the journal that could not be read, each in words.
    pub damaged: Vec<String>,
}

/// How often a sweep begins again because files were replaced meanwhile.
pub(super) const ATTEMPTS: usize = 8;

impl History {
    /// Goes through conversations and requests, on so many cores: each folds what it is lent into a state of its own,
    /// made by `start`. Which rows go to which is chance, so a fold must come to the same in any order.
    ///
    /// # Errors
    /// A file or the journal could not be read.
    pub fn sweep<S: Send>(
        &self,
        sweep: &Sweep,
        cores: NonZeroUsize,
        start: impl Fn() -> S + Sync,
        fold: impl Fn(&mut S, Batch<'_>) + Sync,
    ) -> Result<(Vec<S>, Swept), HistoryError> {
        for _ in 1..ATTEMPTS {
            let compacted = self.compacted()?;
            match self.sweep_once(sweep, cores, &start, &fold, compacted) {
                Err(error) if error.is_missing() => {}
                // Rows may have moved from the journal into a file while both were read.
                result if self.compacted()? == compacted => return result,
                _ => {}
            }
        }
        self.sweep_once(sweep, cores, &start, &fold, self.compacted()?)
    }

    fn sweep_once<S: Send>(
        &self,
        sweep: &Sweep,
        cores: NonZeroUsize,
        start: &(impl Fn() -> S + Sync),
        fold: &(impl Fn(&mut S, Batch<'_>) + Sync),
        compacted: Position,
    ) -> Result<(Vec<S>, Swept), HistoryError> {
        let mut swept = Swept::default();
        let mut first = start();
        self.sweep_journal(sweep, compacted, &mut swept, |row| fold(&mut first, Batch::Row(row)))?;
        let mut parts = Vec::new();
        for table in [Table::Conversations, Table::Requests] {
            let mut those = self.parts_since(table, sweep.since, compacted)?;
            parts.extend(those.drain(..).map(|part| (table, part)));
        }
        let next = AtomicUsize::new(0);
        let total = Mutex::new(swept);
        let work = |mut state: S| -> Result<S, HistoryError> {
            let mut lent = Lent::default();
            let mut swept = Swept::default();
            while let Some((table, part)) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
                let open = Open::whole(part, *table)?;
                for group in 0..open.groups() {
                    lent.group(&open, *table, group, sweep, &mut swept, |batch| fold(&mut state, batch))?;
                }
            }
            let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
            total.rows += swept.rows;
            total.groups.0 += swept.groups.0;
            total.groups.1 += swept.groups.1;
            Ok(state)
        };
        let states = on_cores(cores, first, start, work)?;
        Ok((states, total.into_inner().unwrap_or_else(PoisonError::into_inner)))
    }

    /// The time of the latest conversation or request. `None` if there is none.
    ///
    /// # Errors
    /// A file or the journal could not be read.
    pub fn latest(&self) -> Result<Option<Timestamp>, HistoryError> {
        let compacted = self.compacted()?;
        let mut latest = None;
        let all = Sweep::default();
        self.sweep_journal(&all, compacted, &mut Swept::default(), |row| {
            latest = latest.max(Some(row.time))
        })?;
        for table in [Table::Conversations, Table::Requests] {
            // What was told last is in the part that reaches furthest into the journal, of whatever day.
            let parts = self.parts_since(table, None, compacted)?;
            let Some(end) = parts.iter().map(|part| part.end).max() else { continue };
            for part in parts.iter().filter(|part| part.end == end) {
                let open = Open::whole(part, table)?;
                for group in 0..open.groups() {
                    let last = open.group_span(group, time_column(table)).map(|(_, last)| last);
                    latest = latest.max(last.and_then(|last| Timestamp::from_microsecond(last).ok()));
                }
            }
        }
        Ok(latest)
    }

    fn sweep_journal(
        &self,
        sweep: &Sweep,
        compacted: Position,
        swept: &mut Swept,
        mut take: impl FnMut(&Observation),
    ) -> Result<(), HistoryError> {
        for item in Journal::read(&self.journal, compacted)? {
            match item {
                Ok((_, Event::Observed(row))) => {
                    let wanted = matches!(row.fact, Observed::Conversation(_) | Observed::Request(_));
                    if wanted && sweep.since.is_none_or(|since| since <= row.time) {
                        swept.rows += 1;
                        take(&row);
                    }
                }
                Ok(_) => {}
                Err(error @ (JournalError::Damaged { .. } | JournalError::Unreadable { .. })) => {
                    swept.damaged.push(error.to_string());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The files that may hold rows told of since a time. What began before and went on is filed under the day it began,
    /// but in files of the same parts of the journal as what was told of beside it.
    fn parts_since(
        &self,
        table: Table,
        since: Option<Timestamp>,
        compacted: Position,
    ) -> Result<Vec<Part>, HistoryError> {
        let mut parts = Vec::new();
        for day in files::days(&self.directory, table)? {
            parts.extend(files::parts(&self.directory, table, day, compacted)?);
        }
        if let Some(since) = since {
            let day = files::day_of(since);
            let begins = parts.iter().filter(|part| day <= part.day).map(|part| part.first).min();
            parts.retain(|part| day <= part.day || begins.is_none_or(|begins| begins < part.end));
        }
        Ok(parts)
    }
}

/// Does work on so many cores, on each with a state of its own; the first is given.
pub(super) fn on_cores<S: Send>(
    cores: NonZeroUsize,
    first: S,
    start: &(impl Fn() -> S + Sync),
    work: impl Fn(S) -> Result<S, HistoryError> + Sync,
) -> Result<Vec<S>, HistoryError> {
    let states: Vec<Result<S, HistoryError>> = thread::scope(|scope| {
        let others: Vec<_> = (1..cores.get()).map(|_| scope.spawn(|| work(start()))).collect();
        let mine = work(first);
        let joined = others.into_iter().map(|other| match other.join() {
            Ok(state) => state,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        std::iter::once(mine).chain(joined).collect()
    });
    states.into_iter().collect()
}

/// The column that says when a row was told of.
fn time_column(table: Table) -> &'static str {
    if table == Table::Conversations { "reported" } else { "time" }
}

/// Room for the columns of a row group, kept from one to the next.
#[derive(Default)]
struct Lent {
    conversations: Conversations,
    requests: Requests,
}

impl Lent {
    /// Reads a row group and lends it, unless all of it is too old.
    fn group(
        &mut self,
        open: &Open,
        table: Table,
        group: usize,
        sweep: &Sweep,
        swept: &mut Swept,
        fold: impl FnOnce(Batch<'_>),
    ) -> Result<(), HistoryError> {
        let since = sweep.since.map_or(i64::MIN, Timestamp::as_microsecond);
        let (earliest, latest) = open.group_span(group, time_column(table)).unwrap_or((i64::MIN, i64::MAX));
        if latest < since {
            swept.groups.1 += 1;
            return Ok(());
        }
        swept.groups.0 += 1;
        let reader = open.group(group)?;
        let rows = Rows { open, table, group: reader.as_ref() };
        let count = match table {
            Table::Conversations => {
                self.conversations.read(&rows)?;
                if earliest < since {
                    self.conversations.keep(since);
                }
                fold(Batch::Conversations(&self.conversations));
                self.conversations.reported.len()
            }
            _ => {
                self.requests.read(&rows, &sweep.targets)?;
                if earliest < since {
                    self.requests.keep(since);
                }
                fold(Batch::Requests(&self.requests));
                self.requests.time.len()
            }
        };
        swept.rows += count as u64;
        Ok(())
    }
}

/// A row group, whose columns are read by name.
struct Rows<'a> {
    open: &'a Open,
    table: Table,
    group: &'a dyn RowGroupReader,
}

impl Rows<'_> {
    fn numbers(&self, name: &str, into: &mut Vec<i64>) -> Result<(), HistoryError> {
        self.column(name, |index, column| columns::read_numbers(self.group, index, column, into))
    }

    fn maybe_numbers(&self, name: &str, into: &mut Vec<Option<i64>>) -> Result<(), HistoryError> {
        self.column(name, |index, column| columns::read_maybe_numbers(self.group, index, column, into))
    }

    fn flags(&self, name: &str, into: &mut Vec<bool>) -> Result<(), HistoryError> {
        self.column(name, |index, column| columns::read_flags(self.group, index, column, into))
    }

    fn texts<T>(
        &self,
        name: &str,
        into: &mut Coded<T>,
        parse: impl Fn(Option<&str>) -> Option<T>,
    ) -> Result<(), HistoryError> {
        self.column(name, |index, column| columns::read_coded(self.group, index, column, into, parse))
    }

    fn column(
        &self,
        name: &str,
        read: impl FnOnce(usize, &columns::Column) -> Result<(), parquet::errors::ParquetError>,
    ) -> Result<(), HistoryError> {
        let Some((index, column)) = self.table.column(name) else { return Ok(()) };
        read(index, column).map_err(damaged(&self.open.path))
    }
}

fn parsed<T: std::str::FromStr>(text: Option<&str>) -> Option<T> {
    text?.parse().ok()
}

fn protocol(text: Option<&str>) -> Option<Option<Protocol>> {
    match text {
        Some(text) => text.parse().ok().map(Some),
        None => Some(None),
    }
}

impl Conversations {
    fn read(&mut self, rows: &Rows<'_>) -> Result<(), HistoryError> {
        rows.numbers("reported", &mut self.reported)?;
        rows.texts("source", &mut self.source, parsed)?;
        rows.numbers("source_port", &mut self.source_port)?;
        rows.texts("destination", &mut self.destination, parsed)?;
        rows.numbers("destination_port", &mut self.destination_port)?;
        rows.texts("transport", &mut self.transport, |text| table::transport(text?))?;
        rows.texts("protocol", &mut self.protocol, protocol)?;
        rows.numbers("packets_in", &mut self.packets_in)?;
        rows.numbers("bytes_out", &mut self.bytes_out)?;
        rows.numbers("bytes_in", &mut self.bytes_in)?;
        rows.texts("state", &mut self.state, |text| table::state(text?))?;
        rows.flags("ended", &mut self.ended)
    }

    /// Keeps the rows that were told of since a time.
    fn keep(&mut self, since: i64) {
        let wanted: Vec<bool> = self.reported.iter().map(|time| since <= *time).collect();
        keep(&mut self.reported, &wanted);
        keep(&mut self.source.codes, &wanted);
        keep(&mut self.source_port, &wanted);
        keep(&mut self.destination.codes, &wanted);
        keep(&mut self.destination_port, &wanted);
        keep(&mut self.transport.codes, &wanted);
        keep(&mut self.protocol.codes, &wanted);
        keep(&mut self.packets_in, &wanted);
        keep(&mut self.bytes_out, &wanted);
        keep(&mut self.bytes_in, &wanted);
        keep(&mut self.state.codes, &wanted);
        keep(&mut self.ended, &wanted);
    }
}

impl Requests {
    fn read(&mut self, rows: &Rows<'_>, targets: &BTreeSet<Protocol>) -> Result<(), HistoryError> {
        rows.numbers("time", &mut self.time)?;
        rows.texts("source", &mut self.source, parsed)?;
        rows.numbers("source_port", &mut self.source_port)?;
        rows.texts("destination", &mut self.destination, parsed)?;
        rows.numbers("destination_port", &mut self.destination_port)?;
        rows.texts("transport", &mut self.transport, |text| table::transport(text?))?;
        rows.texts("protocol", &mut self.protocol, protocol)?;
        rows.flags("back", &mut self.back)?;
        rows.texts("verb", &mut self.verb, parsed)?;
        rows.texts("function", &mut self.function, |text| Some(Text::from(text?)))?;
        rows.texts("outcome", &mut self.missing, |text| Some(text? == "missing"))?;
        let wanted =
            |protocol: &Option<Protocol>| protocol.is_some_and(|protocol| targets.contains(&protocol));
        if !self.protocol.values.iter().any(wanted) {
            self.targets = None;
            return Ok(());
        }
        let about = self.targets.get_or_insert_default();
        rows.maybe_numbers("target_unit", &mut about.unit)?;
        rows.texts("target_kind", &mut about.kind, |text| Some(Text::from(text?)))?;
        rows.maybe_numbers("target_first", &mut about.first)?;
        rows.maybe_numbers("target_last", &mut about.last)?;
        rows.texts("target_name", &mut about.name, |text| Some(Text::from(text?)))
    }

    fn keep(&mut self, since: i64) {
        let wanted: Vec<bool> = self.time.iter().map(|time| since <= *time).collect();
        keep(&mut self.time, &wanted);
        keep(&mut self.source.codes, &wanted);
        keep(&mut self.source_port, &wanted);
        keep(&mut self.destination.codes, &wanted);
        keep(&mut self.destination_port, &wanted);
        keep(&mut self.transport.codes, &wanted);
        keep(&mut self.protocol.codes, &wanted);
        keep(&mut self.back, &wanted);
        keep(&mut self.verb.codes, &wanted);
        keep(&mut self.function.codes, &wanted);
        keep(&mut self.missing.codes, &wanted);
        if let Some(about) = &mut self.targets {
            keep(&mut about.unit, &wanted);
            keep(&mut about.kind.codes, &wanted);
            keep(&mut about.first, &wanted);
            keep(&mut about.last, &wanted);
            keep(&mut about.name.codes, &wanted);
        }
    }
}

fn keep<T>(column: &mut Vec<T>, wanted: &[bool]) {
    let mut wanted = wanted.iter();
    column.retain(|_| wanted.next().copied().unwrap_or_default());
}

#[cfg(test)]
mod tests;
