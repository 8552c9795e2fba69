//! Pairs requests with their final replies.

use super::VERSION;
use super::address::{bare, mask};
use super::message::{verb, without_padding};
use super::row::Row;
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::http::{Headers, parse_authorization};
use crate::show::{VALUE_BYTES_MAX, cut, readable};
use crate::text_head::{First, Found, Head, body_length, parse_head, parse_whole};
use city::{Details, Reply, Target, Text, Trait, WeaknessKind};
use compact_str::format_compact;
use std::collections::VecDeque;

/// Requests awaiting a final reply at a time; a proxy may carry many calls in one connection.
const PENDING_MAX: usize = 128;

/// How many names of devices and of users are remembered, so that each is told once.
const TOLD_MAX: usize = 32;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

#[derive(Default)]
struct Conversation {
    pending: VecDeque<Pending>,
    row: Row,
    told: Vec<(Side, Text)>,
    /// Whether a gap has to be got over, for source and destination.
    searching: [bool; 2],
}

struct Pending {
    asker: Side,
    /// The call and the number in it (RFC 3261 clauses 8.1.1.4 and 8.1.1.5).
    key: (Text, Text),
    asked: Asked,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let message = without_padding(bytes);
        if message.is_empty() {
            return true;
        }
        let Some(head) = parse_whole(message, VERSION) else { return false };
        self.head(side, head, out);
        true
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            let message = without_padding(rest);
            used += rest.len() - message.len();
            match parse_head(message, VERSION) {
                _ if message.is_empty() => return Progress::Used(used),
                Found::Head(head, length) => {
                    *self.searching_mut(side) = false;
                    self.head(side, head, out);
                    used += length;
                    let body = body_length(head.headers, "l");
                    if body > 0 {
                        return Progress::Skip((used as u64).saturating_add(body));
                    }
                }
                Found::More => return Progress::Used(used),
                Found::Nothing if *self.searching_mut(side) => {
                    let Some(line) = message.iter().position(|byte| *byte == b'\n') else {
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
        self.row.end(out);
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
        let key = key(headers);
        match head.first {
            First::Request { method, target } => {
                self.row.request(method, target, headers);
                self.introduce(side, headers, "user-agent", "User-Agent", out);
                self.request(side, method, target, headers, key, out);
            }
            First::Reply { status, reason } => {
                self.row.reply(side, status, reason, headers, out);
                self.introduce(side, headers, "server", "Server", out);
                self.introduce(side, headers, "user-agent", "User-Agent", out);
                self.reply(side, status, reason, &key, out);
            }
        }
    }

    fn request(
        &mut self,
        side: Side,
        method: &[u8],
        target: &[u8],
        headers: Headers<'_>,
        key: (Text, Text),
        out: &mut Out<'_>,
    ) {
        let from = header(headers, "from", "f");
        let to = header(headers, "to", "t");
        let (target, in_target) = mask(target);
        let logins = [
            in_target,
            from.as_ref().and_then(|from| from.1.clone()),
            to.as_ref().and_then(|to| to.1.clone()),
        ];
        for user in logins.into_iter().flatten() {
            self.readable_login(
                side,
                format_compact!("password in an address, user name {user}"),
                false,
                out,
            );
        }
        let authorizations = ["authorization", "proxy-authorization"].map(|name| headers.first(name));
        let mut user = None;
        for authorization in authorizations.into_iter().flatten().filter_map(parse_authorization) {
            user = authorization.user.or(user);
            if let Some(login) = authorization.login {
                self.readable_login(side, login.words(), login.is_default, out);
            }
        }
        let Some(verb) = verb(method) else { return };
        if self.pending.iter().any(|pending| pending.asker == side && pending.key == key) {
            // It was sent again.
            return;
        }
        let is_registration = method == b"REGISTER";
        let name = match (is_registration, &to) {
            (true, Some((to, _))) => bare(to),
            _ => target.as_str(),
        };
        let asker = from.as_ref().map(|(from, _)| cut(bare(from), VALUE_BYTES_MAX));
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            out.request(oldest.asker, oldest.asked);
        }
        let asked = Asked {
            verb,
            function: readable(method, VALUE_BYTES_MAX),
            target: Target::named(cut(name, VALUE_BYTES_MAX)),
            value: if is_registration { user.or(asker) } else { asker },
            reply: Reply::Missing,
            details: Details::new(),
        };
        self.pending.push_back(Pending { asker: side, key, asked });
    }

    fn reply(&mut self, side: Side, status: u16, reason: &[u8], key: &(Text, Text), out: &mut Out<'_>) {
        if status < 200 {
            return;
        }
        let place = self.pending.iter().position(|pending| pending.asker != side && pending.key == *key);
        let Some(Pending { asker, mut asked, .. }) = place.and_then(|place| self.pending.remove(place))
        else {
            return;
        };
        asked.reply = match status {
            200..300 => Reply::Done,
            _ => Reply::Refused(format_compact!("{status} {}", readable(reason, VALUE_BYTES_MAX))),
        };
        if asked.function == "REGISTER" && asked.reply == Reply::Done {
            self.tell(side, Trait::Role, Text::const_new("SIP registrar"), "REGISTER", 80, out);
        }
        out.request(asker, asked);
    }

    fn readable_login(&mut self, side: Side, words: Text, is_default: bool, out: &mut Out<'_>) {
        if self.remember(side, &words) {
            if is_default {
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
        if let Some(value) = headers.first(name) {
            self.tell(side, Trait::Product, readable(value, VALUE_BYTES_MAX), field, 50, out);
        }
    }

    fn tell(
        &mut self,
        side: Side,
        about: Trait,
        value: Text,
        field: &'static str,
        sure: u8,
        out: &mut Out<'_>,
    ) {
        if self.remember(side, &value) {
            out.identity(side, about, &value, field, sure);
        }
    }

    /// Whether something is told for the first time.
    fn remember(&mut self, side: Side, what: &Text) -> bool {
        let known = self.told.iter().any(|(of, told)| *of == side && told == what);
        if !known && self.told.len() < TOLD_MAX {
            self.told.push((side, what.clone()));
        }
        !known
    }
}

/// The call and the number within it by which requests and replies belong together.
fn key(headers: Headers<'_>) -> (Text, Text) {
    let text = |name: &str, short: &str| {
        let value = headers.first(name).or_else(|| headers.first(short)).unwrap_or_default();
        readable(value, VALUE_BYTES_MAX)
    };
    (text("call-id", "i"), text("cseq", "cseq"))
}

/// A header under its long or its short name (RFC 3261 clause 7.3.3), masked.
fn header(headers: Headers<'_>, name: &str, short: &str) -> Option<(Text, Option<Text>)> {
    headers.first(name).or_else(|| headers.first(short)).map(mask)
}
