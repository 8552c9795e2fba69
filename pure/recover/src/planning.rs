//! From what is lost to the way back.

use crate::{
    Because, DataLoss, Hands, Kept, Link, Load, Lost, Measured, Restoration, Return, Step, Unsound, Work,
    chance::{self, Tenths},
    graph::{Goal, Graph},
    improve, meanwhile,
    schedule::{self, Begun, Times},
    tasks::{Task, Tasks, newest, people},
    verify,
};
use city::ServiceId;
use jiff::{SignedDuration, Timestamp};
use plan::Plan;
use std::{cmp::Reverse, collections::BTreeMap};

/// Makes the way back from what was lost at a time, in order and with its reasons.
///
/// The same arguments always give the same answer. What is made is checked by [`crate::verify`], which shares nothing but
/// the types with what makes it.
#[must_use]
pub fn plan_restoration(plan: &Plan, lost: &Lost, measured: &Measured, at: Timestamp) -> Restoration {
    let way = Way::new(plan, lost, measured, Begun::default());
    let spread = chance::spread(&way.graph, &way.ranks, &way.goals, &way.begun);
    let path = way.critical_path();
    let slack = schedule::slack(&way.graph, &way.times);
    let mut critical = vec![false; way.tasks.all.len()];
    for (step, _) in &path {
        if let Some(critical) = critical.get_mut(*step) {
            *critical = true;
        }
    }
    let link = |(step, because): &(usize, Because)| {
        Some(Link { step: way.tasks.all.get(*step)?.id.clone(), because: *because })
    };
    let services = way.returns(&spread.tenths, measured, at);
    let fallbacks = meanwhile::fallbacks(plan, &services);
    let steps = way.steps(&slack, &critical);
    let decisions = meanwhile::decisions(plan, lost, &steps, &services);
    let tell = meanwhile::tell(plan, lost, &steps, &services);
    Restoration {
        end: span(way.times.last()),
        critical_path: path.iter().filter_map(link).collect(),
        crews: way.loads(),
        improvements: improve::improvements(&way, &path),
        assumed: measured.assumed,
        simulated: spread.runs,
        steps,
        services,
        fallbacks,
        decisions,
        tell,
    }
}

/// Makes the way back from what was lost at a time, and has it checked.
///
/// # Errors
///
/// It is not sound.
pub fn checked_restoration(
    plan: &Plan,
    lost: &Lost,
    measured: &Measured,
    at: Timestamp,
) -> Result<Restoration, Unsound> {
    let restoration = plan_restoration(plan, lost, measured, at);
    let faults = verify(plan, lost, measured, &restoration);
    if faults.is_empty() { Ok(restoration) } else { Err(Unsound(faults)) }
}

/// Seconds as a length of time.
pub(crate) fn span(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

/// What has to be done, and when it is.
pub(crate) struct Way<'a> {
    pub plan: &'a Plan,
    pub lost: &'a Lost,
    pub tasks: Tasks,
    pub graph: Graph,
    /// Whose hands each of the graph's crews is.
    pub crews: Vec<Hands>,
    pub goals: Vec<Goal>,
    pub ranks: Vec<u32>,
    pub begun: Begun,
    pub times: Times,
}

