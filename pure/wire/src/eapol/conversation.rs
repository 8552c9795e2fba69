//! From frames to observations.

use super::message::{Eap, EapCode, Kind, Method};
use super::parse::{parse_eap, parse_frame};
use crate::Config;
use crate::dialogue::{Asked, Side};
use crate::link::Seen;
use crate::news::News;
use crate::show::{VALUE_BYTES_MAX, readable};
use city::{Details, Mac, Observation, Protocol, Reply, Target, Text, Trait, Verb, WeaknessKind};
use compact_str::{ToCompactString, format_compact};
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// Logins followed at a time.
const LOGINS_MAX: usize = 1_024;
/// Questions whose answers are awaited.
const QUESTIONS_MAX: usize = 1_024;
/// For how long a login may be silent; authenticators themselves give up sooner (clause 8.7, serverTimeout).
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);
/// For how long the same that is told by name is not told again.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// Methods noted of one login.
const METHODS_MAX: usize = 16;
/// The group address of authenticators and devices that ask (clause 11.1.1).
const ALL: Mac = Mac([0x01, 0x80, 0xc2, 0, 0, 0x03]);

/// The ports at which devices are let in.
#[derive(Debug)]
pub(crate) struct Ports {
    /// The oldest words first.
    logins: VecDeque<Login>,
    questions: VecDeque<Question>,
    news: News<(Mac, Mac, Text)>,
    /// The authenticators whose weakness was told, with the method.
    weak: News<(Mac, Method)>,
}

/// A question of an authenticator that may go to a group.
#[derive(Clone, Copy, Debug)]
struct Question {
    authenticator: Mac,
    to: Mac,
    identifier: u8,
}

/// A device that asks to be let in.
#[derive(Debug)]
struct Login {
    device: Mac,
    authenticator: Option<Mac>,
    last: Timestamp,
    number: u16,
    version: u8,
    name: Text,
    method: Option<Method>,
    offered: Vec<Method>,
    refused: Vec<Method>,
}

impl Default for Ports {
    fn default() -> Self {
        Ports {
            logins: VecDeque::new(),
            questions: VecDeque::new(),
            news: News::new(AGAIN_AFTER),
            weak: News::new(SignedDuration::from_hours(1)),
        }
    }
}

impl Ports {
    /// Reads a frame. `None` if it is none.
    pub(crate) fn read(
        &mut self,
        bytes: &[u8],
        seen: &Seen<'_>,
        observations: &mut Vec<Observation>,
    ) -> Option<()> {
        let frame = parse_frame(bytes)?;
        self.expire(seen.config, seen.time, observations);
        if frame.kind == Kind::EAP {
            let eap = parse_eap(frame.body)?;
            self.eap(&eap, frame.version, seen, observations);
            return Some(());
        }
        let name = match (frame.kind, frame.body.first()) {
            // Which kind of key (clause 11.9; IEEE 802.11 clause 12.7.2).
            (Kind::KEY, Some(1)) => "key-rc4",
            (Kind::KEY, Some(2)) => "key-rsn",
            (Kind::KEY, Some(254)) => "key-wpa",
            (kind, _) => kind.name()?,
        };
        if frame.kind == Kind::LOGOFF {
            self.end(seen.source, None, Reply::Missing, seen, observations);
        }
        if self.news.is_news((seen.source, seen.destination, name.into()), "", seen.time) {
            let asked = asked(Text::const_new(name), Target::default(), Reply::NotExpected);
            seen.out(Protocol::Eapol, observations).request(Side::Source, asked);
        }
        Some(())
    }

    fn eap(&mut self, eap: &Eap<'_>, version: u8, seen: &Seen<'_>, observations: &mut Vec<Observation>) {
        match (eap.code, eap.method) {
            (EapCode::Request, Some(method)) => self.request(eap, method, seen, observations),
            (EapCode::Response, Some(method)) => {
                self.response(eap, method, version, seen, observations);
            }
            (EapCode::Success, _) => self.outcome(Reply::Done, seen, observations),
            (EapCode::Failure, _) => self.outcome(Reply::Refused("failure".into()), seen, observations),
            _ => {}
        }
    }

