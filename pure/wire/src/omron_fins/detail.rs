//! Rows of commands and responses, but those on files and on the state of a network.

use super::areas::{Address, Area};
use super::names;
use super::row::{DETAIL, ERROR, Row, decimal, decimals};
use crate::cursor::Cursor;
use crate::show;
use city::Text;
use compact_str::format_compact;
use jiff::civil;
use jiff::tz::TimeZone;

/// The units of a rack that are told of if nobody says how many (W342 section 5-3-17).
const UNITS_DEFAULT: u8 = 25;

/// The rows of a command; none if it is cut short.
pub fn of_command(command: u16, data: &[u8]) -> Option<Vec<Row>> {
    let mut cursor = Cursor::new(data);
    let cursor = &mut cursor;
    let row = Row::of(DETAIL);
    let row = match command {
        0x0101..=0x0103 => {
            let row =
                row.place(Area(cursor.u8()?), Address::take(cursor)?).show("number_of_items", cursor.u16()?);
            match command {
                0x0102 => row.text("data", cursor.rest()),
                0x0103 => row.bytes("data", cursor.take(2)?),
                _ => row,
            }
        }
        0x0104 => return items(cursor),
        0x0105 => return transfer(cursor),
        0x0201 | 0x0202 => {
            let row = parameters(row, cursor)?;
            if command == 0x0202 { row.text("data", cursor.rest()) } else { row }
        }
        // Only here do all bits of the number count.
        0x0203 => row
            .put("parameter_area_code", names::parameter_area_label(cursor.u16()?))
            .hex("beginning_word", cursor.u16()?)
            .show("number_of_words", cursor.u16()?)
            .bytes("data", cursor.take(2)?),
        0x0220 => link_table(row, "read_length", cursor)?,
        0x0221 => {
            let row = link_table(row, "data_length", cursor)?.show("num_of_link_nodes", cursor.u8()? & 0x7f);
            return records(&row, cursor, |row, first| row.show("block_record_node_num", first & 0x7f));
        }
        0x0304 | 0x0305 => {
            let row = row.show("program_no", cursor.u16()?).show("protect_code", cursor.u8()?);
            let row = row.hex("beginning_word", cursor.u32()?).hex("last_word", cursor.u32()?);
            cursor.take(4)?;
            row.put("password", "(hidden)")
        }
        0x0306 => program(row, cursor)?,
        0x0307 => program(row, cursor)?.text("data", cursor.rest()),
        0x0308 => row.show("program_no", cursor.u16()?).hex("clear_code", cursor.u8()?),
        0x0401 => {
            let row = row.show("program_no", cursor.u16()?);
            row.put(
                "run_mode",
                match cursor.u8() {
                    Some(1) => "Debug (1)",
                    Some(2) => "Monitor (2)",
                    Some(4) => "Run (4)",
                    Some(_) => names::UNKNOWN,
                    None => "Not Set: Default to Monitor (2)",
                },
            )
        }
        0x0501 => row.put(
            "controller_data_to_read",
            match cursor.u8() {
                Some(0) => "Controller model Controller version Area data (0x00)",
                Some(1) => "CPU Bus Unit configuration Remote I/O data PC status (0x01)",
                _ => names::UNKNOWN,
            },
        ),
        0x0502 => {
            let unit = cursor.u8()?;
            row.show("no_of_units", cursor.u8().unwrap_or(UNITS_DEFAULT)).hex("unit_address", unit)
        }
        0x0620 => row.put(
            "cycle_time_read_parameter",
            match cursor.u8()? {
                0 => "Initialize cycle time (0x00)",
                1 => "Read the cycle time (0x01)",
                _ => names::UNKNOWN,
            },
        ),
        0x0702 => clock(row, cursor)?,
        0x0801 | 0x0803 => row.bytes("test_data", cursor.rest()),
        0x0920 => messages(row, cursor.u16()?)?,
        0x0c01..=0x0c03 => row.show("program_no", cursor.u16()?),
        0x2101 => Row::of(ERROR).put("error_reset_fal_no", names::error(cursor.u16()?)),
        0x2102 => {
            Row::of(ERROR).show("beginning_record_no", cursor.u16()?).show("no_of_records", cursor.u16()?)
        }
        0x2301 => return forced(cursor),
        0x230a => row.place(Area(cursor.u8()?), Address::take(cursor)?).show("no_of_units", cursor.u16()?),
        0x2601 => row.text("data", cursor.rest()),
        _ => return Some(Vec::new()),
    };
    Some(vec![row])
}

