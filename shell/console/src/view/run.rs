//! A restoration that people work through, as it is shown: what is done, what can begin, what is late, and when the
//! services will be back.

use crate::{
    view::{
        Named, RestorationView, ReturnView, WayStepView,
        restoration::{hands_words, lost_name, return_view},
    },
    words::{capital, counted, spoken},
};
use jiff::Timestamp;
use plan::Plan;
use recover::{LossError, Lost, Measured, Progress, Run, RunRead, Standing, TickState};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most ticks that are shown, the latest first.
const TICKS_SHOWN: usize = 200;

/// The most steps that are shown of what somebody can begin now.
const NEXT_SHOWN: usize = 8;

/// The most steps that are listed on a page.
const STEPS_SHOWN: usize = 600;

/// A restoration that people work through. All lengths of time are seconds from the moment of loss.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RunView {
    /// Its id.
    pub id: String,
    /// What was lost, as it was said.
    pub lost: Vec<String>,
    /// The same for people.
    pub lost_names: Vec<String>,
    /// The moment of loss.
    pub started: Timestamp,
    /// How it stands, in a sentence.
    pub headline: String,
    /// How long ago the loss was.
    pub elapsed: i64,
    /// How many steps need nothing more.
    pub done: usize,
    /// How many steps there are.
    pub of: usize,
    /// When the last step ends, as things stand.
    pub end: i64,
    /// When it would have ended as it was planned at first.
    pub planned_end: i64,
    /// The services, with when they are back as things stand.
    pub services: Vec<RunReturnView>,
    /// Who can begin what now, the most urgent first.
    pub next: Vec<NextView>,
    /// The steps, by when they begin or began.
    pub steps: Vec<RunStepView>,
    /// What was ticked off, the latest first.
    pub ticks: Vec<TickView>,
    /// What is odd about the file or the clocks, in plain words.
    pub oddities: Vec<String>,
}

/// A service on its way back.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RunReturnView {
    /// Whether it runs again.
    pub is_back: bool,
    /// When it is or was back.
    #[serde(flatten)]
    pub back: ReturnView,
}

/// Who can begin what now.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NextView {
    /// Who.
    pub hands: String,
    /// The numbers of the steps that they can begin.
    pub steps: Vec<usize>,
    /// How many more wait until hands are free.
    pub waiting: usize,
}

/// How a step stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RunStepView {
    /// `begun`, `done`, `failed`, `ready`, `skipped` or `waiting`.
    pub state: &'static str,
    /// When it began or is expected to.
    pub begins: i64,
    /// When it ended or is expected to.
    pub ended: i64,
    /// When it should have ended as it was planned at first.
    pub planned_end: i64,
    /// Whether it takes longer than is likely, or should have begun by now.
    pub late: bool,
    /// The numbers of the steps that it still waits for.
    pub waits_for: Vec<usize>,
    /// Who said so last.
    pub by: Option<String>,
    /// What else they said.
    pub note: Option<String>,
    /// Whether it was begun or done although something that it needs is not.
    pub out_of_order: bool,
    /// What is to be done, as it was planned at first.
    #[serde(flatten)]
    pub step: WayStepView,
}

impl RunStepView {
    /// The mark that stands for its state.
    pub(crate) fn mark(&self) -> &'static str {
        match self.state {
            "done" => "well",
            "begun" => "observed",
            "failed" => "down",
            "skipped" => "unused",
            "ready" if self.late => "at-risk",
            _ => "low",
        }
    }

    /// Its state for people.
    pub(crate) fn words(&self) -> &'static str {
        match (self.state, self.late) {
            ("done", _) => "done",
            ("begun", true) => "under way, late",
            ("begun", false) => "under way",
            ("failed", _) => "failed: to be done again",
            ("skipped", _) => "skipped",
            ("ready", true) => "can begin, late",
            ("ready", false) => "can begin",
            (_, true) => "waits, late",
            _ => "waits",
        }
    }

    /// Whether people tick it off: what is only reached is ticked off by nobody.
    pub(crate) fn is_work(&self) -> bool {
        !self.step.is_return()
    }

    /// Whether nothing more has to be done.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, "done" | "skipped")
    }

    /// The steps that it waits for, in words.
    pub(crate) fn waits_words(&self) -> String {
        self.waits_for.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// What somebody said of a step.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TickView {
    /// When.
    pub time: Timestamp,
    /// Who.
    pub by: String,
    /// The step's number; none if it is not on the way back.
    pub number: Option<usize>,
    /// The step's id.
    pub step: String,
    /// `begun`, `done`, `failed`, `skipped` or `undone`.
    pub state: &'static str,
    /// What else they said.
    pub note: Option<String>,
}

