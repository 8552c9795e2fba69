//! What answers the addresses of what is shared, and of what of others' is not acted on.

use super::answer::Answer;
use crate::{
    config::Ask,
    door::{Right, Visitor},
    pages,
    state::State,
    view::{SetAsideSaid, SetAsideView, ShareSaid, ShareView, SharedList, WithdrawSaid, WithdrawnView},
};
use axum::{
    Json,
    extract::{Path, State as Reached},
};
use tokio::sync::oneshot;

pub(super) async fn share(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(incident): Path<u64>,
    Json(said): Json<ShareSaid>,
) -> Answer<ShareView> {
    visitor.must(Right::Act)?;
    let (answer, answered) = oneshot::channel();
    let by = visitor.name.clone();
    let shared = state.ask(Ask::Share { by, incident, said, answer }, answered).await?;
    Ok(Json(*shared))
}

pub(super) async fn shared(Reached(state): Reached<State>, visitor: Visitor) -> Answer<SharedList> {
    visitor.must(Right::Look)?;
    pages::exchange::shared(&state).await.map(Json)
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
    state.ask(Ask::Withdraw { by, id, reason, answer }, answered).await.map(Json)
}

pub(super) async fn set_aside(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Json(said): Json<SetAsideSaid>,
) -> Answer<SetAsideView> {
    visitor.must(Right::Act)?;
    let (answer, answered) = oneshot::channel();
    let by = visitor.name.clone();
    state.ask(Ask::SetAside { by, said, answer }, answered).await.map(Json)
}
