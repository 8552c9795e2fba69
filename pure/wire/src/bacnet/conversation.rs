//! Pairs requests with replies.

use super::assembly::{Assemblies, Sender, Whole};
use super::envelope::{Envelope, beyond, confirmed_fields, put};
use super::message::{
    Apdu, BvlcFunction, BvlcResult, ConfirmedRequest, Content, NetworkMessage, ObjectId, PropertyId, Service,
    reinitialize_verb,
};
use super::names::{self, ABORT_REASONS, REJECT_REASONS};
use super::parse;
use super::part::Part;
use super::reply::{Refusal, parse_error, parse_reply};
use super::request::{parse_request, vendor};
use super::value::Tags;
use crate::cursor::Cursor;
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::show::{VALUE_BYTES_MAX, hexadecimal, listed};
use city::{Address, Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::{ToCompactString, format_compact};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};

/// Requests awaiting a reply at a time: every invoke id of one device.
const PENDING_MAX: usize = 256;

/// How long a reply is awaited. The standard's usual wait is 3 seconds, three times over (clause 12, APDU_Timeout and
/// Number_Of_APDU_Retries), and as much again for each segment.
const WAIT: SignedDuration = SignedDuration::from_secs(60);

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// Two ends that speak BACnet. Either may ask.
#[derive(Default)]
struct Conversation {
    pending: VecDeque<Pending>,
    /// Messages of the virtual link layer, which have no number, in the order they were sent.
    link_pending: VecDeque<LinkPending>,
    assemblies: Assemblies,
    control_told: bool,
    password_told: bool,
}

/// A confirmed request whose reply is awaited.
struct Pending {
    asker: Side,
    invoke: u8,
    service: u8,
    /// The server, where it is beyond a router.
    beyond: Text,
    time: Timestamp,
    parts: Vec<Part>,
    /// What all parts share.
    shared: Details,
    /// What came back, once it did: a reply in segments is told when its last is acknowledged.
    answer: Option<Answer>,
}

/// What came back.
struct Answer {
    reply: Reply,
    parts: Vec<Part>,
    shared: Details,
    /// The number of the last segment, if there were several.
    last_sequence: Option<u8>,
}

/// A message of the virtual link layer that is awaiting its result.
struct LinkPending {
    asker: Side,
    function: BvlcFunction,
    asked: Asked,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let Some(bvlc) = parse::parse_bvlc(bytes) else { return false };
        self.tell_overdue(out);
        let (origin, body) = match bvlc.function {
            BvlcFunction::FORWARDED_NPDU => match parse::parse_forwarded(bvlc.body) {
                Some((address, port, body)) => (Some((address, port)), body),
                None => return false,
            },
            BvlcFunction::ORIGINAL_UNICAST
            | BvlcFunction::ORIGINAL_BROADCAST
            | BvlcFunction::DISTRIBUTE_BROADCAST => (None, bvlc.body),
            function => {
                self.link_message(side, function, bvlc.body, out);
                return true;
            }
        };
        let Some(npdu) = parse::parse_npdu(body) else { return false };
        let envelope = Envelope { function: bvlc.function, origin, npdu };
        match npdu.content {
            Content::Application(apdu) => self.apdu(side, &envelope, apdu, out),
            Content::Network { kind, vendor, data } => {
                network_message(side, &envelope, kind, vendor, data, out)
            }
        }
        true
    }

    fn stream(&mut self, _side: Side, _bytes: &[u8], _out: &mut Out<'_>) -> Progress {
        Progress::Lost
    }

    fn gap(&mut self, _side: Side, _missing: u64, _out: &mut Out<'_>) {}

    fn end(&mut self, out: &mut Out<'_>) {
        while let Some(pending) = self.pending.pop_front() {
            self.tell(pending, out);
        }
        while let Some(pending) = self.link_pending.pop_front() {
            out.request(pending.asker, pending.asked);
        }
    }
}