/// The rows of a response, from behind its code; none if it is cut short.
pub fn of_response(command: u16, data: &[u8]) -> Option<Vec<Row>> {
    let mut cursor = Cursor::new(data);
    let cursor = &mut cursor;
    let row = Row::of(DETAIL);
    let row = match command {
        0x0101 => row.text("data", cursor.rest()),
        0x0104 => return item_values(cursor),
        // A refusal has nothing behind its code.
        _ if cursor.is_empty() && !matches!(command, 0x0221 | 0x0920 | 0x0c01) => return Some(Vec::new()),
        0x0201 => parameters(row, cursor)?.text("data", cursor.rest()),
        0x0220 => {
            let row = row.show("num_of_link_nodes", cursor.u8()? & 0x7f);
            return records(&row, cursor, |row, first| {
                let status = if first & 0x80 == 0 { "Normal (0)" } else { "Warning (1)" };
                row.put("block_record_data_link_status", status)
                    .show("block_record_num_of_link_nodes", first & 0x7f)
            });
        }
        0x0221 => row,
        0x0306 => program(row, cursor)?.text("data", cursor.rest()),
        0x0307 => program(row, cursor)?,
        0x0501 => controller(row, cursor)?,
        0x0502 => return units(cursor),
        0x0620 => ["average_cycle_time", "max_cycle_time", "min_cycle_time"].into_iter().try_fold(
            row,
            |row, column| {
                let tenths = decimals(4, cursor)?;
                Some(row.show(column, format_args!("{}.{}", tenths / 10, tenths % 10)))
            },
        )?,
        0x0701 => clock(row, cursor)?,
        0x0801 => row.bytes("test_data", cursor.rest()),
        0x0802 => row.show("number_of_receptions", cursor.u16()?),
        0x0920 => return message_texts(row, cursor),
        0x0c01 => {
            let mut number = || cursor.u8().unwrap_or(0);
            row.show("acquire_network_address", number())
                .show("acquire_node_number", number())
                .show("acquire_unit_address", number())
        }
        0x2102 => return error_log(cursor),
        0x230a => row
            .place(Area(cursor.u8()?), Address::take(cursor)?)
            .show("no_of_units", cursor.u16()?)
            .bytes("data", cursor.rest()),
        0x2603 => row.text("data", cursor.rest()),
        _ => return Some(Vec::new()),
    };
    Some(vec![row])
}

/// Several places in memory.
fn items(cursor: &mut Cursor<'_>) -> Option<Vec<Row>> {
    let mut rows = Vec::new();
    while !cursor.is_empty() {
        rows.push(Row::of(DETAIL).place(Area(cursor.u8()?), Address::take(cursor)?));
    }
    Some(rows)
}

/// What stands in several places. Of an area that nobody knows, one byte is taken, as the peer does.
fn item_values(cursor: &mut Cursor<'_>) -> Option<Vec<Row>> {
    let mut rows = Vec::new();
    while !cursor.is_empty() {
        let area = Area(cursor.u8()?);
        let value = cursor.take(area.width().unwrap_or(1))?;
        rows.push(Row::of(DETAIL).put("memory_area_code", area.label()).bytes("data", value));
    }
    Some(rows)
}

/// From one place in memory to another.
fn transfer(cursor: &mut Cursor<'_>) -> Option<Vec<Row>> {
    let mut place = |what: &str| {
        let (area, address) = (Area(cursor.u8()?), Address::take(cursor)?);
        let row = Row::of(DETAIL).put("memory_area_code", format_compact!("{} ({what})", area.label()));
        Some(row.put("beginning_address", format_compact!("{:#08x}", address.number())))
    };
    let (from, to) = (place("Source")?, place("Destination")?);
    Some(vec![from.show("number_of_items", cursor.u16()?), to])
}

fn parameters(row: Row, cursor: &mut Cursor<'_>) -> Option<Row> {
    let (area, begin, words) = (cursor.u16()?, cursor.u16()?, cursor.u16()?);
    Some(
        row.put("parameter_area_code", names::parameter_area_label(area))
            .hex("beginning_word", begin)
            .show("number_of_words", words & 0x7fff)
            .show("last_word_bit", words >> 15),
    )
}

fn program(row: Row, cursor: &mut Cursor<'_>) -> Option<Row> {
    let (number, begin, bytes) = (cursor.u16()?, cursor.u32()?, cursor.u16()?);
    Some(
        row.show("program_no", number)
            .hex("beginning_word", begin)
            .show("number_of_bytes", bytes & 0x7fff)
            .show("last_word_bit", bytes >> 15),
    )
}

fn link_table(row: Row, length: &'static str, cursor: &mut Cursor<'_>) -> Option<Row> {
    let _fixed = cursor.u16()?;
    let row = row.put("intelligent_id_no", format_compact!("{:#06x}", cursor.u16()?));
    Some(row.hex("first_word", cursor.u16()?).hex(length, cursor.u16()?))
}