impl<'a> Way<'a> {
    pub fn new(plan: &'a Plan, lost: &'a Lost, measured: &Measured, begun: Begun) -> Way<'a> {
        let tasks = Tasks::new(plan, lost, measured);
        let (graph, crews) = tasks.graph(plan);
        let goals = tasks.goals(plan);
        let seconds = graph.likely();
        let ranks = graph.ranks(&seconds, &goals);
        let times = schedule::schedule(&graph, &seconds, &ranks, &begun);
        Way { plan, lost, tasks, graph, crews, goals, ranks, begun, times }
    }

    /// The chain of steps that decides when the last one ends; none where nothing is to be done.
    pub fn critical_path(&self) -> Vec<(usize, Because)> {
        let last = self.times.last();
        // Of several that end last, one that a service runs by says most.
        let ends = (0..self.tasks.all.len()).filter(|step| self.times.end(*step) == last);
        let runs = |step: &usize| {
            let task = self.tasks.all.get(*step);
            task.is_some_and(|task| matches!(task.work, Work::Runs { .. }))
        };
        let ending = ends.max_by_key(|step| (runs(step), Reverse(*step)));
        ending.map(|step| schedule::path_to(&self.graph, &self.times, step, usize::MAX)).unwrap_or_default()
    }

    /// The steps as people read them, by their start; at the same time in the order of their making.
    fn steps(&self, slack: &[i64], critical: &[bool]) -> Vec<Step> {
        let mut order: Vec<usize> = (0..self.tasks.all.len()).collect();
        let mut place = vec![0_usize; order.len()];
        for (number, step) in self.graph.order.iter().enumerate() {
            if let Some(slot) = place.get_mut(*step) {
                *slot = number;
            }
        }
        order.sort_by_key(|step| (self.times.start(*step), place.get(*step).copied()));
        let name = |number: usize| Some(self.tasks.all.get(number)?.id.clone());
        let step = |number: usize| {
            let task = self.tasks.all.get(number)?;
            let needs = self.graph.nodes.get(number).map(|node| node.needs.as_slice()).unwrap_or_default();
            let mut why = task.why.clone();
            why.extend(self.why_not_sooner(task, number));
            Some(Step {
                id: task.id.clone(),
                work: task.work.clone(),
                what: task.what.clone(),
                why,
                hands: task.hands.clone(),
                needs: needs.iter().copied().filter_map(name).collect(),
                hands_from: self.times.before.get(number).copied().flatten().and_then(name),
                services: task.services.clone(),
                estimate: task.estimate,
                start: span(self.times.start(number)),
                end: span(self.times.end(number)),
                slack: span(slack.get(number).copied().unwrap_or_default()),
                critical: critical.get(number).copied().unwrap_or_default(),
                run: task.run.clone(),
            })
        };
        order.into_iter().filter_map(step).collect()
    }

    fn why_not_sooner(&self, task: &Task, number: usize) -> Option<city::Text> {
        let (because, before) = schedule::follows(&self.graph, &self.times, number);
        let before = &self.tasks.all.get(before?)?.id;
        match because {
            Because::First => None,
            Because::Needs => Some(format!("not sooner: it needs {before}").into()),
            Because::Busy => {
                Some(format!("not sooner: {} is busy with {before} until then", task.hands).into())
            }
        }
    }

    /// When the services run again, the worst impact first.
    pub fn returns(&self, tenths: &[Tenths], measured: &Measured, at: Timestamp) -> Vec<Return> {
        let ends: BTreeMap<usize, Tenths> =
            self.goals.iter().map(|goal| goal.node).zip(tenths.iter().copied()).collect();
        let guessed = self.guessed();
        let mut returns: Vec<Return> = self
            .tasks
            .runs
            .iter()
            .filter_map(|(id, node)| {
                let tenths = ends.get(node).copied().unwrap_or_default();
                let guessed = guessed.get(*node).copied().unwrap_or_default();
                self.service_returns(id, *node, tenths, guessed, measured, at)
            })
            .collect();
        returns.sort_by(|a, b| {
            (Reverse(a.impact), a.likely, &a.service).cmp(&(Reverse(b.impact), b.likely, &b.service))
        });
        returns
    }

    /// Whether any time on the way to each step is guessed, but for the looking at the end.
    fn guessed(&self) -> Vec<bool> {
        let mut guessed = vec![false; self.tasks.all.len()];
        for step in &self.graph.order {
            let own = self.tasks.all.get(*step).is_some_and(|task| {
                task.estimate.basis == crate::Basis::Guessed && !matches!(task.work, Work::Check { .. })
            });
            let needs = self.graph.nodes.get(*step).map(|node| node.needs.as_slice()).unwrap_or_default();
            let any = own || needs.iter().any(|need| guessed.get(*need) == Some(&true));
            if let Some(slot) = guessed.get_mut(*step) {
                *slot = any;
            }
        }
        guessed
    }

    fn service_returns(
        &self,
        id: &ServiceId,
        node: usize,
        tenths: Tenths,
        guessed: bool,
        measured: &Measured,
        at: Timestamp,
    ) -> Option<Return> {
        let service = self.plan.service(id)?;
        let likely = span(tenths.p50);
        let data: Vec<DataLoss> = self
            .tasks
            .data
            .get(id)
            .into_iter()
            .flatten()
            .filter_map(|backup| self.plan.backup(backup))
            .map(|backup| DataLoss {
                backup: backup.id.clone(),
                snapshot: newest(backup, self.lost, measured).map(|(repository, taken)| Kept {
                    repository: repository.clone(),
                    taken,
                    age: at.duration_since(taken).max(SignedDuration::ZERO),
                }),
            })
            .collect();
        let unrecoverable = data.iter().any(|data| data.snapshot.is_none());
        let oldest = data.iter().filter_map(|data| Some(data.snapshot.as_ref()?.age)).max();
        let data_lost = if unrecoverable { None } else { oldest };
        let target = service.recovery.map(crate::Target::from);
        let down = self.lost.services.get(id);
        let mut because: Vec<city::Text> = down.and_then(|down| down.directly.clone()).into_iter().collect();
        if let Some(down) = down.filter(|down| !down.needs.is_empty()) {
            let needs = crate::tasks::names(down.needs.iter().map(ServiceId::as_str));
            because.push(format!("it needs {needs}, down too").into());
        }
        let path = schedule::path_to(&self.graph, &self.times, node, Return::PATH_MAX);
        let path = path.iter().filter_map(|(step, _)| Some(self.tasks.all.get(*step)?.id.clone()));
        Some(Return {
            service: id.clone(),
            name: service.name.clone(),
            impact: service.impact,
            because,
            scheduled: span(self.times.end(node)),
            likely,
            p10: span(tenths.p10),
            p90: span(tenths.p90),
            target,
            rto_met: target.map(|target| likely <= target.rto),
            mtpd_met: target.map(|target| likely <= target.mtpd),
            rpo_met: target.map(|target| !unrecoverable && data_lost.is_none_or(|lost| lost <= target.rpo)),
            data,
            data_lost,
            unrecoverable,
            guessed,
            path: path.collect(),
        })
    }

    /// How busy each crew is, the busiest first.
    fn loads(&self) -> Vec<Load> {
        let mut loads: Vec<Load> = self
            .crews
            .iter()
            .map(|hands| Load {
                hands: hands.clone(),
                name: match hands {
                    Hands::Crew(id) => {
                        self.plan.crew(id).map_or_else(|| id.as_str().into(), |crew| crew.name.clone())
                    }
                    _ => "anyone at hand".into(),
                },
                people: people(self.plan, hands),
                steps: 0,
                busy: SignedDuration::ZERO,
                until: SignedDuration::ZERO,
            })
            .collect();
        for (number, node) in self.graph.nodes.iter().enumerate() {
            if let Some(load) = node.crew.and_then(|crew| loads.get_mut(crew)) {
                load.steps += 1;
                load.busy += span(self.times.end(number) - self.times.start(number));
                load.until = load.until.max(span(self.times.end(number)));
            }
        }
        loads.sort_by(|a, b| (Reverse(a.busy), &a.hands).cmp(&(Reverse(b.busy), &b.hands)));
        loads
    }
}
