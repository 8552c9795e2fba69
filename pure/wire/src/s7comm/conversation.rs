//! Follows the transport of one conversation, and hands on what it carries.

use super::classic::Classic;
use super::message::MAGIC;
use super::plus::{self, Plus};
use crate::cotp::{self, Code, Found, Tpdu};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::show::{VALUE_BYTES_MAX, readable};
use city::{Details, Reply, Target, Text, Verb};
use compact_str::format_compact;

/// How much of a message is kept until its last part is there.
const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// How many runs of bytes that are no packet a conversation may hold before it is given up.
const STRIKES_MAX: u32 = 16;

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
    parts: [Vec<u8>; 2],
    /// Whether the beginning of a packet must be found, for source and destination.
    searching: [bool; 2],
    strikes: u32,
    classic: Classic,
    plus: Plus,
}

/// The place of a side in what is kept for both.
fn of<T>(pair: &mut [T; 2], side: Side) -> &mut T {
    let [source, destination] = pair;
    match side {
        Side::Source => source,
        Side::Destination => destination,
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
            if *of(&mut self.searching, side) {
                let (skipped, found) = find_packet(rest);
                used += skipped;
                *of(&mut self.searching, side) = !found;
                if !found {
                    return Progress::Used(used);
                }
                continue;
            }
            match cotp::parse_packet(rest) {
                Found::Packet(tpdu, length) => {
                    self.tpdu(side, &tpdu, out);
                    used += length;
                }
                Found::More => return Progress::Used(used),
                Found::Nothing if self.strikes >= STRIKES_MAX => return Progress::Lost,
                Found::Nothing => {
                    self.strikes += 1;
                    self.forget_parts(side);
                    *of(&mut self.searching, side) = true;
                }
            }
        }
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        self.forget_parts(side);
        *of(&mut self.searching, side) = true;
    }

    fn holds(&self) -> usize {
        self.classic.holds() + self.parts.iter().map(Vec::capacity).sum::<usize>()
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
        of(&mut self.parts, side).clear();
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
        let parts = of(&mut self.parts, side);
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
