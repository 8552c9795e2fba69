//! The files of history: their names, and reading and writing one.

use super::{
    HistoryError, SCHEMA,
    columns::{self, SCHEMA_KEY},
    table::{self, Row, Table},
};
use crate::{
    durable::{self, failed},
    journal::Position,
};
use ::city::Observation;
use bytes::Bytes;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use parquet::{
    basic::Encoding,
    bloom_filter::Sbbf,
    errors::ParquetError,
    file::{
        metadata::{ColumnChunkMetaData, ParquetMetaData},
        reader::{FileReader, RowGroupReader, SerializedFileReader},
        statistics::Statistics,
        writer::SerializedFileWriter,
    },
};
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read as _, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// The most rows in a row group: what is read at once.
pub(super) const GROUP_ROWS: usize = 32_768;
/// What the folder of a day begins with.
const DAY: &str = "date=";
const EXTENSION: &str = ".parquet";

/// A file of history, as its name tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) path: PathBuf,
    pub(super) day: Date,
    pub(super) first: Position,
    pub(super) end: Position,
    pub(super) rows: u64,
    /// CRC-32 of its bytes.
    check: u32,
}

/// The day that a time is filed under.
pub(super) fn day_of(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

/// The first instant of a day, and the first after it. None at the end of time.
pub(super) fn span_of(day: Date) -> Option<(Timestamp, Timestamp)> {
    let start = |day: Date| Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp());
    Some((start(day)?, start(day.tomorrow().ok()?)?))
}

fn name_of(first: Position, end: Position, rows: usize, check: u32) -> String {
    format!("{:020}-{:020}-{rows}-{check:08x}{EXTENSION}", first.0, end.0)
}

fn part(path: PathBuf, day: Date, name: &str) -> Option<Part> {
    let mut words = name.strip_suffix(EXTENSION)?.splitn(4, '-');
    Some(Part {
        path,
        day,
        first: Position(words.next()?.parse().ok()?),
        end: Position(words.next()?.parse().ok()?),
        rows: words.next()?.parse().ok()?,
        check: u32::from_str_radix(words.next()?, 16).ok()?,
    })
}

/// The days of a table, in order.
pub(super) fn days(directory: &Path, table: Table) -> Result<Vec<Date>, HistoryError> {
    let names = durable::names(&directory.join(table.as_str()))?;
    Ok(names.iter().filter_map(|name| name.strip_prefix(DAY)?.parse().ok()).collect())
}

pub(super) fn day_folder(directory: &Path, table: Table, day: Date) -> PathBuf {
    directory.join(table.as_str()).join(format!("{DAY}{day}"))
}

/// The files of a day that count, in order: not those that reach beyond what was compacted, which a kill left, and not
/// those whose rows another file holds too, which merging has not removed yet.
pub(super) fn parts(
    directory: &Path,
    table: Table,
    day: Date,
    compacted: Position,
) -> Result<Vec<Part>, HistoryError> {
    let folder = day_folder(directory, table, day);
    let mut parts: Vec<Part> = durable::names(&folder)?
        .iter()
        .filter_map(|name| part(folder.join(name), day, name))
        .filter(|part| part.end <= compacted)
        .collect();
    // The widest first among those that begin together.
    parts.sort_by_key(|part| (part.first, std::cmp::Reverse(part.end)));
    let mut covered = Position(0);
    parts.retain(|part| {
        let counts = part.end > covered;
        covered = covered.max(part.end);
        counts
    });
    Ok(parts)
}

/// Removes what a kill left: unfinished files, files that do not count, and empty folders.
pub(super) fn clear(directory: &Path, compacted: Position) -> Result<(), HistoryError> {
    durable::clear_unfinished(directory)?;
    for table in Table::ALL {
        for day in days(directory, table)? {
            let folder = day_folder(directory, table, day);
            durable::clear_unfinished(&folder)?;
            let counting = parts(directory, table, day, compacted)?;
            for name in durable::names(&folder)? {
                let path = folder.join(&name);
                if part(path.clone(), day, &name).is_some() && !counting.iter().any(|part| part.path == path)
                {
                    durable::remove(&path)?;
                }
            }
            // Only succeeds where there is nothing left.
            let _ = fs::remove_dir(&folder);
        }
    }
    Ok(())
}

/// Writes the rows of a day, sorted by time, whole or not at all.
pub(super) fn write(
    directory: &Path,
    table: Table,
    day: Date,
    range: (Position, Position),
    rows: &mut [Observation],
) -> Result<Part, HistoryError> {
    // Stable, so that what happened at the same time stays in the order of the journal.
    rows.sort_by_key(table::time_of);
    let folder = day_folder(directory, table, day);
    if !folder.exists() {
        durable::make_directory(&folder)?;
        folder.parent().map_or(Ok(()), durable::sync_directory)?;
    }
    let aside = folder.join(format!("{:020}.{}", range.0.0, durable::UNFINISHED));
    let file = durable::private()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&aside)
        .map_err(failed("make the file", &aside))?;
    let mut checked = Checked { file, hasher: crc32fast::Hasher::new() };
    let written = write_rows(&mut checked, table, rows);
    written.map_err(|cause| HistoryError::Write { path: aside.clone(), cause })?;
    checked.file.sync_all().map_err(failed("put on disk", &aside))?;
    let check = checked.hasher.finalize();
    let path = folder.join(name_of(range.0, range.1, rows.len(), check));
    durable::rename_into_place(&aside, &path)?;
    Ok(Part { path, day, first: range.0, end: range.1, rows: rows.len() as u64, check })
}