    fn request(
        &mut self,
        eap: &Eap<'_>,
        method: Method,
        seen: &Seen<'_>,
        observations: &mut Vec<Observation>,
    ) {
        let authenticator = seen.source;
        if self.news.is_news((authenticator, Mac([0; 6]), "role".into()), "", seen.time) {
            let mut out = seen.out(Protocol::Eapol, observations);
            out.identity(Side::Source, Trait::Role, "authenticator", "EAP request", 80);
        }
        let question = Question { authenticator, to: seen.destination, identifier: eap.identifier };
        self.questions.retain(|known| (known.authenticator, known.to) != (authenticator, seen.destination));
        if self.questions.len() >= QUESTIONS_MAX {
            self.questions.pop_front();
        }
        self.questions.push_back(question);
        let login = self.logins.iter_mut().rev().find(|login| {
            login.device == seen.destination
                || seen.destination.is_group() && login.authenticator == Some(authenticator)
        });
        if let Some(login) = login {
            login.last = seen.time;
            if method.proves() {
                note(&mut login.offered, method);
            }
        }
    }

    fn response(
        &mut self,
        eap: &Eap<'_>,
        method: Method,
        version: u8,
        seen: &Seen<'_>,
        observations: &mut Vec<Observation>,
    ) {
        let device = seen.source;
        let asked = self.questions.iter().rev().find(|question| {
            question.identifier == eap.identifier && (question.to == device || question.to.is_group())
        });
        let authenticator = if seen.destination.is_group() {
            asked.map(|asked| asked.authenticator)
        } else {
            Some(seen.destination)
        };
        let place = self.logins.iter().position(|login| login.device == device);
        let mut login = match place.and_then(|place| self.logins.remove(place)) {
            Some(login) => login,
            None => {
                if self.logins.len() >= LOGINS_MAX
                    && let Some(oldest) = self.logins.pop_front()
                {
                    tell(oldest, Reply::Missing, seen.config, seen.time, observations);
                }
                Login {
                    device,
                    authenticator,
                    last: seen.time,
                    number: seen.number,
                    version,
                    name: Text::default(),
                    method: None,
                    offered: Vec::new(),
                    refused: Vec::new(),
                }
            }
        };
        login.last = seen.time;
        login.authenticator = authenticator.or(login.authenticator);
        match method {
            Method::IDENTITY => {
                // Behind a zero stand options, such as the networks to choose from.
                let name = eap.data.split(|byte| *byte == 0).next().unwrap_or_default();
                login.name = readable(name, VALUE_BYTES_MAX);
                self.introduce(&login, seen, observations);
            }
            Method::NOTIFICATION => {}
            Method::NAK => {
                if let Some(offered) = login.offered.last().copied() {
                    note(&mut login.refused, offered);
                }
            }
            Method::EXPANDED_NAK if eap.data.get(..7) == Some(&[0, 0, 0, 0, 0, 0, 3]) => {}
            method => {
                login.method = Some(method);
                note(&mut login.offered, method);
                self.weakness(&login, method, eap.data, seen, observations);
            }
        }
        self.logins.push_back(login);
    }

    /// A computer's name, as Windows and others give it where no person has signed in.
    fn introduce(&mut self, login: &Login, seen: &Seen<'_>, observations: &mut Vec<Observation>) {
        if let Some(name) = login.name.strip_prefix("host/")
            && self.news.is_news((login.device, Mac([0; 6]), "name".into()), name, seen.time)
        {
            seen.out(Protocol::Eapol, observations).identity(
                Side::Source,
                Trait::Name,
                name,
                "EAP identity",
                70,
            );
        }
    }

