//! What rows must be, told column by column, so that whole row groups can be passed over.

use super::{
    HistoryError,
    columns::{self, Cell, Coded, Column},
    files::{Open, damaged},
    table::{self, Table},
};
use ::city::{Address, Observation};
use foldhash::fast::FixedState;
use indexmap::IndexSet;
use ipnet::IpNet;
use parquet::{data_type::ByteArray, file::reader::RowGroupReader};
use std::{collections::BTreeMap, fmt, net::IpAddr, sync::Arc};

/// What a row must be. A column that a table lacks, or that a row has no value in, satisfies nothing.
#[derive(Clone, Debug)]
pub enum Condition {
    /// All of these. None at all is satisfied by every row.
    All(Vec<Condition>),
    /// One of these. None at all is satisfied by no row.
    Any(Vec<Condition>),
    /// The number in a column lies between these, both included; times are microseconds since 1970.
    Number {
        /// The column.
        column: &'static str,
        /// The least number and the greatest.
        within: (i64, i64),
    },
    /// The text in a column is one of these.
    Text {
        /// The column.
        column: &'static str,
        /// Which texts.
        texts: Texts,
    },
}

/// Which texts satisfy.
#[derive(Clone)]
pub enum Texts {
    /// Addresses and networks.
    Addresses(Arc<Addresses>),
    /// These, exactly.
    OneOf(Arc<TextSet>),
    /// Those that pass a test. It is asked of each distinct text of a row group once.
    Test(Arc<dyn Fn(&str) -> bool + Send + Sync>),
}

/// A set of texts, as many as wanted.
#[derive(Clone, Debug, Default)]
pub struct TextSet {
    /// In order.
    texts: IndexSet<Box<str>, FixedState>,
}

impl FromIterator<Box<str>> for TextSet {
    fn from_iter<I: IntoIterator<Item = Box<str>>>(texts: I) -> TextSet {
        let mut texts: IndexSet<Box<str>, FixedState> = texts.into_iter().collect();
        texts.sort_unstable();
        TextSet { texts }
    }
}

impl TextSet {
    fn holds(&self, text: &str) -> bool {
        self.texts.contains(text)
    }

    fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether one of them lies between two texts, both included.
    fn between(&self, least: &[u8], greatest: &[u8]) -> bool {
        let texts = self.texts.as_slice();
        let first = texts.partition_point(|text| text.as_bytes() < least);
        texts.get_index(first).is_some_and(|text| text.as_bytes() <= greatest)
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Texts::Addresses(addresses) => {
                write!(f, "{} addresses, {} networks", addresses.exact.len(), addresses.networks())
            }
            Texts::OneOf(texts) => write!(f, "{} texts", texts.len()),
            Texts::Test(_) => f.write_str("a test"),
        }
    }
}

impl Texts {
    /// Exactly these.
    #[must_use]
    pub fn one_of(texts: impl IntoIterator<Item = String>) -> Texts {
        Texts::OneOf(Arc::new(texts.into_iter().map(String::into_boxed_str).collect()))
    }

    fn hold(&self, text: &str) -> bool {
        match self {
            Texts::Addresses(addresses) => addresses.hold(text),
            Texts::OneOf(texts) => texts.holds(text),
            Texts::Test(test) => test(text),
        }
    }

    /// All of them, if they can be listed: what statistics and bloom filters can be asked for.
    fn listed(&self) -> Option<&TextSet> {
        match self {
            Texts::Addresses(addresses) => (addresses.networks() == 0).then_some(&addresses.exact),
            Texts::OneOf(texts) => Some(texts),
            Texts::Test(_) => None,
        }
    }
}

/// Addresses and networks, each as many as wanted. An IPv4 address and the same one mapped into IPv6 (RFC 4291 clause
/// 2.5.5.2) are one.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    /// As history writes them.
    exact: TextSet,
    /// First and last of each network, in order and apart.
    four: Vec<(u128, u128)>,
    six: Vec<(u128, u128)>,
}

