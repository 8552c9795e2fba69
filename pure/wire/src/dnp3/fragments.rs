//! Whole fragments with all their objects and every field of these, for Suricata's events. The fields are named as
//! Suricata names them, and come in their order. An `object` is a header with its points, already in JSON: there can be
//! thousands of them in a fragment.

use super::link::Header;
use super::message::Fragment;
use super::objects::{Form, Number, Objects, Piece, Range, headers, little};
use crate::cursor::Cursor;
use crate::dialogue::{Out, Side};
use crate::json::ObjectText;
use crate::show::escaped;

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
            let mut shown = self::header(&objects);
            let mut has_points = false;
            for (number, item) in objects.items().take(room).enumerate() {
                room -= 1;
                if !std::mem::replace(&mut has_points, true) {
                    shown.list("points");
                }
                shown.item();
                point(&mut shown, &objects, number, item.index, item.piece);
            }
            fields.put("object", shown.end(has_points));
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

fn header(objects: &Objects<'_>) -> ObjectText {
    let (start, stop) = match objects.range {
        Range::Indexes(first, last) | Range::Addresses(first, last) => (first, last),
        Range::All | Range::Count(_) => (0, 0),
    };
    let mut shown = ObjectText::default();
    shown.show("group", objects.group);
    shown.show("variation", objects.variation);
    shown.show("qualifier", objects.qualifier);
    shown.show("prefix_code", objects.qualifier >> 4 & 7);
    shown.show("range_code", objects.qualifier & 0x0f);
    shown.show("start", start);
    shown.show("stop", stop);
    shown.show("count", objects.range.count());
    shown
}

fn point(shown: &mut ObjectText, objects: &Objects<'_>, number: usize, index: Option<u32>, piece: Piece<'_>) {
    let has_size = matches!(objects.qualifier >> 4 & 7, 4..=6);
    let bytes = match piece {
        Piece::Bytes(bytes) => bytes,
        Piece::Bits(_) | Piece::Nothing => &[],
    };
    let is_prefixed = matches!(objects.qualifier >> 4 & 7, 1..=3);
    let place = index.map_or(number as u64, u64::from);
    match (has_size, is_prefixed) {
        (true, _) => {
            let size = bytes.len() as u64;
            shown.show("prefix", size);
            shown.show("index", number as u64);
            shown.show("size", size);
        }
        (false, true) => {
            shown.show("prefix", place);
            shown.show("index", place);
        }
        (false, false) => {
            shown.show("prefix", 0_u8);
            shown.show("index", place);
        }
    }
    match piece {
        Piece::Bits(bits) if objects.group == 12 => shown.show("point_bit", bits),
        Piece::Bits(bits) => shown.show("state", bits),
        Piece::Bytes(bytes) => {
            // A field that is cut off ends the object.
            let _ = body(shown, objects, bytes);
        }
        Piece::Nothing => {}
    }
}

