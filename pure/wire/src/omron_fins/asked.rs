//! What a command asks for, in the common vocabulary.

use super::areas::{Address, Area};
use super::message::{Command, Message};
use super::names;
use super::row::trimmed;
use crate::cursor::Cursor;
use crate::dialogue::Asked;
use crate::show::{VALUE_BYTES_MAX, hexadecimal, listed, readable};
use city::{Details, Reply, Target, Text, Verb};
use compact_str::format_compact;

/// Bytes of a file's name, with its extension.
const NAME_BYTES: usize = 12;

/// A command as it is told. The node it is for is the unit, where it is not the one spoken to; with its network, if
/// that is not the local one.
pub fn asked(message: &Message<'_>) -> Asked {
    let Message { header, command, data } = message;
    let parts = parts(*command, data).unwrap_or_default();
    let end = header.destination;
    let unit = u32::from(end.network) << 8 | u32::from(end.node);
    Asked {
        verb: verb(*command, data),
        function: function(*command, data),
        target: Target { unit: (unit != 0).then_some(unit), ..parts.target },
        value: parts.value.filter(|value| !value.is_empty()),
        reply: Reply::Missing,
        details: Details::new(),
    }
}

/// Command 0920 is three, told apart by the highest bits of its parameter.
fn function(command: Command, data: &[u8]) -> Text {
    match (command.0, data.first().map(|first| first >> 6)) {
        (0x0920, Some(1)) => Text::const_new("message-clear"),
        (0x0920, Some(2)) => Text::const_new("fal-fals-read"),
        _ => command.text(),
    }
}

/// What a command does. Without its data, no more can be said of one with many uses than of the most frequent one.
fn verb(command: Command, data: &[u8]) -> Verb {
    let parameter = data.first_chunk::<2>().map(|code| u16::from_be_bytes(*code));
    match command.0 {
        0x0101 | 0x0104 | 0x0201 | 0x0220 | 0x0601..=0x0603 | 0x0701 | 0x2102 | 0x2140 => Verb::Read,
        0x2201 | 0x2209 | 0x220f | 0x230a => Verb::Read,
        0x0102 | 0x0103 | 0x0105 => {
            // A transfer names what it changes in the second place.
            let place = if command.0 == 0x0105 { 4 } else { 0 };
            let moves = data.get(place).is_some_and(|area| Area(*area).is_process());
            if moves { Verb::Operate } else { Verb::Write }
        }
        0x0306 | 0x2202 | 0x2203 | 0x2207 | 0x2210 => Verb::Transfer,
        0x0307 | 0x0308 | 0x2211 => Verb::Program,
        0x0401..=0x0403 => Verb::Restart,
        0x0501 | 0x0502 | 0x0801..=0x0803 | 0x2603 => Verb::Discover,
        0x0620 if data.first() == Some(&0) => Verb::Configure,
        0x0620 => Verb::Read,
        0x0920 if data.first().is_some_and(|first| first >> 6 == 1) => Verb::Configure,
        0x0920 => Verb::Read,
        // Between memory and files: to a file, from a file, or compared.
        0x220a..=0x220c => match (parameter, command.0) {
            (Some(1), 0x220a) => Verb::Write,
            (Some(1), 0x220b) => Verb::Configure,
            (Some(1), _) => Verb::Program,
            (Some(2), _) => Verb::Read,
            _ => Verb::Transfer,
        },
        0x2301 | 0x2302 => Verb::Operate,
        _ => Verb::Configure,
    }
}

/// What a command is about, and what it sends.
#[derive(Default)]
struct Parts {
    target: Target,
    value: Option<Text>,
}

