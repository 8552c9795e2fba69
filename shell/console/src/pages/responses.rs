//! Responses: what waits for a person, what is contained, and what was decided.

use crate::{
    config::Ask,
    door::{Fields, Right, Theme, Visitor},
    pages::{Page, Pager, html, page_address},
    refusal::Refusal,
    state::{State, window},
    view::{self, ByHandView, ResponseCounts, ResponseFilter, ResponseRow},
    words,
};
use ::city::{Address, Decision, Text};
use askama::Template;
use axum::{
    extract::{Path, Query, State as Reached},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use std::{net::IpAddr, time::Duration};
use tokio::sync::oneshot;

/// How long the loop may take to carry a decision.
pub(crate) const DECISION: Duration = Duration::from_secs(20);

/// The most letters of a reason: it is sealed and kept for good.
const REASON_MAX: usize = 500;

const PER_PAGE: usize = 50;

#[derive(Template)]
#[template(path = "responses.html")]
struct ResponsesPage {
    page: Page,
    headline: String,
    /// Those of each kind, with an id and a title.
    groups: [(&'static str, &'static str, Vec<ResponseRow>); 3],
    total: usize,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "response.html")]
struct ResponsePage {
    page: Page,
    response: ResponseRow,
    by_hand: Vec<ByHandView>,
}

#[derive(Deserialize)]
pub(crate) struct Part {
    page: Option<usize>,
}

pub(crate) async fn responses(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Query(filter): Query<ResponseFilter>,
    Query(part): Query<Part>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let (list, counts) = {
        let city = state.city();
        (view::responses(&city, &filter, window(part.page, PER_PAGE)), ResponseCounts::of(&city))
    };
    let list = list.ok_or_else(unknown_state)?;
    let fields = [("state", &filter.state)];
    let pager = Pager::new(list.total, list.offset, list.responses.len(), PER_PAGE, |page| {
        page_address("/responses", &fields, page)
    });
    let place = page_address("/responses", &fields, part.page.unwrap_or(1));
    let page = Page::new(&state, Some(visitor), theme, "Responses", "/responses").at(place);
    let sentence = counts.sentence();
    let headline = match (sentence.is_empty(), list.total) {
        (false, _) => sentence,
        (true, 0) => "No device has had to be contained.".to_owned(),
        (true, _) => "Nothing waits for a decision, and no device is contained.".to_owned(),
    };
    let (waiting, rest): (Vec<_>, Vec<_>) = list.responses.into_iter().partition(ResponseRow::waits);
    let (over, contained): (Vec<_>, Vec<_>) = rest.into_iter().partition(ResponseRow::is_over);
    let groups = [
        ("waiting", "Waits for a person", waiting),
        ("contained", "Contained", contained),
        ("over", "Over", over),
    ];
    Ok(html(&ResponsesPage { page, headline, groups, total: list.total, pager }))
}

pub(crate) async fn response(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Path(number): Path<u64>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let found = view::response(&state.city(), number).ok_or_else(|| unknown(number))?;
    let title = format!("Response {number}: {}", found.row.headline);
    let page =
        Page::new(&state, Some(visitor), theme, title, "/responses").at(format!("/responses/{number}"));
    Ok(html(&ResponsePage { page, response: found.row, by_hand: found.by_hand }))
}

