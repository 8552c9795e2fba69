//! Follows what is asked and answered, on a conversation of its own or in another protocol's tokens.

use super::message::{self, Ask, Message, Ticket};
use super::parse::parse_message;
use crate::dialogue::{Asked, Out, Side};
use crate::gss::Token;
use crate::show::{VALUE_BYTES_MAX, cut};
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;

/// Texts with which a centre asks for more proof: no failure, and the field does not log it.
const MORE_PROOF: [&str; 2] = ["NEEDED_PREAUTH", "Need to use PA-ENC-TIMESTAMP/PA-PK-AS-REQ"];

/// What is open: one exchange at a time, as clients have it.
#[derive(Default)]
pub(crate) struct Session {
    open: Option<Open>,
    /// Whether the field's log has its row: it has one for each conversation.
    logged: bool,
    told: bool,
    weakness_told: bool,
    /// Whether it is read of another protocol's tokens, whose own requests say that somebody logs on.
    is_within: bool,
    /// What was asked last, as Suricata names it.
    asked: Option<&'static str>,
}

/// An exchange whose answer is awaited.
#[derive(PartialEq, Eq)]
struct Open {
    asker: Side,
    kind: &'static str,
    ask: Ask,
    client: Text,
    service: Text,
    cipher: Option<i64>,
}

/// How an exchange ended.
enum Outcome {
    Success,
    Failure(Text),
    Unknown,
}

impl Session {
    /// Reads a token of another protocol.
    pub(crate) fn token(&mut self, side: Side, token: &Token<'_>, out: &mut Out<'_>) {
        self.is_within = true;
        if let Some(message) = token.kerberos.and_then(parse_message) {
            self.message(side, message, out);
        }
    }

    pub(super) fn message(&mut self, side: Side, message: Message, out: &mut Out<'_>) {
        if out.wants_events() && !self.is_within {
            self.event(side, &message, out);
        }
        match message {
            Message::Ask(ask) => {
                let client = match (&ask.client, ask.by_ticket) {
                    (None, true) => Text::default(),
                    (client, _) => format_compact!("{}/{}", client.as_deref().unwrap_or_default(), ask.realm),
                };
                let service = ask.service.clone().unwrap_or_default();
                let kind = if ask.by_ticket { "TGS" } else { "AS" };
                self.begin(Open { asker: side, kind, ask, client, service, cipher: None }, out);
            }
            Message::Show(Ticket { realm, service, cipher }) => {
                let (client, ask) = (format_compact!("/{realm}"), Ask::default());
                let open = Open { asker: side, kind: "AP", ask, client, service, cipher: Some(cipher) };
                self.begin(open, out);
            }
            Message::Grant { by_ticket, client, realm, ticket, .. } => {
                let kind = if by_ticket { "TGS" } else { "AS" };
                if !self.told {
                    self.told = true;
                    out.identity(side, Trait::Role, "key distribution centre", "Kerberos ticket granted", 90);
                }
                self.look_at(side, &ticket.service, ticket.cipher, out);
                let mut open = self.take(kind, side);
                open.client = format_compact!("{client}/{realm}");
                open.service = ticket.service;
                open.cipher = Some(ticket.cipher);
                self.tell(open, Outcome::Success, out);
            }
            Message::Accepted => {
                if let Some(open) = self.open.take_if(|open| open.kind == "AP") {
                    if let Some(cipher) = open.cipher {
                        self.look_at(side, &open.service, cipher, out);
                    }
                    self.tell(open, Outcome::Success, out);
                }
            }
            Message::Error { code, client, client_realm, service, text } => {
                let mut open = match self.open.take() {
                    Some(open) => open,
                    None => self.take("", side),
                };
                if open.client.is_empty() {
                    let name = client.map(|client| format_compact!("{client}/")).unwrap_or_default();
                    open.client = format_compact!("{name}{}", client_realm.unwrap_or_default());
                }
                if !service.is_empty() {
                    open.service = service;
                }
                let text = text.filter(|text| !text.is_empty());
                self.tell(open, Outcome::Failure(text.unwrap_or_else(|| message::error(code))), out);
            }
            Message::Sealed => {}
        }
    }

    /// Tells of a ticket that whoever captures it can break: the side granted it, or let somebody in by it.
    fn look_at(&mut self, side: Side, service: &str, cipher: i64, out: &mut Out<'_>) {
        if let Some(name) = message::cipher(cipher)
            && message::is_weak(cipher)
            && !std::mem::replace(&mut self.weakness_told, true)
        {
            let service = cut(service, VALUE_BYTES_MAX);
            out.weakness(side, WeaknessKind::WeakCipher, format_compact!("ticket for {service}, {name}"));
        }
    }

