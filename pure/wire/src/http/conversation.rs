//! From heads and bodies to observations.

use super::body::{Body, Chunk, Framing, Step};
use super::credentials::{mask, may_hold_login, parse_authorization, realm};
use super::exchange::{Answer, Exchange};
use super::log_on::LogOn;
use super::message::{Headers, Method, RequestLine, StatusLine};
use super::parse::{HEAD_MAX, find_head_end, find_line_end, parse_request_line, parse_status_line};
use super::parts;
use super::upgrade::Upgrade;
use super::{files, oddity};
use crate::dialogue::{Dialogue, Out, Progress, Side};
use crate::flow::Ends;
use crate::show::{VALUE_BYTES_MAX, readable, seconds};
use crate::{ocsp, tls};
use city::{Details, Protocol, Text, Trait};
use compact_str::{CompactString, ToCompactString, format_compact};
use smallvec::SmallVec;
use std::collections::VecDeque;

/// The most requests of one conversation that wait for their replies.
const PENDING_MAX: usize = 256;

/// The longest text of a detail, in bytes.
const DETAIL_MAX: usize = 2_048;

/// The longest path that is a target, in bytes.
const TARGET_MAX: usize = 256;

/// What is left of a stream that says no more.
const REST: u64 = u64::MAX >> 1;

/// How far a banner is believed.
const BANNER_CONFIDENCE: u8 = 50;

/// Where reading one side has come to.
#[derive(Debug, Default)]
enum Stage {
    /// In a body.
    Body(Framing),
    /// It does not speak the protocol: nothing more is heard of it.
    Deaf,
    /// In a head.
    #[default]
    Head,
    /// A part was not seen: the next head has to be found.
    Searching,
    /// Another protocol took over.
    Tunnel,
}

/// One side.
#[derive(Debug, Default)]
struct Half {
    stage: Stage,
    /// How many bytes of a head have been searched for its end.
    searched: usize,
    /// Where the first line of the head ends, once that is known.
    line: Option<usize>,
    body: Body,
    /// The version it last spoke, if anybody wants to know.
    version: SmallVec<[u8; 8]>,
}

/// Another protocol in the same connection.
enum Inside {
    /// TLS behind `CONNECT`: the conversation remains one of HTTP.
    Tls(Box<dyn Dialogue>),
    /// What the server agreed to with 101: the conversation is one of that protocol from now on.
    Upgraded(Box<dyn Dialogue>),
}

impl Inside {
    /// Lets it hear or end, under its own name.
    fn with<R>(&mut self, out: &mut Out<'_>, act: impl FnOnce(&mut dyn Dialogue, &mut Out<'_>) -> R) -> R {
        match self {
            Inside::Tls(tls) => {
                let outside = out.flow.protocol.replace(Protocol::Tls);
                let result = act(tls.as_mut(), out);
                out.flow.protocol = outside;
                result
            }
            Inside::Upgraded(dialogue) => act(dialogue.as_mut(), out),
        }
    }
}

/// A client and a server.
pub struct Conversation {
    halves: Ends<Half>,
    /// The side that asks, once it did.
    client: Option<Side>,
    pending: VecDeque<Exchange>,
    asked: u32,
    /// What server and client were last called.
    banners: Ends<Text>,
    /// Whether the server has been called one.
    introduced: bool,
    log_on: LogOn,
    /// What the client last asked to speak from now on.
    upgrade: Option<Upgrade>,
    inside: Option<Inside>,
}

impl Conversation {
    /// At its beginning.
    pub fn new() -> Conversation {
        Conversation {
            halves: Ends::default(),
            client: None,
            pending: VecDeque::new(),
            asked: 0,
            banners: Ends::default(),
            introduced: false,
            log_on: LogOn::new(),
            upgrade: None,
            inside: None,
        }
    }

