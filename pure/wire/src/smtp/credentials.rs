//! Logins (RFC 4954): the user's name is kept, and whether anybody knows the password already.

use crate::http::is_default;
use crate::show::{VALUE_BYTES_MAX, readable};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use city::Text;

/// A mechanism that is read (RFC 4616; LOGIN is described only in a draft, and still in use).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mechanism {
    Plain,
    Login,
    /// One of which only the name is told; whether it sends a password readable is not known.
    Other,
}

/// A login that is going on.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) mechanism: Mechanism,
    /// Its name, if it is one that is known.
    pub(super) name: &'static str,
    pub(super) user: Option<Text>,
    /// Whether a password was seen.
    pub(super) has_password: bool,
    pub(super) is_default: bool,
}

impl Login {
    /// By `AUTH name`.
    pub(super) fn begin(name: &[u8]) -> Login {
        let (mechanism, name) = match name.to_ascii_uppercase().as_slice() {
            b"PLAIN" => (Mechanism::Plain, "PLAIN"),
            b"LOGIN" => (Mechanism::Login, "LOGIN"),
            b"CRAM-MD5" => (Mechanism::Other, "CRAM-MD5"),
            b"DIGEST-MD5" => (Mechanism::Other, "DIGEST-MD5"),
            b"GSSAPI" => (Mechanism::Other, "GSSAPI"),
            b"NTLM" => (Mechanism::Other, "NTLM"),
            b"OAUTHBEARER" => (Mechanism::Other, "OAUTHBEARER"),
            b"SCRAM-SHA-1" => (Mechanism::Other, "SCRAM-SHA-1"),
            b"SCRAM-SHA-256" => (Mechanism::Other, "SCRAM-SHA-256"),
            b"XOAUTH2" => (Mechanism::Other, "XOAUTH2"),
            _ => (Mechanism::Other, "unknown"),
        };
        Login { mechanism, name, user: None, has_password: false, is_default: false }
    }

    /// What the client says to it, in base64.
    pub(super) fn hear(&mut self, said: &[u8]) {
        let Ok(said) = STANDARD.decode(said) else { return };
        match self.mechanism {
            // Whom to act for, who asks, and the password, with zeros between them (RFC 4616 clause 2).
            Mechanism::Plain => {
                let mut parts = said.split(|byte| *byte == 0);
                if let (Some(_), Some(user), Some(password)) = (parts.next(), parts.next(), parts.next()) {
                    self.know(user, Some(password));
                }
            }
            Mechanism::Login if self.user.is_none() => self.know(&said, None),
            Mechanism::Login if !self.has_password => {
                let user = self.user.take().unwrap_or_default();
                self.know(user.as_bytes(), Some(&said));
            }
            _ => {}
        }
    }

    fn know(&mut self, user: &[u8], password: Option<&[u8]>) {
        let user = readable(user, VALUE_BYTES_MAX);
        if let Some(password) = password {
            self.has_password = true;
            self.is_default = is_default(&user, &String::from_utf8_lossy(password));
        }
        self.user = Some(user);
    }
}
