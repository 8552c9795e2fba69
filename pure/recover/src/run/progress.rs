//! What is done, what can begin, what is late, and when the services will be back now.

use super::{Run, Settled, TickState};
use crate::{
    Hands, LossError, Measured, Return, StepId, Work, chance,
    graph::Graph,
    planning::{Way, span},
    schedule::Begun,
    tasks::Tasks,
};
use city::{ServiceId, Text};
use jiff::{SignedDuration, Timestamp};
use plan::Plan;
use serde::{Deserialize, Serialize};
use std::{cmp::Reverse, collections::BTreeSet};

/// How a run stands. All lengths of time are counted from the moment of loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// How long ago the loss was.
    #[serde(with = "crate::seconds")]
    pub elapsed: SignedDuration,
    /// The steps, by when they begin or began.
    pub steps: Vec<StepProgress>,
    /// Who can begin what now, the most urgent first: no more for each than they have hands free.
    pub next: Vec<Doing>,
    /// The services, with when they are back as things stand now; those that are back with when they were.
    pub services: Vec<Return>,
    /// The services that run again.
    pub back: BTreeSet<ServiceId>,
    /// How many steps need nothing more, of all that take time.
    pub done: usize,
    /// How many steps there are that take time.
    pub of: usize,
    /// When the last step ends, as things stand now.
    #[serde(with = "crate::seconds")]
    pub end: SignedDuration,
    /// When it would have ended as it was planned at first.
    #[serde(with = "crate::seconds")]
    pub planned_end: SignedDuration,
    /// Steps that were ticked off and are not on the way back: it changed, or they were misspelt.
    pub unknown: BTreeSet<StepId>,
    /// How many ticks bear a time that is still to come, or before the loss: some clock is wrong.
    pub strange_times: usize,
}

/// Who can begin what now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doing {
    /// Who.
    pub hands: Hands,
    /// What they can begin; what takes nobody's hands can all begin.
    pub steps: Vec<StepId>,
    /// How many more wait until hands are free.
    pub waiting: usize,
}

/// How a step stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepProgress {
    /// The step.
    pub id: StepId,
    /// What is to be done.
    pub what: Text,
    /// Who does it.
    pub hands: Hands,
    /// How it stands.
    pub standing: Standing,
    /// When it began or is expected to.
    #[serde(with = "crate::seconds")]
    pub start: SignedDuration,
    /// When it ended or is expected to.
    #[serde(with = "crate::seconds")]
    pub end: SignedDuration,
    /// When it should have ended as it was planned at first.
    #[serde(with = "crate::seconds")]
    pub planned_end: SignedDuration,
    /// Whether it takes longer than is likely, or should have begun by now.
    pub late: bool,
    /// The steps that it still waits for.
    pub waits_for: Vec<StepId>,
    /// Who said so last.
    pub by: Option<Text>,
    /// What else they said.
    pub note: Option<Text>,
    /// Whether it was begun or done although something it needs is not.
    pub out_of_order: bool,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Somebody is at it.
    Begun,
    /// It is done.
    Done,
    /// It did not work, and has to be done again.
    Failed,
    /// All it needs is done: it can begin.
    Ready,
    /// It need not be done.
    Skipped,
    /// It waits for something that it needs.
    Waiting,
}

impl Standing {
    /// Whether nothing more has to be done.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Standing::Done | Standing::Skipped)
    }
}

