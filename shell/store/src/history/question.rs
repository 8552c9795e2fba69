//! Asking history: newest first, and reading no more than the answer needs.

use super::{
    History, HistoryError,
    columns::{self, Cell},
    files::{self, Open, damaged},
    table::{self, Table},
};
use crate::journal::{Journal, JournalError, Position};
use ::city::{Address, Flow, Observation, Observed, Protocol, Verb};
use cycle::Event;
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use parquet::data_type::ByteArray;
use std::collections::BTreeMap;

/// Where an end may be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Anywhere.
    #[default]
    Anywhere,
    /// In one of these networks: a zone.
    Within(Vec<IpNet>),
    /// In none of these networks: no zone. A station without an IP address is in none.
    Outside(Vec<IpNet>),
}

impl Place {
    /// Whether an address is there.
    #[must_use]
    pub fn holds(&self, address: Address) -> bool {
        let within = |networks: &[IpNet]| {
            address.ip().is_some_and(|ip| networks.iter().any(|network| network.contains(&ip)))
        };
        match self {
            Place::Anywhere => true,
            Place::Within(networks) => within(networks),
            Place::Outside(networks) => !within(networks),
        }
    }
}

/// A question to one table. What is left out allows all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The table.
    pub table: Table,
    /// From this time on. A conversation is filed under its beginning.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
    /// Either end is this address.
    pub address: Option<Address>,
    /// Where the end is that began; for identities and weaknesses, the device.
    pub source: Place,
    /// Where the other end is. Only [`Place::Anywhere`] holds where there is no other end.
    pub destination: Place,
    /// The application protocol.
    pub protocol: Option<Protocol>,
    /// What was asked; requests only.
    pub verb: Option<Verb>,
    /// The most rows wanted: the newest.
    pub limit: usize,
}

impl Question {
    /// Everything in a table, the newest `limit` rows of it.
    #[must_use]
    pub fn new(table: Table, limit: usize) -> Question {
        Question {
            table,
            from: None,
            until: None,
            address: None,
            source: Place::Anywhere,
            destination: Place::Anywhere,
            protocol: None,
            verb: None,
            limit,
        }
    }

    fn admits_time(&self, time: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= time) && self.until.is_none_or(|until| time < until)
    }

    fn admits_ends(&self, source: Option<Address>, destination: Option<Address>) -> bool {
        let at = |place: &Place, end: Option<Address>| match end {
            Some(address) => place.holds(address),
            None => *place == Place::Anywhere,
        };
        self.address.is_none_or(|address| source == Some(address) || destination == Some(address))
            && at(&self.source, source)
            && at(&self.destination, destination)
    }

    /// Whether a row belongs in the answer.
    pub(super) fn admits(&self, observation: &Observation) -> bool {
        let (protocol, verb) = match &observation.fact {
            Observed::Conversation(conversation) => (conversation.flow.protocol, None),
            Observed::Request(request) => (request.flow.protocol, Some(request.verb)),
            Observed::Identity(identity) => (Some(identity.witness.protocol), None),
            Observed::Weakness(weakness) => (Some(weakness.protocol), None),
            _ => return false,
        };
        let (source, destination) = table::ends_of(observation);
        Table::of(observation) == Some(self.table)
            && self.admits_time(table::time_of(observation))
            && self.protocol.is_none_or(|wanted| protocol == Some(wanted))
            && self.verb.is_none_or(|wanted| verb == Some(wanted))
            && self.admits_ends(source, destination)
    }
}

/// An answer, and what it took.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The rows, newest first. Of a conversation that was told of several times, the last telling.
    pub rows: Vec<Observation>,
    /// Whether there may be more than the limit allowed.
    pub more: bool,
    /// Row groups read, and row groups that statistics, filters or the limit made it needless to read.
    pub groups: (u64, u64),
    /// Parts of the journal that could not be read, each in words.
    pub damaged: Vec<String>,
}

/// How often a question is asked again because files were replaced meanwhile.
const ATTEMPTS: usize = 8;