impl Conversation {
    fn apdu(&mut self, side: Side, envelope: &Envelope<'_>, apdu: Apdu<'_>, out: &mut Out<'_>) {
        match apdu {
            Apdu::ConfirmedRequest(request) => self.confirmed(side, envelope, request, out),
            Apdu::UnconfirmedRequest { service, data } => unconfirmed(side, envelope, service, data, out),
            Apdu::SimpleAck { invoke, service } => {
                let answer = self.answer(envelope, "simple-ack", Reply::Done, out);
                self.answered(side, envelope, invoke, Some(service), answer, out);
            }
            Apdu::ComplexAck { invoke, segment, service, data } => {
                let Some(segment) = segment else {
                    let mut answer = self.answer(envelope, "complex-ack", Reply::Done, out);
                    answer.parts = parse_reply(service, data, out.wants_details());
                    self.answered(side, envelope, invoke, Some(service), answer, out);
                    return;
                };
                let sender = sender(side, envelope, invoke);
                if let Some(whole) = self.assemblies.add(sender, segment, data) {
                    let mut answer = self.answer(envelope, "complex-ack", Reply::Done, out);
                    answer.parts =
                        parse_whole(&whole, |data| parse_reply(service, data, out.wants_details()));
                    answer.last_sequence = Some(segment.sequence);
                    if out.wants_details() {
                        put(&mut answer.shared, "reply-segments", whole.segments.to_compact_string());
                        put(&mut answer.shared, "reply-incomplete", whole.incomplete.to_compact_string());
                    }
                    self.answered(side, envelope, invoke, Some(service), answer, out);
                }
            }
            Apdu::SegmentAck { negative, from_server, invoke, sequence, window } => {
                self.segment_ack(side, negative, from_server, invoke, sequence, window, out);
            }
            Apdu::Error { invoke, service, data } => {
                let refusal = parse_error(data);
                let why = refusal.map_or_else(|| "error".into(), Refusal::code_text);
                let mut answer = self.answer(envelope, "error", Reply::Refused(why), out);
                if out.wants_details()
                    && let Some(refusal) = refusal
                {
                    put(&mut answer.shared, "error-class", refusal.class_text());
                    put(&mut answer.shared, "error-code", refusal.code_text());
                }
                self.answered(side, envelope, invoke, Some(service), answer, out);
            }
            Apdu::Reject { invoke, reason } => {
                let why = names::name(REJECT_REASONS, u32::from(reason), "reject-reason");
                let mut answer = self.answer(envelope, "reject", Reply::Refused(why.clone()), out);
                if out.wants_details() {
                    put(&mut answer.shared, "reject-reason", why);
                }
                self.answered(side, envelope, invoke, None, answer, out);
            }
            Apdu::Abort { from_server, invoke, reason } => {
                let why = names::name(ABORT_REASONS, u32::from(reason), "abort-reason");
                let mut answer = self.answer(envelope, "abort", Reply::Refused(why.clone()), out);
                if out.wants_details() {
                    put(&mut answer.shared, "abort-reason", why);
                    put(&mut answer.shared, "abort-from-server", from_server.to_compact_string());
                }
                // A client may abort its own request (5.4.4).
                let server = if from_server { side } else { side.other() };
                self.answered(server, envelope, invoke, None, answer, out);
            }
        }
    }

    fn answer(&self, envelope: &Envelope<'_>, pdu_type: &'static str, reply: Reply, out: &Out<'_>) -> Answer {
        let mut shared = Details::new();
        if out.wants_details() {
            envelope.reply_fields(&mut shared, pdu_type);
        }
        Answer { reply, parts: Vec::new(), shared, last_sequence: None }
    }

