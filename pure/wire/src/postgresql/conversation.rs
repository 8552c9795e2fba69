//! From messages to logins and statements.

use super::events::Transactions;
use super::login::Login;
use super::message::{Message, Opening};
use super::parse::{self, Found, are_messages, parse_message, parse_opening};
use super::statement::{Prepared, Statement, Waiting, statement};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::flow::Ends;
use crate::show::{cut, readable};
use crate::sql::{STATEMENT_MAX, shown};
use crate::upgrade::Upgrade;
use city::{Details, Reply, Target, Trait, Verb};
use compact_str::{ToCompactString, format_compact};
use std::collections::VecDeque;

/// What a client sent that waits for its answer at a time.
const WAITING_MAX: usize = 64;

/// What is left of a stream that says no more.
const REST: u64 = u64::MAX >> 1;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// A client and a server.
#[derive(Default)]
pub(super) struct Conversation {
    /// Whether the messages with letters have begun.
    pub(super) is_begun: bool,
    /// The client has asked for encryption, and the server will answer with one letter.
    pub(super) asked_to_encrypt: bool,
    pub(super) upgrade: Option<Upgrade>,
    /// Nothing more can be read.
    pub(super) is_over: bool,
    pub(super) login: Option<Login>,
    pub(super) prepared: Prepared,
    pub(super) waiting: VecDeque<Waiting>,
    /// Whether the beginning of a message must be found.
    pub(super) searching: Ends<bool>,
    pub(super) transactions: Transactions,
    /// What of a simple query's copied data was seen: messages and bytes.
    pub(super) copied_in: (u64, u64),
    pub(super) copied_out: (u64, u64),
}

pub(super) const CLIENT: Side = Side::Source;

impl Dialogue for Conversation {
    fn datagram(&mut self, _side: Side, _bytes: &[u8], _out: &mut Out<'_>) -> bool {
        false
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            if self.is_over {
                return Progress::Skip(REST);
            }
            if let Some(upgrade) = &mut self.upgrade {
                return match upgrade.stream(side, rest, out) {
                    Progress::Used(count) => Progress::Used(used + count),
                    Progress::Skip(count) => Progress::Skip(count.saturating_add(used as u64)),
                    Progress::Lost => Progress::Lost,
                };
            }
            if self.asked_to_encrypt {
                match side {
                    // What it says depends on the answer, which it has waited for.
                    Side::Source => break,
                    Side::Destination => {
                        self.encryption(rest.first().copied().unwrap_or_default(), out);
                        used += usize::from(!self.asked_to_encrypt);
                        continue;
                    }
                }
            }
            let length = match self.read(side, rest, out) {
                Found::Of((), length) => length,
                Found::More => break,
                Found::Nothing => return Progress::Lost,
            };
            match usize::try_from(length).ok().filter(|length| *length <= rest.len()) {
                Some(length) => used += length,
                None => return Progress::Skip(length.saturating_add(used as u64)),
            }
        }
        Progress::Used(used)
    }

    fn gap(&mut self, side: Side, missing: u64, out: &mut Out<'_>) {
        if let Some(upgrade) = &mut self.upgrade {
            upgrade.gap(side, missing, out);
            return;
        }
        *self.searching.of_mut(side) = true;
        (self.is_begun, self.asked_to_encrypt) = (true, false);
        // It is not known any more what an answer would belong to.
        self.give_up(out);
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.give_up(out);
        if let Some(login) = &mut self.login {
            login.tell(Reply::Missing, CLIENT, out);
        }
        self.transactions.finish(CLIENT, out);
        if let Some(upgrade) = &mut self.upgrade {
            upgrade.end(out);
        }
    }
}

