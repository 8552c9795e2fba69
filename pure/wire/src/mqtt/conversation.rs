//! Follows a client and a broker.

use super::PORT;
use super::fields::{self, Fields, short};
use super::message::{
    Connect, Filters, Packet, PacketType, Properties, PropertyId, Publish, ReasonCode, Version,
};
use super::parse::{self, PACKET_BYTES_MAX};
use super::sparkplug::Sparkplug;
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::show::VALUE_BYTES_MAX;
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::{ToCompactString, format_compact};
use std::collections::{BTreeMap, VecDeque};

/// Packets awaiting an acknowledgement at a time, in each conversation.
const PENDING_MAX: usize = 128;

/// How many bytes they may take together.
const PENDING_BYTES_MAX: usize = 256 << 10;

/// Topic filters told of one SUBSCRIBE or UNSUBSCRIBE.
const FILTERS_MAX: usize = 256;

/// Topic aliases held for each side (3.3.2.3.4). Brokers allow ten or so.
const ALIASES_MAX: usize = 64;

/// The longest topic that an alias is held for, in bytes.
const ALIAS_BYTES_MAX: usize = 512;

/// How many malformed packets a conversation may hold before it is given up.
const STRIKES_MAX: u32 = 8;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One client and one broker.
#[derive(Default)]
struct Conversation {
    client: Option<Side>,
    version: Option<Version>,
    /// The login whose answer is awaited.
    login: Option<Login>,
    pending: VecDeque<Pending>,
    pending_bytes: usize,
    /// What topic aliases stand for, as source and destination chose them.
    aliases: [BTreeMap<u16, Text>; 2],
    /// Whether the beginning of a packet must be found, for source and destination.
    searching: [bool; 2],
    strikes: u32,
    broker_told: bool,
    sparkplug: Sparkplug,
}

/// A CONNECT, without its password.
struct Login {
    asked: Asked,
    client_id: Text,
    user_name: Option<Text>,
    shipped: bool,
}

/// What awaits an acknowledgement.
struct Pending {
    asker: Side,
    kind: PacketType,
    id: u16,
    asked: Vec<Asked>,
    /// How much it took to keep when it was begun.
    bytes: usize,
}

impl Pending {
    fn new(asker: Side, kind: PacketType, id: u16, asked: Vec<Asked>) -> Pending {
        let bytes = asked.iter().map(Asked::weight).sum();
        Pending { asker, kind, id, asked, bytes }
    }
}

impl Dialogue for Conversation {
    fn datagram(&mut self, _side: Side, _bytes: &[u8], _out: &mut Out<'_>) -> bool {
        false
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return Progress::Used(used);
            }
            if *self.searching_mut(side) {
                match find_packet(rest, self.version) {
                    Some(skipped) => {
                        used += skipped;
                        *self.searching_mut(side) = false;
                    }
                    None => return Progress::Used(bytes.len()),
                }
                continue;
            }
            let header = match parse::parse_header(rest) {
                Ok(Some(header)) if header.is_sound() => header,
                Ok(None) => return Progress::Used(used),
                // A packet that breaks a rule, but says where it ends.
                Ok(Some(header)) if header.total() <= rest.len() && self.strike() => {
                    used += header.total();
                    continue;
                }
                Ok(Some(_)) | Err(parse::BadLength) => return Progress::Lost,
            };
            let total = header.total();
            let body = rest.get(header.header_bytes..rest.len().min(total)).unwrap_or_default();
            let whole = rest.len() >= total;
            if !whole && rest.len() < PACKET_BYTES_MAX {
                return Progress::Used(used);
            }
            // Of what is longer than anything held, only a PUBLISH can be read from its beginning.
            if whole || header.kind == PacketType::PUBLISH {
                match parse::parse_packet(header, body, self.version) {
                    Some(packet) => self.packet(side, &packet, out),
                    None if self.strike() => {}
                    None => return Progress::Lost,
                }
            }
            used += total;
            if !whole {
                return Progress::Skip(used as u64);
            }
        }
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        *self.searching_mut(side) = true;
    }

    fn holds(&self) -> usize {
        self.pending_bytes
    }

    fn end(&mut self, out: &mut Out<'_>) {
        let client = self.client.unwrap_or(Side::Source);
        if let Some(login) = self.login.take() {
            out.request(client, login.asked);
        }
        while let Some(pending) = self.pending.pop_front() {
            self.tell(pending, out);
        }
    }
}

