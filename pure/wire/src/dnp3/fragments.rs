//! Whole fragments with all their objects and every field of these, for Suricata's events. The fields are named as
//! Suricata names them, and come in their order: `object` begins an object header, `point` an object.

use super::link::Header;
use super::message::Fragment;
use super::objects::{Form, Number, Objects, Piece, Range, headers, little};
use crate::cursor::Cursor;
use crate::dialogue::{Fields, Out, Side};
use crate::show::escaped;
use compact_str::format_compact;

/// Objects told of one fragment.
const POINTS_MAX: usize = 16_384;

/// The longest text of one field.
const TEXT_BYTES_MAX: usize = 4_096;

/// Tells of a fragment. `control` is the first byte of its header.
pub fn tell(side: Side, header: &Header, control: u8, fragment: &Fragment<'_>, out: &mut Out<'_>) {
    out.event(side, "eve_dnp3", |fields| {
        fields.show("link_control", header.control);
        fields.show("src", header.source);
        fields.show("dst", header.destination);
        fields.show("application_control", control);
        fields.show("function_code", fragment.function.0);
        if let Some(indications) = fragment.indications {
            fields.show("iin", indications.0);
        }
        let mut room = POINTS_MAX;
        let mut told = 0;
        let mut is_whole = true;
        for objects in headers(fragment.function, fragment.objects) {
            told += header_bytes(objects.qualifier) + objects.data.len();
            if objects.form == Form::Unknown || objects.group == 0 && objects.values || room == 0 {
                is_whole = false;
                break;
            }
            self::header(fields, &objects);
            for (number, item) in objects.items().take(room).enumerate() {
                room -= 1;
                point(fields, &objects, number, item.index, item.piece);
            }
        }
        fields.show("complete", is_whole && told == fragment.objects.len());
    });
}

/// How long an object header is (clause 4.2.7.3).
fn header_bytes(qualifier: u8) -> usize {
    3 + match qualifier & 0x0f {
        code @ 0..=5 => 2 << (code % 3),
        code @ 7..=9 => 1 << (code - 7),
        11 => 1,
        _ => 0,
    }
}

fn header(fields: &mut Fields, objects: &Objects<'_>) {
    let (start, stop) = match objects.range {
        Range::Indexes(first, last) | Range::Addresses(first, last) => (first, last),
        Range::All | Range::Count(_) => (0, 0),
    };
    let Objects { group, variation, qualifier, .. } = objects;
    let count = objects.range.count();
    fields.put("object", format_compact!("{group} {variation} {qualifier} {start} {stop} {count}"));
}

fn point(fields: &mut Fields, objects: &Objects<'_>, number: usize, index: Option<u32>, piece: Piece<'_>) {
    let has_size = matches!(objects.qualifier >> 4 & 7, 4..=6);
    let bytes = match piece {
        Piece::Bytes(bytes) => bytes,
        Piece::Bits(_) | Piece::Nothing => &[],
    };
    let is_prefixed = matches!(objects.qualifier >> 4 & 7, 1..=3);
    let shown = index.map_or(number as u64, u64::from);
    match (has_size, is_prefixed) {
        (true, _) => {
            let size = bytes.len();
            fields.put("point", format_compact!("{size} {number}"));
            fields.show("size", size);
        }
        (false, true) => fields.put("point", format_compact!("{shown} {shown}")),
        (false, false) => fields.put("point", format_compact!("0 {shown}")),
    }
    match piece {
        Piece::Bits(bits) if objects.group == 12 => fields.show("point_bit", bits),
        Piece::Bits(bits) => fields.show("state", bits),
        Piece::Bytes(bytes) => {
            // A field that is cut off ends the object.
            let _ = body(fields, objects, bytes);
        }
        Piece::Nothing => {}
    }
}