impl Addresses {
    /// These addresses, and what lies in these networks.
    #[must_use]
    pub fn new(
        addresses: impl IntoIterator<Item = Address>,
        networks: impl IntoIterator<Item = IpNet>,
    ) -> Addresses {
        let exact = addresses.into_iter().flat_map(|address| {
            let other = match address {
                Address::Ip(IpAddr::V4(four)) => Some(four.to_ipv6_mapped().to_string()),
                Address::Ip(six) if six.to_canonical() != six => Some(six.to_canonical().to_string()),
                _ => None,
            };
            std::iter::once(address.to_string()).chain(other).map(String::into_boxed_str)
        });
        let mut all = Addresses { exact: exact.collect(), ..Addresses::default() };
        for network in networks {
            match (network.network().to_canonical(), network.broadcast().to_canonical()) {
                (first @ IpAddr::V4(_), last @ IpAddr::V4(_)) => all.four.push((number(first), number(last))),
                _ => all.six.push((number(network.network()), number(network.broadcast()))),
            }
        }
        apart(&mut all.four);
        apart(&mut all.six);
        all
    }

    fn networks(&self) -> usize {
        self.four.len() + self.six.len()
    }

    fn hold(&self, text: &str) -> bool {
        if self.exact.holds(text) {
            return true;
        }
        if self.networks() == 0 {
            return false;
        }
        let Ok(Address::Ip(address)) = text.parse() else { return false };
        let six = address.is_ipv6() && lies_in(&self.six, number(address));
        let canonical = address.to_canonical();
        six || canonical.is_ipv4() && lies_in(&self.four, number(canonical))
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(four) => u32::from(four).into(),
        IpAddr::V6(six) => six.into(),
    }
}

/// Sorts spans and joins those that meet.
fn apart(spans: &mut Vec<(u128, u128)>) {
    spans.sort_unstable();
    spans.dedup_by(|next, kept| {
        let meets = next.0 <= kept.1.saturating_add(1);
        if meets {
            kept.1 = kept.1.max(next.1);
        }
        meets
    });
}

fn lies_in(spans: &[(u128, u128)], number: u128) -> bool {
    let after = spans.partition_point(|(first, _)| *first <= number);
    after.checked_sub(1).and_then(|at| spans.get(at)).is_some_and(|(_, last)| number <= *last)
}

impl Condition {
    /// Satisfied by every row.
    pub const ALWAYS: Condition = Condition::All(Vec::new());

    /// Satisfied by no row.
    pub const NEVER: Condition = Condition::Any(Vec::new());

    /// Either end is one of these; in a table with one end, that.
    #[must_use]
    pub fn either_end(table: Table, texts: &Texts) -> Condition {
        let (source, destination) = table.ends();
        let ends = std::iter::once(source).chain(destination);
        Condition::Any(ends.map(|column| Condition::Text { column, texts: texts.clone() }).collect())
    }

    /// Whether a row satisfies it.
    pub(super) fn admits(&self, observation: &Observation) -> bool {
        if matches!(self, Condition::All(all) if all.is_empty()) {
            return true;
        }
        let Some(table) = Table::of(observation) else { return false };
        let mut row = Vec::new();
        table::put(observation, &mut row);
        self.admits_row(table, &row)
    }

    fn admits_row(&self, table: Table, row: &[Cell]) -> bool {
        let cell = |name| table.column(name).and_then(|(index, _)| row.get(index));
        match self {
            Condition::All(all) => all.iter().all(|one| one.admits_row(table, row)),
            Condition::Any(any) => any.iter().any(|one| one.admits_row(table, row)),
            Condition::Number { column, within } => match cell(column) {
                Some(Cell::Number(number)) => (within.0..=within.1).contains(number),
                _ => false,
            },
            Condition::Text { column, texts } => match cell(column) {
                Some(Cell::Text(text)) => text.as_utf8().is_ok_and(|text| texts.hold(text)),
                _ => false,
            },
        }
    }
}

