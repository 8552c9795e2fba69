//! Pairs requests with replies.

use super::message::{self, Message, Opcode, PacketType};
use super::parse::{self, Found, HEADER_BYTES, Login};
use super::{PORT, rows};
use crate::cursor::Cursor;
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::show::{self, VALUE_BYTES_MAX};
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;
use std::collections::VecDeque;

/// Requests awaiting a reply at a time. A host polls one unit after another.
const PENDING_MAX: usize = 64;

/// How many runs of bytes that are no message a conversation may hold before it is given up.
const STRIKES_MAX: u32 = 16;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One conversation between a host and a device.
#[derive(Default)]
struct Conversation {
    /// Which side asks where a message does not tell.
    host: Option<Side>,
    pending: VecDeque<Pending>,
    /// Whether the beginning of a message must be found, for source and destination.
    searching: [bool; 2],
    strikes: u32,
    /// Whether someone has logged in.
    logged_in: bool,
    told: Told,
}

/// Weaknesses that were told of.
#[derive(Default)]
struct Told {
    control: bool,
    readable: bool,
    shipped: bool,
}

/// A request whose reply is awaited.
struct Pending {
    asker: Side,
    opcode: Opcode,
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
        !bytes.is_empty()
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
            self.tell(pending.asker, pending.asked, out);
        }
    }
}

/// Finds the next message by its check: how many bytes lie before it, and whether it was found. Without it, the bytes
/// are kept that may be its beginning.
fn find_message(bytes: &[u8]) -> (usize, bool) {
    for offset in 0..bytes.len() {
        let rest = bytes.get(offset..).unwrap_or_default();
        match parse::parse_message(rest) {
            Found::Message(message, _) if message.opcode.is_known() => return (offset, true),
            Found::More if rest.get(4).is_none_or(|opcode| Opcode(*opcode).is_known()) => {
                // A whole message may still lie behind what only looks like a beginning.
                let behind = (offset + 1..bytes.len().saturating_sub(HEADER_BYTES)).find(|later| {
                    let rest = bytes.get(*later..).unwrap_or_default();
                    matches!(parse::parse_message(rest), Found::Message(message, _) if message.opcode.is_known())
                });
                return behind.map_or((offset, false), |later| (later, true));
            }
            _ => {}
        }
    }
    (bytes.len(), false)
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
        let kind = message::packet_type(message.opcode, message.data);
        rows::tell(side, message, kind, out);
        let host = *self.host.get_or_insert(match (out.flow.source_port, out.flow.destination_port) {
            (PORT, port) if port != PORT => Side::Destination,
            (_, PORT) => Side::Source,
            _ if kind == PacketType::Response => side.other(),
            _ => side,
        });
        let asks = match kind {
            PacketType::Request => true,
            PacketType::Response => false,
            PacketType::Either | PacketType::Misfit => side == host,
        };
        if asks {
            self.request(side, message, out);
        } else {
            self.response(side, message, out);
        }
    }

    fn request(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        let mut asked = asked(message);
        match message.opcode {
            Opcode::LOGIN => self.login(side, message.data, out),
            // A device tells of an exception and awaits an acknowledgement, which is a message of its own.
            Opcode::REPORT => {
                asked.reply = Reply::NotExpected;
                return self.tell(side, asked, out);
            }
            _ => {}
        }
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            self.tell(oldest.asker, oldest.asked, out);
        }
        self.pending.push_back(Pending { asker: side, opcode: message.opcode, asked });
    }

    /// Tells what a login shows. Its password is never kept.
    fn login(&mut self, side: Side, data: &[u8], out: &mut Out<'_>) {
        let Some(Login::In { operator, .. }) = parse::parse_login(data) else { return };
        let operator = show::readable(operator.trim_ascii_end(), VALUE_BYTES_MAX);
        if !self.told.readable {
            self.told.readable = true;
            let detail = format_compact!("operator {operator}");
            out.weakness(side.other(), WeaknessKind::CleartextCredentials, detail);
        }
        if parse::is_shipped_login(data) && !self.told.shipped {
            self.told.shipped = true;
            let detail = format_compact!("operator {operator}, as shipped");
            out.weakness(side.other(), WeaknessKind::DefaultCredentials, detail);
        }
    }

    fn response(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        let asker = side.other();
        let is_error = message.opcode == Opcode::ERROR;
        let place = self
            .pending
            .iter()
            .position(|p| p.asker == asker && (is_error || p.opcode == message.opcode))
            .or_else(|| {
                // What was passed on is answered by the opcode that was passed on.
                let forwards = |p: &Pending| p.asker == asker && p.opcode == Opcode::STORE_AND_FORWARD;
                self.pending.iter().position(forwards)
            });
        let reply = match message.data {
            [code, ..] if is_error => Reply::Refused(message::error(*code)),
            _ => Reply::Done,
        };
        if message.opcode.0 == 6
            && let Some(device) = rows::device_of(message.data)
        {
            out.identity(side, Trait::Model, &device, "type-of-roc", 90);
        }
        let Some(pending) = place.and_then(|place| self.pending.remove(place)) else {
            // The acknowledgement of a report has no further answer that would tell anything.
            if matches!(message.opcode, Opcode::REPORT | Opcode::ERROR) {
                return;
            }
            let mut unasked = asked(message);
            unasked.reply = reply;
            return self.tell(asker, unasked, out);
        };
        let Pending { opcode, mut asked, .. } = pending;
        asked.reply = reply;
        if opcode == Opcode::LOGIN && asked.reply == Reply::Done {
            self.logged_in = true;
        }
        if asked.reply == Reply::Done && asked.value.is_none() {
            asked.value = returned(message);
        }
        self.tell(asker, asked, out);
    }

    fn tell(&mut self, asker: Side, asked: Asked, out: &mut Out<'_>) {
        let changes = asked.verb.changes() && asked.function != "acknowledge-report-by-exception";
        if changes && asked.reply == Reply::Done && !self.logged_in && !self.told.control {
            self.told.control = true;
            let detail = format_compact!("{} obeyed; nobody had logged in", asked.function);
            out.weakness(asker.other(), WeaknessKind::UnauthenticatedControl, detail);
        }
        out.request(asker, asked);
    }
}

