//! Someone who came in.

use ::city::Tlp;
use axum::{extract::FromRequestParts, http::request::Parts};
use std::convert::Infallible;
use store::{Person, PersonId, Role};

use crate::refusal::Refusal;

/// How someone proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A token in the request.
    Bearer,
    /// A cookie, with the secret that forms must return and the cookie's own secret.
    Cookie { csrf: String, secret: String },
    /// The Unix socket.
    Socket,
}

/// What may be allowed to some and not to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    /// See the city, its zones, assets and findings, the plan and the log.
    Look,
    /// Act: adopt a plan, decide about responses.
    Act,
    /// See, add and change people and tokens.
    ManagePeople,
    /// Open packets.
    OpenPackets,
    /// See intelligence that is for those alone whom it was sent to (`TLP:RED`).
    SeeRed,
}

/// Someone who came in.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// Under which name their acts are recorded.
    pub name: String,
    /// Whose acts they are: the same, but for a programme that comes with a person's token. Where two people must agree,
    /// a person and their token are one.
    pub holder: String,
    /// Their id; none on the Unix socket.
    pub person: Option<PersonId>,
    pub role: Role,
    pub opens_packets: bool,
    pub wall_screen: bool,
    pub way: Way,
}

impl Visitor {
    /// Someone at this machine who is root or runs Bastide: whoever can reach the socket can reach the files as well.
    pub fn local() -> Visitor {
        Visitor {
            name: "local".to_owned(),
            holder: "local".to_owned(),
            person: None,
            role: Role::Operator,
            opens_packets: true,
            wall_screen: false,
            way: Way::Socket,
        }
    }

    pub fn of(person: &Person, role: Role, name: String, way: Way) -> Visitor {
        Visitor {
            name,
            holder: person.name.clone(),
            person: Some(person.id),
            role,
            opens_packets: person.opens_packets,
            wall_screen: person.wall_screen,
            way,
        }
    }

    pub fn may(&self, right: Right) -> bool {
        if self.wall_screen {
            return false;
        }
        match right {
            Right::Look => true,
            Right::Act => self.role >= Role::Operator,
            // Who lost every passphrase gets in again from the machine itself.
            Right::ManagePeople => self.role >= Role::Approver || self.way == Way::Socket,
            Right::OpenPackets => self.opens_packets,
            // Sent to those who see to it, and not to whoever may look.
            Right::SeeRed => self.role >= Role::Operator,
        }
    }

    /// Refuses what is not theirs, and says who could do it.
    pub fn must(&self, right: Right) -> Result<(), Refusal> {
        if self.may(right) {
            return Ok(());
        }
        Err(Refusal::Forbidden(match right {
            _ if self.wall_screen => "A wall screen shows the city at a glance and nothing else.",
            Right::Look => "This is not yours to see.",
            Right::Act => "This takes an operator. Ask an approver to give you that role.",
            Right::ManagePeople => "This takes an approver.",
            Right::SeeRed => "This is for those alone whom it was sent to. It takes an operator.",
            Right::OpenPackets => {
                "Opening packets is a right of its own, since they hold what people and devices said. An approver can \
                 give it to you."
            }
        }))
    }

    /// The narrowest marking of intelligence that is theirs to see. Of what is narrower nothing is said at all.
    pub fn narrowest(&self) -> Tlp {
        if self.may(Right::SeeRed) { Tlp::Red } else { Tlp::AmberStrict }
    }

    /// The secret that forms must return; empty where no cookie speaks for the visitor.
    pub fn csrf(&self) -> &str {
        match &self.way {
            Way::Cookie { csrf, .. } => csrf,
            Way::Bearer | Way::Socket => "",
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get::<Visitor>().cloned().ok_or(Refusal::SignInFirst)
    }
}

/// Light or dark, as the reader chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As their system has it.
    #[default]
    Auto,
    Dark,
    Light,
}

impl Theme {
    pub fn as_str(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Dark => "dark",
            Theme::Light => "light",
        }
    }

    pub fn parse(text: &str) -> Theme {
        match text {
            "dark" => Theme::Dark,
            "light" => Theme::Light,
            _ => Theme::Auto,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Theme {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Theme>().copied().unwrap_or_default())
    }
}
