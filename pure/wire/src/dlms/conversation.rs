//! Follows a client and a meter, or a concentrator that has several logical devices.

use super::message::{self, Association, Descriptor, Mechanism, Service};
use super::names;
use super::parse::{self, Found, Wrapped};
use crate::cursor::Cursor;
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::show::{hexadecimal, readable};
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;
use std::collections::{BTreeMap, VecDeque};

/// Requests awaiting a reply at a time.
const PENDING_MAX: usize = 64;

/// Logical devices whose association is remembered.
const DEVICES_MAX: usize = 64;

/// Objects told of one request with a list.
const LIST_MAX: usize = 32;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// Two ends.
#[derive(Default)]
struct Conversation {
    pending: VecDeque<Pending>,
    /// How who asks was proved, by client and logical device.
    proved: BTreeMap<(u16, u16), Mechanism>,
    searching: [bool; 2],
    weakness_told: bool,
    ciphered_told: [bool; 2],
    title_told: [bool; 2],
}

struct Pending {
    asker: Side,
    /// Client and logical device.
    ends: (u16, u16),
    waits: Waits,
    asked: Vec<Asked>,
    descriptor: Option<Descriptor>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Waits {
    Association(Mechanism, bool),
    Release,
    Service(Service, u8),
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        match parse::parse_wrapper(bytes) {
            Found::Message(wrapped, used) if used == bytes.len() => {
                self.message(side, &wrapped, out);
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
            let searching = self.searching_mut(side);
            match parse::parse_wrapper(rest) {
                Found::Message(wrapped, length)
                    if !*searching || message::sureness(wrapped.content) != message::Sure::No =>
                {
                    *searching = false;
                    self.message(side, &wrapped, out);
                    used += length;
                }
                Found::More if !*searching || rest.len() < 8 => return Progress::Used(used),
                _ if *searching => used += 1,
                _ => return Progress::Lost,
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

fn device(unit: u16) -> Target {
    Target { unit: Some(unit.into()), ..Target::default() }
}

fn once(told: &mut [bool; 2], side: Side) -> bool {
    let [source, destination] = told;
    let told = if side == Side::Source { source } else { destination };
    !std::mem::replace(told, true)
}

impl Conversation {
    fn searching_mut(&mut self, side: Side) -> &mut bool {
        let [source, destination] = &mut self.searching;
        match side {
            Side::Source => source,
            Side::Destination => destination,
        }
    }

    fn message(&mut self, side: Side, wrapped: &Wrapped<'_>, out: &mut Out<'_>) {
        let content = wrapped.content;
        let (to, from) = ((wrapped.source, wrapped.destination), (wrapped.destination, wrapped.source));
        let Some(tag) = content.first() else { return };
        match tag {
            0x60 | 0x61 => {
                if let Some(association) = message::parse_association(content) {
                    self.association(side, &association, if association.answer { from } else { to }, out);
                }
            }
            0x62 => {
                let release = asked(Verb::Authenticate, "release", device(to.1), None);
                self.await_reply(side, to, Waits::Release, vec![release], None, out);
            }
            0x63 => self.answer(side, from, |waits| waits == Waits::Release, None, None, out),
            0xc0 | 0xc1 | 0xc3 => self.request(side, to, content, out),
            0xc4 | 0xc5 | 0xc7 => self.response(side, from, content, out),
            // An exception, or an error that was confirmed, belongs to whatever was asked last.
            0xd8 | 0x0e => {
                let why = if *tag == 0xd8 { message::exception(content) } else { "service-error".into() };
                self.answer(side, from, |_| true, None, Some(why), out);
            }
            0x0f | 0xc2 => {
                let notify = asked(Verb::Publish, "notification", device(wrapped.source), None);
                out.request(side, Asked { reply: Reply::NotExpected, ..notify });
            }
            0x05 | 0x06 => {
                let (verb, function) = if *tag == 5 { (Verb::Read, "read") } else { (Verb::Write, "write") };
                out.request(
                    side,
                    Asked { reply: Reply::NotExpected, ..asked(verb, function, device(to.1), None) },
                );
            }
            0xc8..=0xcf | 0xdb..=0xdd => {
                if once(&mut self.ciphered_told, side) {
                    let ciphered = asked(Verb::Transfer, "ciphered", device(to.1), None);
                    out.request(side, Asked { reply: Reply::NotExpected, ..ciphered });
                }
                // General ciphering begins with the sender's system title.
                if let [0xdb, 8, title @ ..] = content {
                    self.title(side, title.get(..8), out);
                }
            }
            _ => {}
        }
    }

    /// A system title: the maker's three letters (FLAG), and a number of its own (clause 4.3.4 of the standard's part on
    /// security).
    fn title(&mut self, side: Side, title: Option<&[u8]>, out: &mut Out<'_>) {
        let Some(title) = title.filter(|title| title.len() == 8) else { return };
        if !once(&mut self.title_told, side) {
            return;
        }
        out.identity(side, Trait::Serial, &hexadecimal(title, 16), "system-title", 80);
        if let Some(maker) = title.get(..3).filter(|maker| maker.iter().all(u8::is_ascii_uppercase)) {
            out.identity(side, Trait::Vendor, &readable(maker, 3), "system-title", 80);
        }
    }

    fn association(
        &mut self,
        side: Side,
        association: &Association<'_>,
        ends: (u16, u16),
        out: &mut Out<'_>,
    ) {
        self.title(side, association.title, out);
        if !association.answer {
            let Association { mechanism, password, .. } = *association;
            if mechanism == Mechanism::Low && password {
                let detail = format_compact!("password of client {}", ends.0);
                out.weakness(side.other(), WeaknessKind::CleartextCredentials, detail);
            }
            let value = Some(format_compact!("client {}, {}", ends.0, mechanism.text()));
            let associate = asked(Verb::Authenticate, "associate", device(ends.1), value);
            let waits = Waits::Association(mechanism, password);
            self.await_reply(side, ends, waits, vec![associate], None, out);
            return;
        }
        let refused = (association.result != 0).then(|| message::diagnostic(association.diagnostic));
        let mechanism = self.pending.iter().find_map(|p| match p.waits {
            Waits::Association(mechanism, _) if p.ends == ends => Some(mechanism),
            _ => None,
        });
        if let Some(mechanism) = mechanism.filter(|_| refused.is_none()) {
            if self.proved.len() < DEVICES_MAX || self.proved.contains_key(&ends) {
                self.proved.insert(ends, mechanism);
            }
            out.identity(side, Trait::Role, "DLMS/COSEM meter", "AARE", 80);
            // Client 16 is the public one, which every meter must let in without proof (clause 9.4.2.2.2).
            if mechanism == Mechanism::None && ends.0 != 16 {
                let detail = format_compact!("client {} without proof", ends.0);
                out.weakness(side, WeaknessKind::AnonymousLogin, detail);
            }
        }
        self.answer(side, ends, |waits| matches!(waits, Waits::Association(..)), None, refused, out);
    }

    fn request(&mut self, side: Side, ends: (u16, u16), content: &[u8], out: &mut Out<'_>) {
        let mut cursor = Cursor::new(content);
        let (Some(tag), Some(kind), Some(invoke)) = (cursor.u8(), cursor.u8(), cursor.u8()) else { return };
        let Some(service) = Service::of(tag) else { return };
        let waits = Waits::Service(service, invoke & 0x0f);
        // The kinds that begin something: 1 alone, 3 with a list, and the first block of a SET (2) or an ACTION (4).
        // The others only go on with it.
        let (listed, in_blocks) = match (service, kind) {
            (_, 1) => (false, false),
            (_, 3) if service != Service::Set => (true, false),
            (Service::Set, 2) | (Service::Action, 4) => (false, true),
            (Service::Set, 4) => (true, false),
            _ => return,
        };
        let count = if listed { parse::length(&mut cursor).unwrap_or(0).min(LIST_MAX) } else { 1 };
        let mut told = Vec::new();
        let mut first = None;
        for _ in 0..count {
            let Some(descriptor) = message::descriptor(&mut cursor) else { break };
            first = first.or(Some(descriptor));
            // Selective access, or the mark of a method's data.
            let follows = if service == Service::Action && listed { 0 } else { cursor.u8().unwrap_or(0) };
            let value = match service {
                _ if listed || in_blocks => None,
                Service::Set if follows == 0 => message::value(cursor.rest()),
                Service::Action if follows == 1 => message::value(cursor.rest()),
                _ => None,
            };
            let value =
                value.map(|value| if names::is_secret(descriptor) { "(hidden)".into() } else { value });
            let verb = names::verb(service, descriptor);
            told.push(asked(
                verb,
                names::function(service, descriptor),
                names::target(descriptor, ends.1),
                value,
            ));
            // How long a selection is cannot be told without reading its values.
            if follows != 0 {
                break;
            }
        }
        let descriptor = first.filter(|_| told.len() == 1 && !listed);
        if !told.is_empty() {
            self.await_reply(side, ends, waits, told, descriptor, out);
        }
    }

    fn response(&mut self, side: Side, ends: (u16, u16), content: &[u8], out: &mut Out<'_>) {
        let mut cursor = Cursor::new(content);
        let (Some(tag), Some(kind), Some(invoke)) = (cursor.u8(), cursor.u8(), cursor.u8()) else { return };
        let Some(service) = Service::of(tag) else { return };
        let waits = Waits::Service(service, invoke & 0x0f);
        let rest = cursor.rest();
        let (value, refused) = match (service, kind, rest) {
            (Service::Get, 1, [0, data @ ..]) => (message::value(data), None),
            (Service::Get, 1, [_, code, ..]) => (None, Some(message::refusal(*code))),
            // Blocks: last or not, number, data or why not. The first answers; the others find nobody waiting.
            (Service::Get, 2, [_, _, _, _, _, 1, code, ..]) => (None, Some(message::refusal(*code))),
            (Service::Get, 2, _) => (Some("in blocks".into()), None),
            (Service::Set, 1, [code, ..]) | (Service::Set, 3, [code, ..]) if *code != 0 => {
                (None, Some(message::refusal(*code)))
            }
            // More blocks are wanted.
            (Service::Set, 2, _) | (Service::Action, 4, _) => return,
            (Service::Action, 1, [code, ..]) if *code != 0 => (None, Some(message::refusal(*code))),
            _ => (None, None),
        };
        self.answer(side, ends, |found| found == waits, value, refused, out);
    }

    fn await_reply(
        &mut self,
        asker: Side,
        ends: (u16, u16),
        waits: Waits,
        asked: Vec<Asked>,
        descriptor: Option<Descriptor>,
        out: &mut Out<'_>,
    ) {
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            tell(oldest, out);
        }
        self.pending.push_back(Pending { asker, ends, waits, asked, descriptor });
    }

    fn answer(
        &mut self,
        side: Side,
        ends: (u16, u16),
        wanted: impl Fn(Waits) -> bool,
        value: Option<Text>,
        refused: Option<Text>,
        out: &mut Out<'_>,
    ) {
        let place =
            self.pending.iter().position(|p| p.asker == side.other() && p.ends == ends && wanted(p.waits));
        let Some(mut pending) = place.and_then(|place| self.pending.remove(place)) else { return };
        let secret = pending.descriptor.is_some_and(names::is_secret);
        if let (Some(value), Some(descriptor)) = (&value, pending.descriptor)
            && let Some((about, field)) = names::identity(descriptor)
        {
            out.identity(side, about, value, field, 90);
        }
        for asked in &mut pending.asked {
            asked.reply = refused.clone().map_or(Reply::Done, Reply::Refused);
            if asked.verb == Verb::Read {
                asked.value = if secret { None } else { value.clone() };
            }
            let unproved = self.proved.get(&ends).is_none_or(|mechanism| *mechanism == Mechanism::None);
            if asked.verb.changes() && refused.is_none() && unproved && !self.weakness_told {
                self.weakness_told = true;
                let detail = format_compact!("{} obeyed; nobody proved who asks", asked.function);
                out.weakness(side, WeaknessKind::UnauthenticatedControl, detail);
            }
        }
        tell(pending, out);
    }
}