fn body(fields: &mut Fields, objects: &Objects<'_>, bytes: &[u8]) -> Option<()> {
    let mut cursor = Cursor::new(bytes);
    let (group, variation) = (objects.group, objects.variation);
    match (group, objects.form) {
        (_, Form::Control) => {
            let code = cursor.u8()?;
            fields.show("op_type", code & 0x0f);
            fields.show("qu", code >> 4 & 1);
            fields.show("cr", code >> 5 & 1);
            fields.show("tcc", code >> 6);
            fields.show("count", cursor.u8()?);
            fields.show("ontime", u32::from_le_bytes(cursor.array()?));
            fields.show("offtime", u32::from_le_bytes(cursor.array()?));
            let status = cursor.u8()?;
            fields.show("status_code", status & 0x7f);
            fields.show("reserved", status >> 7);
        }
        (_, Form::Setpoint(kind)) => {
            number(fields, "value", kind, &mut cursor)?;
            fields.show("control_status", cursor.u8()?);
        }
        (13 | 43, Form::Plain { number: kind, time, .. }) => {
            let status = cursor.u8()?;
            fields.show("status_code", status & 0x7f);
            if group == 13 {
                fields.show("commanded_state", status >> 7);
            } else {
                fields.show("reserved0", status >> 7);
                number(fields, "commanded_value", kind, &mut cursor)?;
            }
            moment(fields, "timestamp", time, &mut cursor)?;
        }
        // Of an event without a time Suricata gives the whole byte.
        (2, _) if variation == 1 => fields.show("state", cursor.u8()?),
        (34, Form::Plain { number: kind, .. }) => number(fields, "deadband_value", kind, &mut cursor)?,
        (50 | 51, _) => {
            moment(fields, "timestamp", 6, &mut cursor)?;
            match (group, variation) {
                (50, 2) => fields.show("interval", u32::from_le_bytes(cursor.array()?)),
                (50, 4) => {
                    fields.show("interval_count", u32::from_le_bytes(cursor.array()?));
                    fields.show("interval_units", cursor.u8()?);
                }
                _ => {}
            }
        }
        (52, _) => {
            let name = if variation == 1 { "delay_secs" } else { "delay_ms" };
            number(fields, name, Number::U16, &mut cursor)?;
        }
        (70, _) => file(fields, variation, bytes, &mut cursor)?,
        (81, _) => {
            let fill = cursor.u8()?;
            fields.show("fill_percentage", fill & 0x7f);
            fields.show("overflow_state", fill >> 7);
            fields.show("group", cursor.u8()?);
            fields.show("variation", cursor.u8()?);
        }
        (102, _) => number(fields, "value", Number::U8, &mut cursor)?,
        (120, _) => authentication(fields, variation, &mut cursor)?,
        (121 | 122, _) => {
            flags(fields, &STATISTIC, cursor.u8()?);
            fields.show("association_id", u16::from_le_bytes(cursor.array()?));
            fields.show("count_value", u32::from_le_bytes(cursor.array()?));
            if (group, variation) == (122, 2) {
                moment(fields, "timestamp", 6, &mut cursor)?;
            }
        }
        (_, Form::Plain { flags: has_flags, number: kind, time }) => {
            if has_flags {
                flags(fields, names(group), cursor.u8()?);
            }
            let name = if matches!(group, 20..=23) { "count" } else { "value" };
            number(fields, name, kind, &mut cursor)?;
            let name = if group == 4 && variation == 3 { "relative_time_ms" } else { "timestamp" };
            moment(fields, name, time, &mut cursor)?;
        }
        _ => {}
    }
    Some(())
}

/// A time of two bytes or six, in milliseconds.
fn moment(fields: &mut Fields, name: &'static str, bytes: usize, cursor: &mut Cursor<'_>) -> Option<()> {
    if bytes == 0 {
        return Some(());
    }
    let taken = cursor.take(bytes)?;
    let time = taken.iter().rev().fold(0_u64, |time, byte| time << 8 | u64::from(*byte));
    fields.show(name, time);
    Some(())
}

fn number(fields: &mut Fields, name: &'static str, kind: Number, cursor: &mut Cursor<'_>) -> Option<()> {
    if kind != Number::None {
        fields.put(name, super::value::number(cursor, kind)?);
    }
    Some(())
}

