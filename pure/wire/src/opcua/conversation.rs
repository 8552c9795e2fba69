//! Pairs requests with replies.

use super::assembly::Assemblies;
use super::binary::Binary;
use super::identity;
use super::main_row::{self, Envelope, Half};
use super::meaning::{self, Questions};
use super::message::{Chunk, Handshake, Policy, Request, Response, ResponseHeader, Token};
use super::names::{self, Service};
use super::node_id::shown;
use super::parse::{self, Found, HEADER_BYTES, Named};
use super::request::parse_request;
use super::response::parse_response;
use super::rows::{Links, Rows, Source};
use super::status::Status;
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::flow::Ends;
use crate::footing::{Footing, Walk};
use crate::unanswered::{Question, Unanswered};
use city::{Details, Reply, Target, Text, Verb, WeaknessKind};
use compact_str::format_compact;
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// Requests awaiting a reply at a time. Clients keep some ten requests to publish open for each subscription.
const PENDING_MAX: usize = 256;

/// Bytes that the columns of a request take until they become a row, roughly.
const COLUMNS_BYTES: usize = 2_048;

/// How long a reply is awaited. Requests to publish wait for something to be told; servers hold them for minutes.
const WAIT: SignedDuration = SignedDuration::from_secs(600);

/// Monitored items whose nodes are known by number.
const ITEMS_MAX: usize = 1_024;

/// The longest chunk that is read; longer ones are passed by.
const CHUNK_BYTES_MAX: usize = 192 << 10;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One connection between a client and a server.
#[derive(Default)]
struct Conversation {
    /// A handshake that awaits its answer, and who began it.
    greeting: Option<(Side, Asked)>,
    /// The opening of a channel of which only the policy can be read, and who asks for it.
    sealed_opening: Option<(Side, Asked)>,
    /// What the channel's policy guards, once it was seen.
    guard: Option<Guard>,
    /// What awaits a reply, by its number and service.
    pending: Unanswered<(u32, &'static Service), PENDING_MAX, Pending>,
    assemblies: Assemblies,
    links: Links,
    /// The nodes that are watched, by the numbers under which changes are told.
    items: BTreeMap<u32, Text>,
    /// Whether messages are read where they begin.
    footing: Footing,
    /// What was told once and need not be told again.
    control_told: bool,
    password_told: bool,
    certificates_told: Ends<bool>,
}

/// What a channel's policy does to messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Guard {
    /// Whether nothing is guarded.
    is_none: bool,
    /// How many bytes of signature end each chunk that is only signed.
    signature: usize,
}

/// A request whose reply is awaited.
struct Pending {
    /// Its row, if rows are wanted.
    half: Option<Half>,
    link: Text,
    questions: Questions,
    /// Whether it was not even signed.
    is_unguarded: bool,
    /// Whether it is an activation without a name.
    is_anonymous: bool,
}

impl Question for Pending {
    fn weight(&self) -> usize {
        let columns = self.half.as_ref().map_or(0, |_| COLUMNS_BYTES);
        columns + self.questions.asked.iter().map(Asked::weight).sum::<usize>()
    }

    fn tell(self, asker: Side, out: &mut Out<'_>) {
        self.tell_row(asker, out);
        self.questions.asked.tell(asker, out);
    }
}

impl Pending {
    /// The row of a request without a reply.
    fn tell_row(&self, asker: Side, out: &mut Out<'_>) {
        if let Some(half) = &self.half {
            main_row::tell_pair(asker, Some(half), None, &self.link, out);
        }
    }
}

impl Dialogue for Conversation {
    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut walk = Walk::of(bytes);
        while let Some(rest) = self.footing.next(side, &mut walk, find_chunk) {
            match parse::parse_chunk(rest) {
                Found::Chunk(chunk) => {
                    self.chunk(side, &chunk, out);
                    walk.step(rest.len().min(chunk.size as usize));
                }
                Found::More(Some(size)) if size as usize > CHUNK_BYTES_MAX => {
                    self.assemblies.forget(side);
                    return walk.skips(size.into());
                }
                Found::More(_) => return walk.rests(),
                Found::Nothing if !self.footing.slip(side) => return Progress::Lost,
                Found::Nothing => self.assemblies.forget(side),
            }
        }
        walk.rests()
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        self.assemblies.forget(side);
        self.footing.lose(side);
    }

    fn holds(&self) -> usize {
        self.assemblies.holds()
    }

    fn end(&mut self, out: &mut Out<'_>) {
        for (side, asked) in [self.greeting.take(), self.sealed_opening.take()].into_iter().flatten() {
            out.request(side, asked);
        }
        self.pending.end(out);
    }
}

