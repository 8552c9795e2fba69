//! The conduit matrix, and what stands behind each of its cells.

use crate::{
    door::{Right, Theme, Visitor},
    pages::{
        Page, html,
        past::{Older, PastPart},
    },
    refusal::Refusal,
    state::State,
    view::{self, ConversationList, FindingFilter, MatrixView, Named, PairView, TalkView, Window},
};
use askama::Template;
use axum::{
    extract::{Path, Query, State as Reached},
    response::Response,
};
use std::collections::BTreeMap;
use store::{Question, Table};

/// Beyond so many zones a matrix is a carpet: then only the list is shown.
const MATRIX_MAX: usize = 40;

/// How many conversations are shown at a time.
const PER_PAGE: usize = 50;

#[derive(Template)]
#[template(path = "zones.html")]
struct ZonesPage {
    page: Page,
    has_plan: bool,
    matrix: MatrixView,
    /// The ends along each side; none stands for places in no zone.
    ends: Vec<Option<Named>>,
    rows: Vec<(String, Vec<Option<PairView>>)>,
    strays: Vec<PairView>,
    talks: Vec<TalkView>,
}

#[derive(Template)]
#[template(path = "pair.html")]
struct PairPage {
    page: Page,
    pair: PairView,
    findings: Vec<view::FindingRow>,
    past: PastPart<ConversationList>,
}

pub(crate) async fn zones(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let page = Page::new(&state, Some(visitor), theme, "Zones", "/zones").at("/zones");
    let (matrix, has_plan, talks) = {
        let city = state.city();
        let has_plan = city.plan().is_some();
        (view::matrix(&city), has_plan, if has_plan { Vec::new() } else { view::busiest(&city, 200) })
    };
    let mut ends: Vec<Option<Named>> = matrix
        .zones
        .iter()
        .map(|zone| Some(Named { id: zone.id.clone(), name: zone.name.clone() }))
        .collect();
    if matrix.has_nowhere {
        ends.push(None);
    }
    let cells: BTreeMap<_, &PairView> =
        matrix.pairs.iter().map(|pair| ((&pair.from, &pair.to), pair)).collect();
    let mut rows = Vec::new();
    for from in ends.iter().filter(|_| ends.len() <= MATRIX_MAX) {
        let name = from.as_ref().map_or("No zone", |zone| zone.name.as_str()).to_owned();
        rows.push((name, ends.iter().map(|to| cells.get(&(from, to)).map(|pair| (*pair).clone())).collect()));
    }
    let mut strays: Vec<PairView> = matrix.pairs.iter().filter(|pair| pair.outside > 0).cloned().collect();
    strays.sort_by_key(|pair| std::cmp::Reverse(pair.outside));
    Ok(html(&ZonesPage { page, has_plan, ends, rows, strays, talks, matrix }))
}

pub(crate) async fn pair(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Path((from, to)): Path<(String, String)>,
    Query(older): Query<Older>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let (pair, findings, question) = {
        let city = state.city();
        let pair = view::pair(&city, &from, &to);
        let pair = pair.ok_or_else(|| Refusal::NotFound("The plan has no such pair of zones.".to_owned()))?;
        let about = |rule: &str| FindingFilter { rule: Some(rule.to_owned()), ..FindingFilter::default() };
        let all = Window { offset: 0, limit: 2_000 };
        let ends = |row: &view::FindingRow| {
            let end = |zone: &Option<Named>| zone.as_ref().map_or("-", |zone| zone.id.as_str()).to_owned();
            [&from, &to].contains(&&end(&row.zone))
        };
        let mut findings = view::findings(&city, &about("outside-conduit"), all).findings;
        findings.extend(view::findings(&city, &about("verb-not-allowed"), all).findings);
        findings.retain(ends);
        findings.truncate(20);
        let place = |zone| view::place(city.plan().map(AsRef::as_ref), zone).map_err(Refusal::NotFound);
        let question = Question {
            source: place(&from)?,
            destination: place(&to)?,
            until: older.before,
            ..Question::new(Table::Conversations, PER_PAGE)
        };
        (pair, findings, question)
    };
    let past = state.past(question).await.ok().map(|mut past| {
        let city = state.city();
        // Addresses settle most of it; stations without one, and groups, only the matrix's own rule.
        past.rows.retain(|row| city.plan().is_some_and(|plan| view::is_between(plan, row, &from, &to)));
        view::conversations(&city, &past)
    });
    let title = format!("{} to {}", pair.from_name(), pair.to_name());
    let page = Page::new(&state, Some(visitor), theme, title, "/zones").at(format!("/zones/{}", pair.path()));
    let past = PastPart::new(past, &older, &page.place, |list| list.older);
    Ok(html(&PairPage { page, pair, findings, past }))
}
