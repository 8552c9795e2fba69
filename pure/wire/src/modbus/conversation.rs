//! Pairs requests with replies.

use super::PORT;
use super::fields::{self, Fields};
use super::message::{FunctionCode, Message, Request, Response, objects, verb};
use super::parse::{self, Found, LENGTH_MAX};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::footing::{Footing, Walk};
use crate::unanswered::Unanswered;
use city::{Details, Reply, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;
use jiff::{SignedDuration, Timestamp};

/// Requests awaiting a reply at a time. The implementation guide (clause 4.3.2) knows of 16 at most; gateways pass on
/// for several clients.
const PENDING_MAX: usize = 64;

/// How long a reply is awaited. Slow serial lines behind gateways answer within seconds.
const WAIT: SignedDuration = SignedDuration::from_secs(60);

/// How long a client waits before it asks again under the same number; masters' time-outs are about a second.
const PATIENCE: SignedDuration = SignedDuration::from_secs(2);

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// Which side asks, as far as the ports tell.
pub(super) fn client_side(source_port: u16, destination_port: u16) -> Side {
    if source_port == PORT && destination_port != PORT { Side::Destination } else { Side::Source }
}

/// One conversation between a client and a server, perhaps a gateway to many units.
#[derive(Default)]
pub(crate) struct Conversation {
    /// Which side asks, once a message told.
    client: Option<Side>,
    pending: Unanswered<Key, PENDING_MAX>,
    /// Whether messages are read where they begin.
    footing: Footing,
    weakness_told: bool,
    /// How many exchanges were begun.
    exchanges: u32,
}

/// What tells the reply to a request.
struct Key {
    transaction: u16,
    unit: u8,
    function: FunctionCode,
    /// How many values were asked for, where the reply leaves it open.
    quantity: Option<u16>,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        match parse::parse_message(bytes) {
            Found::Message(message, used) if used == bytes.len() => {
                self.message(side, &message, out);
                true
            }
            _ => false,
        }
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut walk = Walk::of(bytes);
        while let Some(rest) = self.footing.next(side, &mut walk, find_message) {
            match parse::parse_message(rest) {
                Found::Message(message, length) => {
                    self.message(side, &message, out);
                    walk.step(length);
                }
                Found::More => return walk.rests(),
                Found::Foreign(length) if self.footing.strike() => walk.step(length),
                Found::Nothing if self.footing.slip(side) => {}
                Found::Foreign(_) | Found::Nothing => return Progress::Lost,
            }
        }
        walk.rests()
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        self.footing.lose(side);
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.pending.end(out);
    }
}

/// Finds the next message by its structure: how many bytes lie before it, and whether it was found. Without it, the
/// last bytes are kept, since they may be the beginning of a header.
///
/// A hole in a stream ends, and what is read at a time nearly always ends, where a message does; there a sound header
/// is enough.
fn find_message(bytes: &[u8]) -> (usize, bool) {
    let begins = |offset: usize| {
        let rest = bytes.get(offset..).unwrap_or_default();
        match parse::parse_message(rest) {
            Found::Message(message, used) => {
                let fits = || parse::fits_request(&message) || parse::fits_response(&message);
                message.length <= LENGTH_MAX && (offset == 0 || used == rest.len() || fits())
            }
            Found::More => {
                matches!(rest, [_, _, 0, 0, 0, 2..=254, _, function, ..] if FunctionCode(*function).asked().is_public())
            }
            Found::Foreign(_) | Found::Nothing => false,
        }
    };
    match (0..bytes.len()).find(|offset| begins(*offset)) {
        Some(offset) => (offset, true),
        None => (bytes.len().saturating_sub(parse::HEADER_BYTES), false),
    }
}

impl Conversation {
    /// Which side asks. Of one that the ports do not tell, the first message decides.
    pub(crate) fn client(&mut self, side: Side, message: &Message<'_>, out: &Out<'_>) -> Side {
        let (source_port, destination_port) = (out.flow.source_port, out.flow.destination_port);
        *self.client.get_or_insert_with(|| {
            if (source_port == PORT) != (destination_port == PORT) {
                return client_side(source_port, destination_port);
            }
            match (parse::fits_request(message), parse::fits_response(message)) {
                (true, false) => side,
                (false, true) => side.other(),
                _ => Side::Source,
            }
        })
    }

    /// Reads one message, however it was framed.
    pub(crate) fn message(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        self.pending.give_up(WAIT, out);
        if side == self.client(side, message, out) {
            self.request(message, out);
        } else {
            self.response(message, out);
        }
    }

    fn request(&mut self, message: &Message<'_>, out: &mut Out<'_>) {
        let request = parse::parse_request(message);
        let mut details = Details::new();
        self.exchanges = self.exchanges.saturating_add(1);
        if out.wants_details() {
            // Room for the reply's as well.
            details.reserve(16);
            let mut fields = Fields(&mut details);
            fields.request(message, &request);
        }
        if out.wants_events() {
            Fields(&mut details).number("exchange", self.exchanges);
        }
        let function = match request {
            Request::Diagnostics { sub, .. } => sub.text(),
            Request::Identify { .. } => "read-device-identification".into(),
            Request::Encapsulated { mei, .. } => mei.text(),
            _ => message.function.text(),
        };
        let asked = Asked {
            verb: verb(message.function, Some(&request)),
            function,
            target: fields::target(message, Some(&request)),
            value: fields::sent(message.function, &request),
            reply: Reply::Missing,
            details,
        };
        let quantity = match request {
            Request::Read { quantity, .. } => Some(quantity),
            _ => None,
        };
        let (transaction, unit, function) = (message.transaction, message.unit, message.function);
        let client = self.client.unwrap_or(Side::Source);
        self.pending.add(client, Key { transaction, unit, function, quantity }, asked, out);
    }

