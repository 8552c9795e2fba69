//! A request and what came back, until both are told of.

use super::body::Body;
use super::credentials::{Login, may_hold_login, parse_form};
use super::parts::parse_parts;
use crate::dialogue::{Asked, Out, Side};
use crate::show::{VALUE_BYTES_MAX, readable};
use city::{Details, Reply, Target, Text, Verb, WeaknessKind};
use compact_str::{CompactString, ToCompactString, format_compact};

/// A request and what came back so far.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) method: Text,
    pub(super) verb: Verb,
    pub(super) target: Text,
    pub(super) content_type: Vec<u8>,
    pub(super) login: Option<Login>,
    /// Whether the request was seen to its end.
    pub(super) is_whole: bool,
    /// HTTP/0.9: the reply is a body without a head.
    pub(super) is_headless: bool,
    pub(super) details: Details,
    pub(super) answer: Option<Answer>,
}

/// A reply.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) reason: Text,
}

impl Exchange {
    /// One whose request was not seen.
    pub(super) fn unseen(details: Details) -> Exchange {
        Exchange {
            method: Text::default(),
            verb: Verb::Read,
            target: Text::default(),
            content_type: Vec::new(),
            login: None,
            is_whole: true,
            is_headless: false,
            details,
            answer: None,
        }
    }

    /// What was asked for, with the host that it was asked of.
    pub(super) fn url(&self) -> String {
        let detail = |wanted: &str| self.details.iter().find(|(name, _)| name == wanted);
        ["host", "uri"].into_iter().filter_map(detail).map(|(_, value)| value.as_str()).collect()
    }

    /// The request is all there.
    pub(super) fn finish(&mut self, body: &mut Body, out: &Out<'_>) {
        self.is_whole = true;
        if out.wants_details() {
            let mut put = |key: &'static str, value: Text| self.details.push((Text::const_new(key), value));
            put("request-length", body.length.to_compact_string());
            if body.missed > 0 {
                put("request-missed", body.missed.to_compact_string());
                put("request-missed-within", body.missed_within.to_compact_string());
            }
            let parts = body.held().map(|held| parse_parts(held, &self.content_type)).unwrap_or_default();
            if let ([], Some(mime)) = (parts.as_slice(), body.mime()) {
                put("request-mime", Text::const_new(mime));
            }
            for part in parts {
                if let Some(name) = part.filename {
                    let name = readable(name, VALUE_BYTES_MAX);
                    if out.wants_events() {
                        put("request-part", format_compact!("{} {name}", part.content.len()));
                    }
                    put("request-filename", name);
                }
                if let Some(mime) = Body::of(part.content).mime() {
                    put("request-mime", Text::const_new(mime));
                }
            }
        }
        if let Some(login) = body
            .take_form()
            .filter(|_| may_hold_login(&self.content_type))
            .and_then(|form| parse_form(&form, &self.content_type))
        {
            // Whoever sends a name and a password logs in, whatever else the form does.
            self.verb = Verb::Authenticate;
            self.login.get_or_insert(login);
        }
    }

    pub(super) fn tell(self, client: Side, out: &mut Out<'_>) {
        let status = self.answer.as_ref().map(|answer| answer.status);
        if let Some(login) = &self.login {
            out.weakness(client.other(), WeaknessKind::CleartextCredentials, login.words());
            // A server that refuses has another password.
            if login.is_default && status.is_some_and(|status| status < 400) {
                out.weakness(client.other(), WeaknessKind::DefaultCredentials, login.words());
            }
        }
        let words = self.answer.as_ref().map(|answer| {
            let words = format_compact!("{} {}", answer.status, answer.reason);
            readable(words.trim_end().as_bytes(), VALUE_BYTES_MAX)
        });
        let reply = match (status, &words) {
            (Some(400..), Some(words)) => Reply::Refused(words.clone()),
            (Some(_), _) => Reply::Done,
            (None, _) => Reply::Missing,
        };
        let function = if self.method.is_empty() { CompactString::const_new("unseen") } else { self.method };
        let target = Target::named(self.target);
        let asked = Asked { verb: self.verb, function, target, value: words, reply, details: self.details };
        out.request(client, asked);
    }
}
