//! Pairs requests with results, and follows security layers.

use super::filter;
use super::message::{self, Message, Operation, Proof};
use super::parse::{self, Found};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::inner::Inner;
use crate::show::{VALUE_BYTES_MAX, cut};
use crate::{gss, kerberos, ntlm, tls};
use city::{Details, Reply, Target, Text, Trait, WeaknessKind};
use compact_str::format_compact;
use std::collections::VecDeque;

/// Requests awaiting a result at a time.
const PENDING_MAX: usize = 128;

/// The longest message of which all is read; of longer ones the operation alone.
const MESSAGE_BYTES_MAX: usize = 192 << 10;

/// The longest text in a column, in bytes.
const COLUMN_BYTES_MAX: usize = 2_048;

/// How many runs of bytes that are no message a conversation may hold before it is given up.
const STRIKES_MAX: u32 = 8;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// One client and one directory.
#[derive(Default)]
struct Conversation {
    client: Option<Side>,
    pending: VecDeque<Pending>,
    ntlm: ntlm::Session,
    kerberos: kerberos::Session,
    /// What follows a StartTLS.
    tls: Option<Inner>,
    /// Whether a mechanism was accepted or a part not seen, so that a security layer may lie around messages.
    may_be_wrapped: bool,
    /// Whether the beginning of a message must be found, for source and destination.
    searching: [bool; 2],
    strikes: u32,
    directory_told: bool,
}

/// A request whose result is awaited.
struct Pending {
    id: i64,
    operation: Operation,
    row: Row,
    asked: Asked,
    /// A bind by a name with a readable password.
    bare_password_of: Option<Text>,
    /// A bind that names nobody.
    is_anonymous: bool,
}

/// A request's columns in the field's log.
enum Row {
    Message { version: Option<i64>, opcode: Text, object: Text, argument: Text },
    Search { scope: i64, aliases: i64, base: Text, filter: Text, found: u64 },
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let mut rest = bytes;
        while !rest.is_empty() {
            let Found::Message(message, used) = parse::parse_message(rest) else {
                return rest.len() < bytes.len();
            };
            self.message(side, &message, out);
            rest = rest.get(used..).unwrap_or_default();
        }
        true
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        if let Some(tls) = &mut self.tls {
            return tls.stream(side, bytes, out);
        }
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() || self.tls.is_some() {
                return Progress::Used(used);
            }
            if self.searching.get(side as usize) == Some(&true) {
                // A hole ends where what is captured at a time begins, which nearly always is a message.
                if !begins(rest) {
                    return Progress::Used(bytes.len());
                }
                self.set_searching(side, false);
            }
            match parse::parse_message(rest) {
                Found::Message(message, length) => {
                    self.message(side, &message, out);
                    used += length;
                }
                Found::More(Some((total, id, operation))) if total > MESSAGE_BYTES_MAX => {
                    if used > 0 {
                        return Progress::Used(used);
                    }
                    self.message(side, &Message { id, operation, content: &[] }, out);
                    return Progress::Skip(total as u64);
                }
                Found::More(_) => return Progress::Used(used),
                Found::Nothing => match wrapped(rest).filter(|_| self.may_be_wrapped) {
                    Some(length) if length > MESSAGE_BYTES_MAX && used > 0 => return Progress::Used(used),
                    Some(length) if length > MESSAGE_BYTES_MAX => return Progress::Skip(length as u64),
                    Some(length) => {
                        let Some(buffer) = rest.get(4..length) else { return Progress::Used(used) };
                        self.wrapped(side, buffer, out);
                        used += length;
                    }
                    None if self.strikes >= STRIKES_MAX => return Progress::Lost,
                    None if rest.len() < 4 && self.may_be_wrapped => return Progress::Used(used),
                    None => {
                        self.strikes += 1;
                        self.set_searching(side, true);
                    }
                },
            }
        }
    }

    fn gap(&mut self, side: Side, missing: u64, out: &mut Out<'_>) {
        if let Some(tls) = &mut self.tls {
            return tls.gap(side, missing, out);
        }
        self.set_searching(side, true);
        self.may_be_wrapped = true;
    }

    fn holds(&self) -> usize {
        crate::dialogue::held::<Pending>(self.pending.len())
    }

    fn end(&mut self, out: &mut Out<'_>) {
        while let Some(pending) = self.pending.pop_front() {
            self.tell(pending, None, out);
        }
        self.ntlm.end(out);
        self.kerberos.end(out);
        if let Some(tls) = &mut self.tls {
            tls.end(out);
        }
    }
}

/// How long a buffer of a security layer is, with its length in front (RFC 4422 section 3.7).
fn wrapped(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [0, high, middle, low, ..] => {
            let length = u32::from_be_bytes([0, *high, *middle, *low]);
            usize::try_from(length).ok().filter(|length| *length > 0).map(|length| length + 4)
        }
        _ => None,
    }
}

