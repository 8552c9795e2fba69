//! Pairs what the office asks with what the field unit answers.

use super::message::{Header, Message};
use super::parse::{self, Found};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::footing::{Footing, Walk};
use crate::show;
use city::{Details, Reply, Target, Text, Trait, WeaknessKind};
use compact_str::format_compact;

/// Things that look like a message and are none, before the bytes at hand are given up.
const CANDIDATES_MAX: u32 = 64;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One line between an office and its field units.
#[derive(Default)]
struct Conversation {
    /// What was asked last: on a line, one asks at a time.
    pending: Option<Pending>,
    /// Whether messages are read where they begin.
    footing: Footing,
    role_told: bool,
    weakness_told: bool,
}

/// A request whose reply is awaited.
struct Pending {
    asker: Side,
    station: u8,
    header: Header,
    data: Vec<u8>,
    asked: Asked,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let mut rest = bytes;
        while !rest.is_empty() {
            let Found::Message(message, used) = parse::parse_message(rest) else { return false };
            self.message(side, &message, out);
            rest = rest.get(used..).unwrap_or_default();
        }
        true
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
                Found::Nothing if !self.footing.slip(side) => return Progress::Lost,
                Found::Nothing => {}
            }
        }
        walk.rests()
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        self.footing.lose(side);
    }

    fn end(&mut self, out: &mut Out<'_>) {
        if let Some(pending) = self.pending.take() {
            out.request(pending.asker, pending.asked);
        }
    }
}

/// Finds the next message: how many bytes lie before it, and whether it was found. Its header could also be part of a
/// check word that nobody escaped, so that a wrong sum passes it by. Without a message, the bytes behind the last
/// header that has no end yet are kept.
fn find_message(bytes: &[u8]) -> (usize, bool) {
    // What only looks like a message costs a sum over all its bytes, so that not too many are looked at.
    let mut candidates = 0;
    for offset in 0..bytes.len() {
        match parse::parse_message(bytes.get(offset..).unwrap_or_default()) {
            Found::Message(message, _) if message.check.is_none_or(|check| check.is_right()) => {
                return (offset, true);
            }
            Found::Message(..) if candidates >= CANDIDATES_MAX => return (bytes.len(), false),
            Found::Message(..) => candidates += 1,
            // Nothing ends behind here: whatever begins now is unfinished.
            Found::More => return (offset, false),
            _ => {}
        }
    }
    (bytes.len(), false)
}

impl Conversation {
    fn message(&mut self, side: Side, message: &Message, out: &mut Out<'_>) {
        row(side, message, out);
        if message.header.is_request() {
            self.request(side, message, out);
        } else {
            self.reply(side, message, out);
        }
    }

    fn request(&mut self, side: Side, message: &Message, out: &mut Out<'_>) {
        if let Some(pending) = self.pending.take() {
            out.request(pending.asker, pending.asked);
        }
        let (header, station) = (message.header, message.station);
        let mut asked = Asked {
            verb: message.verb(),
            function: header.function(),
            target: target(message),
            value: values(message),
            reply: Reply::Missing,
            details: Details::new(),
        };
        // What goes to all units is answered by none.
        if header == Header::COMMON_CONTROL || station == 0 {
            asked.reply = Reply::NotExpected;
            return out.request(side, asked);
        }
        self.pending = Some(Pending { asker: side, station, header, data: message.data.clone(), asked });
    }

    fn reply(&mut self, side: Side, message: &Message, out: &mut Out<'_>) {
        if !self.role_told {
            self.role_told = true;
            out.identity(side, Trait::Role, "railway field unit", "header", 70);
        }
        let answers = |pending: &Pending| (pending.asker, pending.station) == (side.other(), message.station);
        let Some(Pending { asker, header, data, mut asked, .. }) = self.pending.take_if(|p| answers(p))
        else {
            return;
        };
        // A unit repeats the controls that it was sent, so that the office can see whether they arrived.
        let repeats = message.header == Header::CONTROL_CHECKBACK;
        asked.reply = if repeats && header == Header::CONTROL_DATA && message.data != data {
            Reply::Refused("checkback-differs".into())
        } else {
            Reply::Done
        };
        if !asked.verb.changes() {
            asked.value = values(message);
            asked.target = Target { unit: asked.target.unit, ..target(message) };
        } else if asked.reply == Reply::Done && !self.weakness_told {
            self.weakness_told = true;
            let detail = format_compact!("{} obeyed; Genisys cannot prove who asks", asked.function);
            out.weakness(side, WeaknessKind::UnauthenticatedControl, detail);
        }
        out.request(asker, asked);
    }
}

/// The bytes of a message: the lowest and the highest address.
fn target(message: &Message) -> Target {
    let addresses = || message.bytes().map(|(address, _)| u64::from(address));
    let target = match (addresses().min(), addresses().max()) {
        (Some(first), Some(last)) => {
            let kind = match message.header {
                _ if message.is_configuration() => "configuration",
                Header::INDICATION_DATA => "indication",
                _ => "control",
            };
            Target::numbered(kind, first, last)
        }
        _ => Target::default(),
    };
    Target { unit: Some(u32::from(message.station)), ..target }
}

/// Each byte of a message with its address: `16=4`.
fn pairs(message: &Message) -> impl Iterator<Item = Text> + '_ {
    message.bytes().map(|(address, value)| format_compact!("{address}={value}"))
}

fn values(message: &Message) -> Option<Text> {
    (!message.data.is_empty()).then(|| show::listed(pairs(message), show::VALUE_BYTES_MAX))
}

/// The row of ICSNPP's log.
fn row(side: Side, message: &Message, out: &mut Out<'_>) {
    out.message(side, "genisys", |fields| {
        fields.put("header", message.header.in_log());
        fields.show("server", message.station);
        fields.put("direction", if message.header.is_request() { "request" } else { "response" });
        if let Some(check) = message.check {
            fields.put("crc_transmitted", format_compact!("{:#x}", check.sent));
            fields.put("crc_calculated", format_compact!("{:#x}", check.from_zeros));
        }
        if !message.data.is_empty() {
            fields.list("payload", pairs(message));
        }
    });
}
