//! A second pair of eyes: is a way back one that people could follow?
//!
//! What it must hold to is worked out here anew from the plan and from what is lost. Nothing is shared with what makes
//! restorations but the types, so that a mistake there is not repeated here.

mod circle;
mod expected;
mod told;

use crate::{Basis, Because, Estimate, Hands, Lost, Measured, Restoration, Step, StepId, Work};
use circle::Waits;
use city::{RepositoryId, Text};
use expected::Expected;
use jiff::{SignedDuration, Timestamp};
use plan::Plan;
use serde::{Deserialize, Serialize};
use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// Something wrong in a restoration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The step it is about, if it is about one.
    pub step: Option<StepId>,
    /// What is wrong.
    pub what: Text,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.step {
            Some(step) => write!(f, "{step}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

/// A way back that did not pass its check: a mistake of Bastide's, and none is better than a wrong one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the way back that was made did not pass its own check ({}); this is a mistake in Bastide, please report it",
    .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
)]
pub struct Unsound(pub Vec<Fault>);

/// The most faults that are told: a plan with more is no plan.
const FAULTS_MAX: usize = 200;

/// What is wrong in a restoration: nothing, if it is sound.
///
/// Every lost asset is replaced, every service that is down runs again, and what of its data cannot be recovered is said;
/// no step is before what it needs or missing one of its needs; no crew does more at once than it can, and none idles;
/// starts, ends, slack and the critical path fit the estimates and each other; predictions are the times of the steps.
#[must_use]
pub fn verify(plan: &Plan, lost: &Lost, measured: &Measured, restoration: &Restoration) -> Vec<Fault> {
    let mut looking =
        Looking { plan, lost, measured, restoration, steps: BTreeMap::new(), faults: Vec::new() };
    looking.take_stock();
    let rebuilt = restoration.steps.iter().filter_map(|step| match &step.work {
        Work::Rebuild { backup } => Some(backup),
        _ => None,
    });
    let expected = Expected::new(plan, lost, &rebuilt.collect());
    looking.check_expected(&expected);
    looking.check_times();
    looking.check_declared();
    looking.check_crews();
    looking.check_beginnings();
    looking.check_hands();
    looking.check_slack();
    looking.check_critical_path();
    looking.check_told(&expected);
    looking.faults
}

/// A restoration while it is looked at.
struct Looking<'a> {
    plan: &'a Plan,
    lost: &'a Lost,
    measured: &'a Measured,
    restoration: &'a Restoration,
    steps: BTreeMap<&'a StepId, &'a Step>,
    faults: Vec<Fault>,
}