fn body(shown: &mut ObjectText, objects: &Objects<'_>, bytes: &[u8]) -> Option<()> {
    let mut cursor = Cursor::new(bytes);
    let (group, variation) = (objects.group, objects.variation);
    match (group, objects.form) {
        (_, Form::Control) => {
            let code = cursor.u8()?;
            shown.show("op_type", code & 0x0f);
            shown.show("qu", code >> 4 & 1);
            shown.show("cr", code >> 5 & 1);
            shown.show("tcc", code >> 6);
            shown.show("count", cursor.u8()?);
            shown.show("ontime", u32::from_le_bytes(cursor.array()?));
            shown.show("offtime", u32::from_le_bytes(cursor.array()?));
            let status = cursor.u8()?;
            shown.show("status_code", status & 0x7f);
            shown.show("reserved", status >> 7);
        }
        (_, Form::Setpoint(kind)) => {
            number(shown, "value", kind, &mut cursor)?;
            shown.show("control_status", cursor.u8()?);
        }
        (13 | 43, Form::Plain { number: kind, time, .. }) => {
            let status = cursor.u8()?;
            shown.show("status_code", status & 0x7f);
            if group == 13 {
                shown.show("commanded_state", status >> 7);
            } else {
                shown.show("reserved0", status >> 7);
                number(shown, "commanded_value", kind, &mut cursor)?;
            }
            moment(shown, "timestamp", time, &mut cursor)?;
        }
        // Of an event without a time Suricata gives the whole byte.
        (2, _) if variation == 1 => shown.show("state", cursor.u8()?),
        (34, Form::Plain { number: kind, .. }) => number(shown, "deadband_value", kind, &mut cursor)?,
        (50 | 51, _) => {
            moment(shown, "timestamp", 6, &mut cursor)?;
            match (group, variation) {
                (50, 2) => shown.show("interval", u32::from_le_bytes(cursor.array()?)),
                (50, 4) => {
                    shown.show("interval_count", u32::from_le_bytes(cursor.array()?));
                    shown.show("interval_units", cursor.u8()?);
                }
                _ => {}
            }
        }
        (52, _) => {
            let name = if variation == 1 { "delay_secs" } else { "delay_ms" };
            number(shown, name, Number::U16, &mut cursor)?;
        }
        (70, _) => file(shown, variation, bytes, &mut cursor)?,
        (81, _) => {
            let fill = cursor.u8()?;
            shown.show("fill_percentage", fill & 0x7f);
            shown.show("overflow_state", fill >> 7);
            shown.show("group", cursor.u8()?);
            shown.show("variation", cursor.u8()?);
        }
        (102, _) => number(shown, "value", Number::U8, &mut cursor)?,
        (120, _) => authentication(shown, variation, &mut cursor)?,
        (121 | 122, _) => {
            flags(shown, &STATISTIC, cursor.u8()?);
            shown.show("association_id", u16::from_le_bytes(cursor.array()?));
            shown.show("count_value", u32::from_le_bytes(cursor.array()?));
            if (group, variation) == (122, 2) {
                moment(shown, "timestamp", 6, &mut cursor)?;
            }
        }
        (_, Form::Plain { flags: has_flags, number: kind, time }) => {
            if has_flags {
                flags(shown, names(group), cursor.u8()?);
            }
            let name = if matches!(group, 20..=23) { "count" } else { "value" };
            number(shown, name, kind, &mut cursor)?;
            let name = if group == 4 && variation == 3 { "relative_time_ms" } else { "timestamp" };
            moment(shown, name, time, &mut cursor)?;
        }
        _ => {}
    }
    Some(())
}

/// A time of two bytes or six, in milliseconds.
fn moment(shown: &mut ObjectText, name: &'static str, bytes: usize, cursor: &mut Cursor<'_>) -> Option<()> {
    if bytes == 0 {
        return Some(());
    }
    let taken = cursor.take(bytes)?;
    let time = taken.iter().rev().fold(0_u64, |time, byte| time << 8 | u64::from(*byte));
    shown.show(name, time);
    Some(())
}