/// What tells that a row group holds no row that is wanted; the cheapest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The least and the greatest value of a column.
    Statistics,
    /// A bloom filter.
    Filter,
    /// The list of a column's distinct values.
    Dictionary,
}

/// What is known of a condition without looking at rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// Of no row.
    Never,
    /// Of every row.
    Always,
    /// Perhaps of some.
    Perhaps,
}

/// Which rows of a row group are wanted.
pub(super) enum Wanted {
    /// None, and what told so.
    None(By),
    /// Those for which it says so; perhaps none.
    Rows(Vec<bool>),
}

/// From how many texts on a bloom filter takes longer to ask than a dictionary to read.
const FILTER_TEXTS_MAX: usize = 1_024;

/// A row group that is sifted.
pub(super) struct Sieve<'a> {
    pub(super) open: &'a Open,
    pub(super) table: Table,
    pub(super) group: usize,
    dictionaries: BTreeMap<usize, Option<Vec<ByteArray>>>,
}

impl<'a> Sieve<'a> {
    pub(super) fn new(open: &'a Open, table: Table, group: usize) -> Sieve<'a> {
        Sieve { open, table, group, dictionaries: BTreeMap::new() }
    }

    /// Which rows satisfy a condition: asked of what costs least first, and of rows last.
    pub(super) fn sift(&mut self, condition: &Condition) -> Result<Wanted, HistoryError> {
        for by in [By::Statistics, By::Filter] {
            if self.judge(condition, by, None)? == Holds::Never {
                return Ok(Wanted::None(by));
            }
        }
        let reader = self.open.group(self.group)?;
        if self.judge(condition, By::Dictionary, Some(reader.as_ref()))? == Holds::Never {
            return Ok(Wanted::None(By::Dictionary));
        }
        let rows = usize::try_from(self.open.group_rows(self.group)).unwrap_or(0);
        let mut wanted = vec![true; rows];
        self.narrow(condition, reader.as_ref(), &mut wanted)?;
        Ok(Wanted::Rows(wanted))
    }

    fn judge(
        &mut self,
        condition: &Condition,
        by: By,
        reader: Option<&dyn RowGroupReader>,
    ) -> Result<Holds, HistoryError> {
        match condition {
            Condition::All(all) => {
                let mut together = Holds::Always;
                for one in all {
                    match self.judge(one, by, reader)? {
                        Holds::Never => return Ok(Holds::Never),
                        Holds::Perhaps => together = Holds::Perhaps,
                        Holds::Always => {}
                    }
                }
                Ok(together)
            }
            Condition::Any(any) => {
                let mut together = Holds::Never;
                for one in any {
                    match self.judge(one, by, reader)? {
                        Holds::Always => return Ok(Holds::Always),
                        Holds::Perhaps => together = Holds::Perhaps,
                        Holds::Never => {}
                    }
                }
                Ok(together)
            }
            Condition::Number { column, within } => Ok(match self.open.group_span(self.group, column) {
                Some((least, greatest)) if greatest < within.0 || within.1 < least => Holds::Never,
                Some((least, greatest))
                    if self.always(column) && within.0 <= least && greatest <= within.1 =>
                {
                    Holds::Always
                }
                _ if self.table.column(column).is_none() => Holds::Never,
                _ => Holds::Perhaps,
            }),
            Condition::Text { column, texts } => {
                let Some((index, about)) = self.table.column(column) else { return Ok(Holds::Never) };
                match by {
                    By::Statistics => Ok(self.by_statistics(column, texts)),
                    By::Filter => Ok(self.by_filter(index, about, texts)),
                    By::Dictionary => match reader {
                        Some(reader) => self.by_dictionary(reader, index, about, texts),
                        None => Ok(Holds::Perhaps),
                    },
                }
            }
        }
    }

    fn always(&self, column: &str) -> bool {
        self.table.column(column).is_some_and(|(_, about)| about.always)
    }

    fn by_statistics(&self, column: &str, texts: &Texts) -> Holds {
        let Some(listed) = texts.listed() else { return Holds::Perhaps };
        match self.open.group_texts(self.group, column) {
            Some((least, greatest)) if !listed.between(least, greatest) => Holds::Never,
            _ => Holds::Perhaps,
        }
    }

    fn by_filter(&self, index: usize, about: &Column, texts: &Texts) -> Holds {
        let Some(listed) = texts.listed().filter(|_| about.bloom) else { return Holds::Perhaps };
        if listed.len() > FILTER_TEXTS_MAX && self.open.has_dictionary(self.group, index) {
            return Holds::Perhaps;
        }
        match self.open.filter(self.group, index) {
            Some(filter) if !listed.texts.iter().any(|text| filter.check(text.as_bytes())) => Holds::Never,
            _ => Holds::Perhaps,
        }
    }

    fn by_dictionary(
        &mut self,
        reader: &dyn RowGroupReader,
        index: usize,
        about: &Column,
        texts: &Texts,
    ) -> Result<Holds, HistoryError> {
        let known = match self.dictionaries.entry(index) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(room) => {
                let read = if self.open.has_dictionary(self.group, index) {
                    columns::read_dictionary(reader, index).map_err(damaged(&self.open.path))?
                } else {
                    None
                };
                room.insert(read)
            }
        };
        let Some(values) = known else { return Ok(Holds::Perhaps) };
        let (mut some, mut all) = (false, about.always);
        for value in values {
            let holds = value.as_utf8().is_ok_and(|text| texts.hold(text));
            some |= holds;
            all &= holds;
            if some && !all {
                break;
            }
        }
        Ok(match (some, all) {
            (false, _) => Holds::Never,
            (true, true) => Holds::Always,
            (true, false) => Holds::Perhaps,
        })
    }