/// Finds the next chunk by its letters and length: how many bytes lie before it, and whether it was found. Without it,
/// the last bytes are kept, since they may be the beginning of a header.
fn find_chunk(bytes: &[u8]) -> (usize, bool) {
    let begins = |offset: usize| {
        let rest = bytes.get(offset..).unwrap_or_default();
        rest.len() >= HEADER_BYTES && parse::parse_chunk(rest) != Found::Nothing
    };
    match (0..bytes.len()).find(|offset| begins(*offset)) {
        Some(offset) => (offset, true),
        None => (bytes.len().saturating_sub(HEADER_BYTES - 1), false),
    }
}

impl Conversation {
    fn chunk(&mut self, side: Side, chunk: &Chunk<'_>, out: &mut Out<'_>) {
        self.pending.give_up(WAIT, out);
        if let Some(said) = parse::parse_handshake(chunk) {
            let link = self.links.next(out);
            main_row::tell_handshake(side, chunk, &said, link, out);
            return self.handshake(side, &said, out);
        }
        let Some(secured) = parse::parse_secured(chunk) else { return };
        let mut envelope = Envelope::of(chunk, secured.channel, secured.policy.as_ref());
        if let Some(policy) = &secured.policy {
            self.opening(side, policy, out);
        }
        let sequence = parse::parse_sequence(secured.rest);
        let is_sealed = secured.policy.is_some_and(|policy| !policy.is_none());
        let Some((sequence, body)) = sequence.filter(|_| !is_sealed) else {
            return self.sealed(side, &envelope, out);
        };
        envelope.sequence = Some(sequence);
        let is_continued = self.assemblies.knows(side, secured.channel, sequence.request);
        if chunk.end == b'A' && (is_continued || parse::parse_name(body).is_none()) {
            // The sender gave up and says why (6.7.3).
            self.assemblies.forget(side);
            return self.sealed(side, &envelope, out);
        }
        if !is_continued && parse::parse_name(body).is_none() {
            return self.sealed(side, &envelope, out);
        }
        if chunk.end == b'F' && !is_continued {
            return self.message(side, envelope, body, out);
        }
        let signature = self.guard.map_or(0, |guard| guard.signature);
        let kept = body.get(..body.len().saturating_sub(signature)).unwrap_or_default();
        if let Some((envelope, body)) = self.assemblies.add(side, envelope, kept) {
            self.message(side, envelope, &body, out);
        }
    }

