//! Who logs in, and by what proof.

use super::message::Authentication;
use crate::dialogue::{Asked, Out, Side};
use crate::show::{VALUE_BYTES_MAX, readable};
use city::{Details, Reply, Target, Text, Verb, WeaknessKind};
use compact_str::format_compact;

/// A login that goes on, or is over.
#[derive(Debug, Default)]
pub struct Login {
    pub user: Text,
    pub database: Text,
    pub application: Option<Text>,
    /// By what the server wants the user to prove himself.
    pub method: Option<Text>,
    is_over: bool,
}

impl Login {
    /// What a startup message says. Without a database it is that of the user's name.
    pub fn of(parameters: &[(&[u8], &[u8])]) -> Login {
        let value = |name: &[u8]| {
            let found = parameters.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| readable(value, VALUE_BYTES_MAX))
        };
        let user = value(b"user").unwrap_or_default();
        Login {
            database: value(b"database").unwrap_or_else(|| user.clone()),
            application: value(b"application_name").filter(|name| !name.is_empty()),
            user,
            ..Login::default()
        }
    }

    /// Whether it is not known yet how it ends.
    pub fn goes_on(&self) -> bool {
        !self.is_over
    }

    /// The server asks for a proof.
    pub fn asked_for(&mut self, wanted: Authentication) {
        if self.method.is_none() {
            self.method = Some(wanted.method());
        }
    }

    /// The client sends a proof; of SASL first the mechanism. Tells what is weak in it.
    pub fn proof(&mut self, body: &[u8], client: Side, out: &mut Out<'_>) {
        let user = &self.user;
        match self.method.as_deref() {
            Some("password") => {
                let detail = format_compact!("user name {user}");
                out.weakness(client.other(), WeaknessKind::CleartextCredentials, detail);
            }
            Some("md5") => {
                let detail = format_compact!("MD5 of the password of user {user}, which can be guessed");
                out.weakness(client.other(), WeaknessKind::WeakCipher, detail);
            }
            Some("sasl") => {
                let mechanism = body.split(|byte| *byte == 0).next().unwrap_or_default();
                self.method = Some(readable(mechanism, 32).to_ascii_lowercase());
            }
            _ => {}
        }
    }

    /// The login is over, or the conversation is. Tells it once.
    pub fn tell(&mut self, reply: Reply, client: Side, out: &mut Out<'_>) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        if reply == Reply::Done {
            if self.method.is_none() {
                let detail = format_compact!("user {} was let in without a proof", self.user);
                out.weakness(client.other(), WeaknessKind::AnonymousLogin, detail);
            }
            let detail =
                format_compact!("database {} without TLS: queries and rows can be read", self.database);
            out.weakness(client.other(), WeaknessKind::WeakCipher, detail);
        }
        let mut details = Details::new();
        if out.wants_details() {
            let method = self.method.clone().unwrap_or_else(|| "trust".into());
            details.push((Text::const_new("method"), method));
            if let Some(application) = &self.application {
                details.push((Text::const_new("application"), application.clone()));
            }
        }
        let target = Target { kind: "database".into(), name: self.database.clone(), ..Target::default() };
        let value = Some(self.user.clone()).filter(|user| !user.is_empty());
        let (verb, function) = (Verb::Authenticate, "log-in".into());
        out.request(client, Asked { verb, function, target, value, reply, details });
    }
}