impl Run {
    /// How the run stands at a time: what is done and under way is as it is, and the rest is planned anew from now.
    ///
    /// # Errors
    ///
    /// As for [`Run::lost`].
    pub fn progress(&self, plan: &Plan, measured: &Measured, now: Timestamp) -> Result<Progress, LossError> {
        let lost = self.lost(plan)?;
        let first = Way::new(plan, &lost, measured, Begun::default());
        let elapsed = now.duration_since(self.started).as_secs().max(0);
        let stands = Stands::new(self, &first.tasks, &first.graph, elapsed);
        let begun = Begun { now: elapsed, steps: stands.times.clone() };
        let planned: Vec<i64> = first.times.end.clone();
        let way = Way::new(plan, &lost, measured, begun);
        let spread = chance::spread(&way.graph, &way.ranks, &way.goals, &way.begun);
        let services = way.returns(&spread.tenths, measured, self.started);
        let takes_time = |task: &&crate::tasks::Task| !matches!(task.work, Work::Runs { .. });
        let back = way.tasks.runs.iter().filter(|(_, node)| stands.is_over(**node));
        let over = way.tasks.all.iter().zip(&stands.standing).filter(|(task, _)| takes_time(task));
        Ok(Progress {
            elapsed: span(elapsed),
            next: stands.next(&way),
            back: back.map(|(id, _)| id.clone()).collect(),
            done: over.clone().filter(|(_, standing)| standing.is_over()).count(),
            of: over.count(),
            end: span(way.times.last()),
            planned_end: span(planned.iter().copied().max().unwrap_or_default()),
            steps: stands.steps(&way, &planned, elapsed),
            unknown: stands.unknown.clone(),
            strange_times: stands.strange_times,
            services,
        })
    }
}

/// How the steps stand, by number.
struct Stands<'r> {
    standing: Vec<Standing>,
    /// When those that have begun began and ended, or will.
    times: Vec<Option<(i64, i64)>>,
    said: Vec<Option<Settled<'r>>>,
    unknown: BTreeSet<StepId>,
    strange_times: usize,
}