    fn confirmed(
        &mut self,
        side: Side,
        envelope: &Envelope<'_>,
        request: ConfirmedRequest<'_>,
        out: &mut Out<'_>,
    ) {
        let service = Service::Confirmed(request.service);
        let mut shared = Details::new();
        if out.wants_details() {
            envelope.request_fields(&mut shared);
            confirmed_fields(&request, &mut shared);
        }
        let parts = match request.segment {
            None => parse_request(service, request.data, out.wants_details()),
            Some(segment) => {
                let sender = sender(side, envelope, request.invoke);
                let Some(whole) = self.assemblies.add(sender, segment, request.data) else {
                    if segment.sequence == 0 {
                        // Held from its first segment on, so that acknowledgements of the others find it.
                        self.hold(side, envelope, &request, Vec::new(), shared, out);
                    }
                    return;
                };
                let begun = self.place(side, request.invoke, &beyond(envelope.npdu.destination));
                if let Some(begun) = begun.and_then(|place| self.pending.remove(place)) {
                    shared = begun.shared;
                }
                if out.wants_details() {
                    put(&mut shared, "segments", whole.segments.to_compact_string());
                    put(&mut shared, "incomplete", whole.incomplete.to_compact_string());
                }
                parse_whole(&whole, |data| parse_request(service, data, out.wants_details()))
            }
        };
        let has_password = match request.service {
            17 => carries_password(request.data, 2),
            20 => carries_password(request.data, 1),
            _ => false,
        };
        if has_password && !self.password_told {
            self.password_told = true;
            let detail = format_compact!("password of {}", service.text());
            out.weakness(side.other(), WeaknessKind::CleartextCredentials, detail);
        }
        self.hold(side, envelope, &request, parts, shared, out);
    }

    fn hold(
        &mut self,
        asker: Side,
        envelope: &Envelope<'_>,
        request: &ConfirmedRequest<'_>,
        parts: Vec<Part>,
        shared: Details,
        out: &mut Out<'_>,
    ) {
        let beyond = beyond(envelope.npdu.destination);
        let out_of_place = match self.place(asker, request.invoke, &beyond) {
            Some(place) => self.pending.remove(place),
            None if self.pending.len() >= PENDING_MAX => self.pending.pop_front(),
            None => None,
        };
        if let Some(old) = out_of_place {
            self.tell(old, out);
        }
        let (invoke, service) = (request.invoke, request.service);
        self.pending.push_back(Pending {
            asker,
            invoke,
            service,
            beyond,
            time: out.time,
            parts,
            shared,
            answer: None,
        });
    }

    fn place(&self, asker: Side, invoke: u8, beyond: &str) -> Option<usize> {
        self.pending.iter().position(|p| (p.asker, p.invoke) == (asker, invoke) && p.beyond == beyond)
    }

    /// A reply from `server` arrived.
    fn answered(
        &mut self,
        server: Side,
        envelope: &Envelope<'_>,
        invoke: u8,
        service: Option<u8>,
        answer: Answer,
        out: &mut Out<'_>,
    ) {
        let asker = server.other();
        let open = |p: &Pending| {
            (p.asker, p.invoke) == (asker, invoke)
                && p.answer.is_none()
                && service.is_none_or(|service| service == p.service)
        };
        let from = beyond(envelope.npdu.source);
        // A router may answer in the name of one beyond it, and a server need not name itself as it was named.
        let place = self.pending.iter().position(|p| open(p) && p.beyond == from).or_else(|| {
            self.pending.iter().position(|p| open(p) && (from.is_empty() || p.beyond.is_empty()))
        });
        if from.is_empty() {
            identify(&answer.parts, sender_address(server, envelope, out), out);
        }
        match place.and_then(|place| self.pending.remove(place)) {
            Some(mut pending) => {
                let wait_for_acknowledgement = answer.last_sequence.is_some();
                pending.answer = Some(answer);
                if wait_for_acknowledgement {
                    self.pending.push_back(pending);
                } else {
                    self.tell(pending, out);
                }
            }
            None => self.unasked(asker, invoke, service, answer, out),
        }
    }

    /// A reply whose request was not seen.
    fn unasked(&mut self, asker: Side, invoke: u8, service: Option<u8>, answer: Answer, out: &mut Out<'_>) {
        let mut shared = Details::new();
        if out.wants_details() {
            put(&mut shared, "request-seen", "false");
            put(&mut shared, "invoke-id", invoke.to_compact_string());
        }
        let pending = Pending {
            asker,
            invoke,
            service: service.unwrap_or(u8::MAX),
            beyond: Text::default(),
            time: out.time,
            parts: Vec::new(),
            shared,
            answer: Some(answer),
        };
        self.tell(pending, out);
    }

