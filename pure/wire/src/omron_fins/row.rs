//! Rows of the peer's logs, before they are told.

use super::areas::{Address, Area};
use crate::cursor::Cursor;
use crate::dialogue::Fields;
use crate::show::{escaped, hexadecimal};
use city::Text;
use compact_str::format_compact;
use std::fmt::Display;

/// The longest text of a column; no message holds more.
const TEXT_BYTES_MAX: usize = 4_096;
/// The peer writes no more than so many bytes in hexadecimal.
const DIGITS_MAX: usize = 30;

/// Where a row goes.
pub const DETAIL: &str = "omron_fins_detail";
/// Where rows on the log of errors go.
pub const ERROR: &str = "omron_fins_error";
/// Where rows on files go.
pub const FILE: &str = "omron_fins_file";
/// Where rows on data links go.
pub const LINKS: &str = "omron_fins_data_link_status_read";
/// Where rows on a network's nodes go.
pub const NETWORK: &str = "omron_fins_network_status_read";

/// A row, without the columns that every row has.
#[derive(Clone, Debug)]
pub struct Row {
    pub log: &'static str,
    pub fields: Fields,
}

impl Row {
    /// An empty row.
    pub fn of(log: &'static str) -> Row {
        Row { log, fields: Fields::default() }
    }

    /// Puts a column's value.
    pub fn put(mut self, column: &'static str, value: impl Into<Text>) -> Row {
        self.fields.put(column, value);
        self
    }

    /// Puts a value as it is shown.
    pub fn show(mut self, column: &'static str, value: impl Display) -> Row {
        self.fields.show(column, value);
        self
    }

    /// Puts a truth.
    pub fn flag(mut self, column: &'static str, value: bool) -> Row {
        self.fields.flag(column, value);
        self
    }

    /// Puts every value of a list, which may have none.
    pub fn list<T: Into<Text>>(mut self, column: &'static str, values: impl IntoIterator<Item = T>) -> Row {
        self.fields.list(column, values);
        self
    }

    /// Puts a number in hexadecimal digits, two at least.
    pub fn hex(self, column: &'static str, value: impl Into<u64>) -> Row {
        self.put(column, format_compact!("{:#04x}", value.into()))
    }

    /// Puts bytes that are text.
    pub fn text(self, column: &'static str, bytes: &[u8]) -> Row {
        self.put(column, escaped(bytes, TEXT_BYTES_MAX))
    }

    /// Puts bytes in hexadecimal digits, as many as the peer does.
    pub fn bytes(self, column: &'static str, bytes: &[u8]) -> Row {
        let digits = hexadecimal(bytes.get(..DIGITS_MAX / 2).unwrap_or(bytes), DIGITS_MAX);
        self.put(column, format_compact!("0x{digits}"))
    }

    /// Puts a memory area and where it begins.
    pub fn place(self, area: Area, address: Address) -> Row {
        self.put("memory_area_code", area.label())
            .put("beginning_address", format_compact!("{:#08x}", address.number()))
    }
}

/// A name without what fills its place.
pub fn trimmed(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| !matches!(byte, 0 | b' ')).map_or(0, |last| last + 1);
    bytes.get(..end).unwrap_or_default()
}

/// The next byte as two decimal digits.
pub fn decimal(cursor: &mut Cursor<'_>) -> Option<u8> {
    cursor.u8().map(|byte| (byte >> 4) * 10 + (byte & 0x0f))
}

/// The next bytes as decimal digits.
pub fn decimals(count: usize, cursor: &mut Cursor<'_>) -> Option<u64> {
    let digits = cursor.take(count)?;
    Some(
        digits
            .iter()
            .fold(0, |number, byte| number * 100 + u64::from(byte >> 4) * 10 + u64::from(byte & 0x0f)),
    )
}