    fn handshake(&mut self, side: Side, said: &Handshake<'_>, out: &mut Out<'_>) {
        let asked = |function: &'static str, url: Option<&[u8]>, reply: Reply| Asked {
            verb: Verb::Discover,
            function: function.into(),
            target: Target::named(shown(url)),
            value: None,
            reply,
            details: Details::new(),
        };
        let reply = match said {
            Handshake::Hello { url, .. } => {
                let before = self.greeting.replace((side, asked("hello", *url, Reply::Missing)));
                if let Some((side, asked)) = before {
                    out.request(side, asked);
                }
                return;
            }
            Handshake::ReverseHello { url, .. } => {
                return out.request(side, asked("reverse-hello", *url, Reply::NotExpected));
            }
            Handshake::Acknowledge { .. } => Reply::Done,
            Handshake::Error { error, .. } => error.reply(),
        };
        if let Some((from, mut asked)) = self.greeting.take() {
            asked.reply = reply;
            out.request(from, asked);
        } else if let Some((from, mut asked)) =
            self.sealed_opening.take_if(|_| matches!(reply, Reply::Refused(_)))
        {
            asked.reply = reply;
            out.request(from, asked);
        }
    }

    /// The opening of a channel says by what policy it is guarded, and who the ends are.
    fn opening(&mut self, side: Side, policy: &Policy<'_>, out: &mut Out<'_>) {
        let name = names::policy(policy.uri.unwrap_or_default());
        let signature = match name {
            b"" | b"None" => 0,
            // HMAC with SHA-1; the later policies have SHA-256 (OPC 10000-7).
            b"Basic128Rsa15" | b"Basic256" => 20,
            _ => 32,
        };
        self.guard = Some(Guard { is_none: policy.is_none(), signature });
        self.certificate(side, policy.sender, out);
        if policy.is_none() {
            return;
        }
        match self.sealed_opening.take() {
            Some((from, mut asked)) if from != side => {
                asked.reply = Reply::Done;
                out.request(from, asked);
            }
            before => {
                if let Some((side, asked)) = before {
                    out.request(side, asked);
                }
                let asked = Asked {
                    verb: Verb::Discover,
                    function: "open-secure-channel".into(),
                    target: Target::named(shown(Some(name))),
                    value: None,
                    reply: Reply::Missing,
                    details: Details::new(),
                };
                self.sealed_opening = Some((side, asked));
            }
        }
    }

    /// What nobody but its hearer can read.
    fn sealed(&mut self, side: Side, envelope: &Envelope, out: &mut Out<'_>) {
        let link = self.links.next(out);
        main_row::tell_sealed(side, envelope, link, out);
    }

    fn message(&mut self, side: Side, envelope: Envelope, body: &[u8], out: &mut Out<'_>) {
        let Some(named) = parse::parse_name(body) else { return };
        match named.service {
            Some(service) if named.is_request => self.request(side, envelope, &named, service, out),
            _ => self.response(side, envelope, &named, out),
        }
    }

    fn request(
        &mut self,
        side: Side,
        envelope: Envelope,
        named: &Named<'_>,
        service: &'static Service,
        out: &mut Out<'_>,
    ) {
        let mut from = Binary::new(named.rest);
        let header = parse::parse_request_header(&mut from);
        let request = header.and_then(|_| parse_request(service, &mut from)).unwrap_or(Request::Other);
        let link = self.links.next(out);
        if out.wants_details() {
            let mut rows = Rows { out: &mut *out, links: &mut self.links, side, link: link.clone() };
            request_rows(&mut rows, service, &request);
        }
        let mut questions = meaning::questions(service, &request);
        if let Request::OpenSecureChannel { .. } = request {
            questions.asked.iter_mut().for_each(|asked| asked.target = Target::named("None"));
        }
        self.notice_request(side, &request, out);
        let is_unguarded = self.guard.map_or(from.rest().is_empty(), |guard| guard.is_none);
        let is_anonymous = match &request {
            Request::ActivateSession(asked) => asked.token == Token::Anonymous,
            _ => false,
        };
        let number = envelope.sequence.map(|sequence| sequence.request).unwrap_or_default();
        let half = out.wants_details().then(|| {
            let columns = main_row::request_columns(named, header.as_ref(), &envelope);
            Half { envelope, columns }
        });
        let pending = Pending { half, link, questions, is_unguarded, is_anonymous };
        if service.name == "CloseSecureChannel" {
            // The server closes the connection; there is no reply (OPC 10000-6 clause 7.1.4).
            return pending.tell_row(side, out);
        }
        self.pending.add(side, (number, service), pending, out);
    }

    /// What a request shows of who asks.
    fn notice_request(&mut self, side: Side, request: &Request<'_>, out: &mut Out<'_>) {
        match request {
            Request::CreateSession(asked) => {
                identity::application(side, &asked.client, out);
                self.certificate(side, asked.certificate, out);
            }
            Request::RegisterServer { product, name, .. } => identity::registered(side, *product, *name, out),
            Request::ActivateSession(asked) => {
                let is_plain = |algorithm: Option<&[u8]>| algorithm.is_none_or(<[u8]>::is_empty);
                let detail = match asked.token {
                    Token::UserName { name, has_password: true, algorithm } if is_plain(algorithm) => {
                        format_compact!("user name {}", shown(name))
                    }
                    Token::Issued { algorithm } if is_plain(algorithm) => Text::const_new("issued token"),
                    _ => return,
                };
                if !std::mem::replace(&mut self.password_told, true) {
                    out.weakness(side.other(), WeaknessKind::CleartextCredentials, detail);
                }
            }
            _ => {}
        }
    }

    fn certificate(&mut self, side: Side, data: Option<&[u8]>, out: &mut Out<'_>) {
        let told = self.certificates_told.of_mut(side);
        if !*told && data.is_some_and(|data| !data.is_empty()) {
            *told = true;
            identity::certificate(side, data, out);
        }
    }

    fn response(&mut self, side: Side, envelope: Envelope, named: &Named<'_>, out: &mut Out<'_>) {
        let mut from = Binary::new(named.rest);
        let header = parse::parse_response_header(&mut from);
        let parsed = match (&header, named.service) {
            (Some(_), Some(service)) => parse_response(service, &mut from),
            _ => None,
        };
        let response = parsed.unwrap_or(Response::Other);
        let number = envelope.sequence.map(|sequence| sequence.request).unwrap_or_default();
        let answered = |(request, service): &(u32, &'static Service)| {
            *request == number && named.service.is_none_or(|named| named == *service)
        };
        let mut pending = self.pending.take(side.other(), answered).map(|waiting| waiting.asked);
        let link = pending.as_ref().map_or_else(|| self.links.next(out), |pending| pending.link.clone());
        if out.wants_details() {
            let hidden = pending.as_ref().map_or(&[][..], |pending| &pending.questions.hidden);
            let mut rows = Rows { out: &mut *out, links: &mut self.links, side, link: link.clone() };
            let status = response_rows(&mut rows, named, header.as_ref(), &response, hidden);
            let columns = main_row::response_columns(named, header.as_ref(), &status, &envelope);
            let half = Half { envelope, columns };
            let request = pending.as_ref().and_then(|pending| pending.half.as_ref());
            main_row::tell_pair(side, request, Some(&half), &link, out);
        }
        let result = header.as_ref().map_or(Status::GOOD, |header| header.result);
        self.notice_response(side, pending.as_ref(), result, &response, out);
        self.notifications(side, &response, out);
        if let Some(pending) = &mut pending {
            meaning::answer(&mut pending.questions, result, &response);
            self.learn_items(pending);
        }
        if let Some(pending) = pending {
            self.tell(side.other(), pending, out);
        } else if let Some(service) = named.service {
            let mut asked = meaning::single(service, Target::default(), None);
            asked.reply = result.reply();
            out.request(side.other(), asked);
        }
    }

    /// What a reply shows of who answers.
    fn notice_response(
        &mut self,
        side: Side,
        pending: Option<&Pending>,
        result: Status,
        response: &Response<'_>,
        out: &mut Out<'_>,
    ) {
        let endpoints = match response {
            Response::Endpoints { endpoints } => &endpoints[..],
            Response::CreateSession(session) => {
                self.certificate(side, session.certificate, out);
                &session.endpoints[..]
            }
            Response::Servers { servers } => {
                servers.iter().for_each(|server| identity::elsewhere(server, out));
                &[]
            }
            _ => &[],
        };
        if let Some(endpoint) = endpoints.first() {
            identity::application(side, &endpoint.server, out);
            self.certificate(side, endpoint.certificate, out);
        }
        let Some(pending) = pending else { return };
        if let Response::Read { results, .. } = response {
            for (place, number) in &pending.questions.standard {
                if let Some(value) = results.get(*place) {
                    identity::value(side, *number, value, out);
                }
            }
        }
        if pending.is_anonymous && !result.is_bad() {
            out.weakness(side, WeaknessKind::AnonymousLogin, "session activated without a name");
        }
    }

    /// What a server tells its subscriber.
    fn notifications(&mut self, side: Side, response: &Response<'_>, out: &mut Out<'_>) {
        let Response::Publish { data, .. } = response else { return };
        for asked in meaning::notifications(data, |handle| self.items.get(&handle).cloned()) {
            out.request(side, asked);
        }
    }

    /// Which nodes are told of under which numbers from now on.
    fn learn_items(&mut self, pending: &Pending) {
        for (place, handle) in &pending.questions.handles {
            let Some(asked) = pending.questions.asked.get(*place) else { continue };
            let is_known = self.items.contains_key(handle);
            if asked.reply == Reply::Done && (is_known || self.items.len() < ITEMS_MAX) {
                self.items.insert(*handle, format_compact!("{}", asked.target));
            }
        }
    }

    fn tell(&mut self, asker: Side, pending: Pending, out: &mut Out<'_>) {
        for asked in pending.questions.asked {
            let changes = asked.verb.changes() && asked.reply == Reply::Done;
            if changes && pending.is_unguarded && !self.control_told {
                self.control_told = true;
                let detail = format_compact!("{} obeyed on a channel of security mode None", asked.function);
                out.weakness(asker.other(), WeaknessKind::UnauthenticatedControl, detail);
            }
            out.request(asker, asked);
        }
    }
}