/// Whether a message or a wrapped one begins here.
fn begins(bytes: &[u8]) -> bool {
    match parse::parse_message(bytes) {
        Found::Message(..) | Found::More(Some(_)) => true,
        Found::More(None) => false,
        Found::Nothing => wrapped(bytes).is_some_and(|length| length >= 16 && length <= bytes.len()),
    }
}

impl Conversation {
    fn set_searching(&mut self, side: Side, searching: bool) {
        if let Some(place) = self.searching.get_mut(side as usize) {
            *place = searching;
        }
    }

    /// Messages in a buffer of a security layer, if they can be read.
    fn wrapped(&mut self, side: Side, buffer: &[u8], out: &mut Out<'_>) {
        let mut clear = parse::parse_wrapped(buffer).unwrap_or_default();
        while let Found::Message(message, used) = parse::parse_message(clear) {
            self.message(side, &message, out);
            clear = clear.get(used..).unwrap_or_default();
        }
    }

    fn message(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        if message.operation.is_request() {
            self.client = Some(side);
            self.request(side, message, out);
        } else {
            self.client.get_or_insert(side.other());
            self.response(side, message, out);
        }
    }

    fn request(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        let operation = message.operation;
        let entry = || parse::parse_entry(message).map(text).unwrap_or_default();
        let mut pending = Pending {
            id: message.id,
            operation,
            row: Row::Message {
                version: None,
                opcode: Text::const_new(operation.logged()),
                object: Text::default(),
                argument: Text::default(),
            },
            asked: Asked {
                verb: operation.verb(),
                function: Text::const_new(operation.name()),
                target: Target::default(),
                value: None,
                reply: Reply::Missing,
                details: Details::new(),
            },
            bare_password_of: None,
            is_anonymous: false,
        };
        match operation {
            Operation::BIND_REQUEST => self.bind(side, message, &mut pending, out),
            Operation::SEARCH_REQUEST => search(message, &mut pending),
            Operation::EXTENDED_REQUEST => {
                let name = parse::parse_extension(message.content).unwrap_or_default();
                let shown = match message::extension(name) {
                    Some(title) => format_compact!("{} ({title})", text(name)),
                    None => text(name),
                };
                pending.asked.target = Target::named(cut(&shown, VALUE_BYTES_MAX));
                if let Row::Message { object, .. } = &mut pending.row {
                    *object = shown;
                }
            }
            Operation::ABANDON_REQUEST => {
                if let (Row::Message { object, .. }, Some(number)) =
                    (&mut pending.row, crate::ber::integer(message.content))
                {
                    *object = format_compact!("{number}");
                }
            }
            Operation::UNBIND_REQUEST => {}
            _ => {
                let entry = entry();
                pending.asked.target = Target::named(cut(&entry, VALUE_BYTES_MAX));
                // Of an addition the field's log does not have the entry.
                if let (Row::Message { object, .. }, true) =
                    (&mut pending.row, operation != Operation::ADD_REQUEST)
                {
                    *object = entry;
                }
            }
        }
        if matches!(operation, Operation::UNBIND_REQUEST | Operation::ABANDON_REQUEST) {
            pending.asked.reply = Reply::NotExpected;
            return self.tell(pending, None, out);
        }
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            self.tell(oldest, None, out);
        }
        self.pending.push_back(pending);
    }

    /// A mechanism's token.
    fn token(&mut self, side: Side, token: &[u8], out: &mut Out<'_>) {
        let token = gss::parse_token(token);
        self.ntlm.token(side, &token, out);
        self.kerberos.token(side, &token, out);
    }

    fn bind(&mut self, side: Side, message: &Message<'_>, pending: &mut Pending, out: &mut Out<'_>) {
        let Some(bind) = parse::parse_bind(message.content) else { return };
        let name = text(bind.name);
        let (opcode, argument, way) = match bind.proof {
            Proof::Simple { is_empty } => {
                pending.is_anonymous = is_empty;
                pending.bare_password_of = (!is_empty).then(|| name.clone());
                // So the peer writes it, and no more than that it is there is known here either.
                ("bind simple", Text::const_new(if is_empty { "" } else { "REDACTED" }), "simple".into())
            }
            Proof::Sasl { mechanism, token } => {
                let mechanism = text(mechanism);
                pending.is_anonymous = mechanism == "ANONYMOUS";
                if mechanism == "PLAIN" || mechanism == "LOGIN" {
                    pending.bare_password_of = Some(name.clone());
                }
                if let Some(token) = token {
                    self.token(side, token, out);
                }
                ("bind SASL", mechanism.clone(), mechanism)
            }
            Proof::Sicily { token, .. } => {
                self.token(side, token, out);
                ("bind", Text::default(), "sicily".into())
            }
            Proof::Other(_) => ("bind", Text::default(), "other".into()),
        };
        pending.asked.target = Target::named(cut(&name, VALUE_BYTES_MAX));
        pending.asked.value = Some(cut(&way, VALUE_BYTES_MAX));
        pending.row =
            Row::Message { version: Some(bind.version), opcode: opcode.into(), object: name, argument };
    }

    fn response(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        let place = self.pending.iter().position(|pending| {
            pending.id == message.id && pending.operation.name() == message.operation.name()
        });
        if !message.operation.is_result() {
            let found = place.and_then(|place| self.pending.get_mut(place));
            if let (Operation::SEARCH_ENTRY, Some(Pending { row: Row::Search { found, .. }, .. })) =
                (message.operation, found)
            {
                *found += 1;
            }
            return;
        }
        let outcome = parse::parse_outcome(message.content);
        if !self.directory_told && outcome.is_some() {
            self.directory_told = true;
            out.identity(side, Trait::Role, "directory", "LDAP result", 60);
        }
        if message.operation == Operation::BIND_RESPONSE {
            if let Some(token) = outcome.and_then(|outcome| outcome.token) {
                self.token(side, token, out);
            }
            self.may_be_wrapped |= outcome.is_some_and(|outcome| outcome.code == 0);
        }
        let Some(pending) = place.and_then(|place| self.pending.remove(place)) else { return };
        if message.operation == Operation::EXTENDED_RESPONSE
            && outcome.is_some_and(|outcome| outcome.code == 0)
            && pending.asked.target.name.as_bytes().starts_with(message::START_TLS)
        {
            self.tls = Some(Inner::open(&tls::READER));
        }
        self.tell(pending, outcome, out);
    }

    fn tell(&mut self, mut pending: Pending, outcome: Option<message::Outcome<'_>>, out: &mut Out<'_>) {
        let client = self.client.unwrap_or(Side::Source);
        if let Some(outcome) = outcome {
            pending.asked.reply = match outcome.code {
                0 | 5 | 6 | 14 => Reply::Done,
                code => Reply::Refused(message::result(code)),
            };
        }
        let is_done = outcome.is_some_and(|outcome| outcome.code == 0);
        if let Some(name) = &pending.bare_password_of {
            let detail = format_compact!("user name {}", cut(name, VALUE_BYTES_MAX));
            out.weakness(client.other(), WeaknessKind::CleartextCredentials, detail);
        }
        if pending.is_anonymous && is_done {
            out.weakness(
                client.other(),
                WeaknessKind::AnonymousLogin,
                "a bind without a password was accepted",
            );
        }
        if pending.asked.target.is_empty()
            && pending.operation == Operation::BIND_REQUEST
            && let Some(user) = self.ntlm.user()
        {
            pending.asked.target = Target::named(cut(user, VALUE_BYTES_MAX));
        }
        row(&pending, outcome, client, out);
        out.request(client, pending.asked);
    }
}

