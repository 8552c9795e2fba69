//! What answers the addresses of what is shared, and of what of others' is not acted on.

use super::answer::Answer;
use crate::{
    config::Ask,
    door::{Right, Visitor},
    pages::responses::DECISION,
    refusal::Refusal,
    state::State,
    view::{SetAsideSaid, SetAsideView, ShareSaid, ShareView, SharedList, WithdrawSaid, WithdrawnView},
    words,
};
use axum::{
    Json,
    extract::{Path, State as Reached},
};
use tokio::sync::oneshot;

const BUSY: Refusal = Refusal::Unavailable("Bastide is busy or stopping. Try again in a moment.");

pub(super) async fn share(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(incident): Path<u64>,
    Json(said): Json<ShareSaid>,
) -> Answer<ShareView> {
    visitor.must(Right::Act)?;
    let (answer, answered) = oneshot::channel();
    let by = visitor.name.clone();
    let shared = asked(&state, Ask::Share { by, incident, said, answer }, answered).await?;
    Ok(Json(*shared))
}

pub(super) async fn shared(Reached(state): Reached<State>, visitor: Visitor) -> Answer<SharedList> {
    visitor.must(Right::Look)?;
    let (answer, answered) = oneshot::channel();
    asked(&state, Ask::Shared { answer }, answered).await.map(Json)
}

pub(super) async fn withdraw(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(id): Path<String>,
    Json(WithdrawSaid { reason }): Json<WithdrawSaid>,
) -> Answer<WithdrawnView> {
    visitor.must(Right::Act)?;
    let (answer, answered) = oneshot::channel();
    let by = visitor.name.clone();
    asked(&state, Ask::Withdraw { by, id, reason, answer }, answered).await.map(Json)
}

pub(super) async fn set_aside(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Json(said): Json<SetAsideSaid>,
) -> Answer<SetAsideView> {
    visitor.must(Right::Act)?;
    let (answer, answered) = oneshot::channel();
    let by = visitor.name.clone();
    asked(&state, Ask::SetAside { by, said, answer }, answered).await.map(Json)
}

/// Asks, and waits for the answer.
async fn asked<T>(
    state: &State,
    ask: Ask,
    answered: oneshot::Receiver<Result<T, String>>,
) -> Result<T, Refusal> {
    state.asks().try_send(ask).map_err(|_| BUSY)?;
    let answered = tokio::time::timeout(DECISION, answered).await.map_err(|_| BUSY)?;
    let answered = answered.map_err(|_| BUSY)?;
    answered.map_err(|why| Refusal::Conflict(words::capital(&format!("{}.", why.trim_end_matches('.')))))
}
