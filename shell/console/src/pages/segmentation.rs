//! Segmentation: what the firewall does of the plan, and plans rehearsed against what was recorded.

use crate::{
    door::{Fields, Right, Theme, Visitor},
    pages::{Page, html, log::unread},
    refusal::Refusal,
    rehearsal::{Choice, Rehearsals, Running, Subject},
    state::State,
    view::{self, AnswerView, FirewallView, LineView, RehearsalView},
    words,
};
use ::plan::SourceFile;
use askama::Template;
use axum::{
    extract::State as Reached,
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use defend::rehearsal::unknown_id;
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::{PlanFile, PlanRecord, Record};

/// How far back a person may look, in days.
const DAYS: [u32; 3] = [7, 30, 90];

/// The furthest back that a programme may look, in days.
const DAYS_MAX: u32 = 3_650;

/// The most lines of a list that the page shows; the API has all of them.
const LINES_MAX: usize = 60;

/// Stands in a form for all that the plan rehearsed changes.
const CHANGES: &str = "changes";

#[derive(Template)]
#[template(path = "segmentation.html")]
struct SegmentationPage {
    page: Page,
    firewall: FirewallView,
    /// What is to be rehearsed, or why nothing can be.
    ready: Result<Ready, String>,
    days: [u32; 3],
    rehearsal: RehearsalView,
    told: Option<Told>,
}

/// A plan that can be rehearsed.
struct Ready {
    is_adopted: bool,
    version: Option<String>,
}

/// A rehearsal's answer, laid out.
struct Told {
    lists: Vec<List>,
    knocks: Vec<Knock>,
    /// How many lines the plan rehearsed changes and nobody chose about.
    open_changes: usize,
    accepted: usize,
    amended: usize,
    patch: Option<Result<String, String>>,
    left_out: Vec<String>,
    /// Whether the plan in the folder is another by now.
    is_stale: bool,
}

/// Lines that stand the same, by the way they take.
struct List {
    id: &'static str,
    title: &'static str,
    words: &'static str,
    /// Whether a person chooses about its lines.
    chosen: bool,
    count: usize,
    ways: Vec<WayThrough>,
    more: usize,
}

/// Lines from one zone to another.
struct WayThrough {
    from: String,
    to: String,
    /// The page of the two zones, if the city has them.
    path: Option<String>,
    conduits: Vec<String>,
    lines: Vec<LineView>,
}

/// What nobody answered, by who tried.
struct Knock {
    from: String,
    zone: String,
    into: String,
    doors: usize,
    times: u64,
}

pub(crate) async fn segmentation(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let ready = match text(&state).await {
        Ok(text) => Ok(Ready { is_adopted: text.is_adopted, version: text.version }),
        Err(Refusal::Unfit(why)) => Err(why),
        Err(refusal) => return Err(refusal),
    };
    let firewall = view::firewall(&state.city());
    let rehearsal = view::rehearsal(state.rehearsals());
    let told = tell(&state, &rehearsal, ready.as_ref().ok());
    let page = Page::new(&state, Some(visitor), theme, "Segmentation", "/segmentation").at("/segmentation");
    Ok(html(&SegmentationPage { page, firewall, ready, days: DAYS, rehearsal, told }))
}

pub(crate) async fn rehearse(
    Reached(state): Reached<State>,
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, Refusal> {
    let days = fields.text("days").parse().map_err(|_| unfit_days())?;
    rehearse_as(&state, &visitor, days).await?;
    Ok(Redirect::to("/segmentation#rehearsal").into_response())
}

/// Begins to rehearse the plan in the folder; the plan of now, if that is the same or there is no folder.
pub(crate) async fn rehearse_as(state: &State, visitor: &Visitor, since_days: u32) -> Result<(), Refusal> {
    visitor.must(Right::Act)?;
    if !(1..=DAYS_MAX).contains(&since_days) {
        return Err(unfit_days());
    }
    let subject = subject(state).await?;
    let asked = Running { by: visitor.name.clone(), since_days, began: Timestamp::now() };
    Rehearsals::begin(state, asked, subject)
}

fn unfit_days() -> Refusal {
    Refusal::Unfit(format!("Say how many days to look back, from 1 to {}.", words::grouped(DAYS_MAX.into())))
}

/// The text of a plan that can be rehearsed.
struct PlanToRehearse {
    files: Vec<SourceFile>,
    version: Option<String>,
    is_adopted: bool,
}

/// The text that would be rehearsed now. Whether it has errors was seen when it was read.
async fn text(state: &State) -> Result<PlanToRehearse, Refusal> {
    let sealed = state.log().latest(Some("plan"), 1).await.map_err(unread)?;
    let adopted = sealed.first().and_then(|sealed| match sealed.record() {
        Some(Record::Plan(plan)) => Some(plan),
        _ => None,
    });
    let folder = state.plan_text();
    if folder.sources.is_empty() {
        let PlanRecord { files, digest, .. } =
            adopted.ok_or_else(|| Refusal::Unfit("There is no plan that could be rehearsed.".to_owned()))?;
        let file = |PlanFile { name, text }| SourceFile::new(name, text);
        let files = files.into_iter().map(file).collect();
        return Ok(PlanToRehearse { files, version: Some(digest), is_adopted: true });
    }
    if folder.diagnostics.iter().any(|flaw| flaw.severity == "error") {
        return Err(Refusal::Unfit(ERRORS.to_owned()));
    }
    let file = |source: &view::SourceView| SourceFile::new(source.path.clone(), source.text.clone());
    Ok(PlanToRehearse {
        files: folder.sources.iter().map(file).collect(),
        is_adopted: adopted.is_some_and(|adopted| Some(adopted.digest) == folder.version),
        version: folder.version.clone(),
    })
}

const ERRORS: &str = "The plan in the folder has errors, and cannot be rehearsed before they are mended.";

/// The plan that would be rehearsed now, beside the plan of now.
async fn subject(state: &State) -> Result<Subject, Refusal> {
    let old = state.city().plan().cloned();
    let PlanToRehearse { files, version, is_adopted } = text(state).await?;
    let checked = move || (::plan::check(&files).plan, files);
    let (new, files) = tokio::task::spawn_blocking(checked).await.map_err(|_| Refusal::Internal)?;
    let new = new.ok_or_else(|| Refusal::Unfit(ERRORS.to_owned()))?;
    Ok(Subject { files, version, is_adopted, new, old })
}

/// Notes what a person chose about lines.
pub(crate) async fn choose(
    Reached(state): Reached<State>,
    visitor: Visitor,
    fields: Fields,
) -> Result<Response, Refusal> {
    visitor.must(Right::Act)?;
    let said = [("accept", Some(Choice::Accept)), ("amend", Some(Choice::Amend)), ("undo", None)];
    let said = said.into_iter().map(|(name, choice)| (fields.text(name), choice));
    let (id, choice) = said
        .into_iter()
        .find(|(id, _)| !id.is_empty())
        .ok_or_else(|| Refusal::Bad("The form says no line and no choice.".to_owned()))?;
    let (_, last) = state.rehearsals().now();
    let gone = || Refusal::Conflict("That line is in no rehearsal that is kept. Rehearse again.".to_owned());
    let last = last.ok_or_else(gone)?;
    let outcome = last.outcome.as_ref().as_ref().map_err(|_| gone())?;
    if id == CHANGES {
        let open = outcome.answer.against().filter(|line| line.is_change());
        let open = open.filter(|line| !last.choices.contains_key(line.id.as_str()));
        let open: Vec<String> = open.map(|line| line.id.to_string()).collect();
        note(&state, open, choice).await?;
        return Ok(Redirect::to("/segmentation#amendments").into_response());
    }
    if unknown_id(&outcome.answer, [id]).is_some() {
        return Err(gone());
    }
    note(&state, vec![id.to_owned()], choice).await?;
    Ok(Redirect::to(&format!("/segmentation#line-{id}")).into_response())
}

async fn note(state: &State, ids: Vec<String>, choice: Option<Choice>) -> Result<(), Refusal> {
    let state = state.clone();
    let noted = tokio::task::spawn_blocking(move || state.rehearsals().choose(&ids, choice));
    noted.await.map_err(|_| Refusal::Internal)
}

/// The amendments chosen, as a patch.
pub(crate) async fn patch(Reached(state): Reached<State>, visitor: Visitor) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let (_, last) = state.rehearsals().now();
    let nothing = || Refusal::NotFound("No amendment was chosen in the rehearsal that is kept.".to_owned());
    let proposal = last.and_then(|last| last.patch).ok_or_else(nothing)?;
    let proposal = proposal.as_ref().as_ref().map_err(|_| Refusal::Conflict(UNFIT.to_owned()))?;
    let head = [
        (header::CONTENT_TYPE, "text/x-patch; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"amendment.patch\""),
    ];
    Ok((head, proposal.patch.clone()).into_response())
}

const UNFIT: &str = "The plan would have errors with these amendments; they have to be added by hand.";

fn tell(state: &State, rehearsal: &RehearsalView, ready: Option<&Ready>) -> Option<Told> {
    let last = rehearsal.last.as_ref()?;
    let answer = last.answer.as_ref()?;
    let against = || answer.refused.iter().chain(&answer.watched);
    let chosen = |choice| against().filter(|line| line.choice == Some(choice)).count();
    let patch = state.rehearsals().now().1.and_then(|last| last.patch);
    let (patch, left_out) = match patch.as_deref() {
        None => (None, Vec::new()),
        Some(Err(_)) => (Some(Err(UNFIT.to_owned())), Vec::new()),
        Some(Ok(proposal)) => (Some(Ok(proposal.patch.clone())), proposal.left_out.clone()),
    };
    let known = |from: &str, to: &str| {
        let city = state.city();
        let is_zone =
            |id: &str| city.plan().is_some_and(|plan| plan.zones().any(|zone| zone.id.as_str() == id));
        is_zone(from) && is_zone(to)
    };
    Some(Told {
        lists: lists(answer, last.plan == "adopted", &known),
        knocks: knocks(answer),
        open_changes: against().filter(|line| line.change && line.choice.is_none()).count(),
        accepted: chosen("accepted"),
        amended: chosen("amended"),
        patch,
        left_out,
        is_stale: ready.is_some_and(|ready| ready.version != last.version),
    })
}

fn lists(answer: &AnswerView, is_adopted: bool, known: &dyn Fn(&str, &str) -> bool) -> Vec<List> {
    let change = |line: &&LineView| line.change;
    let outside = |line: &&LineView| line.ran && !line.change;
    let (refused, found) = if is_adopted {
        (
            "It ran, and no conduit opens it. A firewall that enforces the plan refuses it.",
            "A firewall that enforces the plan lets it pass: its port is open. The wire finds it.",
        )
    } else {
        (
            "It ran, and no conduit opens it, neither now nor in the plan rehearsed.",
            "It ran, and neither plan allows it, though its port is open.",
        )
    };
    let mut lists = Vec::new();
    for (id, title, words, chosen, lines) in [
        (
            "refused",
            "Would be refused",
            "The plan of now allows it, it ran, and a firewall with the plan rehearsed would refuse it by its address and port.",
            true,
            answer.refused.iter().filter(change).collect::<Vec<_>>(),
        ),
        (
            "found",
            "Would be found, not refused",
            "A firewall knows ports and not verbs: it would let this pass, and the wire would find it.",
            true,
            answer.watched.iter().filter(change).collect(),
        ),
        (
            "outside",
            "Outside the plan already, and would be refused",
            refused,
            true,
            answer.refused.iter().filter(outside).collect(),
        ),
        (
            "stray",
            "Outside the plan already, and would be found",
            found,
            true,
            answer.watched.iter().filter(outside).collect(),
        ),
        (
            "opened",
            "Newly possible",
            "It was recorded, the plan of now does not allow it, and the plan rehearsed does.",
            false,
            answer.opened.iter().collect(),
        ),
    ] {
        if !lines.is_empty() {
            let count = lines.len();
            let ways = ways(lines.iter().take(LINES_MAX).copied(), known);
            lists.push(List { id, title, words, chosen, count, ways, more: count.saturating_sub(LINES_MAX) });
        }
    }
    lists
}

/// Lines by the way they take, in the order in which the ways first come.
fn ways<'l>(
    lines: impl Iterator<Item = &'l LineView>,
    known: &dyn Fn(&str, &str) -> bool,
) -> Vec<WayThrough> {
    let mut ways: Vec<WayThrough> = Vec::new();
    let mut places = BTreeMap::new();
    for line in lines {
        let at = *places.entry((&line.from.zone, &line.to.zone)).or_insert(ways.len());
        if at == ways.len() {
            let name = |zone: &Option<view::Named>| {
                zone.as_ref().map_or("no zone", |zone| zone.name.as_str()).to_owned()
            };
            let ids = line.from.zone.as_ref().zip(line.to.zone.as_ref());
            let ids = ids.filter(|(from, to)| known(&from.id, &to.id));
            ways.push(WayThrough {
                from: name(&line.from.zone),
                to: name(&line.to.zone),
                path: ids.map(|(from, to)| format!("/zones/{}/{}", from.id, to.id)),
                conduits: line.conduits.clone(),
                lines: Vec::new(),
            });
        }
        if let Some(way) = ways.get_mut(at) {
            way.lines.push(line.clone());
        }
    }
    ways
}

/// What nobody answered, by who tried: one that scans makes hundreds of lines.
fn knocks(answer: &AnswerView) -> Vec<Knock> {
    let mut tried: BTreeMap<(&str, &str, &str), (usize, u64)> = BTreeMap::new();
    for line in answer.refused.iter().chain(&answer.watched).filter(|line| !line.ran) {
        let from = line.from.zone.as_ref().map_or("no zone", |zone| zone.name.as_str());
        let into = line.to.zone.as_ref().map_or("no zone", |zone| zone.name.as_str());
        let (doors, times) = tried.entry((line.from.name.as_str(), from, into)).or_default();
        *doors += 1;
        *times += line.unanswered;
    }
    let mut knocks: Vec<Knock> = tried
        .into_iter()
        .map(|((from, zone, into), (doors, times))| Knock {
            from: from.to_owned(),
            zone: zone.to_owned(),
            into: into.to_owned(),
            doors,
            times,
        })
        .collect();
    knocks.sort_by_key(|knock| std::cmp::Reverse(knock.doors));
    knocks
}

impl Told {
    fn choosing(&self) -> bool {
        self.lists.iter().any(|list| list.chosen)
    }
}
