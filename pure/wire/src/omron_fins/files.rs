//! Rows on files: commands 2201 to 2211.

use super::areas::{Address, Area};
use super::names;
use super::row::{FILE, Row};
use crate::cursor::Cursor;
use city::Text;
use compact_str::format_compact;

/// Bytes of a file's name, with its extension.
const NAME_BYTES: usize = 12;
/// Bytes of a file in a list: name, date and time, size.
const FILE_BYTES: usize = 20;

/// The rows of a command; none if it is cut short.
pub fn of_command(command: u16, data: &[u8]) -> Option<Vec<Row>> {
    let mut cursor = Cursor::new(data);
    let cursor = &mut cursor;
    let row = Row::of(FILE);
    let row = match command {
        0x2201 => row
            .show("disk_no", cursor.u16()?)
            .hex("beginning_file_position", cursor.u16()?)
            .show("no_of_files", cursor.u16()?),
        0x2202 => {
            let row = row.show("disk_no", cursor.u16()?);
            position(row.text("file_name", cursor.take(NAME_BYTES)?), cursor)?
        }
        0x2203 => {
            let row = row.show("disk_no", cursor.u16()?);
            let row = row.put(
                "parameter_code",
                labelled(
                    cursor.u16()?,
                    &[
                        "Create new file",
                        "Create new file - overwrite if it already exists",
                        "Add data to an existing file",
                        "Overwrite data in an existing file",
                    ],
                ),
            );
            position(row.text("file_name", cursor.take(NAME_BYTES)?), cursor)?
        }
        0x2204 => row.show("disk_no", cursor.u16()?),
        0x2205 => {
            let row = row.show("disk_no", cursor.u16()?).show("no_of_files", cursor.u16()?);
            let mut rows = Vec::new();
            while !cursor.is_empty() {
                rows.push(row.clone().text("file_name", cursor.take(NAME_BYTES)?));
            }
            return Some(rows);
        }
        0x2206 => row
            .show("disk_no", cursor.u16()?)
            .put(
                "parameter_code",
                labelled(
                    cursor.u16()?,
                    &[
                        "Create new volume label",
                        "Create new volume label - overwrite if it already exists",
                        "Delete existing volume label",
                    ],
                ),
            )
            .text("volume_label", cursor.take(NAME_BYTES)?),
        0x2207 => row
            .show("src_disk_no", cursor.u16()?)
            .text("src_file_name", cursor.take(NAME_BYTES)?)
            .show("dst_disk_no", cursor.u16()?)
            .text("dst_file_name", cursor.take(NAME_BYTES)?),
        0x2208 => row
            .show("disk_no", cursor.u16()?)
            .text("new_file_name", cursor.take(NAME_BYTES)?)
            .text("old_file_name", cursor.take(NAME_BYTES)?),
        0x2209 => row.show("disk_no", cursor.u16()?).text("file_name", cursor.take(NAME_BYTES)?),
        0x220a => {
            let row = direction(row, cursor)?;
            let row = row.place(Area(cursor.u8()?), Address::take(cursor)?);
            on_disk(row.show("no_of_items", cursor.u16()?), cursor)?
        }
        0x220b => {
            let row = direction(row, cursor)?;
            let row = row.put("parameter_area_code", names::parameter_area_label(cursor.u16()?));
            on_disk(row.hex("beginning_address", cursor.u16()?).show("no_of_words", cursor.u16()?), cursor)?
        }
        0x220c => {
            let row = direction(row, cursor)?.hex("program_no", cursor.u16()?);
            on_disk(row.hex("beginning_address", cursor.u32()?).show("no_of_bytes", cursor.u32()?), cursor)?
        }
        0x220f => row.show("beginning_block_no", cursor.u16()?).show("no_of_blocks", cursor.u8()?),
        0x2210 => row.show("block_no", cursor.u16()?),
        0x2211 => {
            let row = block(row, cursor)?.show("block_no", cursor.u16()?);
            row.bytes("memory_data", cursor.rest())
        }
        _ => return Some(Vec::new()),
    };
    Some(vec![row])
}

