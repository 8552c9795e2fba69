//! What a protocol's reader is given, and what it gives back.

use crate::Config;
use crate::expected::Expected;
use crate::unanswered::Allowance;
use city::{
    Address, Binding, Details, Flow, Identity, Mac, Message, Observation, Observed, Protocol, Reply, Request,
    Target, Text, Trait, Verb, Weakness, WeaknessKind, Witness,
};
use compact_str::ToCompactString;
use jiff::Timestamp;

/// Which end of a conversation speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The end that began the conversation.
    Source,
    /// The end that was spoken to.
    Destination,
}

impl Side {
    /// The other end.
    pub fn other(self) -> Side {
        match self {
            Side::Source => Side::Destination,
            Side::Destination => Side::Source,
        }
    }
}

/// Reads one protocol in one conversation.
///
/// Nothing that arrives may make it panic, loop or hold more than a bounded number of unanswered requests.
pub trait Dialogue: Send {
    /// Reads one datagram. Returns `false` if it is not of this protocol, as in one of streams alone.
    fn datagram(&mut self, _side: Side, _bytes: &[u8], _out: &mut Out<'_>) -> bool {
        false
    }

    /// Reads what has arrived of a stream, in order, beginning where the last call left off, and says how much of it
    /// was used. The rest is shown again, with more behind it. A protocol of datagrams alone has no streams.
    fn stream(&mut self, _side: Side, _bytes: &[u8], _out: &mut Out<'_>) -> Progress {
        Progress::Lost
    }

    /// Part of the stream was never seen: forget what is half read and find the next message.
    fn gap(&mut self, _side: Side, _missing: u64, _out: &mut Out<'_>) {}

    /// About how many bytes it remembers of what was said, where that can be much: unfinished messages, and what is
    /// kept in order. All dialogues together have a bound ([`crate::Limits::remembered_bytes`]).
    fn holds(&self) -> usize {
        0
    }

    /// The conversation is over: tell of what is unanswered.
    fn end(&mut self, out: &mut Out<'_>);
}

/// How far a stream was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many bytes are done with; the rest needs more behind it. Using all of them is `Used(bytes.len())`.
    Used(usize),
    /// So many bytes that are about to come are of no interest (a body, a blob), counted from the start of `bytes`;
    /// may be more than are there.
    Skip(u64),
    /// These bytes are not of this protocol, now or ever again.
    Lost,
}

/// Where a dialogue puts what it learned, and what it may know of its conversation.
pub struct Out<'a> {
    pub(crate) config: &'a Config,
    pub(crate) observations: &'a mut Vec<Observation>,
    /// Where announced conversations are kept; nothing for what is directly on the link.
    pub(crate) expected: Option<&'a mut Expected>,
    /// What all conversations together may keep of unanswered requests; nothing for what is directly on the link.
    pub(crate) unanswered: Option<&'a Allowance>,
    /// The time of the packet being read.
    pub time: Timestamp,
    /// The conversation; its `protocol` is that of the dialogue. The source is the end that began it.
    pub flow: Flow,
}

