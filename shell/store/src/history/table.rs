//! The tables of history: which columns they have, and how an observation becomes a row and a row an observation.
//!
//! Columns have the names of the fields of `bastide records`. Besides these there are a few that make the row complete,
//! so that an old question can be asked of history as of live traffic. Times are kept to the microsecond.

use super::columns::{Cell, Column, Holds};
use ::city::{
    Address, ConnectionState, Conversation, Details, Flow, Identity, Mac, Observation, Observed, Protocol,
    Reply, Request, Target, Text, Trait, Transport, Weakness, WeaknessKind, Witness,
};
use jiff::{SignedDuration, Timestamp};
use serde::de::{DeserializeOwned, IntoDeserializer as _, value::StrDeserializer};
use std::{str::FromStr, vec};

/// The tables of history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Who spoke to whom.
    Conversations,
    /// What devices said of themselves.
    Identities,
    /// What was asked of devices.
    Requests,
    /// What was seen to be insecure.
    Weaknesses,
}

/// A column that every row has a value in.
const fn always(name: &'static str, holds: Holds) -> Column {
    Column { name, holds, always: true, bloom: false }
}

/// A column that some rows have a value in.
const fn maybe(name: &'static str, holds: Holds) -> Column {
    Column { name, holds, always: false, bloom: false }
}

/// A column of addresses, which questions ask for one of.
const fn address(name: &'static str) -> Column {
    Column { name, holds: Holds::Text, always: true, bloom: true }
}

const CONVERSATIONS: &[Column] = &[
    always("kind", Holds::Text),
    always("time", Holds::Time),
    always("sensor", Holds::Text),
    address("source"),
    always("source_port", Holds::Number),
    address("destination"),
    always("destination_port", Holds::Number),
    always("transport", Holds::Text),
    maybe("protocol", Holds::Text),
    always("packets_out", Holds::Number),
    always("packets_in", Holds::Number),
    always("bytes_out", Holds::Number),
    always("bytes_in", Holds::Number),
    always("ip_bytes_out", Holds::Number),
    always("ip_bytes_in", Holds::Number),
    always("missed_bytes", Holds::Number),
    always("duration", Holds::Real),
    maybe("community_id", Holds::Text),
    always("state", Holds::Text),
    always("history", Holds::Text),
    maybe("vlan", Holds::Number),
    maybe("source_mac", Holds::Text),
    maybe("destination_mac", Holds::Text),
    // Whether it had ended, and when this was said of it.
    always("ended", Holds::Flag),
    always("reported", Holds::Time),
];

const REQUESTS: &[Column] = &[
    always("kind", Holds::Text),
    always("time", Holds::Time),
    always("sensor", Holds::Text),
    address("source"),
    always("source_port", Holds::Number),
    address("destination"),
    always("destination_port", Holds::Number),
    always("transport", Holds::Text),
    maybe("protocol", Holds::Text),
    always("verb", Holds::Text),
    always("function", Holds::Text),
    always("target", Holds::Text),
    maybe("value", Holds::Text),
    always("outcome", Holds::Text),
    maybe("refusal", Holds::Text),
    // A JSON list of pairs of name and value.
    maybe("details", Holds::Text),
    // The parts of the target.
    maybe("target_unit", Holds::Number),
    always("target_kind", Holds::Text),
    maybe("target_first", Holds::Number),
    maybe("target_last", Holds::Number),
    always("target_name", Holds::Text),
    // Whether the end that was spoken to asked.
    always("back", Holds::Flag),
];

const IDENTITIES: &[Column] = &[
    always("kind", Holds::Text),
    always("time", Holds::Time),
    always("sensor", Holds::Text),
    address("address"),
    always("about", Holds::Text),
    always("value", Holds::Text),
    always("protocol", Holds::Text),
    always("field", Holds::Text),
    always("confidence", Holds::Number),
];

const WEAKNESSES: &[Column] = &[
    always("kind", Holds::Text),
    always("time", Holds::Time),
    always("sensor", Holds::Text),
    address("address"),
    always("port", Holds::Number),
    always("protocol", Holds::Text),
    always("weakness", Holds::Text),
    always("detail", Holds::Text),
    maybe("peer", Holds::Text),
];

impl Table {
    /// Every table, in the order of their names.
    pub const ALL: [Table; 4] = [Table::Conversations, Table::Identities, Table::Requests, Table::Weaknesses];

