//! Messages in the columns of the field's logs.
//!
//! Numbers of several bytes have the most significant byte first here, and floating-point values are written as whole
//! numbers: see the module's documentation.

use super::message::{self, FileCommand, Message, Opcode, PacketType};
use super::parse::{self, Login};
use crate::cursor::Cursor;
use crate::dialogue::{Fields, Out, Side};
use crate::show::escaped;
use city::{Text, Transport};
use compact_str::format_compact;
use std::fmt::Write;

/// More than 255 bytes take when each is written `\xNN`.
const TEXT_BYTES_MAX: usize = 2_048;

/// Bytes of the values that the system's configuration has for point types 60 to 255, and of what stands before them.
const CONFIGURATION_HEAD_BYTES: usize = 19;

/// What is written where a credential was.
pub(super) const HIDDEN: &str = "(hidden)";

/// Fills the columns of a log with the data of a message, which asks or answers. It stops where the data end.
type Fill = fn(&mut Fields, Cursor<'_>, bool) -> Option<()>;

/// Tells of a message: its header, then its data in the log of its opcode.
pub(super) fn tell(side: Side, message: &Message<'_>, kind: PacketType, out: &mut Out<'_>) {
    if !out.wants_details() {
        return;
    }
    let transport = out.flow.transport;
    out.message(side, "roc_plus", |fields| header(fields, message, kind, transport));
    let data = message.data;
    if data.is_empty() || message.opcode == Opcode::ERROR {
        return;
    }
    if matches!(kind, PacketType::Either | PacketType::Misfit) {
        return out.message(side, "roc_plus_unknown_data", |fields| unknown(fields, message));
    }
    let asks = kind == PacketType::Request;
    let (log, fill): (&'static str, Fill) = match message.opcode.0 {
        6 => ("roc_plus_sys_cfg", configuration),
        7 | 8 => ("roc_plus_realtime_clock", clock),
        10 | 11 => ("roc_plus_configurable_opcode", table),
        17 => ("roc_plus_login", login),
        24 => ("roc_plus_store_and_forward", forward),
        50 => ("roc_plus_data_request", positions),
        100 => ("roc_plus_user_defined_info", user_defined),
        105 => ("roc_plus_historical_min_max_vals", extremes),
        108 => ("roc_plus_data_request", history_tags),
        118 => ("roc_plus_data_request", alarms),
        119 => ("roc_plus_data_request", events),
        135 => ("roc_plus_history_point_data", history_point),
        136 => ("roc_plus_history_point_data", history_points),
        137 => ("roc_plus_data_request", history_index),
        138 => ("roc_plus_data_request", history_of_day),
        139 => ("roc_plus_history_information", history_information),
        166 | 167 => ("roc_plus_single_point_parameters", point_parameters),
        203 => ("roc_plus_file_transfer", file),
        206 => ("roc_plus_transaction_history", transactions),
        224 | 225 => ("roc_plus_data_request", alarm_index),
        _ => return out.message(side, "roc_plus_unknown_data", |fields| unknown(fields, message)),
    };
    // A message that ends early leaves the columns unset that it does not reach.
    out.message(side, log, |fields| {
        fill(fields, Cursor::new(data), asks);
    });
    if message.opcode.0 == 139 && !asks {
        periods(side, data, out);
    }
}

fn header(fields: &mut Fields, message: &Message<'_>, kind: PacketType, transport: Transport) {
    fields.put("protocol", if transport == Transport::Tcp { "tcp" } else { "udp" });
    fields.put("packet_type", kind.title());
    fields.show("destination_unit", message.destination.0);
    fields.show("destination_group", message.destination.1);
    fields.show("source_unit", message.source.0);
    fields.show("source_group", message.source.1);
    fields.put("opcode", message.opcode.title());
    fields.show("data_length", message.data.len());
    let [low, high] = message.check;
    fields.show("lsb_crc", low);
    fields.show("msb_crc", high);
    if message.opcode == Opcode::ERROR {
        for pair in message.data.chunks_exact(2) {
            if let [code, offset] = pair {
                fields.put("error_code", message::error(*code));
                fields.show("error_offset", offset);
            }
        }
    }
}

/// What cannot be told to be a request or a reply: its data, the command apart where there is one.
fn unknown(fields: &mut Fields, message: &Message<'_>) {
    match (message.opcode.0, message.data) {
        (_, data) if parse::is_secret(message.opcode, data) => fields.put("data", HIDDEN),
        (139, [command, rest @ ..]) => {
            fields.put("data", history_command(*command));
            fields.put("data", capitals(rest));
        }
        (206, [_, rest @ ..]) => fields.put("data", capitals(rest)),
        (_, data) => fields.put("data", capitals(data)),
    }
}

/// Bytes in hexadecimal with capital letters.
fn capitals(bytes: &[u8]) -> Text {
    let mut text = Text::default();
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02X}");
    }
    text
}

