//! From lines to observations.

use super::credentials::{Login, Mechanism};
use super::mail::Mail;
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::footing::Walk;
use crate::lines::{Lines, ReplyLine, parse_command, parse_reply_line};
use crate::show::{VALUE_BYTES_MAX, escaped, listed, readable};
use crate::upgrade::Upgrade;
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use std::collections::VecDeque;

/// The most commands of one conversation that wait for their replies.
const PENDING_MAX: usize = 128;

/// The longest message that is told.
const TEXT_MAX: usize = 1 << 10;

/// How far a banner is believed.
const BANNER_CONFIDENCE: u8 = 50;

/// A command that waits for its reply, if it is one of those whose reply matters.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Command {
    /// `MAIL FROM`.
    From(Text),
    /// `RCPT TO`.
    To(Text),
    /// `DATA`.
    Data,
    /// The dot at the end of a mail.
    End,
    /// `AUTH`, and what is said in it.
    Auth,
    /// `STARTTLS`.
    Tls,
    /// `RSET`.
    Reset,
    /// `VRFY` and `EXPN`.
    Question(&'static str, Text),
    Other,
}

/// What the client says next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Commands,
    /// Lines of a mail, up to a dot.
    Mail,
    /// Answers to the challenges of a login.
    Login,
    /// So many bytes of a chunk, not looked at.
    Chunk(u64),
}

/// A client and a server.
#[derive(Default)]
pub(super) struct Conversation {
    stage: Stage,
    pending: VecDeque<Command>,
    helo: Option<Text>,
    mail: Option<Mail>,
    depth: u32,
    login: Option<Login>,
    greeted: bool,
    /// Whether TLS was agreed on.
    upgrade: Option<Upgrade>,
    lines: Lines,
}

impl Conversation {
    fn command(&mut self, line: &[u8], out: &mut Out<'_>) {
        let (word, rest) = parse_command(line);
        let command = match word.as_slice() {
            b"EHLO" | b"HELO" => {
                self.helo = Some(escaped(rest, VALUE_BYTES_MAX));
                out.identity(
                    Side::Source,
                    Trait::Name,
                    &readable(rest, VALUE_BYTES_MAX),
                    "EHLO",
                    BANNER_CONFIDENCE,
                );
                Command::Other
            }
            b"MAIL" => Command::From(path(rest)),
            b"RCPT" => Command::To(path(rest)),
            b"DATA" => Command::Data,
            b"BDAT" => {
                let size = rest.split(|byte| *byte == b' ').next().unwrap_or_default();
                let size = std::str::from_utf8(size).ok().and_then(|size| size.parse().ok()).unwrap_or(0);
                if size > 0 {
                    self.stage = Stage::Chunk(size);
                }
                let is_last = rest.to_ascii_uppercase().ends_with(b"LAST");
                if is_last { Command::End } else { Command::Other }
            }
            b"AUTH" => {
                let mut words = rest.splitn(2, |byte| *byte == b' ');
                let mut login = Login::begin(words.next().unwrap_or_default());
                if let Some(first) = words.next() {
                    login.hear(first.trim_ascii());
                }
                self.login = Some(login);
                // Until the server has said that it is over, what follows is no command.
                self.stage = Stage::Login;
                Command::Auth
            }
            b"STARTTLS" => Command::Tls,
            b"RSET" => Command::Reset,
            b"VRFY" => Command::Question("VRFY", readable(rest, VALUE_BYTES_MAX)),
            b"EXPN" => Command::Question("EXPN", readable(rest, VALUE_BYTES_MAX)),
            _ => Command::Other,
        };
        self.wait_for(command, out);
    }

    fn wait_for(&mut self, command: Command, out: &mut Out<'_>) {
        while self.pending.len() >= PENDING_MAX {
            self.missing(out);
        }
        self.pending.push_back(command);
    }

    /// Gives up waiting for the oldest reply.
    fn missing(&mut self, out: &mut Out<'_>) {
        match self.pending.pop_front() {
            Some(Command::Question(function, name)) => {
                self.request(Verb::Discover, function, name, None, Reply::Missing, out);
            }
            Some(Command::Auth) => self.tell_login(None, out),
            _ => {}
        }
    }

    fn request(
        &self,
        verb: Verb,
        function: &'static str,
        name: Text,
        value: Option<Text>,
        reply: Reply,
        out: &mut Out<'_>,
    ) {
        let (function, target) = (Text::const_new(function), Target::named(name));
        out.request(Side::Source, Asked { verb, function, target, value, reply, details: Details::new() });
    }

