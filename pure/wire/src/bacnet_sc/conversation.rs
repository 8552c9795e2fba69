//! From messages to observations.

use super::message::{BROADCAST, Function, Message, Station, Vmac};
use super::parse::{parse_message, parse_outcome, parse_station};
use crate::bacnet::{self, Stations};
use crate::dialogue::{Asked, Dialogue, Out, Side};
use crate::show::{VALUE_BYTES_MAX, hexadecimal, readable};
use crate::websocket::Opening;
use city::{Details, Mac, Reply, Target, Text, Trait, WeaknessKind};
use compact_str::{ToCompactString, format_compact};
use std::collections::VecDeque;

/// Messages that wait for their answers at a time, of both sides.
const PENDING_MAX: usize = 64;

/// How far a station is believed that says what it is.
const OWN_CONFIDENCE: u8 = 80;

/// A message that waits for its answer.
struct Pending {
    asker: Side,
    id: u16,
    function: Function,
    asked: Asked,
}

/// A node and its hub, or two nodes that are connected directly.
pub(crate) struct Conversation {
    /// The side that opened the connection.
    initiator: Side,
    is_direct: bool,
    pending: VecDeque<Pending>,
    inside: bacnet::Conversation,
    has_told_joining: bool,
}

impl Conversation {
    /// At its beginning.
    pub(crate) fn new(opening: &Opening, initiator: Side, out: &mut Out<'_>) -> Conversation {
        let is_direct = opening.subprotocol.as_deref() == Some(super::DIRECT);
        let accepting = if is_direct { "BACnet/SC node" } else { "BACnet/SC hub" };
        out.identity(initiator, Trait::Role, "BACnet/SC node", "WebSocket subprotocol", OWN_CONFIDENCE);
        out.identity(initiator.other(), Trait::Role, accepting, "WebSocket subprotocol", OWN_CONFIDENCE);
        Conversation {
            initiator,
            is_direct,
            pending: VecDeque::new(),
            inside: bacnet::Conversation::default(),
            has_told_joining: false,
        }
    }

    /// Reads one binary message (AB.7.5.3). What is none is passed over.
    pub(crate) fn message(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) {
        let Some(message) = parse_message(bytes) else { return };
        match message.function {
            Function::ENCAPSULATED_NPDU => {
                let stations = Stations { origin: message.origin, destination: message.destination };
                self.inside.secure_connect(side, stations, message.payload, out);
            }
            Function::HEARTBEAT_REQUEST | Function::HEARTBEAT_ACK => {}
            Function::RESULT => self.outcome(side, &message, out),
            function => match function.answers() {
                Some(wanted) => self.answer(side, wanted, &message, out),
                None => self.request(side, &message, out),
            },
        }
    }

    fn request(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        let function = message.function;
        let station = parse_station(message.payload).filter(|_| function == Function::CONNECT_REQUEST);
        if let Some(station) = station {
            self.introduce(side, &station, out);
        }
        let mut details = Details::new();
        if out.wants_details() {
            let mut put = |name: &'static str, value: Text| details.push((Text::const_new(name), value));
            put("message-id", message.id.to_compact_string());
            for (name, address) in
                [("virtual-source", message.origin), ("virtual-destination", message.destination)]
            {
                if let Some(address) = address {
                    put(name, station_name(address));
                }
            }
            if let Some(station) = station {
                put("max-bvlc-length", station.max_bvlc.to_compact_string());
                put("max-npdu-length", station.max_npdu.to_compact_string());
            }
        }
        let target = message.destination.map(station_name).unwrap_or_default();
        // An advertisement answers a solicitation, but as a message of its own (AB.2.9).
        let is_answered = matches!(
            function,
            Function::ADDRESS_RESOLUTION | Function::CONNECT_REQUEST | Function::DISCONNECT_REQUEST
        );
        let asked = Asked {
            verb: function.verb(),
            function: function.text(),
            target: Target::named(target),
            value: match (function, message.payload) {
                (Function::CONNECT_REQUEST, _) => station.map(|station| station_name(station.address)),
                // AB.2.8: how it stands with the hub.
                (Function::ADVERTISEMENT, [status, _, ..]) => Some(Text::const_new(match status {
                    0 => "no hub connection",
                    1 => "connected to primary hub",
                    _ => "connected to failover hub",
                })),
                _ => None,
            },
            reply: if is_answered { Reply::Missing } else { Reply::NotExpected },
            details,
        };
        if !is_answered {
            return out.request(side, asked);
        }
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            out.request(oldest.asker, oldest.asked);
        }
        self.pending.push_back(Pending { asker: side, id: message.id, function, asked });
    }

    fn take(&mut self, asker: Side, id: u16, function: Function) -> Option<Asked> {
        let is_it = |p: &Pending| (p.asker, p.id, p.function) == (asker, id, function);
        let place = self.pending.iter().position(is_it)?;
        self.pending.remove(place).map(|pending| pending.asked)
    }

    /// A message that answers another.
    fn answer(&mut self, side: Side, wanted: Function, message: &Message<'_>, out: &mut Out<'_>) {
        if message.function == Function::CONNECT_ACCEPT
            && let Some(station) = parse_station(message.payload)
        {
            self.introduce(side, &station, out);
            if !self.has_told_joining {
                self.has_told_joining = true;
                let joined = if self.is_direct { "a direct connection" } else { "a hub" };
                // AB.7.4: only TLS, with a certificate at either end, proves who they are.
                let detail = format_compact!("a BACnet/SC node joined {joined} without TLS");
                out.weakness(side, WeaknessKind::AnonymousLogin, detail);
            }
        }
        let Some(mut asked) = self.take(side.other(), message.id, wanted) else { return };
        asked.reply = Reply::Done;
        if wanted == Function::ADDRESS_RESOLUTION {
            asked.value = Some(readable(message.payload, VALUE_BYTES_MAX));
        }
        out.request(side.other(), asked);
    }

    /// The result of a message; only refusals are sent (AB.2.4).
    fn outcome(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        let Some(outcome) = parse_outcome(message.payload) else { return };
        let Some(mut asked) = self.take(side.other(), message.id, outcome.function) else { return };
        asked.reply = match outcome.error {
            Some((class, code)) => Reply::Refused(bacnet::error_text(class, code)),
            None => Reply::Done,
        };
        out.request(side.other(), asked);
    }

    /// What a station says of itself.
    fn introduce(&self, side: Side, station: &Station, out: &mut Out<'_>) {
        let field = if side == self.initiator { "Connect-Request" } else { "Connect-Accept" };
        out.identity(side, Trait::Name, &uuid(station.uuid), field, OWN_CONFIDENCE);
    }

    /// The conversation is over: tells what was not answered.
    pub(crate) fn end(&mut self, out: &mut Out<'_>) {
        while let Some(pending) = self.pending.pop_front() {
            out.request(pending.asker, pending.asked);
        }
        self.inside.end(out);
    }
}

/// A virtual address as text.
fn station_name(address: Vmac) -> Text {
    if address == BROADCAST { "all stations".into() } else { Mac(address).to_compact_string() }
}

/// A UUID as RFC 9562 (clause 4) writes it.
fn uuid(bytes: [u8; 16]) -> Text {
    let digits = hexadecimal(&bytes, 32);
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| digits.get(range).unwrap_or_default());
    format_compact!("{}", parts.join("-"))
}