/// Finds where packets follow one another without a rest, up to the end of the bytes or for so many that it cannot be
/// chance.
fn find_packet(bytes: &[u8], version: Option<Version>) -> Option<usize> {
    /// Packets in a row that convince.
    const ROW: usize = 16;
    /// Far more than one packet's head lies in this reach; without a bound, a long blob would be tried at every byte.
    const REACH: usize = 4_096;
    let chains = |start: usize| {
        let mut rest = bytes.get(start..).unwrap_or_default();
        for _ in 0..ROW {
            if rest.is_empty() {
                return true;
            }
            let Ok(Some(header)) = parse::parse_header(rest) else { return false };
            let Some(body) = rest.get(header.header_bytes..header.total()) else { return false };
            if !header.is_sound() || parse::parse_packet(header, body, version).is_none() {
                return false;
            }
            rest = rest.get(header.total()..).unwrap_or_default();
        }
        true
    };
    (0..bytes.len().min(REACH)).find(|start| chains(*start))
}

impl Conversation {
    fn searching_mut(&mut self, side: Side) -> &mut bool {
        let [source, destination] = &mut self.searching;
        match side {
            Side::Source => source,
            Side::Destination => destination,
        }
    }

    fn aliases_mut(&mut self, side: Side) -> &mut BTreeMap<u16, Text> {
        let [source, destination] = &mut self.aliases;
        match side {
            Side::Source => source,
            Side::Destination => destination,
        }
    }

    /// Counts a malformed packet; `false` once there were too many.
    fn strike(&mut self) -> bool {
        self.strikes += 1;
        self.strikes <= STRIKES_MAX
    }

    fn packet(&mut self, side: Side, packet: &Packet<'_>, out: &mut Out<'_>) {
        let client = *self.client.get_or_insert_with(|| match packet {
            Packet::Connect(_) | Packet::Subscribe { .. } | Packet::Unsubscribe { .. } | Packet::Pingreq => {
                side
            }
            Packet::Connack { .. } | Packet::Suback { .. } | Packet::Unsuback { .. } | Packet::Pingresp => {
                side.other()
            }
            _ if out.flow.source_port == PORT && out.flow.destination_port != PORT => Side::Destination,
            _ => Side::Source,
        });
        match packet {
            Packet::Connect(connect) => self.connect(connect, client, out),
            Packet::Connack { session_present, code, properties } => {
                self.connack(*session_present, *code, *properties, client, out);
            }
            Packet::Publish(publish) => self.publish(publish, side, client, out),
            Packet::Ack { kind, id, code, properties } => self.ack(side, *kind, *id, *code, *properties, out),
            Packet::Subscribe { id, properties, filters } => {
                self.subscribe(PacketType::SUBSCRIBE, *id, *properties, *filters, side, out);
            }
            Packet::Unsubscribe { id, properties, filters } => {
                self.subscribe(PacketType::UNSUBSCRIBE, *id, *properties, *filters, side, out);
            }
            Packet::Suback { id, properties, codes } => {
                self.suback(PacketType::SUBSCRIBE, *id, *properties, codes, side.other(), out);
            }
            Packet::Unsuback { id, properties, codes } => {
                self.suback(PacketType::UNSUBSCRIBE, *id, *properties, codes, side.other(), out);
            }
            Packet::Auth { code, properties } => auth(*code, *properties, side, out),
            Packet::Disconnect { code, properties } => {
                // Before 5.0 it has no reason (3.1.1, clause 3.14).
                let code = self.version.filter(|version| *version == Version::V5).map(|_| *code);
                notice(side, "disconnect", code, *properties, out);
            }
            Packet::Pingreq => notice(side, "pingreq", None, Properties::default(), out),
            Packet::Pingresp => notice(side, "pingresp", None, Properties::default(), out),
        }
    }