fn number(shown: &mut ObjectText, name: &'static str, kind: Number, cursor: &mut Cursor<'_>) -> Option<()> {
    if kind != Number::None {
        shown.number(name, &super::value::number(cursor, kind)?);
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

fn flags(shown: &mut ObjectText, names: &Flags, byte: u8) {
    let mut place = 0;
    for run in names.chunk_by(|a, b| a == b) {
        if let Some(name) = run.first() {
            let mask = (1_u16 << run.len()) - 1;
            shown.show(name, u16::from(byte) >> place & mask);
        }
        place += run.len();
    }
}

fn text(shown: &mut ObjectText, name: &'static str, bytes: &[u8]) {
    // A backslash stands for itself in an event.
    let escaped = escaped(bytes, TEXT_BYTES_MAX);
    shown.put(name, &escaped.replace("\\\\", "\\"));
}

/// What files are read and written with (clause 11.9.10 and annex A.28). A password is never told.
fn file(shown: &mut ObjectText, variation: u8, bytes: &[u8], cursor: &mut Cursor<'_>) -> Option<()> {
    let mut show = |name: &'static str, size: usize| -> Option<u32> {
        let value = little(cursor, size)?;
        shown.show(name, value);
        Some(value)
    };
    match variation {
        2 => {
            let (offset, size) = (show("username_offset", 2)?, show("username_size", 2)?);
            show("password_offset", 2)?;
            let password = show("password_size", 2)?;
            cursor.take(4)?;
            shown.put("authentication_key", "(hidden)");
            text(shown, "username", part(bytes, offset, size)?);
            shown.put("password", if password > 0 { "(hidden)" } else { "" });
        }
        3 => {
            let (offset, size) = (show("filename_offset", 2)?, show("filename_size", 2)?);
            moment(shown, "created", 6, cursor)?;
            shown.show("permissions", little(cursor, 2)?);
            // What a login gave out, and whoever has it is let in: a credential, unless it is none.
            let key = little(cursor, 4)?;
            shown.put("authentication_key", if key == 0 { "0" } else { "(hidden)" });
            shown.show("file_size", little(cursor, 4)?);
            shown.show("operational_mode", little(cursor, 2)?);
            shown.show("maximum_block_size", little(cursor, 2)?);
            shown.show("request_id", little(cursor, 2)?);
            text(shown, "filename", part(bytes, offset, size)?);
        }
        4 => {
            show("file_handle", 4)?;
            show("file_size", 4)?;
            show("maximum_block_size", 2)?;
            show("request_id", 2)?;
            show("status_code", 1)?;
            text(shown, "optional_text", cursor.take_rest());
        }
        5 => {
            show("file_handle", 4)?;
            show("block_number", 4)?;
            text(shown, "file_data", cursor.take_rest());
        }
        6 => {
            show("file_handle", 4)?;
            show("block_number", 4)?;
            show("status_code", 1)?;
            text(shown, "optional_text", cursor.take_rest());
        }
        7 => {
            let (offset, size) = (show("filename_offset", 2)?, show("filename_size", 2)?);
            show("file_type", 2)?;
            show("file_size", 4)?;
            moment(shown, "created_timestamp", 6, cursor)?;
            shown.show("permissions", little(cursor, 2)?);
            shown.show("request_id", little(cursor, 2)?);
            text(shown, "filename", part(bytes, offset, size)?);
        }
        8 => text(shown, "file_specification", cursor.take_rest()),
        _ => {}
    }
    Some(())
}

fn part(bytes: &[u8], offset: u32, size: u32) -> Option<&[u8]> {
    let (offset, size) = (usize::try_from(offset).ok()?, usize::try_from(size).ok()?);
    bytes.get(offset..offset.checked_add(size)?)
}

/// Secure authentication (annex A.45): who, by which number, not what proves it.
fn authentication(shown: &mut ObjectText, variation: u8, cursor: &mut Cursor<'_>) -> Option<()> {
    let mut show = |name: &'static str, size: usize| -> Option<()> {
        shown.show(name, little(cursor, size)?);
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
                (
                    "object",
                    r#"{"group":12,"variation":1,"qualifier":40,"prefix_code":2,"range_code":8,"start":0,"stop":0,"count":1,"points":[{"prefix":5,"index":5,"op_type":3,"qu":0,"cr":0,"tcc":0,"count":1,"ontime":100,"offtime":200,"status_code":0,"reserved":0}]}"#,
                ),
                ("complete", "true"),
            ],
        );
        let input = told("c7 81 0000 01 02 00 03 03 81 03 02 00 00 00 41");
        let [.., (_, object), (_, complete)] = &input[..] else { panic!() };
        is_told(&input, &[("iin", "0")]);
        assert!(object.contains(r#""points":[{"prefix":0,"index":0,"online":1,"#), "{object}");
        assert!(object.contains(r#""state":1"#) && complete == "true", "{object}");
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
        let told = format!("{fields:?}").replace('\\', "");
        for expected in
            [r#""username":"eve""#, r#""password":"(hidden)""#, r#""authentication_key":"(hidden)""#]
        {
            assert!(told.contains(expected), "{expected} in {told}");
        }
        assert!(!format!("{fields:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_not_known_is_not_whole() {
        is_told(&told("c7 81 0000 c8 01 00 00 00 0102 03"), &[("complete", "false")]);
    }
}