fn parts(command: Command, data: &[u8]) -> Option<Parts> {
    let mut cursor = Cursor::new(data);
    let cursor = &mut cursor;
    Some(match command.0 {
        0x0101..=0x0103 => {
            let (area, address) = (Area(cursor.u8()?), Address::take(cursor)?);
            let target = memory(area, address, cursor.u16()?);
            let value = match command {
                Command::MEMORY_WRITE => Some(values(area, cursor.rest())),
                Command::MEMORY_FILL => Some(values(Area(0x82), cursor.take(2)?)),
                _ => None,
            };
            Parts { target, value }
        }
        0x0104 => {
            let (area, address) = (Area(cursor.u8()?), Address::take(cursor)?);
            let mut target = memory(area, address, 1);
            if !cursor.is_empty() {
                let rest = std::iter::from_fn(|| {
                    let (area, address) = (Area(cursor.u8()?), Address::take(cursor)?);
                    Some(format_compact!("{} {}", area.kind(), address.word))
                });
                target.name = listed(rest, VALUE_BYTES_MAX);
            }
            Parts { target, value: None }
        }
        0x0105 => {
            let from = (Area(cursor.u8()?), Address::take(cursor)?);
            let to = (Area(cursor.u8()?), Address::take(cursor)?);
            let value = Some(format_compact!("from {} {}", from.0.kind(), from.1.word));
            Parts { target: memory(to.0, to.1, cursor.u16()?), value }
        }
        0x0201..=0x0203 => {
            let (area, begin, words) = (cursor.u16()?, cursor.u16()?, cursor.u16()? & 0x7fff);
            let target = Target { name: names::parameter_area(area), ..span("parameter-area", begin, words) };
            let value = (command.0 != 0x0201).then(|| hexadecimal(cursor.rest(), VALUE_BYTES_MAX));
            Parts { target, value }
        }
        0x0220 | 0x0221 => {
            let (_fixed, _unit) = (cursor.u16()?, cursor.u16()?);
            let target = span("data-link-table", cursor.u16()?, cursor.u16()?);
            let value = (command.0 == 0x0221).then(|| hexadecimal(cursor.rest(), VALUE_BYTES_MAX));
            Parts { target, value }
        }
        0x0304..=0x0308 | 0x0401 | 0x0c01..=0x0c03 => {
            let program = cursor.u16()?;
            let value = match (command.0, cursor.u8()) {
                (0x0401, Some(mode)) => names::mode(mode).map(Text::const_new),
                _ => None,
            };
            Parts { target: Target::numbered("program", program.into(), program.into()), value }
        }
        0x0702 => Parts { target: Target::default(), value: Some(clock(data)) },
        0x2101 => {
            let value = Some(format_compact!("{:04x}", cursor.u16()?));
            Parts { target: Target::default(), value }
        }
        0x2202..=0x2205 | 0x2208 | 0x2209 => {
            let disk = cursor.u16()?;
            if matches!(command.0, 0x2203 | 0x2205) {
                cursor.take(2)?;
            }
            let names = cursor.rest().chunks_exact(NAME_BYTES);
            let count = if matches!(command.0, 0x2205 | 0x2208) { usize::MAX } else { 1 };
            let names = names.take(count).map(|name| readable(trimmed(name), NAME_BYTES));
            Parts { target: file(disk, listed(names, VALUE_BYTES_MAX)), value: None }
        }
        0x2207 => {
            let (disk, from) = (cursor.u16()?, cursor.take(NAME_BYTES)?);
            let (to_disk, to) = (cursor.u16()?, cursor.take(NAME_BYTES)?);
            let value = Some(format_compact!("to disk {to_disk} {}", readable(trimmed(to), NAME_BYTES)));
            Parts { target: file(disk, readable(trimmed(from), NAME_BYTES)), value }
        }
        0x220a..=0x220c => {
            let name = data.len().checked_sub(NAME_BYTES).and_then(|place| data.get(place..))?;
            let target = match command.0 {
                0x220a => {
                    let _way = cursor.u16()?;
                    memory(Area(cursor.u8()?), Address::take(cursor)?, cursor.u16()?)
                }
                0x220b => {
                    let (_way, area) = (cursor.u16()?, cursor.u16()?);
                    let target = span("parameter-area", cursor.u16()?, cursor.u16()?);
                    Target { name: names::parameter_area(area), ..target }
                }
                _ => {
                    let (_way, program) = (cursor.u16()?, cursor.u16()?);
                    Target::numbered("program", program.into(), program.into())
                }
            };
            Parts { target, value: Some(readable(trimmed(name), NAME_BYTES)) }
        }
        0x2301 => {
            let _count = cursor.u16()?;
            let specification = cursor.u16()?;
            let target = memory(Area(cursor.u8()?), Address::take(cursor)?, 1);
            let value = Text::const_new(match specification {
                0x0000 => "forced off",
                0x0001 => "forced on",
                0x8000 => "released off",
                0x8001 => "released on",
                0xffff => "released",
                _ => "",
            });
            Parts { target, value: Some(value) }
        }
        0x230a => {
            let (area, address) = (Area(cursor.u8()?), Address::take(cursor)?);
            Parts { target: memory(area, address, cursor.u16()?), value: None }
        }
        0x2601 => Parts { target: Target::default(), value: Some(readable(data, VALUE_BYTES_MAX)) },
        _ => Parts::default(),
    })
}

