//! What answers the addresses of hunts.

use super::answer::Answer;
use crate::{
    door::{Right, Visitor},
    pages::hunts as asked,
    state::State,
    view::{HuntList, HuntSaid, HuntView, HuntingView},
};
use axum::{
    Json,
    extract::{Path, State as Reached},
};

pub(super) async fn hunts(Reached(state): Reached<State>, visitor: Visitor) -> Answer<HuntList> {
    visitor.must(Right::Look)?;
    asked::listed(&state).map(Json)
}

pub(super) async fn begin(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Json(said): Json<HuntSaid>,
) -> Answer<HuntingView> {
    asked::begin_as(&state, &visitor, said)?;
    Ok(Json(asked::latest(&state)))
}

pub(super) async fn latest(Reached(state): Reached<State>, visitor: Visitor) -> Answer<HuntingView> {
    visitor.must(Right::Look)?;
    Ok(Json(asked::latest(&state)))
}

pub(super) async fn hunt(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Answer<HuntView> {
    visitor.must(Right::Look)?;
    asked::shown(&state, &name).map(Json)
}
