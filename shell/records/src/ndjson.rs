//! Observations as records: the stable JSON that other tools read.

use city::{Address, Flow, Observation, Observed};
use serde::{Serialize, ser::SerializeMap};
use std::io::{self, Write};

/// What every record of a flow begins with.
#[derive(Serialize)]
struct Ends<'a> {
    kind: &'static str,
    time: jiff::Timestamp,
    sensor: &'a str,
    source: ShownAddress,
    source_port: u16,
    destination: ShownAddress,
    destination_port: u16,
    transport: Shown<city::Transport>,
    protocol: Option<&'static str>,
}

impl<'a> Ends<'a> {
    fn of(kind: &'static str, time: jiff::Timestamp, sensor: &'a str, flow: &Flow) -> Ends<'a> {
        Ends {
            kind,
            time,
            sensor,
            source: Shown(flow.source),
            source_port: flow.source_port,
            destination: Shown(flow.destination),
            destination_port: flow.destination_port,
            transport: Shown(flow.transport),
            protocol: flow.protocol.map(city::Protocol::as_str),
        }
    }
}

type ShownAddress = Shown<Address>;

/// Written as it is shown.
struct Shown<T>(T);

impl<T: std::fmt::Display> Serialize for Shown<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[derive(Serialize)]
struct ConversationRecord<'a> {
    #[serde(flatten)]
    ends: Ends<'a>,
    packets_out: u64,
    packets_in: u64,
    bytes_out: u64,
    bytes_in: u64,
    ip_bytes_out: u64,
    ip_bytes_in: u64,
    missed_bytes: u64,
    /// Seconds.
    duration: f64,
    community_id: Option<String>,
    state: &'static str,
    /// As Zeek's `history`.
    history: &'a str,
    vlan: Option<u16>,
    source_mac: Option<Shown<city::Mac>>,
    destination_mac: Option<Shown<city::Mac>>,
}

#[derive(Serialize)]
struct RequestRecord<'a> {
    #[serde(flatten)]
    ends: Ends<'a>,
    verb: &'static str,
    function: &'a str,
    target: Shown<&'a city::Target>,
    value: Option<&'a str>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    details: Pairs<'a>,
}

#[derive(Serialize)]
struct MessageRecord<'a> {
    #[serde(flatten)]
    ends: Ends<'a>,
    from: &'static str,
    log: &'a str,
    fields: Lists<'a>,
}

/// Named values in their order, as an object; those of the same name, which stand together, as an array.
struct Lists<'a>(&'a [(city::Text, city::Text)]);

impl Serialize for Lists<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for group in self.0.chunk_by(|(a, _), (b, _)| a == b) {
            match group {
                [(name, value)] => map.serialize_entry(name.as_str(), value.as_str())?,
                [(name, _), ..] => {
                    let values: Vec<&str> = group.iter().map(|(_, value)| value.as_str()).collect();
                    map.serialize_entry(name.as_str(), &values)?;
                }
                [] => {}
            }
        }
        map.end()
    }
}

/// Named values in their order, as an object.
struct Pairs<'a>(&'a [(city::Text, city::Text)]);

impl Pairs<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Pairs<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

#[derive(Serialize)]
struct IdentityRecord<'a> {
    kind: &'static str,
    time: jiff::Timestamp,
    sensor: &'a str,
    address: ShownAddress,
    about: &'static str,
    value: &'a str,
    protocol: &'static str,
    field: &'a str,
    confidence: u8,
}

#[derive(Serialize)]
struct BindingRecord<'a> {
    kind: &'static str,
    time: jiff::Timestamp,
    sensor: &'a str,
    address: std::net::IpAddr,
    mac: Shown<city::Mac>,
    protocol: &'static str,
}

#[derive(Serialize)]
struct WeaknessRecord<'a> {
    kind: &'static str,
    time: jiff::Timestamp,
    sensor: &'a str,
    address: ShownAddress,
    port: u16,
    protocol: &'static str,
    weakness: &'static str,
    detail: &'a str,
    peer: Option<ShownAddress>,
}

#[derive(Serialize)]
struct LossRecord<'a> {
    kind: &'static str,
    time: jiff::Timestamp,
    sensor: &'a str,
    loss: &'static str,
    count: u64,
    detail: &'a str,
}

