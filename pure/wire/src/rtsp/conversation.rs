//! Pairs requests with replies.

use super::address::shown;
use super::{VERSION, verb};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::http::{Headers, Login, parse_authorization};
use crate::show::{VALUE_BYTES_MAX, readable};
use crate::text_head::{First, Found, Head, body_length, parse_head};
use city::{Details, Reply, Target, Text, Trait, WeaknessKind};
use compact_str::format_compact;
use std::collections::VecDeque;

/// Requests awaiting a reply at a time; clients wait before they ask again.
const PENDING_MAX: usize = 32;

/// How many facts are remembered, so that each is told once.
const TOLD_MAX: usize = 16;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

#[derive(Default)]
struct Conversation {
    pending: VecDeque<Pending>,
    told: Vec<Text>,
    /// Whether anybody named themselves.
    has_login: bool,
    is_open_told: bool,
    /// Whether a gap has to be got over, for source and destination.
    searching: [bool; 2],
}

struct Pending {
    asker: Side,
    sequence: Text,
    asked: Asked,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, _side: Side, _bytes: &[u8], _out: &mut Out<'_>) -> bool {
        false
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            match rest {
                [] => return Progress::Used(used),
                [b'\r' | b'\n', ..] => {
                    used += 1;
                    continue;
                }
                // Pictures within the connection (RFC 2326 clause 10.12). Behind a gap it is not known where they end.
                [b'$', _, high, low, ..] if !*self.searching_mut(side) => {
                    let length = u64::from(u16::from_be_bytes([*high, *low]));
                    return Progress::Skip(used as u64 + 4 + length);
                }
                [b'$', ..] if !*self.searching_mut(side) => return Progress::Used(used),
                _ => {}
            }
            match parse_head(rest, VERSION) {
                Found::Head(head, length) => {
                    *self.searching_mut(side) = false;
                    self.head(side, head, out);
                    used += length;
                    let body = body_length(head.headers, "Content-Length");
                    if body > 0 {
                        return Progress::Skip((used as u64).saturating_add(body));
                    }
                }
                Found::More => return Progress::Used(used),
                Found::Nothing if *self.searching_mut(side) => {
                    let Some(line) = rest.iter().position(|byte| *byte == b'\n') else {
                        return Progress::Used(bytes.len());
                    };
                    used += line + 1;
                }
                Found::Nothing => return Progress::Lost,
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

impl Conversation {
    fn searching_mut(&mut self, side: Side) -> &mut bool {
        let [source, destination] = &mut self.searching;
        match side {
            Side::Source => source,
            Side::Destination => destination,
        }
    }

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
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            out.request(oldest.asker, oldest.asked);
        }
        let asked = Asked {
            verb: verb(method),
            function: readable(method, VALUE_BYTES_MAX),
            target: Target::named(target),
            value: headers.first("transport").map(|transport| readable(transport, VALUE_BYTES_MAX)),
            reply: Reply::Missing,
            details: Details::new(),
        };
        self.pending.push_back(Pending { asker: side, sequence, asked });
    }

    fn reply(&mut self, side: Side, status: u16, reason: &[u8], sequence: &Text, out: &mut Out<'_>) {
        if status < 200 {
            return;
        }
        let place =
            self.pending.iter().position(|pending| pending.asker != side && pending.sequence == *sequence);
        let Some(Pending { asker, mut asked, .. }) = place.and_then(|place| self.pending.remove(place))
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