fn search(message: &Message<'_>, pending: &mut Pending) {
    let Some(search) = parse::parse_search(message.content) else { return };
    let (base, filter) = (text(search.base), filter::text(search.filter));
    pending.asked.target = Target::named(cut(&base, VALUE_BYTES_MAX));
    pending.asked.value = Some(cut(&filter, VALUE_BYTES_MAX));
    pending.row = Row::Search { scope: search.scope, aliases: search.aliases, base, filter, found: 0 };
}

/// The row of a request in the field's log.
fn row(pending: &Pending, outcome: Option<message::Outcome<'_>>, client: Side, out: &mut Out<'_>) {
    let log = if matches!(pending.row, Row::Search { .. }) { "ldap_search" } else { "ldap" };
    out.message(client, log, |fields| {
        fields.show("message_id", pending.id);
        match &pending.row {
            Row::Message { version, opcode, object, argument } => {
                if let Some(version) = version {
                    fields.show("version", version);
                }
                fields.put("opcode", opcode.clone());
                for (column, value) in [("object", object), ("argument", argument)] {
                    if !value.is_empty() {
                        fields.put(column, value.clone());
                    }
                }
            }
            Row::Search { scope, aliases, base, filter, found } => {
                fields.put("scope", message::scope(*scope));
                fields.put("deref_aliases", message::aliases(*aliases));
                if !base.is_empty() {
                    fields.put("base_object", base.clone());
                }
                fields.show("result_count", found);
                if !filter.is_empty() {
                    fields.put("filter", filter.clone());
                }
            }
        }
        if let Some(outcome) = outcome {
            fields.put("result", message::result(outcome.code));
            if !outcome.diagnostic.is_empty() {
                fields.put("diagnostic_message", text(outcome.diagnostic));
            }
        }
    });
}

/// Text, which in LDAP is UTF-8; control characters become question marks, as in the field's log.
fn text(bytes: &[u8]) -> Text {
    let bytes = bytes.get(..COLUMN_BYTES_MAX).unwrap_or(bytes);
    String::from_utf8_lossy(bytes)
        .chars()
        .map(|character| if character.is_control() { '?' } else { character })
        .collect::<String>()
        .into()
}
