//! Sparkplug B on MQTT: Eclipse Sparkplug 3.0.0. The payload is a protocol buffer (clause 6.4), of which as much is read
//! as metrics need.

use crate::cursor::Cursor;
use crate::dialogue::{Asked, Out, Side};
use crate::json;
use crate::secret;
use crate::show::{self, VALUE_BYTES_MAX, hexadecimal, readable};
use city::{Details, Reply, Target, Text, Trait, Verb};
use compact_str::{ToCompactString, format_compact};
use std::collections::BTreeMap;

/// Metrics told of one message, and commands told one by one.
const METRICS_MAX: usize = 64;

/// Aliases held in a conversation; a birth that gives more is not remembered further.
const ALIASES_MAX: usize = 2_048;

/// The longest name held for an alias, in bytes.
const NAME_BYTES_MAX: usize = 160;

/// What was learned of the aliases that births give: by node and alias.
#[derive(Default)]
pub struct Sparkplug {
    aliases: BTreeMap<(Text, u64), Text>,
    born: bool,
    host_told: bool,
}

/// The parts of a topic (clause 4).
struct Topic<'a> {
    group: &'a str,
    kind: &'a str,
    node: &'a str,
    device: Option<&'a str>,
}

fn parse_topic(topic: &str) -> Option<Topic<'_>> {
    let mut parts = topic.strip_prefix("spBv1.0/")?.split('/');
    let (group, kind, node) = (parts.next()?, parts.next()?, parts.next()?);
    let device = parts.next();
    let about_device = matches!(kind, "DBIRTH" | "DDEATH" | "DDATA" | "DCMD");
    let known = about_device || matches!(kind, "NBIRTH" | "NDEATH" | "NDATA" | "NCMD");
    (known && about_device == device.is_some() && parts.next().is_none()).then_some(Topic {
        group,
        kind,
        node,
        device,
    })
}

/// The host application that a topic is about; before 3.0 the namespace, and in some clients a group, stood elsewhere.
fn host_of(topic: &str) -> Option<&str> {
    let rest = topic.strip_prefix("spBv1.0/").unwrap_or(topic);
    let after_group = || rest.split_once('/').filter(|_| rest.len() < topic.len()).map(|(_, rest)| rest);
    let host = rest.strip_prefix("STATE/").or_else(|| after_group()?.strip_prefix("STATE/"))?;
    (!host.is_empty() && !host.contains('/')).then_some(host)
}

/// One metric (clause 6.4.6).
#[derive(Default)]
struct Metric<'a> {
    name: Option<&'a [u8]>,
    alias: Option<u64>,
    kind: u64,
    value: Option<Value<'a>>,
}

enum Value<'a> {
    Bytes(&'a [u8]),
    Compound,
    Double(f64),
    Float(f32),
    Integer(u64),
    Null,
    Truth(bool),
}

/// One field of a protocol buffer: its number and what it holds.
enum Wire<'a> {
    Bytes(&'a [u8]),
    Fixed32([u8; 4]),
    Fixed64([u8; 8]),
    Number(u64),
}

fn varint(cursor: &mut Cursor<'_>) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = cursor.u8()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn field<'a>(cursor: &mut Cursor<'a>) -> Option<(u64, Wire<'a>)> {
    let key = varint(cursor)?;
    let value = match key & 7 {
        0 => Wire::Number(varint(cursor)?),
        1 => Wire::Fixed64(cursor.array()?),
        2 => {
            let length = usize::try_from(varint(cursor)?).ok()?;
            Wire::Bytes(cursor.take(length)?)
        }
        5 => Wire::Fixed32(cursor.array()?),
        _ => return None,
    };
    (key >> 3 > 0).then_some((key >> 3, value))
}

/// The metrics of a payload, as far as they can be read; none of what is no payload.
fn metrics(payload: &[u8]) -> Vec<Metric<'_>> {
    let mut cursor = Cursor::new(payload);
    let mut found = Vec::new();
    while found.len() < METRICS_MAX
        && let Some((number, value)) = field(&mut cursor)
    {
        if let (2, Wire::Bytes(bytes)) = (number, value) {
            found.push(parse_metric(bytes));
        }
    }
    found
}

