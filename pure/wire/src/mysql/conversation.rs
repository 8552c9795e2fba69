//! From packets to logins and commands.

use super::command::Pending;
use super::message::{Capabilities, Command, Packet};
use super::parse::{self, parse_error, parse_greeting, parse_login, parse_packet, text};
use crate::cursor::Cursor;
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::show::{VALUE_BYTES_MAX, readable};
use crate::sql::{self, STATEMENT_MAX};
use crate::upgrade::Upgrade;
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::{ToCompactString, format_compact};
use std::collections::VecDeque;

/// Commands that wait for their replies at a time; usually it is one.
const PENDING_MAX: usize = 32;

/// Prepared statements that are known at a time.
const PREPARED_MAX: usize = 64;

/// What is left of a stream that says no more.
const REST: u64 = u64::MAX >> 1;

/// Whether the client sends attributes along with each query, and the server understands them.
const QUERY_ATTRIBUTES: u32 = 0x800_0000;

const CLIENT: Side = Side::Source;
const SERVER: Side = Side::Destination;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Greeting,
    /// The client's answer to it.
    Answer,
    /// Proofs, until the server has accepted or refused.
    Proving,
    Commands,
    /// Nothing that is read.
    Over,
}

/// Who logs in.
#[derive(Debug, Default)]
struct Login {
    user: Text,
    database: Text,
    plugin: Text,
    has_proof: bool,
}

/// A client and a server.
#[derive(Default)]
struct Conversation {
    phase: Phase,
    upgrade: Option<Upgrade>,
    server: Capabilities,
    capabilities: Capabilities,
    login: Login,
    pending: VecDeque<Pending>,
    prepared: VecDeque<(u32, Text)>,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, _side: Side, _bytes: &[u8], _out: &mut Out<'_>) -> bool {
        false
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut used = 0;
        while let Some(rest) = bytes.get(used..).filter(|rest| !rest.is_empty()) {
            if let Some(upgrade) = &mut self.upgrade {
                return match upgrade.stream(side, rest, out) {
                    Progress::Used(count) => Progress::Used(used + count),
                    Progress::Skip(count) => Progress::Skip(count.saturating_add(used as u64)),
                    Progress::Lost => Progress::Lost,
                };
            }
            if self.phase == Phase::Over {
                return Progress::Skip(REST);
            }
            let Some((packet, length)) = parse_packet(rest) else { break };
            if !self.packet(side, &packet, out) {
                return Progress::Lost;
            }
            match usize::try_from(length).ok().filter(|length| *length <= rest.len()) {
                Some(length) => used += length,
                None => return Progress::Skip(length.saturating_add(used as u64)),
            }
        }
        Progress::Used(used)
    }

    fn gap(&mut self, side: Side, missing: u64, out: &mut Out<'_>) {
        match &mut self.upgrade {
            Some(upgrade) => upgrade.gap(side, missing, out),
            // A packet has no mark by which it could be found again.
            None => {
                self.give_up(out);
                self.phase = Phase::Over;
            }
        }
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.give_up(out);
        if let Some(upgrade) = &mut self.upgrade {
            upgrade.end(out);
        }
    }
}

impl Conversation {
    /// Reads one packet. Returns `false` if it cannot be one.
    fn packet(&mut self, side: Side, packet: &Packet<'_>, out: &mut Out<'_>) -> bool {
        match (self.phase, side) {
            (Phase::Greeting, SERVER) => return self.greeting(packet, out),
            (Phase::Greeting, CLIENT) => return false,
            (Phase::Answer, CLIENT) => self.answer(packet, out),
            (Phase::Proving, SERVER) => self.proof_heard(packet, out),
            (Phase::Proving, CLIENT) => {
                self.login.has_proof |= !matches!(packet.payload, [] | [0]);
            }
            (Phase::Commands, CLIENT) if packet.sequence == 0 => self.command(packet, out),
            (Phase::Commands, SERVER) => self.reply(packet, out),
            _ => {}
        }
        true
    }

