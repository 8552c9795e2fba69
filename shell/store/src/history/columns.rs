//! Columns of Parquet: written and read through the format's own column interface.

use foldhash::fast::FixedState;
use indexmap::IndexMap;
use parquet::{
    basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel},
    column::{page::Page, reader::ColumnReader, writer::ColumnWriter},
    data_type::ByteArray,
    errors::ParquetError,
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties},
        reader::RowGroupReader,
        writer::SerializedFileWriter,
    },
    schema::types::{ColumnPath, Type, TypePtr},
};
use std::{io::Write, sync::Arc};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// Yes or no.
    Flag,
    /// A whole number.
    Number,
    /// A number.
    Real,
    /// Text in UTF-8.
    Text,
    /// Microseconds since 1970, UTC.
    Time,
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) holds: Holds,
    /// Whether every row has a value.
    pub(super) always: bool,
    /// Whether a bloom filter tells quickly that a value is nowhere in a row group.
    pub(super) bloom: bool,
}

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    None,
    Flag(bool),
    Number(i64),
    Real(f64),
    Text(ByteArray),
}

impl Cell {
    pub(super) fn text(text: &str) -> Cell {
        Cell::Text(ByteArray::from(text))
    }

    pub(super) fn shown(value: impl std::fmt::Display) -> Cell {
        Cell::Text(ByteArray::from(value.to_string().into_bytes()))
    }

    /// A count; no count that was ever seen is beyond 63 bits.
    pub(super) fn count(value: u64) -> Cell {
        Cell::Number(i64::try_from(value).unwrap_or(i64::MAX))
    }

    pub(super) fn or_none(cell: Option<Cell>) -> Cell {
        cell.unwrap_or(Cell::None)
    }
}

/// The values of one column in a row group, those that are there, and for each row whether it is.
#[derive(Debug)]
pub(super) struct Values {
    present: Vec<i16>,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    Flags(Vec<bool>),
    Numbers(Vec<i64>),
    Reals(Vec<f64>),
    Texts(Vec<ByteArray>),
}

impl Values {
    fn new(column: &Column, rows: usize) -> Values {
        let kept = match column.holds {
            Holds::Flag => Kept::Flags(Vec::with_capacity(rows)),
            Holds::Number | Holds::Time => Kept::Numbers(Vec::with_capacity(rows)),
            Holds::Real => Kept::Reals(Vec::with_capacity(rows)),
            Holds::Text => Kept::Texts(Vec::with_capacity(rows)),
        };
        Values { present: Vec::with_capacity(if column.always { 0 } else { rows }), kept }
    }

    /// Appends a cell. A cell of another type than the column's, or none where there must be one, becomes its empty
    /// value; a test holds that no table does that.
    fn push(&mut self, column: &Column, cell: Cell) {
        if !column.always {
            self.present.push(i16::from(cell != Cell::None));
            if cell == Cell::None {
                return;
            }
        }
        match (&mut self.kept, cell) {
            (Kept::Flags(kept), Cell::Flag(value)) => kept.push(value),
            (Kept::Numbers(kept), Cell::Number(value)) => kept.push(value),
            (Kept::Reals(kept), Cell::Real(value)) => kept.push(value),
            (Kept::Texts(kept), Cell::Text(value)) => kept.push(value),
            (Kept::Flags(kept), _) => kept.push(false),
            (Kept::Numbers(kept), _) => kept.push(0),
            (Kept::Reals(kept), _) => kept.push(0.0),
            (Kept::Texts(kept), _) => kept.push(ByteArray::from("")),
        }
    }

    /// The cells of all rows, in order.
    pub(super) fn into_cells(self, rows: usize) -> Vec<Cell> {
        let mut cells: Box<dyn Iterator<Item = Cell>> = match self.kept {
            Kept::Flags(kept) => Box::new(kept.into_iter().map(Cell::Flag)),
            Kept::Numbers(kept) => Box::new(kept.into_iter().map(Cell::Number)),
            Kept::Reals(kept) => Box::new(kept.into_iter().map(Cell::Real)),
            Kept::Texts(kept) => Box::new(kept.into_iter().map(Cell::Text)),
        };
        if self.present.is_empty() {
            return cells.collect();
        }
        let mut next = |present: &i16| if *present == 0 { Cell::None } else { Cell::or_none(cells.next()) };
        self.present.iter().take(rows).map(&mut next).collect()
    }
}