    #[expect(clippy::too_many_arguments, reason = "they are the fields of one PDU")]
    fn segment_ack(
        &mut self,
        side: Side,
        negative: bool,
        from_server: bool,
        invoke: u8,
        sequence: u8,
        window: u8,
        out: &mut Out<'_>,
    ) {
        let asker = if from_server { side.other() } else { side };
        let Some(place) = self.pending.iter().position(|p| (p.asker, p.invoke) == (asker, invoke)) else {
            return;
        };
        let mut done = false;
        if let Some(pending) = self.pending.get_mut(place) {
            if out.wants_details() {
                let who = if from_server { "server" } else { "client" };
                let word = if negative { "negative" } else { "positive" };
                let text = format_compact!("{who} {sequence} window {window} {word}");
                put(&mut pending.shared, "segment-ack", text);
            }
            let last = pending.answer.as_ref().and_then(|answer| answer.last_sequence);
            done = !negative && last == Some(sequence);
        }
        if done && let Some(pending) = self.pending.remove(place) {
            self.tell(pending, out);
        }
    }

    /// Requests that have waited too long, and replies whose last acknowledgement does not come.
    fn tell_overdue(&mut self, out: &mut Out<'_>) {
        while let Some(oldest) = self.pending.front()
            && out.time.duration_since(oldest.time) > WAIT
            && let Some(oldest) = self.pending.pop_front()
        {
            self.tell(oldest, out);
        }
    }

    /// Tells of a request and its reply, one request for each part.
    fn tell(&mut self, pending: Pending, out: &mut Out<'_>) {
        let Pending { asker, service, shared, answer, .. } = pending;
        let choice = Service::Confirmed(service);
        let seen = !pending.parts.is_empty();
        let (reply, replied, reply_shared) = match answer {
            Some(answer) => (answer.reply, answer.parts, answer.shared),
            None => (Reply::Missing, Vec::new(), Details::new()),
        };
        let merged = merge(pending.parts, replied, &reply);
        let count = merged.len();
        for (number, (part, reply)) in merged.into_iter().enumerate() {
            let verb = verb(choice, &part, seen);
            if verb.changes() && reply == Reply::Done && !self.control_told {
                self.control_told = true;
                let detail = format_compact!("{} obeyed; BACnet/IP did not prove who asked", choice.text());
                out.weakness(asker.other(), WeaknessKind::UnauthenticatedControl, detail);
            }
            let mut details = Details::new();
            if out.wants_details() {
                details.extend(shared.iter().cloned());
                if count > 1 {
                    put(&mut details, "part", (number + 1).to_compact_string());
                    put(&mut details, "parts", count.to_compact_string());
                }
                details.extend(part.about);
                details.extend(part.fields);
                details.extend(reply_shared.iter().cloned());
            }
            let function = if service == u8::MAX && !seen { "unknown-service".into() } else { choice.text() };
            let (target, value) = (part.target, part.value);
            out.request(asker, Asked { verb, function, target, value, reply, details });
        }
    }
}