/// A restoration in a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RunRow {
    /// Its id.
    pub id: String,
    /// What was lost, as it was said.
    pub lost: Vec<String>,
    /// The same for people.
    pub lost_names: Vec<String>,
    /// The moment of loss.
    pub started: Timestamp,
    /// How many ticks there are.
    pub ticks: usize,
    /// The latest of them.
    pub latest: Option<Timestamp>,
}

/// What is said to begin a restoration.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct RunSaid {
    /// What is lost: `everything`, `site:civic-centre`, `supplier:…`, `zone:…`, `asset:…`, `service:…`, `role:…`,
    /// `product:*…*`.
    pub lost: Vec<String>,
    /// How many minutes ago it was lost: 0 if left out.
    pub minutes_ago: Option<u32>,
}

/// What is said of a step.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct TickSaid {
    /// The step's id.
    pub step: String,
    /// `begun`, `done`, `failed`, `skipped` or `undone`.
    pub state: String,
    /// What else there is to say.
    pub note: Option<String>,
}

/// The word for what became of a step.
pub(crate) fn state_word(state: TickState) -> &'static str {
    match state {
        TickState::Begun => "begun",
        TickState::Done => "done",
        TickState::Failed => "failed",
        TickState::Skipped => "skipped",
        TickState::Undone => "undone",
    }
}

/// What became of a step, by its word.
pub(crate) fn state_of(word: &str) -> Option<TickState> {
    use TickState::{Begun, Done, Failed, Skipped, Undone};
    [Begun, Done, Failed, Skipped, Undone].into_iter().find(|state| state_word(*state) == word)
}

/// A restoration in a list.
pub(crate) fn run_row(plan: &Plan, id: &str, run: &Run) -> RunRow {
    RunRow {
        id: id.to_owned(),
        lost: run.lost.iter().map(ToString::to_string).collect(),
        lost_names: run.lost.iter().map(|word| lost_name(plan, word)).collect(),
        started: run.started,
        ticks: run.ticks.len(),
        latest: run.ticks.iter().map(|tick| tick.time).max(),
    }
}

/// How a restoration stands at a moment.
///
/// # Errors
///
/// The plan changed since it was begun, so that its words no longer say what is lost.
pub(crate) fn run(
    plan: &Plan,
    measured: &Measured,
    id: &str,
    read: &RunRead,
    now: Timestamp,
) -> Result<RunView, LossError> {
    let run = &read.run;
    let lost: Lost = run.lost(plan)?;
    let first = RestorationView::new(plan, &lost, &run.restoration(plan, measured)?);
    let progress = run.progress(plan, measured, now)?;
    let planned: BTreeMap<&str, &WayStepView> =
        first.steps.iter().map(|step| (step.id.as_str(), step)).collect();
    let number = |id: &recover::StepId| planned.get(id.as_str()).map(|step| step.number);
    let steps = progress.steps.iter().filter_map(|step| {
        Some(RunStepView {
            state: standing_word(step.standing),
            begins: step.start.as_secs(),
            ended: step.end.as_secs(),
            planned_end: step.planned_end.as_secs(),
            late: step.late,
            waits_for: step.waits_for.iter().filter_map(number).collect(),
            by: step.by.as_ref().map(ToString::to_string),
            note: step.note.as_ref().map(ToString::to_string),
            out_of_order: step.out_of_order,
            step: (*planned.get(step.id.as_str())?).clone(),
        })
    });
    let services: Vec<RunReturnView> = progress
        .services
        .iter()
        .map(|back| RunReturnView {
            is_back: progress.back.contains(&back.service),
            back: return_view(plan, back),
        })
        .collect();
    let next = progress.next.iter().map(|doing| NextView {
        hands: capital(&hands_words(plan, &doing.hands)),
        steps: doing.steps.iter().filter_map(number).collect(),
        waiting: doing.waiting,
    });
    let ticks = run.ticks.iter().rev().take(TICKS_SHOWN).map(|tick| TickView {
        time: tick.time,
        by: tick.by.to_string(),
        number: number(&tick.step),
        step: tick.step.to_string(),
        state: state_word(tick.state),
        note: tick.note.as_ref().map(ToString::to_string),
    });
    Ok(RunView {
        id: id.to_owned(),
        lost: first.lost.clone(),
        lost_names: first.lost_names.clone(),
        started: run.started,
        headline: headline(&services, &progress),
        elapsed: progress.elapsed.as_secs(),
        done: progress.done,
        of: progress.of,
        end: progress.end.as_secs(),
        planned_end: progress.planned_end.as_secs(),
        next: next.collect(),
        steps: steps.collect(),
        ticks: ticks.collect(),
        oddities: oddities(read, &progress),
        services,
    })
}

