//! What was said, from history: conversations and requests, newest first, under the names of `bastide records`.

use crate::{
    refusal::Refusal,
    view::{End, NOWHERE, given},
    words,
};
use ::city::{
    Address, ConnectionState, Conversation, Flow, Observation, Observed, Protocol, Transport, Verb,
};
use cycle::City;
use defend::conduit;
use ipnet::IpNet;
use jiff::Timestamp;
use plan::Plan;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Place, Question, Table};

/// How many rows are given if nobody says how many, and the most that are given at once.
const LIMIT: usize = 100;
const LIMIT_MAX: usize = 1_000;

/// Which rows of history are wanted. Every field may be left out.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct PastFilter {
    /// From this time on (RFC 3339). A conversation is filed under its beginning.
    pub from: Option<String>,
    /// Before this time (RFC 3339).
    pub to: Option<String>,
    /// Either end is this IP or MAC address.
    pub address: Option<String>,
    /// The zone of the end that began or asked; `-` stands for places in no zone.
    pub from_zone: Option<String>,
    /// The zone of the other end; `-` stands for places in no zone.
    pub to_zone: Option<String>,
    /// The application protocol.
    pub protocol: Option<String>,
    /// How many to give: 100 if left out, 1,000 at most.
    #[schemars(with = "Option<u32>")]
    pub limit: Option<String>,
}

/// What besides is wanted of requests.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct VerbFilter {
    /// What was asked, in the common vocabulary.
    pub verb: Option<String>,
}

impl PastFilter {
    /// The names of the fields.
    pub const NAMES: [&str; 7] = ["from", "to", "address", "from_zone", "to_zone", "protocol", "limit"];

    /// The question to history that a filter stands for, or in words why it stands for none.
    pub fn question(
        &self,
        table: Table,
        verb: &VerbFilter,
        plan: Option<&Plan>,
    ) -> Result<Question, Refusal> {
        let time = |name, field| {
            read(field, |text: &str| {
                let example = "such as `2026-11-23T14:05:00Z`";
                text.parse::<Timestamp>()
                    .map_err(|_| format!("`{name}` is a time, {example}; `{text}` is none."))
            })
        };
        let zone = |field| read(field, |text: &str| place(plan, text));
        let limit = read(&self.limit, |text| {
            text.parse::<usize>().map_err(|_| format!("`limit` is a number of rows; `{text}` is none."))
        })?;
        Ok(Question {
            from: time("from", &self.from)?,
            until: time("to", &self.to)?,
            address: read(&self.address, |text| {
                text.parse().map_err(|_| format!("`address` is an IP or MAC address; `{text}` is none."))
            })?,
            source: zone(&self.from_zone)?.unwrap_or_default(),
            destination: zone(&self.to_zone)?.unwrap_or_default(),
            protocol: read(&self.protocol, |text| {
                let known = Protocol::ALL.iter().map(|known| known.as_str());
                text.parse::<Protocol>().map_err(|()| {
                    format!("There is no protocol `{text}`; there are {}.", words::list(known, 99))
                })
            })?,
            verb: read(&verb.verb, |text| {
                let known = Verb::ALL.iter().map(|known| known.as_str());
                text.parse::<Verb>()
                    .map_err(|()| format!("There is no verb `{text}`; there are {}.", words::list(known, 99)))
            })?,
            ..Question::new(table, limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX))
        })
    }
}

