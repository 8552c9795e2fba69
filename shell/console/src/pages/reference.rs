//! The HTTP API, for whoever writes a programme against it.

use crate::{
    api::{self, Endpoint},
    door::{Right, Theme, Visitor},
    pages::{Page, html},
    refusal::Refusal,
    state::State,
};
use askama::Template;
use axum::{extract::State as Reached, response::Response};

#[derive(Template)]
#[template(path = "reference.html")]
struct ReferencePage {
    page: Page,
    endpoints: &'static [Endpoint],
}

pub(crate) async fn reference(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let page = Page::new(&state, Some(visitor), theme, "The HTTP API", "").at("/api");
    Ok(html(&ReferencePage { page, endpoints: api::ENDPOINTS }))
}