/// A time in whole seconds, as Zeek writes times.
fn time(seconds: u32) -> Text {
    format_compact!("{seconds}.000000")
}

fn configuration(fields: &mut Fields, mut data: Cursor<'_>, _asks: bool) -> Option<()> {
    let mode = data.u8()?;
    fields.put(
        "system_mode",
        match mode {
            0 => Text::const_new("Firmware Update Mode"),
            1 => Text::const_new("Run Mode"),
            2 => Text::const_new("Test Mode"),
            _ => format_compact!("Unknown ({mode})"),
        },
    );
    fields.show("port_number", data.u16()?);
    fields.show("security_access_mode", data.u8()?);
    let compatibility = data.u8()?;
    fields.put(
        "logical_compatability_status",
        match compatibility {
            0 => Text::const_new(
                "Compatability Mode: 0 | 16 points per slot  | 160 bytes total | 9 module slots max",
            ),
            1 => Text::const_new(
                "Compatability Mode: 1 | 16 points per slot  | 240 bytes total | 14 module slots max",
            ),
            2 => Text::const_new(
                "Compatability Mode: 2 | 9 points per slot  | 224 bytes total | 27 module slots max",
            ),
            _ => format_compact!("Unknown ({compatibility})"),
        },
    );
    fields.put("opcode_revision", if data.u8()? == 0 { "Original" } else { "Extended" });
    fields.put("subtype", if data.u8()? == 0 { "Series One" } else { "Series Two" });
    data.take(CONFIGURATION_HEAD_BYTES - 8)?;
    fields.put("type_of_roc", device(data.u8()?));
    fields.list("point_types", data.rest().iter().map(|count| format_compact!("{count}")));
    Some(())
}

/// The kind of device (opcode 6).
pub(super) fn device(code: u8) -> Text {
    Text::const_new(match code {
        1 => "ROCPAC ROC300-Series",
        2 => "FloBoss 407",
        3 => "FlashPAC ROC300-Series",
        4 => "FloBoss 503",
        5 => "FloBoss 504",
        6 => "ROC800 (809/827)",
        11 => "DL8000",
        _ => return format_compact!("Unknown ({code})"),
    })
}

/// The kind of device in the data of a reply to opcode 6.
pub(super) fn device_of(data: &[u8]) -> Option<Text> {
    data.get(CONFIGURATION_HEAD_BYTES - 1).map(|code| device(*code))
}

/// A clock's fields.
pub(super) struct Clock {
    pub second: u8,
    pub minute: u8,
    pub hour: u8,
    pub day: u8,
    pub month: u8,
    pub year: u16,
}

impl Clock {
    /// Reads the clock of opcodes 7 and 8. Devices are seen to send the year with either byte first: the reading that
    /// makes sense is taken.
    pub(super) fn parse(data: &mut Cursor<'_>) -> Option<Clock> {
        let [second, minute, hour, day, month] = data.array::<5>()?;
        let year = data.array::<2>()?;
        let year = match (u16::from_be_bytes(year), u16::from_le_bytes(year)) {
            (_, small @ 1970..=2199) => small,
            (big, _) => big,
        };
        Some(Clock { second, minute, hour, day, month, year })
    }

    fn seconds(&self) -> Option<i64> {
        let [year, month, day, hour, minute, second] = [
            i16::try_from(self.year).ok()?,
            self.month.into(),
            self.day.into(),
            self.hour.into(),
            self.minute.into(),
            self.second.into(),
        ];
        let small = |number: i16| i8::try_from(number).ok();
        let date = jiff::civil::DateTime::new(
            year,
            small(month)?,
            small(day)?,
            small(hour)?,
            small(minute)?,
            small(second)?,
            0,
        );
        let epoch = jiff::civil::DateTime::new(1970, 1, 1, 0, 0, 0, 0).ok()?;
        Some(date.ok()?.duration_since(epoch).as_secs())
    }
}

impl std::fmt::Display for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Clock { second, minute, hour, day, month, year } = self;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

