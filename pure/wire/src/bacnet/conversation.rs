//! Pairs requests with replies.

use super::announce::{identify, network_message, sender_address, unconfirmed};
use super::assembly::{Assemblies, Sender, Whole};
use super::envelope::{Carrier, Envelope, Stations, confirmed_fields, link_title, put};
use super::link::Link;
use super::merge::merge;
use super::message::{Apdu, BvlcFunction, ConfirmedRequest, Content, Service, reinitialize_verb};
use super::names::{self, ABORT_REASONS, REJECT_REASONS};
use super::parse;
use super::part::Part;
use super::reply::{Refusal, parse_error, parse_reply};
use super::request::parse_request;
use super::value::Tags;
use crate::dialogue::{Asked, Dialogue, Out, Side, weight};
use city::{Details, Reply, Text, Verb, WeaknessKind};
use compact_str::{ToCompactString, format_compact};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// Requests awaiting a reply at a time: every invoke id of one device.
const PENDING_MAX: usize = 256;

/// How many bytes they may take together.
const PENDING_BYTES_MAX: usize = 256 << 10;

/// Acknowledgements of segments told of one exchange.
const SEGMENT_ACKS_MAX: usize = 256;

/// How long a reply is awaited. The standard's usual wait is 3 seconds, three times over (clause 12, APDU_Timeout and
/// Number_Of_APDU_Retries), and as much again for each segment.
const WAIT: SignedDuration = SignedDuration::from_secs(60);

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// Two ends that speak BACnet. Either may ask.
#[derive(Default)]
pub(crate) struct Conversation {
    pending: VecDeque<Pending>,
    pending_bytes: usize,
    link: Link,
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
    /// Whether a password came with it.
    has_password: bool,
    /// How much it took to keep when it was begun.
    bytes: usize,
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
                self.link.message(side, function, bvlc.body, &mut self.control_told, out);
                return true;
            }
        };
        self.npdu(side, Carrier::Ip { function: bvlc.function, origin }, body, out)
    }

    fn holds(&self) -> usize {
        self.pending_bytes + self.assemblies.holds()
    }

    fn end(&mut self, out: &mut Out<'_>) {
        while let Some(pending) = self.take(0) {
            self.tell(pending, out);
        }
        self.link.end(out);
    }
}

impl Conversation {
    /// Reads a message of the network layer that came by BACnet/SC. Returns `false` if it is none.
    pub(crate) fn secure_connect(
        &mut self,
        side: Side,
        stations: Stations,
        bytes: &[u8],
        out: &mut Out<'_>,
    ) -> bool {
        self.tell_overdue(out);
        self.npdu(side, Carrier::SecureConnect(stations), bytes, out)
    }

    fn npdu(&mut self, side: Side, carrier: Carrier, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let Some(npdu) = parse::parse_npdu(bytes) else { return false };
        let envelope = Envelope { carrier, npdu };
        match npdu.content {
            Content::Application(apdu) => self.apdu(side, &envelope, apdu, out),
            Content::Network { kind, vendor, data } => {
                network_message(side, &envelope, kind, vendor, data, out);
            }
        }
        true
    }

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
                let begun = self.place(side, request.invoke, &envelope.receiver());
                if let Some(begun) = begun.and_then(|place| self.take(place)) {
                    shared = begun.shared;
                }
                if out.wants_details() {
                    put(&mut shared, "segments", whole.segments.to_compact_string());
                    put(&mut shared, "incomplete", whole.incomplete.to_compact_string());
                }
                parse_whole(&whole, |data| parse_request(service, data, out.wants_details()))
            }
        };
        if carries_password(&request) && !self.password_told {
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
        let beyond = envelope.receiver();
        if let Some(place) = self.place(asker, request.invoke, &beyond)
            && let Some(old) = self.take(place)
        {
            self.tell(old, out);
        }
        let (invoke, service) = (request.invoke, request.service);
        let bytes = size_of::<Pending>() + weight(&shared) + parts.iter().map(Part::weight).sum::<usize>();
        self.pending_bytes += bytes;
        self.pending.push_back(Pending {
            asker,
            invoke,
            service,
            beyond,
            time: out.time,
            parts,
            shared,
            has_password: carries_password(request),
            bytes,
            answer: None,
        });
        while self.pending.len() > PENDING_MAX || self.pending_bytes > PENDING_BYTES_MAX {
            let Some(oldest) = self.take(0) else { return };
            self.tell(oldest, out);
        }
    }

    /// Takes a request from among those that are pending.
    fn take(&mut self, place: usize) -> Option<Pending> {
        let pending = self.pending.remove(place)?;
        self.pending_bytes = self.pending_bytes.saturating_sub(pending.bytes);
        Some(pending)
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
        let from = envelope.sender();
        // A router may answer in the name of one beyond it, and a server need not name itself as it was named.
        let place = self.pending.iter().position(|p| open(p) && p.beyond == from).or_else(|| {
            self.pending.iter().position(|p| open(p) && (from.is_empty() || p.beyond.is_empty()))
        });
        if from.is_empty()
            && let Some(address) = sender_address(server, envelope, out)
        {
            identify(&answer.parts, address, out);
        }
        match place.and_then(|place| self.take(place)) {
            Some(mut pending) => {
                let wait_for_acknowledgement = answer.last_sequence.is_some();
                pending.answer = Some(answer);
                if wait_for_acknowledgement {
                    // A reply is held for a moment only; what it weighs is counted like a request's.
                    let answered = pending.answer.iter().flat_map(|answer| &answer.parts);
                    pending.bytes += answered.map(Part::weight).sum::<usize>();
                    self.pending_bytes += pending.bytes;
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
            has_password: false,
            bytes: 0,
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
            if out.wants_details() && pending.shared.len() < SEGMENT_ACKS_MAX {
                let who = if from_server { "server" } else { "client" };
                let word = if negative { "negative" } else { "positive" };
                let text = format_compact!("{who} {sequence} window {window} {word}");
                put(&mut pending.shared, "segment-ack", text);
            }
            let last = pending.answer.as_ref().and_then(|answer| answer.last_sequence);
            done = !negative && last == Some(sequence);
        }
        if done && let Some(pending) = self.take(place) {
            self.tell(pending, out);
        }
    }

    /// Requests that have waited too long, and replies whose last acknowledgement does not come.
    fn tell_overdue(&mut self, out: &mut Out<'_>) {
        while let Some(oldest) = self.pending.front()
            && out.time.duration_since(oldest.time) > WAIT
            && let Some(oldest) = self.take(0)
        {
            self.tell(oldest, out);
        }
    }

    /// Tells of a request and its reply, one request for each part.
    fn tell(&mut self, pending: Pending, out: &mut Out<'_>) {
        let Pending { asker, service, shared, has_password, answer, .. } = pending;
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
            if verb.changes() && reply == Reply::Done && !has_password && !self.control_told {
                self.control_told = true;
                let link = link_title(out.flow.protocol);
                let detail = format_compact!("{} obeyed; {link} did not prove who asked", choice.text());
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
    Sender { from_source: side == Side::Source, beyond: envelope.sender(), invoke }
}

/// Whether a command to the device comes with a password (16.1.1.1.3, 16.4.1.1.2). One of no letters is none.
fn carries_password(request: &ConfirmedRequest<'_>) -> bool {
    let tag = match request.service {
        17 => 2,
        20 => 1,
        _ => return false,
    };
    let mut tags = Tags::new(request.data);
    for before in 0..tag {
        let _ = tags.context(before);
    }
    tags.context(tag).is_some_and(|password| password.len() > 1)
}