impl Conversation {
    /// Reads what comes next of one side, and says how long it was.
    fn read(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Found<()> {
        let is_client = side == CLIENT;
        if is_client && !self.is_begun {
            match parse_opening(bytes) {
                Found::Of(opening, length) => {
                    self.opening(&opening, out);
                    return Found::Of((), length);
                }
                Found::More => return Found::More,
                // The beginning of the conversation was not seen.
                Found::Nothing if are_messages(bytes, true) => self.is_begun = true,
                Found::Nothing => return Found::Nothing,
            }
        }
        if std::mem::take(self.searching.of_mut(side)) {
            let begins = |place: &usize| are_messages(bytes.get(*place..).unwrap_or_default(), is_client);
            let place = (0..bytes.len()).find(begins);
            *self.searching.of_mut(side) = place.is_none();
            match place {
                Some(0) => {}
                Some(place) => return Found::Of((), place as u64),
                None => return Found::Of((), bytes.len() as u64),
            }
        }
        match parse_message(bytes, is_client) {
            Found::Of(message, length) => {
                if is_client {
                    self.request(&message, out)
                } else {
                    self.response(&message, out)
                }
                Found::Of((), length)
            }
            Found::More => Found::More,
            Found::Nothing if self.login.is_none() => Found::Nothing,
            Found::Nothing => {
                *self.searching.of_mut(side) = true;
                Found::Of((), 1)
            }
        }
    }

    fn opening(&mut self, opening: &Opening<'_>, out: &mut Out<'_>) {
        match opening {
            Opening::Tls | Opening::GssEncryption => {
                self.asked_to_encrypt = true;
                let message = if *opening == Opening::Tls { "SSL Request" } else { "GSS Request" };
                self.transactions.begin(CLIENT, out, |fields| fields.put("request.message", message));
            }
            Opening::Cancel => {
                self.is_over = true;
                self.transactions.begin(CLIENT, out, |fields| {
                    fields.put("request.message", "cancel_request");
                    fields.put("request.secret_key", "(hidden)");
                });
                self.transactions.finish(CLIENT, out);
                out.request(
                    CLIENT,
                    Asked {
                        verb: Verb::Restart,
                        function: "cancel".into(),
                        target: Target::default(),
                        value: None,
                        reply: Reply::NotExpected,
                        details: Details::new(),
                    },
                );
            }
            Opening::Startup { major, minor, parameters } => {
                self.is_begun = true;
                let login = Login::of(parameters);
                if let Some(application) = &login.application {
                    out.identity(CLIENT, Trait::Product, application, "application_name", 40);
                }
                self.transactions.begin(CLIENT, out, |fields| {
                    fields.put("request.protocol_version", format_compact!("{major}.{minor}"));
                    for (name, value) in parameters {
                        if *name == b"user" {
                            fields.put("request.user", login.user.clone());
                        } else {
                            Transactions::parameter(fields, "request.parameter", name, value);
                        }
                    }
                });
                self.login = Some(login);
            }
        }
    }

    /// The one letter with which a server answers who asks for encryption, unless it is too old to know the question.
    fn encryption(&mut self, answer: u8, out: &mut Out<'_>) {
        self.asked_to_encrypt = false;
        let is_accepted = match answer {
            b'S' | b'G' => true,
            b'N' => false,
            _ => {
                self.is_over = true;
                return;
            }
        };
        self.transactions.put(out, |fields| fields.flag("response.ssl_accepted", is_accepted));
        self.transactions.finish(CLIENT, out);
        out.message(CLIENT, "postgresql", |fields| {
            fields.put("frontend", "ssl_request");
            fields.flag("success", true);
            fields.put("backend", "ssl_reply");
            fields.put("backend_arg", char::from(answer).to_compact_string());
        });
        match answer {
            b'S' => self.upgrade = Some(Upgrade::default()),
            b'G' => self.is_over = true,
            _ => {}
        }
    }

    fn request(&mut self, message: &Message<'_>, out: &mut Out<'_>) {
        match message.letter.0 {
            b'p' => {
                let method = self.login.as_ref().and_then(|login| login.method.clone());
                if let Some(login) = &mut self.login {
                    login.proof(message.body, CLIENT, out);
                }
                self.transactions.begin(CLIENT, out, |fields| match method.as_deref() {
                    Some("sasl") => {
                        let mechanism = message.body.split(|byte| *byte == 0).next().unwrap_or_default();
                        fields.put("request.sasl_authentication_mechanism", readable(mechanism, 32));
                        fields.put("request.sasl_param", "(hidden)");
                    }
                    Some("password" | "md5") => fields.flag("request.password_redacted", true),
                    _ => fields.put("request.sasl_response", "(hidden)"),
                });
            }
            b'Q' => {
                let sql = statement(message.body);
                self.transactions.begin(CLIENT, out, |fields| {
                    fields.put("request.simple_query", shown(&sql, parse::BODY_MAX, false));
                });
                self.wait(Waiting::Query(Box::new(self.statement(&sql, out))), out);
            }
            // A function that is called by its number.
            b'F' => {
                let mut called = self.statement("", out);
                (called.asked.verb, called.asked.function) = (Verb::Configure, "function-call".into());
                self.wait(Waiting::Query(Box::new(called)), out);
            }
            b'P' => {
                if let Some(sql) = self.prepared.parse(message.body) {
                    self.wait(Waiting::Prepare(cut(&sql, STATEMENT_MAX)), out);
                }
            }
            b'B' => self.prepared.bind(message.body),
            b'E' => {
                let sql = self.prepared.execute(message.body);
                self.wait(Waiting::Execute(Box::new(self.statement(&sql, out))), out);
            }
            b'S' => self.wait(Waiting::Sync, out),
            b'd' => self.copied_in = (self.copied_in.0 + 1, self.copied_in.1 + message.length),
            b'X' => {
                self.transactions.begin(CLIENT, out, |fields| fields.put("request.message", "terminate"));
                self.transactions.finish(CLIENT, out);
            }
            _ => {}
        }
    }

    pub(super) fn statement(&self, sql: &str, out: &Out<'_>) -> Statement {
        Statement::asked(sql, self.login.as_ref().map(|login| &login.user), out.wants_details())
    }

    fn wait(&mut self, next: Waiting, out: &mut Out<'_>) {
        if self.waiting.len() >= WAITING_MAX {
            self.pass_over(out);
        }
        self.waiting.push_back(next);
    }

    /// Tells of the oldest as unanswered.
    fn pass_over(&mut self, out: &mut Out<'_>) {
        if let Some(Waiting::Execute(statement) | Waiting::Query(statement)) = self.waiting.pop_front() {
            out.request(CLIENT, statement.told(out.wants_details()));
        }
    }

    fn give_up(&mut self, out: &mut Out<'_>) {
        while !self.waiting.is_empty() {
            self.pass_over(out);
        }
    }
}