fn parse_metric(bytes: &[u8]) -> Metric<'_> {
    let mut cursor = Cursor::new(bytes);
    let mut metric = Metric::default();
    while let Some((number, value)) = field(&mut cursor) {
        match (number, value) {
            (1, Wire::Bytes(name)) => metric.name = Some(name).filter(|name| !name.is_empty()),
            (2, Wire::Number(alias)) => metric.alias = Some(alias),
            (4, Wire::Number(kind)) => metric.kind = kind,
            (7, Wire::Number(1)) => metric.value = Some(Value::Null),
            (10 | 11, Wire::Number(number)) => metric.value = Some(Value::Integer(number)),
            (12, Wire::Fixed32(bytes)) => metric.value = Some(Value::Float(f32::from_le_bytes(bytes))),
            (13, Wire::Fixed64(bytes)) => metric.value = Some(Value::Double(f64::from_le_bytes(bytes))),
            (14, Wire::Number(truth)) => metric.value = Some(Value::Truth(truth != 0)),
            (15 | 16, Wire::Bytes(bytes)) => metric.value = Some(Value::Bytes(bytes)),
            (17..=19, Wire::Bytes(_)) => metric.value = Some(Value::Compound),
            _ => {}
        }
    }
    metric
}

/// The types by number (clause 6.4.16).
fn kind_name(kind: u64) -> Option<&'static str> {
    Some(match kind {
        1 => "Int8",
        2 => "Int16",
        3 => "Int32",
        4 => "Int64",
        5 => "UInt8",
        6 => "UInt16",
        7 => "UInt32",
        8 => "UInt64",
        9 => "Float",
        10 => "Double",
        11 => "Boolean",
        12 => "String",
        13 => "DateTime",
        14 => "Text",
        15 => "UUID",
        16 => "DataSet",
        17 => "Bytes",
        18 => "File",
        19 => "Template",
        22..=34 => "Array",
        _ => return None,
    })
}

impl Metric<'_> {
    /// The value as text; of a compound one the type.
    fn value(&self) -> Text {
        match (&self.value, self.kind) {
            (None | Some(Value::Null), _) => "null".into(),
            // Negative numbers are sent in the two's complement of their field.
            (Some(Value::Integer(number)), 1) => (*number as i8).to_compact_string(),
            (Some(Value::Integer(number)), 2) => (*number as i16).to_compact_string(),
            (Some(Value::Integer(number)), 3) => (*number as i32).to_compact_string(),
            (Some(Value::Integer(number)), 4) => (*number as i64).to_compact_string(),
            (Some(Value::Integer(number)), _) => number.to_compact_string(),
            (Some(Value::Truth(truth)), _) => truth.to_compact_string(),
            (Some(Value::Float(number)), _) => format_compact!("{number}"),
            (Some(Value::Double(number)), _) => format_compact!("{number}"),
            (Some(Value::Compound), kind) => kind_name(kind).unwrap_or("compound").into(),
            (Some(Value::Bytes(bytes)), 18 | 22..=34) => format_compact!("{} bytes", bytes.len()),
            (Some(Value::Bytes(bytes)), 17) => format_compact!("0x{}", hexadecimal(bytes, VALUE_BYTES_MAX)),
            (Some(Value::Bytes(bytes)), _) => readable(bytes, VALUE_BYTES_MAX),
        }
    }
}

impl Sparkplug {
    /// Learns what a message says, tells of commands, and gives the metrics as text; `None` if it is not Sparkplug.
    /// `speaker` is the client's side if the client sent it.
    pub fn message(
        &mut self,
        side: Side,
        speaker: Option<Side>,
        topic: &str,
        payload: &[u8],
        out: &mut Out<'_>,
    ) -> Option<Text> {
        if let Some(host) = host_of(topic) {
            self.host(speaker, host, payload, out);
            return None;
        }
        let topic = parse_topic(topic)?;
        let node = format_compact!("{}/{}", topic.group, topic.node);
        let metrics = metrics(payload);
        let is_birth = matches!(topic.kind, "NBIRTH" | "DBIRTH");
        let mut told = Vec::new();
        for metric in &metrics {
            let name = self.name(&node, metric, is_birth);
            let value = if secret::is_named_by(name.as_bytes()) { "(hidden)".into() } else { metric.value() };
            if matches!(topic.kind, "NCMD" | "DCMD") {
                command(side, &topic, &name, value.clone(), out);
            }
            if let Some(side) = speaker.filter(|_| topic.kind == "NBIRTH" && !self.born) {
                describe(side, &name, &value, out);
            }
            let kind = kind_name(metric.kind).map(|kind| format_compact!(" ({kind})")).unwrap_or_default();
            told.push(format_compact!("{name}={value}{kind}"));
        }
        if let Some(side) = speaker.filter(|_| topic.kind == "NBIRTH")
            && !std::mem::replace(&mut self.born, true)
        {
            out.identity(side, Trait::Name, &node, "Sparkplug NBIRTH", 90);
            out.identity(side, Trait::Role, "Sparkplug edge node", "Sparkplug NBIRTH", 90);
        }
        Some(show::listed(told, VALUE_BYTES_MAX * 2))
    }