    /// What Suricata has an event of: each question to a centre and each answer.
    fn event(&mut self, side: Side, message: &Message, out: &mut Out<'_>) {
        let kind = |by_ticket: bool, of_ticket, of_client| if by_ticket { of_ticket } else { of_client };
        let empty = Text::default();
        let (kind, names) = match message {
            Message::Ask(ask) => {
                let kind = kind(ask.by_ticket, "KRB_TGS_REQ", "KRB_AS_REQ");
                self.asked = Some(kind);
                (kind, [ask.client.as_ref(), Some(&ask.realm), ask.service.as_ref()])
            }
            Message::Grant { by_ticket, client, realm, ticket, .. } => (
                kind(*by_ticket, "KRB_TGS_REP", "KRB_AS_REP"),
                [Some(client), Some(realm), Some(&ticket.service)],
            ),
            Message::Error { client, client_realm, service, .. } => {
                ("KRB_ERROR", [client.as_ref(), client_realm.as_ref(), Some(service)])
            }
            Message::Show(_) | Message::Accepted | Message::Sealed => return,
        };
        out.event(side, "eve_krb5", |fields| {
            fields.put("type", kind);
            for (column, name) in ["client", "realm", "service"].into_iter().zip(names) {
                fields.put(column, name.unwrap_or(&empty).clone());
            }
            match message {
                Message::Grant { ticket, cipher, .. } => {
                    for (columns, cipher) in [
                        (["cipher", "weak"], cipher.as_ref()),
                        (["ticket-cipher", "ticket-weak"], Some(&ticket.cipher)),
                    ] {
                        let Some(cipher) = cipher else { continue };
                        let [column, weak_column] = columns;
                        match message::cipher(*cipher) {
                            Some(name) => fields.put(column, name),
                            None => fields.show(column, format_args!("unknown ({cipher})")),
                        }
                        fields.show(weak_column, message::is_weak(*cipher));
                    }
                }
                Message::Error { code, .. } => {
                    fields.put("failed", self.asked.unwrap_or("UNKNOWN"));
                    fields.put("error", message::error(*code));
                }
                _ => {}
            }
        });
    }

    /// Another exchange begins. The same again is sent when an answer is late; otherwise what was open goes unanswered,
    /// and the field's log, which waits for an answer, has no row of it.
    fn begin(&mut self, open: Open, out: &mut Out<'_>) {
        if let Some(last) = self.open.replace(open)
            && self.open.as_ref() != Some(&last)
        {
            self.request(last, Outcome::Unknown, out);
        }
    }

    /// The exchange that an answer ends; one whose beginning was not seen if need be.
    fn take(&mut self, kind: &'static str, side: Side) -> Open {
        self.open.take_if(|open| open.kind == kind).unwrap_or_else(|| Open {
            asker: side.other(),
            kind,
            ask: Ask::default(),
            client: Text::default(),
            service: Text::default(),
            cipher: None,
        })
    }

    /// What is open will not be answered.
    pub(crate) fn end(&mut self, out: &mut Out<'_>) {
        if let Some(open) = self.open.take() {
            self.tell(open, Outcome::Unknown, out);
        }
    }

    fn tell(&mut self, open: Open, outcome: Outcome, out: &mut Out<'_>) {
        let wants_proof = matches!(&outcome, Outcome::Failure(text) if MORE_PROOF.contains(&text.as_str()));
        if !self.logged && !wants_proof {
            self.logged = true;
            row(&open, &outcome, out);
        }
        self.request(open, outcome, out);
    }

    fn request(&self, open: Open, outcome: Outcome, out: &mut Out<'_>) {
        if self.is_within {
            return;
        }
        let function = match open.kind {
            "AS" => "request-ticket",
            "TGS" => "request-service-ticket",
            "AP" => "show-ticket",
            _ => "unknown",
        };
        let reply = match outcome {
            Outcome::Success => Reply::Done,
            Outcome::Failure(text) => Reply::Refused(cut(&text, VALUE_BYTES_MAX)),
            Outcome::Unknown => Reply::Missing,
        };
        out.request(
            open.asker,
            Asked {
                verb: Verb::Authenticate,
                function: Text::const_new(function),
                target: Target::named(cut(&open.service, VALUE_BYTES_MAX)),
                value: (!open.client.is_empty()).then(|| cut(&open.client, VALUE_BYTES_MAX)),
                reply,
                details: Details::new(),
            },
        );
    }
}

/// The row of an exchange in the field's log.
fn row(open: &Open, outcome: &Outcome, out: &mut Out<'_>) {
    out.message(open.asker, "kerberos", |fields| {
        for (column, value) in
            [("request_type", open.kind), ("client", &open.client), ("service", &open.service)]
        {
            if !value.is_empty() {
                fields.put(column, value);
            }
        }
        match outcome {
            Outcome::Success => fields.flag("success", true),
            Outcome::Failure(text) => {
                fields.flag("success", false);
                fields.put("error_msg", text.clone());
            }
            Outcome::Unknown => {}
        }
        for (column, time) in [("from", open.ask.from), ("till", open.ask.till)] {
            if let Some(time) = time {
                fields.show(column, format_args!("{time}.000000"));
            }
        }
        if let Some(name) = open.cipher.and_then(message::cipher) {
            fields.put("cipher", name);
        }
        // That a ticket is shown, and that one is given; what they are is nobody's business.
        if matches!(open.kind, "TGS" | "AP") {
            fields.put("auth_ticket_sha256", "(hidden)");
        }
        if matches!((open.kind, outcome), ("AS" | "TGS", Outcome::Success)) {
            fields.put("new_ticket_sha256", "(hidden)");
        }
        if matches!(open.kind, "AS" | "TGS") {
            fields.flag("forwardable", open.ask.forwardable);
            fields.flag("renewable", open.ask.renewable);
        }
    });
}