    fn greeting(&mut self, packet: &Packet<'_>, out: &mut Out<'_>) -> bool {
        if parse_error(packet.payload).is_some() {
            out.identity(SERVER, Trait::Role, "database", "refusal", 50);
            self.phase = Phase::Over;
            return true;
        }
        let Some(greeting) = parse_greeting(packet.payload) else { return false };
        let version = readable(greeting.version, VALUE_BYTES_MAX);
        // What MariaDB puts before its version for replicas that are too old to know it.
        let version = version.strip_prefix("5.5.5-").unwrap_or(&version);
        let product = if version.contains("MariaDB") { "MariaDB" } else { "MySQL" };
        out.identity(SERVER, Trait::Product, product, "greeting", 70);
        out.identity(SERVER, Trait::Firmware, version, "greeting", 80);
        out.identity(SERVER, Trait::Role, "database", "greeting", 80);
        self.server = greeting.capabilities;
        self.login.plugin = greeting.plugin.map(|name| readable(name, VALUE_BYTES_MAX)).unwrap_or_default();
        self.phase = Phase::Answer;
        true
    }

    fn answer(&mut self, packet: &Packet<'_>, out: &mut Out<'_>) {
        if parse::asks_for_tls(packet.payload) {
            self.upgrade = Some(Upgrade::default());
            return;
        }
        let Some(login) = parse_login(packet.payload) else {
            self.phase = Phase::Over;
            return;
        };
        let client = parse::parse_capabilities(packet.payload).unwrap_or_default();
        self.capabilities = Capabilities(client.0 & self.server.0);
        let show = |bytes: &[u8]| readable(bytes, VALUE_BYTES_MAX);
        if let Some((name, version)) = login.program {
            let program = format_compact!("{} {}", show(name), show(version));
            out.identity(CLIENT, Trait::Product, &program, "connection attributes", 40);
        }
        self.login = Login {
            user: show(login.user),
            database: login.database.map(show).unwrap_or_default(),
            plugin: login.plugin.map_or_else(|| std::mem::take(&mut self.login.plugin), show),
            has_proof: login.has_proof,
        };
        self.phase = Phase::Proving;
    }

    /// What the server says of a proof.
    fn proof_heard(&mut self, packet: &Packet<'_>, out: &mut Out<'_>) {
        match packet.payload {
            [0, ..] => {
                self.logged_in(Reply::Done, None, out);
                let is_packed = self.capabilities.has(Capabilities::COMPRESS);
                self.phase = if is_packed { Phase::Over } else { Phase::Commands };
            }
            [0xff, ..] => {
                let (code, why) = parse_error(packet.payload).unwrap_or_default();
                let text = readable(why, VALUE_BYTES_MAX);
                self.logged_in(Reply::Refused(format_compact!("{code} {text}")), Some(&text), out);
                self.phase = Phase::Over;
            }
            // Another way to prove it is wanted; without a name, the oldest.
            [0xfe, rest @ ..] => {
                let plugin = text(&mut Cursor::new(rest)).unwrap_or(b"mysql_old_password");
                self.login.plugin = readable(plugin, VALUE_BYTES_MAX);
                self.login.has_proof = false;
            }
            _ => {}
        }
    }

    /// Tells of a login, and of what is weak in it. Nothing of it was within TLS.
    fn logged_in(&mut self, reply: Reply, why: Option<&Text>, out: &mut Out<'_>) {
        let Login { user, database, plugin, has_proof } = &self.login;
        match plugin.as_str() {
            "mysql_clear_password" if *has_proof => {
                let detail = format_compact!("user name {user}");
                out.weakness(SERVER, WeaknessKind::CleartextCredentials, detail);
            }
            "mysql_native_password" | "mysql_old_password" if *has_proof => {
                let detail = format_compact!("{plugin} of user {user}, which can be guessed");
                out.weakness(SERVER, WeaknessKind::WeakCipher, detail);
            }
            _ => {}
        }
        let is_done = reply == Reply::Done;
        if is_done && !has_proof {
            let detail = format_compact!("user {user} was let in without a password");
            out.weakness(SERVER, WeaknessKind::AnonymousLogin, detail);
        }
        if is_done {
            let detail = "a database without TLS: queries and rows can be read";
            out.weakness(SERVER, WeaknessKind::WeakCipher, detail);
        }
        let mut details = Details::new();
        if out.wants_details() {
            details.push((Text::const_new("method"), plugin.clone()));
        }
        let kind = if database.is_empty() { "" } else { "database" };
        let asked = Asked {
            verb: Verb::Authenticate,
            function: "log-in".into(),
            target: Target { kind: kind.into(), name: database.clone(), ..Target::default() },
            value: Some(user.clone()).filter(|user| !user.is_empty()),
            reply,
            details,
        };
        row("login", user, Some(is_done), is_done.then_some(0), why, out);
        out.request(CLIENT, asked);
    }

