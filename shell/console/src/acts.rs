//! What people do, sealed in the log under their names before its effect is shown.

use crate::{door::Peer, refusal::Refusal, state::State};
use store::{Act, ActRecord, Record};

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
    /// Seals a deed. What is not sealed is not done, or at least not shown.
    pub async fn seal(&self, deed: Deed<'_>) -> Result<(), Refusal> {
        let from = match deed.peer {
            Peer::Network { address, .. } => address.to_string(),
            Peer::Socket => "socket".to_owned(),
        };
        let record = Record::Act(ActRecord {
            person: deed.by.map(str::to_owned),
            act: deed.act,
            subject: deed.subject,
            from: Some(from),
            detail: deed.detail,
        });
        self.log().seal(jiff::Timestamp::now(), vec![record]).await.map(|_| ()).map_err(|cause| {
            tracing::error!(%cause, "an act could not be sealed, and was refused");
            Refusal::Unavailable(
                "What people do is sealed in the log first, and the log cannot be written. See Bastide’s own messages.",
            )
        })
    }
}
