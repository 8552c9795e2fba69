//! Intelligence: what others told, what of it was seen here, and one object of it.

use crate::{
    door::{Right, Theme, Visitor},
    pages::{Page, Pager, html, page_address},
    refusal::Refusal,
    state::{State, window},
    view::{
        self, IntelligenceView, IntelligenceWanted, KnownFilter, KnownList, KnownRow, KnownView,
        SightingView, Stand, TYPES, TellerView,
    },
};
use ::city::Tlp;
use askama::Template;
use axum::{
    extract::{Path, Query, State as Reached},
    response::Response,
};
use jiff::Timestamp;
use serde::Deserialize;
use store::{IntelligenceError, intelligence::Kept};

/// Sightings on one page, and objects.
const PER_PAGE: usize = 50;

/// The longest text of an object that is shown on its page, in bytes; the API has it all.
const SHOWN_MAX: usize = 64 * 1024;

#[derive(Template)]
#[template(path = "intelligence.html")]
struct IntelligencePage {
    page: Page,
    view: IntelligenceView,
    value: String,
    sightings: Vec<SightingView>,
    total: usize,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "known.html")]
struct KnownPage {
    page: Page,
    list: Vec<KnownRow>,
    kind: String,
    source: String,
    sources: Vec<(String, String)>,
    is_latest: bool,
    older: Option<String>,
}

#[derive(Template)]
#[template(path = "known_one.html")]
struct OnePage {
    page: Page,
    known: KnownView,
    /// The object as it is kept; none if it is too long for a page.
    text: Option<String>,
}

impl IntelligencePage {
    /// The address of what a source told.
    fn known_of(&self, source: &TellerView) -> String {
        page_address("/intelligence/known", &[("source", &Some(source.id.clone()))], 1)
    }
}

impl OnePage {
    /// What people call objects of its kind.
    fn type_words(&self) -> &str {
        let kind = self.known.row.object_type.as_str();
        TYPES.iter().find(|(known, _)| *known == kind).map_or(kind, |(_, words)| words)
    }
}

#[derive(Deserialize)]
pub(crate) struct Part {
    page: Option<usize>,
}

pub(crate) async fn intelligence(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Query(wanted): Query<IntelligenceWanted>,
    Query(part): Query<Part>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let view = glance(&state, &visitor, &wanted).await?;
    let list = view::sightings(&state.city(), visitor.narrowest(), window(part.page, PER_PAGE));
    let fields = [("value", &wanted.value)];
    let pager = Pager::new(list.total, list.offset, list.sightings.len(), PER_PAGE, |page| {
        page_address("/intelligence", &[], page)
    });
    let place = page_address("/intelligence", &fields, part.page.unwrap_or(1));
    let page = Page::new(&state, Some(visitor), theme, "Intelligence", "/intelligence").at(place);
    let value = wanted.value.unwrap_or_default();
    Ok(html(&IntelligencePage { page, view, value, sightings: list.sightings, total: list.total, pager }))
}

pub(crate) async fn known(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Query(filter): Query<KnownFilter>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let list = listed(&state, &visitor, &filter, PER_PAGE).await?;
    let sources = {
        let (city, watching) = (state.city(), state.watching());
        let named = watching.sources.keys().map(|id| (id.clone(), view::source_name(&city, id)));
        named.collect()
    };
    let fields = [("type", &filter.object_type), ("source", &filter.source)];
    let place = page_address("/intelligence/known", &fields, 1);
    let older = list.before.map(|before| {
        let before = Some(before.to_string());
        let fields = [("type", &filter.object_type), ("source", &filter.source), ("before", &before)];
        page_address("/intelligence/known", &fields, 1)
    });
    let page = Page::new(&state, Some(visitor), theme, "What others told", "/intelligence").at(place);
    Ok(html(&KnownPage {
        page,
        list: list.objects,
        kind: kind(&filter).to_owned(),
        source: filter.source.unwrap_or_default(),
        sources,
        is_latest: filter.before.is_none(),
        older,
    }))
}

pub(crate) async fn one(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let known = shown(&state, &visitor, &id).await?;
    let text = serde_json::to_string_pretty(&known.object).ok().filter(|text| text.len() <= SHOWN_MAX);
    let page = Page::new(&state, Some(visitor), theme, known.row.title(), "/intelligence");
    let page = page.at(format!("/intelligence/known/{}", known.row.id));
    Ok(html(&OnePage { page, known, text }))
}

/// What others know, at a glance.
pub(crate) async fn glance(
    state: &State,
    visitor: &Visitor,
    wanted: &IntelligenceWanted,
) -> Result<IntelligenceView, Refusal> {
    let readings = state.readings().await?;
    Ok(view::intelligence(&state.city(), &state.watching(), &readings, wanted, visitor.narrowest()))
}

/// The objects that are wanted.
pub(crate) async fn listed(
    state: &State,
    visitor: &Visitor,
    filter: &KnownFilter,
    limit: usize,
) -> Result<KnownList, Refusal> {
    let source = filter.source.as_deref().filter(|source| !source.is_empty());
    let latest =
        state.intelligence().latest(kind(filter), source, visitor.narrowest(), filter.before, limit).await;
    let latest = latest.map_err(unread)?;
    let (city, watching) = (state.city(), state.watching());
    let stand = Stand::new(&city, &watching, Timestamp::now());
    Ok(KnownList {
        objects: latest.objects.iter().map(|kept| stand.row(kept)).collect(),
        before: latest.before,
    })
}

/// One object that is known, and theirs to see.
pub(crate) async fn shown(state: &State, visitor: &Visitor, id: &str) -> Result<KnownView, Refusal> {
    let unknown =
        || Refusal::NotFound("Nobody told this city of that, or it is not yours to see.".to_owned());
    let readings = state.intelligence().object(id).await.map_err(unread)?;
    let readings = theirs(readings, visitor.narrowest()).ok_or_else(unknown)?;
    let (city, watching) = (state.city(), state.watching());
    Stand::new(&city, &watching, Timestamp::now()).known(&readings).ok_or_else(unknown)
}

/// Readings, if none is narrower than somebody may see: what is said twice is as narrow as where it is narrowest.
fn theirs(readings: Vec<Kept>, narrowest: Tlp) -> Option<Vec<Kept>> {
    readings.iter().all(|kept| kept.tlp <= narrowest).then_some(readings)
}

fn kind(filter: &KnownFilter) -> &str {
    filter.object_type.as_deref().filter(|kind| !kind.is_empty()).unwrap_or("indicator")
}

pub(crate) fn unread(cause: IntelligenceError) -> Refusal {
    tracing::error!(%cause, "what others told could not be read");
    Refusal::Internal
}