    fn connect(&mut self, connect: &Connect<'_>, client: Side, out: &mut Out<'_>) {
        if let Some(unanswered) = self.login.take() {
            out.request(client, unanswered.asked);
        }
        self.version = Some(connect.version);
        let client_id = short(connect.client_id);
        let user_name = connect.user_name.map(short);
        let name = user_name.as_deref().unwrap_or_default();
        if connect.password.is_some() {
            let detail = format_compact!("user name {name}");
            out.weakness(client.other(), WeaknessKind::CleartextCredentials, detail);
        }
        let shipped = fields::is_shipped_login(
            connect.user_name.unwrap_or_default(),
            connect.password.unwrap_or_default(),
        );
        out.identity(client, Trait::Name, &client_id, "client-id", 40);
        let mut details = Details::new();
        if out.wants_details() {
            Fields(&mut details).connect(connect);
        }
        let asked = Asked {
            verb: Verb::Authenticate,
            function: "connect".into(),
            target: Target::named(client_id.clone()),
            value: None,
            reply: Reply::Missing,
            details,
        };
        self.login = Some(Login { asked, client_id, user_name, shipped });
    }

    fn connack(
        &mut self,
        present: bool,
        code: u8,
        properties: Properties<'_>,
        client: Side,
        out: &mut Out<'_>,
    ) {
        let version =
            *self.version.get_or_insert(if properties.0.is_empty() { Version::V3_1_1 } else { Version::V5 });
        let reason = ReasonCode::of_connack(version, code);
        let server = client.other();
        self.tell_broker(server, out);
        let login = self.login.take();
        let seen = login.is_some();
        let mut asked = match login {
            Some(login) => {
                if !reason.is_error() {
                    weaknesses(&login, server, out);
                }
                login.asked
            }
            None => Asked {
                verb: Verb::Authenticate,
                function: "connect".into(),
                target: Target::default(),
                value: None,
                reply: Reply::Missing,
                details: Details::new(),
            },
        };
        asked.reply = outcome(reason);
        if out.wants_details() {
            let mut fields = Fields(&mut asked.details);
            if !seen {
                fields.put("request-seen", "false");
            }
            fields.show("session-present", present);
            fields.show("return-code", code);
            fields.put("reason", reason.text());
            fields.properties("reply-property", properties);
        }
        out.request(client, asked);
    }

    fn put_version(&self, fields: &mut Fields<'_>) {
        if let Some(version) = self.version {
            fields.put("protocol-version", version.text());
        }
    }

    fn tell_broker(&mut self, server: Side, out: &mut Out<'_>) {
        if !self.broker_told {
            self.broker_told = true;
            out.identity(server, Trait::Role, "broker", "CONNACK", 90);
        }
    }

    /// The topic of a PUBLISH, its alias resolved.
    fn topic(&mut self, publish: &Publish<'_>, side: Side) -> Text {
        let named = short(publish.topic);
        let alias =
            publish.properties.number(PropertyId::TOPIC_ALIAS).and_then(|alias| u16::try_from(alias).ok());
        let Some(alias) = alias else { return named };
        let aliases = self.aliases_mut(side);
        let short_enough = named.len() <= ALIAS_BYTES_MAX;
        if named.is_empty() {
            return aliases.get(&alias).cloned().unwrap_or_else(|| format_compact!("(alias {alias})"));
        }
        if !short_enough {
            aliases.remove(&alias);
        } else if aliases.len() < ALIASES_MAX || aliases.contains_key(&alias) {
            aliases.insert(alias, named.clone());
        }
        named
    }

    fn publish(&mut self, publish: &Publish<'_>, side: Side, client: Side, out: &mut Out<'_>) {
        let target = Target::named(self.topic(publish, side));
        let speaker = (side == client).then_some(side);
        let metrics = self.sparkplug.message(side, speaker, &target.name, publish.payload, out);
        let value = metrics.or_else(|| Some(fields::payload(publish.payload, VALUE_BYTES_MAX)));
        let mut details = Details::new();
        if out.wants_details() {
            let mut fields = Fields(&mut details);
            fields.publish(publish, side == client);
            self.put_version(&mut fields);
            // A metric that names a secret is as readable in the whole payload.
            if value.as_ref().is_some_and(|value| value.contains("=(hidden)"))
                && let Some((_, payload)) = details.iter_mut().find(|(name, _)| name == "payload")
            {
                *payload = "(hidden)".into();
            }
        }
        let reply = if publish.qos == 0 { Reply::NotExpected } else { Reply::Missing };
        let asked = Asked { verb: Verb::Publish, function: "publish".into(), target, value, reply, details };
        match publish.id {
            None => out.request(side, asked),
            Some(id) => {
                // Sent again before it was acknowledged (4.4): the same message, not another.
                let known = |p: &Pending| (p.asker, p.kind, p.id) == (side, PacketType::PUBLISH, id);
                if !(publish.duplicate && self.pending.iter().any(known)) {
                    self.await_reply(Pending::new(side, PacketType::PUBLISH, id, vec![asked]), out);
                }
            }
        }
    }