impl<'r> Stands<'r> {
    fn new(run: &'r Run, tasks: &Tasks, graph: &Graph, elapsed: i64) -> Stands<'r> {
        let settled = run.settled();
        let known: BTreeSet<&StepId> = tasks.all.iter().map(|task| &task.id).collect();
        let offset = |time: Timestamp| time.duration_since(run.started).as_secs();
        let within = |time: Timestamp| offset(time).clamp(0, elapsed);
        let strange = run.ticks.iter().filter(|tick| !(0..=elapsed).contains(&offset(tick.time)));
        let mut stands = Stands {
            standing: vec![Standing::Waiting; tasks.all.len()],
            times: vec![None; tasks.all.len()],
            said: tasks.all.iter().map(|task| settled.get(&task.id).copied()).collect(),
            unknown: settled.keys().filter(|id| !known.contains(*id)).map(|id| (*id).clone()).collect(),
            strange_times: strange.count(),
        };
        for number in graph.order.iter().copied() {
            let Some(node) = graph.nodes.get(number) else { continue };
            let said = stands.said.get(number).copied().flatten();
            let ready = node.needs.iter().all(|need| stands.is_over(*need));
            let last = said.map(|said| (said.last.state, within(said.last.time)));
            let begun = said.and_then(|said| said.begun).map(within);
            let likely = node.likely;
            let (standing, times) = match last {
                Some((TickState::Done, end)) => {
                    // Who only says that it is done began it no sooner than it could.
                    let could = node.needs.iter().map(|need| stands.end(*need)).max().unwrap_or_default();
                    let start = begun.unwrap_or((end - likely).max(could)).min(end);
                    (Standing::Done, Some((start, end)))
                }
                Some((TickState::Skipped, end)) => (Standing::Skipped, Some((end, end))),
                Some((TickState::Begun, start)) => {
                    let start = begun.unwrap_or(start);
                    (Standing::Begun, Some((start, expected_end(start, likely, elapsed))))
                }
                Some((TickState::Failed, _)) if ready => (Standing::Failed, None),
                // Nobody ticks off a moment: it is reached when all it needs is.
                None if ready && likely == 0 => {
                    let at = node.needs.iter().map(|need| stands.end(*need)).max().unwrap_or_default();
                    (Standing::Done, Some((at, at)))
                }
                _ if ready => (Standing::Ready, None),
                _ => (Standing::Waiting, None),
            };
            if let (Some(s), Some(t)) = (stands.standing.get_mut(number), stands.times.get_mut(number)) {
                (*s, *t) = (standing, times);
            }
        }
        stands
    }

    fn is_over(&self, step: usize) -> bool {
        self.standing.get(step).is_some_and(|standing| standing.is_over())
    }

    fn end(&self, step: usize) -> i64 {
        self.times.get(step).copied().flatten().map_or(0, |(_, end)| end)
    }

    /// What can begin now, for all whose hands are free.
    fn next(&self, way: &Way<'_>) -> Vec<Doing> {
        let mut all: Vec<(Hands, Option<usize>)> = vec![(Hands::Nobody, None)];
        all.extend(way.crews.iter().cloned().zip((0..).map(Some)));
        let mut next = Vec::new();
        for (hands, crew) in all {
            let of = |step: &usize| way.graph.nodes.get(*step).is_some_and(|node| node.crew == crew);
            let is = |step: &usize, wanted: &[Standing]| {
                self.standing.get(*step).is_some_and(|standing| wanted.contains(standing))
            };
            let own = (0..way.graph.nodes.len()).filter(of);
            let busy = own.clone().filter(|step| is(step, &[Standing::Begun])).count();
            let mut ready: Vec<usize> =
                own.filter(|step| is(step, &[Standing::Ready, Standing::Failed])).collect();
            ready.sort_by_key(|step| way.ranks.get(*step).copied());
            let free = match crew {
                None => usize::MAX,
                Some(crew) => {
                    way.graph.crews.get(crew).map_or(0, |people| *people as usize).saturating_sub(busy)
                }
            };
            let waiting = ready.len().saturating_sub(free);
            ready.truncate(free);
            if !ready.is_empty() || waiting > 0 {
                let steps = ready.iter().filter_map(|step| Some(way.tasks.all.get(*step)?.id.clone()));
                next.push(Doing { hands, steps: steps.collect(), waiting });
            }
        }
        next
    }

    fn steps(&self, way: &Way<'_>, planned: &[i64], elapsed: i64) -> Vec<StepProgress> {
        let mut order: Vec<usize> = (0..way.tasks.all.len()).collect();
        order.sort_by_key(|step| (way.times.start(*step), Reverse(self.is_over(*step)), *step));
        let step = |number: usize| {
            let task = way.tasks.all.get(number)?;
            let node = way.graph.nodes.get(number)?;
            let standing = self.standing.get(number).copied()?;
            let open: Vec<usize> = node.needs.iter().copied().filter(|need| !self.is_over(*need)).collect();
            let said = self.said.get(number).copied().flatten();
            let planned = planned.get(number).copied().unwrap_or_default();
            let (start, end) = (way.times.start(number), way.times.end(number));
            let late = match standing {
                Standing::Done | Standing::Skipped => end > planned,
                Standing::Begun => elapsed - start > node.likely || end > planned,
                Standing::Failed | Standing::Ready | Standing::Waiting => planned - node.likely < elapsed,
            };
            Some(StepProgress {
                id: task.id.clone(),
                what: task.what.clone(),
                hands: task.hands.clone(),
                standing,
                start: span(start),
                end: span(end),
                planned_end: span(planned),
                late,
                out_of_order: !open.is_empty() && (standing.is_over() || standing == Standing::Begun),
                waits_for: open
                    .iter()
                    .filter_map(|need| Some(way.tasks.all.get(*need)?.id.clone()))
                    .collect(),
                by: said.map(|said| said.last.by.clone()),
                note: said.and_then(|said| said.last.note.clone()),
            })
        };
        order.into_iter().filter_map(step).collect()
    }
}

/// When a step that has begun will end. What lasts longer than is likely lasts, as far as one can know, a quarter longer
/// than it has.
fn expected_end(start: i64, likely: i64, elapsed: i64) -> i64 {
    let lasted = elapsed - start;
    if lasted < likely { start + likely } else { elapsed + (lasted / 4).max(60) }
}