    fn reply(&mut self, line: ReplyLine<'_>, out: &mut Out<'_>) {
        if line.more {
            return;
        }
        let words = escaped(line.text, TEXT_MAX);
        let Some(command) = self.pending.pop_front() else {
            self.greeting(line, out);
            return;
        };
        let done = line.code < 400;
        let reply = if done { Reply::Done } else { Reply::Refused(format!("{} {words}", line.code).into()) };
        let last = Some(Text::from(format!("{} {words}", line.code)));
        match command {
            Command::From(from) => {
                self.tell_mail(out);
                let mail = Mail { from: Some(from), last_reply: last, ..Mail::default() };
                self.mail = Some(mail);
            }
            Command::To(to) => {
                let mail = self.mail.get_or_insert_default();
                // Whom the server refuses gets no mail, but was asked for.
                mail.to(to);
                mail.last_reply = last;
            }
            Command::Data => {
                let mail = self.mail.get_or_insert_default();
                mail.last_reply = last;
                mail.is_sent = done;
                // Clients that do not wait have begun already (RFC 2920 does not allow it).
                if !done && self.stage == Stage::Mail {
                    self.stage = Stage::Commands;
                }
            }
            Command::End => {
                let mail = self.mail.get_or_insert_default();
                mail.last_reply = last;
                let to = listed(&mail.recipients, 2 * VALUE_BYTES_MAX);
                let from = mail.from.clone();
                self.request(Verb::Transfer, "DATA", to, from, reply, out);
                self.tell_mail(out);
            }
            // A challenge; the answer is awaited.
            Command::Auth if line.code == 334 => {}
            Command::Auth => {
                self.stage = Stage::Commands;
                self.tell_login(Some((done, reply)), out);
            }
            Command::Tls if line.code == 220 => {
                self.upgrade = Some(Upgrade::default());
                self.tell_mail(out);
            }
            Command::Reset => self.tell_mail(out),
            Command::Question(function, name) => {
                self.request(Verb::Discover, function, name, None, reply, out);
            }
            Command::Tls | Command::Other => {}
        }
    }

    fn greeting(&mut self, line: ReplyLine<'_>, out: &mut Out<'_>) {
        if line.code != 220 || std::mem::replace(&mut self.greeted, true) {
            return;
        }
        // The server's name, then what it is (RFC 5321 clause 4.2).
        let mut words = line.text.splitn(2, |byte| *byte == b' ');
        let name = readable(words.next().unwrap_or_default(), VALUE_BYTES_MAX);
        let product = readable(words.next().unwrap_or_default(), VALUE_BYTES_MAX);
        out.identity(Side::Destination, Trait::Name, &name, "greeting", BANNER_CONFIDENCE);
        out.identity(Side::Destination, Trait::Product, &product, "greeting", BANNER_CONFIDENCE);
        out.identity(Side::Destination, Trait::Role, "mail server", "greeting", BANNER_CONFIDENCE);
    }

    fn tell_login(&mut self, end: Option<(bool, Reply)>, out: &mut Out<'_>) {
        let Some(login) = self.login.take() else { return };
        let done = end.as_ref().is_some_and(|(done, _)| *done);
        let reply = end.map_or(Reply::Missing, |(_, reply)| reply);
        let user = login.user.clone().unwrap_or_default();
        let mechanism = Some(Text::const_new(login.name));
        self.request(Verb::Authenticate, "AUTH", user.clone(), mechanism, reply, out);
        if login.mechanism != Mechanism::Other && login.has_password {
            let words = format!("AUTH {}, user name {user}", login.name);
            out.weakness(Side::Destination, WeaknessKind::CleartextCredentials, words.as_str());
            if login.is_default && done {
                out.weakness(Side::Destination, WeaknessKind::DefaultCredentials, words);
            }
        }
    }

    /// What Suricata's event has of a mail.
    fn tell_event(&self, mail: &Mail, out: &mut Out<'_>) {
        out.event(Side::Source, "eve_smtp", |fields| {
            let headers = &mail.headers;
            for (column, value) in [
                ("helo", &self.helo),
                ("envelope-from", &mail.from),
                ("date", &headers.date),
                ("from", &headers.from),
                ("message-id", &headers.message_id),
                ("subject", &headers.subject),
                ("agent", &headers.agent),
            ] {
                if let Some(value) = value {
                    fields.put(column, value.clone());
                }
            }
            for (column, values) in
                [("envelope-to", &mail.recipients), ("to", &headers.to), ("cc", &headers.cc)]
            {
                values.iter().for_each(|value| fields.put(column, value.clone()));
            }
            fields.show("sent", mail.is_sent);
            fields.show("place", self.depth.saturating_sub(1));
        });
    }

