//! A second pair of eyes: is a way back one that people could follow?
//!
//! What it must hold to is worked out here anew from the plan and from what is lost. Nothing is shared with what makes
//! restorations but the types, so that a mistake there is not repeated here.

mod circle;
mod expected;
mod told;

use crate::{Because, Estimate, Hands, Lost, Restoration, Step, StepId, Work};
use city::Text;
use expected::Expected;
use jiff::SignedDuration;
use plan::Plan;
use serde::{Deserialize, Serialize};
use std::{
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

/// The most faults that are told: a plan with more is no plan.
const FAULTS_MAX: usize = 200;

/// What is wrong in a restoration: nothing, if it is sound.
///
/// Every lost asset is replaced, every service that is down runs again, and what of its data cannot be recovered is said;
/// no step is before what it needs or missing one of its needs; no crew does more at once than it can, and none idles;
/// starts, ends, slack and the critical path fit the estimates and each other; predictions are the times of the steps.
#[must_use]
pub fn verify(plan: &Plan, lost: &Lost, restoration: &Restoration) -> Vec<Fault> {
    let mut looking = Looking { plan, lost, restoration, steps: BTreeMap::new(), faults: Vec::new() };
    looking.take_stock();
    let rebuilt = restoration.steps.iter().filter_map(|step| match &step.work {
        Work::Rebuild { backup } => Some(backup),
        _ => None,
    });
    let expected = Expected::new(plan, lost, &rebuilt.collect());
    looking.check_expected(&expected);
    looking.check_times();
    looking.check_crews();
    looking.check_beginnings();
    looking.check_slack();
    looking.check_critical_path();
    looking.check_told(&expected);
    looking.faults
}

/// A restoration while it is looked at.
struct Looking<'a> {
    plan: &'a Plan,
    lost: &'a Lost,
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
                for service in circle::cannot_run_without(&expected.facts, unit) {
                    needs.remove(&expected::runs(&service));
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
            if step.run != duty.run {
                self.fault(Some(id), "it would run other lines than the procedure says");
            }
        }
        for step in &self.restoration.steps {
            if !expected.duties.contains_key(&step.id) {
                self.fault(Some(&step.id), "nothing that is lost asks for it");
            }
            if let Work::Restore { backup, from, .. } = &step.work {
                let declared = self.plan.backup(backup).is_some_and(|backup| backup.to.contains(from));
                if !declared {
                    self.fault(Some(&step.id), format!("{backup} is not backed up to {from}"));
                }
                if self.lost.repositories.contains_key(from) {
                    self.fault(Some(&step.id), format!("{from} is lost: nothing can be restored from it"));
                }
            }
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

    /// Slack is what is left before the slack of what follows is used up.
    fn check_slack(&mut self) {
        for step in &self.restoration.steps {
            let id = Some(&step.id);
            if step.slack < SignedDuration::ZERO || step.end.saturating_add(step.slack) > self.restoration.end
            {
                self.fault(id, "its slack is not what is left until the end of all");
            }
            if step.critical && step.slack != SignedDuration::ZERO {
                self.fault(id, "it is critical and has slack");
            }
            for need in &step.needs {
                let Some(need) = self.steps.get(need).copied() else { continue };
                if need.end.saturating_add(need.slack) > step.start.saturating_add(step.slack) {
                    self.fault(Some(&need.id), format!("using its slack up would make {} late", step.id));
                }
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
