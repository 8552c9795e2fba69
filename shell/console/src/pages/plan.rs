//! The plan: its text with what is wrong in it, what it declares, and adopting it.

use crate::{
    config::Ask,
    door::{Fields, Right, Theme, Visitor},
    pages::{Page, html, log::unread},
    refusal::Refusal,
    state::State,
    view::{self, AdoptedView, DiagnosticView, PlanView},
    words,
};
use askama::Template;
use axum::{
    extract::State as Reached,
    response::{IntoResponse, Redirect, Response},
};
use std::{collections::BTreeMap, time::Duration};
use tokio::sync::oneshot;

/// How long a plan may take to be adopted: 100,000 assets check in 2 s.
const ADOPTION: Duration = Duration::from_secs(20);
/// The most lines of one file that are shown.
const LINES_MAX: usize = 2_000;

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage {
    page: Page,
    plan: PlanView,
    sources: Vec<Source>,
    /// What is wrong and has no place in a shown line.
    elsewhere: Vec<DiagnosticView>,
    errors: usize,
    warnings: usize,
    may_adopt: bool,
}

struct Source {
    path: String,
    lines: Vec<Line>,
    more: usize,
    flaws: usize,
}

/// A line of the plan's text, cut where something is wrong in it.
struct Line {
    number: usize,
    severity: String,
    before: String,
    meant: String,
    after: String,
    why: Vec<DiagnosticView>,
}

pub(crate) async fn plan(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let text = state.plan_text();
    let adopted = adopted(&state).await?;
    let plan = view::plan(&state.city(), &text, adopted);
    let may_adopt = visitor.may(Right::Act);
    let page = Page::new(&state, Some(visitor), theme, "Plan", "/plan").at("/plan");
    let count = |severity: &str| plan.diagnostics.iter().filter(|flaw| flaw.severity == severity).count();
    let (errors, warnings) = (count("error"), count("warning"));
    let (sources, elsewhere) = lay_out(&plan);
    Ok(html(&PlanPage { page, sources, elsewhere, errors, warnings, may_adopt, plan }))
}

/// The version adopted last, as the log has it.
pub(crate) async fn adopted(state: &State) -> Result<Option<AdoptedView>, Refusal> {
    let sealed = state.log().latest(Some("plan"), 1).await.map_err(unread)?;
    Ok(sealed.first().and_then(AdoptedView::of))
}

fn lay_out(plan: &PlanView) -> (Vec<Source>, Vec<DiagnosticView>) {
    let mut by_line: BTreeMap<(&str, usize), Vec<&DiagnosticView>> = BTreeMap::new();
    let mut elsewhere = Vec::new();
    for flaw in &plan.diagnostics {
        match (&flaw.file, flaw.line) {
            (Some(file), Some(line @ 1..=LINES_MAX)) => by_line.entry((file, line)).or_default().push(flaw),
            _ => elsewhere.push(flaw.clone()),
        }
    }
    let sources = plan.sources.iter().map(|source| {
        let line = |(index, text): (usize, &str)| {
            let flaws =
                by_line.get(&(source.path.as_str(), index + 1)).map(Vec::as_slice).unwrap_or_default();
            cut(index + 1, text, flaws)
        };
        let lines: Vec<Line> = source.text.lines().take(LINES_MAX).enumerate().map(line).collect();
        Source {
            path: source.path.clone(),
            more: source.text.lines().count().saturating_sub(lines.len()),
            flaws: lines.iter().map(|line| line.why.len()).sum(),
            lines,
        }
    });
    (sources.collect(), elsewhere)
}

/// Cuts a line around its first flaw.
fn cut(number: usize, text: &str, flaws: &[&DiagnosticView]) -> Line {
    let (from, length) = match flaws.first() {
        Some(flaw) => (flaw.column.unwrap_or(1).saturating_sub(1), flaw.length.unwrap_or(1)),
        None => (usize::MAX, 0),
    };
    let letters = || text.chars();
    Line {
        number,
        severity: flaws.first().map(|flaw| flaw.severity.clone()).unwrap_or_default(),
        before: letters().take(from).collect(),
        meant: letters().skip(from).take(length).collect(),
        after: letters().skip(from.saturating_add(length)).collect(),
        why: flaws.iter().map(|flaw| (*flaw).clone()).collect(),
    }
}

pub(crate) async fn adopt(
    Reached(state): Reached<State>,
    visitor: Visitor,
    _: Fields,
) -> Result<Response, Refusal> {
    adopt_as(&state, &visitor).await?;
    Ok(Redirect::to("/plan").into_response())
}

/// Asks the one loop to adopt the plan as it stands, and returns the version adopted.
pub(crate) async fn adopt_as(state: &State, visitor: &Visitor) -> Result<String, Refusal> {
    visitor.must(Right::Act)?;
    let (answer, answered) = oneshot::channel();
    let ask = Ask::AdoptPlan { by: visitor.name.clone(), answer };
    let busy = "Bastide is busy or stopping. Try again in a moment.";
    state.asks().try_send(ask).map_err(|_| Refusal::Unavailable(busy))?;
    let answered = tokio::time::timeout(ADOPTION, answered).await.map_err(|_| Refusal::Unavailable(busy))?;
    answered.map_err(|_| Refusal::Unavailable(busy))?.map_err(|why| Refusal::Unfit(words::capital(&why)))
}
