//! Asking history: newest first, and reading no more than the answer needs.

use super::{
    History, HistoryError,
    condition::{Condition, Sieve, Texts, Wanted},
    files::{self, Open},
    table::{self, Table},
};
use crate::journal::{Journal, JournalError, Position};
use ::city::{Address, Flow, Observation, Observed, Protocol, Verb};
use cycle::Event;
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp, civil::Date};
use std::{collections::BTreeMap, sync::Arc};

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
#[derive(Clone, Debug)]
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
    /// What else rows must be.
    pub condition: Condition,
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
            condition: Condition::ALWAYS,
            limit,
        }
    }

    /// Whether a day has times that are asked for.
    pub(super) fn admits_day(&self, day: Date) -> bool {
        files::span_of(day).is_some_and(|(start, end)| {
            self.until.is_none_or(|until| start < until) && self.from.is_none_or(|from| from < end)
        })
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
            && self.condition.admits(observation)
    }

    /// The whole question as one condition on columns.
    pub(super) fn whole(&self) -> Condition {
        let text = |column, texts| Condition::Text { column, texts };
        let word = |column, word: &str| text(column, Texts::one_of([word.to_owned()]));
        let mut all = Vec::new();
        let from = self.from.map_or(i64::MIN, micros_up);
        let until = self.until.map_or(i64::MAX, |until| micros_up(until).saturating_sub(1));
        if (from, until) != (i64::MIN, i64::MAX) {
            all.push(Condition::Number { column: "time", within: (from, until) });
        }
        all.extend(self.verb.map(|verb| word("verb", verb.as_str())));
        all.extend(self.protocol.map(|protocol| word("protocol", protocol.as_str())));
        if let Some(address) = self.address {
            all.push(Condition::either_end(self.table, &Texts::one_of([address.to_string()])));
        }
        let (source, destination) = self.table.ends();
        let ends = [(Some(source), &self.source), (destination, &self.destination)];
        for (column, place) in ends.into_iter().filter(|(_, place)| **place != Place::Anywhere) {
            let place = place.clone();
            let test = move |text: &str| text.parse().is_ok_and(|address| place.holds(address));
            all.push(column.map_or(Condition::NEVER, |column| text(column, Texts::Test(Arc::new(test)))));
        }
        all.push(self.condition.clone());
        Condition::All(all)
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
        let condition = question.whole();
        for day in files::days(&self.directory, question.table)?.into_iter().rev() {
            let Some((_, end)) = files::span_of(day) else { continue };
            if !question.admits_day(day) || found.is_settled(end.as_microsecond() - 1) {
                continue;
            }
            let mut groups = Vec::new();
            for part in files::parts(&self.directory, question.table, day, compacted)? {
                let open = std::rc::Rc::new(Open::new(&part, question.table, &self.sound)?);
                for group in 0..open.groups() {
                    let (_, latest) = open.group_times(group).unwrap_or((i64::MIN, i64::MAX));
                    groups.push((latest, open.clone(), group));
                }
            }
            groups.sort_by_key(|(latest, ..)| std::cmp::Reverse(*latest));
            for (latest, open, group) in groups {
                if found.is_settled(latest) {
                    answer.groups.1 += 1;
                    continue;
                }
                let newest = found
                    .floor()
                    .map(|floor| Condition::Number { column: "time", within: (floor, i64::MAX) });
                let condition = Condition::All(newest.into_iter().chain([condition.clone()]).collect());
                match Sieve::new(&open, question.table, group).sift(&condition)? {
                    Wanted::None(_) => answer.groups.1 += 1,
                    Wanted::Rows(wanted) => {
                        answer.groups.0 += 1;
                        for row in open.wanted_rows(group, &wanted)? {
                            found.put(row);
                        }
                    }
                }
            }
        }
        answer.more = found.more;
        answer.rows = found.rows.into_values().rev().map(|(_, row)| row).collect();
        Ok(answer)
    }
}

/// The first microsecond that is not before a time.
fn micros_up(time: Timestamp) -> i64 {
    let micros = time.as_microsecond();
    if Timestamp::from_microsecond(micros).is_ok_and(|whole| whole < time) { micros + 1 } else { micros }
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
