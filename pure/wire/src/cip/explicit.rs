//! Explicit messages: pairs requests with replies, whatever carries them.

use super::call::{Call, Place};
use super::message::{Message, Request, Response, Service, Triad};
use super::parse::{parse_forward_close, parse_message, parse_opened, parse_packed, parse_unconnected};
use super::path::parse_path;
use super::rows;
use crate::dialogue::{Out, Side};
use crate::unanswered::Unanswered;
use city::{Reply, Verb, WeaknessKind};
use compact_str::format_compact;
use jiff::SignedDuration;
use std::collections::VecDeque;

/// Packets awaiting a reply at a time.
const PENDING_MAX: usize = 64;
/// Requests that are kept of one packet.
const CALLS_MAX: usize = 1_024;
/// Connections that are remembered.
const CONNECTIONS_MAX: usize = 256;
/// How deep messages within messages are looked at: a packet of several within an unconnected send, and one to spare.
const DEPTH_MAX: u8 = 3;
/// The class that opens connections and passes messages on.
const CONNECTION_MANAGER: u32 = 0x06;
/// How long a reply is awaited. Routed requests over several links answer within seconds.
const WAIT: SignedDuration = SignedDuration::from_secs(60);

/// How a message is carried: what a reply has in common with its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// The sender's context of an unconnected message, 0 of a connected one.
    pub context: u64,
    /// The sequence count of a connected message.
    pub sequence: Option<u16>,
    /// The connection's identifier in this direction.
    pub connection: Option<u32>,
}

/// Reads the explicit messages of one conversation.
#[derive(Default)]
pub struct Explicit {
    pending: Unanswered<Packet, PENDING_MAX, Vec<Call>>,
    /// Connections that were opened, the oldest first.
    connections: VecDeque<Connection>,
    weakness_told: bool,
}

/// A packet whose reply is awaited.
struct Packet {
    carrier: Carrier,
    service: Service,
}

/// A connection that was opened here.
struct Connection {
    triad: Triad,
    verb: Verb,
    to_target: u32,
    to_originator: u32,
}

impl Explicit {
    /// Reads one message. Whether it is one.
    pub fn message(&mut self, side: Side, carrier: Carrier, bytes: &[u8], out: &mut Out<'_>) -> bool {
        self.pending.give_up(WAIT, out);
        match parse_message(bytes) {
            Some(Message::Request(request)) => self.request(side, carrier, &request, out),
            Some(Message::Response(response)) => self.response(side, carrier, &response, out),
            None => return false,
        }
        true
    }

    /// The conversation is over.
    pub fn end(&mut self, out: &mut Out<'_>) {
        self.pending.end(out);
    }

    fn request(&mut self, side: Side, carrier: Carrier, request: &Request<'_>, out: &mut Out<'_>) {
        let mut calls = Vec::new();
        let service = self.collect(side, carrier, request, Place::default(), 0, &mut calls, out);
        // What is too much to be kept is told at once.
        for call in calls.drain(CALLS_MAX.min(calls.len())..) {
            self.tell(side, call, Reply::Missing, out);
        }
        self.pending.add(side, Packet { carrier, service }, calls, out);
    }

    /// Gathers what a request asks for, looking into packets and routed messages. Says which service will answer.
    #[expect(clippy::too_many_arguments, reason = "it goes down through the layers of one message")]
    fn collect(
        &self,
        side: Side,
        carrier: Carrier,
        request: &Request<'_>,
        place: Place,
        depth: u8,
        calls: &mut Vec<Call>,
        out: &mut Out<'_>,
    ) -> Service {
        rows::request(side, carrier.sequence, request, out);
        if depth >= DEPTH_MAX {
            calls.push(Call::of(request, place));
            return request.service;
        }
        if request.service == Service::MULTIPLE_SERVICE_PACKET {
            for packed in parse_packed(request.data) {
                if let Some(Message::Request(inner)) = parse_message(packed) {
                    self.collect(side, carrier, &inner, place, depth + 1, calls, out);
                }
            }
            return request.service;
        }
        if request.service == Service::UNCONNECTED_SEND
            && request.path.class == Some(CONNECTION_MANAGER)
            && let Some(unconnected) = parse_unconnected(request.data)
            && let Some(Message::Request(inner)) = parse_message(unconnected.message)
        {
            let route = parse_path(unconnected.route);
            let place = Place { slot: route.slot, routed: route.hops > 0 };
            return self.collect(side, carrier, &inner, place, depth + 1, calls, out);
        }
        let mut call = Call::of(request, place);
        if request.path.class == Some(CONNECTION_MANAGER) && request.service == Service::FORWARD_CLOSE {
            // To close a connection that commands outputs is to let go of them.
            let triad = parse_forward_close(request.data);
            let opened = self.connections.iter().find(|connection| Some(connection.triad) == triad);
            call.asked.verb = opened.map_or(Verb::Configure, |connection| connection.verb);
        }
        calls.push(call);
        request.service
    }

