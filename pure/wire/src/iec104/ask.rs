//! What an ASDU asks or tells, in the common vocabulary.

use super::elements::Time;
use super::message::{Asdu, Cause, TypeId};
use super::parse::{self, Object};
use crate::cursor::Cursor;
use crate::dialogue::Asked;
use crate::show::{self, VALUE_BYTES_MAX};
use city::{Details, Reply, Target, Text, Verb};
use compact_str::format_compact;

/// What an ASDU asks or tells of its objects.
pub fn asked(asdu: &Asdu<'_>, objects: &[Object<'_>], reply: Reply) -> Asked {
    let first = objects.first();
    let word = asdu.type_id.text();
    let function = match asdu.cause {
        Cause::DEACTIVATION => format_compact!("{word}-deactivate"),
        _ if first.is_some_and(|object| is_selection(asdu, object)) => format_compact!("{word}-select"),
        _ => word,
    };
    Asked {
        verb: verb(asdu, first),
        function,
        target: target(asdu, objects),
        value: value(asdu, objects),
        reply,
        details: Details::new(),
    }
}

/// Whether a command only arms its object: S/E.
fn is_selection(asdu: &Asdu<'_>, object: &Object<'_>) -> bool {
    asdu.type_id.is_command() && parse::flag(asdu, object, "se")
}

fn verb(asdu: &Asdu<'_>, first: Option<&Object<'_>>) -> Verb {
    let qualifier = first.and_then(|object| object.bytes.last()).copied().unwrap_or_default();
    match asdu.type_id {
        // The upper two bits freeze or reset the counters.
        TypeId::COUNTER_INTERROGATION if qualifier >> 6 != 0 => Verb::Write,
        // The lower four bits: 4 deletes a file.
        TypeId::SELECT_FILE if qualifier & 0x0f == 4 => Verb::Configure,
        type_id => type_id.verb(),
    }
}

fn target(asdu: &Asdu<'_>, objects: &[Object<'_>]) -> Target {
    let mut target = Target {
        unit: Some(asdu.common_address.into()),
        kind: Text::const_new(asdu.type_id.kind()),
        ..Target::default()
    };
    let qualifier = objects.first().and_then(|object| object.bytes.first()).copied().unwrap_or_default();
    match asdu.type_id {
        TypeId::INTERROGATION => target.name = group(qualifier, 20),
        TypeId::COUNTER_INTERROGATION => target.name = group(qualifier & 0x3f, 5),
        type_id if type_id.is_file() => {
            target.name = parse::value(asdu, objects.first().unwrap_or(&Object { address: 0, bytes: &[] }))
                .map(|name| format_compact!("{name}"))
                .unwrap_or_default();
        }
        // Those about the station as a whole have an address of nothing.
        type_id if matches!(type_id.kind(), "" | "clock" | "authentication") => {}
        _ => {
            let addresses = objects.iter().map(|object| u64::from(object.address));
            target.numbers = addresses.clone().min().zip(addresses.max());
        }
    }
    target
}

/// Which part of a station is interrogated (IEC 60870-5-101 clauses 7.2.6.22 and 7.2.6.23).
fn group(number: u8, whole: u8) -> Text {
    match number {
        number if number == whole => Text::const_new("station"),
        // Groups of points count from 21 on, those of counters from 1.
        number if whole == 20 && (21..=36).contains(&number) => format_compact!("group-{}", number - 20),
        number if whole == 5 && (1..=4).contains(&number) => format_compact!("group-{number}"),
        number => format_compact!("qualifier-{number}"),
    }
}

/// The values of the objects, with commas between them.
pub fn value(asdu: &Asdu<'_>, objects: &[Object<'_>]) -> Option<Text> {
    let first = objects.first()?;
    let qualifier = first.bytes.first().copied().unwrap_or_default();
    match asdu.type_id.0 {
        45 | 58 => Some(Text::const_new(if qualifier & 1 == 0 { "off" } else { "on" })),
        46 | 59 => Some(Text::const_new(pair(qualifier, "off", "on"))),
        47 | 60 => Some(Text::const_new(pair(qualifier, "lower", "higher"))),
        100 | 102 => None,
        101 => match qualifier >> 6 {
            0 => None,
            1 => Some(Text::const_new("freeze")),
            2 => Some(Text::const_new("freeze and reset")),
            _ => Some(Text::const_new("reset")),
        },
        103 => Time::take(&mut Cursor::new(first.bytes)).map(Time::text),
        104 | 107 => None,
        105 => Some(match qualifier {
            1 => Text::const_new("general reset"),
            2 => Text::const_new("reset of events"),
            other => format_compact!("qualifier {other}"),
        }),
        120..=127 => None,
        _ => {
            let values = objects.iter().filter_map(|object| parse::value(asdu, object));
            let text = show::listed(values, VALUE_BYTES_MAX);
            (!text.is_empty()).then_some(text)
        }
    }
}

/// The states of a double or a step command; the other two are not permitted.
fn pair(qualifier: u8, first: &'static str, second: &'static str) -> &'static str {
    match qualifier & 3 {
        1 => first,
        2 => second,
        _ => "not permitted",
    }
}

/// Values as one item among those that answer an interrogation: `single-point 1..3=0,1,0`.
pub fn item(asdu: &Asdu<'_>, objects: &[Object<'_>]) -> Option<Text> {
    let value = value(asdu, objects)?;
    let target = Target { unit: None, ..target(asdu, objects) };
    Some(format_compact!("{target}={value}"))
}
