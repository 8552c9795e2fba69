//! What people do, sealed in the log under their names before its effect is shown.

use crate::{door::Peer, refusal::Refusal, state::State};

/// The kinds of act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    LinkMade,
    LinkUsed,
    PacketsOpened,
    PassphraseSet,
    PersonAdded,
    PersonChanged,
    SignIn,
    SignInFailed,
    SignOut,
    TokenMade,
    TokenRevoked,
}

/// Something that someone does here.
pub(crate) struct Deed<'a> {
    /// Who, by name; none if nobody signed in.
    pub by: Option<&'a str>,
    pub peer: Peer,
    pub act: Act,
    /// What it is done to.
    pub subject: Option<String>,
    /// Anything else that matters, in plain words. Never a secret.
    pub detail: Option<String>,
}

impl State {
    /// Seals a deed. What is not sealed is not done.
    pub async fn seal(&self, deed: Deed<'_>) -> Result<(), Refusal> {
        let from = match deed.peer {
            Peer::Network { address, .. } => address.to_string(),
            Peer::Socket => "socket".to_owned(),
        };
        tracing::info!(by = deed.by, act = ?deed.act, subject = deed.subject, detail = deed.detail, from, "sealed");
        Ok(())
    }
}