impl Out<'_> {
    /// Whether [`Details`] are wanted, by logs or by events; without, building them is a waste.
    pub fn wants_details(&self) -> bool {
        let protocol = self.flow.protocol.as_ref();
        self.config.logs || protocol.is_some_and(|protocol| self.config.events.contains(protocol))
    }

    /// Whether those [`Details`] are wanted by which indicators know a request.
    pub fn wants_signs(&self) -> bool {
        self.config.signs
    }

    /// Whether the rows of logs are wanted.
    pub fn wants_logs(&self) -> bool {
        self.config.logs
    }

    /// Whether those [`Details`] are wanted too that no log has a column for.
    pub fn wants_events(&self) -> bool {
        !self.config.events.is_empty()
    }

    /// The address of one side.
    pub fn address(&self, side: Side) -> Address {
        match side {
            Side::Source => self.flow.source,
            Side::Destination => self.flow.destination,
        }
    }

    /// The port of one side.
    pub fn port(&self, side: Side) -> u16 {
        match side {
            Side::Source => self.flow.source_port,
            Side::Destination => self.flow.destination_port,
        }
    }

    /// The flow as seen by the side that asks: its source is that side.
    pub fn flow_from(&self, asker: Side) -> Flow {
        match asker {
            Side::Source => self.flow,
            Side::Destination => self.flow.reversed(),
        }
    }

    /// Tells of a fact, now.
    pub fn observe(&mut self, fact: Observed) {
        let observation = Observation { time: self.time, sensor: self.config.sensor.clone(), fact };
        self.observations.push(observation);
    }

    /// Tells of a request, made by `asker`.
    pub fn request(&mut self, asker: Side, request: Asked) {
        let Asked { verb, function, target, value, reply, details } = request;
        let flow = self.flow_from(asker);
        let back = asker == Side::Destination;
        self.observe(Observed::Request(Box::new(Request {
            flow,
            back,
            verb,
            function,
            target,
            value,
            reply,
            details,
        })));
    }

    /// Tells of a message, or of one part of it, in the field's own words: the name of the log in which the field keeps
    /// such rows, and the columns. Nothing is built unless logs are wanted.
    pub fn message(&mut self, side: Side, log: &'static str, fill: impl FnOnce(&mut Fields)) {
        if self.config.logs {
            self.tell(side, log, fill);
        }
    }

    /// Tells of what Suricata has an event for, and no log a row: the kind of event, prefixed `eve_`, and its fields.
    /// Nothing is built unless events are wanted.
    pub fn event(&mut self, side: Side, kind: &'static str, fill: impl FnOnce(&mut Fields)) {
        if self.wants_events() {
            self.tell(side, kind, fill);
        }
    }

    fn tell(&mut self, side: Side, log: &'static str, fill: impl FnOnce(&mut Fields)) {
        let mut fields = Fields::default();
        fill(&mut fields);
        self.observe(Observed::Message(Box::new(Message {
            flow: self.flow,
            back: side == Side::Destination,
            log: Text::const_new(log),
            fields: fields.0,
        })));
    }

    /// Announces a conversation to one of the two ends, from the other: it will be of this protocol. A third address
    /// is not looked for; see [`crate::expected`].
    pub fn expect(&mut self, address: Address, port: u16, protocol: Protocol) {
        if let Some(expected) = &mut self.expected {
            expected.add(self.flow, address, port, protocol, self.time);
        }
    }

    /// Tells what one side said of itself, in the dialogue's own protocol.
    pub fn identity(&mut self, side: Side, about: Trait, value: &str, field: &'static str, confidence: u8) {
        let address = self.address(side);
        self.identity_of(address, about, value, field, confidence);
    }

    /// Tells what was said of some device.
    pub fn identity_of(
        &mut self,
        address: Address,
        about: Trait,
        value: &str,
        field: &'static str,
        confidence: u8,
    ) {
        let value = value.trim();
        if let Some(protocol) = self.flow.protocol
            && !value.is_empty()
            && address.is_station()
        {
            let witness = Witness { protocol, field: Text::const_new(field) };
            self.observe(Observed::Identity(Identity {
                address,
                about,
                value: value.into(),
                witness,
                confidence,
            }));
        }
    }

    /// Tells that an IP and a MAC address were said to belong together.
    pub fn binding(&mut self, address: std::net::IpAddr, mac: Mac) {
        if let Some(protocol) = self.flow.protocol {
            self.observe(Observed::Binding(Binding { address, mac, protocol }));
        }
    }

    /// Tells of a weakness of one side, which showed in this conversation. The detail never holds a secret.
    pub fn weakness(&mut self, side: Side, kind: WeaknessKind, detail: impl Into<Text>) {
        if let Some(protocol) = self.flow.protocol {
            let (address, port) = (self.address(side), self.port(side));
            let peer = Some(self.address(side.other()));
            let detail = detail.into();
            self.observe(Observed::Weakness(Weakness { address, port, protocol, kind, detail, peer }));
        }
    }
}

/// The columns of a [`Message`], filled one by one.
#[derive(Clone, Debug)]
pub struct Fields(Details);

impl Default for Fields {
    fn default() -> Fields {
        // Room for those of most messages, asked for once.
        Fields(Details::with_capacity(16))
    }
}

impl Fields {
    /// Puts a column's value, or one more value of a list. Text from the network comes through
    /// [`crate::show::escaped`].
    pub fn put(&mut self, column: &'static str, value: impl Into<Text>) {
        self.0.push((Text::const_new(column), value.into()));
    }

    /// Puts all that another has: columns that were filled before their message was whole.
    pub fn append(&mut self, other: &Fields) {
        self.0.extend_from_slice(&other.0);
    }

    /// Puts a value as it is shown: a number, an address.
    pub fn show(&mut self, column: &'static str, value: impl ToCompactString) {
        self.put(column, value.to_compact_string());
    }

    /// Puts a truth as Zeek writes it, `T` or `F`.
    pub fn flag(&mut self, column: &'static str, value: bool) {
        self.put(column, Text::const_new(if value { "T" } else { "F" }));
    }

    /// Puts every value of a list, which may have none.
    pub fn list<T: Into<Text>>(&mut self, column: &'static str, values: impl IntoIterator<Item = T>) {
        let before = self.0.len();
        values.into_iter().for_each(|value| self.put(column, value));
        if self.0.len() == before {
            self.put(column, Text::default());
        }
    }
}

impl From<Fields> for Details {
    fn from(fields: Fields) -> Details {
        fields.0
    }
}

/// A request as a dialogue tells of it.
#[derive(Debug)]
pub struct Asked {
    pub verb: Verb,
    pub function: Text,
    pub target: Target,
    pub value: Option<Text>,
    pub reply: Reply,
    pub details: Details,
}

impl Asked {
    /// Roughly how many bytes it takes to keep, for bounds on what awaits a reply.
    pub(crate) fn weight(&self) -> usize {
        let value = self.value.as_ref().map_or(0, |value| value.len());
        size_of::<Asked>() + self.target.name.len() + value + weight(&self.details)
    }
}

/// Roughly how many bytes it takes to remember so many of something, with the text in each.
pub(crate) fn held<T>(count: usize) -> usize {
    const TEXT: usize = 256;
    count * (size_of::<T>() + TEXT)
}

/// Roughly how many bytes details take to keep.
pub(crate) fn weight(details: &Details) -> usize {
    details.iter().map(|(name, value)| size_of::<(Text, Text)>() + name.len() + value.len()).sum()
}

/// Makes an empty reader of a protocol.
pub type Open = fn() -> Box<dyn Dialogue>;

/// A protocol that the wire can read.
pub struct Reader {
    pub protocol: Protocol,
    /// Recognises the protocol by content.
    pub recognise: fn(&crate::recognise::Opening<'_>) -> crate::recognise::Recognition,
    pub open: Open,
}