/// Writes to a file and sums up what it wrote.
struct Checked {
    file: File,
    hasher: crc32fast::Hasher,
}

impl Write for Checked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn write_rows(file: &mut Checked, table: Table, rows: &[Observation]) -> Result<(), ParquetError> {
    let columns = table.columns();
    let schema = columns::schema(table.as_str(), columns)?;
    let properties = Arc::new(columns::properties(columns, SCHEMA, GROUP_ROWS)?);
    let mut writer = SerializedFileWriter::new(file, schema, properties)?;
    for group in rows.chunks(GROUP_ROWS) {
        columns::write_group(&mut writer, columns, group, table::put)?;
    }
    writer.close()?;
    Ok(())
}

/// The files whose bytes were found to be as they were written. The format's own checks leave out its headers, and its
/// reader should not be given what was changed; so each file is summed up once, before it is first read.
#[derive(Debug, Default)]
pub(super) struct Sound(Mutex<BTreeSet<PathBuf>>);

/// How many files are remembered before all are forgotten.
const SOUND_MAX: usize = 100_000;

impl Sound {
    fn check(&self, part: &Part) -> Result<(), HistoryError> {
        if self.knows(part) {
            return Ok(());
        }
        let mut file = File::open(&part.path).map_err(failed("read", &part.path))?;
        let mut hasher = crc32fast::Hasher::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = file.read(&mut buffer).map_err(failed("read", &part.path))?;
            if read == 0 {
                break;
            }
            hasher.update(buffer.get(..read).unwrap_or_default());
        }
        if hasher.finalize() != part.check {
            return Err(damaged(&part.path)("its bytes are not those that were written"));
        }
        self.remember(part);
        Ok(())
    }

    fn knows(&self, part: &Part) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&part.path)
    }

    fn remember(&self, part: &Part) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= SOUND_MAX {
            known.clear();
        }
        known.insert(part.path.clone());
    }
}

/// A file, open for reading.
pub(super) struct Open {
    pub(super) path: PathBuf,
    table: Table,
    reader: Reader,
}

/// Read as it is needed, or held whole.
enum Reader {
    File(SerializedFileReader<File>),
    Whole(SerializedFileReader<Bytes>, Bytes),
}

impl Reader {
    fn metadata(&self) -> &ParquetMetaData {
        match self {
            Reader::File(reader) => reader.metadata(),
            Reader::Whole(reader, _) => reader.metadata(),
        }
    }
}

impl Open {
    pub(super) fn new(part: &Part, table: Table, sound: &Sound) -> Result<Open, HistoryError> {
        sound.check(part)?;
        let path = &part.path;
        let file = File::open(path).map_err(failed("read", path))?;
        let reader = SerializedFileReader::new(file).map_err(damaged(path))?;
        Open::checked(part, table, Reader::File(reader))
    }

    /// The same, of which all will be read: summed up and read from one copy in memory, for files are small.
    pub(super) fn whole(part: &Part, table: Table) -> Result<Open, HistoryError> {
        let path = &part.path;
        let bytes = fs::read(path).map_err(failed("read", path))?;
        if crc32fast::hash(&bytes) != part.check {
            return Err(damaged(path)("its bytes are not those that were written"));
        }
        let bytes = Bytes::from(bytes);
        let reader = SerializedFileReader::new(bytes.clone()).map_err(damaged(path))?;
        Open::checked(part, table, Reader::Whole(reader, bytes))
    }

    /// A file of which little will be read, if it was summed up before; else read whole once and summed up.
    pub(super) fn sound(part: &Part, table: Table, sound: &Sound) -> Result<Open, HistoryError> {
        if sound.knows(part) {
            return Open::new(part, table, sound);
        }
        let open = Open::whole(part, table)?;
        sound.remember(part);
        Ok(open)
    }

    fn checked(part: &Part, table: Table, reader: Reader) -> Result<Open, HistoryError> {
        let path = &part.path;
        let about = reader.metadata().file_metadata();
        let pairs = about.key_value_metadata();
        let found = pairs
            .and_then(|pairs| pairs.iter().find(|pair| pair.key == SCHEMA_KEY))
            .and_then(|pair| pair.value.as_ref()?.parse::<u32>().ok());
        match found {
            Some(found) if found > SCHEMA => {
                return Err(HistoryError::Newer { path: path.clone(), found });
            }
            Some(_) => {}
            None => return Err(damaged(path)("it holds no schema number")),
        }
        let schema = about.schema_descr();
        let same =
            schema.columns().iter().map(|column| column.name()).eq(table.columns().iter().map(|c| c.name));
        if !same {
            return Err(damaged(path)("it has other columns than its schema number says"));
        }
        Ok(Open { path: path.clone(), table, reader })
    }

