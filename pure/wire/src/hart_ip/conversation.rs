//! Pairs requests with replies, and tells what devices are and what they were told to do.

use super::commands;
use super::message::{self, Command, Id, Kind, Message, TokenPassing};
use super::parse::{self, Fit, Found};
use super::{layout, makers, rows, words};
use crate::cursor::Cursor;
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::show;
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;
use std::collections::VecDeque;

/// Commands awaiting a reply at a time. A client waits for a few; a direct PDU may carry several commands.
const PENDING_MAX: usize = 64;

/// How many runs of bytes that are no message a conversation may hold before it is given up.
const STRIKES_MAX: u32 = 16;

/// Things that look like a message and are none, before the bytes at hand are given up.
const CANDIDATES_MAX: u32 = 64;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One conversation between a client and a server: a field device, or a gateway to many.
#[derive(Default)]
struct Conversation {
    pending: VecDeque<Pending>,
    /// Whether the beginning of a message must be found, for source and destination.
    searching: [bool; 2],
    strikes: u32,
    weakness_told: bool,
}

/// A request whose reply is awaited.
struct Pending {
    asker: Side,
    id: Id,
    sequence: u16,
    command: u16,
    asked: Asked,
}

/// A command in a message of either kind.
struct Order<'a> {
    /// The device behind the server; nobody in a direct PDU, which is for the server itself.
    address: &'a [u8],
    command: u16,
    /// The command as the frame has it: 31 where that carries the true one. A refusal repeats no more than this.
    carrier: u16,
    code: Option<u8>,
    data: &'a [u8],
}

impl<'a> Order<'a> {
    fn of_frame(frame: &TokenPassing<'a>) -> Order<'a> {
        let code = frame.status.map(|(code, _)| code);
        let (command, data) = (u16::from(frame.command), frame.data);
        Order { address: frame.address, command, carrier: command, code, data }.extended()
    }

    fn of_command(command: &Command<'a>) -> Order<'a> {
        let Command { number, code, data, .. } = *command;
        Order { address: &[], command: number, carrier: number, code, data }.extended()
    }

    /// Command 31 carries the number of the true command before its data.
    fn extended(self) -> Order<'a> {
        let mut cursor = Cursor::new(self.data);
        match cursor.u16() {
            Some(command) if self.command == commands::EXTENDED => {
                Order { command, data: cursor.rest(), ..self }
            }
            _ => self,
        }
    }
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
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return Progress::Used(used);
            }
            if *self.searching_mut(side) {
                let (skipped, found) = find_message(rest);
                used += skipped;
                *self.searching_mut(side) = !found;
                if !found {
                    return Progress::Used(used);
                }
                continue;
            }
            match parse::parse_message(rest) {
                Found::Message(message, length) => {
                    self.message(side, &message, out);
                    used += length;
                }
                Found::More => return Progress::Used(used),
                Found::Nothing if self.strikes >= STRIKES_MAX => return Progress::Lost,
                Found::Nothing => {
                    self.strikes += 1;
                    *self.searching_mut(side) = true;
                }
            }
        }
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        *self.searching_mut(side) = true;
    }

    fn holds(&self) -> usize {
        crate::dialogue::held::<Pending>(self.pending.len())
    }

    fn end(&mut self, out: &mut Out<'_>) {
        while let Some(pending) = self.pending.pop_front() {
            self.tell(pending, out);
        }
    }
}

/// Finds the next message by its structure: how many bytes lie before it, and whether it was found. Without it, the
/// last bytes are kept, since they may be the beginning of a header.
fn find_message(bytes: &[u8]) -> (usize, bool) {
    // What only looks like a message is read to its end, so that not too many are looked at.
    let mut candidates = 0;
    for offset in 0..bytes.len() {
        if let Found::Message(message, _) = parse::parse_message(bytes.get(offset..).unwrap_or_default()) {
            if parse::fit(&message) > Fit::No {
                return (offset, true);
            }
            candidates += 1;
            if candidates > CANDIDATES_MAX {
                return (bytes.len(), false);
            }
        }
    }
    (bytes.len().saturating_sub(parse::HEADER_BYTES - 1), false)
}

impl Conversation {
    fn searching_mut(&mut self, side: Side) -> &mut bool {
        let [source, destination] = &mut self.searching;
        match side {
            Side::Source => source,
            Side::Destination => destination,
        }
    }

    fn message(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        rows::tell(side, message, out);
        match message.kind {
            Kind::REQUEST => self.request(side, message, out),
            Kind::PUBLISH => publish(side, message, out),
            _ => self.response(side, message, out),
        }
    }