    fn await_reply(&mut self, pending: Pending, out: &mut Out<'_>) {
        let same = |p: &Pending| (p.asker, p.kind, p.id) == (pending.asker, pending.kind, pending.id);
        if let Some(old) = self.pending.iter().position(same).and_then(|place| self.pending.remove(place)) {
            self.tell(old, out);
        }
        self.pending_bytes += pending.bytes;
        self.pending.push_back(pending);
        while self.pending.len() > PENDING_MAX || self.pending_bytes > PENDING_BYTES_MAX {
            let Some(oldest) = self.pending.pop_front() else { return };
            self.tell(oldest, out);
        }
    }

    /// Tells of what was pending and is so no more.
    fn tell(&mut self, pending: Pending, out: &mut Out<'_>) {
        self.pending_bytes = self.pending_bytes.saturating_sub(pending.bytes);
        pending.asked.into_iter().for_each(|asked| out.request(pending.asker, asked));
    }

    fn ack(
        &mut self,
        side: Side,
        kind: PacketType,
        id: u16,
        code: ReasonCode,
        properties: Properties<'_>,
        out: &mut Out<'_>,
    ) {
        // PUBREL comes from the side that published; the others from the one that received.
        let asker = if kind == PacketType::PUBREL { side } else { side.other() };
        let known = |p: &Pending| (p.asker, p.kind, p.id) == (asker, PacketType::PUBLISH, id);
        let Some(place) = self.pending.iter().position(known) else {
            // Of a message that was never seen, the last acknowledgement alone is told.
            if matches!(kind, PacketType::PUBACK | PacketType::PUBCOMP) {
                out.request(asker, unasked(Verb::Publish, "publish", id, &[code.0], out.wants_details()));
            }
            return;
        };
        let (name, code_name) = match kind {
            PacketType::PUBREC => ("pubrec", "pubrec-code"),
            PacketType::PUBREL => ("pubrel", "pubrel-code"),
            PacketType::PUBCOMP => ("pubcomp", "pubcomp-code"),
            _ => ("puback", "puback-code"),
        };
        if let Some(asked) = self.pending.get_mut(place).and_then(|pending| pending.asked.first_mut()) {
            asked.reply = outcome(code);
            // Each step is kept once, however often it is sent.
            if out.wants_details() && !asked.details.iter().any(|(known, _)| known == name) {
                let mut fields = Fields(&mut asked.details);
                fields.put(name, code.text());
                fields.show(code_name, code.0);
                fields.properties("reply-property", properties);
            }
        }
        let done = code.is_error() || matches!(kind, PacketType::PUBACK | PacketType::PUBCOMP);
        if done && let Some(pending) = self.pending.remove(place) {
            self.tell(pending, out);
        } else if let Some(asked) = self.pending.get_mut(place).and_then(|pending| pending.asked.first_mut())
        {
            // Half way through the exchange of QoS 2 (4.3.3) nothing is certain yet.
            asked.reply = Reply::Missing;
        }
    }

    fn subscribe(
        &mut self,
        kind: PacketType,
        id: u16,
        properties: Properties<'_>,
        filters: Filters<'_>,
        side: Side,
        out: &mut Out<'_>,
    ) {
        let function = if kind == PacketType::SUBSCRIBE { "subscribe" } else { "unsubscribe" };
        let count = filters.iter().count();
        let one = |(number, (filter, options)): (usize, (&[u8], u8))| {
            let mut details = Details::new();
            if out.wants_details() {
                let mut fields = Fields(&mut details);
                fields.show("packet-id", id);
                fields.show("part", number + 1);
                fields.show("parts", count);
                if kind == PacketType::SUBSCRIBE {
                    fields.show("qos", options & 3);
                    fields.show("no-local", options & 4 != 0);
                    fields.show("retain-as-published", options & 8 != 0);
                    fields.show("retain-handling", options >> 4 & 3);
                }
                if number == 0 {
                    self.put_version(&mut fields);
                    fields.properties("property", properties);
                }
            }
            Asked {
                verb: Verb::Subscribe,
                function: function.into(),
                target: Target::named(short(filter)),
                value: None,
                reply: Reply::Missing,
                details,
            }
        };
        let asked = filters.iter().take(FILTERS_MAX).enumerate().map(one).collect();
        self.await_reply(Pending::new(side, kind, id, asked), out);
    }