    /// Reads a head if it is all there: how many bytes it took, or nothing if it is not.
    fn head(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Option<usize> {
        let is_reply_of_old = self.client == Some(side.other())
            && self.pending.front().is_some_and(|exchange| exchange.is_headless)
            && !bytes.starts_with(b"HTTP/");
        if is_reply_of_old {
            if bytes.len() < 5 && b"HTTP/".starts_with(bytes) {
                return None;
            }
            self.half(side).stage = Stage::Body(Framing::UntilClose);
            return Some(0);
        }
        let half = self.half(side);
        let line_end = match half.line.or_else(|| find_line_end(bytes, half.searched)) {
            Some(end) if half.line.is_none() => {
                half.line = Some(end);
                let line = bytes.get(..end).unwrap_or_default();
                match parse_request_line(line) {
                    Some(request) if request.version.is_none() => {
                        return Some(self.old_request(side, line, request, out));
                    }
                    None if parse_status_line(line).is_none() => {
                        return Some(self.no_request(side, line, out));
                    }
                    _ => end,
                }
            }
            Some(end) => end,
            None => return self.wait_for_head(side, bytes),
        };
        let half = self.half(side);
        let Some(end) = find_head_end(bytes, line_end, half.searched) else {
            return self.wait_for_head(side, bytes);
        };
        (half.searched, half.line) = (0, None);
        let line = bytes.get(..line_end).unwrap_or_default();
        let headers = Headers(bytes.get(line_end..end).unwrap_or_default());
        if let Some(status) = parse_status_line(line) {
            self.reply(side, status, headers, out);
            return Some(end);
        }
        match parse_request_line(line) {
            Some(request) if self.client.is_none_or(|client| client == side) => {
                self.request(side, request, headers, out);
                Some(end)
            }
            _ => Some(self.give_up(side)),
        }
    }

    /// Remembers how far a head was searched in vain, unless it is too long to be one.
    fn wait_for_head(&mut self, side: Side, bytes: &[u8]) -> Option<usize> {
        if bytes.len() > HEAD_MAX {
            return Some(self.give_up(side));
        }
        self.half(side).searched = bytes.len();
        None
    }

    /// Hears no more of a side, whose line is no request.
    fn no_request(&mut self, side: Side, line: &[u8], out: &mut Out<'_>) -> usize {
        if self.client != Some(side.other()) {
            oddity::of_no_request(line, out);
        }
        self.give_up(side)
    }

    /// Takes note of the version that a side speaks.
    fn speaks(&mut self, side: Side, version: &[u8], out: &mut Out<'_>) {
        if out.wants_logs() && self.halves.of(side).version.as_slice() != version {
            if !self.halves.of(side).version.is_empty() {
                oddity::of_versions(out);
            }
            self.half(side).version = SmallVec::from_slice(version.get(..8).unwrap_or(version));
        }
    }

    /// Hears no more of a side.
    fn give_up(&mut self, side: Side) -> usize {
        self.half(side).stage = Stage::Deaf;
        0
    }

    fn half(&mut self, side: Side) -> &mut Half {
        self.halves.of_mut(side)
    }

    /// A request of HTTP/0.9 is one line.
    fn old_request(&mut self, side: Side, line: &[u8], request: RequestLine<'_>, out: &mut Out<'_>) -> usize {
        if !Method::is_usual(request.method) || self.client == Some(side.other()) {
            if self.client == Some(side) {
                self.speaks(side, b"0.9", out);
            }
            return self.no_request(side, line, out);
        }
        let half = self.half(side);
        (half.searched, half.line) = (0, None);
        self.request(side, request, Headers(&[]), out);
        if let Some(exchange) = self.pending.back_mut() {
            exchange.is_headless = true;
        }
        line.len()
    }

    fn request(&mut self, side: Side, line: RequestLine<'_>, headers: Headers<'_>, out: &mut Out<'_>) {
        self.client = Some(side);
        self.speaks(side, line.version.unwrap_or(b"0.9"), out);
        oddity::of_request(line, headers, out);
        while self.pending.len() >= PENDING_MAX {
            self.tell_first(false, out);
        }
        self.asked = self.asked.saturating_add(1);
        self.upgrade = Upgrade::asked(line.target, headers);
        let (target, mut login) = mask(line.target, DETAIL_MAX);
        let mut details = Details::new();
        let (wants_details, wants_signs) = (out.wants_details(), out.wants_signs());
        let method = readable(line.method, VALUE_BYTES_MAX);
        let mut put = |key: &'static str, value: Text| {
            let is_sign = match key {
                "host" | "user-agent" => true,
                // As long as the target has all of it, once is enough.
                "uri" => value.len() > TARGET_MAX,
                _ => false,
            };
            if wants_details || wants_signs && is_sign {
                details.push((Text::const_new(key), value));
            }
        };
        put("asked", seconds(out.time));
        put("depth", self.asked.to_compact_string());
        put("method", method.clone());
        put("uri", target.clone());
        put("version", readable(line.version.unwrap_or(b"0.9"), VALUE_BYTES_MAX));
        let mut content_type = Vec::new();
        for (name, value) in headers.iter() {
            let mut name = readable(name, VALUE_BYTES_MAX);
            name.make_ascii_uppercase();
            put("request-header", name.clone());
            name.make_ascii_lowercase();
            match name.as_str() {
                "authorization" | "proxy-authorization" => {
                    self.log_on.header(side, value, out);
                    if let Some(authorization) = parse_authorization(value) {
                        put("auth", authorization.scheme);
                        if let Some(user) = authorization.user {
                            put("user", user);
                        }
                        login = authorization.login.or(login);
                    }
                }
                "content-disposition" => {
                    if let Some(name) = parts::filename(value) {
                        put("request-filename", readable(name, VALUE_BYTES_MAX));
                    }
                }
                "content-type" => {
                    put("request-content-type", readable(value, DETAIL_MAX));
                    content_type = value.get(..value.len().min(VALUE_BYTES_MAX)).unwrap_or_default().to_vec();
                }
                "host" => put("host", readable(value, DETAIL_MAX)),
                "origin" => put("origin", mask(value, DETAIL_MAX).0),
                "referer" => put("referrer", mask(value, DETAIL_MAX).0),
                "user-agent" => {
                    put("user-agent", readable(value, DETAIL_MAX));
                    self.banner(side, value, "User-Agent", out);
                }
                "client-ip" | "forwarded" | "proxy-connection" | "via" | "x-forwarded-for"
                | "x-forwarded-from" | "xroxy-connection" => {
                    name.make_ascii_uppercase();
                    put("proxied", format_compact!("{name} -> {}", readable(value, DETAIL_MAX)));
                }
                _ => {}
            }
        }
        self.pending.push_back(Exchange {
            verb: Method::verb(line.method),
            method,
            target: crate::show::cut(&target, TARGET_MAX),
            login,
            is_whole: false,
            is_headless: false,
            details,
            answer: None,
            content_type,
        });
        match Framing::declared(headers) {
            Some(Framing::Length(0)) | None => self.finish_request(side, out),
            Some(framing) => {
                let is_form = self.pending.back().is_some_and(|exchange| {
                    may_hold_login(&exchange.content_type)
                        || wants_details && parts::is_multipart(&exchange.content_type)
                });
                let half = self.half(side);
                half.body = if is_form { Body::form() } else { Body::default() };
                half.body.declared = framing.length();
                half.stage = Stage::Body(framing);
            }
        }
    }

