//! What answers the address of defences that others offered.

use super::answer::{Answer, Part};
use crate::{
    door::{Right, Visitor},
    pages::exchange as asked,
    state::State,
    view::ExchangeView,
};
use axum::{
    Json,
    extract::{Query, State as Reached},
};

pub(super) async fn exchange(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Query(part): Query<Part>,
) -> Answer<ExchangeView> {
    visitor.must(Right::Look)?;
    asked::offers(&state, part.window(&visitor)).await.map(Json)
}
