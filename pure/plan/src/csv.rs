//! Inventories: assets in a spreadsheet, as RFC 4180 writes one. The separator may also be a semicolon or a tab, for
//! that is what spreadsheets save where the comma is the decimal sign.

use crate::{
    diagnostic::{Code, Flaw},
    source::Span,
    tree::{AssetTable, Found, KEYS_MAX, Reading, Table},
};
use std::{borrow::Cow, ops::Range};

/// A cell: its value, and its bytes in the text (without quotes).
struct Cell<'a> {
    value: Cow<'a, str>,
    bytes: Range<usize>,
}

/// Reads the rows of cells from a text, one row per call.
struct Rows<'a> {
    text: &'a str,
    at: usize,
    separator: u8,
}

impl<'a> Rows<'a> {
    /// The next row, into `cells`. `Err` holds what is wrong with it and where; the row is then skipped. `None` at the end.
    fn next_row(&mut self, cells: &mut Vec<Cell<'a>>) -> Option<Result<(), (Range<usize>, &'static str)>> {
        cells.clear();
        if self.at >= self.text.len() {
            return None;
        }
        loop {
            let quoted = self.text.as_bytes().get(self.at) == Some(&b'"');
            let cell = if quoted { self.quoted() } else { Ok(self.plain()) };
            match cell {
                Ok(cell) => cells.push(cell),
                Err(fault) => return Some(Err(fault)),
            }
            match self.text.as_bytes().get(self.at) {
                Some(byte) if *byte == self.separator => self.at += 1,
                _ => {
                    self.skip_line_end();
                    return Some(Ok(()));
                }
            }
        }
    }

    fn skip_line_end(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += match rest {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
    }

    /// The rest of the line is not looked at.
    fn skip_line(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.find(['\r', '\n']).unwrap_or(rest.len());
        self.skip_line_end();
    }

    fn plain(&mut self) -> Cell<'a> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let separator = char::from(self.separator);
        let length = rest.find([separator, '\r', '\n']).unwrap_or(rest.len());
        let bytes = self.at..self.at + length;
        self.at = bytes.end;
        Cell { value: Cow::Borrowed(self.text.get(bytes.clone()).unwrap_or_default()), bytes }
    }

    fn quoted(&mut self) -> Result<Cell<'a>, (Range<usize>, &'static str)> {
        let opening = self.at;
        let mut value = Cow::Borrowed("");
        let mut from = opening + 1;
        loop {
            let rest = self.text.get(from..).unwrap_or_default();
            let Some(length) = rest.find('"') else {
                // Most likely the quote is a stray one: give up this line, not the rest of the sheet.
                self.skip_line();
                return Err((opening..opening + 1, "this quotation mark is never closed"));
            };
            value += rest.get(..length).unwrap_or_default();
            let after = from + length + 1;
            match self.text.as_bytes().get(after) {
                Some(b'"') => {
                    value += "\"";
                    from = after + 1;
                }
                Some(byte) if *byte != self.separator && !matches!(byte, b'\r' | b'\n') => {
                    self.at = after;
                    self.skip_line();
                    return Err((after - 1..after, "text stands behind this closing quotation mark"));
                }
                _ => {
                    self.at = after;
                    return Ok(Cell { value, bytes: opening + 1..after - 1 });
                }
            }
        }
    }
}

/// Adds the assets of a spreadsheet. Returns `false` if some of it could not be read.
pub(crate) fn read_inventory(assets: &mut Vec<AssetTable>, reading: &mut Reading<'_>) -> bool {
    let first_line = reading.text.lines().next().unwrap_or_default();
    let count = |separator: u8| first_line.bytes().filter(|b| *b == separator).count();
    // The comma wins a draw.
    let separator = [b'\t', b';', b','].into_iter().max_by_key(|s| count(*s)).unwrap_or(b',');
    let mut rows = Rows { text: reading.text, at: 0, separator };
    let mut cells = Vec::new();
    let Some(header) = rows.next_row(&mut cells) else {
        let flaw = Flaw::error(Code::Csv, reading.span(0..0), "the spreadsheet is empty");
        reading
            .flaws
            .push(flaw.help(format!("its first row names the columns: {}", AssetTable::KEYS.join(","))));
        return false;
    };
    if let Err((bytes, why)) = header {
        reading.flaws.push(Flaw::error(Code::Csv, reading.span(bytes), why));
        return false;
    }
    let Some(columns) = columns(&cells, first_line.len(), reading) else { return false };
    let mut sound = true;
    while let Some(row) = rows.next_row(&mut cells) {
        if let Err((bytes, why)) = row {
            let help = "write a quotation mark inside a cell twice, and the cell in quotation marks";
            reading.flaws.push(Flaw::error(Code::Csv, reading.span(bytes), why).help(help));
            sound = false;
        } else if cells.iter().any(|cell| !cell.value.trim().is_empty()) {
            assets.push(read_row(&cells, &columns, reading));
        }
    }
    sound
}

/// What a column of a sheet holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    /// The values of one of an asset's keys.
    Key(usize),
    /// The first row does not name it: spreadsheets save such columns by mistake, and they may only be empty.
    Nameless,
    /// Nothing that can be used, which was said already.
    Unknown,
}