    pub(super) fn groups(&self) -> usize {
        self.reader.metadata().num_row_groups()
    }

    /// How many rows a row group has.
    pub(super) fn group_rows(&self, group: usize) -> u64 {
        self.reader
            .metadata()
            .row_groups()
            .get(group)
            .map_or(0, |about| about.num_rows().max(0).cast_unsigned())
    }

    /// The first and last time in a row group, as its statistics say. None says nothing.
    pub(super) fn group_times(&self, group: usize) -> Option<(i64, i64)> {
        self.group_span(group, "time")
    }

    /// The least and greatest number of a column in a row group, as its statistics say. None says nothing.
    pub(super) fn group_span(&self, group: usize, column: &str) -> Option<(i64, i64)> {
        let (index, _) = self.table.column(column)?;
        match self.reader.metadata().row_groups().get(group)?.columns().get(index)?.statistics()? {
            Statistics::Int64(times) => Some((*times.min_opt()?, *times.max_opt()?)),
            _ => None,
        }
    }

    /// Bounds of the texts in a column of a row group, as its statistics say. None says nothing.
    pub(super) fn group_texts(&self, group: usize, column: &str) -> Option<(&[u8], &[u8])> {
        let (index, _) = self.table.column(column)?;
        match self.column(group, index)?.statistics()? {
            Statistics::ByteArray(texts) => Some((texts.min_opt()?.data(), texts.max_opt()?.data())),
            _ => None,
        }
    }

    /// The bloom filter of a column in a row group. None where there is none: older releases wrote none for some columns.
    pub(super) fn filter(&self, group: usize, index: usize) -> Option<Sbbf> {
        let about = self.column(group, index)?;
        match &self.reader {
            Reader::File(_) => Sbbf::read_from_column_chunk(about, &File::open(&self.path).ok()?),
            Reader::Whole(_, bytes) => Sbbf::read_from_column_chunk(about, bytes),
        }
        .ok()?
    }

    /// Whether every value of a column in a row group is in its dictionary.
    pub(super) fn has_dictionary(&self, group: usize, index: usize) -> bool {
        let is_listed = |about: &ColumnChunkMetaData| {
            let mask = about.page_encoding_stats_mask()?;
            Some(mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY))
        };
        self.column(group, index)
            .filter(|about| about.dictionary_page_offset().is_some())
            .and_then(is_listed)
            .unwrap_or_default()
    }

    fn column(&self, group: usize, index: usize) -> Option<&ColumnChunkMetaData> {
        self.reader.metadata().row_groups().get(group)?.columns().get(index)
    }

    /// A row group, to read columns of.
    pub(super) fn group(&self, group: usize) -> Result<Box<dyn RowGroupReader + '_>, HistoryError> {
        match &self.reader {
            Reader::File(reader) => reader.get_row_group(group),
            Reader::Whole(reader, _) => reader.get_row_group(group),
        }
        .map_err(damaged(&self.path))
    }

    /// The rows of a row group that are wanted; nothing is read if none is.
    pub(super) fn wanted_rows(
        &self,
        group: usize,
        wanted: &[bool],
    ) -> Result<Vec<Observation>, HistoryError> {
        if wanted.contains(&true) { self.rows(self.group(group)?.as_ref(), wanted) } else { Ok(Vec::new()) }
    }

    /// The rows of a row group for which `wanted` has true.
    fn rows(&self, group: &dyn RowGroupReader, wanted: &[bool]) -> Result<Vec<Observation>, HistoryError> {
        let mut iterators = Vec::with_capacity(self.table.columns().len());
        for (index, column) in self.table.columns().iter().enumerate() {
            let cells = columns::read_column(group, index, column, wanted).map_err(damaged(&self.path))?;
            iterators.push(cells.into_iter());
        }
        let mut rows = Vec::new();
        for _ in wanted.iter().filter(|wanted| **wanted) {
            let row = Row::new(iterators.iter_mut().filter_map(Iterator::next).collect()).take(self.table);
            rows.push(
                row.ok_or_else(|| {
                    damaged(&self.path)("a row holds a value that this program does not know")
                })?,
            );
        }
        Ok(rows)
    }
}

/// Every row of a file.
pub(super) fn read_all(part: &Part, table: Table, sound: &Sound) -> Result<Vec<Observation>, HistoryError> {
    let open = Open::new(part, table, sound)?;
    let mut rows = Vec::new();
    for group in 0..open.groups() {
        let wanted = vec![true; usize::try_from(open.group_rows(group)).unwrap_or(0)];
        rows.extend(open.rows(open.group(group)?.as_ref(), &wanted)?);
    }
    Ok(rows)
}

pub(super) fn damaged<E: std::fmt::Display>(path: &Path) -> impl FnOnce(E) -> HistoryError {
    let path = path.to_path_buf();
    move |why| HistoryError::Damaged { path, why: why.to_string() }
}
