//! Pairs requests with responses.

use super::message::{Code, Element, Epsem};
use super::parse::{self, Found, Message, Service};
use super::{PORT, rows, service};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::show::{VALUE_BYTES_MAX, cut, hexadecimal, readable};
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;
use std::collections::VecDeque;

/// Messages whose responses are awaited at a time.
const PENDING_MAX: usize = 64;

/// Services of all those messages.
const SERVICES_PENDING_MAX: usize = 256;

/// The longest invocation identifier that is kept: more than any node counts to.
const INVOCATION_BYTES_MAX: usize = 8;

/// How many runs of bytes that are no message a stream may hold before it is given up.
const STRIKES_MAX: u32 = 16;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One conversation between two nodes.
#[derive(Default)]
struct Conversation {
    /// Which side asks where a message does not tell.
    client: Option<Side>,
    pending: VecDeque<Pending>,
    /// Whether the beginning of a message must be found, for source and destination.
    searching: [bool; 2],
    strikes: u32,
    /// Whether the meter took a password or a ticket.
    proven: bool,
    told: Told,
}

/// Weaknesses that were told of.
#[derive(Default)]
struct Told {
    control: bool,
    readable: bool,
}

/// A message whose response is awaited: its services in their order.
struct Pending {
    asker: Side,
    invocation: Vec<u8>,
    services: Vec<(Code, Asked)>,
    /// Whether it came with a check, which only the holder of a key can make.
    checked: bool,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        match parse::find_message(bytes) {
            Found::Message(body, used) if used == bytes.len() => match parse::parse_message(body) {
                Some(message) => {
                    self.message(side, &message, out);
                    true
                }
                None => false,
            },
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
                let place = (0..rest.len()).find(|place| begins(rest.get(*place..).unwrap_or_default()));
                *self.searching_mut(side) = place.is_none();
                let Some(place) = place else {
                    // The last bytes may be the beginning of a message's head.
                    return Progress::Used(used + rest.len().saturating_sub(5));
                };
                used += place;
                continue;
            }
            match parse::find_message(rest) {
                Found::Message(body, length) => {
                    match parse::parse_message(body) {
                        Some(message) => self.message(side, &message, out),
                        None => self.strikes += 1,
                    }
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
            self.give_up(pending, out);
        }
    }
}

/// Whether a message begins here: whole, or with an element that can be its first.
fn begins(bytes: &[u8]) -> bool {
    match parse::find_message(bytes) {
        Found::Message(body, _) => parse::parse_message(body).is_some_and(|message| message.is_whole()),
        // A title comes first, unless the context or the user's information does.
        Found::More => matches!(bytes, [0x60, ..]) && bytes.len() >= 6 && parse::may_begin(bytes),
        Found::Nothing => false,
    }
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
        let services = message.epsem.as_ref().map(|epsem| epsem.services()).unwrap_or_default();
        rows::message(side, message, &services, out);
        let (source_port, destination_port) = (out.flow.source_port, out.flow.destination_port);
        let client = *self.client.get_or_insert_with(|| match services.first() {
            Some(first) if first.code.is_response() => side.other(),
            Some(_) => side,
            None if source_port == PORT && destination_port != PORT => Side::Destination,
            None if destination_port == PORT => Side::Source,
            None => side,
        });
        let Some(epsem) = &message.epsem else { return };
        let invocation = |tag| message.integer(tag).filter(|id| id.len() <= INVOCATION_BYTES_MAX);
        let calling = invocation(Element::CALLING_AP_INVOCATION_ID);
        let called = invocation(Element::CALLED_AP_INVOCATION_ID);
        let title = message.title(Element::CALLED_AP_TITLE);
        if services.is_empty() {
            if epsem.is_open() {
                return;
            }
            // A response repeats the number of what it answers.
            if called.is_none() && side == client {
                let asked = self.sealed(title);
                self.ask(side, calling, vec![(Code(u8::MAX), asked)], epsem, out);
            } else if let Some(pending) = self.answered(side, called.or(calling)) {
                for (_, mut asked) in pending.services {
                    asked.reply = Reply::Done;
                    out.request(pending.asker, asked);
                }
            }
            return;
        }
        let (answers, requests): (Vec<&Service<'_>>, Vec<&Service<'_>>) =
            services.iter().partition(|service| service.code.is_response());
        if !answers.is_empty() {
            self.responses(side, called.or(calling), &answers, out);
        }
        if requests.is_empty() {
            return;
        }
        let asked: Vec<(Code, Asked)> = requests
            .iter()
            .map(|request| {
                rows::request(side, request, out);
                self.look_at(side, request, out);
                (request.code, asked(request, title.as_ref()))
            })
            .collect();
        self.ask(side, calling, asked, epsem, out);
    }

    fn sealed(&self, title: Option<Text>) -> Asked {
        Asked {
            verb: Verb::Transfer,
            function: Text::const_new("sealed"),
            target: node(title.as_ref()),
            value: None,
            reply: Reply::Missing,
            details: Details::new(),
        }
    }

    /// Tells what a request shows by itself. A password is not kept.
    fn look_at(&mut self, side: Side, request: &Service<'_>, out: &mut Out<'_>) {
        if request.code == Code::SECURITY && !self.told.readable {
            self.told.readable = true;
            let detail = match service::security_user(request.data) {
                Some(user) => format_compact!("user {user}"),
                None => Text::const_new("a meter's password"),
            };
            out.weakness(side.other(), WeaknessKind::CleartextCredentials, detail);
        }
    }

    /// Keeps a message's services until they are answered.
    fn ask(
        &mut self,
        asker: Side,
        invocation: Option<&[u8]>,
        services: Vec<(Code, Asked)>,
        epsem: &Epsem<'_>,
        out: &mut Out<'_>,
    ) {
        if epsem.control.wants_nothing() {
            for (_, mut asked) in services {
                asked.reply = Reply::NotExpected;
                self.tell(asker, asked, out);
            }
            return;
        }
        let held = |pending: &VecDeque<Pending>| pending.iter().map(|p| p.services.len()).sum::<usize>();
        while (self.pending.len() >= PENDING_MAX || held(&self.pending) >= SERVICES_PENDING_MAX)
            && let Some(oldest) = self.pending.pop_front()
        {
            self.give_up(oldest, out);
        }
        let invocation = invocation.unwrap_or_default().to_vec();
        let checked = epsem.check.is_some();
        self.pending.push_back(Pending { asker, invocation, services, checked });
    }

    fn give_up(&mut self, pending: Pending, out: &mut Out<'_>) {
        for (_, asked) in pending.services {
            self.tell(pending.asker, asked, out);
        }
    }

    /// The message that a response answers: by its number, else the oldest.
    fn answered(&mut self, side: Side, invocation: Option<&[u8]>) -> Option<Pending> {
        let asker = side.other();
        let place = self
            .pending
            .iter()
            .position(|p| p.asker == asker && Some(p.invocation.as_slice()) == invocation)
            .or_else(|| self.pending.iter().position(|p| p.asker == asker))?;
        self.pending.remove(place)
    }

    fn responses(
        &mut self,
        side: Side,
        invocation: Option<&[u8]>,
        answers: &[&Service<'_>],
        out: &mut Out<'_>,
    ) {
        let asker = side.other();
        let pending = self.answered(side, invocation);
        let checked = pending.as_ref().is_some_and(|pending| pending.checked);
        let mut services = pending.map(|pending| pending.services).unwrap_or_default().into_iter();
        for answer in answers {
            let Some((code, mut asked)) = services.next() else {
                rows::response(side, None, answer, out);
                continue;
            };
            rows::response(side, Some(code), answer, out);
            if answer.code != Code::OK {
                asked.reply = Reply::Refused(answer.code.reason());
                self.tell(asker, asked, out);
                continue;
            }
            asked.reply = Reply::Done;
            // A node that obeys has found the check to be right.
            self.proven |= checked;
            match code {
                Code::IDENTIFICATION => identify(side, answer.data, out),
                Code::SECURITY | Code::AUTHENTICATE => self.proven = true,
                _ if code.reads() => {
                    asked.value = match service::parse_read(answer.data) {
                        _ if asked.value.is_some() => asked.value,
                        read => read.map(|data| hexadecimal(data, VALUE_BYTES_MAX)),
                    };
                }
                _ => {}
            }
            self.tell(asker, asked, out);
        }
        for (_, asked) in services {
            self.tell(asker, asked, out);
        }
    }

    fn tell(&mut self, asker: Side, asked: Asked, out: &mut Out<'_>) {
        let changes = asked.verb.changes() && asked.reply == Reply::Done;
        if changes && !self.proven && !self.told.control {
            self.told.control = true;
            let detail = format_compact!("{} obeyed; nothing proved who asked", asked.function);
            out.weakness(asker.other(), WeaknessKind::UnauthenticatedControl, detail);
        }
        out.request(asker, asked);
    }
}