/// The records of a table of data links, each with what stands before them.
fn records(row: &Row, cursor: &mut Cursor<'_>, first: impl Fn(Row, u8) -> Row) -> Option<Vec<Row>> {
    let mut rows = Vec::new();
    while cursor.len() >= 8 {
        let row = first(row.clone(), cursor.u8()?)
            .hex("block_record_cio_area_first_word", cursor.u16()?)
            .hex("block_record_kind_of_dm", cursor.u8()?)
            .hex("block_record_dm_area_first_word", cursor.u16()?)
            .show("block_record_num_of_total_words", cursor.u16()?);
        rows.push(row);
    }
    Some(rows)
}

/// A clock: year, month, day, hour, minute and, if given, second and day of the week.
fn clock(row: Row, cursor: &mut Cursor<'_>) -> Option<Row> {
    let mut next = || decimal(cursor);
    let (year, month, date, hour, minute) = (2_000 + i16::from(next()?), next()?, next()?, next()?, next()?);
    let (second, day) = (next().unwrap_or(0), next());
    let row = row
        .show("year", year)
        .show("month", month)
        .show("date", date)
        .show("hour", hour)
        .show("minute", minute)
        .show("second", second)
        .put("day", day.map_or(Text::const_new(names::UNKNOWN), names::day));
    let signed = |number: u8| i8::try_from(number).ok();
    let time = || {
        let (month, date) = (signed(month)?, signed(date)?);
        let (hour, minute, second) = (signed(hour)?, signed(minute)?, signed(second)?);
        let clock = civil::DateTime::new(year, month, date, hour, minute, second, 0).ok()?;
        TimeZone::UTC.to_timestamp(clock).ok()
    };
    Some(match time() {
        Some(time) => row.put("clock_time", show::seconds(time)),
        None => row,
    })
}

/// The columns of messages, and of failures, one for each bit of a parameter.
const MESSAGE_NUMBERS: [&str; 8] = [
    "message_no_0",
    "message_no_1",
    "message_no_2",
    "message_no_3",
    "message_no_4",
    "message_no_5",
    "message_no_6",
    "message_no_7",
];
const MESSAGES: [&str; 8] =
    ["message_0", "message_1", "message_2", "message_3", "message_4", "message_5", "message_6", "message_7"];
const FAILURE_NUMBERS: [&str; 14] = [
    "fal_fals_no_0",
    "fal_fals_no_1",
    "fal_fals_no_2",
    "fal_fals_no_3",
    "fal_fals_no_4",
    "fal_fals_no_5",
    "fal_fals_no_6",
    "fal_fals_no_7",
    "fal_fals_no_8",
    "fal_fals_no_9",
    "fal_fals_no_10",
    "fal_fals_no_11",
    "fal_fals_no_12",
    "fal_fals_no_13",
];
const FAILURES: [&str; 14] = [
    "fal_fals_0",
    "fal_fals_1",
    "fal_fals_2",
    "fal_fals_3",
    "fal_fals_4",
    "fal_fals_5",
    "fal_fals_6",
    "fal_fals_7",
    "fal_fals_8",
    "fal_fals_9",
    "fal_fals_10",
    "fal_fals_11",
    "fal_fals_12",
    "fal_fals_13",
];

/// What a parameter of command 0920 asks for: the two highest bits say what, the others which.
fn messages(row: Row, parameter: u16) -> Option<Row> {
    let (command, numbers) = match parameter >> 14 {
        0 => ("Message Read (0)", &MESSAGE_NUMBERS[..]),
        1 => ("Message Clear (1)", &MESSAGE_NUMBERS[..]),
        2 => ("FAL/FALS Read (2)", &FAILURE_NUMBERS[..]),
        _ => return None,
    };
    let row = row.put("command", command);
    Some(
        numbers
            .iter()
            .enumerate()
            .fold(row, |row, (bit, column)| row.flag(column, parameter >> bit & 1 != 0)),
    )
}

/// The messages themselves, one for each bit that is set. Nothing at all answers their clearing.
fn message_texts(row: Row, cursor: &mut Cursor<'_>) -> Option<Vec<Row>> {
    if cursor.is_empty() {
        return Some(vec![row.put("command", "Message Clear (1)")]);
    }
    let parameter = cursor.u16()?;
    let (columns, width) = if parameter >> 14 == 2 { (&FAILURES[..], 16) } else { (&MESSAGES[..], 32) };
    let mut row = messages(row, parameter)?;
    for (bit, column) in columns.iter().enumerate() {
        if parameter >> bit & 1 != 0 {
            row = row.text(column, cursor.take(width)?);
        }
    }
    Some(vec![row])
}

