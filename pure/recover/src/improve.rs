//! What would bring the services back sooner: a few changes tried, and ranked by what they give.

use crate::{
    Basis, Because, Change, Gain, Hands, Improvement, Work,
    graph::Graph,
    planning::{Way, span},
    schedule::{Times, path_to, schedule},
    tasks::show,
};
use city::{Impact, ServiceId, Text};
use std::{cmp::Reverse, collections::BTreeSet};

/// The most steps of which changes are tried.
const STEPS_MAX: usize = 12;

/// The most crews that are tried with one more.
const CREWS_MAX: usize = 6;

/// The most services of which the way back is looked at, beside the critical path.
const SERVICES_MAX: usize = 4;

/// The most improvements that are told.
const TOLD_MAX: usize = 10;

const HOUR: f64 = 3_600.0;

/// A change of the schedule.
#[derive(Clone, Copy)]
enum Trial {
    /// One more of a crew.
    Hand(usize),
    /// A step takes so many seconds.
    Time(usize, i64),
}

/// Tries changes of the steps that decide when the last step ends and when the worst services return, and of the crews
/// that steps wait for.
pub(crate) fn improvements(way: &Way<'_>, critical: &[(usize, Because)]) -> Vec<Improvement> {
    let (steps, crews) = candidates(way, critical);
    let mut graph = way.graph.clone();
    let mut found: Vec<Improvement> = Vec::new();
    for step in steps {
        let (Some(task), Some(node)) = (way.tasks.all.get(step), way.graph.nodes.get(step)) else { continue };
        let id = &task.id;
        let (change, what, seconds) = match &task.work {
            Work::Deliver { asset } => {
                let what = format!("keep a spare for {asset}, so that no delivery is waited for");
                (Change::Spare { step: id.clone() }, what, 0)
            }
            _ => (
                Change::Halve { step: id.clone() },
                format!("halve the time of {id}"),
                (node.likely / 2).max(1),
            ),
        };
        found.push(way.tried(change, what.into(), &mut graph, Trial::Time(step, seconds)));
        if task.estimate.basis == Basis::Guessed && matches!(task.work, Work::Restore { .. }) {
            let high = show(task.estimate.high);
            let what = format!("drill {id}: how long it takes is guessed, and may be {high}");
            found.push(way.measured(
                Change::Measure { step: id.clone() },
                what.into(),
                &mut graph,
                step,
                node.high,
            ));
        }
    }
    for crew in crews {
        let Some(hands) = way.crews.get(crew) else { continue };
        let (id, what): (_, Text) = match hands {
            Hands::Crew(id) => (Some(id.clone()), format!("one more of {id}").into()),
            _ => (None, "one more of those at hand for steps without a crew".into()),
        };
        found.push(way.tried(Change::Hand { crew: id }, what, &mut graph, Trial::Hand(crew)));
    }
    found.retain(|found| found.weight > 0.0 || found.surer > 0.0);
    found.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(b.surer.total_cmp(&a.surer)));
    found.truncate(TOLD_MAX);
    found
}

