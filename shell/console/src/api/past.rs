//! What answers the addresses of history.

use crate::{
    door::{Right, Visitor},
    refusal::Refusal,
    state::State,
    view::{self, ConversationList, Past, PastFilter, RequestList, VerbFilter},
    words,
};
use axum::{
    Json,
    extract::{Query, State as Reached},
};
use store::Table;

/// The parameters as they were sent.
type Sent = Query<Vec<(String, String)>>;

pub(super) async fn conversations(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Query(sent): Sent,
    Query(filter): Query<PastFilter>,
) -> Result<Json<ConversationList>, Refusal> {
    visitor.must(Right::Look)?;
    known(&sent, &[])?;
    let past = ask(&state, Table::Conversations, &filter, &VerbFilter::default()).await?;
    Ok(Json(view::conversations(&state.city(), &past)))
}

pub(super) async fn requests(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Query(sent): Sent,
    Query(filter): Query<PastFilter>,
    Query(verb): Query<VerbFilter>,
) -> Result<Json<RequestList>, Refusal> {
    visitor.must(Right::Look)?;
    known(&sent, &["verb"])?;
    let past = ask(&state, Table::Requests, &filter, &verb).await?;
    Ok(Json(view::requests(&state.city(), &past)))
}

async fn ask(state: &State, table: Table, filter: &PastFilter, verb: &VerbFilter) -> Result<Past, Refusal> {
    let question = filter.question(table, verb, state.city().plan().map(AsRef::as_ref))?;
    state.past(question).await
}

/// Refuses a parameter that nobody knows: a filter that is misspelt would otherwise let everything through.
fn known(sent: &[(String, String)], further: &[&str]) -> Result<(), Refusal> {
    let names = || PastFilter::NAMES.iter().chain(further).copied();
    match sent.iter().find(|(name, _)| names().all(|known| known != name)) {
        None => Ok(()),
        Some((name, _)) => Err(Refusal::Bad(format!(
            "There is no parameter `{name}`; there are {}.",
            words::list(names(), 99)
        ))),
    }
}
