//! Follows a log-on through a conversation of another protocol.

use super::message::{Message, Server, User};
use super::parse::parse_message;
use crate::dialogue::{Out, Side};
use crate::gss::Token;
use city::{Trait, WeaknessKind};
use compact_str::format_compact;

/// One conversation's log-on, the last of several.
#[derive(Default)]
pub(crate) struct Session {
    seen: bool,
    user: Option<User>,
    server: Server,
    success: Option<bool>,
    told: bool,
    is_without_row: bool,
}

impl Session {
    /// One of a protocol whose log-ons the field's log has no rows of.
    pub(crate) fn without_row() -> Session {
        Session { is_without_row: true, ..Session::default() }
    }

    /// Reads a token, said by `side`.
    pub(crate) fn token(&mut self, side: Side, token: &Token<'_>, out: &mut Out<'_>) {
        match token.ntlm.and_then(parse_message) {
            Some(Message::Negotiate) => self.seen = true,
            Some(Message::Challenge(server)) => {
                self.seen = true;
                self.identify(side, &server, out);
                self.server = server;
            }
            Some(Message::Authenticate(user)) => {
                self.seen = true;
                if let Some(name) = &user.workstation {
                    out.identity(side, Trait::Name, name, "NTLM workstation", 60);
                }
                if user.is_anonymous {
                    out.weakness(side.other(), WeaknessKind::AnonymousLogin, "NTLM log-on without a name");
                }
                if user.is_version_1 {
                    let name = user.name.as_deref().unwrap_or_default();
                    let detail = format_compact!("NTLM version 1, user name {name}");
                    out.weakness(side, WeaknessKind::ObsoleteProtocol, detail);
                }
                self.user = Some(user);
                self.told = false;
            }
            None => {}
        }
        if let Some(state) = token.state
            && self.user.as_ref().is_some_and(|user| user.name.is_some() || user.workstation.is_some())
            && !self.told
        {
            self.success = Some(state == 0);
            self.tell(out);
        }
    }

    /// Who logs on, once that is known.
    pub(crate) fn user(&self) -> Option<&str> {
        self.user.as_ref()?.name.as_deref()
    }

    fn identify(&self, side: Side, server: &Server, out: &mut Out<'_>) {
        for (name, field) in
            [(&server.computer, "NTLM computer name"), (&server.dns_computer, "NTLM DNS computer name")]
        {
            if let Some(name) = name {
                out.identity(side, Trait::Name, name, field, 80);
            }
        }
        if let Some((major, minor, build)) = server.version.filter(|version| *version != (0, 0, 0)) {
            let version = format_compact!("Windows {major}.{minor}.{build}");
            out.identity(side, Trait::Firmware, &version, "NTLM version", 70);
        }
    }

    /// The conversation is over.
    pub(crate) fn end(&mut self, out: &mut Out<'_>) {
        if self.seen && !self.told {
            self.tell(out);
        }
    }

    fn tell(&mut self, out: &mut Out<'_>) {
        self.told = true;
        if self.is_without_row {
            return;
        }
        out.message(Side::Source, "ntlm", |fields| {
            let user = self.user.as_ref();
            let server = &self.server;
            for (column, value) in [
                ("username", user.and_then(|user| user.name.as_ref())),
                ("hostname", user.and_then(|user| user.workstation.as_ref())),
                ("domainname", user.and_then(|user| user.domain.as_ref())),
                ("server_nb_computer_name", server.computer.as_ref()),
                ("server_dns_computer_name", server.dns_computer.as_ref()),
                ("server_tree_name", server.tree.as_ref()),
            ] {
                if let Some(value) = value {
                    fields.put(column, value.clone());
                }
            }
            if let Some(success) = self.success {
                fields.flag("success", success);
            }
        });
    }
}
