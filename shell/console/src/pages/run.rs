//! Run mode: people work through a restoration, several at once, and tick off what they did.

use crate::{
    acts::Deed,
    chart::Axis,
    door::{Fields, Peer, Right, Theme, Visitor},
    figure::Svg,
    pages::{
        Page, html,
        recovery::{lost_words, plan_and_measured, point, returns_axis, unfit},
    },
    refusal::Refusal,
    state::State,
    view::{self, ReturnView, RunRow, RunStepView, RunView, TickView},
    words,
};
use askama::Template;
use axum::{
    extract::{Path, State as Reached},
    response::{IntoResponse, Redirect, Response},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use recover::{Lost, Run, RunRead, StepId, Tick};
use store::{Act, RunsError};
use tokio::task::spawn_blocking;

/// The longest time ago that something can be said to be lost, in minutes: a year.
const AGO_MAX: u32 = 366 * 24 * 60;

/// The most runs in a list.
const LISTED: usize = 20;

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage {
    page: Page,
    run: RunView,
    returns: Axis,
    course: Axis,
}

#[derive(Template)]
#[template(path = "step.html")]
struct StepPage {
    page: Page,
    id: String,
    lost: String,
    step: RunStepView,
    ticks: Vec<TickView>,
}

impl RunPage {
    fn returns_head(&self) -> Svg {
        self.returns.head()
    }

    fn course_head(&self) -> Svg {
        self.course.head()
    }

    fn point(&self, service: &ReturnView) -> Svg {
        point(&self.returns, service)
    }

    fn bar(&self, step: &RunStepView) -> Svg {
        let class = match step.state {
            "done" | "skipped" => "over",
            "begun" => "begun",
            _ if step.step.critical => "critical",
            _ => "",
        };
        self.course.bar_now(step.begins, step.ended, self.run.elapsed, class)
    }

    /// When it is over, against when it should have been.
    fn outlook(&self) -> String {
        let RunView { end, planned_end, elapsed, done, of, .. } = self.run;
        if done >= of {
            return "Nothing is left to do.".to_owned();
        }
        let left = words::span(end.saturating_sub(elapsed));
        match end - planned_end {
            60.. => format!(
                "The last step should end in about {left}, {} later than planned at first.",
                words::span(end - planned_end)
            ),
            ..=-60 => format!(
                "The last step should end in about {left}, {} sooner than planned at first.",
                words::span(planned_end - end)
            ),
            _ => format!("The last step should end in about {left}, as planned at first."),
        }
    }
}

pub(crate) async fn run(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let run = run_view(&state, &id).await?;
    let title = format!("Restoration {id}");
    let page = Page::new(&state, Some(visitor), theme, title, "/recovery").at(format!("/recovery/run/{id}"));
    let returns: Vec<ReturnView> = run.services.iter().map(|service| service.back.clone()).collect();
    let course = Axis::even(run.end.max(run.elapsed).max(run.planned_end));
    Ok(html(&RunPage { page, returns: returns_axis(&returns), course, run }))
}

pub(crate) async fn step(
    Reached(state): Reached<State>,
    visitor: Visitor,
    theme: Theme,
    Path((id, number)): Path<(String, usize)>,
) -> Result<Response, Refusal> {
    visitor.must(Right::Look)?;
    let run = run_view(&state, &id).await?;
    let step = run.step(number).cloned();
    let step =
        step.ok_or_else(|| Refusal::NotFound(format!("The restoration {id} has no step {number}.")))?;
    let title = format!("Step {number} of restoration {id}");
    let place = format!("/recovery/run/{id}/steps/{number}");
    let page = Page::new(&state, Some(visitor), theme, title, "/recovery").at(place);
    let ticks = run.ticks_of(&step.step.id).into_iter().cloned().collect();
    Ok(html(&StepPage { page, lost: run.lost_words(), id, step, ticks }))
}

pub(crate) async fn begin(
    Reached(state): Reached<State>,
    visitor: Visitor,
    peer: Peer,
    fields: Fields,
) -> Result<Response, Refusal> {
    let minutes = match fields.text("minutes_ago") {
        "" => 0,
        text => text.parse().map_err(|_| unfit_minutes())?,
    };
    let words = lost_words(&[("more".to_owned(), fields.text("lost").to_owned())]);
    let id = begin_as(&state, &visitor, peer, &words, minutes).await?;
    Ok(Redirect::to(&format!("/recovery/run/{id}")).into_response())
}

pub(crate) async fn tick(
    Reached(state): Reached<State>,
    visitor: Visitor,
    peer: Peer,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Refusal> {
    tick_as(&state, &visitor, peer, &id, fields.text("step"), fields.text("state"), fields.text("note"))
        .await?;
    let to = match fields.text("number").parse::<usize>() {
        Ok(number) => format!("/recovery/run/{id}#step-{number}"),
        Err(_) => format!("/recovery/run/{id}"),
    };
    Ok(Redirect::to(&to).into_response())
}

fn unfit_minutes() -> Refusal {
    Refusal::Unfit(format!(
        "Say how many minutes ago it was lost, from 0 to {}.",
        words::grouped(AGO_MAX.into())
    ))
}

/// Begins a restoration, and returns its id: the moment of loss in the city's own time.
pub(crate) async fn begin_as(
    state: &State,
    visitor: &Visitor,
    peer: Peer,
    words: &[String],
    minutes_ago: u32,
) -> Result<String, Refusal> {
    visitor.must(Right::Act)?;
    if minutes_ago > AGO_MAX {
        return Err(unfit_minutes());
    }
    let (plan, _) = plan_and_measured(state)?;
    let said: Vec<&str> = words.iter().map(String::as_str).collect();
    let lost = Lost::parse(&said, &plan).map_err(|error| unfit(&error))?;
    let now = Timestamp::now();
    let started = now.checked_sub(SignedDuration::from_mins(minutes_ago.into())).unwrap_or(now);
    // Times are told in whole seconds.
    let started = Timestamp::from_second(started.as_second()).unwrap_or(started);
    let run = Run::new(&lost, started);
    let zone = TimeZone::get(&plan.settings().time_zone).unwrap_or(TimeZone::UTC);
    let name = started.to_zoned(zone).strftime("%Y-%m-%d-%H%M").to_string();
    let runs = state.runs().clone();
    let begun = spawn_blocking(move || {
        let ids = std::iter::once(name.clone()).chain((2..100).map(|count| format!("{name}-{count}")));
        for id in ids {
            match runs.begin(&id, &run) {
                Err(RunsError::Exists(_)) => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(id),
            }
        }
        Err(RunsError::Exists(name))
    });
    let id = begun.await.map_err(|_| Refusal::Internal)?.map_err(|error| refused(&error))?;
    note(state, visitor, peer, Act::RestorationBegun, &id, words.join(", ")).await;
    Ok(id)
}

/// Notes what became of a step.
pub(crate) async fn tick_as(
    state: &State,
    visitor: &Visitor,
    peer: Peer,
    id: &str,
    step: &str,
    word: &str,
    note_said: &str,
) -> Result<(), Refusal> {
    visitor.must(Right::Act)?;
    let became = view::state_of(word).ok_or_else(|| {
        Refusal::Unfit("A step is `begun`, `done`, `failed`, `skipped` or `undone`.".to_owned())
    })?;
    if step.is_empty() || step.len() > StepId::LENGTH_MAX {
        return Err(Refusal::Unfit("Name the step by its id.".to_owned()));
    }
    if note_said.len() > Tick::NOTE_MAX {
        return Err(Refusal::Unfit(format!(
            "A note has {} letters at most.",
            words::grouped(Tick::NOTE_MAX as u64)
        )));
    }
    let run = run_view(state, id).await?;
    if !run.steps.iter().any(|known| known.step.id == step && known.is_work()) {
        return Err(Refusal::NotFound(format!("The restoration {id} has no step `{step}` that people do.")));
    }
    let tick = Tick {
        time: Timestamp::now(),
        by: name(&visitor.name).into(),
        step: StepId::from(step),
        state: became,
        note: Some(note_said.trim()).filter(|note| !note.is_empty()).map(Into::into),
    };
    let (runs, run_id) = (state.runs().clone(), id.to_owned());
    let ticked = spawn_blocking(move || runs.tick(&run_id, &tick));
    ticked.await.map_err(|_| Refusal::Internal)?.map_err(|error| refused(&error))?;
    let detail =
        if note_said.is_empty() { format!("{step} {word}") } else { format!("{step} {word}: {note_said}") };
    note(state, visitor, peer, Act::StepTicked, id, detail).await;
    state.ticked();
    Ok(())
}

/// A name as a tick keeps it.
fn name(name: &str) -> String {
    name.chars()
        .scan(0, |length, letter| {
            *length += letter.len_utf8();
            (*length <= Tick::NAME_MAX).then_some(letter)
        })
        .collect()
}

/// Seals what was done in the log. Other acts wait for that; a restoration must go on where the log cannot be written,
/// and its own file, which is written first, names everyone too.
async fn note(state: &State, visitor: &Visitor, peer: Peer, act: Act, id: &str, detail: String) {
    let deed =
        Deed { by: Some(&visitor.name), peer, act, subject: Some(id.to_owned()), detail: Some(detail) };
    if state.seal(deed).await.is_err() {
        tracing::warn!(id, "an act of a restoration is in its own file, and not in the sealed log");
    }
}

/// How a restoration stands now.
pub(crate) async fn run_view(state: &State, id: &str) -> Result<RunView, Refusal> {
    let (plan, measured) = plan_and_measured(state)?;
    let (runs, id) = (state.runs().clone(), id.to_owned());
    let seen = spawn_blocking(move || {
        let read = runs.read(&id).map_err(|error| refused(&error))?;
        view::run(&plan, &measured, &id, &read, Timestamp::now()).map_err(|error| {
            Refusal::Conflict(format!(
                "The plan changed since this restoration began, and no longer says what was lost: {error}."
            ))
        })
    });
    seen.await.map_err(|_| Refusal::Internal)?
}

/// The restorations, the latest first.
pub(crate) async fn run_rows(state: &State) -> Result<Vec<RunRow>, Refusal> {
    let Ok((plan, _)) = plan_and_measured(state) else { return Ok(Vec::new()) };
    let runs = state.runs().clone();
    let rows = spawn_blocking(move || {
        let ids = runs.list().map_err(|error| refused(&error))?;
        // What cannot be read is not listed; asked for by its name, it says why.
        let row = |id: &String| {
            let RunRead { run, .. } = runs.read(id).ok()?;
            Some(view::run_row(&plan, id, &run))
        };
        Ok(ids.iter().take(LISTED).filter_map(row).collect())
    });
    rows.await.map_err(|_| Refusal::Internal)?
}

fn refused(error: &RunsError) -> Refusal {
    match error {
        RunsError::Unknown(id) | RunsError::BadId(id) => {
            Refusal::NotFound(format!("There is no restoration `{id}` under way."))
        }
        RunsError::Exists(_) => Refusal::Conflict("Too many restorations began in this minute.".to_owned()),
        error => {
            tracing::error!(%error, "a restoration's file could not be used");
            Refusal::Internal
        }
    }
}