impl History {
    /// Answers a question from the files and from what the journal holds behind them.
    ///
    /// # Errors
    /// A file or the journal could not be read.
    pub fn ask(&self, question: &Question) -> Result<Answer, HistoryError> {
        for _ in 1..ATTEMPTS {
            let compacted = self.compacted()?;
            match self.attempt(question, compacted) {
                Err(error) if error.is_missing() => {}
                // Rows may have moved from the journal into a file while both were read.
                result if self.compacted()? == compacted => return result,
                _ => {}
            }
        }
        self.attempt(question, self.compacted()?)
    }

    fn attempt(&self, question: &Question, compacted: Position) -> Result<Answer, HistoryError> {
        let mut found = Found { limit: question.limit, ..Found::default() };
        let mut answer = Answer::default();
        for item in Journal::read(&self.journal, compacted)? {
            match item {
                Ok((_, Event::Observed(observation))) if question.admits(&observation) => {
                    found.put(observation)
                }
                Ok(_) => {}
                Err(error @ (JournalError::Damaged { .. } | JournalError::Unreadable { .. })) => {
                    answer.damaged.push(error.to_string());
                }
                Err(error) => return Err(error.into()),
            }
        }
        for day in files::days(&self.directory, question.table)?.into_iter().rev() {
            let Some((start, end)) = files::span_of(day) else { continue };
            let before = question.until.is_some_and(|until| until <= start);
            let after = question.from.is_some_and(|from| end <= from);
            if before || after || found.is_settled(end.as_microsecond() - 1) {
                continue;
            }
            let mut groups = Vec::new();
            for part in files::parts(&self.directory, question.table, day, compacted)? {
                let open = std::rc::Rc::new(Open::new(&part, question.table, &self.sound)?);
                for group in 0..open.groups() {
                    let times = open.group_times(group).unwrap_or((i64::MIN, i64::MAX));
                    groups.push((times, open.clone(), group));
                }
            }
            groups.sort_by_key(|((_, latest), ..)| std::cmp::Reverse(*latest));
            for ((earliest, latest), open, group) in groups {
                let before = question.until.is_some_and(|until| until.as_microsecond() <= earliest);
                let after = question.from.is_some_and(|from| latest < from.as_microsecond());
                if before || after || found.is_settled(latest) || lacks(question, &open, group) {
                    answer.groups.1 += 1;
                    continue;
                }
                answer.groups.0 += 1;
                read_group(question, &open, group, &mut found)?;
            }
        }
        answer.more = found.more;
        answer.rows = found.rows.into_values().rev().map(|(_, row)| row).collect();
        Ok(answer)
    }
}

/// Whether the filters say that the address asked for is in no row of the group.
fn lacks(question: &Question, open: &Open, group: usize) -> bool {
    let Some(address) = question.address.map(|address| address.to_string()) else { return false };
    let (source, destination) = question.table.ends();
    open.group_lacks(group, source, &address)
        && destination.is_none_or(|destination| open.group_lacks(group, destination, &address))
}

