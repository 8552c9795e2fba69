//! What answers the addresses of recovery.

use super::answer::Answer;
use crate::{
    config::Ask,
    door::{Peer, Right, Visitor},
    pages::{
        recovery::{lost_words, restoration},
        responses::DECISION,
        run as acts,
    },
    refusal::Refusal,
    state::State,
    view::{self, RecoveryStateView, RestorationView, RunRow, RunSaid, RunView, TickSaid},
    words,
};
use ::city::Observation;
use axum::{
    Json,
    extract::{Path, Query, State as Reached},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

/// What is lost.
#[derive(Deserialize, JsonSchema)]
#[expect(
    dead_code,
    reason = "a query is read as pairs, for it may say `lost` several times; this describes it"
)]
pub(crate) struct LostSaid {
    /// What is lost: `everything`, `site:ID`, `zone:ID`, `asset:ID`, `supplier:ID`, `service:ID`, `repository:ID`,
    /// `role:WORD`, `product:PATTERN`. May be given several times.
    lost: String,
}

/// Restorations that people work through.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RunList {
    /// The one ticked last first.
    runs: Vec<RunRow>,
}

/// The most that is sent of what came of backups and drills: a night's, each with the names of files in doubt.
pub(super) const OBSERVATIONS_MAX: usize = 4 << 20;

/// What came of backups, drills and looks at repositories.
#[derive(Deserialize)]
struct ObservationsSaid {
    observations: Vec<Observation>,
}

/// What was taken note of.
#[derive(Serialize, JsonSchema)]
pub(crate) struct NotedView {
    /// How many observations: what each means is sealed.
    noted: usize,
}

pub(super) async fn recovery(Reached(state): Reached<State>, visitor: Visitor) -> Answer<RecoveryStateView> {
    visitor.must(Right::Look)?;
    let none = || Refusal::NotFound("There is no plan, so nothing says what must come back.".to_owned());
    view::recovery(&state.city()).map(Json).ok_or_else(none)
}

pub(super) async fn way(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Query(asked): Query<Vec<(String, String)>>,
) -> Answer<RestorationView> {
    visitor.must(Right::Look)?;
    restoration(&state, lost_words(&asked)).await.map(Json)
}

pub(super) async fn runs(Reached(state): Reached<State>, visitor: Visitor) -> Answer<RunList> {
    visitor.must(Right::Look)?;
    Ok(Json(RunList { runs: acts::run_rows(&state).await? }))
}

pub(super) async fn run(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer<RunView> {
    visitor.must(Right::Look)?;
    acts::run_view(&state, &id).await.map(Json)
}

pub(super) async fn begin(
    Reached(state): Reached<State>,
    visitor: Visitor,
    peer: Peer,
    Json(said): Json<RunSaid>,
) -> Answer<RunView> {
    let minutes = said.minutes_ago.unwrap_or(0);
    let id = acts::begin_as(&state, &visitor, peer, &said.lost, minutes).await?;
    acts::run_view(&state, &id).await.map(Json)
}

pub(super) async fn tick(
    Reached(state): Reached<State>,
    visitor: Visitor,
    peer: Peer,
    Path(id): Path<String>,
    Json(said): Json<TickSaid>,
) -> Answer<RunView> {
    let note = said.note.as_deref().unwrap_or_default();
    acts::tick_as(&state, &visitor, peer, &id, &said.step, &said.state, note).await?;
    acts::run_view(&state, &id).await.map(Json)
}

/// Takes note of what a command did: backups, drills, looks at repositories, packs, intelligence, hunts; in their order.
pub(super) async fn observe(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Json(said): Json<serde_json::Value>,
) -> Answer<NotedView> {
    visitor.must(Right::Act)?;
    // Not read at once into their type, so that what is wrong can be told.
    let said: ObservationsSaid = serde_json::from_value(said)
        .map_err(|cause| Refusal::Unfit(format!("These are no observations: {cause}.")))?;
    let is_of_people = |fact: &::city::Observed| fact.is_of_recovery() || fact.is_of_intelligence();
    if !said.observations.iter().all(|observation| is_of_people(&observation.fact)) {
        return Err(Refusal::Unfit(
            "Only what came of backups, drills, repositories, packs, intelligence and hunts can be told; what devices \
             do is seen."
                .to_owned(),
        ));
    }
    let mut noted = 0;
    for observation in said.observations {
        let (answer, answered) = oneshot::channel();
        let busy = "Bastide is busy or stopping. Try again in a moment.";
        let ask = Ask::Told { observation: Box::new(observation), answer };
        let sent = tokio::time::timeout(DECISION, state.asks().send(ask)).await;
        sent.map_err(|_| Refusal::Unavailable(busy))?.map_err(|_| Refusal::Unavailable(busy))?;
        let answered = tokio::time::timeout(DECISION, answered).await;
        let told =
            answered.map_err(|_| Refusal::Unavailable(busy))?.map_err(|_| Refusal::Unavailable(busy))?;
        told.map_err(|why| Refusal::Conflict(words::capital(&format!("{why}."))))?;
        noted += 1;
    }
    Ok(Json(NotedView { noted }))
}