fn clock(fields: &mut Fields, mut data: Cursor<'_>, _asks: bool) -> Option<()> {
    let clock = Clock::parse(&mut data)?;
    fields.show("current_second", clock.second);
    fields.show("current_minute", clock.minute);
    fields.show("current_hour", clock.hour);
    fields.show("current_day", clock.day);
    fields.show("current_month", clock.month);
    fields.show("current_year", clock.year);
    if let Some(day) = data.u8() {
        fields.put("current_day_of_week", message::weekday(day));
    }
    if let Some(seconds) = clock.seconds() {
        fields.put("timestamp", format_compact!("{seconds}.000000"));
    }
    Some(())
}

fn table(fields: &mut Fields, mut data: Cursor<'_>, asks: bool) -> Option<()> {
    fields.show("table_number", data.u8()?);
    fields.show("starting_table_location", data.u8()?);
    fields.show("num_table_locations", data.u8()?);
    // A reply to reading has the table's version before the values; a writing request has none.
    if !asks {
        fields.show("table_version_number", data.u32()?);
    }
    if !data.is_empty() {
        fields.put("data", escaped(data.rest(), TEXT_BYTES_MAX));
    }
    Some(())
}

fn login(fields: &mut Fields, data: Cursor<'_>, _asks: bool) -> Option<()> {
    match parse::parse_login(data.rest())? {
        Login::In { operator, level } => {
            fields.put("operator_id", capitals(operator));
            fields.put("password", "");
            fields.show("access_level", level);
        }
        Login::Out { operator, word } => {
            fields.put("operator_id", capitals(operator));
            fields.put("password", "");
            // Anything else here may be a part of a password.
            fields.put(
                "logout_string",
                if word == b"LOGOUT" { capitals(word) } else { Text::const_new(HIDDEN) },
            );
        }
        Login::Key => fields.put("session_key_string", HIDDEN),
        Login::WrappedKey => fields.put("wrapped_session_key", HIDDEN),
    }
    Some(())
}

fn forward(fields: &mut Fields, mut data: Cursor<'_>, _asks: bool) -> Option<()> {
    let secret = parse::is_secret(Opcode::STORE_AND_FORWARD, data.rest());
    for column in [
        "host_address",
        "host_group",
        "dest1_address",
        "dest1_group",
        "dest2_address",
        "dest2_group",
        "dest3_address",
        "dest3_group",
        "dest4_address",
        "dest4_group",
        "desired_opcode",
    ] {
        fields.show(column, data.u8()?);
    }
    let count = data.u8()?;
    fields.show("num_data_bytes", count);
    fields.put("opcode_data", if secret { HIDDEN.into() } else { escaped(data.rest(), TEXT_BYTES_MAX) });
    Some(())
}

fn positions(fields: &mut Fields, mut data: Cursor<'_>, asks: bool) -> Option<()> {
    if asks {
        let wanted = data.u8()?;
        fields.put(
            "io_data_req",
            match wanted {
                0 => Text::const_new("I/O Point Types"),
                1 => Text::const_new("I/O Logical Numbers"),
                _ => format_compact!("Unknown ({wanted})"),
            },
        );
    } else {
        fields.put("io_data", escaped(data.rest(), TEXT_BYTES_MAX));
    }
    Some(())
}

fn user_defined(fields: &mut Fields, mut data: Cursor<'_>, asks: bool) -> Option<()> {
    fields.show("command", data.u8()?);
    fields.show("start_point", data.u8()?);
    fields.show("num_points", data.u8()?);
    if !asks {
        fields.list(
            "point_types",
            data.rest().iter().map(|kind| match kind {
                0 | 255 => Text::const_new("Undefined"),
                253 => Text::const_new("User Defined"),
                254 => Text::const_new("ROC Point Type"),
                _ => format_compact!("User Program {kind}"),
            }),
        );
    }
    Some(())
}