    /// The name of its folder.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Table::Conversations => "conversations",
            Table::Identities => "identities",
            Table::Requests => "requests",
            Table::Weaknesses => "weaknesses",
        }
    }

    pub(super) fn columns(self) -> &'static [Column] {
        match self {
            Table::Conversations => CONVERSATIONS,
            Table::Identities => IDENTITIES,
            Table::Requests => REQUESTS,
            Table::Weaknesses => WEAKNESSES,
        }
    }

    /// Where a column stands.
    pub(super) fn column(self, name: &str) -> Option<(usize, &'static Column)> {
        self.columns().iter().enumerate().find(|(_, column)| column.name == name)
    }

    /// The names of the columns with the first end, and with the second end if there is one.
    pub(super) fn ends(self) -> (&'static str, Option<&'static str>) {
        match self {
            Table::Conversations | Table::Requests => ("source", Some("destination")),
            Table::Identities => ("address", None),
            Table::Weaknesses => ("address", Some("peer")),
        }
    }

    /// The table that an observation has a row in; none for what history does not keep.
    pub(super) fn of(observation: &Observation) -> Option<Table> {
        match observation.fact {
            Observed::Conversation(_) => Some(Table::Conversations),
            Observed::Identity(_) => Some(Table::Identities),
            Observed::Request(_) => Some(Table::Requests),
            Observed::Weakness(_) => Some(Table::Weaknesses),
            Observed::Binding(_)
            | Observed::Backup(_)
            | Observed::Drill(_)
            | Observed::Repository(_)
            | Observed::Pack(_)
            | Observed::Alert(_)
            | Observed::Sighting(_)
            | Observed::Received(_)
            | Observed::Hunted(_)
            | Observed::Offered(_)
            | Observed::Withdrawn(_)
            | Observed::Flood(_)
            | Observed::Loss(_)
            | Observed::Message(_)
            | Observed::Opened(_)
            | Observed::Recognised(_)
            | Observed::Unread(_) => None,
        }
    }
}

/// The time that a row is filed under: when a conversation began, when anything else happened.
pub(super) fn time_of(observation: &Observation) -> Timestamp {
    match &observation.fact {
        Observed::Conversation(conversation) => conversation.start,
        _ => observation.time,
    }
}

/// The addresses that a row is about: who began or has it, and the other end.
pub(super) fn ends_of(observation: &Observation) -> (Option<Address>, Option<Address>) {
    match &observation.fact {
        Observed::Conversation(conversation) => {
            (Some(conversation.flow.source), Some(conversation.flow.destination))
        }
        Observed::Request(request) => (Some(request.flow.source), Some(request.flow.destination)),
        Observed::Identity(identity) => (Some(identity.address), None),
        Observed::Weakness(weakness) => (Some(weakness.address), weakness.peer),
        _ => (None, None),
    }
}

fn time_cell(time: Timestamp) -> Cell {
    Cell::Number(time.as_microsecond())
}

/// Pushes the cells of an observation's row.
pub(super) fn put(observation: &Observation, row: &mut Vec<Cell>) {
    let kind = match &observation.fact {
        Observed::Conversation(_) => "conversation",
        Observed::Identity(_) => "identity",
        Observed::Request(_) => "request",
        Observed::Weakness(_) => "weakness",
        _ => return,
    };
    row.extend([Cell::text(kind), time_cell(time_of(observation)), Cell::text(&observation.sensor)]);
    match &observation.fact {
        Observed::Conversation(conversation) => put_conversation(conversation, observation.time, row),
        Observed::Request(request) => put_request(request, row),
        Observed::Identity(identity) => row.extend([
            Cell::shown(identity.address),
            Cell::text(identity.about.as_str()),
            Cell::text(&identity.value),
            Cell::text(identity.witness.protocol.as_str()),
            Cell::text(&identity.witness.field),
            Cell::Number(identity.confidence.into()),
        ]),
        Observed::Weakness(weakness) => row.extend([
            Cell::shown(weakness.address),
            Cell::Number(weakness.port.into()),
            Cell::text(weakness.protocol.as_str()),
            Cell::text(weakness.kind.as_str()),
            Cell::text(&weakness.detail),
            Cell::or_none(weakness.peer.map(Cell::shown)),
        ]),
        _ => {}
    }
}

fn put_flow(flow: &Flow, row: &mut Vec<Cell>) {
    row.extend([
        Cell::shown(flow.source),
        Cell::Number(flow.source_port.into()),
        Cell::shown(flow.destination),
        Cell::Number(flow.destination_port.into()),
        Cell::shown(flow.transport),
        Cell::or_none(flow.protocol.map(|protocol| Cell::text(protocol.as_str()))),
    ]);
}