/// The names of the eight flags of an object, the lowest first. A name that stands twice has two bits.
type Flags = [&'static str; 8];

const BINARY: Flags = [
    "online",
    "restart",
    "comm_lost",
    "remote_forced",
    "local_forced",
    "chatter_filter",
    "reserved",
    "state",
];
const DOUBLE: Flags =
    ["online", "restart", "comm_lost", "remote_forced", "local_forced", "chatter_filter", "state", "state"];
const OUTPUT: Flags =
    ["online", "restart", "comm_lost", "remote_forced", "local_forced", "reserved0", "reserved1", "state"];
const COUNTER: Flags = [
    "online",
    "restart",
    "comm_lost",
    "remote_forced",
    "local_forced",
    "rollover",
    "discontinuity",
    "reserved0",
];
const ANALOG: Flags = [
    "online",
    "restart",
    "comm_lost",
    "remote_forced",
    "local_forced",
    "over_range",
    "reference_err",
    "reserved0",
];
const STATISTIC: Flags = [
    "online",
    "restart",
    "comm_lost",
    "remote_forced",
    "local_forced",
    "reserved0",
    "discontinuity",
    "reserved1",
];

fn names(group: u8) -> &'static Flags {
    match group {
        1 | 2 => &BINARY,
        3 | 4 => &DOUBLE,
        10 | 11 => &OUTPUT,
        20..=23 => &COUNTER,
        _ => &ANALOG,
    }
}

fn flags(fields: &mut Fields, names: &Flags, byte: u8) {
    let mut place = 0;
    for run in names.chunk_by(|a, b| a == b) {
        if let Some(name) = run.first() {
            let mask = (1_u16 << run.len()) - 1;
            fields.show(name, u16::from(byte) >> place & mask);
        }
        place += run.len();
    }
}

fn text(fields: &mut Fields, name: &'static str, bytes: &[u8]) {
    fields.put(name, escaped(bytes, TEXT_BYTES_MAX));
}

/// What files are read and written with (clause 11.9.10 and annex A.28). A password is never told.
fn file(fields: &mut Fields, variation: u8, bytes: &[u8], cursor: &mut Cursor<'_>) -> Option<()> {
    let mut show = |name: &'static str, size: usize| -> Option<u32> {
        let value = little(cursor, size)?;
        fields.show(name, value);
        Some(value)
    };
    match variation {
        2 => {
            let (offset, size) = (show("username_offset", 2)?, show("username_size", 2)?);
            show("password_offset", 2)?;
            let password = show("password_size", 2)?;
            cursor.take(4)?;
            fields.put("authentication_key", "(hidden)");
            text(fields, "username", part(bytes, offset, size)?);
            fields.put("password", if password > 0 { "(hidden)" } else { "" });
        }
        3 => {
            let (offset, size) = (show("filename_offset", 2)?, show("filename_size", 2)?);
            moment(fields, "created", 6, cursor)?;
            fields.show("permissions", little(cursor, 2)?);
            // What a login gave out, and whoever has it is let in: a credential, unless it is none.
            let key = little(cursor, 4)?;
            fields.put("authentication_key", if key == 0 { "0" } else { "(hidden)" });
            fields.show("file_size", little(cursor, 4)?);
            fields.show("operational_mode", little(cursor, 2)?);
            fields.show("maximum_block_size", little(cursor, 2)?);
            fields.show("request_id", little(cursor, 2)?);
            text(fields, "filename", part(bytes, offset, size)?);
        }
        4 => {
            show("file_handle", 4)?;
            show("file_size", 4)?;
            show("maximum_block_size", 2)?;
            show("request_id", 2)?;
            show("status_code", 1)?;
            text(fields, "optional_text", cursor.take_rest());
        }
        5 => {
            show("file_handle", 4)?;
            show("block_number", 4)?;
            text(fields, "file_data", cursor.take_rest());
        }
        6 => {
            show("file_handle", 4)?;
            show("block_number", 4)?;
            show("status_code", 1)?;
            text(fields, "optional_text", cursor.take_rest());
        }
        7 => {
            let (offset, size) = (show("filename_offset", 2)?, show("filename_size", 2)?);
            show("file_type", 2)?;
            show("file_size", 4)?;
            moment(fields, "created_timestamp", 6, cursor)?;
            fields.show("permissions", little(cursor, 2)?);
            fields.show("request_id", little(cursor, 2)?);
            text(fields, "filename", part(bytes, offset, size)?);
        }
        8 => text(fields, "file_specification", cursor.take_rest()),
        _ => {}
    }
    Some(())
}

fn part(bytes: &[u8], offset: u32, size: u32) -> Option<&[u8]> {
    let (offset, size) = (usize::try_from(offset).ok()?, usize::try_from(size).ok()?);
    bytes.get(offset..offset.checked_add(size)?)
}