    /// The name of a metric, from its alias if that was given one (clause 6.4.6).
    fn name(&mut self, node: &Text, metric: &Metric<'_>, is_birth: bool) -> Text {
        match (metric.name, metric.alias) {
            (Some(name), alias) => {
                let name = readable(name, NAME_BYTES_MAX);
                if let Some(alias) = alias.filter(|_| is_birth) {
                    let key = (show::cut(node, NAME_BYTES_MAX), alias);
                    if self.aliases.len() < ALIASES_MAX || self.aliases.contains_key(&key) {
                        self.aliases.insert(key, name.clone());
                    }
                }
                name
            }
            (None, Some(alias)) => {
                let key = (show::cut(node, NAME_BYTES_MAX), alias);
                self.aliases.get(&key).cloned().unwrap_or_else(|| format_compact!("(alias {alias})"))
            }
            (None, None) => "(unnamed)".into(),
        }
    }

    /// A host's own state (clause 5.16): JSON, or one word in earlier versions.
    fn host(&mut self, speaker: Option<Side>, host: &str, payload: &[u8], out: &mut Out<'_>) {
        let online = matches!(payload, b"ONLINE" | b"OFFLINE")
            || json::parse_value(payload).is_some_and(|value| value.member("online").is_some());
        if let Some(side) = speaker.filter(|_| online)
            && !std::mem::replace(&mut self.host_told, true)
        {
            out.identity(side, Trait::Name, host, "Sparkplug STATE", 90);
            out.identity(side, Trait::Role, "Sparkplug host application", "Sparkplug STATE", 90);
        }
    }
}

/// One metric of a command, as a request of its own; MQTT acknowledges the message, nobody the command.
fn command(side: Side, topic: &Topic<'_>, name: &str, value: Text, out: &mut Out<'_>) {
    let verb = match name {
        "Node Control/Reboot"
        | "Node Control/Rebirth"
        | "Device Control/Reboot"
        | "Device Control/Rebirth" => Verb::Restart,
        _ => Verb::Operate,
    };
    let (kind, function, place) = match topic.device {
        Some(device) => ("device", "dcmd", format_compact!("{}/{}/{device}", topic.group, topic.node)),
        None => ("node", "ncmd", format_compact!("{}/{}", topic.group, topic.node)),
    };
    out.request(
        side,
        Asked {
            verb,
            function: Text::const_new(function),
            target: Target {
                kind: Text::const_new(kind),
                ..Target::named(format_compact!("{place} {name}"))
            },
            value: Some(value),
            reply: Reply::NotExpected,
            details: Details::new(),
        },
    );
}

/// What a node says of itself in its birth (clause 6.4.22 and the examples there).
fn describe(side: Side, name: &str, value: &str, out: &mut Out<'_>) {
    let (about, field) = match name {
        "Properties/Hardware Make" => (Trait::Vendor, "Properties/Hardware Make"),
        "Properties/Hardware Model" => (Trait::Model, "Properties/Hardware Model"),
        "Properties/FW" | "Properties/FW Version" => (Trait::Firmware, "Properties/FW"),
        "Properties/Serial Number" => (Trait::Serial, "Properties/Serial Number"),
        _ => return,
    };
    out.identity(side, about, value, field, 90);
}

#[cfg(test)]
mod tests {
    use super::super::READER;
    use crate::dialogue::Side::{self, Destination, Source};
    use crate::rehearse::{hex, identities, lines, stream, stream_in_pieces};
    use proptest::prelude::*;

    fn publish(topic: &str, payload: &[u8]) -> Vec<u8> {
        let body = [&(topic.len() as u16).to_be_bytes()[..], topic.as_bytes(), payload].concat();
        assert!(body.len() < 16_384);
        [&[0x30, body.len() as u8 & 0x7f | 0x80, (body.len() >> 7) as u8], &body[..]].concat()
    }

    fn part(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
    }

    /// A payload with a timestamp, metrics and a sequence number.
    fn payload(metrics: &[Vec<u8>]) -> Vec<u8> {
        let metrics: Vec<u8> = metrics.iter().flat_map(|metric| part(2, metric)).collect();
        [&hex("08 80f0d5b0d132")[..], &metrics, &[0x18, 0]].concat()
    }

    fn metric(name: &str, rest: &str) -> Vec<u8> {
        let name = if name.is_empty() { Vec::new() } else { part(1, name.as_bytes()) };
        [name, hex(rest)].concat()
    }

