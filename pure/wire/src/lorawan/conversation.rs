//! Follows a gateway and its network server.

use super::frame::{self, Data, Frame};
use super::message::{self, Body, Identifier, Message};
use super::parse;
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::json::Value;
use crate::show;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;
use std::collections::{BTreeMap, VecDeque};

/// Forwarders write base64 with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Messages awaiting an acknowledgement at a time.
const PENDING_MAX: usize = 64;

/// Requests awaiting one, over all messages.
const PENDING_REQUESTS_MAX: usize = 512;

/// Radio packets told of one PUSH_DATA; a concentrator hands over eight at a time.
const PACKETS_MAX: usize = 64;

/// End devices whose counters are remembered in a conversation; a device more begins anew.
const DEVICES_MAX: usize = 4_096;

/// The longest radio packet, in bytes (LoRaWAN Regional Parameters), with room to spare.
const PACKET_BYTES_MAX: usize = 512;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One gateway and one server.
#[derive(Default)]
struct Conversation {
    pending: VecDeque<Pending>,
    /// The gateway that was told of.
    gateway: Option<[u8; 8]>,
    /// The gateway whose first PULL_DATA was told.
    pulling: Option<[u8; 8]>,
    memory: Memory,
    server_told: bool,
    weakness_told: bool,
}

/// What awaits an acknowledgement with its token.
struct Pending {
    asker: Side,
    identifier: Identifier,
    token: u16,
    asked: Vec<Asked>,
}

/// What devices counted last, by who speaks: a device's address upwards and downwards, and its EUI for joining.
#[derive(Default)]
struct Memory(BTreeMap<(Kind, u64), (u16, u32)>);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Down,
    Join,
    Up,
}

impl Memory {
    /// The counter in words, with what is wrong with it.
    fn counter(&mut self, kind: Kind, device: u64, counter: u16, code: u32) -> Text {
        let before = self.swap(kind, device, counter, code);
        match before {
            Some((last, before)) if last == counter && before == code => {
                format_compact!("counter {counter} sent again")
            }
            Some((last, _)) if last == counter => {
                format_compact!("counter {counter} repeated with other content")
            }
            // Past 65535 it goes on at 0 (4.3.1.5); what was lost around there is forgiven.
            Some((last, _)) if counter < last && last - counter < 0x8000 => {
                format_compact!("counter {counter} back from {last}")
            }
            _ => format_compact!("counter {counter}"),
        }
    }

    /// The nonce of a join request in words.
    fn nonce(&mut self, device: u64, nonce: u16, code: u32) -> Text {
        match self.swap(Kind::Join, device, nonce, code) {
            Some((last, _)) if last == nonce => format_compact!("nonce {nonce} used before"),
            _ => format_compact!("nonce {nonce}"),
        }
    }

    fn swap(&mut self, kind: Kind, device: u64, counter: u16, code: u32) -> Option<(u16, u32)> {
        let key = (kind, device);
        if self.0.len() >= DEVICES_MAX && !self.0.contains_key(&key) {
            self.0.pop_first();
        }
        self.0.insert(key, (counter, code))
    }
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let Some(message) = parse::parse_message(bytes) else { return false };
        self.message(side, &message, out);
        true
    }

    fn stream(&mut self, _side: Side, _bytes: &[u8], _out: &mut Out<'_>) -> Progress {
        Progress::Lost
    }

    fn gap(&mut self, _side: Side, _missing: u64, _out: &mut Out<'_>) {}

    fn holds(&self) -> usize {
        crate::dialogue::held::<Pending>(self.pending.len())
    }

    fn end(&mut self, out: &mut Out<'_>) {
        while let Some(pending) = self.pending.pop_front() {
            tell(pending, out);
        }
    }
}

fn tell(pending: Pending, out: &mut Out<'_>) {
    pending.asked.into_iter().for_each(|asked| out.request(pending.asker, asked));
}

fn asked(verb: Verb, function: &'static str, target: Target, value: Option<Text>) -> Asked {
    let function = Text::const_new(function);
    Asked { verb, function, target, value, reply: Reply::Missing, details: Details::new() }
}

fn device(name: impl Into<Text>) -> Target {
    Target { kind: "end-device".into(), ..Target::named(name) }
}

