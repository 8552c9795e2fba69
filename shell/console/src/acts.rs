//! What people do, sealed in the log under their names before its effect is shown.

use crate::{config::Ask, door::Peer, pages::responses::DECISION, refusal::Refusal, state::State, words};
use store::{Act, ActRecord, Record};
use tokio::sync::oneshot;

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
    /// Asks those who carry acts out, and waits for the answer.
    pub async fn ask<T>(
        &self,
        ask: Ask,
        answered: oneshot::Receiver<Result<T, String>>,
    ) -> Result<T, Refusal> {
        const BUSY: Refusal = Refusal::Unavailable("Bastide is busy or stopping. Try again in a moment.");
        self.asks().try_send(ask).map_err(|_| BUSY)?;
        let answered = tokio::time::timeout(DECISION, answered).await.map_err(|_| BUSY)?;
        let answered = answered.map_err(|_| BUSY)?;
        answered.map_err(|why| Refusal::Conflict(words::capital(&format!("{}.", why.trim_end_matches('.')))))
    }

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