    fn said() -> Vec<(Side, Vec<u8>)> {
        let make = [metric("Properties/Hardware Make", "20 0c"), part(15, b"Lorem")].concat();
        let secret = [metric("WiFi Password", "20 0c"), part(15, b"geheim")].concat();
        vec![
            (Source, hex("10 10 0004 4d515454 04 02 003c 0004 6e6f6465")),
            (Destination, hex("20 02 00 00")),
            (
                Source,
                publish(
                    "spBv1.0/Wasser/NBIRTH/Werk1",
                    &payload(&[metric("Node Control/Reboot", "20 0b 70 00"), make, secret]),
                ),
            ),
            (
                Source,
                publish(
                    "spBv1.0/Wasser/DBIRTH/Werk1/Pumpe",
                    &payload(&[
                        metric("Level", "10 07 20 09 65 0000ac41"),
                        metric("Offset", "10 08 20 03 50 fdffffff0f"),
                    ]),
                ),
            ),
            (
                Source,
                publish(
                    "spBv1.0/Wasser/DDATA/Werk1/Pumpe",
                    &payload(&[metric("", "10 07 20 09 65 0000b041"), metric("", "10 63 38 01")]),
                ),
            ),
            (
                Destination,
                publish(
                    "spBv1.0/Wasser/NCMD/Werk1",
                    &payload(&[metric("Node Control/Rebirth", "20 0b 70 01")]),
                ),
            ),
            (
                Destination,
                publish("spBv1.0/Wasser/DCMD/Werk1/Pumpe", &payload(&[metric("Outputs/Run", "20 0b 70 01")])),
            ),
            (Source, publish("spBv1.0/STATE/Leitwarte", br#"{"online":true,"timestamp":1750000000000}"#)),
        ]
    }

    #[test]
    fn metrics_and_commands_are_told_by_name() {
        let said = said();
        let said: Vec<(Side, &[u8])> = said.iter().map(|(side, bytes)| (*side, bytes.as_slice())).collect();
        let facts = stream(&READER, 1883, &said);
        let expected = [
            "> authenticate connect [node] - done",
            "> publish publish [spBv1.0/Wasser/NBIRTH/Werk1] Node Control/Reboot=false (Boolean),\
             Properties/Hardware Make=Lorem (String),WiFi Password=(hidden) (String) not-expected",
            "> publish publish [spBv1.0/Wasser/DBIRTH/Werk1/Pumpe] Level=21.5 (Float),Offset=-3 (Int32) not-expected",
            "> publish publish [spBv1.0/Wasser/DDATA/Werk1/Pumpe] Level=22 (Float),(alias 99)=null not-expected",
            "< restart ncmd [node Wasser/Werk1 Node Control/Rebirth] true not-expected",
            "< publish publish [spBv1.0/Wasser/NCMD/Werk1] Node Control/Rebirth=true (Boolean) not-expected",
            "< operate dcmd [device Wasser/Werk1/Pumpe Outputs/Run] true not-expected",
            "< publish publish [spBv1.0/Wasser/DCMD/Werk1/Pumpe] Outputs/Run=true (Boolean) not-expected",
            "> publish publish [spBv1.0/STATE/Leitwarte] {\"online\":true,\"timestamp\":1750000000000} not-expected",
        ];
        assert_eq!(lines(&facts), expected);
        assert_eq!(
            identities(&facts)[2..],
            [
                "192.0.2.10 vendor Lorem (Properties/Hardware Make)",
                "192.0.2.10 name Wasser/Werk1 (Sparkplug NBIRTH)",
                "192.0.2.10 role Sparkplug edge node (Sparkplug NBIRTH)",
                "192.0.2.10 name Leitwarte (Sparkplug STATE)",
                "192.0.2.10 role Sparkplug host application (Sparkplug STATE)",
            ]
        );
        for size in [1, 3, 17] {
            assert_eq!(lines(&stream_in_pieces(&READER, 1883, &said, size)), expected, "pieces of {size}");
        }
    }

    proptest! {
        #[test]
        fn no_payload_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let opening = said();
            let data = publish("spBv1.0/a/DCMD/b/c", &part(2, &bytes.iter().copied().take(120).collect::<Vec<_>>()));
            let other = publish("spBv1.0/a/NBIRTH/b", &bytes);
            let said: [(Side, &[u8]); 4] =
                [(Source, &opening[0].1), (Destination, &opening[1].1), (Source, &data), (Source, &other)];
            for request in crate::rehearse::requests(&stream(&READER, 1883, &said)) {
                prop_assert!(city::Protocol::Mqtt.verbs().contains(request.verb));
            }
        }
    }
}