fn extremes(fields: &mut Fields, mut data: Cursor<'_>, asks: bool) -> Option<()> {
    fields.show("history_segment", data.u8()?);
    fields.show("historical_point_number", data.u8()?);
    if asks {
        return Some(());
    }
    // A time takes five bytes in what is captured, of which the first is zero; four by the manual's table.
    let pad = usize::from(data.len() == 48);
    for column in ["historical_archival_method", "point_type", "point_logic_number", "parameter_number"] {
        fields.show(column, data.u8()?);
    }
    for column in ["current_value", "minimum_value_since_contract", "maximum_value_since_contract"] {
        fields.show(column, data.u32()?);
    }
    for column in ["time_of_min_value_occurrence", "time_of_max_value_occurrence"] {
        data.take(pad)?;
        fields.put(column, time(data.u32()?));
    }
    for column in ["minimum_value_yesterday", "maximum_value_yesterday"] {
        fields.show(column, data.u32()?);
    }
    for column in ["time_of_yesterday_min_value", "time_of_yesterday_max_value"] {
        data.take(pad)?;
        fields.put(column, time(data.u32()?));
    }
    fields.show("value_during_last_completed_period", data.u32()?);
    Some(())
}

fn history_tags(fields: &mut Fields, mut data: Cursor<'_>, asks: bool) -> Option<()> {
    const TAG_BYTES: usize = 10;
    fields.show("history_segment", data.u8()?);
    let count = data.u8()?;
    fields.show("num_points", count);
    if !asks {
        fields.show("periodic_index", data.u16()?);
    }
    let points = data.take(usize::from(count))?;
    fields.list("historical_points", points.iter().map(|point| format_compact!("0x{point:02x}")));
    if !asks {
        fields.list("tag", data.rest().chunks(TAG_BYTES).map(capitals));
    }
    Some(())
}

fn alarms(fields: &mut Fields, mut data: Cursor<'_>, asks: bool) -> Option<()> {
    const ALARM_BYTES: usize = 23;
    fields.show("num_alarms", data.u8()?);
    fields.show("starting_alarm_log_idx", data.u16()?);
    if !asks {
        fields.show("current_alarm_log_idx", data.u16()?);
        fields.list("alarm_data", data.rest().chunks(ALARM_BYTES).map(capitals));
    }
    Some(())
}

/// The place in the alarm log that a report is about, or up to which reports are acknowledged.
fn alarm_index(fields: &mut Fields, mut data: Cursor<'_>, _asks: bool) -> Option<()> {
    fields.show("current_alarm_log_idx", data.u16()?);
    Some(())
}

fn events(fields: &mut Fields, mut data: Cursor<'_>, asks: bool) -> Option<()> {
    const EVENT_BYTES: usize = 22;
    fields.show(if asks { "num_events_req" } else { "num_events_sent" }, data.u8()?);
    fields.show("starting_event_log_idx", data.u16()?);
    if !asks {
        fields.show("current_event_log_idx", data.u16()?);
        fields.list("event_data", data.rest().chunks(EVENT_BYTES).map(capitals));
    }
    Some(())
}

/// What history is kept by (opcodes 135, 136 and 139).
fn kind_of_history(kind: u8) -> Text {
    Text::const_new(match kind {
        0 => "Minute",
        1 => "Periodic",
        2 => "Daily",
        _ => return format_compact!("Unknown ({kind})"),
    })
}

/// All values that are left, as whole numbers.
fn values(fields: &mut Fields, column: &'static str, data: Cursor<'_>) {
    let (numbers, _) = data.rest().as_chunks::<4>();
    fields.list(column, numbers.iter().map(|number| format_compact!("{}", u32::from_be_bytes(*number))));
}

fn history_point(fields: &mut Fields, mut data: Cursor<'_>, asks: bool) -> Option<()> {
    fields.show("history_segment", data.u8()?);
    fields.show("point_number", data.u8()?);
    if asks {
        fields.put("type_of_history", kind_of_history(data.u8()?));
    }
    fields.show("history_segment_index", data.u16()?);
    if asks {
        fields.show("num_values_requested", data.u8()?);
    } else {
        fields.show("num_values_sent", data.u8()?);
        values(fields, "history_values", data);
    }
    Some(())
}

fn history_points(fields: &mut Fields, mut data: Cursor<'_>, asks: bool) -> Option<()> {
    fields.show("history_segment", data.u8()?);
    fields.show("history_segment_index", data.u16()?);
    if asks {
        fields.put("type_of_history", kind_of_history(data.u8()?));
        fields.show("starting_history_point", data.u8()?);
        fields.show("num_history_points", data.u8()?);
        fields.show("num_time_periods", data.u8()?);
        return Some(());
    }
    fields.show("current_history_segment_index", data.u16()?);
    fields.show("num_data_elements_sent", data.u8()?);
    // The peer takes what follows for pairs of a time and a value, however many points there are.
    let (pairs, _) = data.rest().as_chunks::<8>();
    let half = |pair: &[u8; 8], shift: u32| (u64::from_be_bytes(*pair) >> shift) as u32;
    fields.list("history_timestamps", pairs.iter().map(|pair| time(half(pair, 32))));
    fields.list("history_values", pairs.iter().map(|pair| format_compact!("{}", half(pair, 0))));
    Some(())
}