/// The rows of a response, from behind its code, and whether each has the code: in a list of files only the first.
pub fn of_response(command: u16, data: &[u8]) -> Option<Vec<(Row, bool)>> {
    let mut cursor = Cursor::new(data);
    let cursor = &mut cursor;
    let row = Row::of(FILE);
    if cursor.is_empty() {
        return Some(Vec::new());
    }
    let row = match command {
        0x2201 => return listing(cursor),
        0x2202 => position(row.show("file_capacity", cursor.u32()?), cursor)?,
        0x2205 => row.show("no_of_files", cursor.u16()?),
        0x220a => row.show("no_of_items", cursor.u16()?),
        0x220b => row.show("no_of_words", cursor.u16()?),
        0x220c => row.show("no_of_bytes", cursor.u32()?),
        0x220f => {
            let row = row.show("remaining_blocks", cursor.u16()?).show("total_no_of_blocks", cursor.u16()?);
            let row = row.put(
                "memory_type",
                match cursor.u8()? {
                    0 => "RAM (0x00)",
                    1 => "First half RAM; second half ROM (0x01)",
                    _ => names::UNKNOWN,
                },
            );
            let mut rows = Vec::new();
            while !cursor.is_empty() {
                rows.push((block(row.clone(), cursor)?, true));
            }
            return Some(rows);
        }
        0x2210 => block(row, cursor)?.bytes("memory_data", cursor.rest()),
        _ => return Some(Vec::new()),
    };
    Some(vec![(row, true)])
}

fn labelled(code: u16, names: &[&str]) -> Text {
    names
        .get(usize::from(code))
        .map_or(Text::const_new(names::UNKNOWN), |name| format_compact!("{name} ({code:#06x})"))
}

fn direction(row: Row, cursor: &mut Cursor<'_>) -> Option<Row> {
    Some(row.put(
        "parameter_code",
        labelled(
            cursor.u16()?,
            &[
                "Transfer from PC area to file device",
                "Transfer from file device to PC area",
                "Data compared",
            ],
        ),
    ))
}

fn on_disk(row: Row, cursor: &mut Cursor<'_>) -> Option<Row> {
    Some(row.show("disk_no", cursor.u16()?).text("file_name", cursor.take(NAME_BYTES)?))
}

fn position(row: Row, cursor: &mut Cursor<'_>) -> Option<Row> {
    Some(row.show("file_position", cursor.u32()?).show("data_length", cursor.u16()?))
}

/// What a block of file memory holds.
fn block(row: Row, cursor: &mut Cursor<'_>) -> Option<Row> {
    let kind = cursor.u8()?;
    let name = match kind & 0x07 {
        0 => "Empty (0)",
        1 => "I/O data (1)",
        2 => "User program (2)",
        3 => "Comments (3)",
        _ => names::UNKNOWN,
    };
    Some(
        row.put("data_type", name)
            .flag("last_block", kind & 0x80 != 0)
            .flag("protected", kind & 0x40 != 0)
            .show("control_data", cursor.u8()?),
    )
}

/// A date and time as MS-DOS packs them.
fn date(row: Row, cursor: &mut Cursor<'_>) -> Option<Row> {
    let (date, time) = (cursor.u16()?, cursor.u16()?);
    Some(
        row.show("year", 1_980 + (date >> 9))
            .show("month", date >> 5 & 0x0f)
            .show("day", date & 0x1f)
            .show("hour", time >> 11)
            .show("minute", time >> 5 & 0x3f)
            .show("second", (time & 0x1f) * 2),
    )
}

/// A disk and the files on it.
fn listing(cursor: &mut Cursor<'_>) -> Option<Vec<(Row, bool)>> {
    let row = date(Row::of(FILE).text("volume_label", cursor.take(NAME_BYTES)?), cursor)?
        .show("total_capacity", cursor.u32()?)
        .show("unused_capacity", cursor.u32()?)
        .show("total_no_files", cursor.u16()?);
    let read = cursor.u16()?;
    let mut rows =
        vec![(row.show("no_files_read", read & 0x7fff).flag("last_file", read & 0x8000 != 0), true)];
    while cursor.len() >= FILE_BYTES {
        let row = date(Row::of(FILE).text("file_name", cursor.take(NAME_BYTES)?), cursor)?;
        rows.push((row.show("file_capacity", cursor.u32()?), false));
    }
    Some(rows)
}