/// What each column of the sheet holds. `None` if the sheet cannot be read without what is missing.
fn columns(cells: &[Cell<'_>], header_length: usize, reading: &mut Reading<'_>) -> Option<Vec<Column>> {
    let mut columns = Vec::new();
    for cell in cells {
        let name = cell.value.trim();
        let lower = name.to_ascii_lowercase();
        let span = reading.span(cell.bytes.clone());
        let column = match AssetTable::KEYS.iter().position(|key| *key == lower) {
            Some(key) if columns.contains(&Column::Key(key)) => {
                reading.flaws.push(Flaw::error(Code::Csv, span, format!("there are two columns `{name}`")));
                Column::Unknown
            }
            Some(key) => Column::Key(key),
            None if name.is_empty() => Column::Nameless,
            None => Column::Unknown,
        };
        if column == Column::Unknown && !AssetTable::KEYS.contains(&lower.as_str()) {
            let help = reading.suggestions.did_you_mean(name, AssetTable::KEYS.iter().copied());
            let flaw = Flaw::error(Code::UnknownKey, span, format!("an asset has no `{name}`"));
            let flaw = flaw.help(format!("the columns are {}", AssetTable::KEYS.join(", ")));
            reading.flaws.push(flaw.maybe_help(help));
        }
        columns.push(column);
    }
    let mut complete = true;
    for key in ["id", "zone"] {
        let position = AssetTable::KEYS.iter().position(|known| *known == key);
        if !columns.iter().any(|column| matches!(column, Column::Key(key) if Some(*key) == position)) {
            let flaw = Flaw::error(
                Code::Missing,
                reading.span(0..header_length),
                format!("there is no column `{key}`"),
            );
            reading.flaws.push(flaw.help("the first row names the columns"));
            complete = false;
        }
    }
    complete.then_some(columns)
}

fn read_row(cells: &[Cell<'_>], columns: &[Column], reading: &mut Reading<'_>) -> AssetTable {
    let mut found: [Option<Found<'_>>; KEYS_MAX] = [None; KEYS_MAX];
    let whole = cells.first().map_or(0, |c| c.bytes.start)..cells.last().map_or(0, |c| c.bytes.end);
    let row: Span = reading.span(whole);
    for (i, cell) in cells.iter().enumerate() {
        let value = cell.value.trim();
        if value.is_empty() {
            continue;
        }
        let lead = cell.value.len() - cell.value.trim_start().len();
        let start = cell.bytes.start + lead;
        let span = reading.span(start..(start + value.len()).min(cell.bytes.end));
        match columns.get(i) {
            Some(Column::Key(key)) => {
                if let Some(slot) = found.get_mut(*key) {
                    *slot = Some(Found::Cell(value, span));
                }
            }
            Some(Column::Nameless) => {
                let why = format!("the first row does not say what column {} holds", i + 1);
                let help = "name the column, or empty it";
                reading.flaws.push(Flaw::error(Code::Csv, span, why).help(help));
            }
            Some(Column::Unknown) => {}
            None => {
                let why =
                    format!("the first row names {} columns, and this is in column {}", columns.len(), i + 1);
                let help = "put text that holds the separator in quotation marks";
                reading.flaws.push(Flaw::error(Code::Csv, span, why).help(help));
                break;
            }
        }
    }
    let mut asset = AssetTable::read(&found, row, reading);
    if columns.contains(&Column::Unknown) {
        // That column may hold what seems to be missing.
        asset.addresses.whole = false;
        asset.macs.whole = false;
    }
    asset
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, separator: u8) -> Vec<Result<Vec<String>, &'static str>> {
        let mut rows = Rows { text, at: 0, separator };
        let (mut cells, mut all) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next_row(&mut cells) {
            all.push(match row {
                Ok(()) => {
                    for cell in cells.iter().filter(|cell| matches!(cell.value, Cow::Borrowed(_))) {
                        assert_eq!(text.get(cell.bytes.clone()), Some(&*cell.value));
                    }
                    Ok(cells.iter().map(|cell| cell.value.to_string()).collect())
                }
                Err((bytes, why)) => {
                    assert_eq!(text.get(bytes), Some("\""));
                    Err(why)
                }
            });
        }
        all
    }

    #[test]
    fn cells_are_split_as_rfc_4180_says() {
        let ok = |cells: &[&str]| Ok(cells.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>());
        assert_eq!(rows("a,b\r\nc,\n", b','), [ok(&["a", "b"]), ok(&["c", ""])]);
        assert_eq!(rows("\"a,\"\"b\"\"\nc\",d", b','), [ok(&["a,\"b\"\nc", "d"])]);
        assert_eq!(rows("é;橋\n;", b';'), [ok(&["é", "橋"]), ok(&["", ""])]);
        assert_eq!(
            rows("\"a\"b,c\nd,\"e\nf", b','),
            [
                Err("text stands behind this closing quotation mark"),
                Err("this quotation mark is never closed"),
                ok(&["f"])
            ]
        );
        assert_eq!(rows("", b','), []);
    }
}
