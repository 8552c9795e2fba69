//! Exchange: defences that others offered and what became of them, and what this city shares, with whom.

use crate::{
    config::Ask,
    door::{Right, Theme, Visitor},
    pages::{Page, Pager, html, intelligence::unread, page_address},
    refusal::Refusal,
    state::{State, window},
    time::Moment,
    view::{self, ExchangeView, SharedList, SharedView, Window},
};
use askama::Template;
use axum::{
    extract::{Query, State as Reached},
    response::Response,
};
use serde::Deserialize;
use tokio::sync::oneshot;

/// Defences on one page: each is looked up by its id.
const PER_PAGE: usize = 25;

/// The most of what is shared that a page shows; the API has it all.
const SHARES_MAX: usize = 200;

#[derive(Template)]
#[template(path = "exchange.html")]
struct ExchangePage {
    page: Page,
    view: ExchangeView,
    pager: Pager,
    /// What is shared, what was made last first; or why nothing is.
    shared: Result<SharedList, String>,
}

#[derive(Deserialize)]
pub(crate) struct Part {
    page: Option<usize>,
}

impl ExchangePage {
    /// What is shared, as much as a page shows, the latest first.
    fn latest(&self) -> Vec<&SharedView> {
        let mut shares: Vec<&SharedView> =
            self.shared.iter().flat_map(|shared| shared.shares.iter()).collect();
        shares.sort_by(|a, b| b.modified.cmp(&a.modified));
        shares.truncate(SHARES_MAX);
        shares
    }

    /// Who may read something that is shared.
    fn readers(&self, share: &SharedView) -> String {
        view::readers(&self.view.peers, &share.tlp)
    }

    /// When something that is shared was made.
    fn made(&self, share: &SharedView) -> Option<Moment> {
        Some(self.page.short(&share.modified.parse().ok()?))
    }
}

pub(crate) async fn exchange(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Query(part): Query<Part>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let view = offers(&state, window(part.page, PER_PAGE)).await?;
    let shared = shared(&state).await.map_err(|refusal| refusal.words());
    let pager = Pager::new(view.total, view.offset, view.offers.len(), PER_PAGE, |page| {
        page_address("/exchange", &[], page)
    });
    let place = page_address("/exchange", &[], part.page.unwrap_or(1));
    let page = Page::new(&state, Some(visitor), theme, "Exchange", "/intelligence").at(place);
    Ok(html(&ExchangePage { page, view, pager, shared }))
}

/// Defences that others offered.
pub(crate) async fn offers(state: &State, window: Window) -> Result<ExchangeView, Refusal> {
    let ids = view::offered_ids(&state.city(), window);
    let mut withdrawn = Vec::new();
    for id in ids {
        let readings = state.intelligence().object(&id).await.map_err(unread)?;
        if readings.iter().any(|kept| kept.revoked) {
            withdrawn.push(id);
        }
    }
    Ok(view::exchange(&state.city(), window, &withdrawn))
}

/// What others can read.
pub(crate) async fn shared(state: &State) -> Result<SharedList, Refusal> {
    let (answer, answered) = oneshot::channel();
    state.ask(Ask::Shared { answer }, answered).await
}
