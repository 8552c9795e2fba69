//! From lines to observations.

use super::event::Event;
use super::message::{Asks, asks, has_path, is_guest, is_logged, protection};
use super::parse::{bracketed, compress, join, parse_extended, parse_port, parse_quoted, parse_size};
use crate::dialogue::{Asked, Dialogue, Fields, Out, Progress, Side};
use crate::footing::Walk;
use crate::http::is_default;
use crate::lines::{Lines, ReplyLine, parse_command, parse_reply_line};
use crate::show::{VALUE_BYTES_MAX, cut, escaped, readable};
use crate::upgrade::Upgrade;
use city::{Address, Details, Protocol, Reply, Target, Text, Trait, Verb, WeaknessKind};
use std::collections::VecDeque;
use std::net::IpAddr;

/// The most commands of one conversation that wait for their replies.
const PENDING_MAX: usize = 64;

/// More commands than this that wait are odd (Zeek's `FTP::max_pending_commands`).
const PENDING_USUAL: usize = 20;

/// The longest path or message that is told.
const TEXT_MAX: usize = 1 << 10;

/// How far a banner is believed.
const BANNER_CONFIDENCE: u8 = 50;

/// A command and what came back so far.
#[derive(Debug)]
struct Exchange {
    command: Vec<u8>,
    /// What followed it, if it may be shown.
    argument: Text,
    /// The path it names, from the root or from where the connection began.
    path: String,
    /// The final reply.
    answer: Option<(u16, Text)>,
    /// What the row will have besides.
    row: Fields,
    /// The last reply of any kind, as the row has it.
    last: Option<(u16, Text)>,
    /// What Suricata's event will have, where events are wanted.
    event: Option<Event>,
}

/// A client and a server.
#[derive(Default)]
pub(super) struct Conversation {
    pending: VecDeque<Exchange>,
    user: Option<Text>,
    /// Whether a password was sent.
    has_password: bool,
    /// Whether name and password are a maker's own.
    is_default: bool,
    /// Whether somebody is logged in who named nobody.
    is_anonymous: bool,
    directory: Option<String>,
    greeted: bool,
    /// The code of the reply whose last line is awaited.
    within: Option<u16>,
    upgrade: Option<Upgrade>,
    lines: Lines,
    /// Whether a part was not seen, so that a line may be the middle of a reply.
    was_cut: bool,
}

impl Conversation {
    fn command(&mut self, line: &[u8], out: &mut Out<'_>) {
        // Telnet's signs before an ABOR (RFC 959 clause 4.1.3).
        let start = line.iter().position(|byte| byte.is_ascii_alphabetic()).unwrap_or(0);
        let (command, rest) = parse_command(line.get(start..).unwrap_or_default());
        if self.pending.front().is_some_and(|first| first.answer.is_some()) {
            self.tell_first(out);
        }
        if self.pending.len() == PENDING_USUAL {
            out.weird("FTP", "FTP_too_many_pending_commands", &PENDING_USUAL.to_string());
        }
        while self.pending.len() >= PENDING_MAX {
            self.tell_first(out);
        }
        let mut exchange = Exchange {
            argument: Text::default(),
            path: String::new(),
            answer: None,
            row: Fields::default(),
            last: None,
            event: out.wants_events().then(|| Event::of(&command, rest)),
            command,
        };
        match exchange.command.as_slice() {
            b"USER" => {
                self.user = Some(readable(rest, VALUE_BYTES_MAX));
                (self.has_password, self.is_default, self.is_anonymous) = (false, false, false);
            }
            b"PASS" => {
                self.has_password = true;
                let password = String::from_utf8_lossy(rest);
                self.is_default = self.user.as_ref().is_some_and(|user| is_default(user, &password));
            }
            b"ACCT" => exchange.argument = Text::const_new("(hidden)"),
            b"AUTH" => exchange.argument = Text::const_new(protection(rest).unwrap_or("unknown")),
            b"PORT" | b"EPRT" => {
                exchange.argument = escaped(rest, TEXT_MAX);
                let place = if exchange.command == b"PORT" {
                    parse_port(rest)
                } else {
                    parse_extended(rest).and_then(|(address, port)| Some((address?, port)))
                };
                if let Some((address, port)) = place {
                    self.data_channel(&mut exchange, false, address, port, out);
                }
            }
            b"CWD" | b"XCWD" => exchange.path = join(self.here(), &readable(rest, TEXT_MAX)),
            // What follows SITE is a command of the server's own.
            b"SITE" => exchange.argument = readable(parse_command(rest).0.as_slice(), 16),
            command if has_path(command) => {
                exchange.path = join(self.here(), &readable(rest, TEXT_MAX));
                exchange.argument = escaped(rest, TEXT_MAX);
            }
            _ => {}
        }
        self.pending.push_back(exchange);
    }

    /// The working directory; `.` is where the connection began.
    fn here(&self) -> &str {
        self.directory.as_deref().unwrap_or(".")
    }

