//! Follows the transport of one conversation, and hands on what it carries.

use super::classic::Classic;
use super::message::MAGIC;
use super::plus::{self, Plus};
use crate::cotp::{self, Code, Found, Tpdu};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::flow::Ends;
use crate::footing::{Footing, Walk};
use crate::show::{VALUE_BYTES_MAX, readable};
use city::{Details, Reply, Target, Text, Verb};
use compact_str::format_compact;

/// How much of a message is kept until its last part is there.
const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One conversation between a controller and whoever asks it.
#[derive(Default)]
struct Conversation {
    /// A connection request whose answer is awaited, and who made it.
    connecting: Option<(Side, Asked)>,
    /// What arrived of messages in several parts, for source and destination.
    parts: Ends<Vec<u8>>,
    /// Whether messages are read where they begin.
    footing: Footing,
    classic: Classic,
    plus: Plus,
}

impl Dialogue for Conversation {
    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut walk = Walk::of(bytes);
        while let Some(rest) = self.footing.next(side, &mut walk, find_packet) {
            match cotp::parse_packet(rest) {
                Found::Packet(tpdu, length) => {
                    self.tpdu(side, &tpdu, out);
                    walk.step(length);
                }
                Found::More => return walk.rests(),
                Found::Nothing if !self.footing.slip(side) => return Progress::Lost,
                Found::Nothing => self.forget_parts(side),
            }
        }
        walk.rests()
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        self.forget_parts(side);
        self.footing.lose(side);
    }

    fn holds(&self) -> usize {
        self.parts.source.capacity() + self.parts.destination.capacity()
    }

    fn end(&mut self, out: &mut Out<'_>) {
        if let Some((asker, asked)) = self.connecting.take() {
            out.request(asker, asked);
        }
        self.classic.end(out);
        self.plus.end(out);
    }
}

/// Finds the next packet that carries one of the two protocols: how many bytes lie before it, and whether it was found.
fn find_packet(bytes: &[u8]) -> (usize, bool) {
    let begins = |offset: &usize| {
        let rest = bytes.get(*offset..).unwrap_or_default();
        matches!(rest, [3, 0, _, _, 2, 0xf0, 0 | 0x80, MAGIC | plus::MAGIC, ..])
            && cotp::parse_packet(rest) != Found::Nothing
    };
    match (0..bytes.len()).find(begins) {
        Some(offset) => (offset, true),
        None => (bytes.len().saturating_sub(7), false),
    }
}

impl Conversation {
    fn forget_parts(&mut self, side: Side) {
        self.parts.of_mut(side).clear();
        self.plus.forget_parts(side);
    }

    fn tpdu(&mut self, side: Side, tpdu: &Tpdu<'_>, out: &mut Out<'_>) {
        out.message(side, "cotp", |fields| {
            fields.put("pdu_code", format_compact!("0x{:02x}", tpdu.code.0));
            fields.put("pdu_name", tpdu.code.title());
        });
        match tpdu.code {
            Code::CONNECTION_REQUEST => {
                let asked = connect(tpdu);
                self.classic.place(asked.target.clone());
                if let Some((asker, earlier)) = self.connecting.replace((side, asked)) {
                    out.request(asker, earlier);
                }
            }
            Code::CONNECTION_CONFIRM => self.connected(side, Reply::Done, out),
            Code::DISCONNECT_REQUEST => self.connected(side, Reply::Refused("disconnected".into()), out),
            Code::DATA => self.data(side, tpdu, out),
            _ => {}
        }
    }

    /// The answer to a connection request.
    fn connected(&mut self, side: Side, reply: Reply, out: &mut Out<'_>) {
        if let Some((asker, mut asked)) = self.connecting.take_if(|(asker, _)| *asker != side) {
            asked.reply = reply;
            out.request(asker, asked);
        }
    }

    fn data(&mut self, side: Side, tpdu: &Tpdu<'_>, out: &mut Out<'_>) {
        let parts = self.parts.of_mut(side);
        if parts.is_empty() && tpdu.is_last() {
            return self.payload(side, tpdu.data, out);
        }
        if parts.len() + tpdu.data.len() <= MESSAGE_BYTES_MAX {
            parts.extend_from_slice(tpdu.data);
        }
        if tpdu.is_last() {
            let whole = std::mem::take(parts);
            self.payload(side, &whole, out);
        }
    }

    fn payload(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) {
        match bytes.first() {
            Some(&MAGIC) => self.classic.message(side, bytes, out),
            Some(&plus::MAGIC) => self.plus.frame(side, bytes, out),
            _ => {}
        }
    }
}

/// What a connection request asks for. The called selector says which module is meant.
fn connect(tpdu: &Tpdu<'_>) -> Asked {
    let called = tpdu.selector(true).unwrap_or_default();
    let target = match called {
        // A kind of connection, then rack and slot.
        [1..=3, place] => Target::named(format_compact!("rack {} slot {}", place >> 5, place & 0x1f)),
        [first, second] => Target::named(format_compact!("tsap {first:02x}.{second:02x}")),
        other => Target::named(readable(other, VALUE_BYTES_MAX)),
    };
    Asked {
        verb: Verb::Discover,
        function: Text::const_new("connect"),
        target,
        value: None,
        reply: Reply::Missing,
        details: Details::new(),
    }
}