/// What a field says, if it says anything.
fn read<T>(
    field: &Option<String>,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, Refusal> {
    given(field).map(parse).transpose().map_err(Refusal::Bad)
}

/// Where the stations of a zone are; `-` stands for places in no zone.
pub(crate) fn place(plan: Option<&Plan>, zone: &str) -> Result<Place, String> {
    let unknown = || format!("The plan declares no zone `{zone}`.");
    let plan = plan.ok_or_else(|| "Without a plan there are no zones to ask for.".to_owned())?;
    // Declared in a zone, with an address in nobody's networks.
    let stray = |of: Option<&::city::ZoneId>| -> Vec<IpNet> {
        let assets = plan.assets().filter(|asset| of.is_none_or(|id| asset.zone == *id));
        let addresses = assets.flat_map(|asset| asset.addresses.iter().copied());
        addresses.filter(|address| plan.zone_of(*address).is_none()).map(IpNet::from).collect()
    };
    let elsewhere = plan.everywhere_else();
    let wanted = if zone == NOWHERE {
        None
    } else {
        Some(zone.parse().ok().and_then(|id| plan.zone(&id)).ok_or_else(unknown)?)
    };
    match (wanted, elsewhere) {
        (Some(zone), elsewhere) if elsewhere.is_none_or(|other| other.id != zone.id) => {
            Ok(Place::Within(zone.networks.iter().copied().chain(stray(Some(&zone.id))).collect()))
        }
        // What is in no zone's networks is in this one, and stations without an IP address alone are in none.
        _ => {
            let groups = ["224.0.0.0/4", "255.255.255.255/32", "0.0.0.0/32", "ff00::/8", "::/128"];
            let everyone = plan.zones().flat_map(|zone| zone.networks.iter().copied());
            let groups = groups.iter().filter_map(|network| network.parse().ok());
            Ok(Place::Outside(everyone.chain(stray(None)).chain(groups).collect()))
        }
    }
}

/// Whether a row stands in a cell of the matrix, by the same rule as the matrix itself.
pub(crate) fn is_between(plan: &Plan, row: &Observation, from: &str, to: &str) -> bool {
    let is_at = |address: Address, zone: &str| {
        let found = conduit::zone_of(plan, address);
        address.is_station() && found.map_or(NOWHERE, |found| found.id.as_str()) == zone
    };
    flow(row).is_some_and(|flow| is_at(flow.source, from) && is_at(flow.destination, to))
}

fn flow(row: &Observation) -> Option<&Flow> {
    match &row.fact {
        Observed::Conversation(conversation) => Some(&conversation.flow),
        Observed::Request(request) => Some(&request.flow),
        _ => None,
    }
}

/// When a row is filed.
fn time_of(row: &Observation) -> Timestamp {
    match &row.fact {
        Observed::Conversation(conversation) => conversation.start,
        _ => row.time,
    }
}

/// One answer of history, cut so that the next older one begins where it ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    /// Newest first.
    pub rows: Vec<Observation>,
    /// Before which time the next older rows are; none if there are none.
    pub older: Option<Timestamp>,
    /// What could not be read.
    pub damaged: Vec<String>,
}

impl Past {
    /// Cuts rows, of which one more than `limit` was asked for. Rows of the same microsecond are not torn apart, since
    /// a time is all by which the next are asked for.
    pub fn cut(answer: store::Answer, limit: usize) -> Past {
        let store::Answer { mut rows, damaged, .. } = answer;
        let micros = |row: &Observation| time_of(row).as_microsecond();
        let mut older = None;
        if let Some(next) = rows.get(limit).map(micros) {
            let whole = rows.iter().take(limit).filter(|row| micros(row) > next).count();
            rows.truncate(if whole > 0 { whole } else { limit });
            older = rows.last().and_then(|last| Timestamp::from_microsecond(micros(last)).ok());
        }
        Past { rows, older, damaged }
    }

    /// Both answers as one, of at most `limit` rows. A row that is in both is there once.
    pub fn and(mut self, other: Past, limit: usize) -> Past {
        // Neither is whole below the later of the two ends.
        let floor = self.older.max(other.older);
        for row in other.rows {
            if !self.rows.contains(&row) {
                self.rows.push(row);
            }
        }
        self.rows.retain(|row| floor.is_none_or(|floor| time_of(row) >= floor));
        self.rows.sort_by_key(|row| std::cmp::Reverse(time_of(row)));
        self.damaged.extend(other.damaged);
        self.damaged.dedup();
        let past = Past::cut(store::Answer { rows: self.rows, ..store::Answer::default() }, limit);
        Past { older: past.older.or(floor), damaged: self.damaged, ..past }
    }
}

/// Some conversations.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ConversationList {
    /// Newest first.
    pub conversations: Vec<ConversationView>,
    /// The `to` with which the next older ones are asked for; none if there are none.
    pub older: Option<Timestamp>,
    /// Parts of what was kept that could not be read, each in words.
    pub damaged: Vec<String>,
}

/// Some requests.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RequestList {
    /// Newest first.
    pub requests: Vec<RequestView>,
    /// The `to` with which the next older ones are asked for; none if there are none.
    pub older: Option<Timestamp>,
    /// Parts of what was kept that could not be read, each in words.
    pub damaged: Vec<String>,
}