/// Secure authentication (annex A.45): who, by which number, not what proves it.
fn authentication(fields: &mut Fields, variation: u8, cursor: &mut Cursor<'_>) -> Option<()> {
    let mut show = |name: &'static str, size: usize| -> Option<()> {
        fields.show(name, little(cursor, size)?);
        Some(())
    };
    match variation {
        1 => {
            show("csq", 4)?;
            show("usr", 2)?;
            show("mal", 1)?;
            show("reason", 1)?;
        }
        2 | 3 => {
            show("csq", 4)?;
            show("usr", 2)?;
        }
        4 => show("usr", 2)?,
        5 => {
            show("ksq", 4)?;
            show("usr", 2)?;
            show("key_wrap_alg", 1)?;
            show("key_status", 1)?;
            show("mal", 1)?;
        }
        6 => {
            show("ksq", 4)?;
            show("usr", 2)?;
        }
        7 => {
            show("csq", 4)?;
            show("usr", 2)?;
            show("association_id", 2)?;
            show("error_code", 1)?;
        }
        _ => {}
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dnp3::READER;
    use crate::dnp3::link::checksum;
    use crate::rehearse::{self, hex};
    use city::Observed;

    /// A frame with one segment that is a whole fragment.
    fn frame(control: u8, fragment: &[u8]) -> Vec<u8> {
        let mut frame = vec![0x05, 0x64, fragment.len() as u8 + 6, control, 10, 0, 1, 0];
        frame.extend(checksum(&frame).to_le_bytes());
        for block in [&[0xc0], fragment].concat().chunks(16) {
            frame.extend(block);
            frame.extend(checksum(block).to_le_bytes());
        }
        frame
    }

    fn told(fragment: &str) -> Vec<(String, String)> {
        let frame = frame(0xc4, &hex(fragment));
        let facts = rehearse::stream(&READER, 20_000, &[(Side::Source, &frame)]);
        let told = facts.iter().find_map(|fact| match fact {
            Observed::Message(message) if message.log == "eve_dnp3" => Some(message.fields.clone()),
            _ => None,
        });
        told.unwrap().into_iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    fn is_told(fields: &[(String, String)], expected: &[(&str, &str)]) {
        for (name, value) in expected {
            assert!(fields.iter().any(|(n, v)| n == name && v == value), "{name} {value} in {fields:?}");
        }
    }

    #[test]
    fn every_field_of_an_object_is_told() {
        let operate = told("c7 04 0c 01 28 0100 0500 03 01 64000000 c8000000 00");
        is_told(
            &operate,
            &[
                ("src", "1"),
                ("dst", "10"),
                ("function_code", "4"),
                ("object", "12 1 40 0 0 1"),
                ("point", "5 5"),
                ("op_type", "3"),
                ("ontime", "100"),
                ("offtime", "200"),
                ("complete", "true"),
            ],
        );
        let input = told("c7 81 0000 01 02 00 03 03 81 03 02 00 00 00 41");
        is_told(&input, &[("iin", "0"), ("point", "0 3"), ("online", "1"), ("state", "1")]);
        // Of a double bit input the state has two bits.
        assert_eq!(input.last().unwrap(), &("complete".to_owned(), "true".to_owned()));
        assert!(input.contains(&("state".into(), "1".into())));
    }

    #[test]
    fn nothing_that_lets_somebody_in_is_told() {
        // A login for files: the user's name is `eve`, the password `hunter2`.
        let data = hex("0c00 0300 0f00 0700 2a000000 657665 68756e74657232");
        let mut fragment = hex("c7 1d 46 02 5b 01");
        fragment.extend((data.len() as u16).to_le_bytes());
        fragment.extend(data);
        let digits: String = fragment.iter().map(|byte| format!("{byte:02x}")).collect();
        let fields = told(&digits);
        is_told(
            &fields,
            &[("username", "eve"), ("password", "(hidden)"), ("authentication_key", "(hidden)")],
        );
        assert!(!format!("{fields:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_not_known_is_not_whole() {
        is_told(&told("c7 81 0000 c8 01 00 00 00 0102 03"), &[("complete", "false")]);
    }
}