fn history_index(fields: &mut Fields, mut data: Cursor<'_>, asks: bool) -> Option<()> {
    fields.show("history_segment", data.u8()?);
    if asks {
        fields.show("day_requested", data.u8()?);
        fields.show("month_requested", data.u8()?);
    } else {
        fields.show("starting_periodic_idx", data.u16()?);
        fields.show("num_periodic_entries", data.u16()?);
        fields.show("daily_index", data.u16()?);
        fields.show("num_daily_entries", data.u16()?);
    }
    Some(())
}

fn history_of_day(fields: &mut Fields, mut data: Cursor<'_>, asks: bool) -> Option<()> {
    fields.show("history_segment", data.u8()?);
    fields.show("history_point", data.u8()?);
    fields.show("day_requested", data.u8()?);
    fields.show("month_requested", data.u8()?);
    if asks {
        return Some(());
    }
    let (periodic, daily) = (data.u16()?, data.u16()?);
    fields.show("num_periodic_entries", periodic);
    fields.show("num_daily_entries", daily);
    values(fields, "periodic_values", Cursor::new(data.take(usize::from(periodic) * 4)?));
    values(fields, "daily_values", Cursor::new(data.take(usize::from(daily) * 4)?));
    Some(())
}

/// What opcode 139 is to tell.
fn history_command(command: u8) -> Text {
    Text::const_new(match command {
        0 => "Request Configured Points",
        1 => "Request Specified Point Data",
        _ => return format_compact!("Unknown ({command})"),
    })
}

fn numbers(fields: &mut Fields, column: &'static str, bytes: &[u8]) {
    fields.list(column, bytes.iter().map(|byte| format_compact!("{byte}")));
}

fn history_information(fields: &mut Fields, mut data: Cursor<'_>, asks: bool) -> Option<()> {
    let command = data.u8()?;
    fields.put("command", history_command(command));
    fields.show("history_segment", data.u8()?);
    match (command, asks) {
        (0, true) => {}
        (0, false) => {
            fields.show("num_configured_points", data.u8()?);
            numbers(fields, "configured_points", data.rest());
        }
        (_, true) => {
            fields.show("history_segment_index", data.u16()?);
            fields.put("type_of_history", kind_of_history(data.u8()?));
            fields.show("num_time_periods", data.u8()?);
            fields.show("request_timestamps", data.u8()?);
            fields.show("num_points", data.u8()?);
            numbers(fields, "requested_history_points", data.rest());
        }
        (_, false) => {
            fields.show("current_index", data.u16()?);
            fields.show("num_time_periods", data.u8()?);
            fields.show("request_timestamps", data.u8()?);
            fields.show("num_points", data.u8()?);
        }
    }
    Some(())
}

/// The values of each period in a reply to opcode 139, of which the peer has the first.
fn periods(side: Side, data: &[u8], out: &mut Out<'_>) -> Option<()> {
    let mut data = Cursor::new(data);
    if data.u8()? != 1 {
        return None;
    }
    data.take(3)?;
    let (periods, timed, points) = (data.u8()?, data.u8()? != 0, data.u8()?);
    for _ in 0..periods {
        let at = if timed { Some(data.u32()?) } else { None };
        let first = Cursor::new(data.take(usize::from(points) * 4)?).u32()?;
        out.message(side, "roc_plus_time_period_history_points", |fields| {
            if let Some(at) = at {
                fields.put("timestamp_for_index", time(at));
            }
            fields.show("history_point_values", first);
        });
    }
    Some(())
}

fn point_parameters(fields: &mut Fields, mut data: Cursor<'_>, _asks: bool) -> Option<()> {
    let secret = parse::is_secret(Opcode(167), data.rest());
    fields.show("point_type", data.u8()?);
    fields.show("point_logic_number", data.u8()?);
    fields.show("num_parameters", data.u8()?);
    fields.show("start_parameter_num", data.u8()?);
    if !data.is_empty() {
        fields.put("parameter_data", if secret { HIDDEN.into() } else { capitals(data.rest()) });
    }
    Some(())
}