/// The rows of a request's parameters.
fn request_rows(rows: &mut Rows<'_, '_>, service: &Service, request: &Request<'_>) {
    match request {
        Request::ActivateSession(asked) => rows.activate_session(asked),
        Request::Browse { view, time, version, limit, nodes } => {
            rows.browse(view, *time, *version, *limit, nodes);
        }
        Request::BrowseNext { release, points } => rows.browse_next(*release, points),
        Request::CloseSession { delete } => rows.close_session(*delete),
        Request::CreateMonitoredItems { subscription, timestamps, items } => {
            rows.create_items(*subscription, *timestamps, items);
        }
        Request::CreateSession(asked) => rows.create_session(asked),
        Request::CreateSubscription { pace, limit, enabled, priority } => {
            rows.create_subscription(pace, *limit, *enabled, *priority);
        }
        Request::Find { url, locales, profiles } if service.name == "GetEndpoints" => {
            rows.get_endpoints(*url, locales, profiles);
        }
        Request::OpenSecureChannel { version, kind, mode, nonce, lifetime } => {
            rows.open_request(*version, *kind, *mode, *nonce, *lifetime);
        }
        Request::Read { max_age, timestamps, nodes } => rows.read(*max_age, *timestamps, nodes),
        Request::Write { nodes } => rows.write(nodes),
        _ => {}
    }
}

