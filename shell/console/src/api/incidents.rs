//! What answers the addresses of incidents.

use super::answer::{Answer, Part};
use crate::{
    door::{Right, Visitor},
    pages::incidents as acts,
    state::State,
    view::{HandleSaid, IncidentFilter, IncidentList, IncidentView, NoticeView, NoticeWanted},
};
use axum::{
    Json,
    extract::{Path, Query, State as Reached},
};

pub(super) async fn incidents(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Query(filter): Query<IncidentFilter>,
    Query(part): Query<Part>,
) -> Answer<IncidentList> {
    visitor.must(Right::Look)?;
    acts::listed(&state, &filter, part.window(&visitor)).await.map(Json)
}

pub(super) async fn incident(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(number): Path<u64>,
) -> Answer<IncidentView> {
    visitor.must(Right::Look)?;
    acts::shown(&state, number).await.map(|(incident, _)| Json(incident))
}

pub(super) async fn notice(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(number): Path<u64>,
    Query(wanted): Query<NoticeWanted>,
) -> Answer<NoticeView> {
    visitor.must(Right::Look)?;
    acts::drafted(&state, number, &wanted).await.map(Json)
}

pub(super) async fn handle(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(number): Path<u64>,
    Json(said): Json<HandleSaid>,
) -> Answer<IncidentView> {
    let number = acts::handle_as(&state, &visitor, number, &said).await?;
    acts::shown(&state, number).await.map(|(incident, _)| Json(incident))
}
