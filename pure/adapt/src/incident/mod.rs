//! Incidents: findings that belong together, as one thing that people see to.
//!
//! A finding joins an incident that goes on when both have something in common: a conversation, whoever did it, a device
//! that was reached and now acts itself, a device that it is about, a further step against the same service, or the same
//! trouble in one zone at one time. Each joining is a step that says why. What cannot wait until tomorrow begins an
//! incident; what is only weak, overdue or worth knowing joins one at most.
//!
//! Nothing here is chance: the same findings, responses and acts in the same order give the same incidents.

mod act;
mod belong;
mod kept;
#[cfg(test)]
mod tests;

use crate::lesson;
use belong::{Because, Parties};
use city::{Address, Finding, Incident, IncidentState, Response, ResponseState, Severity, Text};
use jiff::{SignedDuration, Timestamp};
use kept::Kept;
use plan::Plan;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long after the last of an incident another deed of the same doer still belongs to it; and how long after its end
/// a finding that is seen again still does.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// The most incidents that are kept; those that are over go first, the oldest first. The sealed log has them all.
pub const KEPT_MAX: usize = 2_000;

/// The most findings made before that are looked at when an incident gains a doer.
const LOOK_BACK: usize = 512;

/// The most dismissals that are heeded; the oldest goes first.
const DISMISSALS_MAX: usize = 1_000;

/// What the city knows besides, where it is asked.
#[derive(Clone, Copy)]
pub struct Known<'k> {
    /// Every finding, by number: the first is number 1.
    pub findings: &'k [Finding],
    /// Every response that is kept.
    pub responses: &'k [Response],
    /// What people call the device at an address.
    pub name: &'k dyn Fn(Address) -> Text,
}

impl Known<'_> {
    fn finding(&self, number: u64) -> Option<&Finding> {
        self.findings.get(usize::try_from(number.checked_sub(1)?).ok()?)
    }

    fn response(&self, number: u64) -> Option<&Response> {
        self.responses.iter().find(|response| response.number == number)
    }
}

/// Findings of a kind that a person said are none of an incident's, until a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Dismissal {
    incident: u64,
    until: Timestamp,
    kinds: Vec<belong::Kind>,
}

/// The incidents of a city, open and recent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Incidents {
    /// In the order of their numbers.
    kept: Vec<Kept>,
    count: u64,
    /// The one incident to which each finding belongs, by numbers.
    of: BTreeMap<u64, u64>,
    dismissals: Vec<Dismissal>,
}