/// The schema of a table.
pub(super) fn schema(name: &str, columns: &[Column]) -> Result<TypePtr, ParquetError> {
    let mut fields = Vec::with_capacity(columns.len());
    for column in columns {
        let (physical, logical) = match column.holds {
            Holds::Flag => (Physical::BOOLEAN, None),
            Holds::Number => (Physical::INT64, None),
            Holds::Real => (Physical::DOUBLE, None),
            Holds::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Holds::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        };
        let repetition = if column.always { Repetition::REQUIRED } else { Repetition::OPTIONAL };
        let field = Type::primitive_type_builder(column.name, physical)
            .with_logical_type(logical)
            .with_repetition(repetition)
            .build()?;
        fields.push(Arc::new(field));
    }
    Ok(Arc::new(Type::group_type_builder(name).with_fields(fields).build()?))
}

/// How files are written: zstd, statistics per row group, and a schema number of our own.
pub(super) fn properties(
    columns: &[Column],
    schema: u32,
    rows_max: usize,
) -> Result<WriterProperties, ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_created_by("bastide".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        // Of a few rows in a group only the pages that hold them are unpacked.
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_key_value_metadata(Some(vec![KeyValue::new(SCHEMA_KEY.to_owned(), schema.to_string())]));
    for column in columns.iter().filter(|column| column.bloom) {
        let path = ColumnPath::from(column.name);
        properties = properties
            .set_column_bloom_filter_enabled(path.clone(), true)
            .set_column_bloom_filter_fpp(path.clone(), 0.01)
            .set_column_bloom_filter_max_ndv(path, rows_max as u64);
    }
    Ok(properties.build())
}

/// The most rows of a column in a page.
const PAGE_ROWS: usize = 2_048;

/// Under which name a file says its schema number.
pub(super) const SCHEMA_KEY: &str = "bastide.schema";

/// Writes one row group. `fill` is given each row and pushes its cells, one for each column in order.
pub(super) fn write_group<W: Write + Send, R>(
    file: &mut SerializedFileWriter<W>,
    columns: &[Column],
    rows: &[R],
    fill: impl Fn(&R, &mut Vec<Cell>),
) -> Result<(), ParquetError> {
    let mut values: Vec<Values> = columns.iter().map(|column| Values::new(column, rows.len())).collect();
    let mut cells = Vec::with_capacity(columns.len());
    for row in rows {
        fill(row, &mut cells);
        for ((values, column), cell) in values.iter_mut().zip(columns).zip(cells.drain(..)) {
            values.push(column, cell);
        }
    }
    let mut group = file.next_row_group()?;
    for (values, column) in values.iter().zip(columns) {
        let Some(mut writer) = group.next_column()? else { break };
        let present = (!column.always).then_some(values.present.as_slice());
        match (writer.untyped(), &values.kept) {
            (ColumnWriter::BoolColumnWriter(writer), Kept::Flags(kept)) => {
                writer.write_batch(kept, present, None)?
            }
            (ColumnWriter::Int64ColumnWriter(writer), Kept::Numbers(kept)) => {
                writer.write_batch(kept, present, None)?
            }
            (ColumnWriter::DoubleColumnWriter(writer), Kept::Reals(kept)) => {
                writer.write_batch(kept, present, None)?
            }
            (ColumnWriter::ByteArrayColumnWriter(writer), Kept::Texts(kept)) => {
                writer.write_batch(kept, present, None)?
            }
            _ => {
                return Err(ParquetError::General(
                    "a column holds another type than its schema says".to_owned(),
                ));
            }
        };
        writer.close()?;
    }
    group.close()?;
    Ok(())
}