/// Bytes of the field that holds a path, and of that which holds a file's name.
const PATH_BYTES: usize = 100;
const NAME_BYTES: usize = 25;

/// The path and the file's name that a request of opcode 203 has.
pub(super) fn path(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut data = Cursor::new(data);
    match data.u8()? {
        1 => data.take(1)?,
        5 | 6 | 64 => &[],
        _ => return None,
    };
    let path = parse::until_zero(data.take(PATH_BYTES)?);
    Some((path, data.take(NAME_BYTES).map(parse::until_zero).unwrap_or_default()))
}

fn file(fields: &mut Fields, mut data: Cursor<'_>, asks: bool) -> Option<()> {
    let command = message::file_command(data.rest())?;
    fields.put("command", command.title());
    let whole = data.rest();
    data.u8()?;
    if let (true, Some((path, name))) = (asks, path(whole)) {
        if command == FileCommand::Open {
            let options = data.u8()?;
            fields.put(
                "open_options",
                match options {
                    0 => Text::const_new("Open Read"),
                    1 => Text::const_new("Open Write"),
                    2 => Text::const_new("Open Read/Write"),
                    _ => format_compact!("Unknown ({options})"),
                },
            );
        }
        fields.put("path", escaped(path, TEXT_BYTES_MAX));
        match command {
            FileCommand::Open | FileCommand::Delete => fields.put("filename", escaped(name, TEXT_BYTES_MAX)),
            _ => {
                data.take(PATH_BYTES)?;
                let from = if command == FileCommand::ListOld { data.u8()?.into() } else { data.u16()? };
                fields.show("total_num_files", from);
            }
        }
        return Some(());
    }
    match command {
        FileCommand::Open => fields.show("file_descriptor", data.u32()?),
        FileCommand::Close if asks => fields.show("file_descriptor", data.u32()?),
        FileCommand::Close | FileCommand::Delete => {}
        FileCommand::Read | FileCommand::Write
            if (command == FileCommand::Read) == asks || data.len() == 8 =>
        {
            fields.show("file_descriptor", data.u32()?);
            fields.show("offset", data.u32()?);
        }
        FileCommand::Read | FileCommand::Write => {
            fields.show("file_descriptor", data.u32()?);
            fields.show("file_size", data.u32()?);
            fields.show("offset", data.u32()?);
            let count = data.u8()?;
            fields.show("num_bytes", count);
            fields.put("data", escaped(data.take(usize::from(count))?, TEXT_BYTES_MAX));
        }
        FileCommand::ListOld | FileCommand::ListNew => {
            fields.show("additional_files", data.u8()?);
            let total = if command == FileCommand::ListOld { data.u8()?.into() } else { data.u16()? };
            fields.show("total_num_files", total);
            let names = data.rest().split(|byte| *byte == 0).filter(|name| !name.is_empty());
            fields.list("file_names", names.map(|name| escaped(name, TEXT_BYTES_MAX)));
        }
    }
    Some(())
}

fn transactions(fields: &mut Fields, mut data: Cursor<'_>, asks: bool) -> Option<()> {
    const DESCRIPTION_BYTES: usize = 10;
    let command = data.u8()?;
    fields.put(
        "command",
        match command {
            1 => Text::const_new("List"),
            2 => Text::const_new("Read"),
            _ => format_compact!("Unknown ({command})"),
        },
    );
    if asks {
        fields.show("segment", data.u8()?);
        if command == 1 {
            fields.show("transaction_offset", data.u16()?);
        } else {
            fields.show("transaction_number", data.u16()?);
            fields.show("data_offset", data.u16()?);
        }
        return Some(());
    }
    if command == 1 {
        fields.show("num_transactions", data.u8()?);
        fields.flag("more_data", data.u8()? != 0);
        fields.put("description", capitals(data.take(DESCRIPTION_BYTES)?));
        fields.show("payload_size", data.u16()?);
        let (transactions, _) = data.rest().as_chunks::<6>();
        for [high, low, created @ ..] in transactions {
            fields.show("transaction_num", u16::from_be_bytes([*high, *low]));
            fields.show("date_created", u32::from_be_bytes(*created));
        }
        return Some(());
    }
    fields.show("msg_data_size", data.u8()?);
    fields.flag("more_data", data.u8()? != 0);
    while let Some(code) = data.u8() {
        let (name, size) = message::transaction_type(code)?;
        fields.put("data_type", name);
        numbers(fields, "data", data.take(size)?);
    }
    Some(())
}