fn standing_word(standing: Standing) -> &'static str {
    match standing {
        Standing::Begun => "begun",
        Standing::Done => "done",
        Standing::Failed => "failed",
        Standing::Ready => "ready",
        Standing::Skipped => "skipped",
        Standing::Waiting => "waiting",
    }
}

/// How it stands: the gravest service that is still down, or that all run again.
fn headline(services: &[RunReturnView], progress: &Progress) -> String {
    let elapsed = progress.elapsed.as_secs();
    let open = services.iter().filter(|service| !service.is_back);
    let rank = |service: &&RunReturnView| {
        ["critical", "high", "medium"].iter().position(|word| *word == service.back.impact).unwrap_or(3)
    };
    let Some(first) = open.min_by_key(|service| (rank(service), service.back.back.likely)) else {
        return match services.is_empty() {
            true => "No service is down.".to_owned(),
            false => "Every service runs again.".to_owned(),
        };
    };
    let left = (first.back.back.likely - elapsed).max(0);
    format!(
        "{} should be back in about {}. {} of {} steps done.",
        first.back.service.name,
        spoken(left),
        progress.done,
        progress.of
    )
}

fn oddities(read: &RunRead, progress: &Progress) -> Vec<String> {
    let mut odd = Vec::new();
    if read.torn {
        odd.push(
            "The last line of the file was cut short while it was written: what it said is not known"
                .to_owned(),
        );
    } else if !read.unread.is_empty() {
        odd.push(format!(
            "{} of the file cannot be read",
            counted(read.unread.len() as u64, "line", "lines")
        ));
    }
    if progress.strange_times > 0 {
        let ticks = counted(progress.strange_times as u64, "tick has", "ticks have");
        odd.push(format!("{ticks} a time before the loss, or one still to come: some clock is wrong"));
    }
    if !progress.unknown.is_empty() {
        let names: Vec<&str> = progress.unknown.iter().map(recover::StepId::as_str).collect();
        let names = crate::words::list(names, 4);
        odd.push(format!("Ticked off, but not on the way back, for the plan changed: {names}"));
    }
    odd
}

impl RunView {
    /// A step by its number.
    pub(crate) fn step(&self, number: usize) -> Option<&RunStepView> {
        self.steps.iter().find(|step| step.step.number == number)
    }

    /// The steps that somebody is at.
    pub(crate) fn under_way(&self) -> impl Iterator<Item = &RunStepView> {
        self.steps.iter().filter(|step| step.state == "begun")
    }

    /// The first of what somebody can begin.
    pub(crate) fn first_of<'r>(&'r self, next: &'r NextView) -> impl Iterator<Item = &'r RunStepView> {
        next.steps.iter().take(NEXT_SHOWN).filter_map(|number| self.step(*number))
    }

    /// The steps that are listed: all of them, or where there are very many, first those with something left to do.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &RunStepView> {
        let open = self.steps.iter().filter(|step| !step.is_over()).count().min(STEPS_SHOWN);
        let (mut over, mut left) = (STEPS_SHOWN - open, open);
        self.steps.iter().filter(move |step| {
            let room = if step.is_over() { &mut over } else { &mut left };
            *room > 0 && {
                *room -= 1;
                true
            }
        })
    }

    /// How many steps are not listed.
    pub(crate) fn unlisted(&self) -> usize {
        self.steps.len().saturating_sub(STEPS_SHOWN)
    }

    /// What was lost, in words.
    pub(crate) fn lost_words(&self) -> String {
        crate::words::list(self.lost_names.iter().map(String::as_str), 4)
    }

    /// What was ticked off of a step, the latest first.
    pub(crate) fn ticks_of(&self, step: &str) -> Vec<&TickView> {
        self.ticks.iter().filter(|tick| tick.step == step).collect()
    }
}

impl NextView {
    /// How many more can begin than are shown.
    pub(crate) fn beyond(&self) -> usize {
        self.steps.len().saturating_sub(NEXT_SHOWN)
    }
}

impl RunRow {
    /// What was lost, in words.
    pub(crate) fn lost_words(&self) -> String {
        crate::words::list(self.lost_names.iter().map(String::as_str), 4)
    }
}

impl WayStepView {
    /// The services that it is for, in words.
    pub(crate) fn services_words(&self) -> String {
        crate::words::list(self.services.iter().map(|one: &Named| one.name.as_str()), 4)
    }
}
