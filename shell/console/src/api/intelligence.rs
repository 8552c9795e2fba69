//! What answers the addresses of intelligence.

use super::answer::{Answer, Limit, Part};
use crate::{
    door::{Right, Visitor},
    pages::intelligence as asked,
    state::State,
    view::{self, IntelligenceView, IntelligenceWanted, KnownFilter, KnownList, KnownView, SightingList},
};
use axum::{
    Json,
    extract::{Path, Query, State as Reached},
};

pub(super) async fn intelligence(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Query(wanted): Query<IntelligenceWanted>,
) -> Answer<IntelligenceView> {
    visitor.must(Right::Look)?;
    asked::glance(&state, &visitor, &wanted).await.map(Json)
}

pub(super) async fn sightings(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Query(part): Query<Part>,
) -> Answer<SightingList> {
    visitor.must(Right::Look)?;
    Ok(Json(view::sightings(&state.city(), visitor.narrowest(), part.window(&visitor))))
}

pub(super) async fn known(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Query(filter): Query<KnownFilter>,
    Query(limit): Query<Limit>,
) -> Answer<KnownList> {
    visitor.must(Right::Look)?;
    asked::listed(&state, &visitor, &filter, limit.get()).await.map(Json)
}

pub(super) async fn one(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer<KnownView> {
    visitor.must(Right::Look)?;
    asked::shown(&state, &visitor, &id).await.map(Json)
}