impl Conversation {
    fn message(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        if let Some(gateway) = message.gateway
            && self.gateway != Some(gateway)
        {
            self.gateway = Some(gateway);
            out.identity(side, Trait::Name, &message::eui(gateway), "gateway-eui", 90);
            out.identity(side, Trait::Role, "LoRaWAN gateway", "gateway-eui", 90);
        }
        if !message.identifier.is_of_gateway() && !self.server_told {
            self.server_told = true;
            out.identity(side, Trait::Role, "LoRaWAN network server", "acknowledgement", 90);
        }
        match (message.identifier, message.body) {
            (Identifier::PUSH_DATA, Body::Json(body)) => self.push(side, message, body, out),
            (Identifier::PULL_RESP, Body::Json(body)) => self.downlink(side, message, body, out),
            (Identifier::PULL_DATA, _) if self.pulling != message.gateway => {
                self.pulling = message.gateway;
                let asked = asked(Verb::Subscribe, "pull-data", gateway(message), None);
                self.await_reply(side, message, vec![asked], out);
            }
            (Identifier::PUSH_ACK, _) => {
                self.answer(side, Identifier::PUSH_DATA, message.token, None, out);
            }
            (Identifier::PULL_ACK, _) => {
                self.answer(side, Identifier::PULL_DATA, message.token, None, out);
            }
            (Identifier::TX_ACK, body) => {
                let error = match body {
                    Body::Json(value) => value.member("txpk_ack").and_then(|ack| ack.member("error")),
                    Body::Nothing => None,
                };
                let refused = error.and_then(Value::bytes).and_then(message::refusal);
                self.answer(side, Identifier::PULL_RESP, message.token, refused, out);
            }
            _ => {}
        }
    }

    fn push(&mut self, side: Side, message: &Message<'_>, body: Value<'_>, out: &mut Out<'_>) {
        let mut told = Vec::new();
        let packets = body.member("rxpk").into_iter().flat_map(Value::items).take(PACKETS_MAX);
        for packet in packets {
            // A gateway hands on what it could not check as well, if it was told to.
            let damaged = packet.member("stat").and_then(Value::bytes) == Some(b"-1");
            if !damaged && let Some(bytes) = payload(packet) {
                told.push(self.uplink(&bytes));
            }
        }
        if let Some(status) = body.member("stat") {
            told.push(asked(Verb::Publish, "gateway-status", gateway(message), status_text(status)));
            if let Some(platform) = status.member("pfrm").and_then(Value::bytes) {
                out.identity(side, Trait::Model, &show::readable(platform, 64), "stat pfrm", 50);
            }
        }
        self.await_reply(side, message, told, out);
    }

    fn uplink(&mut self, bytes: &[u8]) -> Asked {
        match frame::parse_frame(bytes) {
            Some(Frame::JoinRequest { join_eui, device_eui, nonce, code }) => {
                let nonce = self.memory.nonce(device_eui, nonce, code);
                let value = format_compact!("join-eui {join_eui:016x}, {nonce}");
                let target = device(format_compact!("{device_eui:016x}"));
                asked(Verb::Authenticate, "join-request", target, Some(value))
            }
            Some(Frame::Rejoin { kind, device_eui, count }) => {
                let value = format_compact!("type {kind}, counter {count}");
                let target = device(format_compact!("{device_eui:016x}"));
                asked(Verb::Authenticate, "rejoin-request", target, Some(value))
            }
            Some(Frame::Data(data)) => {
                let function = if data.confirmed { "confirmed-data-up" } else { "unconfirmed-data-up" };
                asked(Verb::Publish, function, data_target(&data), Some(self.data_text(&data)))
            }
            Some(Frame::Proprietary) => asked(Verb::Publish, "proprietary-up", device(""), size(bytes)),
            Some(Frame::JoinAccept) | None => asked(Verb::Publish, "foreign-up", device(""), size(bytes)),
        }
    }

    fn data_text(&mut self, data: &Data<'_>) -> Text {
        // A gateway may hear other gateways: the direction is the frame's, not the datagram's.
        let kind = if data.up { Kind::Up } else { Kind::Down };
        let counter = self.memory.counter(kind, data.address.into(), data.counter, data.code);
        let acknowledged = if data.acknowledges { ", acknowledges" } else { "" };
        format_compact!("{counter}{acknowledged}, {} bytes", data.payload.len())
    }

    fn downlink(&mut self, side: Side, message: &Message<'_>, body: Value<'_>, out: &mut Out<'_>) {
        let Some(packet) = body.member("txpk") else { return };
        let Some(bytes) = payload(packet) else { return };
        let mut asked = match frame::parse_frame(&bytes) {
            Some(Frame::Data(data)) => {
                let function = if data.confirmed { "confirmed-data-down" } else { "unconfirmed-data-down" };
                let (verb, commands) = meaning(&data);
                let mut value = self.data_text(&data);
                if !commands.is_empty() {
                    value.push_str(", ");
                    value.push_str(&commands);
                }
                asked(verb, function, data_target(&data), Some(value))
            }
            // It gives a device its address and its keys; to whom cannot be read.
            Some(Frame::JoinAccept) => asked(Verb::Authenticate, "join-accept", device(""), None),
            Some(Frame::Proprietary) => asked(Verb::Write, "proprietary-down", device(""), size(&bytes)),
            _ => asked(Verb::Write, "foreign-down", device(""), size(&bytes)),
        };
        if message.version == 1 {
            // Version 1 has no answer: the gateway sends if it can.
            asked.reply = Reply::NotExpected;
            self.tell_weakness(side.other(), &asked, out);
            out.request(side, asked);
        } else {
            self.await_reply(side, message, vec![asked], out);
        }
    }

