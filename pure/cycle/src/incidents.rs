//! Findings and responses reach the incidents, and so does what people do about them.

use crate::{City, Effect, Event, city::name_of};
use ::city::{Incident, IncidentAct, Text};
use adapt::incident::Known;
use jiff::Timestamp;

impl City {
    /// Folds one event into the state and appends what is to be done about it.
    pub fn handle(&mut self, event: &Event, effects: &mut Vec<Effect>) {
        let before = effects.len();
        self.fold(event, effects);
        self.learn(event, effects);
        self.gather(before, event.time(), effects);
        for effect in effects.iter().skip(before) {
            if let Effect::Incident(incident) = effect {
                self.reputation.decided(incident);
            }
        }
    }

    /// Holds lessons against the plan in force: once after another was adopted, and after one was written down.
    fn learn(&mut self, event: &Event, effects: &mut Vec<Effect>) {
        let noted = matches!(event, Event::Handled { act, .. } if matches!(act, IncidentAct::Learn { .. }));
        // The event that says that a plan was adopted comes before the plan.
        if matches!(event, Event::Adopted { .. }) || self.learned == self.adopted && !noted {
            return;
        }
        let Some(plan) = self.plan.clone() else { return };
        self.learned.clone_from(&self.adopted);
        let mut changed = Vec::new();
        self.incidents.adopted(&plan, event.time(), &mut changed);
        effects.extend(changed.into_iter().map(|incident| Effect::Incident(Box::new(incident))));
    }

    /// Lets what one event led to join or begin incidents.
    fn gather(&mut self, before: usize, time: Timestamp, effects: &mut Vec<Effect>) {
        let mut again = self.ledger.take_again();
        if effects.len() == before && again.is_empty() {
            self.ledger.give_again(again);
            return;
        }
        let (plan, inventory) = (self.plan.as_deref(), &self.inventory);
        let name = |address| name_of(plan, inventory, address);
        let (findings, responses) = (self.ledger.findings(), self.responses.all());
        let known = Known { findings, responses, name: &name };
        let mut changed = Vec::new();
        let made = || effects.iter().skip(before);
        // What one did to another says what the rest is part of: that the other is unknown, or weak.
        for between_two in [true, false] {
            for effect in made() {
                match effect {
                    Effect::Found(finding) if finding.peer.is_some() == between_two => {
                        self.incidents.found(finding, time, known, &mut changed);
                    }
                    Effect::Worsened(finding) if finding.peer.is_some() == between_two => {
                        self.incidents.worsened(finding, time, known, &mut changed);
                    }
                    _ => {}
                }
            }
        }
        for effect in made() {
            if let Effect::Responded(response) = effect {
                self.incidents.responded(response, time, known, &mut changed);
            }
        }
        for at in again.drain(..) {
            if let Some(finding) = findings.get(at) {
                self.incidents.again(finding, time, known, &mut changed);
            }
        }
        effects.extend(changed.into_iter().map(|incident| Effect::Incident(Box::new(incident))));
        self.ledger.give_again(again);
    }

    /// Does what a person decided about an incident.
    pub(crate) fn see_to(
        &mut self,
        number: u64,
        act: &IncidentAct,
        by: &Text,
        time: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let (plan, inventory) = (self.plan.as_deref(), &self.inventory);
        let name = |address| name_of(plan, inventory, address);
        let known = Known { findings: self.ledger.findings(), responses: self.responses.all(), name: &name };
        let mut changed = Vec::new();
        self.incidents.handle(number, act, by, time, known, &mut changed);
        effects.extend(changed.into_iter().map(|incident| Effect::Incident(Box::new(incident))));
    }

    /// Every incident that is kept, open and recent, in the order in which they began. The sealed log has the others.
    pub fn incidents(&self) -> impl DoubleEndedIterator<Item = &Incident> + ExactSizeIterator {
        self.incidents.all()
    }

    /// One incident by its number, if it is kept.
    #[must_use]
    pub fn incident(&self, number: u64) -> Option<&Incident> {
        self.incidents.get(number)
    }

    /// The incident to which a finding belongs, if it belongs to one.
    #[must_use]
    pub fn incident_of(&self, finding: u64) -> Option<&Incident> {
        self.incidents.get(self.incidents.of(finding)?)
    }

    /// The findings of an incident by their numbers: all of them, also those that it does not name.
    pub fn findings_of(&self, incident: u64) -> impl Iterator<Item = u64> + '_ {
        self.incidents.findings_of(incident)
    }

    /// Whether a person can do something about an incident at a time.
    ///
    /// # Errors
    ///
    /// Why not, in plain words.
    pub fn may_see_to(&self, incident: u64, act: &IncidentAct, time: Timestamp) -> Result<(), &'static str> {
        self.incidents.may(incident, act, time)
    }
}