    /// A mail is over: its row.
    fn tell_mail(&mut self, out: &mut Out<'_>) {
        let Some(mail) = self.mail.take() else { return };
        self.depth = self.depth.saturating_add(1);
        let (source, destination) = (out.address(Side::Source), out.address(Side::Destination));
        out.message(Side::Source, "smtp", |fields| {
            let headers = &mail.headers;
            let [first_received, second_received] = &headers.received;
            fields.show("trans_depth", self.depth);
            for (column, value) in [
                ("helo", &self.helo),
                ("mailfrom", &mail.from),
                ("date", &headers.date),
                ("from", &headers.from),
                ("reply_to", &headers.reply_to),
                ("msg_id", &headers.message_id),
                ("in_reply_to", &headers.in_reply_to),
                ("subject", &headers.subject),
                ("x_originating_ip", &headers.originating_ip),
                ("first_received", first_received),
                ("second_received", second_received),
                ("last_reply", &mail.last_reply),
                ("user_agent", &headers.agent),
            ] {
                if let Some(value) = value {
                    fields.put(column, value.clone());
                }
            }
            for (column, values) in [("rcptto", &mail.recipients), ("to", &headers.to), ("cc", &headers.cc)] {
                values.iter().for_each(|value| fields.put(column, value.clone()));
            }
            fields.show("path", destination);
            fields.show("path", source);
            headers.path.iter().for_each(|station| fields.put("path", station.clone()));
            fields.flag("tls", self.upgrade.is_some());
        });
        self.tell_event(&mail, out);
    }

    fn line(&mut self, side: Side, line: &[u8], out: &mut Out<'_>) {
        if side == Side::Destination {
            if let Some(line) = parse_reply_line(line) {
                self.reply(line, out);
                // `354`: the mail follows (RFC 5321 clause 4.1.1.4).
                if line.code == 354 && !line.more {
                    self.stage = Stage::Mail;
                }
            }
            return;
        }
        match self.stage {
            Stage::Commands if line.is_empty() => {}
            Stage::Commands => self.command(line, out),
            Stage::Mail if line == b"." => {
                self.stage = Stage::Commands;
                self.wait_for(Command::End, out);
            }
            // A dot at the beginning of a line is sent twice (RFC 5321 clause 4.5.2).
            Stage::Mail => {
                let mail = self.mail.get_or_insert_default();
                mail.headers.line(line.strip_prefix(b".").unwrap_or(line));
            }
            Stage::Login => {
                if let Some(login) = &mut self.login {
                    login.hear(line.trim_ascii());
                }
                self.wait_for(Command::Auth, out);
            }
            Stage::Chunk(_) => {}
        }
    }
}

/// `FROM:<keeper@example.org> SIZE=100`: what stands between the signs.
fn path(rest: &[u8]) -> Text {
    let colon = rest.iter().position(|byte| *byte == b':').map_or(0, |at| at + 1);
    let address = rest.get(colon..).unwrap_or_default().trim_ascii();
    let end = address.iter().position(|byte| matches!(byte, b'>' | b' ')).unwrap_or(address.len());
    let address = address.get(..end).unwrap_or(address);
    escaped(address.strip_prefix(b"<").unwrap_or(address), 2 * VALUE_BYTES_MAX)
}

impl Dialogue for Conversation {
    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut walk = Walk::of(bytes);
        while !walk.rest().is_empty() {
            if let Some(upgrade) = &mut self.upgrade {
                return walk.handed_on(upgrade.stream(side, walk.rest(), out));
            }
            if let (Side::Source, Stage::Chunk(size)) = (side, self.stage) {
                self.stage = Stage::Commands;
                return walk.skips(size);
            }
            let Some(line) = self.lines.next(side, &mut walk) else { break };
            self.line(side, line, out);
        }
        walk.rests()
    }

    fn gap(&mut self, side: Side, missing: u64, out: &mut Out<'_>) {
        if let Some(upgrade) = &mut self.upgrade {
            upgrade.gap(side, missing, out);
            return;
        }
        self.lines.gap(side);
        // In a mail a part of the body is missing, no more.
        if side == Side::Source && self.stage == Stage::Mail {
            return;
        }
        while !self.pending.is_empty() {
            self.missing(out);
        }
    }

    fn holds(&self) -> usize {
        crate::dialogue::held::<Command>(self.pending.len())
    }

    fn end(&mut self, out: &mut Out<'_>) {
        while !self.pending.is_empty() {
            self.missing(out);
        }
        if let Some(mail) = self.mail.as_ref().filter(|mail| mail.is_sent) {
            let (to, from) = (listed(&mail.recipients, 2 * VALUE_BYTES_MAX), mail.from.clone());
            self.request(Verb::Transfer, "DATA", to, from, Reply::Missing, out);
        }
        self.tell_mail(out);
        if let Some(upgrade) = &mut self.upgrade {
            upgrade.end(out);
        }
    }
}