pub(crate) async fn contain(
    Reached(state): Reached<State>,
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, Refusal> {
    let given = |name| Some(fields.text(name)).filter(|text| !text.is_empty());
    contain_as(&state, &visitor, given("address"), given("asset"), fields.text("reason")).await.map(shown)
}

pub(crate) async fn agree(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(number): Path<u64>,
    _: Fields,
) -> Result<Response, Refusal> {
    agree_as(&state, &visitor, number).await.map(shown)
}

pub(crate) async fn dismiss(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(number): Path<u64>,
    fields: Fields,
) -> Result<Response, Refusal> {
    dismiss_as(&state, &visitor, number, fields.text("reason")).await.map(shown)
}

pub(crate) async fn release(
    Reached(state): Reached<State>,
    visitor: Visitor,
    Path(number): Path<u64>,
    fields: Fields,
) -> Result<Response, Refusal> {
    release_as(&state, &visitor, number, fields.text("reason")).await.map(shown)
}

fn shown(number: u64) -> Response {
    Redirect::to(&format!("/responses/{number}")).into_response()
}

/// Contains a device, by its address or its asset's id.
pub(crate) async fn contain_as(
    state: &State,
    visitor: &Visitor,
    address: Option<&str>,
    asset: Option<&str>,
    reason: &str,
) -> Result<u64, Refusal> {
    visitor.must(Right::Act)?;
    let reason = reason_of(visitor, reason)?;
    let target: IpAddr = match (address, asset) {
        (Some(address), None) => address
            .trim()
            .parse()
            .map_err(|_| Refusal::Unfit(format!("`{address}` is not an IP address.")))?,
        (None, Some(asset)) => view::target(&state.city(), asset.trim()).map_err(Refusal::Unfit)?,
        _ => return Err(Refusal::Unfit("Name the device by one of `address` and `asset`.".to_owned())),
    };
    if !Address::Ip(target).is_station() {
        return Err(Refusal::Unfit(format!("{target} is not one device’s address.")));
    }
    decide(state, visitor, Decision::Contain { target, reason }).await
}

/// Agrees to a response.
pub(crate) async fn agree_as(state: &State, visitor: &Visitor, number: u64) -> Result<u64, Refusal> {
    visitor.must(Right::Act)?;
    target_of(state, number)?;
    decide(state, visitor, Decision::Agree { response: number }).await
}

/// Decides that a response shall not be done.
pub(crate) async fn dismiss_as(
    state: &State,
    visitor: &Visitor,
    number: u64,
    reason: &str,
) -> Result<u64, Refusal> {
    visitor.must(Right::Act)?;
    let reason = reason_of(visitor, reason)?;
    target_of(state, number)?;
    decide(state, visitor, Decision::Dismiss { response: number, reason }).await
}

/// Connects the device of a response again.
pub(crate) async fn release_as(
    state: &State,
    visitor: &Visitor,
    number: u64,
    reason: &str,
) -> Result<u64, Refusal> {
    visitor.must(Right::Act)?;
    let reason = reason_of(visitor, reason)?;
    // A device is released, not a response: one that is over must not release what a later one contains.
    let (target, over) = target_of(state, number)?;
    if over {
        return Err(Refusal::Conflict("That response is over.".to_owned()));
    }
    decide(state, visitor, Decision::Release { target, reason }).await
}

/// Asks the one loop to carry a decision, and returns the number of the response.
async fn decide(state: &State, visitor: &Visitor, decision: Decision) -> Result<u64, Refusal> {
    let (answer, answered) = oneshot::channel();
    let ask = Ask::Decide { by: visitor.holder.clone(), decision, answer };
    let busy = "Bastide is busy or stopping. Try again in a moment.";
    state.asks().try_send(ask).map_err(|_| Refusal::Unavailable(busy))?;
    let answered = tokio::time::timeout(DECISION, answered).await.map_err(|_| Refusal::Unavailable(busy))?;
    let answered = answered.map_err(|_| Refusal::Unavailable(busy))?;
    let response = answered
        .map_err(|why| Refusal::Conflict(words::capital(&format!("{}.", why.trim_end_matches('.')))))?;
    Ok(response.number)
}

/// The address that a response is about, and whether it is over.
fn target_of(state: &State, number: u64) -> Result<(IpAddr, bool), Refusal> {
    let city = state.city();
    let found = city.responses().find(|response| response.number == number);
    found.map(|response| (response.target, response.state.is_over())).ok_or_else(|| unknown(number))
}

/// Why something is decided, as it is sealed. A programme that comes with a person's token is named too.
pub(crate) fn reason_of(visitor: &Visitor, reason: &str) -> Result<Text, Refusal> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Refusal::Unfit("Say why: the reason is sealed with the decision.".to_owned()));
    }
    if reason.chars().count() > REASON_MAX {
        return Err(Refusal::Unfit(format!("A reason has {REASON_MAX} letters at most.")));
    }
    if visitor.name == visitor.holder {
        return Ok(Text::from(reason));
    }
    Ok(Text::from(format!("{reason} (by {})", visitor.name)))
}

pub(crate) fn unknown(number: u64) -> Refusal {
    Refusal::NotFound(format!("There is no response {number} in this city."))
}

pub(crate) fn unknown_state() -> Refusal {
    Refusal::Bad("`state` is `open` or `all`.".to_owned())
}