/// The rows of a reply's header and parameters; gives the name of the row of how it went.
fn response_rows(
    rows: &mut Rows<'_, '_>,
    named: &Named<'_>,
    header: Option<&ResponseHeader<'_>>,
    response: &Response<'_>,
    hidden: &[usize],
) -> Text {
    let status = rows.next_link();
    let Some(header) = header else { return status };
    rows.status(&status, Source::HEADER, 0, header.result);
    if header.diagnostic.mask != 0 {
        rows.diagnostic(&status, Source::HEADER, &header.diagnostic, &header.strings);
    }
    let strings = &header.strings[..];
    match response {
        Response::ActivateSession { nonce, results, diagnostics } => {
            rows.activated_session(*nonce, results, diagnostics, strings);
        }
        Response::Browse { results, diagnostics } => {
            let is_next = named.service.is_some_and(|service| service.name == "BrowseNext");
            let kind = if is_next { "BrowseNextResponse" } else { "BrowseResponse" };
            rows.browsed(kind, results, diagnostics, strings);
        }
        Response::CreateMonitoredItems { results, diagnostics } => {
            rows.created_items(results, diagnostics, strings);
        }
        Response::CreateSession(session) => rows.created_session(session),
        Response::CreateSubscription { id, pace } => rows.created_subscription(*id, pace),
        Response::Endpoints { endpoints } => rows.got_endpoints(endpoints),
        Response::OpenSecureChannel { version, channel, token, created, lifetime, nonce } => {
            rows.open_response(*version, (*channel, *token), *created, *lifetime, *nonce);
        }
        Response::Read { results, diagnostics } => rows.got_values(results, hidden, diagnostics, strings),
        Response::Statuses { results, diagnostics }
            if named.service.is_some_and(|service| service.name == "Write") =>
        {
            rows.wrote(results, diagnostics, strings);
        }
        _ => {}
    }
    status
}