/// What a node says of itself.
fn identify(side: Side, data: &[u8], out: &mut Out<'_>) {
    let Some(found) = service::parse_identification(data) else { return };
    if let Some(class) = &found.device_class {
        out.identity(side, Trait::Model, class, "device-class", 90);
    }
    if let Some((_, identity)) = found.identity {
        let printable = identity.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
        let text = if printable {
            readable(identity, VALUE_BYTES_MAX)
        } else {
            hexadecimal(identity, VALUE_BYTES_MAX)
        };
        out.identity(side, Trait::Serial, &text, "device-identity", 90);
    }
}

/// A node by its title.
fn node(title: Option<&Text>) -> Target {
    let name = title.map(|title| cut(title, VALUE_BYTES_MAX)).unwrap_or_default();
    Target { kind: Text::const_new("node"), name, ..Target::default() }
}

/// What a service asks.
fn asked(request: &Service<'_>, title: Option<&Text>) -> Asked {
    let Service { code, data } = *request;
    let mut asked = Asked {
        verb: code.verb(),
        function: code.text(),
        target: node(title),
        value: None,
        reply: Reply::Missing,
        details: Details::new(),
    };
    match code {
        Code::LOGON => {
            if let Some(logon) = service::parse_logon(data) {
                asked.target = Target {
                    name: cut(&rows::user(logon.user), VALUE_BYTES_MAX),
                    ..Target::numbered("user", logon.user_id.into(), logon.user_id.into())
                };
            }
        }
        Code::RESOLVE | Code::TRACE => {
            asked.target = node(parse::take_title(&mut crate::cursor::Cursor::new(data)).as_ref());
        }
        _ => {}
    }
    if let Some(access) = service::parse_access(code, data) {
        asked.target = Target::numbered(access.kind(), access.number().into(), access.number().into());
        if access.is_secret(code) {
            // Whatever is read or written there.
            asked.value = Some(Text::const_new("(hidden)"));
        } else if code.writes() {
            asked.value = Some(hexadecimal(access.data, VALUE_BYTES_MAX));
        }
        if let Some((number, makers)) = access.procedure() {
            (asked.function, asked.verb) = service::procedure(number, makers);
            if asked.verb == Verb::Authenticate {
                asked.value = None;
            }
        }
    }
    asked
}