/// The steps and crews of which changes are tried, the most promising first.
fn candidates(way: &Way<'_>, critical: &[(usize, Because)]) -> (Vec<usize>, Vec<usize>) {
    let mut goals = way.goals.clone();
    goals.sort_by_key(|goal| (Reverse(goal.urgency), Reverse(way.times.end(goal.node)), goal.node));
    let ways =
        goals.iter().take(SERVICES_MAX).map(|goal| path_to(&way.graph, &way.times, goal.node, usize::MAX));
    let paths: Vec<Vec<(usize, Because)>> = ways.chain([critical.to_vec()]).collect();
    let likely = |step: &usize| way.graph.nodes.get(*step).map_or(0, |node| node.likely);
    let mut steps: Vec<usize> = Vec::new();
    let mut crews: Vec<usize> = Vec::new();
    // A share for each path, so that one long path does not put out the others.
    let share = STEPS_MAX.div_ceil(paths.len().max(1));
    for path in &paths {
        let mut own: Vec<usize> =
            path.iter().map(|(step, _)| *step).filter(|step| likely(step) > 0).collect();
        own.sort_by_key(|step| (Reverse(likely(step)), *step));
        own.retain(|step| !steps.contains(step));
        steps.extend(own.into_iter().take(share));
        for (step, because) in path {
            let crew = way.graph.nodes.get(*step).and_then(|node| node.crew);
            if let (Because::Busy, Some(crew)) = (because, crew)
                && !crews.contains(&crew)
            {
                crews.push(crew);
            }
        }
    }
    // Then those that somebody waits for anywhere.
    let waited: BTreeSet<usize> = (0..way.graph.nodes.len())
        .filter(|step| way.times.before.get(*step).is_some_and(Option::is_some))
        .filter_map(|step| way.graph.nodes.get(step)?.crew)
        .collect();
    crews.extend(waited.into_iter().filter(|crew| !crews.contains(crew)).collect::<Vec<_>>());
    steps.truncate(STEPS_MAX);
    crews.truncate(CREWS_MAX);
    (steps, crews)
}

impl Way<'_> {
    /// What a change gives.
    fn tried(&self, change: Change, what: Text, graph: &mut Graph, trial: Trial) -> Improvement {
        let times = self.with(graph, trial);
        let (weight, gains) = self.gains(&self.times, &times);
        Improvement { change, what, weight, surer: 0.0, gains, end: span(times.last()) }
    }

    /// What it gives to know how long a step takes: the worst that is feared of it now.
    fn measured(&self, change: Change, what: Text, graph: &mut Graph, step: usize, high: i64) -> Improvement {
        let worst = self.with(graph, Trial::Time(step, high));
        let (surer, _) = self.gains(&worst, &self.times);
        Improvement { change, what, weight: 0.0, surer, gains: Vec::new(), end: span(self.times.last()) }
    }

    /// The schedule with a change. The graph is afterwards as it was.
    fn with(&self, graph: &mut Graph, trial: Trial) -> Times {
        let before = change(graph, trial);
        let seconds = graph.likely();
        let ranks = graph.ranks(&seconds, &self.goals);
        let times = schedule(graph, &seconds, &ranks, &self.begun);
        match trial {
            Trial::Time(step, _) => {
                change(graph, Trial::Time(step, before));
            }
            Trial::Hand(_) => graph.crews.clone_from(&self.graph.crews),
        }
        times
    }

    /// How much sooner services return in one schedule than in another, weighted, and those that gain most.
    fn gains(&self, from: &Times, to: &Times) -> (f64, Vec<Gain>) {
        let mut weight = 0.0;
        let mut gains: Vec<(f64, &ServiceId, i64)> = Vec::new();
        for (id, node) in &self.tasks.runs {
            let sooner = from.end(*node) - to.end(*node);
            let share = weight_of(self.plan.service(id).map(|service| service.impact)) * sooner as f64 / HOUR;
            weight += share;
            if sooner > 0 {
                gains.push((share, id, sooner));
            }
        }
        gains.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        gains.truncate(Improvement::GAINS_MAX);
        let gain =
            |(_, id, sooner): (f64, &ServiceId, i64)| Gain { service: id.clone(), sooner: span(sooner) };
        (weight, gains.into_iter().map(gain).collect())
    }
}

/// Changes a graph; what was there before.
fn change(graph: &mut Graph, trial: Trial) -> i64 {
    match trial {
        Trial::Time(step, seconds) => {
            graph.nodes.get_mut(step).map_or(0, |node| std::mem::replace(&mut node.likely, seconds))
        }
        Trial::Hand(crew) => graph.crews.get_mut(crew).map_or(0, |people| {
            *people = people.saturating_add(1);
            i64::from(*people) - 1
        }),
    }
}

/// How many hours of a nuisance an hour without a service counts for.
fn weight_of(impact: Option<Impact>) -> f64 {
    match impact {
        None | Some(Impact::Low) => 1.0,
        Some(Impact::Medium) => 3.0,
        Some(Impact::High) => 10.0,
        Some(Impact::Critical) => 30.0,
    }
}
