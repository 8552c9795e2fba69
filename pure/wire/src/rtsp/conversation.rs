//! Pairs requests with replies.

use super::address::shown;
use super::{VERSION, verb};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::footing::Walk;
use crate::http::{Headers, Login, parse_authorization};
use crate::show::{VALUE_BYTES_MAX, readable};
use crate::text_head::{First, Head, Heads, Syntax};
use crate::unanswered::{Unanswered, Waiting};
use city::{Details, Reply, Target, Text, Trait, WeaknessKind};
use compact_str::format_compact;

/// Requests awaiting a reply at a time; clients wait before they ask again.
const PENDING_MAX: usize = 32;

/// How many facts are remembered, so that each is told once.
const TOLD_MAX: usize = 16;

/// What is RTSP's own in a head.
const SYNTAX: Syntax = Syntax { version: VERSION, fillers: b"\r\n", length: "Content-Length" };

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

#[derive(Default)]
struct Conversation {
    /// What awaits a reply, by its sequence number.
    pending: Unanswered<Text, PENDING_MAX>,
    told: Vec<Text>,
    /// Whether anybody named themselves.
    has_login: bool,
    is_open_told: bool,
    heads: Heads,
}

impl Dialogue for Conversation {
    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut walk = Walk::of(bytes);
        loop {
            walk.pass(SYNTAX.fillers);
            match walk.rest() {
                // Pictures within the connection (RFC 2326 clause 10.12). Behind a gap it is not known where they end.
                [b'$', _, high, low, ..] if !self.heads.searches(side) => {
                    return walk.skips(4 + u64::from(u16::from_be_bytes([*high, *low])));
                }
                [b'$', ..] if !self.heads.searches(side) => return walk.rests(),
                _ => {}
            }
            match self.heads.next(side, &mut walk, &SYNTAX) {
                Ok((head, body)) => {
                    self.head(side, head, out);
                    if body > 0 {
                        return walk.skips(body);
                    }
                }
                Err(progress) => return progress,
            }
        }
    }

    fn gap(&mut self, side: Side, _missing: u64, _out: &mut Out<'_>) {
        self.heads.gap(side);
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.pending.end(out);
    }
}

impl Conversation {
    fn head(&mut self, side: Side, head: Head<'_>, out: &mut Out<'_>) {
        let headers = head.headers;
        let sequence = readable(headers.first("cseq").unwrap_or_default(), VALUE_BYTES_MAX);
        match head.first {
            First::Request { method, target } => {
                self.introduce(side, headers, "user-agent", "User-Agent", out);
                self.request(side, method, target, headers, sequence, out);
            }
            First::Reply { status, reason } => {
                self.introduce(side, headers, "server", "Server", out);
                self.reply(side, status, reason, &sequence, out);
            }
        }
    }

    fn request(
        &mut self,
        side: Side,
        method: &[u8],
        target: &[u8],
        headers: Headers<'_>,
        sequence: Text,
        out: &mut Out<'_>,
    ) {
        let (target, in_address) = shown(target);
        let authorization = headers.first("authorization").and_then(parse_authorization);
        self.has_login |= authorization.is_some();
        let logins = [in_address, authorization.and_then(|authorization| authorization.login)];
        for login in logins.into_iter().flatten() {
            self.readable_login(side, &login, out);
        }
        let asked = Asked {
            verb: verb(method),
            function: readable(method, VALUE_BYTES_MAX),
            target: Target::named(target),
            value: headers.first("transport").map(|transport| readable(transport, VALUE_BYTES_MAX)),
            reply: Reply::Missing,
            details: Details::new(),
        };
        self.pending.add(side, sequence, asked, out);
    }

    fn reply(&mut self, side: Side, status: u16, reason: &[u8], sequence: &Text, out: &mut Out<'_>) {
        if status < 200 {
            return;
        }
        let Some(Waiting { asker, mut asked, .. }) =
            self.pending.take(side.other(), |asked| asked == sequence)
        else {
            return;
        };
        asked.reply = match status {
            200..300 => Reply::Done,
            _ => Reply::Refused(format_compact!("{status} {}", readable(reason, VALUE_BYTES_MAX))),
        };
        if asked.reply == Reply::Done && matches!(asked.function.as_str(), "DESCRIBE" | "PLAY") {
            if self.is_new("video source") {
                out.identity(side, Trait::Role, "video source", "DESCRIBE", 80);
            }
            if asked.function == "PLAY" && !self.has_login && !self.is_open_told {
                self.is_open_told = true;
                out.weakness(side, WeaknessKind::AnonymousLogin, "gives its pictures to whoever asks");
            }
        }
        out.request(asker, asked);
    }

    fn readable_login(&mut self, side: Side, login: &Login, out: &mut Out<'_>) {
        self.has_login = true;
        let words = login.words();
        if self.is_new(&words) {
            if login.is_default {
                out.weakness(side.other(), WeaknessKind::DefaultCredentials, words.clone());
            }
            out.weakness(side.other(), WeaknessKind::CleartextCredentials, words);
        }
    }

    fn introduce(
        &mut self,
        side: Side,
        headers: Headers<'_>,
        name: &str,
        field: &'static str,
        out: &mut Out<'_>,
    ) {
        let Some(value) = headers.first(name) else { return };
        let value = readable(value, VALUE_BYTES_MAX);
        if self.is_new(&value) {
            out.identity(side, Trait::Product, &value, field, 50);
        }
    }

    /// Whether something is told for the first time.
    fn is_new(&mut self, what: &str) -> bool {
        let known = self.told.iter().any(|told| told == what);
        if !known && self.told.len() < TOLD_MAX {
            self.told.push(what.into());
        }
        !known
    }
}