/// A conversation, as `bastide records` writes it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ConversationView {
    /// `conversation`.
    pub kind: &'static str,
    /// When it began.
    pub time: Timestamp,
    /// What saw it.
    pub sensor: String,
    /// The address of the end that began.
    pub source: String,
    /// Its port, or 0 where there is none.
    pub source_port: u16,
    /// The address of the end that was spoken to.
    pub destination: String,
    /// Its port, or 0 where there is none.
    pub destination_port: u16,
    /// What carried it.
    pub transport: String,
    /// The protocol, once recognised.
    pub protocol: Option<&'static str>,
    /// Packets from the source.
    pub packets_out: u64,
    /// Packets from the destination.
    pub packets_in: u64,
    /// Bytes of payload from the source.
    pub bytes_out: u64,
    /// Bytes of payload from the destination.
    pub bytes_in: u64,
    /// From the first packet to the last, in seconds.
    pub duration: f64,
    /// The flow's Community ID, version 1, where it has one.
    pub community_id: Option<String>,
    /// How it went, in the terms of Zeek's `conn_state`.
    pub state: &'static str,
    /// Whether it has ended; if not, its figures are those so far.
    pub ended: bool,
    /// The same in a few words, and in a sentence.
    #[serde(skip)]
    pub went: (&'static str, &'static str),
    /// The ends with their names.
    #[serde(skip)]
    pub ends: (End, End),
}

/// A request, as `bastide records` writes it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RequestView {
    /// `request`.
    pub kind: &'static str,
    /// When it was answered, or given up.
    pub time: Timestamp,
    /// What saw it.
    pub sensor: String,
    /// The address of the end that asked.
    pub source: String,
    /// Its port, or 0 where there is none.
    pub source_port: u16,
    /// The address of the end that was asked.
    pub destination: String,
    /// Its port, or 0 where there is none.
    pub destination_port: u16,
    /// What carried it.
    pub transport: String,
    /// The protocol.
    pub protocol: Option<&'static str>,
    /// What was asked, in the common vocabulary.
    pub verb: &'static str,
    /// What was asked, in the protocol's own words.
    pub function: String,
    /// What it was about.
    pub target: String,
    /// The value sent or returned; a credential's is never kept.
    pub value: Option<String>,
    /// What came back: `done`, `refused`, `missing` or `not-expected`.
    pub outcome: &'static str,
    /// The protocol's own word for why it was refused.
    pub refusal: Option<String>,
    /// The ends with their names.
    #[serde(skip)]
    pub ends: (End, End),
}

/// The conversations among some rows.
pub(crate) fn conversations(city: &City, past: &Past) -> ConversationList {
    let view = |row: &Observation| match &row.fact {
        Observed::Conversation(conversation) => Some(conversation_view(city, &row.sensor, conversation)),
        _ => None,
    };
    ConversationList {
        conversations: past.rows.iter().filter_map(view).collect(),
        older: past.older,
        damaged: past.damaged.clone(),
    }
}

/// The requests among some rows.
pub(crate) fn requests(city: &City, past: &Past) -> RequestList {
    let view = |row: &Observation| {
        let Observed::Request(request) = &row.fact else { return None };
        let flow = &request.flow;
        Some(RequestView {
            kind: "request",
            time: row.time,
            sensor: row.sensor.to_string(),
            source: flow.source.to_string(),
            source_port: flow.source_port,
            destination: flow.destination.to_string(),
            destination_port: flow.destination_port,
            transport: flow.transport.to_string(),
            protocol: flow.protocol.map(Protocol::as_str),
            verb: request.verb.as_str(),
            function: request.function.to_string(),
            target: request.target.to_string(),
            value: request.value.as_ref().map(ToString::to_string),
            outcome: request.reply.as_str(),
            refusal: match &request.reply {
                ::city::Reply::Refused(why) => Some(why.to_string()),
                _ => None,
            },
            ends: (End::new(city, flow.source), End::new(city, flow.destination)),
        })
    };
    RequestList {
        requests: past.rows.iter().filter_map(view).collect(),
        older: past.older,
        damaged: past.damaged.clone(),
    }
}

