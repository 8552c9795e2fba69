//! Follows a tool and an interface to the bus, or what routers send to all.

use super::message::{self, Description, Frame, Service};
use super::parse::{self, Found};
use super::telegram::{Code, Key, Management, Meaning, Role, Telegram};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::show::{VALUE_BYTES_MAX, hexadecimal, readable};
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;
use std::collections::VecDeque;

/// Requests awaiting a reply at a time.
const PENDING_MAX: usize = 64;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// Two ends.
#[derive(Default)]
struct Conversation {
    pending: VecDeque<Pending>,
    /// Channel and number of the last frame of a connection, from source and destination: sent again, it is the same.
    last: [Option<(Service, u8, u8)>; 2],
    searching: [bool; 2],
    wrapped_told: [bool; 2],
    described: bool,
    weakness_told: bool,
    key_told: bool,
}

/// What awaits a reply.
struct Pending {
    asker: Side,
    waits: Waits,
    asked: Asked,
    /// Service, channel and number, by which an acknowledgement may refuse it.
    connection: Option<(Service, u8, u8)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Waits {
    /// For the bus's confirmation of a telegram: destination and service; then perhaps for an answer.
    Confirmation {
        destination: u16,
        service: u16,
        role: Role,
    },
    /// For an answer from the bus: from a device, or from anybody to a group.
    Answer {
        address: u16,
        to_group: bool,
        service: u16,
    },
    Frame(Service),
    Management {
        code: Code,
        object: u16,
        property: u8,
    },
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        match parse::parse_frame(bytes) {
            Found::Frame(frame, used) if used == bytes.len() && frame.service.is_known() => {
                self.frame(side, &frame, out);
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
            match parse::parse_frame(rest) {
                Found::Frame(frame, length) if frame.service.is_known() => {
                    *self.searching_mut(side) = false;
                    self.frame(side, &frame, out);
                    used += length;
                }
                Found::More if !*self.searching_mut(side) || rest.len() < 6 => return Progress::Used(used),
                _ if *self.searching_mut(side) => used += 1,
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
            out.request(pending.asker, pending.asked);
        }
    }
}

fn asked(verb: Verb, function: &'static str, target: Target, value: Option<Text>) -> Asked {
    let function = Text::const_new(function);
    Asked { verb, function, target, value, reply: Reply::Missing, details: Details::new() }
}

impl Conversation {
    fn searching_mut(&mut self, side: Side) -> &mut bool {
        let [source, destination] = &mut self.searching;
        match side {
            Side::Source => source,
            Side::Destination => destination,
        }
    }

    /// Whether a connection's frame is the one that was sent last, sent again.
    fn is_repeated(&mut self, side: Side, key: (Service, u8, u8)) -> bool {
        let [source, destination] = &mut self.last;
        let last = match side {
            Side::Source => source,
            Side::Destination => destination,
        };
        last.replace(key) == Some(key)
    }

    fn frame(&mut self, side: Side, frame: &Frame<'_>, out: &mut Out<'_>) {
        let body = frame.body;
        match frame.service {
            Service::SEARCH_REQUEST | Service::SEARCH_REQUEST_EXTENDED => {
                let mut search = asked(Verb::Discover, "search", Target::default(), None);
                search.reply = Reply::NotExpected;
                out.request(side, search);
            }
            Service::DESCRIPTION_REQUEST => {
                let description = asked(Verb::Discover, "description", Target::default(), None);
                self.await_reply(side, Waits::Frame(Service::DESCRIPTION_RESPONSE), description, None, out);
            }
            Service::SEARCH_RESPONSE | Service::SEARCH_RESPONSE_EXTENDED | Service::DESCRIPTION_RESPONSE => {
                if let Some(description) = parse::parse_description(frame.service, body) {
                    self.describe(side, &description, out);
                }
                self.answer(side, Waits::Frame(frame.service), None, None, out);
            }
            Service::CONNECT_REQUEST => {
                let kind = parse::parse_connect(body).map_or("", message::connection);
                let connect = asked(Verb::Authenticate, "connect", Target::named(kind), None);
                self.await_reply(side, Waits::Frame(Service::CONNECT_RESPONSE), connect, None, out);
            }
            Service::CONNECT_RESPONSE => {
                let [_, code, ..] = body else { return };
                let refused = (*code != 0).then(|| message::status(*code));
                self.answer(side, Waits::Frame(Service::CONNECT_RESPONSE), None, refused, out);
            }
            Service::TUNNELLING_REQUEST | Service::CONFIGURATION_REQUEST => {
                let Some((channel, sequence, _, content)) = parse::parse_connection(body) else { return };
                let key = (frame.service, channel, sequence);
                if !self.is_repeated(side, key) {
                    self.content(side, content, Some(key), out);
                }
            }
            Service::TUNNELLING_ACK | Service::CONFIGURATION_ACK => self.acknowledged(side, frame, out),
            Service::ROUTING_INDICATION | Service::ROUTING_SYSTEM_BROADCAST => {
                self.content(side, body, None, out);
            }
            Service::FEATURE_SET => self.plain(side, Verb::Configure, "feature-set", out),
            Service::REMOTE_BASIC_CONFIGURATION => {
                self.plain(side, Verb::Configure, "remote-basic-configuration", out);
            }
            Service::REMOTE_RESET => self.plain(side, Verb::Restart, "remote-reset", out),
            Service::SESSION_REQUEST => {
                let session = asked(Verb::Authenticate, "session-request", Target::default(), None);
                self.await_reply(side, Waits::Frame(Service::SESSION_RESPONSE), session, None, out);
            }
            Service::SESSION_RESPONSE => {
                // Without a session's number nobody was let in.
                let refused = body.starts_with(&[0, 0]).then(|| Text::const_new("no-session"));
                self.answer(side, Waits::Frame(Service::SESSION_RESPONSE), None, refused, out);
            }
            Service::SECURE_WRAPPER => {
                let [source, destination] = &mut self.wrapped_told;
                let told = if side == Side::Source { source } else { destination };
                if !std::mem::replace(told, true) {
                    self.plain(side, Verb::Transfer, "secure-wrapper", out);
                }
            }
            _ => {}
        }
    }

    fn plain(&self, side: Side, verb: Verb, function: &'static str, out: &mut Out<'_>) {
        let mut asked = asked(verb, function, Target::default(), None);
        asked.reply = Reply::NotExpected;
        out.request(side, asked);
    }

    fn describe(&mut self, side: Side, description: &Description<'_>, out: &mut Out<'_>) {
        if std::mem::replace(&mut self.described, true) {
            return;
        }
        let field = "device-information";
        let name: String = description.name.iter().copied().map(char::from).collect();
        out.identity(side, Trait::Name, &readable(name.as_bytes(), VALUE_BYTES_MAX), "friendly-name", 90);
        out.identity(side, Trait::Name, &message::individual(description.address), "individual-address", 90);
        out.identity(side, Trait::Serial, &hexadecimal(&description.serial, 12), field, 90);
        out.identity(side, Trait::Role, description.role(), "service-families", 90);
        let [high, low, ..] = description.serial;
        if let Some(maker) = message::maker(u16::from_be_bytes([high, low])) {
            out.identity(side, Trait::Vendor, maker, "serial number", 70);
        }
        if description.programming {
            out.identity(side, Trait::Role, "KNX device in programming mode", field, 90);
        }
    }

    fn content(&mut self, side: Side, content: &[u8], key: Option<(Service, u8, u8)>, out: &mut Out<'_>) {
        if let Some(telegram) = parse::parse_telegram(content) {
            if let Some(meaning) = telegram.meaning() {
                self.telegram(side, &telegram, meaning, key, out);
            }
        } else if let Some(management) = parse::parse_management(content) {
            self.management(side, &management, key, out);
        }
    }

    fn telegram(
        &mut self,
        side: Side,
        telegram: &Telegram<'_>,
        meaning: Meaning,
        key: Option<(Service, u8, u8)>,
        out: &mut Out<'_>,
    ) {
        let Meaning { service, verb, function, role, target, value, key: secret } = meaning;
        let mut asked = asked(verb, function, target, value);
        match telegram.code {
            Code::DATA_CONFIRMATION => {
                self.confirmed(side, telegram, service, out);
                return;
            }
            Code::DATA_REQUEST => {
                self.secret(side.other(), secret, out);
                let waits = Waits::Confirmation { destination: telegram.destination, service, role };
                self.await_reply(side, waits, asked, key, out);
                return;
            }
            _ => {}
        }
        // What the bus did by itself, or an answer from it.
        self.secret(side, secret, out);
        let value = asked.value.clone();
        if role == Role::Answers && self.answered(side, telegram, service, value, out) {
            return;
        }
        if key.is_some() && asked.verb == Verb::Write {
            asked.verb = Verb::Publish;
        }
        asked.reply = Reply::NotExpected;
        out.request(side, asked);
    }

    fn secret(&mut self, side: Side, secret: Option<Key>, out: &mut Out<'_>) {
        let Some(secret) = secret.filter(|_| !self.key_told) else { return };
        self.key_told = true;
        match secret {
            Key::Free => {
                let detail = "authorised with the key that every device is shipped with";
                out.weakness(side, WeaknessKind::DefaultCredentials, detail);
            }
            Key::Own => out.weakness(side, WeaknessKind::CleartextCredentials, "key of a KNX device"),
        }
    }

    fn acknowledged(&mut self, side: Side, frame: &Frame<'_>, out: &mut Out<'_>) {
        let Some((channel, sequence, code, _)) = parse::parse_connection(frame.body) else { return };
        let request = Service(frame.service.0 - 1);
        let wanted = |p: &Pending| {
            p.asker == side.other() && p.connection == Some((request, channel, sequence)) && code != 0
        };
        let place = self.pending.iter().position(wanted);
        if let Some(mut pending) = place.and_then(|place| self.pending.remove(place)) {
            pending.asked.reply = Reply::Refused(message::status(code));
            out.request(pending.asker, pending.asked);
        }
    }

    fn confirmed(&mut self, side: Side, telegram: &Telegram<'_>, service: u16, out: &mut Out<'_>) {
        let wanted = |p: &Pending| {
            p.asker == side.other()
                && matches!(p.waits, Waits::Confirmation { destination, service: asked, .. }
                    if (destination, asked) == (telegram.destination, service))
        };
        let place = self.pending.iter().position(wanted);
        let Some(mut pending) = place.and_then(|place| self.pending.remove(place)) else { return };
        if telegram.failed {
            pending.asked.reply = Reply::Refused("not-confirmed".into());
        } else if let Waits::Confirmation { role: Role::Asks(service), .. } = pending.waits {
            let (address, to_group) = (telegram.destination, telegram.to_group);
            pending.waits = Waits::Answer { address, to_group, service };
            self.tell_weakness(side, &pending.asked, out);
            self.pending.push_back(pending);
            return;
        } else {
            pending.asked.reply = Reply::Done;
            self.tell_weakness(side, &pending.asked, out);
        }
        out.request(pending.asker, pending.asked);
    }

    fn tell_weakness(&mut self, side: Side, asked: &Asked, out: &mut Out<'_>) {
        if asked.verb.changes() && !self.weakness_told {
            self.weakness_told = true;
            let detail = format_compact!("{} passed to the bus; nothing proves who asks", asked.function);
            out.weakness(side, WeaknessKind::UnauthenticatedControl, detail);
        }
    }

    /// An answer from the bus; whether somebody waited for it.
    fn answered(
        &mut self,
        side: Side,
        telegram: &Telegram<'_>,
        service: u16,
        value: Option<Text>,
        out: &mut Out<'_>,
    ) -> bool {
        let wanted = |p: &Pending| {
            p.asker == side.other()
                && matches!(p.waits, Waits::Answer { address, to_group, service: wanted }
                    if wanted == service && to_group == telegram.to_group
                        // A question to all is answered by anybody.
                        && (address == if to_group { telegram.destination } else { telegram.source } || address == 0))
        };
        let place = self.pending.iter().position(wanted);
        let Some(mut pending) = place.and_then(|place| self.pending.remove(place)) else { return false };
        pending.asked.reply = Reply::Done;
        if !pending.asked.verb.changes() {
            pending.asked.value = value;
        }
        out.request(pending.asker, pending.asked);
        true
    }

    fn management(
        &mut self,
        side: Side,
        management: &Management<'_>,
        key: Option<(Service, u8, u8)>,
        out: &mut Out<'_>,
    ) {
        let Management { code, object, property, elements, data } = *management;
        let target = Target::named(format_compact!("property {object}/{property}"));
        let value = (!data.is_empty()).then(|| format_compact!("0x{}", hexadecimal(data, VALUE_BYTES_MAX)));
        // The IP parameter object holds the keys of KNX IP Secure: 91 to 96 (AN159).
        let value = if object == 11 && (91..=96).contains(&property) && value.is_some() {
            Some("(hidden)".into())
        } else {
            value
        };
        let (verb, function, answer) = match code {
            Code::READ_REQUEST => (Verb::Read, "m-prop-read", Code::READ_CONFIRMATION),
            Code::WRITE_REQUEST => (Verb::Configure, "m-prop-write", Code::WRITE_CONFIRMATION),
            Code::FUNCTION_COMMAND => (Verb::Configure, "m-func-prop-command", Code::FUNCTION_CONFIRMATION),
            Code::FUNCTION_STATE => (Verb::Read, "m-func-prop-state-read", Code::FUNCTION_CONFIRMATION),
            Code::RESET_REQUEST => {
                let asked = asked(Verb::Restart, "m-reset", Target::default(), None);
                let waits = Waits::Management { code: Code::RESET_INDICATION, object: 0, property: 0 };
                self.await_reply(side, waits, asked, key, out);
                return;
            }
            _ => {
                let waits = Waits::Management { code, object, property };
                let refused = (elements == 0 && !matches!(code, Code::RESET_INDICATION))
                    .then(|| format_compact!("error-{}", data.first().copied().unwrap_or_default()));
                if refused.is_none() {
                    identify(side, management, out);
                }
                let value = value.filter(|_| code == Code::READ_CONFIRMATION && refused.is_none());
                self.answer(side, waits, value, refused, out);
                return;
            }
        };
        let asked = asked(verb, function, target, value.filter(|_| verb.changes()));
        self.await_reply(side, Waits::Management { code: answer, object, property }, asked, key, out);
    }

    fn await_reply(
        &mut self,
        asker: Side,
        waits: Waits,
        asked: Asked,
        connection: Option<(Service, u8, u8)>,
        out: &mut Out<'_>,
    ) {
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            out.request(oldest.asker, oldest.asked);
        }
        self.pending.push_back(Pending { asker, waits, asked, connection });
    }

    fn answer(
        &mut self,
        side: Side,
        waits: Waits,
        value: Option<Text>,
        refused: Option<Text>,
        out: &mut Out<'_>,
    ) {
        let place = self.pending.iter().position(|p| p.asker == side.other() && p.waits == waits);
        let Some(mut pending) = place.and_then(|place| self.pending.remove(place)) else { return };
        if value.is_some() {
            pending.asked.value = value;
        }
        if refused.is_none() {
            self.tell_weakness(side, &pending.asked, out);
        }
        pending.asked.reply = refused.map_or(Reply::Done, Reply::Refused);
        out.request(pending.asker, pending.asked);
    }
}

/// What an interface says of itself in its properties.
fn identify(side: Side, management: &Management<'_>, out: &mut Out<'_>) {
    if management.code != Code::READ_CONFIRMATION {
        return;
    }
    let data = management.data;
    match (management.object, management.property) {
        (0, 11) => {
            out.identity(side, Trait::Serial, &hexadecimal(data, 12), "property 0/11 serial-number", 90);
        }
        (0, 12) => {
            if let [high, low] = data
                && let Some(maker) = message::maker(u16::from_be_bytes([*high, *low]))
            {
                out.identity(side, Trait::Vendor, maker, "property 0/12 manufacturer-id", 90);
            }
        }
        (0, 15) => {
            out.identity(side, Trait::Model, &hexadecimal(data, 20), "property 0/15 order-info", 90);
        }
        _ => {}
    }
}