    fn response(&mut self, side: Side, carrier: Carrier, response: &Response<'_>, out: &mut Out<'_>) {
        let pending = self.place(side, carrier, response).and_then(|place| self.pending.remove(place));
        let packed = response.service == Service::MULTIPLE_SERVICE_PACKET;
        let replies = || packed.then(|| parse_packed(response.data)).into_iter().flatten();
        let (asker, calls) = pending.map_or((side.other(), None), |p| (p.asker, Some(p.asked)));
        let class = calls.as_ref().and_then(|calls| calls.first()).filter(|_| !packed).and_then(|call| {
            // What could not be passed on is answered by the connection manager.
            let undelivered = call.place.routed && response.service != call.service;
            if undelivered { Some(CONNECTION_MANAGER) } else { call.class }
        });
        rows::response(side, carrier.sequence, response, class, out);
        let mut calls = calls.map(Vec::into_iter);
        let mut answered = false;
        for reply in replies() {
            let Some(Message::Response(inner)) = parse_message(reply) else { continue };
            answered = true;
            let call = calls.as_mut().and_then(Iterator::next);
            rows::response(side, carrier.sequence, &inner, call.as_ref().and_then(|call| call.class), out);
            self.answer(asker, call.unwrap_or_else(|| Call::unasked(&inner)), &inner, out);
        }
        match calls {
            // What the whole was answered holds for each, unless each had an answer of its own.
            Some(left) => left.for_each(|call| self.answer(asker, call, response, out)),
            None if !answered && !packed => self.answer(asker, Call::unasked(response), response, out),
            None => {}
        }
    }

    /// The packet that a reply answers.
    fn place(&self, side: Side, carrier: Carrier, response: &Response<'_>) -> Option<usize> {
        let is_opened =
            |wanted: u32, of: fn(&Connection) -> u32| self.connections.iter().find(|c| of(c) == wanted);
        self.pending.iter().position(|p| {
            let routed = || {
                response.service == Service::UNCONNECTED_SEND
                    && p.asked.first().is_some_and(|call| call.place.routed)
            };
            // Several connections may count alike; those that were opened here are known by both their identifiers.
            let connected = || match (p.key.carrier.connection, carrier.connection) {
                (Some(asked), Some(answered)) => is_opened(asked, |c| c.to_target)
                    .is_none_or(|connection| connection.to_originator == answered),
                _ => true,
            };
            p.asker != side
                && p.key.carrier.context == carrier.context
                && p.key.carrier.sequence == carrier.sequence
                && (p.key.service == response.service || routed())
                && connected()
        })
    }

    fn answer(&mut self, asker: Side, mut call: Call, response: &Response<'_>, out: &mut Out<'_>) {
        let reply = call.answered(response);
        if reply == Reply::Done
            && let Some(triad) = call.opens
            && let Some((to_target, to_originator)) = parse_opened(response.data)
        {
            if self.connections.len() >= CONNECTIONS_MAX {
                self.connections.pop_front();
            }
            let verb = call.asked.verb;
            self.connections.push_back(Connection { triad, verb, to_target, to_originator });
        }
        if reply == Reply::Done {
            call.identify(asker.other(), response, out);
        }
        self.tell(asker, call, reply, out);
    }

    fn tell(&mut self, asker: Side, call: Call, reply: Reply, out: &mut Out<'_>) {
        let mut asked = call.asked;
        asked.reply = reply;
        if asked.verb.changes() && asked.reply == Reply::Done && !self.weakness_told {
            self.weakness_told = true;
            let detail = format_compact!("{} obeyed; nothing proved who asked", asked.function);
            out.weakness(asker.other(), WeaknessKind::UnauthenticatedControl, detail);
        }
        out.request(asker, asked);
    }
}