fn put_conversation(conversation: &Conversation, reported: Timestamp, row: &mut Vec<Cell>) {
    put_flow(&conversation.flow, row);
    row.extend([
        Cell::count(conversation.packets_out),
        Cell::count(conversation.packets_in),
        Cell::count(conversation.bytes_out),
        Cell::count(conversation.bytes_in),
        Cell::count(conversation.ip_bytes_out),
        Cell::count(conversation.ip_bytes_in),
        Cell::count(conversation.missed_bytes),
        Cell::Real(conversation.duration.as_secs_f64()),
        Cell::or_none(wire::community_id(&conversation.flow).map(|id| Cell::text(&id))),
        Cell::text(conversation.state.as_str()),
        Cell::text(&conversation.history),
        Cell::or_none(conversation.vlan.map(|vlan| Cell::Number(vlan.into()))),
        Cell::or_none(conversation.source_mac.map(Cell::shown)),
        Cell::or_none(conversation.destination_mac.map(Cell::shown)),
        Cell::Flag(conversation.ended),
        time_cell(reported),
    ]);
}

fn put_request(request: &Request, row: &mut Vec<Cell>) {
    put_flow(&request.flow, row);
    let target = &request.target;
    let number = |number: u64| Cell::Number(number.cast_signed());
    let details =
        (!request.details.is_empty()).then(|| serde_json::to_string(&request.details).unwrap_or_default());
    row.extend([
        Cell::text(request.verb.as_str()),
        Cell::text(&request.function),
        Cell::shown(target),
        Cell::or_none(request.value.as_deref().map(Cell::text)),
        Cell::text(request.reply.as_str()),
        match &request.reply {
            Reply::Refused(why) => Cell::text(why),
            _ => Cell::None,
        },
        Cell::or_none(details.as_deref().map(Cell::text)),
        Cell::or_none(target.unit.map(|unit| Cell::Number(unit.into()))),
        Cell::text(&target.kind),
        Cell::or_none(target.numbers.map(|(first, _)| number(first))),
        Cell::or_none(target.numbers.map(|(_, last)| number(last))),
        Cell::text(&target.name),
        Cell::Flag(request.back),
    ]);
}

/// Takes the cells of a row in the order in which they were put. Each step is none where a cell is not as it must be.
pub(super) struct Row(vec::IntoIter<Cell>);

impl Row {
    pub(super) fn new(cells: Vec<Cell>) -> Row {
        Row(cells.into_iter())
    }

    fn cell(&mut self) -> Option<Cell> {
        self.0.next()
    }

    fn number<N: TryFrom<i64>>(&mut self) -> Option<N> {
        match self.cell()? {
            Cell::Number(number) => N::try_from(number).ok(),
            _ => None,
        }
    }

    fn maybe_number<N: TryFrom<i64>>(&mut self) -> Option<Option<N>> {
        match self.cell()? {
            Cell::Number(number) => N::try_from(number).ok().map(Some),
            Cell::None => Some(None),
            _ => None,
        }
    }