    fn request(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        match message.id {
            Id::SESSION_INITIATE => {
                let asked = asked(Verb::Authenticate, "session-initiate".into(), Target::default(), None);
                self.await_reply(side, message, 0, asked, out);
            }
            Id::READ_AUDIT_LOG => {
                let log = parse::parse_audit_log(message.body, false);
                let target = log.map_or_else(Target::default, |log| {
                    let first = u64::from(log.start);
                    Target::numbered("audit-record", first, first + u64::from(log.count.saturating_sub(1)))
                });
                let asked = asked(Verb::Read, "read-audit-log".into(), target, None);
                self.await_reply(side, message, 0, asked, out);
            }
            Id::TOKEN_PASSING => {
                if let Some(frame) = parse::parse_token_passing(message.body) {
                    self.order(side, message, &Order::of_frame(&frame), out);
                }
            }
            Id::DIRECT => {
                if let Some(direct) = parse::parse_direct(message.body) {
                    for command in parse::commands(direct.commands, false) {
                        self.order(side, message, &Order::of_command(&command), out);
                    }
                }
            }
            // Keeping a session alive, or closing it, asks nothing of the device.
            _ => {}
        }
    }

    fn order(&mut self, side: Side, message: &Message<'_>, order: &Order<'_>, out: &mut Out<'_>) {
        let verb = commands::verb(order.command, !order.data.is_empty());
        let value = verb.changes().then(|| rows::values(order.command, false, order.data)).flatten();
        let asked = asked(verb, commands::function(order.command), target(order), value);
        self.await_reply(side, message, order.carrier, asked, out);
    }

    fn await_reply(
        &mut self,
        asker: Side,
        message: &Message<'_>,
        command: u16,
        asked: Asked,
        out: &mut Out<'_>,
    ) {
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            self.tell(oldest, out);
        }
        let (id, sequence) = (message.id, message.sequence);
        self.pending.push_back(Pending { asker, id, sequence, command, asked });
    }

    /// Takes out the request that a reply belongs to.
    fn take(&mut self, side: Side, message: &Message<'_>, command: u16) -> Option<Pending> {
        let key = (side.other(), message.id, message.sequence, command);
        let place = self.pending.iter().position(|p| (p.asker, p.id, p.sequence, p.command) == key)?;
        self.pending.remove(place)
    }

    fn response(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        match message.id {
            Id::SESSION_INITIATE | Id::READ_AUDIT_LOG => {
                let Some(mut pending) = self.take(side, message, 0) else { return };
                let refused = if message.kind == Kind::RESPONSE {
                    message::refusal(message.status)
                } else {
                    Some(message.kind.text())
                };
                pending.asked.reply = refused.map_or(Reply::Done, Reply::Refused);
                self.tell(pending, out);
            }
            Id::TOKEN_PASSING if message.kind == Kind::RESPONSE => {
                if let Some(frame) = parse::parse_token_passing(message.body) {
                    self.answer(side, message, &Order::of_frame(&frame), out);
                }
            }
            Id::DIRECT if message.kind == Kind::RESPONSE => {
                if let Some(direct) = parse::parse_direct(message.body) {
                    for command in parse::commands(direct.commands, true) {
                        self.answer(side, message, &Order::of_command(&command), out);
                    }
                }
            }
            // An error or a refusal of the whole message.
            Id::TOKEN_PASSING | Id::DIRECT => {
                let key = (side.other(), message.id, message.sequence);
                while let Some(place) = self.pending.iter().position(|p| (p.asker, p.id, p.sequence) == key)
                    && let Some(mut pending) = self.pending.remove(place)
                {
                    let why = if message.kind == Kind::NAK { "nak".into() } else { status_word(message) };
                    pending.asked.reply = Reply::Refused(why);
                    self.tell(pending, out);
                }
            }
            _ => {}
        }
    }

    fn answer(&mut self, side: Side, message: &Message<'_>, order: &Order<'_>, out: &mut Out<'_>) {
        let refused = order.code.and_then(commands::refusal);
        if refused.is_none() {
            identify(side, order, out);
        }
        let Some(mut pending) = self.take(side, message, order.carrier) else {
            // What was asked was not seen, but what it was can be told.
            let verb = commands::verb(order.command, false);
            let asked = Asked {
                reply: refused.map_or(Reply::Done, Reply::Refused),
                ..asked(verb, commands::function(order.command), target(order), None)
            };
            let (id, sequence, command) = (message.id, message.sequence, order.carrier);
            return self.tell(Pending { asker: side.other(), id, sequence, command, asked }, out);
        };
        if refused.is_none() && !pending.asked.verb.changes() {
            pending.asked.value = rows::values(order.command, true, order.data);
        }
        pending.asked.reply = refused.map_or(Reply::Done, Reply::Refused);
        self.tell(pending, out);
    }

    fn tell(&mut self, pending: Pending, out: &mut Out<'_>) {
        let Pending { asker, asked, .. } = pending;
        if asked.verb.changes() && asked.reply == Reply::Done && !self.weakness_told {
            self.weakness_told = true;
            let detail =
                format_compact!("{} obeyed; HART-IP without TLS cannot prove who asks", asked.function);
            out.weakness(asker.other(), WeaknessKind::UnauthenticatedControl, detail);
        }
        out.request(asker, asked);
    }
}

