//! What answers the addresses of responses.

use super::answer::{Answer, Part};
use crate::{
    door::{Right, Visitor},
    pages::responses as acts,
    refusal::Refusal,
    state::State,
    view::{self, ContainSaid, ReasonSaid, ResponseFilter, ResponseList, ResponseView},
};
use axum::{
    Json,
    extract::{Path, Query, State as Reached},
};

pub(super) async fn responses(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Query(filter): Query<ResponseFilter>,
    Query(part): Query<Part>,
) -> Answer<ResponseList> {
    visitor.must(Right::Look)?;
    let list = view::responses(&state.city(), &filter, part.window(&visitor));
    list.map(Json).ok_or_else(acts::unknown_state)
}

pub(super) async fn response(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(number): Path<u64>,
) -> Answer<ResponseView> {
    visitor.must(Right::Look)?;
    shown(&state, number)
}

pub(super) async fn contain(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Json(said): Json<ContainSaid>,
) -> Answer<ResponseView> {
    let (address, asset) = (said.address.as_deref(), said.asset.as_deref());
    shown(&state, acts::contain_as(&state, &visitor, address, asset, &said.reason).await?)
}

pub(super) async fn agree(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(number): Path<u64>,
) -> Answer<ResponseView> {
    shown(&state, acts::agree_as(&state, &visitor, number).await?)
}

pub(super) async fn dismiss(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(number): Path<u64>,
    Json(said): Json<ReasonSaid>,
) -> Answer<ResponseView> {
    shown(&state, acts::dismiss_as(&state, &visitor, number, &said.reason).await?)
}

pub(super) async fn release(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(number): Path<u64>,
    Json(said): Json<ReasonSaid>,
) -> Answer<ResponseView> {
    shown(&state, acts::release_as(&state, &visitor, number, &said.reason).await?)
}

fn shown(state: &State, number: u64) -> Result<Json<ResponseView>, Refusal> {
    view::response(&state.city(), number).map(Json).ok_or_else(|| acts::unknown(number))
}