    /// Takes back rows that do not satisfy a condition.
    fn narrow(
        &mut self,
        condition: &Condition,
        reader: &dyn RowGroupReader,
        wanted: &mut [bool],
    ) -> Result<(), HistoryError> {
        match self.judge(condition, By::Dictionary, Some(reader))? {
            Holds::Always => return Ok(()),
            Holds::Never => {
                wanted.fill(false);
                return Ok(());
            }
            Holds::Perhaps => {}
        }
        match condition {
            Condition::All(all) => {
                for one in all {
                    if !wanted.contains(&true) {
                        break;
                    }
                    self.narrow(one, reader, wanted)?;
                }
            }
            Condition::Any(any) => {
                let mut together = vec![false; wanted.len()];
                for one in any {
                    let mut those = wanted.to_vec();
                    self.narrow(one, reader, &mut those)?;
                    together.iter_mut().zip(those).for_each(|(all, one)| *all |= one);
                }
                wanted.copy_from_slice(&together);
            }
            Condition::Number { column, within } => {
                let Some((index, about)) = self.table.column(column) else { return Ok(()) };
                let mut numbers = Vec::new();
                columns::read_any_numbers(reader, index, about, &mut numbers)
                    .map_err(damaged(&self.open.path))?;
                for (wanted, number) in wanted.iter_mut().zip(numbers) {
                    *wanted &= number.is_some_and(|number| (within.0..=within.1).contains(&number));
                }
            }
            Condition::Text { column, texts } => {
                let Some((index, about)) = self.table.column(column) else { return Ok(()) };
                let mut verdicts = Coded::<bool>::default();
                let judge = |text: Option<&str>| Some(text.is_some_and(|text| texts.hold(text)));
                columns::read_coded(reader, index, about, &mut verdicts, judge)
                    .map_err(damaged(&self.open.path))?;
                for (row, wanted) in wanted.iter_mut().enumerate() {
                    *wanted &= verdicts.value(row).copied().unwrap_or_default();
                }
            }
        }
        Ok(())
    }
}