/// What a controller says of itself, in one part or the other or both (W342 section 5-3-16).
fn controller(row: Row, cursor: &mut Cursor<'_>) -> Option<Row> {
    const AREAS_BYTES: usize = 92;
    let row = if cursor.len() >= AREAS_BYTES {
        let row = row.text("controller_model", cursor.take(20)?).text("controller_version", cursor.take(20)?);
        let row = row.text("for_system_use", cursor.take(40)?);
        row.show("program_area_size", cursor.u16()?)
            .show("iom_size", cursor.u8()?)
            .show("no_of_dm_words", cursor.u16()?)
            .show("timer_size", cursor.u8()?)
            .show("expansion_dm_size", cursor.u8()?)
            .show("no_of_steps_transitions", cursor.u16()?)
            .put(
                "kind_of_memory_card",
                match cursor.u8()? {
                    0 => "No Memory Card (0x00)",
                    1 => "SPRAM (0x01)",
                    2 => "EPROM (0x02)",
                    3 => "EEPROM (0x03)",
                    _ => names::UNKNOWN,
                },
            )
            .show("memory_card_size", cursor.u16()?)
    } else {
        let row = ["controller_model", "controller_version", "for_system_use"]
            .into_iter()
            .fold(row, |row, column| row.put(column, ""));
        let sizes = ["program_area_size", "iom_size", "no_of_dm_words", "timer_size", "expansion_dm_size"];
        let sizes = sizes.into_iter().chain(["no_of_steps_transitions", "memory_card_size"]);
        sizes.fold(row, |row, column| row.put(column, "0")).put("kind_of_memory_card", names::UNKNOWN)
    };
    let mut units = Vec::new();
    let mut remote = [0_u8; 3];
    if !cursor.is_empty() {
        for _ in 0..16 {
            units.push(format_compact!("{}", cursor.u16()?));
        }
        let _remote_lines = cursor.take(32)?;
        remote = cursor.array()?;
    }
    let [bus, bus_2, state] = remote;
    Some(
        row.list("cpu_bus_unit_config", units)
            .show("no_of_sysmac_bus_master_mounted", bus)
            .show("no_of_sysmac_bus2_master_mounted", bus_2)
            .show("peripheral_device_connected", state >> 7)
            .show("built_in_host_interface", state >> 6 & 1)
            .show("no_of_racks_connected", state & 0x0f),
    )
}

/// The units of a rack.
fn units(cursor: &mut Cursor<'_>) -> Option<Vec<Row>> {
    let count = cursor.u8()? & 0x7f;
    let mut rows = Vec::new();
    while !cursor.is_empty() {
        let row = Row::of(DETAIL).show("no_of_units", count).hex("unit_address", cursor.u8()?);
        rows.push(row.text("model_number", cursor.take(20)?));
    }
    Some(rows)
}

/// Bits that are forced on or off, or let go.
fn forced(cursor: &mut Cursor<'_>) -> Option<Vec<Row>> {
    let count = cursor.u16()?;
    let mut rows = Vec::new();
    while !cursor.is_empty() {
        let specification = match cursor.u16()? {
            0x0000 => "Force-reset (OFF) (0x0000)",
            0x0001 => "Force-set (ON) (0x0001)",
            0x8000 => "Forced status released and bit turned OFF (0x8000)",
            0x8001 => "Forced status released and bit turned ON (0x8001)",
            0xffff => "Forced status released (0xffff)",
            _ => names::UNKNOWN,
        };
        let row = Row::of(DETAIL)
            .put("memory_area_code", Area(cursor.u8()?).label())
            .show("bit_flag", Address::take(cursor)?.number());
        rows.push(row.show("no_of_bits", count).put("set_reset_specification", specification));
    }
    Some(rows)
}

/// The log of errors.
fn error_log(cursor: &mut Cursor<'_>) -> Option<Vec<Row>> {
    let head = Row::of(ERROR)
        .show("max_no_stored_records", cursor.u16()?)
        .show("no_of_stored_records", cursor.u16()?)
        .show("no_of_records", cursor.u16()?);
    let mut rows = Vec::new();
    while !cursor.is_empty() {
        let mut row = head
            .clone()
            .put("error_code_1", names::error(cursor.u16()?))
            .put("error_code_2", names::error(cursor.u16()?));
        for column in ["minute", "second", "day", "hour", "year", "month"] {
            row = row.show(column, decimal(cursor)?);
        }
        rows.push(row);
    }
    Some(rows)
}
