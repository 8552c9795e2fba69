//! What answers the addresses of baselines.

use super::answer::Answer;
use crate::{
    door::{Right, Visitor},
    pages::baseline as acts,
    refusal::Refusal,
    state::State,
    view::{self, BaselineList, RefuseSaid},
};
use axum::{
    Json,
    extract::{Path, State as Reached},
};

pub(super) async fn baseline(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(key): Path<String>,
) -> Answer<BaselineList> {
    visitor.must(Right::Look)?;
    shown(&state, &key)
}

pub(super) async fn refuse(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(key): Path<String>,
    Json(said): Json<RefuseSaid>,
) -> Answer<BaselineList> {
    let address = said.address.as_deref();
    acts::refuse_as(&state, &visitor, &key, address, &said.habit, &said.reason).await?;
    shown(&state, &key)
}

fn shown(state: &State, key: &str) -> Result<Json<BaselineList>, Refusal> {
    view::baselines(&state.city(), key).map(Json).ok_or_else(|| acts::unknown(key))
}
