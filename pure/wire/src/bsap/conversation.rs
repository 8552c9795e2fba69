//! Pairs requests with replies.

use super::data_base::{self, Select};
use super::message::{DataBaseFunction, Function, Packet, PacketKind, SerialMessage, SerialRest};
use super::parse::{self, Found};
use super::rows;
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::show::{VALUE_BYTES_MAX, listed};
use city::{Details, Reply, Target, Text, Verb, WeaknessKind};
use compact_str::format_compact;
use std::collections::VecDeque;

/// Requests awaiting a reply at a time.
const PENDING_MAX: usize = 64;

/// How many runs of bytes that are no frame a stream may hold before it is given up.
const STRIKES_MAX: u32 = 64;

/// How many names of signals are kept with a request for its reply's row.
const SIGNALS_KEPT_MAX: usize = 64;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One conversation between two nodes, or a terminal server and the nodes behind it.
#[derive(Default)]
struct Conversation {
    pending: VecDeque<Pending>,
    strikes: u32,
    weakness_told: bool,
}

/// A request whose reply is awaited.
struct Pending {
    asker: Side,
    /// The number that the reply repeats, and of serial messages the node.
    key: (u32, Option<u32>),
    /// Of the data base: how the reply is to be read.
    base: Option<(DataBaseFunction, Select)>,
    /// What is written to, for the reply's row.
    signals: Vec<Text>,
    asked: Asked,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        if let Some(packet) = parse::parse_packet(bytes) {
            self.packet(side, &packet, out);
            return true;
        }
        let mut rest = bytes;
        while let Found::Frame(frame, used) = parse::find_frame(rest) {
            self.frame(side, frame, out);
            rest = rest.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return true;
            }
        }
        false
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return Progress::Used(used);
            }
            match parse::find_frame(rest) {
                Found::Frame(frame, length) => {
                    self.frame(side, frame, out);
                    used += length;
                }
                Found::More => return Progress::Used(used),
                Found::Nothing(_) if self.strikes >= STRIKES_MAX => return Progress::Lost,
                Found::Nothing(length) => {
                    self.strikes += 1;
                    used += length;
                }
            }
        }
    }

    fn gap(&mut self, _side: Side, _missing: u64, _out: &mut Out<'_>) {
        // Every frame begins with a mark, which is looked for anyway.
    }

    fn holds(&self) -> usize {
        crate::dialogue::held::<Pending>(self.pending.len())
    }

    fn end(&mut self, out: &mut Out<'_>) {
        while let Some(pending) = self.pending.pop_front() {
            self.tell(pending.asker, pending.asked, out);
        }
    }
}

impl Conversation {
    fn packet(&mut self, side: Side, packet: &Packet<'_>, out: &mut Out<'_>) {
        rows::packet(side, packet, out);
        let mut rest = packet.messages;
        for _ in 0..packet.count {
            let Some(message) = Packet::next_message(&mut rest) else { break };
            let key = (message.sequence, None);
            match packet.kind {
                PacketKind::REQUEST => match message.data {
                    [0xa0, node_status, data @ ..] => {
                        if let Some(query) = data_base::parse_query(data) {
                            rows::ip_query(side, &message, *node_status, &query, out);
                            self.ask_base(side, key, &query, out);
                        }
                    }
                    [function, ..] => {
                        rows::ip_unknown(side, message.data, out);
                        let asked = other(Function(*function), message.data, None);
                        self.ask(Pending { asker: side, key, base: None, signals: Vec::new(), asked }, out);
                    }
                    [] => {}
                },
                PacketKind::RESPONSE | PacketKind::RESPONSE_COUNT => {
                    // The peer passes over the data of a packet that begins a count.
                    let shown = packet.kind == PacketKind::RESPONSE;
                    let pending = self.answered(side, key);
                    let base = pending.as_ref().map(|pending| pending.base);
                    if base == Some(None) {
                        rows::ip_unknown(side, message.data, out);
                        self.finish(side, pending, None, out);
                        continue;
                    }
                    let Some(answer) = data_base::parse_answer(message.data, base.flatten()) else {
                        continue;
                    };
                    if shown {
                        let asked = pending.as_ref().and_then(|p| Some((p.base?.0, p.signals.as_slice())));
                        rows::ip_answer(side, &message, &answer, asked, out);
                    }
                    self.finish(side, pending, Some(&answer), out);
                }
                _ => rows::ip_unknown(side, message.data, out),
            }
        }
    }

    fn frame(&mut self, side: Side, frame: &[u8], out: &mut Out<'_>) {
        let plain = parse::without_escapes(frame);
        let Some(message) = parse::parse_serial(&plain) else {
            return rows::serial_unknown(side, &plain, out);
        };
        rows::serial(side, &message, out);
        if let Some(rest) = message.rest {
            self.serial(side, &message, &rest, out);
        }
    }