fn asked(verb: Verb, function: Text, target: Target, value: Option<Text>) -> Asked {
    Asked { verb, function, target, value, reply: Reply::Missing, details: Details::new() }
}

fn status_word(message: &Message<'_>) -> Text {
    message::refusal(message.status).unwrap_or_else(|| Text::const_new("error"))
}

/// What an order is about: the polling address as unit, or the unique address as name; what its first byte numbers.
fn target(order: &Order<'_>) -> Target {
    let mut target = Target::default();
    if let (Some(kind), Some(number)) = (commands::kind(order.command), order.data.first())
        && order.code.is_none()
    {
        target = Target::numbered(kind, u64::from(*number), u64::from(*number));
    }
    match order.address {
        [] => {}
        // The two highest bits say which master speaks and whether the device bursts.
        [polling] => target.unit = Some(u32::from(polling & 0x3f)),
        [first, rest @ ..] => {
            target.name = format_compact!("{:02x}{}", first & 0x3f, show::hexadecimal(rest, 8));
        }
    }
    target
}

/// A device's burst, which goes to every client that listens.
fn publish(side: Side, message: &Message<'_>, out: &mut Out<'_>) {
    let tell = |order: &Order<'_>, out: &mut Out<'_>| {
        let value = rows::values(order.command, true, order.data);
        let asked = asked(Verb::Publish, commands::function(order.command), target(order), value);
        out.request(side, Asked { reply: Reply::NotExpected, ..asked });
    };
    match message.id {
        Id::TOKEN_PASSING => {
            if let Some(frame) = parse::parse_token_passing(message.body) {
                tell(&Order::of_frame(&frame), out);
            }
        }
        Id::DIRECT => {
            if let Some(direct) = parse::parse_direct(message.body) {
                parse::commands(direct.commands, true)
                    .for_each(|command| tell(&Order::of_command(&command), out));
            }
        }
        _ => {}
    }
}

/// What a device says of itself. Behind a gateway it is another device's word, so that it is believed less.
fn identify(side: Side, order: &Order<'_>, out: &mut Out<'_>) {
    let confidence = if order.address.is_empty() { 90 } else { 70 };
    match order.command {
        0 | 11 | 21 => {
            let mut cursor = Cursor::new(order.data);
            let Some(identity) = parse_identity(&mut cursor) else { return };
            if let Some(maker) = identity.maker {
                let name = makers::maker(maker)
                    .map_or_else(|| format_compact!("manufacturer {maker:#06x}"), Text::const_new);
                out.identity(side, Trait::Vendor, &name, "manufacturer-identification-code", confidence);
            }
            let model = match words::device_type(identity.device_type) {
                known if !known.starts_with("unknown") => known,
                _ => format_compact!("device type {:#06x}", identity.device_type),
            };
            out.identity(side, Trait::Model, &model, "expanded-device-type", confidence);
            let software = format_compact!("{}", identity.software);
            out.identity(side, Trait::Firmware, &software, "software-revision-level", confidence);
            let serial = format_compact!("{}", identity.device);
            out.identity(side, Trait::Serial, &serial, "device-id", confidence);
        }
        13 => {
            if let Some(tag) = order.data.get(..6) {
                out.identity(side, Trait::Name, &layout::packed(tag), "tag", confidence);
            }
        }
        20 => {
            let tag = order.data.split(|byte| *byte == 0).next().unwrap_or_default();
            let tag = show::readable(tag, show::VALUE_BYTES_MAX);
            out.identity(side, Trait::Name, &tag, "long-tag", confidence);
        }
        _ => {}
    }
}

/// The parts of an identity (commands 0, 11 and 21) that are told.
struct Identity {
    device_type: u16,
    software: u8,
    device: u64,
    /// Only since HART 7.
    maker: Option<u16>,
}

fn parse_identity(cursor: &mut Cursor<'_>) -> Option<Identity> {
    cursor.u8()?;
    let device_type = cursor.u16()?;
    cursor.take(3)?;
    let software = cursor.u8()?;
    cursor.take(2)?;
    let device = cursor.unsigned(3)?;
    let maker = cursor.take(5).and_then(|_| cursor.u16());
    Some(Identity { device_type, software, device, maker })
}
