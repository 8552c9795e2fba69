//! Observations as records: the stable JSON that other tools read.
//!
//! Written field by field: a serialiser that flattens a shared head into each kind of record asks twice the time, and
//! this is what bounds how fast a capture is written out.

use crate::{figures, json};
use city::{Address, Flow, Observation, Observed, Protocol, Reply, Text};
use jiff::Timestamp;
use std::{fmt::Display, io::Write};

/// Writes lines. What one packet shows often has one flow: its text is made once.
#[derive(Debug, Default)]
pub struct Lines {
    ends: Option<(Flow, Vec<u8>)>,
}

impl Lines {
    /// Appends an observation as one line of JSON; nothing for what only matters while it happens.
    pub fn write(&mut self, out: &mut Vec<u8>, observation: &Observation) {
        write(self, out, observation);
    }

    /// What every record of a flow begins with.
    fn ends(&mut self, flow: &Flow) -> &[u8] {
        let (known, text) = self.ends.get_or_insert_with(|| (*flow, Vec::new()));
        if *known != *flow || text.is_empty() {
            *known = *flow;
            text.clear();
            ends(flow, text);
        }
        text
    }
}

fn write(lines: &mut Lines, out: &mut Vec<u8>, observation: &Observation) {
    let kind = match &observation.fact {
        Observed::Opened(_)
        | Observed::Recognised(_)
        | Observed::Backup(_)
        | Observed::Drill(_)
        | Observed::Repository(_)
        | Observed::Pack(_)
        | Observed::Alert(_)
        | Observed::Sighting(_)
        | Observed::Received(_)
        | Observed::Hunted(_)
        | Observed::Offered(_)
        | Observed::Withdrawn(_) => return,
        Observed::Binding(_) => "binding",
        Observed::Conversation(_) => "conversation",
        Observed::Flood(_) => "flood",
        Observed::Identity(_) => "identity",
        Observed::Loss(_) => "loss",
        Observed::Message(_) => "message",
        Observed::Request(_) => "request",
        Observed::Unread(_) => "unread",
        Observed::Weakness(_) => "weakness",
    };
    let mut record = Object::begin(out);
    record.ready("kind", kind);
    record.time(
        "time",
        match &observation.fact {
            // A conversation's time is that of its beginning.
            Observed::Conversation(conversation) => conversation.start,
            _ => observation.time,
        },
    );
    record.text("sensor", &observation.sensor);
    match &observation.fact {
        Observed::Opened(_)
        | Observed::Recognised(_)
        | Observed::Backup(_)
        | Observed::Drill(_)
        | Observed::Repository(_)
        | Observed::Pack(_)
        | Observed::Alert(_)
        | Observed::Sighting(_)
        | Observed::Received(_)
        | Observed::Hunted(_)
        | Observed::Offered(_)
        | Observed::Withdrawn(_) => {}
        Observed::Binding(binding) => {
            record.address("address", binding.address);
            record.address("mac", binding.mac);
            record.ready("protocol", binding.protocol.as_str());
        }
        Observed::Conversation(conversation) => {
            record.append(lines.ends(&conversation.flow));
            record.number("packets_out", conversation.packets_out);
            record.number("packets_in", conversation.packets_in);
            record.number("bytes_out", conversation.bytes_out);
            record.number("bytes_in", conversation.bytes_in);
            record.number("ip_bytes_out", conversation.ip_bytes_out);
            record.number("ip_bytes_in", conversation.ip_bytes_in);
            record.number("missed_bytes", conversation.missed_bytes);
            record.seconds("duration", conversation.duration.as_secs_f64());
            record.maybe_ready("community_id", wire::community_id(&conversation.flow).as_deref());
            record.ready("state", conversation.state.as_str());
            record.ready("history", &conversation.history);
            match conversation.vlan {
                Some(vlan) => record.number("vlan", vlan),
                None => record.null("vlan"),
            }
            record.maybe_address("source_mac", conversation.source_mac);
            record.maybe_address("destination_mac", conversation.destination_mac);
        }
        Observed::Flood(flood) => {
            record.maybe_address("destination", flood.destination);
            record.plain("transport", flood.transport);
            match flood.port {
                Some(port) => record.number("port", port),
                None => record.null("port"),
            }
            record.number("attempts", flood.attempts);
            record.number("sources", flood.sources);
            record.number("destinations", flood.destinations);
            record.time("start", flood.start);
            record.seconds("duration", flood.duration.as_secs_f64());
        }
        Observed::Identity(identity) => {
            record.address("address", identity.address);
            record.ready("about", identity.about.as_str());
            record.text("value", &identity.value);
            record.ready("protocol", identity.witness.protocol.as_str());
            record.text("field", &identity.witness.field);
            record.number("confidence", identity.confidence);
        }
        Observed::Loss(loss) => {
            record.ready("loss", loss.kind.as_str());
            record.number("count", loss.count);
            record.text("detail", &loss.detail);
        }
        Observed::Message(message) => {
            record.append(lines.ends(&message.flow));
            record.ready("from", if message.back { "destination" } else { "source" });
            record.text("log", &message.log);
            let mut fields = record.object("fields");
            for group in message.fields.chunk_by(|(a, _), (b, _)| a == b) {
                match group {
                    [(name, value)] => fields.text(name, value),
                    [(name, _), ..] => fields.list(name, group.iter().map(|(_, value)| value)),
                    [] => {}
                }
            }
            fields.end();
        }
        Observed::Request(request) => {
            record.append(lines.ends(&request.flow));
            record.ready("verb", request.verb.as_str());
            record.text("function", &request.function);
            record.shown("target", &request.target);
            match &request.value {
                Some(value) => record.text("value", value),
                None => record.null("value"),
            }
            record.ready("outcome", request.reply.as_str());
            if let Reply::Refused(why) = &request.reply {
                record.text("refusal", why);
            }
            if !request.details.is_empty() {
                let mut details = record.object("details");
                request.details.iter().for_each(|(name, value)| details.text(name, value));
                details.end();
            }
        }
        Observed::Unread(unread) => {
            record.plain("transport", unread.transport);
            record.number("port", unread.port);
            record.maybe_ready("protocol", unread.protocol.map(Protocol::as_str));
            record.number("count", unread.count);
            record.text("sample", &unread.sample);
        }
        Observed::Weakness(weakness) => {
            record.address("address", weakness.address);
            record.number("port", weakness.port);
            record.ready("protocol", weakness.protocol.as_str());
            record.ready("weakness", weakness.kind.as_str());
            record.text("detail", &weakness.detail);
            record.maybe_address("peer", weakness.peer);
        }
    }
    record.end();
    out.push(b'\n');
}