/// Joins what was asked with what came back.
fn merge(asked: Vec<Part>, replied: Vec<Part>, reply: &Reply) -> Vec<(Part, Reply)> {
    let outcome = |part: &Part| part.refused.clone().map_or_else(|| reply.clone(), Reply::Refused);
    if asked.is_empty() {
        let replied = if replied.is_empty() { vec![Part::default()] } else { replied };
        return replied
            .into_iter()
            .map(|part| {
                let reply = outcome(&part);
                (part, reply)
            })
            .collect();
    }
    // One thing asked and one thing answered belong together, whatever the reply repeats of the question.
    if let ([_], [_] | []) = (asked.as_slice(), replied.as_slice()) {
        let mut replied = replied.into_iter();
        let join = |mut part: Part| {
            let mut result = reply.clone();
            if let Some(answer) = replied.next() {
                result = outcome(&answer);
                join(&mut part, answer);
            }
            (part, result)
        };
        return asked.into_iter().map(join).collect();
    }
    if replied.is_empty() {
        return asked.into_iter().map(|part| (part, reply.clone())).collect();
    }
    let mut asked: VecDeque<Part> = asked.into();
    let mut merged = Vec::with_capacity(replied.len());
    for answer in replied {
        let result = outcome(&answer);
        // Replies keep the order of the questions (15.7.3), so the first is nearly always the one.
        match asked
            .iter()
            .take(64)
            .position(|part| answer.answers(part))
            .and_then(|place| asked.remove(place))
        {
            Some(mut part) => {
                join(&mut part, answer);
                merged.push((part, result));
            }
            None => merged.push((answer, result)),
        }
    }
    // What stood for several properties was answered by them; anything else was not answered.
    let unanswered = asked.into_iter().filter(|part| !part.property.is_some_and(PropertyId::is_several));
    merged.extend(unanswered.map(|part| (part, Reply::Missing)));
    merged
}

fn join(part: &mut Part, answer: Part) {
    part.fields.extend(answer.fields);
    if answer.value.is_some() {
        part.value = answer.value;
    }
    if part.object.is_none() {
        part.target = if answer.object.is_some() { answer.target } else { std::mem::take(&mut part.target) };
        part.about.extend(answer.about);
    } else if answer.object == part.object && answer.property != part.property {
        // One question for several properties, and one of them in the answer.
        part.target = answer.target;
        part.about = answer.about;
    }
}

/// The verb of a service; ReinitializeDevice does one thing or another by its state.
fn verb(service: Service, part: &Part, seen: bool) -> Verb {
    match (service, part.value.as_deref()) {
        (Service::Confirmed(20), Some(state)) => {
            let number = names::REINITIALIZED_STATES.iter().find(|(_, name)| *name == state);
            number.map_or(Verb::Restart, |(number, _)| reinitialize_verb(*number))
        }
        (Service::Confirmed(u8::MAX), _) if !seen => Verb::Discover,
        (service, _) => service.verb(),
    }
}

fn parse_whole(whole: &Whole, parse: impl FnOnce(&[u8]) -> Vec<Part>) -> Vec<Part> {
    if whole.incomplete { vec![Part::default()] } else { parse(&whole.data) }
}

fn sender(side: Side, envelope: &Envelope<'_>, invoke: u8) -> Sender {
    Sender { from_source: side == Side::Source, beyond: beyond(envelope.npdu.source), invoke }
}

/// Whether the data end with a password under a context tag. One of no letters is none.
fn carries_password(data: &[u8], tag: u8) -> bool {
    let mut tags = Tags::new(data);
    for before in 0..tag {
        let _ = tags.context(before);
    }
    tags.context(tag).is_some_and(|password| password.len() > 1)
}

/// The address of the station that sent a message: not that of the BBMD that forwarded it.
fn sender_address(side: Side, envelope: &Envelope<'_>, out: &Out<'_>) -> Address {
    envelope.origin.map_or_else(|| out.address(side), |(address, _)| IpAddr::V4(address).into())
}

fn unconfirmed(side: Side, envelope: &Envelope<'_>, choice: u8, data: &[u8], out: &mut Out<'_>) {
    let service = Service::Unconfirmed(choice);
    let parts = parse_request(service, data, out.wants_details());
    let address = sender_address(side, envelope, out);
    if envelope.npdu.source.is_some() {
        out.identity_of(address, Trait::Role, "router", "SNET", 80);
    } else {
        introduce(choice, data, address, out);
    }
    let count = parts.len();
    for (number, part) in parts.into_iter().enumerate() {
        let mut details = Details::new();
        if out.wants_details() {
            envelope.request_fields(&mut details);
            put(&mut details, "pdu-type", "unconfirmed-request");
            put(&mut details, "service-choice", choice.to_compact_string());
            if count > 1 {
                put(&mut details, "part", (number + 1).to_compact_string());
                put(&mut details, "parts", count.to_compact_string());
            }
            details.extend(part.about);
            details.extend(part.fields);
        }
        let (verb, function) = (service.verb(), service.text());
        let (target, value) = (part.target, part.value);
        out.request(side, Asked { verb, function, target, value, reply: Reply::NotExpected, details });
    }
}