/// What a reply returns of what was read. Values are told in hexadecimal, since only the device knows their types.
fn returned(message: &Message<'_>) -> Option<Text> {
    let (opcode, data) = (message.opcode, message.data);
    let values = match opcode.0 {
        7 => return clock(data),
        10 => data.get(7..)?,
        167 => data.get(4..)?,
        180 => data.get(1..)?,
        _ => return None,
    };
    if parse::is_secret(opcode, data) {
        return Some(rows::HIDDEN.into());
    }
    (!values.is_empty()).then(|| show::hexadecimal(values, VALUE_BYTES_MAX))
}

fn clock(data: &[u8]) -> Option<Text> {
    rows::Clock::parse(&mut Cursor::new(data)).map(|clock| format_compact!("{clock}"))
}

/// What a message asks.
fn asked(message: &Message<'_>) -> Asked {
    let (opcode, data) = (message.opcode, message.data);
    let mut asked = Asked {
        verb: opcode.verb(),
        function: opcode.text(),
        target: Target { unit: Some(message.destination.0.into()), ..target(opcode, data) },
        value: None,
        reply: Reply::Missing,
        details: Details::new(),
    };
    match opcode {
        Opcode::FILE => {
            if let Some(command) = message::file_command(data) {
                asked.verb = command.verb();
                asked.function = command.text().into();
            }
        }
        Opcode::LOGIN => match parse::parse_login(data) {
            Some(Login::In { level, .. }) => asked.value = Some(format_compact!("level {level}")),
            Some(Login::Out { .. }) => asked.function = "logout".into(),
            Some(Login::Key | Login::WrappedKey) => asked.function = "session-key".into(),
            None => {}
        },
        Opcode::STORE_AND_FORWARD => {
            // It does to another unit what the opcode inside does.
            if let Some(inner) = data.get(10).map(|code| Opcode(*code)) {
                asked.verb = inner.verb();
                asked.value = Some(inner.text());
            }
        }
        Opcode::ACKNOWLEDGE => asked.verb = Verb::Publish,
        Opcode(8) => asked.value = clock(data),
        Opcode(166 | 181) if parse::is_secret(opcode, data) => asked.value = Some(rows::HIDDEN.into()),
        Opcode(11 | 166 | 181) => {
            let sent = data.get(if opcode.0 == 11 { 3 } else { 4 }..).filter(|sent| !sent.is_empty());
            asked.value = sent.map(|sent| show::hexadecimal(sent, VALUE_BYTES_MAX));
        }
        _ => {}
    }
    asked
}

fn target(opcode: Opcode, data: &[u8]) -> Target {
    let of =
        |kind: &'static str, name: Text| Target { kind: Text::const_new(kind), name, ..Target::default() };
    match (opcode.0, data) {
        (10 | 11, [table, first, count, ..]) => Target {
            name: format_compact!("table-{table}"),
            ..Target::numbered(
                "location",
                (*first).into(),
                u64::from(*first) + u64::from(count.saturating_sub(1)),
            )
        },
        (17, _) => match parse::parse_login(data) {
            Some(Login::In { operator, .. } | Login::Out { operator, .. }) => {
                of("operator", show::readable(operator.trim_ascii_end(), VALUE_BYTES_MAX))
            }
            _ => Target::default(),
        },
        (24, _) => {
            // The last address of the way that is not zero is where it is to go.
            let way = data.get(2..10).unwrap_or_default();
            let last = way.chunks(2).rfind(|hop| *hop != [0, 0]);
            match last {
                Some([unit, group]) => of("unit", format_compact!("{unit}.{group}")),
                _ => Target::default(),
            }
        }
        (105, [segment, point, ..]) | (135 | 138, [segment, point, ..]) => {
            of("history", format_compact!("{segment},{point}"))
        }
        (108 | 136 | 137, [segment, ..]) | (139, [_, segment, ..]) => {
            of("history", format_compact!("{segment}"))
        }
        (166 | 167, [kind, logical, count, first, ..]) => {
            let last = first.saturating_add(count.saturating_sub(1));
            let name = if *count > 1 {
                format_compact!("{kind},{logical},{first}..{last}")
            } else {
                format_compact!("{kind},{logical},{first}")
            };
            of("parameter", name)
        }
        // The parameters of a reading request lie one behind the other; those of a writing one have values between
        // them whose size only the device knows.
        (180, [count, list @ ..]) if list.len() == usize::from(*count) * 3 => {
            let names = list.chunks(3).filter_map(|tlp| match tlp {
                [kind, logical, number] => Some(format_compact!("{kind},{logical},{number}")),
                _ => None,
            });
            let names: Vec<Text> = names.collect();
            of("parameter", show::cut(&names.join(" "), VALUE_BYTES_MAX))
        }
        (180 | 181, [_, kind, logical, number, ..]) => {
            of("parameter", format_compact!("{kind},{logical},{number}"))
        }
        (203, _) => match rows::path(data) {
            Some((path, name)) => of("file", show::readable(&[path, name].concat(), VALUE_BYTES_MAX)),
            None => Target::default(),
        },
        (206, [_, segment, ..]) => of("transactions", format_compact!("{segment}")),
        _ => Target::default(),
    }
}