fn conversation_view(city: &City, sensor: &str, conversation: &Conversation) -> ConversationView {
    let flow = &conversation.flow;
    ConversationView {
        kind: "conversation",
        time: conversation.start,
        sensor: sensor.to_owned(),
        source: flow.source.to_string(),
        source_port: flow.source_port,
        destination: flow.destination.to_string(),
        destination_port: flow.destination_port,
        transport: flow.transport.to_string(),
        protocol: flow.protocol.map(Protocol::as_str),
        packets_out: conversation.packets_out,
        packets_in: conversation.packets_in,
        bytes_out: conversation.bytes_out,
        bytes_in: conversation.bytes_in,
        duration: conversation.duration.as_secs_f64(),
        community_id: wire::community_id(flow),
        state: conversation.state.as_str(),
        ended: conversation.ended,
        went: went(conversation.state, flow.transport, conversation.ended),
        ends: (End::new(city, flow.source), End::new(city, flow.destination)),
    }
}

/// How a conversation went, in a few words and in a sentence.
fn went(state: ConnectionState, transport: Transport, ended: bool) -> (&'static str, &'static str) {
    use ConnectionState as S;
    let tcp = transport == Transport::Tcp;
    match state {
        S::Sf if !tcp => ("answered", "Both ends spoke."),
        S::Shr if !tcp => ("only the answer", "Only the end that was spoken to was heard."),
        S::S0 if !tcp => ("no answer", "The end that began spoke, and nobody answered."),
        S::Sf => ("closed", "Opened, and closed by both ends."),
        S::Shr => {
            ("half seen", "The end that was spoken to accepted and closed; the beginning was not seen.")
        }
        S::S0 => ("no answer", "The end that began asked to open it, and nobody answered."),
        S::S1 if !ended => ("open", "Opened, and going on."),
        S::S1 => ("not closed", "Opened, and never seen to close."),
        S::S2 => ("half closed", "Opened; the end that began asked to close it, the other did not."),
        S::S3 => ("half closed", "Opened; the end that was spoken to asked to close it, the other did not."),
        S::Rej => ("refused", "Asked for, and refused by the end that was spoken to."),
        S::Rsto => ("broken off", "Opened, and broken off by the end that began."),
        S::Rstr => ("broken off", "Opened, and broken off by the end that was spoken to."),
        S::Rstos0 => ("given up", "Asked for and given up by the end that began; nobody answered."),
        S::Rstrh => {
            ("half seen", "The end that was spoken to accepted and broke off; the beginning was not seen.")
        }
        S::Sh => ("no answer", "Asked for and closed by the end that began; nobody answered."),
        S::Oth => ("passing", "Its beginning was not seen, or it has none to see."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::city::{Binding, Mac};

    #[test]
    fn the_names_of_the_fields_are_those_described() {
        let schema = schemars::schema_for!(PastFilter).to_value();
        let mut described: Vec<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        let mut names = PastFilter::NAMES.map(str::to_owned).to_vec();
        described.sort_unstable();
        names.sort_unstable();
        assert_eq!(described, names);
    }

    #[test]
    fn rows_of_one_microsecond_are_not_torn_apart() {
        let row = |micros: i64| Observation {
            time: Timestamp::from_microsecond(micros).unwrap(),
            sensor: "mirror-1".into(),
            fact: Observed::Binding(Binding {
                address: "192.0.2.1".parse().unwrap(),
                mac: Mac([2, 0, 0x5e, 0, 0x53, 1]),
                protocol: Protocol::Arp,
            }),
        };
        // Times asked for, how many are wanted, how many are given, and where the next begin.
        let cases: [(&[i64], usize, usize, Option<i64>); 5] = [
            (&[9, 8, 7], 3, 3, None),
            (&[9, 8, 7, 6], 3, 3, Some(7)),
            (&[9, 8, 7, 7], 3, 2, Some(8)),
            (&[9, 9, 9, 9], 3, 3, Some(9)),
            (&[], 3, 0, None),
        ];
        for (times, limit, given, older) in cases {
            let rows = times.iter().copied().map(row).collect();
            let past = Past::cut(store::Answer { rows, ..store::Answer::default() }, limit);
            assert_eq!(
                (past.rows.len(), past.older.map(Timestamp::as_microsecond)),
                (given, older),
                "{times:?}"
            );
        }
    }
}