    /// Takes note of where data will go.
    fn data_channel(
        &self,
        exchange: &mut Exchange,
        passive: bool,
        address: IpAddr,
        port: u16,
        out: &mut Out<'_>,
    ) {
        let caller = if passive { Side::Source } else { Side::Destination };
        if let Some(event) = &mut exchange.event {
            event.data_channel(passive, port);
        }
        exchange.row = Fields::default();
        exchange.row.flag("data_channel.passive", passive);
        exchange.row.show("data_channel.orig_h", out.address(caller));
        exchange.row.show("data_channel.resp_h", address);
        exchange.row.show("data_channel.resp_p", port);
        out.expect(Address::Ip(address), port, Protocol::FtpData);
    }

    fn reply(&mut self, line: ReplyLine<'_>, out: &mut Out<'_>) {
        if let Some(event) = self.pending.front_mut().and_then(|first| first.event.as_mut()) {
            event.reply(line);
        }
        // A reply of several lines ends with its code and a space (RFC 959 clause 4.2).
        if line.more {
            self.within.get_or_insert(line.code);
            return;
        }
        if self.within.is_some_and(|code| code != line.code) {
            return;
        }
        self.within = None;
        let Some(mut first) = self.pending.pop_front() else {
            self.greeting(line, out);
            return;
        };
        let text = escaped(line.text, TEXT_MAX);
        match (first.command.as_slice(), line.code) {
            (b"PASV", 227) => {
                if let Some((address, port)) = parse_port(bracketed(line.text).unwrap_or(line.text)) {
                    self.data_channel(&mut first, true, address, port, out);
                }
            }
            (b"EPSV", 229) => {
                let place = bracketed(line.text).and_then(parse_extended);
                if let (Some((address, port)), Address::Ip(server)) = (place, out.address(Side::Destination))
                {
                    self.data_channel(&mut first, true, address.unwrap_or(server), port, out);
                }
            }
            (b"PWD" | b"XPWD", 257) => {
                self.directory = parse_quoted(line.text).map(|path| readable(path, TEXT_MAX).into());
            }
            (b"CWD" | b"XCWD", 250) => {
                let path = compress(&first.path);
                self.directory = (path.len() <= TEXT_MAX).then_some(path);
            }
            (b"CDUP" | b"XCUP", 200 | 250) => {
                self.directory = Some(compress(&format!("{}/..", self.here())));
            }
            (b"RETR" | b"STOR" | b"STOU" | b"APPE", 125 | 150) => {
                if let Some(size) = parse_size(line.text) {
                    first.row.show("file_size", size);
                }
            }
            (b"SYST", 215) => {
                let system = readable(line.text, VALUE_BYTES_MAX);
                out.identity(Side::Destination, Trait::Product, &system, "SYST", BANNER_CONFIDENCE);
            }
            (b"AUTH", 234) if first.argument != "GSSAPI" => self.upgrade = Some(Upgrade::default()),
            _ => {}
        }
        first.last = Some((line.code, text.clone()));
        if line.code >= 200 && first.answer.is_none() {
            first.answer = Some((line.code, text));
            self.answered(&first, out);
        }
        self.pending.push_front(first);
        // A command that others follow is over; the last may be answered once more: `221 Goodbye`.
        if line.code >= 200 && self.pending.len() > 1 || self.upgrade.is_some() {
            self.tell_first(out);
        }
    }

    fn greeting(&mut self, line: ReplyLine<'_>, out: &mut Out<'_>) {
        if out.wants_events() {
            let mut event = Event::default();
            event.reply(line);
            event.tell(out);
        }
        if line.code == 220 && !self.greeted {
            self.greeted = true;
            let banner = readable(line.text, VALUE_BYTES_MAX);
            out.identity(Side::Destination, Trait::Product, &banner, "greeting", BANNER_CONFIDENCE);
            out.identity(Side::Destination, Trait::Role, "FTP server", "greeting", BANNER_CONFIDENCE);
        }
    }

    /// Tells of a command that has its final reply, and of what it shows.
    fn answered(&mut self, exchange: &Exchange, out: &mut Out<'_>) {
        self.tell_request(exchange, out);
        let Some((code, _)) = &exchange.answer else { return };
        let done = (200..400).contains(code);
        let user = self.user.clone().unwrap_or_default();
        match asks(&exchange.command) {
            Asks::Proof => {
                if exchange.command == b"PASS" && is_guest(&user) {
                    self.is_anonymous = done;
                    if done {
                        out.weakness(
                            Side::Destination,
                            WeaknessKind::AnonymousLogin,
                            format!("user name {user}"),
                        );
                    }
                    return;
                }
                let words = format!("{}, user name {user}", readable(&exchange.command, 8));
                out.weakness(Side::Destination, WeaknessKind::CleartextCredentials, words.as_str());
                if self.is_default && done {
                    out.weakness(Side::Destination, WeaknessKind::DefaultCredentials, words);
                }
            }
            Asks::Of(Verb::Transfer | Verb::Write)
                if done && self.is_anonymous && exchange.command != b"RETR" =>
            {
                let words = format!("{} by user name {user}", readable(&exchange.command, 8));
                out.weakness(Side::Destination, WeaknessKind::UnauthenticatedControl, words);
            }
            _ => {}
        }
    }