/// Reads one column of a row group, in the rows for which `wanted` has true; the others are skipped.
pub(super) fn read_column(
    group: &dyn RowGroupReader,
    index: usize,
    column: &Column,
    wanted: &[bool],
) -> Result<Vec<Cell>, ParquetError> {
    let count = wanted.iter().filter(|wanted| **wanted).count();
    let mut values = Values::new(column, count);
    let present = &mut values.present;
    /// Reads run by run of wanted rows, until there are as many as are wanted.
    macro_rules! read {
        ($reader:ident, $kept:ident) => {{
            let mut read = 0;
            for run in wanted.chunk_by(|one, next| one == next) {
                if read == count {
                    break;
                }
                let mut left = run.len();
                while left > 0 {
                    let records = if run.first() == Some(&true) {
                        let levels = (!column.always).then_some(&mut *present);
                        let (records, ..) = $reader.read_records(left, levels, None, $kept)?;
                        read += records;
                        records
                    } else {
                        $reader.skip_records(left)?
                    };
                    if records == 0 {
                        return Err(cut_short(column));
                    }
                    left = left.saturating_sub(records);
                }
            }
            read
        }};
    }
    let read = match (group.get_column_reader(index)?, &mut values.kept) {
        (ColumnReader::BoolColumnReader(mut reader), Kept::Flags(kept)) => read!(reader, kept),
        (ColumnReader::Int64ColumnReader(mut reader), Kept::Numbers(kept)) => read!(reader, kept),
        (ColumnReader::DoubleColumnReader(mut reader), Kept::Reals(kept)) => read!(reader, kept),
        (ColumnReader::ByteArrayColumnReader(mut reader), Kept::Texts(kept)) => read!(reader, kept),
        _ => return Err(of_another_type(column)),
    };
    let cells = values.into_cells(count);
    if read != count || cells.len() != count {
        return Err(cut_short(column));
    }
    Ok(cells)
}

/// Every distinct value of a column of texts, if all its pages refer to one list of them.
pub(super) fn read_dictionary(
    group: &dyn RowGroupReader,
    index: usize,
) -> Result<Option<Vec<ByteArray>>, ParquetError> {
    let Some(Page::DictionaryPage { buf, num_values, .. }) =
        group.get_column_page_reader(index)?.get_next_page()?
    else {
        return Ok(None);
    };
    // Each value stands behind its length in four bytes (Parquet, encoding PLAIN of BYTE_ARRAY).
    let short = || ParquetError::General("a dictionary is cut short".to_owned());
    let mut rest = buf;
    let mut values = Vec::new();
    for _ in 0..num_values {
        let (length, after) = rest.split_first_chunk::<4>().ok_or_else(short)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| short())?;
        if after.len() < length {
            return Err(short());
        }
        let value = rest.slice(4..4 + length);
        rest = rest.slice(4 + length..);
        values.push(ByteArray::from(value));
    }
    Ok(Some(values))
}

/// A column of texts: for each row a number, and the value of each number.
#[derive(Debug)]
pub struct Coded<T> {
    /// For each row the place of its value.
    pub codes: Vec<u32>,
    /// The distinct values, each parsed once.
    pub values: Vec<T>,
}

impl<T> Default for Coded<T> {
    fn default() -> Self {
        Coded { codes: Vec::new(), values: Vec::new() }
    }
}

impl<T> Coded<T> {
    /// The value of a row.
    #[must_use]
    pub fn value(&self, row: usize) -> Option<&T> {
        self.values.get(*self.codes.get(row)? as usize)
    }
}

/// Reads a column of numbers in which every row has one.
pub(super) fn read_numbers(
    group: &dyn RowGroupReader,
    index: usize,
    column: &Column,
    into: &mut Vec<i64>,
) -> Result<(), ParquetError> {
    into.clear();
    let ColumnReader::Int64ColumnReader(mut reader) = group.get_column_reader(index)? else {
        return Err(of_another_type(column));
    };
    whole(group, column, |rows| Ok(reader.read_records(rows, None, None, into)?.0))
}

/// Reads a column of numbers in which every row or some rows have one.
pub(super) fn read_any_numbers(
    group: &dyn RowGroupReader,
    index: usize,
    column: &Column,
    into: &mut Vec<Option<i64>>,
) -> Result<(), ParquetError> {
    if !column.always {
        return read_maybe_numbers(group, index, column, into);
    }
    let mut numbers = Vec::new();
    read_numbers(group, index, column, &mut numbers)?;
    into.clear();
    into.extend(numbers.into_iter().map(Some));
    Ok(())
}