/// What every record of a flow begins with.
fn ends(flow: &Flow, text: &mut Vec<u8>) {
    let mut record = Object::begin(text);
    record.address("source", flow.source);
    record.number("source_port", flow.source_port);
    record.address("destination", flow.destination);
    record.number("destination_port", flow.destination_port);
    record.plain("transport", flow.transport);
    record.maybe_ready("protocol", flow.protocol.map(Protocol::as_str));
}

/// A JSON object that is being written. Writing to memory cannot fail, so what it answers is not looked at.
struct Object<'o> {
    out: &'o mut Vec<u8>,
}

impl Object<'_> {
    fn begin(out: &mut Vec<u8>) -> Object<'_> {
        out.push(b'{');
        Object { out }
    }

    fn end(self) {
        self.out.push(b'}');
    }

    fn name(&mut self, name: &str) {
        if self.out.last() != Some(&b'{') {
            self.out.push(b',');
        }
        json::plain(self.out, name);
        self.out.push(b':');
    }

    fn string(&mut self, text: &str) {
        json::string(self.out, text);
    }

    /// The members of another object, which is not ended.
    fn append(&mut self, members: &[u8]) {
        if let Some((_, members)) = members.split_first() {
            self.out.push(b',');
            self.out.extend_from_slice(members);
        }
    }

    /// Text that has nothing that JSON would have escaped.
    fn ready(&mut self, name: &str, text: &str) {
        self.name(name);
        json::plain(self.out, text);
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.string(value);
    }

    /// Something whose text has nothing that JSON would have escaped.
    fn plain(&mut self, name: &str, value: impl Display) {
        self.name(name);
        let _ = write!(self.out, "\"{value}\"");
    }

    fn maybe_ready(&mut self, name: &str, text: Option<&str>) {
        match text {
            Some(text) => self.ready(name, text),
            None => self.null(name),
        }
    }

    fn address(&mut self, name: &str, address: impl Into<Address>) {
        self.name(name);
        self.out.push(b'"');
        figures::address(self.out, address.into());
        self.out.push(b'"');
    }

    fn maybe_address(&mut self, name: &str, address: Option<impl Into<Address>>) {
        match address {
            Some(address) => self.address(name, address),
            None => self.null(name),
        }
    }

    fn time(&mut self, name: &str, time: Timestamp) {
        self.name(name);
        self.out.push(b'"');
        figures::time(self.out, time);
        self.out.push(b'"');
    }

    /// Something as it is shown.
    fn shown(&mut self, name: &str, value: &impl Display) {
        self.name(name);
        json::shown(self.out, value);
    }

    fn number(&mut self, name: &str, value: impl Into<u64>) {
        self.name(name);
        figures::number(self.out, value.into());
    }

    fn seconds(&mut self, name: &str, value: f64) {
        self.name(name);
        let _ = serde_json::to_writer(&mut *self.out, &value);
    }

    fn null(&mut self, name: &str) {
        self.name(name);
        self.out.extend_from_slice(b"null");
    }

    fn list<'v>(&mut self, name: &str, values: impl Iterator<Item = &'v Text>) {
        self.name(name);
        self.out.push(b'[');
        for (place, value) in values.enumerate() {
            if place > 0 {
                self.out.push(b',');
            }
            self.string(value);
        }
        self.out.push(b']');
    }

    fn object(&mut self, name: &str) -> Object<'_> {
        self.name(name);
        Object::begin(self.out)
    }
}