    fn tell_request(&self, exchange: &Exchange, out: &mut Out<'_>) {
        let user = || self.user.clone().unwrap_or_default();
        let answer = exchange.answer.as_ref();
        let (verb, target) = match asks(&exchange.command) {
            // A name that needs no password is a login.
            Asks::User if answer.is_some_and(|(code, _)| *code == 331) => return,
            Asks::Nothing => return,
            Asks::User | Asks::Proof => (Verb::Authenticate, user()),
            Asks::Protection => (Verb::Authenticate, exchange.argument.clone()),
            Asks::Of(verb) if has_path(&exchange.command) => {
                (verb, cut(&compress(&exchange.path), 2 * VALUE_BYTES_MAX))
            }
            Asks::Of(verb) => (verb, exchange.argument.clone()),
            Asks::Unknown => (Verb::Discover, Text::default()),
        };
        let function = match asks(&exchange.command) {
            Asks::Unknown => Text::const_new("unknown-command"),
            _ => readable(&exchange.command, 8),
        };
        let words = answer.map(|(code, _)| Text::from(format!("{code}")));
        let reply = match answer {
            Some((400.., text)) => Reply::Refused(cut(text, VALUE_BYTES_MAX)),
            Some(_) => Reply::Done,
            None => Reply::Missing,
        };
        let target = Target::named(target);
        out.request(
            Side::Source,
            Asked { verb, function, target, value: words, reply, details: Details::new() },
        );
    }

    /// The oldest command is over: its row.
    fn tell_first(&mut self, out: &mut Out<'_>) {
        let Some(exchange) = self.pending.pop_front() else { return };
        if exchange.answer.is_none() {
            self.tell_request(&exchange, out);
        }
        if let Some(event) = &exchange.event {
            event.tell(out);
        }
        if !is_logged(&exchange.command) {
            return;
        }
        let server = out.address(Side::Destination);
        out.message(Side::Source, "ftp", |fields| {
            match &self.user {
                Some(user) => fields.put("user", escaped(user.as_bytes(), VALUE_BYTES_MAX)),
                None => fields.put("user", "<unknown>"),
            }
            if self.has_password {
                fields.put("password", "(hidden)");
            }
            fields.put("command", readable(&exchange.command, 8));
            if has_path(&exchange.command) {
                let host = match server {
                    Address::Ip(IpAddr::V6(ip)) => format!("[{ip}]"),
                    address => address.to_string(),
                };
                let path = compress(&exchange.path);
                let slash = if path.starts_with('/') { "" } else { "/" };
                fields.put("arg", cut(&format!("ftp://{host}{slash}{path}"), TEXT_MAX));
            } else if !exchange.argument.is_empty() {
                fields.put("arg", exchange.argument.clone());
            }
            if let Some((code, text)) = &exchange.last {
                fields.show("reply_code", code);
                fields.put("reply_msg", text.clone());
            }
            fields.append(&exchange.row);
        });
    }

    /// A line of one side.
    fn line(&mut self, side: Side, line: &[u8], out: &mut Out<'_>) {
        match side {
            Side::Source => {
                if !line.is_empty() {
                    self.command(line, out);
                }
            }
            // Lines between the first and the last of a reply may be anything.
            Side::Destination => match parse_reply_line(line) {
                Some(line) => self.reply(line, out),
                None if out.wants_logs() && self.within.is_none() && !self.was_cut && !line.is_empty() => {
                    let has_code = matches!(line, [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', ..]);
                    let reason = if has_code { "invalid reply line" } else { "non-numeric reply code" };
                    out.gives_up("FTP", reason, &escaped(line, TEXT_MAX));
                }
                None => {}
            },
        }
    }
}

impl Dialogue for Conversation {
    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut walk = Walk::of(bytes);
        while !walk.rest().is_empty() {
            if let Some(upgrade) = &mut self.upgrade {
                return walk.handed_on(upgrade.stream(side, walk.rest(), out));
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
        self.within = None;
        self.was_cut = true;
        // Which reply belongs to which command is not known any more.
        while !self.pending.is_empty() {
            self.tell_first(out);
        }
    }

    fn holds(&self) -> usize {
        crate::dialogue::held::<Exchange>(self.pending.len())
    }

    fn end(&mut self, out: &mut Out<'_>) {
        while !self.pending.is_empty() {
            self.tell_first(out);
        }
        if let Some(upgrade) = &mut self.upgrade {
            upgrade.end(out);
        }
    }
}