    fn command(&mut self, packet: &Packet<'_>, out: &mut Out<'_>) {
        let Some((code, body)) = packet.payload.split_first() else { return };
        let command = Command(*code);
        let (argument, asked) = match command {
            Command::QUERY | Command::PREPARE => {
                let sql = String::from_utf8_lossy(self.without_attributes(command, body));
                let shown = sql::shown(&sql, STATEMENT_MAX, true);
                let asked = sql::asked(&sql, shown.clone(), Some(&self.login.user), out.wants_details());
                (shown, asked)
            }
            Command::EXECUTE => {
                let id = body.first_chunk::<4>().map(|id| u32::from_le_bytes(*id));
                let known = self.prepared.iter().find(|(known, _)| Some(*known) == id);
                let sql = known.map_or(Text::const_new("execute"), |(_, sql)| sql.clone());
                let asked = sql::asked(&sql, sql.clone(), Some(&self.login.user), out.wants_details());
                (id.map(|id| id.to_compact_string()).unwrap_or_default(), asked)
            }
            Command::CHANGE_USER => {
                let user = text(&mut Cursor::new(body)).unwrap_or_default();
                self.login =
                    Login { user: readable(user, VALUE_BYTES_MAX), has_proof: true, ..Login::default() };
                self.phase = Phase::Proving;
                return;
            }
            Command::CLOSE => {
                let id = body.first_chunk::<4>().map(|id| u32::from_le_bytes(*id));
                self.prepared.retain(|(known, _)| Some(*known) != id);
                return;
            }
            _ => {
                // Of these two the body is a name; of others numbers.
                let is_name = matches!(command.0, 2 | 4..=6);
                let name = if is_name { readable(body, VALUE_BYTES_MAX) } else { Text::default() };
                let asked = Asked {
                    verb: command.verb(),
                    function: command.text(),
                    target: Target::named(name.clone()),
                    value: None,
                    reply: Reply::Missing,
                    details: Details::new(),
                };
                (name, asked)
            }
        };
        if !command.is_answered() {
            return row(&command.text().replace('-', "_"), &argument, None, None, None, out);
        }
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            out.request(CLIENT, oldest.asked);
        }
        self.pending.push_back(Pending::new(command, argument, asked));
    }

    /// A statement without the attributes that may stand before it. Where there are some, they are not taken apart.
    fn without_attributes<'a>(&self, command: Command, body: &'a [u8]) -> &'a [u8] {
        match body {
            [0, 1, sql @ ..] if command == Command::QUERY && self.capabilities.has(QUERY_ATTRIBUTES) => sql,
            _ => body,
        }
    }

    fn reply(&mut self, packet: &Packet<'_>, out: &mut Out<'_>) {
        let Some(pending) = self.pending.front_mut() else { return };
        if !pending.hear(packet, self.capabilities) {
            return;
        }
        let Some(done) = self.pending.pop_front() else { return };
        let is_done = done.asked.reply == Reply::Done;
        if let Some(id) = done.prepared {
            if self.prepared.len() >= PREPARED_MAX {
                self.prepared.pop_front();
            }
            self.prepared.push_back((id, done.argument.clone()));
        }
        if is_done && done.command == Command::BINLOG_DUMP {
            self.phase = Phase::Over;
        }
        // Zeek names the commands as the documentation does.
        let name = match done.command {
            Command::QUERY => "query".to_owned(),
            Command::USE => "init_db".to_owned(),
            command => command.text().replace('-', "_"),
        };
        row(&name, &done.argument, Some(is_done), is_done.then_some(done.rows), done.why.as_ref(), out);
        // What is prepared does nothing until it is carried out.
        if done.command == Command::PREPARE && is_done {
            return;
        }
        out.request(CLIENT, done.asked);
    }

    fn give_up(&mut self, out: &mut Out<'_>) {
        if self.phase == Phase::Proving {
            self.logged_in(Reply::Missing, None, out);
            self.phase = Phase::Over;
        }
        while let Some(pending) = self.pending.pop_front() {
            out.request(CLIENT, pending.asked);
        }
    }
}

/// A row of the field's log.
fn row(
    command: &str,
    argument: &Text,
    success: Option<bool>,
    rows: Option<u64>,
    response: Option<&Text>,
    out: &mut Out<'_>,
) {
    out.message(CLIENT, "mysql", |fields| {
        fields.put("cmd", command);
        fields.put("arg", argument.clone());
        if let Some(success) = success {
            fields.flag("success", success);
        }
        if let Some(rows) = rows {
            fields.show("rows", rows);
        }
        if let Some(response) = response {
            fields.put("response", response.clone());
        }
    });
}