    fn time(&mut self) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.number()?).ok()
    }

    fn flag(&mut self) -> Option<bool> {
        match self.cell()? {
            Cell::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    fn real(&mut self) -> Option<f64> {
        match self.cell()? {
            Cell::Real(real) => Some(real),
            _ => None,
        }
    }

    fn maybe_text(&mut self) -> Option<Option<Text>> {
        match self.cell()? {
            Cell::Text(bytes) => Some(Some(Text::from(bytes.as_utf8().ok()?))),
            Cell::None => Some(None),
            _ => None,
        }
    }

    fn text(&mut self) -> Option<Text> {
        self.maybe_text()?
    }

    fn parsed<T: FromStr>(&mut self) -> Option<T> {
        self.text()?.parse().ok()
    }

    fn maybe_parsed<T: FromStr>(&mut self) -> Option<Option<T>> {
        match self.maybe_text()? {
            Some(text) => text.parse().ok().map(Some),
            None => Some(None),
        }
    }

    /// A value whose serialised form is its word in records.
    fn word<T: DeserializeOwned>(&mut self) -> Option<T> {
        let text = self.text()?;
        let word: StrDeserializer<'_, serde::de::value::Error> = text.as_str().into_deserializer();
        T::deserialize(word).ok()
    }

    fn state(&mut self) -> Option<ConnectionState> {
        state(&self.text()?)
    }

    fn flow(&mut self) -> Option<Flow> {
        Some(Flow {
            source: self.parsed()?,
            source_port: self.number()?,
            destination: self.parsed()?,
            destination_port: self.number()?,
            transport: transport(&self.text()?)?,
            protocol: self.maybe_parsed()?,
        })
    }

    /// The observation whose row this is.
    pub(super) fn take(&mut self, table: Table) -> Option<Observation> {
        self.cell()?;
        let time = self.time()?;
        let sensor = self.text()?;
        let (time, fact) = match table {
            Table::Conversations => {
                let (conversation, reported) = self.conversation(time)?;
                (reported, Observed::Conversation(Box::new(conversation)))
            }
            Table::Requests => (time, Observed::Request(Box::new(self.request()?))),
            Table::Identities => (time, Observed::Identity(self.identity()?)),
            Table::Weaknesses => (time, Observed::Weakness(self.weakness()?)),
        };
        Some(Observation { time, sensor, fact })
    }

    fn conversation(&mut self, start: Timestamp) -> Option<(Conversation, Timestamp)> {
        let conversation = Conversation {
            flow: self.flow()?,
            start,
            packets_out: self.number()?,
            packets_in: self.number()?,
            bytes_out: self.number()?,
            bytes_in: self.number()?,
            ip_bytes_out: self.number()?,
            ip_bytes_in: self.number()?,
            missed_bytes: self.number()?,
            duration: SignedDuration::try_from_secs_f64(self.real()?).ok()?,
            state: {
                // The Community ID follows from the flow.
                self.cell()?;
                self.state()?
            },
            history: self.text()?,
            vlan: self.maybe_number()?,
            source_mac: self.maybe_parsed::<Mac>()?,
            destination_mac: self.maybe_parsed::<Mac>()?,
            ended: self.flag()?,
            details: Details::new(),
        };
        Some((conversation, self.time()?))
    }

    fn request(&mut self) -> Option<Request> {
        let (flow, verb, function) = (self.flow()?, self.parsed()?, self.text()?);
        // The target as it is shown follows from its parts.
        self.cell()?;
        let value = self.maybe_text()?;
        let (outcome, refusal) = (self.text()?, self.maybe_text()?);
        let reply = match (outcome.as_str(), refusal) {
            ("done", None) => Reply::Done,
            ("not-expected", None) => Reply::NotExpected,
            ("missing", None) => Reply::Missing,
            ("refused", Some(why)) => Reply::Refused(why),
            _ => return None,
        };
        let details: Details = match self.maybe_text()? {
            Some(text) => serde_json::from_str(&text).ok()?,
            None => Details::new(),
        };
        let (unit, kind) = (self.maybe_number()?, self.text()?);
        let (first, last) = (self.maybe_number::<i64>()?, self.maybe_number::<i64>()?);
        let numbers = first.zip(last).map(|(first, last)| (first.cast_unsigned(), last.cast_unsigned()));
        let target = Target { unit, kind, numbers, name: self.text()? };
        let back = self.flag()?;
        Some(Request { flow, back, verb, function, target, value, reply, details })
    }

    fn identity(&mut self) -> Option<Identity> {
        Some(Identity {
            address: self.parsed()?,
            about: self.word::<Trait>()?,
            value: self.text()?,
            witness: Witness { protocol: self.parsed::<Protocol>()?, field: self.text()? },
            confidence: self.number()?,
        })
    }

    fn weakness(&mut self) -> Option<Weakness> {
        Some(Weakness {
            address: self.parsed()?,
            port: self.number()?,
            protocol: self.parsed()?,
            kind: self.word::<WeaknessKind>()?,
            detail: self.text()?,
            peer: self.maybe_parsed()?,
        })
    }
}

/// Reads what `Transport` is shown as.
pub(super) fn transport(text: &str) -> Option<Transport> {
    Some(match text {
        "icmp" => Transport::Icmp,
        "sctp" => Transport::Sctp,
        "tcp" => Transport::Tcp,
        "udp" => Transport::Udp,
        _ => match text.split_once('-')? {
            ("ip", number) => Transport::Ip(number.parse().ok()?),
            ("ethernet", digits) => Transport::Ethernet(u16::from_str_radix(digits, 16).ok()?),
            _ => return None,
        },
    })
}

/// Reads a state's short name.
pub(super) fn state(text: &str) -> Option<ConnectionState> {
    STATES.into_iter().find(|state| state.as_str() == text)
}

const STATES: [ConnectionState; 13] = [
    ConnectionState::Oth,
    ConnectionState::Rej,
    ConnectionState::Rstos0,
    ConnectionState::Rsto,
    ConnectionState::Rstr,
    ConnectionState::Rstrh,
    ConnectionState::S0,
    ConnectionState::S1,
    ConnectionState::S2,
    ConnectionState::S3,
    ConnectionState::Sf,
    ConnectionState::Sh,
    ConnectionState::Shr,
];