    /// The request that is being sent is all there.
    fn finish_request(&mut self, side: Side, out: &mut Out<'_>) {
        let half = self.halves.of_mut(side);
        half.stage = Stage::Head;
        let mut body = std::mem::take(&mut half.body);
        if let Some(exchange) = self.pending.back_mut().filter(|exchange| !exchange.is_whole) {
            files::tell(&body, &exchange.content_type, &String::new, side, out);
            exchange.finish(&mut body, out);
        }
    }

    fn reply(&mut self, side: Side, line: StatusLine<'_>, headers: Headers<'_>, out: &mut Out<'_>) {
        if self.client == Some(side) {
            self.half(side).stage = Stage::Deaf;
            return;
        }
        self.client = Some(side.other());
        if self.pending.is_empty() {
            // The request was not seen.
            self.asked = self.asked.saturating_add(1);
            let mut details = Details::new();
            if out.wants_details() {
                details.push((CompactString::const_new("asked"), seconds(out.time)));
                details.push((CompactString::const_new("depth"), self.asked.to_compact_string()));
            }
            self.pending.push_back(Exchange::unseen(details));
        }
        self.speaks(side, line.version, out);
        oddity::of_reply(line, headers, out);
        self.introduce(side, headers, out);
        let reason = readable(line.reason, DETAIL_MAX);
        let (wants_details, wants_events) = (out.wants_details(), out.wants_events());
        let Some(exchange) = self.pending.front_mut() else { return };
        let mut put = |key: &'static str, value: Text| {
            if wants_details {
                exchange.details.push((Text::const_new(key), value));
            }
        };
        // RFC 9110 clause 15.2: interim replies; but 101 is the last one.
        if (100..200).contains(&line.status) && line.status != 101 {
            put("info-status", line.status.to_compact_string());
            put("info-reason", reason);
            return;
        }
        put("status", line.status.to_compact_string());
        put("reason", reason.clone());
        put("response-version", readable(line.version, VALUE_BYTES_MAX));
        let mut filename = None;
        for (name, value) in headers.iter() {
            let mut capitals = readable(name, VALUE_BYTES_MAX);
            capitals.make_ascii_uppercase();
            put("response-header", capitals);
            let key = match name.to_ascii_lowercase().as_slice() {
                b"content-disposition" => {
                    if let Some(name) = parts::filename(value) {
                        let name = readable(name, VALUE_BYTES_MAX);
                        put("response-filename", name.clone());
                        filename = Some(name);
                    }
                    continue;
                }
                b"content-encoding" => "response-encoding",
                b"content-range" if wants_events => "content-range",
                b"content-type" => "response-content-type",
                b"location" => {
                    put("location", mask(value, DETAIL_MAX).0);
                    continue;
                }
                b"server" => "server",
                b"x-powered-by" => "powered-by",
                _ => continue,
            };
            put(key, readable(value, DETAIL_MAX));
        }
        let is_tunnel =
            line.status == 101 || exchange.method == "CONNECT" && (200..300).contains(&line.status);
        // RFC 9112 clause 6.3.
        let has_body = !is_tunnel && exchange.method != "HEAD" && !matches!(line.status, 204 | 304);
        exchange.answer = Some(Answer { status: line.status, reason });
        if is_tunnel {
            self.tell_first(true, out);
            if let Some(upgrade) = self.upgrade.take().filter(|_| line.status == 101) {
                self.inside = Some(Inside::Upgraded(upgrade.begin(side.other(), headers, out)));
            }
            self.halves.source.stage = Stage::Tunnel;
            self.halves.destination.stage = Stage::Tunnel;
            return;
        }
        match Framing::declared(headers).filter(|_| has_body) {
            Some(Framing::Length(0)) => self.finish_reply(side, true, out),
            None if !has_body => self.finish_reply(side, true, out),
            framing => {
                let encoding = headers.first("content-encoding").filter(|_| wants_details);
                let is_status = out.wants_logs() && headers.first("content-type") == Some(ocsp::CONTENT_TYPE);
                let half = self.half(side);
                half.body = encoding.map_or_else(Body::default, Body::packed);
                // Of a packed body its length without the packing is not said.
                half.body.declared = framing.and_then(Framing::length).filter(|_| encoding.is_none());
                half.body.filename = filename;
                half.body.range = oddity::range(line, headers).ok().flatten();
                if is_status {
                    half.body.hold();
                }
                half.stage = Stage::Body(framing.unwrap_or(Framing::UntilClose));
            }
        }
    }

    /// The reply that is being sent is all there, or there will be no more of it.
    fn finish_reply(&mut self, side: Side, is_whole: bool, out: &mut Out<'_>) {
        self.half(side).stage = Stage::Head;
        self.tell_first(is_whole, out);
        self.half(side).body = Body::default();
    }

    fn introduce(&mut self, side: Side, headers: Headers<'_>, out: &mut Out<'_>) {
        if !self.introduced {
            self.introduced = true;
            out.identity(side, Trait::Role, "web server", "reply", BANNER_CONFIDENCE);
        }
        if let Some(server) = headers.first("server") {
            self.banner(side, server, "Server", out);
        }
        if let Some(framework) = headers.first("x-powered-by") {
            let framework = readable(framework, VALUE_BYTES_MAX);
            out.identity(side, Trait::Product, &framework, "X-Powered-By", BANNER_CONFIDENCE - 10);
        }
        for (name, value) in headers.iter() {
            if ["www-authenticate", "proxy-authenticate"]
                .iter()
                .any(|wanted| name.eq_ignore_ascii_case(wanted.as_bytes()))
            {
                self.log_on.header(side, value, out);
            }
        }
        // Devices with a login of their own put their model there.
        let realm = headers.first("www-authenticate").and_then(realm);
        if let Some(realm) = realm {
            out.identity(side, Trait::Product, &realm, "WWW-Authenticate realm", BANNER_CONFIDENCE - 20);
        }
    }

    /// Tells what one side calls itself, unless it said so the last time.
    fn banner(&mut self, side: Side, value: &[u8], field: &'static str, out: &mut Out<'_>) {
        let value = readable(value, VALUE_BYTES_MAX);
        let last = self.banners.of_mut(side);
        if *last != value {
            out.identity(side, Trait::Product, &value, field, BANNER_CONFIDENCE);
            *last = value;
        }
    }

    /// Tells of the oldest request, with its reply if there is one.
    fn tell_first(&mut self, is_whole: bool, out: &mut Out<'_>) {
        let client = self.client.unwrap_or(Side::Source);
        let is_last = self.pending.len() == 1;
        let Some(mut exchange) = self.pending.pop_front() else { return };
        let wants_details = out.wants_details();
        if !exchange.is_whole && is_last {
            // The reply came before the request was whole: what there is of it counts.
            let mut body = std::mem::take(&mut self.half(client).body);
            files::tell(&body, &exchange.content_type, &String::new, client, out);
            exchange.finish(&mut body, out);
            if out.wants_events() {
                let pair = (CompactString::const_new("request-truncated"), CompactString::const_new("true"));
                exchange.details.push(pair);
            }
        }
        if wants_details && exchange.answer.is_some() {
            let body = &self.half(client.other()).body;
            files::tell(body, &[], &|| exchange.url(), client.other(), out);
            if let Some(held) = body.held() {
                ocsp::tell(held, client.other(), out);
            }
            let mut put =
                |key: &'static str, value: Text| exchange.details.push((Text::const_new(key), value));
            put("response-length", body.length.to_compact_string());
            if body.missed > 0 {
                put("response-missed", body.missed.to_compact_string());
                put("response-missed-within", body.missed_within.to_compact_string());
            }
            if let Some(mime) = body.mime() {
                put("response-mime", Text::const_new(mime));
            }
            if let Some(body) = body.unpacked() {
                put("response-unpacked-length", body.length.to_compact_string());
                if let Some(mime) = body.mime() {
                    put("response-unpacked-mime", Text::const_new(mime));
                }
            }
            if !is_whole {
                put("truncated", CompactString::const_new("true"));
            }
        }
        exchange.tell(client, out);
    }

    /// Bytes of another protocol.
    fn tunnel(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        if self.inside.is_none() {
            // A TLS hello (RFC 8446 clause 5.1); nothing else is looked for.
            match bytes {
                [22, 3, ..] => self.inside = Some(Inside::Tls((tls::READER.open)())),
                [22] => return Progress::Used(0),
                _ => return Progress::Skip(REST),
            }
        }
        let Some(inside) = &mut self.inside else { return Progress::Skip(REST) };
        match inside.with(out, |inside, out| inside.stream(side, bytes, out)) {
            Progress::Lost => Progress::Skip(REST),
            progress => progress,
        }
    }

    fn body(&mut self, side: Side, step: Step, out: &mut Out<'_>) {
        let is_request = self.client == Some(side);
        match step {
            Step::Done(_) if is_request => self.finish_request(side, out),
            Step::Done(_) => self.finish_reply(side, true, out),
            Step::Broken => {
                if is_request {
                    self.finish_request(side, out);
                } else {
                    self.finish_reply(side, false, out);
                }
                self.half(side).stage = Stage::Searching;
            }
            Step::More(_) => {}
        }
    }
}