/// What a station says of itself unasked.
fn introduce(choice: u8, data: &[u8], address: Address, out: &mut Out<'_>) {
    let mut tags = Tags::new(data);
    match choice {
        0 => {
            let device = tags.application_number(12).map(ObjectId);
            let _max_apdu = tags.application(2);
            let _segmentation = tags.application(9);
            let maker = tags.application_number(2);
            if let Some((device, maker)) = device.zip(maker) {
                let name = format_compact!("device {}", device.instance());
                out.identity_of(address, Trait::Name, &name, "I-Am device identifier", 50);
                out.identity_of(address, Trait::Vendor, &vendor(maker), "I-Am vendor identifier", 90);
            }
        }
        13 => {
            let maker = tags.application_number(2);
            let mut text = || tags.application(7).and_then(super::value::character_string);
            if let Some((maker, (model, serial))) = maker.zip(text().zip(text())) {
                out.identity_of(address, Trait::Vendor, &vendor(maker), "Who-Am-I vendor identifier", 90);
                out.identity_of(address, Trait::Model, &model, "Who-Am-I model name", 90);
                out.identity_of(address, Trait::Serial, &serial, "Who-Am-I serial number", 90);
            }
        }
        _ => {}
    }
}

/// What the properties of a device object say of the device that answered.
fn identify(parts: &[Part], address: Address, out: &mut Out<'_>) {
    for part in parts {
        let is_device = part.object.is_some_and(|object| object.kind() == ObjectId::DEVICE);
        let (true, None, Some(property), Some(value)) = (is_device, part.index, part.property, &part.value)
        else {
            continue;
        };
        let (about, field, confidence) = match property.0 {
            12 => (Trait::Firmware, "application-software-version", 80),
            28 => (Trait::Role, "description", 50),
            44 => (Trait::Firmware, "firmware-revision", 90),
            70 => (Trait::Model, "model-name", 90),
            77 => (Trait::Name, "object-name", 90),
            121 => (Trait::Vendor, "vendor-name", 90),
            372 => (Trait::Serial, "serial-number", 90),
            _ => continue,
        };
        out.identity_of(address, about, value, field, confidence);
    }
}

/// A message between routers (6.4).
fn network_message(
    side: Side,
    envelope: &Envelope<'_>,
    kind: NetworkMessage,
    maker: Option<u16>,
    data: &[u8],
    out: &mut Out<'_>,
) {
    let mut cursor = Cursor::new(data);
    let networks = match kind.0 {
        // A list of networks; a rejection has its reason before it, I-Could-Be-Router its cost after it.
        0x00 | 0x01 | 0x02 | 0x04 | 0x05 | 0x08 | 0x09 | 0x13 => {
            listed(std::iter::from_fn(|| cursor.u16()), VALUE_BYTES_MAX)
        }
        0x03 => {
            let _reason = cursor.u8();
            listed(cursor.u16(), VALUE_BYTES_MAX)
        }
        _ => Text::default(),
    };
    if kind == NetworkMessage::I_AM_ROUTER {
        let address = sender_address(side, envelope, out);
        out.identity_of(address, Trait::Role, "router", "I-Am-Router-To-Network", 90);
    }
    let mut details = Details::new();
    if out.wants_details() {
        envelope.request_fields(&mut details);
        put(&mut details, "pdu-type", "network-message");
        if let Some(maker) = maker {
            put(&mut details, "vendor-id", maker.to_compact_string());
        }
        put(&mut details, "network-data", hexadecimal(data, VALUE_BYTES_MAX));
    }
    let target = Target { kind: "network".into(), name: networks, ..Target::default() };
    let (verb, function) = (kind.verb(), kind.text());
    out.request(side, Asked { verb, function, target, value: None, reply: Reply::NotExpected, details });
}