    fn tell_weakness(&mut self, gateway: Side, asked: &Asked, out: &mut Out<'_>) {
        if asked.verb.changes() && !self.weakness_told {
            self.weakness_told = true;
            let detail = format_compact!(
                "{} sent on the air; the packet forwarder cannot prove which server asks",
                asked.function
            );
            out.weakness(gateway, WeaknessKind::UnauthenticatedControl, detail);
        }
    }

    fn await_reply(&mut self, asker: Side, message: &Message<'_>, asked: Vec<Asked>, out: &mut Out<'_>) {
        if asked.is_empty() {
            return;
        }
        let (identifier, token) = (message.identifier, message.token);
        self.pending.push_back(Pending { asker, identifier, token, asked });
        let mut requests: usize = self.pending.iter().map(|pending| pending.asked.len()).sum();
        while self.pending.len() > PENDING_MAX || requests > PENDING_REQUESTS_MAX {
            let Some(oldest) = self.pending.pop_front() else { return };
            requests -= oldest.asked.len();
            tell(oldest, out);
        }
    }

    fn answer(
        &mut self,
        side: Side,
        identifier: Identifier,
        token: u16,
        refused: Option<Text>,
        out: &mut Out<'_>,
    ) {
        let key = (side.other(), identifier, token);
        let place = self.pending.iter().position(|p| (p.asker, p.identifier, p.token) == key);
        let Some(mut pending) = place.and_then(|place| self.pending.remove(place)) else { return };
        for asked in &mut pending.asked {
            asked.reply = refused.clone().map_or(Reply::Done, Reply::Refused);
            if identifier == Identifier::PULL_RESP && refused.is_none() {
                self.tell_weakness(side, asked, out);
            }
        }
        tell(pending, out);
    }
}

fn gateway(message: &Message<'_>) -> Target {
    let name = message.gateway.map(message::eui).unwrap_or_default();
    Target { kind: "gateway".into(), ..Target::named(name) }
}

fn data_target(data: &Data<'_>) -> Target {
    device(match data.port {
        Some(port) => format_compact!("{:08x} port {port}", data.address),
        None => format_compact!("{:08x}", data.address),
    })
}

/// What a data frame does to the device that it is for, and the MAC commands that say so.
fn meaning(data: &Data<'_>) -> (Verb, Text) {
    let commands = frame::parse_commands(data.options);
    let names = commands.as_deref().unwrap_or_default().iter().map(|command| command.name);
    let names = show::listed(names, show::VALUE_BYTES_MAX);
    let verb = match data.port {
        Some(201 | 203) => Verb::Program,
        Some(0 | 200 | 202 | 224) => Verb::Configure,
        Some(_) => Verb::Write,
        None if data.options.is_empty() => Verb::Publish,
        None => match &commands {
            // Of several, the one that changes most.
            Some(commands) => [Verb::Restart, Verb::Configure, Verb::Read]
                .into_iter()
                .find(|verb| commands.iter().any(|command| command.verb == *verb))
                .unwrap_or(Verb::Publish),
            None => Verb::Configure,
        },
    };
    (verb, names)
}

fn size(bytes: &[u8]) -> Option<Text> {
    Some(format_compact!("{} bytes", bytes.len()))
}

/// The radio packet within a member of `rxpk` or within `txpk` (clauses 4 and 6).
fn payload(packet: Value<'_>) -> Option<Vec<u8>> {
    let text = packet.member("data")?.bytes()?;
    if text.len() > PACKET_BYTES_MAX * 2 {
        return None;
    }
    BASE64.decode(text).ok()
}

/// Where a gateway says that it is, and what it counted (clause 4).
fn status_text(status: Value<'_>) -> Option<Text> {
    let names = ["lati", "long", "alti", "rxnb", "rxok", "rxfw", "ackr", "dwnb", "txnb"];
    let shown = names.into_iter().filter_map(|name| {
        let value = status.member(name)?.bytes()?;
        Some(format_compact!("{name} {}", show::readable(value, 24)))
    });
    let text = shown.collect::<Vec<_>>().join(", ");
    (!text.is_empty()).then(|| text.into())
}