impl<'a> Looking<'a> {
    fn fault(&mut self, step: Option<&StepId>, what: impl Into<Text>) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault { step: step.cloned(), what: what.into() });
        }
    }

    /// Every step is there once, and is called what it is.
    fn take_stock(&mut self) {
        let mut before = SignedDuration::ZERO;
        for step in &self.restoration.steps {
            if self.steps.insert(&step.id, step).is_some() {
                self.fault(Some(&step.id), "there are two steps of this name");
            }
            if step.id != step.work.id() {
                self.fault(Some(&step.id), format!("it is about what is called {}", step.work.id()));
            }
            if step.start < before {
                self.fault(Some(&step.id), "it stands after a step that begins later");
            }
            before = before.max(step.start);
        }
    }

    /// What must be done is done, after what it needs and by whom it should be, and nothing else.
    fn check_expected(&mut self, expected: &Expected<'_>) {
        // Hardly any plan has work that is for services of which one needs the other.
        let waits: OnceCell<Waits<'_>> = OnceCell::new();
        for (id, duty) in &expected.duties {
            let Some(step) = self.steps.get(id).copied() else {
                self.fault(Some(id), "it is missing");
                continue;
            };
            if step.hands != duty.hands {
                self.fault(Some(id), format!("{} should do it, not {}", duty.hands, step.hands));
            }
            let said: BTreeSet<&StepId> = step.needs.iter().collect();
            let missing = duty.needs.iter().any(|need| !said.contains(need));
            let mut needs: BTreeSet<&StepId> = duty.needs.iter().collect();
            if let Some(unit) = duty.unit.filter(|_| missing) {
                let waits = waits.get_or_init(|| Waits::new(&expected.facts));
                for service in waits.wait_themselves(&expected.facts, unit) {
                    needs.remove(&expected::runs(service));
                }
            }
            for need in needs.iter().filter(|need| !said.contains(*need)) {
                self.fault(Some(id), format!("it needs {need}, which is not said"));
            }
            for need in said.iter().filter(|need| !needs.contains(*need)) {
                self.fault(Some(id), format!("it is said to need {need}, which it does not"));
            }
            for need in needs {
                if let Some(need) = self.steps.get(need).copied().filter(|need| need.end > step.start) {
                    self.fault(Some(id), format!("it begins before {}, which it needs, has ended", need.id));
                }
            }
            if step.services.iter().collect::<BTreeSet<_>>() != duty.services.iter().collect() {
                self.fault(Some(id), "it is not for the services that it is said to be for");
            }
            if step.run != duty.run {
                self.fault(Some(id), "it would run other lines than the procedure says");
            }
        }
        for step in &self.restoration.steps {
            if !expected.duties.contains_key(&step.id) {
                self.fault(Some(&step.id), "nothing that is lost asks for it");
            }
            self.check_snapshot(step);
        }
    }

    /// What is restored is the newest clean snapshot in a repository that is left, and what is not has none.
    fn check_snapshot(&mut self, step: &Step) {
        let (id, said) = match &step.work {
            Work::Restore { backup, from, taken } => (backup, Some((from, *taken))),
            Work::Rebuild { backup } => (backup, None),
            _ => return,
        };
        let Some(backup) = self.plan.backup(id) else {
            self.fault(Some(&step.id), "there is no such backup");
            return;
        };
        let left = backup.to.iter().filter(|repository| !self.lost.repositories.contains_key(*repository));
        let known: Vec<(&RepositoryId, Timestamp)> = left
            .filter_map(|repository| {
                Some((repository, *self.measured.newest.get(&(id.clone(), repository.clone()))?))
            })
            .collect();
        let newest = known.iter().map(|(_, taken)| *taken).max();
        match said {
            None if newest.is_some() => self.fault(Some(&step.id), "a clean snapshot of it is left"),
            Some(said) if !known.contains(&said) || Some(said.1) != newest => {
                self.fault(
                    Some(&step.id),
                    format!("the newest clean snapshot that is left is not that in {}", said.0),
                );
            }
            Some(_) => {
                let drills = self.measured.drills.get(id).map(Vec::as_slice).unwrap_or_default();
                let sound = match step.estimate.basis {
                    Basis::Guessed => drills.is_empty(),
                    Basis::Measured(times) => {
                        let second = SignedDuration::from_secs(1);
                        let not_longer = drills.iter().filter(|d| **d <= step.estimate.likely).count();
                        let not_shorter =
                            drills.iter().filter(|d| **d + second > step.estimate.likely).count();
                        // Half of the drills on either side make the median, for the greater of the two in the middle.
                        times == drills.len() && not_longer * 2 > times && not_shorter * 2 >= times
                    }
                    Basis::Declared | Basis::Reached => false,
                };
                if !sound {
                    self.fault(Some(&step.id), "drills measured another time");
                }
            }
            None => {}
        }
    }

    fn check_times(&mut self) {
        for step in &self.restoration.steps {
            let Estimate { low, likely, high, .. } = step.estimate;
            let id = Some(&step.id);
            if step.start < SignedDuration::ZERO {
                self.fault(id, "it begins before the loss");
            }
            if step.end.checked_sub(step.start) != Some(likely) {
                self.fault(id, "it does not end when its likely time is over");
            }
            if low > likely || likely > high {
                self.fault(id, "its likely time is not between the shortest and the longest");
            }
            let moment = matches!(step.work, Work::Runs { .. });
            if moment != (likely == SignedDuration::ZERO) || likely < SignedDuration::ZERO {
                self.fault(id, "only that a service runs takes no time");
            }
            if step.end > self.restoration.end {
                self.fault(id, "it ends after the end of all");
            }
        }
    }

    /// What the plan declares is what is reckoned with, and only what drills measured is said to be measured.
    fn check_declared(&mut self) {
        for step in &self.restoration.steps {
            let declared = match &step.work {
                Work::Procedure { procedure, number } => {
                    let procedure = self.plan.procedure(procedure);
                    procedure.and_then(|procedure| procedure.steps.get(number.checked_sub(1)?)?.takes)
                }
                Work::Replace { asset } => {
                    let delivery = Work::Deliver { asset: asset.clone() }.id();
                    let delivery = self.steps.get(&delivery).map(|step| step.estimate);
                    let asset = self.plan.asset(asset);
                    let gone = |asset: &city::Asset| {
                        asset.supplier.as_ref().is_some_and(|supplier| self.lost.suppliers.contains(supplier))
                    };
                    let whole = asset.filter(|asset| !gone(asset)).and_then(|asset| asset.replace);
                    match (whole, delivery) {
                        (Some(whole), Some(delivery)) if delivery.basis == Basis::Declared => {
                            Some(whole.saturating_sub(delivery.likely))
                        }
                        (Some(_), Some(_)) => Some(SignedDuration::MAX),
                        (whole, None) => whole,
                        (None, _) => None,
                    }
                }
                _ => None,
            };
            // Parts of a second count as a whole one, and work takes at least one.
            let off = |declared: SignedDuration| {
                step.estimate.likely.saturating_sub(declared).abs() > SignedDuration::from_secs(1)
            };
            if declared.is_some_and(|declared| off(declared) || step.estimate.basis != Basis::Declared) {
                self.fault(Some(&step.id), "the plan says that it takes another time");
            }
            let measured = matches!(step.estimate.basis, Basis::Measured(_));
            if measured && !matches!(step.work, Work::Restore { .. }) {
                self.fault(Some(&step.id), "nothing measures how long it takes");
            }
        }
    }

    /// Nobody does more at once than they can: ends before beginnings at the same moment.
    fn check_crews(&mut self) {
        let mut changes: BTreeMap<&Hands, Vec<(SignedDuration, i64, &StepId)>> = BTreeMap::new();
        let mut busy: BTreeMap<&Hands, (usize, SignedDuration, SignedDuration)> = BTreeMap::new();
        for step in self.restoration.steps.iter().filter(|step| step.hands != Hands::Nobody) {
            let list = changes.entry(&step.hands).or_default();
            list.push((step.start, 1, &step.id));
            list.push((step.end, -1, &step.id));
            let busy = busy.entry(&step.hands).or_default();
            busy.0 += 1;
            busy.1 = busy.1.saturating_add(step.estimate.likely);
            busy.2 = busy.2.max(step.end);
        }
        for (hands, mut changes) in changes {
            let limit = self.limit(hands);
            changes.sort();
            let mut at_work = 0;
            let mut over: Option<(SignedDuration, &StepId)> = None;
            for (time, change, id) in changes {
                at_work += change;
                if at_work > limit && over.is_none() {
                    over = Some((time, id));
                }
            }
            if let Some((time, id)) = over {
                let at = time.as_secs();
                self.fault(
                    Some(id),
                    format!("{hands} would do more than {limit} steps at once, {at} s after the loss"),
                );
            }
        }
        let mut told = BTreeSet::new();
        for load in &self.restoration.crews {
            let right = busy.get(&load.hands) == Some(&(load.steps, load.busy, load.until))
                && i64::from(load.people) == self.limit(&load.hands);
            if !right || !told.insert(&load.hands) {
                self.fault(None, format!("what is said of how busy {} is is not so", load.hands));
            }
        }
        for hands in busy.into_keys().filter(|hands| !told.contains(hands)).collect::<Vec<_>>() {
            self.fault(None, format!("it is not said how busy {hands} is"));
        }
    }

    fn limit(&self, hands: &Hands) -> i64 {
        match hands {
            Hands::Crew(id) => self.plan.crew(id).map_or(0, |crew| i64::from(crew.people).max(1)),
            Hands::Anyone => i64::from(Hands::ANYONE),
            Hands::Nobody => i64::MAX,
        }
    }

    /// Each step begins at once, or when something it needs ends, or when somebody who does it has ended another.
    fn check_beginnings(&mut self) {
        let mut ends: BTreeSet<(&Hands, SignedDuration)> = BTreeSet::new();
        for step in self.restoration.steps.iter().filter(|step| step.hands != Hands::Nobody) {
            ends.insert((&step.hands, step.end));
        }
        for step in &self.restoration.steps {
            let needed =
                step.needs.iter().filter_map(|need| self.steps.get(need)).any(|need| need.end == step.start);
            let busy = step.hands != Hands::Nobody && ends.contains(&(&step.hands, step.start));
            if step.start != SignedDuration::ZERO && !needed && !busy {
                self.fault(Some(&step.id), "it begins later than it could, and nothing says why");
            }
        }
    }

    /// Each pair of hands does one step after another, and there are no more pairs of hands than people.
    fn check_hands(&mut self) {
        let mut pairs: BTreeMap<&Hands, i64> = BTreeMap::new();
        let mut taken: BTreeSet<&StepId> = BTreeSet::new();
        for step in &self.restoration.steps {
            match &step.hands_from {
                None => {
                    if step.hands != Hands::Nobody {
                        *pairs.entry(&step.hands).or_default() += 1;
                    }
                }
                Some(before) => {
                    let right = self.steps.get(before).is_some_and(|before| {
                        before.hands == step.hands && before.end <= step.start && step.hands != Hands::Nobody
                    });
                    if !right || !taken.insert(before) {
                        self.fault(Some(&step.id), format!("it cannot have the hands that did {before}"));
                    }
                }
            }
        }
        for (hands, pairs) in pairs {
            if pairs > self.limit(hands) {
                self.fault(None, format!("{hands} would need {pairs} people"));
            }
        }
    }

    /// Slack is how much later a step may end before something that follows it ends the whole later.
    fn check_slack(&mut self) {
        let mut latest: BTreeMap<&StepId, SignedDuration> = BTreeMap::new();
        let steps = &self.restoration.steps;
        for step in steps {
            let limit = step.start.saturating_add(step.slack);
            for before in step.needs.iter().chain(&step.hands_from) {
                let latest = latest.entry(before).or_insert(limit);
                *latest = limit.min(*latest);
            }
        }
        for step in steps {
            let latest = latest.get(&step.id).copied().unwrap_or(self.restoration.end);
            if step.end.saturating_add(step.slack) != latest {
                self.fault(Some(&step.id), "its slack is not how much later it may end");
            }
            if step.slack < SignedDuration::ZERO || step.critical && step.slack != SignedDuration::ZERO {
                self.fault(Some(&step.id), "its slack is less than nothing, or it is critical and has slack");
            }
        }
    }

    /// The critical path begins with the loss, has no gap, ends with the end of all, and each link is what it says.
    fn check_critical_path(&mut self) {
        let path = &self.restoration.critical_path;
        let last = self.restoration.steps.iter().map(|step| step.end).max().unwrap_or_default();
        if last != self.restoration.end {
            self.fault(None, "the end of all is not when the last step ends");
        }
        if path.is_empty() != self.restoration.steps.is_empty() {
            self.fault(None, "there is no critical path");
        }
        let mut before: Option<&Step> = None;
        for link in path {
            let Some(step) = self.steps.get(&link.step).copied() else {
                self.fault(Some(&link.step), "it is on the critical path and is no step");
                return;
            };
            let right = match (link.because, before) {
                (Because::First, None) => step.start == SignedDuration::ZERO,
                (Because::Needs, Some(before)) => step.start == before.end && step.needs.contains(&before.id),
                (Because::Busy, Some(before)) => {
                    step.start == before.end && step.hands == before.hands && step.hands != Hands::Nobody
                }
                _ => false,
            };
            if !right {
                self.fault(Some(&step.id), "the critical path does not lead to it");
            }
            if !step.critical {
                self.fault(Some(&step.id), "it is on the critical path and not said to be critical");
            }
            before = Some(step);
        }
        if before.is_some_and(|step| step.end != last) {
            self.fault(None, "the critical path does not lead to the end of all");
        }
        let on_path: BTreeSet<&StepId> = path.iter().map(|link| &link.step).collect();
        if on_path.len() != path.len() {
            self.fault(None, "the critical path comes to a step twice");
        }
        for step in self.restoration.steps.iter().filter(|step| step.critical) {
            if !on_path.contains(&step.id) {
                self.fault(Some(&step.id), "it is said to be critical and is not on the critical path");
            }
        }
    }
}