    fn weakness(
        &mut self,
        login: &Login,
        method: Method,
        data: &[u8],
        seen: &Seen<'_>,
        observations: &mut Vec<Observation>,
    ) {
        let (Some(shows), Some(authenticator)) = (method.shows(), login.authenticator) else { return };
        if data.is_empty() || !self.weak.is_news((authenticator, method), &login.name, seen.time) {
            return;
        }
        let who = if login.name.is_empty() { "nobody named" } else { login.name.as_str() };
        let detail = format_compact!("password of user name {who}: {method} {shows}");
        seen.between(login.device, authenticator, Protocol::Eapol, observations).weakness(
            Side::Destination,
            WeaknessKind::CleartextCredentials,
            detail,
        );
    }

    /// Who was let in or not: the device that is spoken to, or the last that this authenticator heard.
    fn outcome(&mut self, reply: Reply, seen: &Seen<'_>, observations: &mut Vec<Observation>) {
        let device = if seen.destination.is_group() {
            let login = self.logins.iter().rev().find(|login| login.authenticator == Some(seen.source));
            login.map(|login| login.device)
        } else {
            Some(seen.destination)
        };
        if let Some(device) = device {
            self.end(device, Some(seen.source), reply, seen, observations);
        }
    }

    fn end(
        &mut self,
        device: Mac,
        authenticator: Option<Mac>,
        reply: Reply,
        seen: &Seen<'_>,
        observations: &mut Vec<Observation>,
    ) {
        let place = self.logins.iter().position(|login| login.device == device);
        if let Some(mut login) = place.and_then(|place| self.logins.remove(place)) {
            login.authenticator = login.authenticator.or(authenticator);
            tell(login, reply, seen.config, seen.time, observations);
        }
    }

    /// Tells of logins that have been silent for too long.
    pub(crate) fn expire(&mut self, config: &Config, now: Timestamp, observations: &mut Vec<Observation>) {
        while let Some(oldest) = self.logins.front()
            && now.duration_since(oldest.last) > PATIENCE
            && let Some(oldest) = self.logins.pop_front()
        {
            tell(oldest, Reply::Missing, config, now, observations);
        }
    }

    /// Tells of all logins that still wait.
    pub(crate) fn finish(&mut self, config: &Config, now: Timestamp, observations: &mut Vec<Observation>) {
        while let Some(oldest) = self.logins.pop_front() {
            tell(oldest, Reply::Missing, config, now, observations);
        }
    }
}

#[cfg(test)]
impl Ports {
    /// How much is remembered.
    pub(crate) fn remembered(&self) -> usize {
        self.logins.len() + self.questions.len() + self.news.remembered() + self.weak.remembered()
    }
}

fn note(methods: &mut Vec<Method>, method: Method) {
    if methods.len() < METHODS_MAX && !methods.contains(&method) {
        methods.push(method);
    }
}

fn asked(function: Text, target: Target, reply: Reply) -> Asked {
    Asked { verb: Verb::Authenticate, function, target, value: None, reply, details: Details::new() }
}

fn tell(login: Login, reply: Reply, config: &Config, time: Timestamp, observations: &mut Vec<Observation>) {
    let Login { device, authenticator, number, version, name, method, offered, refused, .. } = login;
    let destination = authenticator.unwrap_or(ALL);
    let seen = Seen { config, time, source: device, destination, vlan: None, number };
    let mut out = seen.out(Protocol::Eapol, observations);
    let function = method.map_or(Text::const_new("eap"), |method| method.to_compact_string());
    let mut asked = asked(function, Target::named(name), reply);
    if out.wants_details() {
        let mut put = |key: &'static str, value: Text| asked.details.push((Text::const_new(key), value));
        put("version", version.to_compact_string());
        offered.iter().for_each(|method| put("offered", method.to_compact_string()));
        refused.iter().for_each(|method| put("refused", method.to_compact_string()));
    }
    out.request(Side::Source, asked);
}