#[derive(Serialize)]
struct UnreadRecord<'a> {
    kind: &'static str,
    time: jiff::Timestamp,
    sensor: &'a str,
    transport: Shown<city::Transport>,
    port: u16,
    protocol: Option<&'static str>,
    count: u64,
    sample: &'a str,
}

/// Writes an observation as one line of JSON; nothing for what only matters while it happens.
///
/// # Errors
/// What is written to failed.
pub fn write(out: &mut impl Write, observation: &Observation) -> io::Result<()> {
    let Observation { time, sensor, fact } = observation;
    let (time, sensor) = (*time, sensor.as_str());
    match fact {
        Observed::Opened(_) | Observed::Recognised(_) => return Ok(()),
        Observed::Conversation(conversation) => {
            let flow = &conversation.flow;
            serde_json::to_writer(
                &mut *out,
                &ConversationRecord {
                    ends: Ends::of("conversation", conversation.start, sensor, flow),
                    packets_out: conversation.packets_out,
                    packets_in: conversation.packets_in,
                    bytes_out: conversation.bytes_out,
                    bytes_in: conversation.bytes_in,
                    ip_bytes_out: conversation.ip_bytes_out,
                    ip_bytes_in: conversation.ip_bytes_in,
                    missed_bytes: conversation.missed_bytes,
                    duration: conversation.duration.as_secs_f64(),
                    community_id: wire::community_id(flow),
                    state: conversation.state.as_str(),
                    history: &conversation.history,
                    vlan: conversation.vlan,
                    source_mac: conversation.source_mac.map(Shown),
                    destination_mac: conversation.destination_mac.map(Shown),
                },
            )
        }
        Observed::Request(request) => serde_json::to_writer(
            &mut *out,
            &RequestRecord {
                ends: Ends::of("request", time, sensor, &request.flow),
                verb: request.verb.as_str(),
                function: &request.function,
                target: Shown(&request.target),
                value: request.value.as_deref(),
                outcome: request.reply.as_str(),
                refusal: match &request.reply {
                    city::Reply::Refused(why) => Some(why),
                    _ => None,
                },
                details: Pairs(&request.details),
            },
        ),
        Observed::Message(message) => serde_json::to_writer(
            &mut *out,
            &MessageRecord {
                ends: Ends::of("message", time, sensor, &message.flow),
                from: if message.back { "destination" } else { "source" },
                log: &message.log,
                fields: Lists(&message.fields),
            },
        ),
        Observed::Identity(identity) => serde_json::to_writer(
            &mut *out,
            &IdentityRecord {
                kind: "identity",
                time,
                sensor,
                address: Shown(identity.address),
                about: identity.about.as_str(),
                value: &identity.value,
                protocol: identity.witness.protocol.as_str(),
                field: &identity.witness.field,
                confidence: identity.confidence,
            },
        ),
        Observed::Binding(binding) => serde_json::to_writer(
            &mut *out,
            &BindingRecord {
                kind: "binding",
                time,
                sensor,
                address: binding.address,
                mac: Shown(binding.mac),
                protocol: binding.protocol.as_str(),
            },
        ),
        Observed::Weakness(weakness) => serde_json::to_writer(
            &mut *out,
            &WeaknessRecord {
                kind: "weakness",
                time,
                sensor,
                address: Shown(weakness.address),
                port: weakness.port,
                protocol: weakness.protocol.as_str(),
                weakness: weakness.kind.as_str(),
                detail: &weakness.detail,
                peer: weakness.peer.map(Shown),
            },
        ),
        Observed::Loss(loss) => serde_json::to_writer(
            &mut *out,
            &LossRecord {
                kind: "loss",
                time,
                sensor,
                loss: loss.kind.as_str(),
                count: loss.count,
                detail: &loss.detail,
            },
        ),
        Observed::Unread(unread) => serde_json::to_writer(
            &mut *out,
            &UnreadRecord {
                kind: "unread",
                time,
                sensor,
                transport: Shown(unread.transport),
                port: unread.port,
                protocol: unread.protocol.map(city::Protocol::as_str),
                count: unread.count,
                sample: &unread.sample,
            },
        ),
    }?;
    out.write_all(b"\n")
}
