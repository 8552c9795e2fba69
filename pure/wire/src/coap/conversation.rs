//! Pairs requests with responses; either end may ask.

use super::lwm2m::{self, Path};
use super::message::{Code, Kind, Message, OptionNumber};
use super::parse::{self, Found};
use crate::dialogue::{Asked, Dialogue, Out, Progress, Side};
use crate::secret;
use crate::show::{self, VALUE_BYTES_MAX};
use city::{Details, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::format_compact;
use std::collections::VecDeque;

/// Requests and notifications awaiting a reply at a time.
const PENDING_MAX: usize = 64;

/// Observations followed at a time, each by its token.
const OBSERVED_MAX: usize = 256;

/// Message numbers remembered, so that what is sent again is not told again.
const RECENT_MAX: usize = 32;

/// The longest path, in bytes.
const PATH_BYTES_MAX: usize = 1_024;

/// The longest token (RFC 7252 clause 3).
const TOKEN_BYTES_MAX: usize = 8;

/// Opens a reader.
pub(super) fn open() -> Box<dyn Dialogue> {
    Box::new(Conversation::default())
}

/// Two ends.
#[derive(Default)]
struct Conversation {
    pending: VecDeque<Pending>,
    observed: VecDeque<Observed>,
    recent: VecDeque<(Side, u16, Code)>,
    /// Which end has registered with the other.
    lwm2m_client: Option<Side>,
    searching: [bool; 2],
    weakness_told: bool,
    key_told: bool,
    described: Vec<Path>,
}

/// What awaits a reply.
struct Pending {
    asker: Side,
    token: Token,
    id: Option<u16>,
    path: Option<Path>,
    wants: Wants,
    asked: Asked,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wants {
    /// That a notification is acknowledged.
    Acknowledgement,
    Response,
    /// A response, of which only a refusal is told: it goes on with a block of what was told already.
    Block,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Token {
    bytes: [u8; TOKEN_BYTES_MAX],
    length: usize,
}

impl Token {
    fn of(bytes: &[u8]) -> Token {
        let mut token = Token { bytes: [0; TOKEN_BYTES_MAX], length: bytes.len() };
        token.bytes.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        token
    }
}

/// A resource that is observed.
struct Observed {
    observer: Side,
    token: Token,
    target: Target,
    path: Option<Path>,
    is_secret: bool,
}

impl Dialogue for Conversation {
    fn datagram(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> bool {
        let Some(message) = parse::parse_datagram(bytes).filter(|message| message.code.is_known()) else {
            return false;
        };
        self.message(side, &message, out);
        true
    }

    fn stream(&mut self, side: Side, bytes: &[u8], out: &mut Out<'_>) -> Progress {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return Progress::Used(used);
            }
            if *self.searching_mut(side) {
                let Some(skipped) = find_message(rest) else { return Progress::Used(bytes.len()) };
                used += skipped;
                *self.searching_mut(side) = false;
                continue;
            }
            match parse::parse_stream(rest) {
                Found::Message(message, length) => {
                    self.message(side, &message, out);
                    used += length;
                }
                Found::More => return Progress::Used(used),
                Found::Long(length) => return Progress::Skip(used as u64 + length),
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
            tell(pending, out);
        }
    }
}

/// Finds where sound messages follow one another to the end of what is there.
fn find_message(bytes: &[u8]) -> Option<usize> {
    /// Without a bound, a long blob would be tried at every byte.
    const REACH: usize = 2_048;
    let chains = |start: usize| {
        let mut rest = bytes.get(start..).unwrap_or_default();
        for _ in 0..8 {
            match parse::parse_stream(rest) {
                _ if rest.is_empty() => return true,
                Found::Message(message, length)
                    if parse::is_sound(&message) && message.code != Code::EMPTY =>
                {
                    rest = rest.get(length..).unwrap_or_default();
                }
                _ => return false,
            }
        }
        true
    };
    (0..bytes.len().min(REACH)).find(|start| chains(*start))
}

fn tell(pending: Pending, out: &mut Out<'_>) {
    if pending.wants != Wants::Block || matches!(pending.asked.reply, Reply::Refused(_)) {
        out.request(pending.asker, pending.asked);
    }
}

/// The path, or a proxy's URI without user and query.
fn path_text(message: &Message<'_>) -> Text {
    if let Some(uri) = message.values(OptionNumber::PROXY_URI).next() {
        let uri = uri.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default();
        let text = show::readable(uri, PATH_BYTES_MAX);
        let (scheme, rest) = text.split_once("://").unwrap_or(("coap", text.as_str()));
        let after_user = rest.rsplit_once('@').map_or(rest, |(_, after)| after);
        return format_compact!("{scheme}://{after_user}");
    }
    let mut path = Text::default();
    for part in message.values(OptionNumber::URI_PATH) {
        path.push('/');
        path.push_str(&show::readable(part, VALUE_BYTES_MAX));
        if path.len() > PATH_BYTES_MAX {
            return show::cut(&path, PATH_BYTES_MAX);
        }
    }
    if path.is_empty() { "/".into() } else { path }
}

/// A payload as text if it says or seems that it is, and nothing in it names a secret; its size otherwise.
fn payload_text(message: &Message<'_>) -> Option<Text> {
    let payload = message.payload;
    if payload.is_empty() {
        return None;
    }
    let plain = matches!(message.number(OptionNumber::CONTENT_FORMAT), None | Some(0 | 40))
        && payload.len() <= VALUE_BYTES_MAX * 4
        && std::str::from_utf8(payload).is_ok_and(|text| !text.contains(|c: char| c.is_control()));
    // What has an inner form may hold names and values of which nobody knows the meaning.
    let formed = payload.iter().any(|byte| matches!(byte, b'{' | b'=' | b'&'))
        && message.number(OptionNumber::CONTENT_FORMAT) != Some(40);
    if plain && !formed && !secret::is_named_by(payload) {
        Some(show::readable(payload, VALUE_BYTES_MAX))
    } else {
        Some(format_compact!("{} bytes", payload.len()))
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

    fn message(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        if let Some((kind, id)) = message.datagram {
            if matches!(kind, Kind::Acknowledgement | Kind::Reset) {
                self.acknowledged(side, kind, id, out);
            } else {
                let key = (side, id, message.code);
                if self.recent.contains(&key) {
                    return;
                }
                if self.recent.len() >= RECENT_MAX {
                    self.recent.pop_front();
                }
                self.recent.push_back(key);
            }
        }
        if message.code.is_request() {
            self.request(side, message, out);
        } else if message.code.is_response() {
            self.response(side, message, out);
        }
    }

    /// What one side sent with this number was heard, or refused.
    fn acknowledged(&mut self, side: Side, kind: Kind, id: u16, out: &mut Out<'_>) {
        let wanted = |p: &Pending| {
            p.asker == side.other()
                && p.id == Some(id)
                && (kind == Kind::Reset || p.wants == Wants::Acknowledgement)
        };
        let Some(mut pending) =
            self.pending.iter().position(wanted).and_then(|place| self.pending.remove(place))
        else {
            return;
        };
        pending.asked.reply = if kind == Kind::Reset { Reply::Refused("reset".into()) } else { Reply::Done };
        tell(pending, out);
    }

    fn request(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        let path = Path::of(message.values(OptionNumber::URI_PATH))
            .filter(|path| self.lwm2m_client == Some(side.other()) || path.is_known());
        let oscore = message.values(OptionNumber::OSCORE).next().is_some();
        let (verb, function, target) = if oscore {
            // The true method and path are encrypted (RFC 8613 clause 4).
            (Verb::Transfer, "oscore", Target::named("(protected)"))
        } else if let Some((function, endpoint)) = lwm2m::about_itself(message) {
            self.about_itself(side, function, endpoint, message, out);
            let target = Target {
                kind: "endpoint".into(),
                ..Target::named(show::readable(endpoint, VALUE_BYTES_MAX))
            };
            (Verb::Authenticate, function, target)
        } else {
            let target = path.map_or_else(|| path_text(message), Path::text);
            let (verb, function) = meaning(message, path);
            (verb, function, Target::named(target))
        };
        let is_secret = secret::is_named_by(target.name.as_bytes()) || path.is_some_and(Path::is_secret);
        let upload = message.block(OptionNumber::BLOCK1);
        let download = message.block(OptionNumber::BLOCK2);
        let mut value = self.value(message, path, is_secret, verb == Verb::Authenticate || oscore);
        if let Some((number, false, size)) = upload
            && number > 0
        {
            let bytes = u64::from(number) * u64::from(size) + message.payload.len() as u64;
            value = Some(format_compact!("{bytes} bytes"));
        }
        if let Some(path) = path
            && lwm2m::holds_key(message, path)
            && !self.key_told
        {
            self.key_told = true;
            let detail = "LwM2M security object written readable: secret key";
            out.weakness(side, WeaknessKind::CleartextCredentials, detail);
        }
        let token = Token::of(message.token);
        match (function, message.number(OptionNumber::OBSERVE)) {
            ("observe", _) => self.observe(side, token, &target, path, is_secret),
            ("cancel-observation", _) => {
                self.observed.retain(|seen| (seen.observer, seen.token) != (side, token));
            }
            _ => {}
        }
        // Blocks before the last of an upload, and after the first of a download, only carry what is told once.
        let is_part = upload.is_some_and(|(_, more, _)| more)
            || download.is_some_and(|(number, ..)| number > 0) && upload.is_none();
        let asked = Asked {
            verb,
            function: function.into(),
            target,
            value,
            reply: Reply::Missing,
            details: Details::new(),
        };
        let id = message.datagram.map(|(_, id)| id);
        let wants = if is_part { Wants::Block } else { Wants::Response };
        self.await_reply(Pending { asker: side, token, id, path, wants, asked }, out);
    }

    fn value(&self, message: &Message<'_>, path: Option<Path>, is_secret: bool, mute: bool) -> Option<Text> {
        if message.payload.is_empty() || mute {
            return None;
        }
        if is_secret {
            return Some("(hidden)".into());
        }
        let Some(path) = path else { return payload_text(message) };
        match lwm2m::resources(message, path).as_slice() {
            [] => Some(format_compact!("{} bytes", message.payload.len())),
            [(one, value)] if *one == path => Some(value.clone()),
            several => {
                let items = several.iter().map(|(path, value)| format_compact!("{} {value}", path.text()));
                Some(show::listed(items, VALUE_BYTES_MAX))
            }
        }
    }

    fn about_itself(
        &mut self,
        side: Side,
        function: &str,
        endpoint: &[u8],
        message: &Message<'_>,
        out: &mut Out<'_>,
    ) {
        if matches!(function, "register" | "bootstrap-request") && self.lwm2m_client != Some(side) {
            let is_lwm2m = lwm2m::says_lwm2m(message) || function == "bootstrap-request";
            let (client, server) =
                if is_lwm2m { ("LwM2M client", "LwM2M server") } else { ("CoRE endpoint", "CoRE directory") };
            self.lwm2m_client = is_lwm2m.then_some(side);
            let name = show::readable(endpoint, VALUE_BYTES_MAX);
            out.identity(side, Trait::Name, &name, "endpoint name", 90);
            out.identity(side, Trait::Role, client, "registration", 90);
            out.identity(side.other(), Trait::Role, server, "registration", 70);
        }
    }

    fn observe(
        &mut self,
        observer: Side,
        token: Token,
        target: &Target,
        path: Option<Path>,
        is_secret: bool,
    ) {
        self.observed.retain(|seen| (seen.observer, seen.token) != (observer, token));
        if self.observed.len() >= OBSERVED_MAX {
            self.observed.pop_front();
        }
        self.observed.push_back(Observed { observer, token, target: target.clone(), path, is_secret });
    }

    fn await_reply(&mut self, pending: Pending, out: &mut Out<'_>) {
        // A token that is used again says that nobody waits for the old answer any more.
        let same = |p: &Pending| {
            (p.asker, p.token) == (pending.asker, pending.token) && p.wants != Wants::Acknowledgement
        };
        if pending.wants != Wants::Acknowledgement
            && let Some(old) = self.pending.iter().position(same).and_then(|place| self.pending.remove(place))
        {
            tell(old, out);
        }
        if self.pending.len() >= PENDING_MAX
            && let Some(oldest) = self.pending.pop_front()
        {
            tell(oldest, out);
        }
        self.pending.push_back(pending);
    }

    fn response(&mut self, side: Side, message: &Message<'_>, out: &mut Out<'_>) {
        let token = Token::of(message.token);
        // An acknowledgement carries the number of its request: where tokens are empty, that is what tells.
        let id = message.datagram.and_then(|(kind, id)| (kind == Kind::Acknowledgement).then_some(id));
        let wanted = |p: &Pending| {
            p.asker == side.other()
                && p.token == token
                && p.wants != Wants::Acknowledgement
                && id.is_none_or(|id| p.id == Some(id))
        };
        let place = self.pending.iter().position(wanted);
        let Some(mut pending) = place.and_then(|place| self.pending.remove(place)) else {
            self.notification(side, token, message, out);
            return;
        };
        self.describe(side, pending.path, message, out);
        if message.code.is_success() {
            pending.asked.reply = Reply::Done;
            let is_secret = secret::is_named_by(pending.asked.target.name.as_bytes())
                || pending.path.is_some_and(Path::is_secret);
            if matches!(pending.asked.verb, Verb::Read | Verb::Subscribe | Verb::Discover)
                && let Some(mut value) = self.value(message, pending.path, is_secret, false)
            {
                if message.block(OptionNumber::BLOCK2).is_some_and(|(_, more, _)| more) {
                    value.push('…');
                }
                pending.asked.value = Some(value);
            }
            if pending.asked.verb.changes() && !self.weakness_told {
                self.weakness_told = true;
                let detail =
                    format_compact!("{} obeyed; plain CoAP cannot prove who asks", pending.asked.function);
                out.weakness(side, WeaknessKind::UnauthenticatedControl, detail);
            }
        } else {
            pending.asked.reply = Reply::Refused(message.code.text());
        }
        if !message.code.is_success() || message.number(OptionNumber::OBSERVE).is_none() {
            let key = (pending.asker, pending.token);
            self.observed.retain(|seen| (seen.observer, seen.token) != key);
        }
        tell(pending, out);
    }

    /// A response that nobody asked for just now: the state of a resource that is observed.
    fn notification(&mut self, side: Side, token: Token, message: &Message<'_>, out: &mut Out<'_>) {
        let seen = self.observed.iter().find(|seen| seen.observer == side.other() && seen.token == token);
        let Some(seen) = seen else { return };
        let (target, path, is_secret) = (seen.target.clone(), seen.path, seen.is_secret);
        self.describe(side, path, message, out);
        let value = self.value(message, path, is_secret, false);
        let mut asked = Asked {
            verb: Verb::Publish,
            function: "notify".into(),
            target,
            value,
            reply: Reply::NotExpected,
            details: Details::new(),
        };
        match message.datagram {
            Some((Kind::Confirmable, id)) => {
                asked.reply = Reply::Missing;
                let wants = Wants::Acknowledgement;
                self.await_reply(Pending { asker: side, token, id: Some(id), path, wants, asked }, out);
            }
            _ => out.request(side, asked),
        }
    }

    /// What a device says of itself in its resources; each of them once.
    fn describe(&mut self, side: Side, path: Option<Path>, message: &Message<'_>, out: &mut Out<'_>) {
        let Some(path) = path.filter(|_| message.code.is_success()) else { return };
        for (path, value) in lwm2m::resources(message, path) {
            if let Some((about, field)) = lwm2m::identity(path)
                && !self.described.contains(&path)
                && self.described.len() < 16
            {
                self.described.push(path);
                out.identity(side, about, &value, field, 90);
            }
        }
    }
}

/// What a request means.
fn meaning(message: &Message<'_>, path: Option<Path>) -> (Verb, &'static str) {
    let mut parts = message.values(OptionNumber::URI_PATH);
    let first = (parts.next(), parts.next());
    match (message.code, message.number(OptionNumber::OBSERVE)) {
        (Code::GET | Code::FETCH, Some(0)) => return (Verb::Subscribe, "observe"),
        (Code::GET | Code::FETCH, Some(1)) => return (Verb::Subscribe, "cancel-observation"),
        _ => {}
    }
    if let Some(known) = path.and_then(|path| lwm2m::operation(message, path)) {
        return known;
    }
    match (message.code, first) {
        (Code::GET | Code::FETCH, (Some(b".well-known"), Some(b"core"))) => (Verb::Discover, "get"),
        // EDHOC (RFC 9528) and ACE (RFC 9200).
        (Code::POST, (Some(b".well-known"), Some(b"edhoc"))) => (Verb::Authenticate, "post"),
        (Code::POST, (Some(b"authz-info" | b"token"), None)) => (Verb::Authenticate, "post"),
        (Code::GET, _) => (Verb::Read, "get"),
        (Code::FETCH, _) => (Verb::Read, "fetch"),
        (Code::POST, (Some(b"bs" | b"rd"), _)) => (Verb::Configure, "post"),
        (Code::POST, _) => (Verb::Operate, "post"),
        (Code::PUT, _) => (Verb::Write, "put"),
        (Code::DELETE, _) => (Verb::Write, "delete"),
        (Code(6), _) => (Verb::Write, "patch"),
        _ => (Verb::Write, "ipatch"),
    }
}
