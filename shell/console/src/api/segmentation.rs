//! What answers the addresses of the firewall and of rehearsals.

use super::answer::Answer;
use crate::{
    door::{Right, Visitor},
    pages::segmentation as acts,
    state::State,
    view::{self, FirewallView, RehearsalView, RehearseSaid},
};
use axum::{Json, extract::State as Reached};

pub(super) async fn firewall(Reached(state): Reached<State>, visitor: Visitor) -> Answer<FirewallView> {
    visitor.must(Right::Look)?;
    Ok(Json(view::firewall(&state.city())))
}

pub(super) async fn rehearse(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Json(said): Json<RehearseSaid>,
) -> Answer<RehearsalView> {
    acts::rehearse_as(&state, &visitor, said.since_days).await?;
    Ok(Json(view::rehearsal(state.rehearsals())))
}

pub(super) async fn latest(Reached(state): Reached<State>, visitor: Visitor) -> Answer<RehearsalView> {
    visitor.must(Right::Look)?;
    Ok(Json(view::rehearsal(state.rehearsals())))
}