/// Words of memory, or a bit and those behind it.
fn memory(area: Area, address: Address, count: u16) -> Target {
    let kind = area.kind();
    if area.is_bits() && address.bit < 16 && !matches!(area.0, 0x01 | 0x09 | 0x41 | 0x49) {
        let first = u64::from(address.word) * 16 + u64::from(address.bit);
        let last = (first + u64::from(count.max(1)) - 1) / 16;
        let name = format_compact!("bit-{}", address.bit);
        return Target { name, ..Target::numbered(kind, address.word.into(), last) };
    }
    let first = u64::from(address.word);
    Target::numbered(kind, first, first + u64::from(count.max(1)) - 1)
}

fn span(kind: &'static str, first: u16, count: u16) -> Target {
    let first = u64::from(first);
    Target::numbered(kind, first, first + u64::from(count.max(1)) - 1)
}

/// A file on a disk: 0 is the memory card.
fn file(disk: u16, name: Text) -> Target {
    Target { name, ..Target::numbered("disk", disk.into(), disk.into()) }
}

/// The items of an area as numbers; of one that is not known, their bytes.
fn values(area: Area, data: &[u8]) -> Text {
    match area.width() {
        Some(1) => listed(data, VALUE_BYTES_MAX),
        Some(width @ 2..=4) => {
            let number =
                |bytes: &[u8]| bytes.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
            listed(data.chunks_exact(width).map(number), VALUE_BYTES_MAX)
        }
        _ => hexadecimal(data, VALUE_BYTES_MAX),
    }
}

/// A clock's digits: `2009-01-20 01:02:03`.
fn clock(data: &[u8]) -> Text {
    let mut text = Text::const_new("20");
    for (byte, separator) in data.iter().take(6).zip(["", "-", "-", " ", ":", ":"]) {
        text.push_str(separator);
        text.push_str(&format_compact!("{byte:02x}"));
    }
    text
}

/// What a response returns, from behind its code; `asked` is the data of the command, where that was seen.
pub fn returned(command: Command, asked: Option<&[u8]>, data: &[u8]) -> Option<Text> {
    if data.is_empty() {
        return None;
    }
    match command.0 {
        0x0101 => Some(match asked.and_then(|asked| asked.first()) {
            Some(area) => values(Area(*area), data),
            None => hexadecimal(data, VALUE_BYTES_MAX),
        }),
        0x0104 => {
            let mut cursor = Cursor::new(data);
            let each = std::iter::from_fn(|| {
                let area = Area(cursor.u8()?);
                Some(values(area, cursor.take(area.width()?)?))
            });
            Some(listed(each, VALUE_BYTES_MAX))
        }
        0x0501 => {
            let (model, version) = controller(data)?;
            Some(format_compact!("{model} {version}"))
        }
        0x0502 => {
            let units = data.get(1..)?.chunks_exact(21);
            let models = units.filter_map(|unit| Some(readable(trimmed(unit.get(1..)?), 20)));
            Some(listed(models, VALUE_BYTES_MAX))
        }
        0x0601 => {
            let state = match data.first()? {
                0 => "stop",
                1 => "run",
                0x80 => "standby",
                _ => return None,
            };
            Some(format_compact!("{state} {}", names::mode(*data.get(1)?).unwrap_or_default()))
        }
        0x0701 => Some(clock(data)),
        0x2603 => Some(readable(trimmed(data), VALUE_BYTES_MAX)),
        _ => None,
    }
}

/// The model and the version in what a controller says of itself.
pub fn controller(data: &[u8]) -> Option<(Text, Text)> {
    const AREAS_BYTES: usize = 92;
    let mut cursor = Cursor::new(data);
    if data.len() < AREAS_BYTES {
        return None;
    }
    let mut name = || Some(readable(trimmed(cursor.take(20)?), 20));
    Some((name()?, name()?))
}