impl Conversation {
    /// A message of the virtual link layer itself: between BBMDs and foreign devices (J.4, J.5).
    fn link_message(&mut self, side: Side, function: BvlcFunction, body: &[u8], out: &mut Out<'_>) {
        let answered = match function {
            BvlcFunction::RESULT => {
                let Some(code) = Cursor::new(body).u16().map(BvlcResult) else { return };
                let reply = if code.0 == 0 { Reply::Done } else { Reply::Refused(code.text()) };
                Some((code.refused(), reply, code.text()))
            }
            BvlcFunction::READ_BDT_ACK => Some((Some(BvlcFunction::READ_BDT), Reply::Done, table(body, 10))),
            BvlcFunction::READ_FDT_ACK => Some((Some(BvlcFunction::READ_FDT), Reply::Done, table(body, 10))),
            _ => None,
        };
        let Some((wanted, reply, value)) = answered else {
            self.link_request(side, function, body, out);
            return;
        };
        let asker = side.other();
        let place = self
            .link_pending
            .iter()
            .position(|p| p.asker == asker && wanted.is_none_or(|function| function == p.function));
        let mut asked = match place.and_then(|place| self.link_pending.remove(place)) {
            Some(pending) => pending.asked,
            None => {
                let function = wanted.unwrap_or(function);
                let mut details = Details::new();
                if out.wants_details() {
                    put(&mut details, "request-seen", "false");
                }
                Asked {
                    verb: function.verb(),
                    function: function.text(),
                    target: Target::default(),
                    value: None,
                    reply: Reply::Missing,
                    details,
                }
            }
        };
        asked.reply = reply;
        if out.wants_details() {
            put(&mut asked.details, "reply-bvlc-function", function.text());
            put(&mut asked.details, "result", value.clone());
        }
        if asked.value.is_none() && function != BvlcFunction::RESULT {
            asked.value = Some(value);
        }
        if asked.verb.changes() && asked.reply == Reply::Done && !self.control_told {
            self.control_told = true;
            let detail = format_compact!("{} obeyed; BACnet/IP did not prove who asked", asked.function);
            out.weakness(side, WeaknessKind::UnauthenticatedControl, detail);
        }
        out.request(asker, asked);
    }

    fn link_request(&mut self, side: Side, function: BvlcFunction, body: &[u8], out: &mut Out<'_>) {
        let value = match function {
            BvlcFunction::REGISTER_FOREIGN_DEVICE => {
                Cursor::new(body).u16().map(|seconds| format_compact!("{seconds} s"))
            }
            BvlcFunction::WRITE_BDT => Some(table(body, 10)),
            BvlcFunction::DELETE_FDT_ENTRY => Some(table(body, 6)),
            _ => None,
        };
        let mut details = Details::new();
        if out.wants_details() {
            put(&mut details, "bvlc-function", function.text());
            put(&mut details, "bvlc-data", hexadecimal(body, VALUE_BYTES_MAX));
        }
        let asked = Asked {
            verb: function.verb(),
            function: function.text(),
            target: Target::default(),
            value,
            reply: Reply::Missing,
            details,
        };
        if self.link_pending.len() >= PENDING_MAX
            && let Some(oldest) = self.link_pending.pop_front()
        {
            out.request(oldest.asker, oldest.asked);
        }
        self.link_pending.push_back(LinkPending { asker: side, function, asked });
    }
}

/// The addresses in a table of the virtual link layer, each entry beginning with address and port (J.2.2, J.2.8).
fn table(body: &[u8], entry_bytes: usize) -> Text {
    let address = |entry: &[u8]| {
        let mut cursor = Cursor::new(entry);
        let address = Ipv4Addr::from(cursor.array::<4>()?);
        Some(format_compact!("{address}:{}", cursor.u16()?))
    };
    listed(body.chunks_exact(entry_bytes).filter_map(address), VALUE_BYTES_MAX)
}