impl Incidents {
    /// Every incident that is kept, in the order in which they began.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Incident> + ExactSizeIterator {
        self.kept.iter().map(|kept| &kept.incident)
    }

    /// One incident by its number.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<&Incident> {
        let at = self.at(number)?;
        self.kept.get(at).map(|kept| &kept.incident)
    }

    /// The incident to which a finding belongs, by numbers.
    #[must_use]
    pub fn of(&self, finding: u64) -> Option<u64> {
        self.of.get(&finding).copied()
    }

    /// The findings of an incident, by their numbers: all of them, also those that it does not name.
    pub fn findings_of(&self, incident: u64) -> impl Iterator<Item = u64> + '_ {
        self.of.iter().filter(move |(_, of)| **of == incident).map(|(finding, _)| *finding)
    }

    fn at(&self, number: u64) -> Option<usize> {
        self.kept.binary_search_by_key(&number, |kept| kept.incident.number).ok()
    }

    fn kept(&mut self, number: u64) -> Option<&mut Kept> {
        let at = self.at(number)?;
        self.kept.get_mut(at)
    }

    /// Takes note of a finding that was made. What changed is appended, to be sealed.
    pub fn found(
        &mut self,
        finding: &Finding,
        time: Timestamp,
        known: Known<'_>,
        changed: &mut Vec<Incident>,
    ) {
        if self.of.contains_key(&finding.number) {
            // Its doer brought it in.
            return;
        }
        if let Some(number) = self.dismissed(finding, time) {
            self.leave_dismissed(number, finding, time, changed);
        } else if let Some((number, because)) = self.home(finding, time) {
            self.join(number, finding, because, time, known, changed);
        } else if belong::begins(finding) {
            self.begin(finding, None, time, known, changed);
        }
    }

    /// Takes note of a finding that became graver.
    pub fn worsened(
        &mut self,
        finding: &Finding,
        time: Timestamp,
        known: Known<'_>,
        changed: &mut Vec<Incident>,
    ) {
        let Some(number) = self.of(finding.number) else {
            return self.found(finding, time, known, changed);
        };
        self.again(finding, time, known, changed);
        // It may have begun another.
        if self.of(finding.number) != Some(number) {
            return;
        }
        let Some(kept) = self.kept(number) else { return };
        let before = kept.incident.severity;
        kept.add(finding);
        if kept.incident.severity > before && !kept.incident.state.is_over() {
            let text =
                format!("Graver: {} now, because of finding {}", finding.severity.as_str(), finding.number);
            kept.step(time, None, text);
            changed.push(kept.incident.clone());
        }
    }

    /// Takes note that a finding was seen again.
    pub fn again(
        &mut self,
        finding: &Finding,
        time: Timestamp,
        known: Known<'_>,
        changed: &mut Vec<Incident>,
    ) {
        let Some(number) = self.of(finding.number) else {
            // Its incident is no longer kept, or it was made before there were any.
            if belong::begins(finding) {
                self.found(finding, time, known, changed);
            }
            return;
        };
        let Some(kept) = self.kept(number) else { return };
        let ended = kept.ended();
        kept.incident.last = kept.incident.last.max(time);
        let over = ended.is_some_and(|ended| time.duration_since(ended) > WINDOW);
        if over && belong::begins(finding) && self.dismissed(finding, time).is_none() {
            match self.home(finding, time) {
                Some((other, because)) => self.join(other, finding, because, time, known, changed),
                None => self.begin(finding, Some(number), time, known, changed),
            }
        }
    }

    /// Takes note of a response that was proposed or came further.
    pub fn responded(
        &mut self,
        response: &Response,
        time: Timestamp,
        known: Known<'_>,
        changed: &mut Vec<Incident>,
    ) {
        let target = response.address();
        let by_finding = response.findings.iter().rev().find_map(|finding| self.of(*finding));
        let holds = |kept: &&Kept| kept.incident.responses.contains(&response.number) && !kept.is_merged();
        let by_number = || self.kept.iter().rev().find(holds);
        let about = |kept: &&Kept| kept.goes_on() && (kept.is_doer(target) || kept.is_touched(target));
        let by_target = || self.kept.iter().rev().find(about);
        let number = by_finding.or_else(|| Some(by_number().or_else(by_target)?.incident.number));
        let Some(kept) = number.and_then(|number| self.kept(number)) else { return };
        if !kept.incident.responses.contains(&response.number) {
            if kept.incident.responses.len() >= Incident::NAMES_MAX {
                return;
            }
            kept.incident.responses.push(response.number);
        }
        let Some(step) = response.steps.last() else { return };
        let text = format!("Response {} to {}: {}", response.number, response.name, step.text);
        kept.step(step.time, step.by.as_ref(), text);
        let states = kept.incident.responses.iter().filter_map(|number| known.response(*number));
        let waits = |state: ResponseState| !matches!(state, ResponseState::Contained) && !state.is_over();
        let all = states.map(|response| response.state).collect::<Vec<_>>();
        let held = all.contains(&ResponseState::Contained) && !all.iter().any(|state| waits(*state));
        if held && response.heard.is_some() && kept.incident.state == IncidentState::Contained {
            kept.open_again();
            kept.step(time, None, format!("No longer contained: {} was still heard", response.name));
        } else if held && response.heard.is_none() && kept.incident.state == IncidentState::Triage {
            kept.incident.state = IncidentState::Contained;
            kept.incident.contained = Some(step.time);
            let numbers = kept.incident.responses.iter().filter_map(|number| known.response(*number));
            let cut = numbers.filter(|response| response.state == ResponseState::Contained);
            let cut = cut.map(|response| response.name.as_str()).collect::<Vec<_>>().join(", ");
            kept.step(step.time, None, format!("Contained: {cut} cut off, and no other response waits"));
        }
        changed.push(kept.incident.clone());
    }

    /// Takes note of the plan that is in force: whether it holds what was learned from each incident. What changed is
    /// appended, to be sealed.
    pub fn adopted(&mut self, plan: &Plan, time: Timestamp, changed: &mut Vec<Incident>) {
        for kept in &mut self.kept {
            let Some(lesson) = kept.incident.lesson.as_mut().filter(|lesson| !lesson.changes.is_empty())
            else {
                continue;
            };
            let holds = lesson.changes.iter().all(|change| lesson::is_held(plan, change));
            if holds == lesson.held.is_some() {
                continue;
            }
            lesson.held = holds.then_some(time);
            let text = if holds {
                "The plan in force holds what was learned"
            } else {
                "The plan in force allows again what was to be taken out"
            };
            kept.step(time, None, text.to_owned());
            changed.push(kept.incident.clone());
        }
    }

    /// The incident that a person dismissed and that has findings of this kind, as long as the dismissal holds.
    fn dismissed(&mut self, finding: &Finding, time: Timestamp) -> Option<u64> {
        self.dismissals.retain(|dismissal| dismissal.until >= time);
        let kind = belong::Kind::of(finding);
        let mut latest_first = self.dismissals.iter().rev();
        latest_first.find(|dismissal| dismissal.kinds.contains(&kind)).map(|dismissal| dismissal.incident)
    }

    /// Leaves a finding with the incident that was dismissed, and says so there.
    fn leave_dismissed(
        &mut self,
        number: u64,
        finding: &Finding,
        time: Timestamp,
        changed: &mut Vec<Incident>,
    ) {
        let Some(kept) = self.kept(number) else { return };
        let IncidentState::Dismissed { until, .. } = kept.incident.state else { return };
        kept.add(finding);
        let text = format!(
            "Finding {} began no incident: it is of a kind that was dismissed until {until:.0}: {}",
            finding.number, finding.title
        );
        kept.step(time, None, text);
        changed.push(kept.incident.clone());
        self.of.insert(finding.number, number);
    }

    /// The incident that goes on and that a finding belongs to, and why.
    fn home(&self, finding: &Finding, time: Timestamp) -> Option<(u64, Because)> {
        let parties = Parties::of(finding);
        // The strongest reason; of equals what happened last; of equals the latest.
        self.kept
            .iter()
            .filter(|kept| kept.goes_on())
            .filter_map(|kept| Some((kept, belong::because(kept, finding, &parties, time)?)))
            .max_by_key(|(kept, because)| (because.strength(), kept.incident.last, kept.incident.number))
            .map(|(kept, because)| (kept.incident.number, because))
    }

    fn join(
        &mut self,
        number: u64,
        finding: &Finding,
        because: Because,
        time: Timestamp,
        known: Known<'_>,
        changed: &mut Vec<Incident>,
    ) {
        self.of.insert(finding.number, number);
        let Some(kept) = self.kept(number) else { return };
        let before = (kept.incident.severity, kept.incident.services.len());
        kept.join(finding, &because);
        kept.incident.last = kept.incident.last.max(time);
        let because = because.text(known.name);
        kept.step(
            time,
            None,
            format!("Finding {} joined, because {because}: {}", finding.number, finding.title),
        );
        let went_on = kept.incident.state == IncidentState::Contained
            && finding.severity >= Severity::Medium
            && !is_held(finding, known);
        if went_on {
            kept.open_again();
            let text = format!("No longer taken for contained, because of finding {}", finding.number);
            kept.step(time, None, text);
        }
        let all = kept.all();
        // One that grows by many findings of the same weight is sealed when they have doubled.
        if went_on
            || before != (kept.incident.severity, kept.incident.services.len())
            || all.is_power_of_two()
        {
            changed.push(kept.incident.clone());
        }
        self.look_back(number, finding, time, known);
    }

    fn begin(
        &mut self,
        finding: &Finding,
        earlier: Option<u64>,
        time: Timestamp,
        known: Known<'_>,
        changed: &mut Vec<Incident>,
    ) {
        self.make_room(None);
        self.count += 1;
        let number = self.count;
        let mut kept = Kept::begin(number, finding, time);
        if earlier.is_some() {
            // What happened before belongs to the one before.
            kept.incident.began = time;
        }
        let again = earlier.map_or_else(String::new, |earlier| {
            format!(", seen again more than a day after incident {earlier} ended")
        });
        kept.step(time, None, format!("Begun with finding {}{again}: {}", finding.number, finding.title));
        self.kept.push(kept);
        self.of.insert(finding.number, number);
        self.look_back(number, finding, time, known);
        changed.extend(self.get(number).cloned());
    }

    /// Takes in what the doer of a finding did shortly before, and what alone began nothing.
    fn look_back(&mut self, number: u64, finding: &Finding, time: Timestamp, known: Known<'_>) {
        let Some(doer) = Parties::of(finding).doer else { return };
        let latest = known.findings.iter().rev().take(LOOK_BACK);
        let alone: Vec<&Finding> = latest
            .filter(|earlier| {
                let parties = Parties::of(earlier);
                let does = parties.doer == Some(doer)
                    && belong::joins(earlier)
                    && !belong::is_weakness(earlier)
                    && time.duration_since(earlier.last) <= WINDOW;
                earlier.number < finding.number && does && !self.of.contains_key(&earlier.number)
            })
            .collect();
        for earlier in alone.into_iter().rev() {
            self.of.insert(earlier.number, number);
            let Some(kept) = self.kept(number) else { return };
            kept.add(earlier);
            let because = Because::SameDoer(doer).text(known.name);
            let text = format!(
                "Finding {} from before joined, because {because}: {}",
                earlier.number, earlier.title
            );
            kept.step(time, None, text);
        }
    }

    /// Forgets one that is over, or else the one that was quiet longest, where there are as many as are kept.
    fn make_room(&mut self, but: Option<u64>) {
        if self.kept.len() < KEPT_MAX {
            return;
        }
        let over = self.kept.iter().position(|kept| kept.incident.state.is_over());
        let quiet = || {
            let places = self.kept.iter().enumerate().filter(|(_, kept)| Some(kept.incident.number) != but);
            places.min_by_key(|(_, kept)| (kept.incident.last, kept.incident.number)).map(|(at, _)| at)
        };
        let Some(at) = over.or_else(quiet) else { return };
        let gone = self.kept.remove(at).incident.number;
        self.of.retain(|_, incident| *incident != gone);
        self.dismissals.retain(|dismissal| dismissal.incident != gone);
    }
}

/// Whether whoever did it is cut off, and was not heard since: then it was an attempt that came to nothing.
fn is_held(finding: &Finding, known: Known<'_>) -> bool {
    let Some(doer) = Parties::of(finding).doer else { return false };
    let mut about = known.responses.iter().filter(|response| response.address() == doer);
    about.any(|response| response.state == ResponseState::Contained && response.heard.is_none())
}