    fn suback(
        &mut self,
        kind: PacketType,
        id: u16,
        properties: Properties<'_>,
        codes: &[u8],
        asker: Side,
        out: &mut Out<'_>,
    ) {
        let known = |p: &Pending| (p.asker, p.kind, p.id) == (asker, kind, id);
        let place = self.pending.iter().position(known);
        let Some(mut pending) = place.and_then(|place| self.pending.remove(place)) else {
            let function = if kind == PacketType::SUBSCRIBE { "subscribe" } else { "unsubscribe" };
            out.request(asker, unasked(Verb::Subscribe, function, id, codes, out.wants_details()));
            return;
        };
        for (number, asked) in pending.asked.iter_mut().enumerate() {
            // Before 5.0 an UNSUBACK holds no codes (3.1.1, clause 3.11): it says that all was done.
            let code = codes
                .get(number)
                .copied()
                .or((kind == PacketType::UNSUBSCRIBE && codes.is_empty()).then_some(0));
            if let Some(code) = code {
                asked.reply = outcome(ReasonCode(code));
                if out.wants_details() {
                    let mut fields = Fields(&mut asked.details);
                    if kind == PacketType::SUBSCRIBE {
                        fields.show("granted-qos", code);
                    }
                    fields.show("reason-code", code);
                    if number == 0 {
                        fields.properties("reply-property", properties);
                    }
                }
            }
        }
        self.tell(pending, out);
    }
}

/// What a login that was accepted shows.
fn weaknesses(login: &Login, server: Side, out: &mut Out<'_>) {
    match &login.user_name {
        None => {
            let detail = format_compact!("client {} was let in without a name", login.client_id);
            out.weakness(server, WeaknessKind::AnonymousLogin, detail);
        }
        Some(name) if login.shipped => {
            let detail = format_compact!("user name {name}, with the password a maker ships");
            out.weakness(server, WeaknessKind::DefaultCredentials, detail);
        }
        Some(_) => {}
    }
}

fn outcome(reason: ReasonCode) -> Reply {
    if reason.is_error() { Reply::Refused(reason.text()) } else { Reply::Done }
}

/// An acknowledgement of what was not seen.
fn unasked(verb: Verb, function: &'static str, id: u16, codes: &[u8], with_details: bool) -> Asked {
    let refused = codes.iter().map(|code| ReasonCode(*code)).find(|code| code.is_error());
    let mut details = Details::new();
    if with_details {
        let mut fields = Fields(&mut details);
        fields.put("request-seen", "false");
        fields.show("packet-id", id);
        fields.put("reason-code", crate::show::listed(codes, VALUE_BYTES_MAX));
    }
    Asked {
        verb,
        function: function.into(),
        target: Target::default(),
        value: None,
        reply: refused.map_or(Reply::Done, outcome),
        details,
    }
}

/// A packet that asks for nothing: told to records only.
fn notice(
    side: Side,
    packet: &'static str,
    code: Option<ReasonCode>,
    properties: Properties<'_>,
    out: &mut Out<'_>,
) {
    if !out.wants_details() {
        return;
    }
    let mut listed = Details::new();
    Fields(&mut listed).properties("property", properties);
    out.event(side, "eve_mqtt", |fields| {
        fields.put("packet", packet);
        if let Some(code) = code {
            fields.show("reason-code", code.0);
        }
        let named = listed.iter().map(|(name, value)| {
            let name = name.trim_start_matches("property-");
            format_compact!("{name}={value}")
        });
        fields.list("property", named);
    });
}

/// A step of an authentication of its own kind (5.0, clause 4.12). What is exchanged stays untold.
fn auth(code: ReasonCode, properties: Properties<'_>, side: Side, out: &mut Out<'_>) {
    let mut details = Details::new();
    if out.wants_details() {
        let mut fields = Fields(&mut details);
        fields.put("reason-code", code.0.to_compact_string());
        fields.properties("property", properties);
    }
    out.request(
        side,
        Asked {
            verb: Verb::Authenticate,
            function: "auth".into(),
            target: Target::default(),
            value: Some(code.text()),
            reply: if code.is_error() { Reply::Refused(code.text()) } else { Reply::NotExpected },
            details,
        },
    );
}