/// Reads a column of numbers in which some rows have one.
pub(super) fn read_maybe_numbers(
    group: &dyn RowGroupReader,
    index: usize,
    column: &Column,
    into: &mut Vec<Option<i64>>,
) -> Result<(), ParquetError> {
    into.clear();
    let ColumnReader::Int64ColumnReader(mut reader) = group.get_column_reader(index)? else {
        return Err(of_another_type(column));
    };
    let (mut present, mut numbers) = (Vec::new(), Vec::new());
    whole(group, column, |rows| Ok(reader.read_records(rows, Some(&mut present), None, &mut numbers)?.0))?;
    let mut numbers = numbers.into_iter();
    into.extend(present.into_iter().map(|present| if present == 0 { None } else { numbers.next() }));
    Ok(())
}

/// Reads a column of flags in which every row has one.
pub(super) fn read_flags(
    group: &dyn RowGroupReader,
    index: usize,
    column: &Column,
    into: &mut Vec<bool>,
) -> Result<(), ParquetError> {
    into.clear();
    let ColumnReader::BoolColumnReader(mut reader) = group.get_column_reader(index)? else {
        return Err(of_another_type(column));
    };
    whole(group, column, |rows| Ok(reader.read_records(rows, None, None, into)?.0))
}

/// Reads a column of texts; each distinct one is parsed once, and so is none where a row has none.
pub(super) fn read_coded<T>(
    group: &dyn RowGroupReader,
    index: usize,
    column: &Column,
    into: &mut Coded<T>,
    parse: impl Fn(Option<&str>) -> Option<T>,
) -> Result<(), ParquetError> {
    into.codes.clear();
    into.values.clear();
    let ColumnReader::ByteArrayColumnReader(mut reader) = group.get_column_reader(index)? else {
        return Err(of_another_type(column));
    };
    let (mut present, mut texts) = (Vec::new(), Vec::<ByteArray>::new());
    whole(group, column, |rows| {
        let levels = (!column.always).then_some(&mut present);
        Ok(reader.read_records(rows, levels, None, &mut texts)?.0)
    })?;
    let unknown = || ParquetError::General(format!("the column `{}` holds an unknown value", column.name));
    let mut known: IndexMap<&[u8], (), FixedState> = IndexMap::default();
    let mut none = None;
    if !column.always {
        // The place of what is not there comes first, and is used only where something is not.
        none = Some(0);
        into.values.push(parse(None).ok_or_else(unknown)?);
    }
    let begin = into.values.len();
    let mut rest = texts.iter();
    let rows = if column.always { texts.len() } else { present.len() };
    into.codes.reserve(rows);
    for row in 0..rows {
        if let Some(none) = none
            && present.get(row).copied() == Some(0)
        {
            into.codes.push(none);
            continue;
        }
        let Some(text) = rest.next() else { break };
        let (place, _) = known.insert_full(text.data(), ());
        into.codes.push(u32::try_from(begin + place).unwrap_or(u32::MAX));
    }
    for text in known.keys() {
        let text = std::str::from_utf8(text).map_err(|_| unknown())?;
        into.values.push(parse(Some(text)).ok_or_else(unknown)?);
    }
    Ok(())
}

/// Reads until there are as many rows as the group has.
fn whole(
    group: &dyn RowGroupReader,
    column: &Column,
    mut read: impl FnMut(usize) -> Result<usize, ParquetError>,
) -> Result<(), ParquetError> {
    let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
    let mut done = 0;
    while done < rows {
        let records = read(rows - done)?;
        if records == 0 {
            return Err(cut_short(column));
        }
        done += records;
    }
    Ok(())
}

fn cut_short(column: &Column) -> ParquetError {
    ParquetError::General(format!("the column `{}` is cut short", column.name))
}

fn of_another_type(column: &Column) -> ParquetError {
    ParquetError::General(format!("the column `{}` has another type", column.name))
}