impl Dialogue for Conversation {
    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            let half = self.halves.of_mut(side);
            match &mut half.stage {
                Stage::Body(framing) => {
                    if out.wants_logs() {
                        half.body.comes(out.time);
                    }
                    let is_size = matches!(framing, Framing::Chunked(Chunk::Size));
                    let step = half.body.read(framing, rest);
                    if is_size && step == Step::Broken {
                        oddity::of_chunk_size(rest, out);
                    }
                    self.body(side, step, out);
                    match step {
                        Step::Done(count) => used += count,
                        Step::More(0) => break,
                        Step::More(count) => used += count,
                        Step::Broken => {}
                    }
                }
                Stage::Deaf => return Progress::Skip(REST),
                // Empty lines before a head are passed over (RFC 9112 clause 2.2).
                Stage::Head if half.searched == 0 && matches!(rest, [b'\r' | b'\n', ..]) => used += 1,
                Stage::Head => match self.head(side, rest, out) {
                    Some(count) => used += count,
                    None => break,
                },
                Stage::Searching => match rest.split_inclusive(|byte| *byte == b'\n').next() {
                    Some(line) if is_first_line(line.trim_ascii_end()) => half.stage = Stage::Head,
                    Some(line) if line.ends_with(b"\n") => used += line.len(),
                    _ => return Progress::Used(bytes.len()),
                },
                Stage::Tunnel => {
                    return match self.tunnel(side, rest, out) {
                        Progress::Used(count) => Progress::Used(used + count),
                        Progress::Skip(count) => Progress::Skip(count.saturating_add(used as u64)),
                        Progress::Lost => Progress::Lost,
                    };
                }
            }
        }
        Progress::Used(used)
    }

    fn gap(&mut self, side: Side, missing: u64, out: &mut Out<'_>) {
        let half = self.halves.of_mut(side);
        match &mut half.stage {
            Stage::Body(framing) => {
                let step = half.body.miss(framing, missing);
                self.body(side, step, out);
            }
            Stage::Head | Stage::Searching => {
                (half.searched, half.line) = (0, None);
                half.stage = Stage::Searching;
            }
            Stage::Tunnel => {
                if let Some(inside) = &mut self.inside {
                    inside.with(out, |inside, out| inside.gap(side, missing, out));
                }
            }
            Stage::Deaf => {}
        }
    }

    fn holds(&self) -> usize {
        let inside = match &self.inside {
            Some(Inside::Tls(dialogue) | Inside::Upgraded(dialogue)) => dialogue.holds(),
            None => 0,
        };
        let bodies = self.halves.source.body.holds() + self.halves.destination.body.holds();
        crate::dialogue::held::<Exchange>(self.pending.len()) + bodies + inside
    }

    fn end(&mut self, out: &mut Out<'_>) {
        if let Some(client) = self.client {
            let is_whole = match &self.half(client.other()).stage {
                Stage::Body(Framing::UntilClose | Framing::Chunked(Chunk::Trailer)) => Some(true),
                Stage::Body(_) => Some(false),
                _ => None,
            };
            if let Some(is_whole) = is_whole {
                if let Some(exchange) = self.pending.front_mut().filter(|exchange| exchange.is_headless) {
                    exchange.answer = Some(Answer { status: 200, reason: Text::default() });
                }
                self.finish_reply(client.other(), is_whole, out);
            }
        }
        while !self.pending.is_empty() {
            self.tell_first(false, out);
        }
        if let Some(inside) = &mut self.inside {
            inside.with(out, |inside, out| inside.end(out));
        }
    }
}

/// Whether it looks like the first line of a request or a reply.
fn is_first_line(line: &[u8]) -> bool {
    parse_status_line(line).is_some()
        || parse_request_line(line).is_some_and(|request| request.version.is_some())
}

#[cfg(test)]
mod tests;
