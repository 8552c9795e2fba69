//! Hunts: those that come with Bastide, when each was made last, and what it found.

use crate::{
    config::HuntAsked,
    door::{Fields, Right, Theme, Visitor},
    hunting::{Begun, Hunting},
    pages::{Page, html},
    refusal::Refusal,
    state::State,
    view::{self, HuntList, HuntSaid, HuntView, HuntingView},
    words,
};
use adapt::{
    hunt::{Hunt, built_in},
    stix::Pattern,
};
use askama::Template;
use axum::{
    extract::{Path, State as Reached},
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;

/// How far back the form offers to look, in days.
const DAYS: [u32; 4] = [1, 7, 30, 365];

/// The longest pattern that a form takes, in bytes; a longer one is given to the command line.
const PATTERN_MAX: usize = 16 * 1024;

#[derive(Template)]
#[template(path = "hunts.html")]
struct HuntsPage {
    page: Page,
    list: HuntList,
    hunting: HuntingView,
    days: [u32; 4],
}

#[derive(Template)]
#[template(path = "hunt.html")]
struct HuntPage {
    page: Page,
    hunt: HuntView,
    days: [u32; 4],
}

pub(crate) async fn hunts(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let list = listed(&state)?;
    let page = Page::new(&state, Some(visitor), theme, "Hunts", "/intelligence").at("/hunts");
    let hunting = latest(&state);
    Ok(html(&HuntsPage { page, list, hunting, days: DAYS }))
}

pub(crate) async fn hunt(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let hunt = shown(&state, &name)?;
    let page = Page::new(&state, Some(visitor), theme, format!("Hunt: {}", hunt.title), "/intelligence");
    let page = page.at(hunt.address());
    Ok(html(&HuntPage { page, hunt, days: DAYS }))
}

pub(crate) async fn begin(
    Reached(state): Reached<State>,
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, Refusal> {
    let days = fields.text("days");
    let said = HuntSaid {
        name: Some(fields.text("name").to_owned()),
        pattern: Some(fields.text("pattern").to_owned()),
        days: if days.is_empty() { None } else { Some(days.parse().map_err(|_| unfit_days(days))?) },
    };
    begin_as(&state, &visitor, said)?;
    Ok(Redirect::to("/hunts#answer").into_response())
}

fn unfit_days(days: &str) -> Refusal {
    Refusal::Unfit(format!("`{days}` is not a number of days."))
}

/// Begins a hunt, if it is one and none runs.
pub(crate) fn begin_as(state: &State, visitor: &Visitor, said: HuntSaid) -> Result<(), Refusal> {
    visitor.must(Right::Act)?;
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let asked = match (given(said.name), given(said.pattern)) {
        (Some(name), _) => {
            let hunt = library()?.into_iter().find(|hunt| hunt.name == name);
            let unknown = || Refusal::Unfit(format!("There is no hunt `{name}` in the library."));
            let pattern = hunt.ok_or_else(unknown)?.pattern.trim().to_owned();
            HuntAsked { name: Some(name), pattern, days: said.days }
        }
        (None, Some(pattern)) if pattern.len() > PATTERN_MAX => {
            return Err(Refusal::Unfit(
                "That is too long for a form; give it to `bastide hunt -`.".to_owned(),
            ));
        }
        (None, Some(pattern)) => {
            let problem = Pattern::parse(pattern.trim()).err();
            if let Some(problem) = problem {
                let why = words::capital(&problem.to_string());
                return Err(Refusal::Unfit(format!("That is not a pattern. {why}.")));
            }
            HuntAsked { name: None, pattern: pattern.trim().to_owned(), days: said.days }
        }
        (None, None) => return Err(Refusal::Unfit("Say what to look for.".to_owned())),
    };
    Hunting::begin(state, Begun { by: visitor.name.clone(), asked, time: Timestamp::now() })
}

/// The hunt that runs, and the last one that was made from here.
pub(crate) fn latest(state: &State) -> HuntingView {
    let (running, last) = state.hunting().now();
    view::hunting(&state.city(), running, last)
}

/// Every hunt.
pub(crate) fn listed(state: &State) -> Result<HuntList, Refusal> {
    Ok(view::hunts(&state.city(), library()?, Timestamp::now()))
}

/// One hunt.
pub(crate) fn shown(state: &State, name: &str) -> Result<HuntView, Refusal> {
    let unknown = || Refusal::NotFound("There is no hunt of that name, and none was made.".to_owned());
    view::hunt(&state.city(), library()?, name).ok_or_else(unknown)
}

fn library() -> Result<Vec<Hunt>, Refusal> {
    built_in().map_err(|cause| {
        tracing::error!(%cause, "the library of hunts could not be read");
        Refusal::Internal
    })
}