    fn response(&mut self, message: &Message<'_>, out: &mut Out<'_>) {
        let response = parse::parse_response(message);
        let reply = match &response {
            Response::Exception { code } => Reply::Refused(code.text()),
            _ => Reply::Done,
        };
        let function =
            if message.function.is_exception() { message.function.asked() } else { message.function };
        let place = self.place(message, function, out.time);
        let pending = place.and_then(|place| self.pending.remove(place));
        let seen = pending.is_some();
        let quantity = pending.as_ref().and_then(|pending| pending.key.quantity);
        let mut asked =
            pending.map_or_else(|| unasked(message, function, &response), |pending| pending.asked);
        asked.reply = reply;
        if asked.value.is_none() {
            asked.value = fields::returned(message, &response, quantity);
        }
        if out.wants_details() {
            let mut fields = Fields(&mut asked.details);
            fields.response(message, &response, quantity, seen);
            if !seen {
                self.exchanges = self.exchanges.saturating_add(1);
                if out.wants_events() {
                    fields.number("exchange", self.exchanges);
                }
                fields.remark("request-seen", "false");
            }
        }
        self.identify(&response, out);
        self.tell(asked, out);
    }

    /// The request that a reply answers. Some clients use one transaction number for all; they wait for a reply before
    /// they ask again, so that a request which has waited for long is not the one.
    fn place(&self, message: &Message<'_>, function: FunctionCode, now: Timestamp) -> Option<usize> {
        let key = (message.transaction, message.unit, function);
        let alike = |Key { transaction, unit, function, .. }: &Key| (*transaction, *unit, *function) == key;
        let is_recent = |asked: Timestamp| now.duration_since(asked) <= PATIENCE;
        self.pending
            .iter()
            .position(|waiting| alike(&waiting.key) && is_recent(waiting.time))
            .or_else(|| self.pending.iter().rposition(|waiting| alike(&waiting.key)))
    }

    /// What a server says of itself.
    fn identify(&self, response: &Response<'_>, out: &mut Out<'_>) {
        let Some(server) = self.client.map(Side::other) else { return };
        match response {
            Response::Identification { objects: sent, .. } => {
                for (number, value) in objects(sent) {
                    let (about, field) = match number {
                        0 => (Trait::Vendor, "vendor-name"),
                        1 => (Trait::Model, "product-code"),
                        2 => (Trait::Firmware, "major-minor-revision"),
                        4 => (Trait::Product, "product-name"),
                        5 => (Trait::Model, "model-name"),
                        6 => (Trait::Name, "user-application-name"),
                        _ => continue,
                    };
                    let value = crate::show::readable(value, crate::show::VALUE_BYTES_MAX);
                    out.identity(server, about, &value, field, 90);
                }
            }
            Response::ServerId { data } => {
                if let Some(name) = fields::server_name(data) {
                    out.identity(server, Trait::Product, &name, "report-server-id", 60);
                }
            }
            _ => {}
        }
    }

    fn tell(&mut self, asked: Asked, out: &mut Out<'_>) {
        let client = self.client.unwrap_or(Side::Source);
        let changes = asked.verb.changes() || asked.function == "write-file-record";
        if changes && asked.reply == Reply::Done && !self.weakness_told {
            self.weakness_told = true;
            let detail = format_compact!("{} obeyed; Modbus cannot prove who asks", asked.function);
            out.weakness(client.other(), WeaknessKind::UnauthenticatedControl, detail);
        }
        out.request(client, asked);
    }
}

/// A reply whose request was not seen still tells what was asked, though not of what.
fn unasked(message: &Message<'_>, function: FunctionCode, response: &Response<'_>) -> Asked {
    let (function_text, verb): (Text, Verb) = match response {
        Response::Diagnostics { sub, data } => {
            (sub.text(), verb(function, Some(&Request::Diagnostics { sub: *sub, data })))
        }
        Response::Encapsulated { mei, data } => {
            (mei.text(), verb(function, Some(&Request::Encapsulated { mei: *mei, data })))
        }
        Response::Identification { .. } => ("read-device-identification".into(), Verb::Discover),
        _ => (function.text(), verb(function, None)),
    };
    let echoed = match *response {
        Response::WroteSingle { address, value } => Some(Request::WriteSingle { address, value }),
        Response::MaskWrite { address, and, or } => Some(Request::MaskWrite { address, and, or }),
        Response::WroteMultiple { first, quantity } => {
            Some(Request::WriteMultiple { first, quantity, values: &[] })
        }
        _ => None,
    };
    Asked {
        verb,
        function: function_text,
        target: fields::target(message, echoed.as_ref()),
        value: None,
        reply: Reply::Missing,
        details: Details::new(),
    }
}
