//! What answers the addresses of what is shared.

use super::answer::Answer;
use crate::{
    config::Ask,
    door::{Right, Visitor},
    pages,
    state::State,
    view::{ShareSaid, ShareView, SharedList},
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
) -> Answer<SharedList> {
    visitor.must(Right::Act)?;
    let (answer, answered) = oneshot::channel();
    let by = visitor.name.clone();
    state.ask(Ask::Withdraw { by, id, answer }, answered).await.map(Json)
}
