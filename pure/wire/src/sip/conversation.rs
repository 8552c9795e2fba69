//! Pairs requests with their final replies.

use super::VERSION;
use super::address::{bare, mask};
use super::event;
use super::message::{verb, without_padding};
use super::row::Row;
use crate::dialogue::{Asked, Dialogue, Fields, Out, Progress, Side};
use crate::flow::Ends;
use crate::footing::Walk;
use crate::http::{Headers, parse_authorization};
use crate::show::{VALUE_BYTES_MAX, cut, escaped, readable};
use crate::text_head::{First, Found, Head, Heads, Syntax, parse_head, parse_whole};
use crate::unanswered::{Unanswered, Waiting};
use city::{Details, Reply, Target, Text, Trait, WeaknessKind};
use compact_str::format_compact;

/// Requests awaiting a final reply at a time; a proxy may carry many calls in one connection.
const PENDING_MAX: usize = 128;

/// How many names of devices and of users are remembered, so that each is told once.
const TOLD_MAX: usize = 32;

/// What is SIP's own in a head: the short name of its length (RFC 3261 clause 7.3.3), and what is sent to keep a path
/// open, which are empty lines (RFC 5626 clause 3.5.1) or zeros.
const SYNTAX: Syntax = Syntax { version: VERSION, fillers: b"\r\n\0", length: "l" };

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

#[derive(Default)]
struct Conversation {
    /// What awaits a final reply, by the call and the number in it (RFC 3261 clauses 8.1.1.4 and 8.1.1.5).
    pending: Unanswered<(Text, Text), PENDING_MAX>,
    row: Row,
    told: Vec<(Side, Text)>,
    heads: Heads,
    /// The event of a message whose body describes a session, and how long the body is: until the body is there.
    described: Ends<Option<(Fields, usize)>>,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let message = without_padding(bytes);
        let junk = bytes.get(..bytes.len().saturating_sub(message.len())).unwrap_or_default();
        if junk.contains(&0) && out.wants_logs() {
            let junk = escaped(junk, VALUE_BYTES_MAX);
            out.weird("SIP", "sip_junk_before_request", &escaped(junk.as_bytes(), VALUE_BYTES_MAX));
        }
        if message.is_empty() {
            return true;
        }
        let Some(head) = parse_whole(message, VERSION) else { return false };
        if out.wants_events() {
            let mut fields = event::of(&head);
            if event::describes_session(head.headers)
                && let Found::Head(_, length) = parse_head(message, VERSION)
            {
                event::put_session(&mut fields, message.get(length..).unwrap_or_default());
            }
            tell_event(side, &fields, out);
        }
        self.head(side, head, out);
        true
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut walk = Walk::of(bytes);
        loop {
            if let Some((mut fields, length)) = self.described.of_mut(side).take() {
                let Some(body) = walk.rest().get(..length) else {
                    *self.described.of_mut(side) = Some((fields, length));
                    return walk.rests();
                };
                event::put_session(&mut fields, body);
                tell_event(side, &fields, out);
                walk.step(length);
                continue;
            }
            match self.heads.next(side, &mut walk, &SYNTAX) {
                Ok((head, body)) => {
                    self.head(side, head, out);
                    if out.wants_events() {
                        let fields = event::of(&head);
                        if (1..=event::BODY_MAX).contains(&body) && event::describes_session(head.headers) {
                            let length = usize::try_from(body).unwrap_or_default();
                            *self.described.of_mut(side) = Some((fields, length));
                            continue;
                        }
                        tell_event(side, &fields, out);
                    }
                    if body > 0 {
                        return walk.skips(body);
                    }
                }
                Err(progress) => return progress,
            }
        }
    }

    fn gap(&mut self, side: Side, _missing: u64, out: &mut Out<'_>) {
        self.tell_described(side, out);
        self.heads.gap(side);
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.tell_described(Side::Source, out);
        self.tell_described(Side::Destination, out);
        self.pending.end(out);
        self.row.end(out);
    }
}

fn tell_event(side: Side, event: &Fields, out: &mut Out<'_>) {
    out.event(side, "eve_sip", |fields| fields.append(event));
}

impl Conversation {
    /// Tells of a message whose body does not come.
    fn tell_described(&mut self, side: Side, out: &mut Out<'_>) {
        if let Some((fields, _)) = self.described.of_mut(side).take() {
            tell_event(side, &fields, out);
        }
    }

    fn head(&mut self, side: Side, head: Head<'_>, out: &mut Out<'_>) {
        let headers = head.headers;
        let key = key(headers);
        let length = headers.first("content-length").or_else(|| headers.first("l"));
        if let Some(odd) = length.filter(|length| !length.iter().all(u8::is_ascii_digit)) {
            let name = match head.first {
                First::Request { .. } => "invalid_SIP_request_body_len",
                First::Reply { .. } => "invalid_SIP_response_body_len",
            };
            out.weird("", name, &readable(odd, VALUE_BYTES_MAX));
        }
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
        if self.pending.has(side, |sent| *sent == key) {
            // It was sent again.
            return;
        }
        let is_registration = method == b"REGISTER";
        let name = match (is_registration, &to) {
            (true, Some((to, _))) => bare(to),
            _ => target.as_str(),
        };
        let asker = from.as_ref().map(|(from, _)| cut(bare(from), VALUE_BYTES_MAX));
        let asked = Asked {
            verb,
            function: readable(method, VALUE_BYTES_MAX),
            target: Target::named(cut(name, VALUE_BYTES_MAX)),
            value: if is_registration { user.or(asker) } else { asker },
            reply: Reply::Missing,
            details: Details::new(),
        };
        self.pending.add(side, key, asked, out);
    }

    fn reply(&mut self, side: Side, status: u16, reason: &[u8], key: &(Text, Text), out: &mut Out<'_>) {
        if status < 200 {
            return;
        }
        let Some(Waiting { asker, mut asked, .. }) = self.pending.take(side.other(), |asked| asked == key)
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