    fn serial(&mut self, side: Side, message: &SerialMessage<'_>, rest: &SerialRest<'_>, out: &mut Out<'_>) {
        // A global reply has its asker's address where the request had the node's.
        let (to, from) = match message.way {
            Some((to, from, _)) => (u32::from(to), u32::from(from)),
            None => (message.address.into(), message.address.into()),
        };
        let asking = (u32::from(rest.sequence), Some(to));
        let answering = (u32::from(rest.sequence), Some(from));
        match (message.destination_function, rest.source_function) {
            (Function::RDB, _) => {
                let Some(query) = data_base::parse_query(rest.data) else { return };
                rows::serial_query(side, &query, out);
                self.ask_base(side, asking, &query, out);
            }
            (_, Function::RDB) => {
                let pending = self.answered(side, answering);
                let base = pending.as_ref().and_then(|pending| pending.base);
                let Some(answer) = data_base::parse_answer(rest.data, base) else { return };
                let asked = pending.as_ref().and_then(|p| Some((p.base?.0, p.signals.as_slice())));
                rows::serial_answer(side, &answer, asked, out);
                self.finish(side, pending, Some(&answer), out);
            }
            (Function::RDB_EXTENSION, _) => {
                rows::serial_extension(side, message, rest, out);
                let asked = other(Function::RDB_EXTENSION, rest.data, Some(to));
                let pending = Pending { asker: side, key: asking, base: None, signals: Vec::new(), asked };
                self.ask(pending, out);
            }
            (_, Function::RDB_EXTENSION) => {
                rows::serial_extension(side, message, rest, out);
                let pending = self.answered(side, answering);
                self.finish(side, pending, None, out);
            }
            (function, _) => {
                rows::serial_unknown(side, rest.data, out);
                let pending = self.answered(side, answering);
                if pending.is_some() {
                    return self.finish(side, pending, None, out);
                }
                let asked = other(function, rest.data, Some(to));
                let pending = Pending { asker: side, key: asking, base: None, signals: Vec::new(), asked };
                self.ask(pending, out);
            }
        }
    }

    fn ask_base(
        &mut self,
        asker: Side,
        key: (u32, Option<u32>),
        query: &data_base::Query<'_>,
        out: &mut Out<'_>,
    ) {
        let signals = match out.wants_details() && query.function.verb().changes() {
            true => query.signals.iter().take(SIGNALS_KEPT_MAX).map(|signal| signal.title()).collect(),
            false => Vec::new(),
        };
        let asked = Asked {
            verb: query.function.verb(),
            function: query.function.text(),
            target: query.target(key.1),
            value: query.value(),
            reply: Reply::Missing,
            details: Details::new(),
        };
        self.ask(Pending { asker, key, base: Some((query.function, query.select)), signals, asked }, out);
    }

    /// Keeps a request until it is answered. One that is sent again takes the place of the first.
    fn ask(&mut self, pending: Pending, out: &mut Out<'_>) {
        let alike = |other: &Pending| other.asker == pending.asker && other.key == pending.key;
        if let Some(place) = self.pending.iter().position(alike)
            && let Some(earlier) = self.pending.remove(place)
        {
            self.tell(earlier.asker, earlier.asked, out);
        }
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            self.tell(oldest.asker, oldest.asked, out);
        }
        self.pending.push_back(pending);
    }

    /// The request that a reply answers.
    fn answered(&mut self, side: Side, key: (u32, Option<u32>)) -> Option<Pending> {
        let alike = |pending: &Pending| pending.asker == side.other() && pending.key == key;
        let place = self.pending.iter().position(alike)?;
        self.pending.remove(place)
    }

    /// Tells of a request with its reply.
    fn finish(
        &mut self,
        side: Side,
        pending: Option<Pending>,
        answer: Option<&data_base::Answer>,
        out: &mut Out<'_>,
    ) {
        let asker = side.other();
        let mut asked = pending.map_or_else(unasked, |pending| pending.asked);
        asked.reply = match answer {
            Some(answer) if answer.error != 0 => {
                Reply::Refused(format_compact!("error-0x{:02x}", answer.error))
            }
            _ => Reply::Done,
        };
        if let Some(answer) = answer
            && !answer.elements.is_empty()
            && asked.value.is_none()
        {
            let values = answer.elements.iter().map(|element| element.value.text());
            asked.value = Some(listed(values, VALUE_BYTES_MAX));
        }
        self.tell(asker, asked, out);
    }

    fn tell(&mut self, asker: Side, asked: Asked, out: &mut Out<'_>) {
        if asked.verb.changes() && asked.reply == Reply::Done && !self.weakness_told {
            self.weakness_told = true;
            let detail = format_compact!("{} obeyed; BSAP cannot prove who asks", asked.function);
            out.weakness(asker.other(), WeaknessKind::UnauthenticatedControl, detail);
        }
        out.request(asker, asked);
    }
}

/// A message to a function whose data are not read. Nobody knows what is in them, so that only their length is told.
fn other(function: Function, data: &[u8], unit: Option<u32>) -> Asked {
    Asked {
        verb: Verb::Transfer,
        function: function.text(),
        target: Target { unit, ..Target::default() },
        value: (!data.is_empty()).then(|| format_compact!("{} bytes", data.len())),
        reply: Reply::Missing,
        details: Details::new(),
    }
}

/// A reply of the data base whose request was not seen.
fn unasked() -> Asked {
    Asked {
        verb: Verb::Read,
        function: Text::const_new("rdb"),
        target: Target::default(),
        value: None,
        reply: Reply::Missing,
        details: Details::new(),
    }
}