/// Reads the columns that the question is about, and the others only if a row fits.
fn read_group(question: &Question, open: &Open, group: usize, found: &mut Found) -> Result<(), HistoryError> {
    let reader = open.group(group)?;
    let mut known = Vec::new();
    known.resize_with(question.table.columns().len(), || None);
    let mut wanted = vec![true; usize::try_from(open.group_rows(group)).unwrap_or(0)];
    let (source, destination) = question.table.ends();
    let mut narrow = |name: &str, admits: &mut dyn FnMut(&Cell) -> bool| -> Result<(), HistoryError> {
        let Some((index, column)) = question.table.column(name) else { return Ok(()) };
        let cells = columns::read_column(reader.as_ref(), index, column).map_err(damaged(&open.path))?;
        wanted.iter_mut().zip(&cells).for_each(|(wanted, cell)| *wanted = *wanted && admits(cell));
        if let Some(place) = known.get_mut(index) {
            *place = Some(cells);
        }
        Ok(())
    };
    narrow("time", &mut |cell| match cell {
        Cell::Number(micros) => {
            Timestamp::from_microsecond(*micros).is_ok_and(|time| question.admits_time(time))
                && found.wants(*micros)
        }
        _ => false,
    })?;
    if let Some(protocol) = question.protocol {
        narrow("protocol", &mut |cell| is_text(cell, protocol.as_str()))?;
    }
    if let Some(verb) = question.verb {
        narrow("verb", &mut |cell| is_text(cell, verb.as_str()))?;
    }
    let mut source_fits = Fits::new(&question.source);
    if question.source != Place::Anywhere {
        narrow(source, &mut |cell| source_fits.admits(cell))?;
    }
    let mut destination_fits = Fits::new(&question.destination);
    if let Some(destination) = destination.filter(|_| question.destination != Place::Anywhere) {
        narrow(destination, &mut |cell| destination_fits.admits(cell))?;
    }
    if !wanted.contains(&true) {
        return Ok(());
    }
    for row in open.rows(reader.as_ref(), known, &wanted)? {
        // What no column could settle alone, such as an address at either end.
        if question.admits(&row) {
            found.put(row);
        }
    }
    Ok(())
}

fn is_text(cell: &Cell, text: &str) -> bool {
    matches!(cell, Cell::Text(bytes) if bytes.data() == text.as_bytes())
}

/// Which addresses are at a place; each is looked at once, for there are few among many rows.
struct Fits<'a> {
    place: &'a Place,
    seen: BTreeMap<Vec<u8>, bool>,
}

impl<'a> Fits<'a> {
    fn new(place: &'a Place) -> Fits<'a> {
        Fits { place, seen: BTreeMap::new() }
    }

    fn admits(&mut self, cell: &Cell) -> bool {
        let Cell::Text(bytes) = cell else { return false };
        if let Some(known) = self.seen.get(bytes.data()) {
            return *known;
        }
        let fits = address(bytes).is_some_and(|address| self.place.holds(address));
        self.seen.insert(bytes.data().to_vec(), fits);
        fits
    }
}

fn address(bytes: &ByteArray) -> Option<Address> {
    bytes.as_utf8().ok()?.parse().ok()
}

/// Tells two rows apart. Conversations told of again have the same key.
/// To the microsecond, for what comes from a file knows no more.
type Key = (i64, Option<Flow>, u64);

/// The newest rows so far.
#[derive(Default)]
struct Found {
    limit: usize,
    /// With the telling's rank, by which the last telling of a conversation wins.
    rows: BTreeMap<Key, ((bool, SignedDuration), Observation)>,
    count: u64,
    more: bool,
}

impl Found {
    fn put(&mut self, row: Observation) {
        self.count += 1;
        let time = table::time_of(&row).as_microsecond();
        let (key, rank) = match &row.fact {
            Observed::Conversation(conversation) => {
                // The protocol may have become known between two tellings.
                let flow = Flow { protocol: None, ..conversation.flow };
                ((time, Some(flow), 0), (conversation.ended, conversation.duration))
            }
            _ => ((time, None, self.count), (true, SignedDuration::ZERO)),
        };
        match self.rows.get_mut(&key) {
            Some((known, _)) if *known > rank => {}
            Some(place) => *place = (rank, row),
            None => {
                self.rows.insert(key, (rank, row));
            }
        }
        if self.rows.len() > self.limit {
            self.rows.pop_first();
            self.more = true;
        }
    }

    /// The oldest of the rows, once there are as many as wanted.
    fn floor(&self) -> Option<i64> {
        let full = self.rows.len() >= self.limit;
        full.then(|| self.rows.first_key_value().map_or(i64::MAX, |((time, ..), _)| *time))
    }

    /// Whether a row of this time could still be among the newest.
    fn wants(&self, micros: i64) -> bool {
        self.floor().is_none_or(|floor| micros >= floor)
    }

    /// Whether nothing up to this time can be among the newest any more.
    fn is_settled(&mut self, latest: i64) -> bool {
        let settled = !self.wants(latest);
        self.more |= settled;
        settled
    }
}
