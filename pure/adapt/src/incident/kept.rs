//! An incident as it is kept: with what tells which findings belong to it.

use super::belong::{Because, Parties};
use city::{Address, Finding, Incident, IncidentState, IncidentStep, Rule, Severity, Text, ZoneId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An incident, and whom it is about.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    pub incident: Incident,
    /// Whether a person gave it its title.
    pub renamed: bool,
    /// Who did what is found.
    doers: Vec<Address>,
    /// To whom.
    touched: Vec<Address>,
    /// To whom something grave was done: they may be in another's hands.
    harmed: Vec<Address>,
    /// Those of these who came in by a guess alone.
    guessed: Vec<Address>,
    /// What was found where, of what nobody did.
    troubles: Vec<(Rule, Option<ZoneId>)>,
}

impl Kept {
    pub fn begin(number: u64, finding: &Finding, time: Timestamp) -> Kept {
        let incident = Incident {
            number,
            title: finding.title.clone(),
            severity: finding.severity,
            state: IncidentState::Triage,
            owner: None,
            findings: Vec::new(),
            more: 0,
            addresses: Vec::new(),
            assets: Vec::new(),
            services: Vec::new(),
            techniques: Vec::new(),
            responses: Vec::new(),
            began: finding.first.min(time),
            detected: time,
            last: time,
            contained: None,
            recovered: None,
            reviewed: None,
            lesson: None,
            steps: Vec::new(),
        };
        let mut kept = Kept {
            incident,
            renamed: false,
            doers: Vec::new(),
            touched: Vec::new(),
            harmed: Vec::new(),
            guessed: Vec::new(),
            troubles: Vec::new(),
        };
        kept.add(finding);
        kept
    }

    /// Adds a finding that belongs here for a reason that may be a guess.
    pub fn join(&mut self, finding: &Finding, because: &Because) {
        if because.is_guess(self) {
            let Parties { doer, touched } = Parties::of(finding);
            let parties = [doer, touched].into_iter().flatten();
            let new = parties.filter(|address| !self.is_doer(*address) && !self.is_touched(*address));
            let new = new.collect::<Vec<_>>();
            new.iter().for_each(|address| name(&mut self.guessed, address));
        }
        self.add(finding);
    }

    /// Adds a finding, or takes note that one of its own became graver.
    pub fn add(&mut self, finding: &Finding) {
        let incident = &mut self.incident;
        if !incident.findings.contains(&finding.number) {
            if incident.findings.len() < Incident::FINDINGS_MAX {
                incident.findings.push(finding.number);
            } else {
                incident.more += 1;
            }
        }
        if finding.severity > incident.severity {
            incident.severity = finding.severity;
            if !self.renamed {
                incident.title = finding.title.clone();
            }
        }
        incident.began = incident.began.min(finding.first);
        let Parties { doer, touched } = Parties::of(finding);
        for address in [doer, touched].into_iter().flatten() {
            name(&mut incident.addresses, &address);
        }
        finding.asset.iter().for_each(|asset| name(&mut incident.assets, asset));
        finding.services.iter().for_each(|service| name(&mut incident.services, service));
        finding.techniques.iter().for_each(|technique| name(&mut incident.techniques, technique));
        doer.iter().for_each(|doer| name(&mut self.doers, doer));
        touched.iter().for_each(|touched| name(&mut self.touched, touched));
        let harmed = touched.filter(|_| doer.is_some() && finding.severity >= Severity::High);
        harmed.iter().for_each(|harmed| name(&mut self.harmed, harmed));
        if doer.is_none() || finding.key.rule == Rule::UndeclaredDevice {
            name(&mut self.troubles, &(finding.key.rule, finding.zone.clone()));
        }
    }

    /// Takes in all of another.
    pub fn absorb(&mut self, other: &Kept) {
        let (into, from) = (&mut self.incident, &other.incident);
        if from.severity > into.severity {
            into.severity = from.severity;
            if !self.renamed {
                into.title = from.title.clone();
            }
        }
        into.findings.extend(&from.findings);
        into.findings.sort_unstable();
        into.findings.dedup();
        into.more += from.more;
        into.more += into.findings.len().saturating_sub(Incident::FINDINGS_MAX) as u64;
        into.findings.truncate(Incident::FINDINGS_MAX);
        from.addresses.iter().for_each(|address| name(&mut into.addresses, address));
        from.assets.iter().for_each(|asset| name(&mut into.assets, asset));
        from.services.iter().for_each(|service| name(&mut into.services, service));
        from.techniques.iter().for_each(|technique| name(&mut into.techniques, technique));
        from.responses.iter().for_each(|response| name(&mut into.responses, response));
        into.began = into.began.min(from.began);
        into.detected = into.detected.min(from.detected);
        into.last = into.last.max(from.last);
        other.doers.iter().for_each(|doer| name(&mut self.doers, doer));
        other.touched.iter().for_each(|touched| name(&mut self.touched, touched));
        other.harmed.iter().for_each(|harmed| name(&mut self.harmed, harmed));
        other.guessed.iter().for_each(|guessed| name(&mut self.guessed, guessed));
        other.troubles.iter().for_each(|trouble| name(&mut self.troubles, trouble));
    }

    /// Begins again with these findings and no other; what people did stays.
    pub fn remake<'f>(&mut self, findings: impl Iterator<Item = &'f Finding> + Clone) {
        let incident = &mut self.incident;
        (incident.findings, incident.more) = (Vec::new(), 0);
        incident.addresses.clear();
        incident.assets.clear();
        incident.services.clear();
        incident.techniques.clear();
        self.doers.clear();
        self.touched.clear();
        self.harmed.clear();
        self.guessed.clear();
        self.troubles.clear();
        // The first of the gravest gives the title.
        let gravest =
            findings.clone().min_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.number));
        if let Some(gravest) = gravest {
            incident.severity = gravest.severity;
            if !self.renamed {
                incident.title = gravest.title.clone();
            }
        }
        if let Some(first) = findings.clone().map(|finding| finding.first).min() {
            incident.began = first;
        }
        findings.for_each(|finding| self.add(finding));
    }

    /// How many findings belong to it.
    pub fn all(&self) -> u64 {
        self.incident.findings.len() as u64 + self.incident.more
    }

    pub fn is_doer(&self, address: Address) -> bool {
        self.doers.contains(&address)
    }

    pub fn has_doer(&self) -> bool {
        !self.doers.is_empty()
    }

    pub fn is_touched(&self, address: Address) -> bool {
        self.touched.contains(&address)
    }

    pub fn is_guessed(&self, address: Address) -> bool {
        self.guessed.contains(&address)
    }

    pub fn is_harmed(&self, address: Address) -> bool {
        self.harmed.contains(&address)
    }

    pub fn has_trouble(&self, rule: Rule, zone: Option<&ZoneId>) -> bool {
        self.troubles.iter().any(|(known, place)| *known == rule && place.as_ref() == zone)
    }

    pub fn is_merged(&self) -> bool {
        matches!(self.incident.state, IncidentState::Merged { .. })
    }

    /// Whether what is found may still belong to it.
    pub fn goes_on(&self) -> bool {
        matches!(self.incident.state, IncidentState::Triage | IncidentState::Contained)
    }

    /// When it ended, if it did: when people said so, or when the last of it happened if that was later.
    pub fn ended(&self) -> Option<Timestamp> {
        if self.goes_on() {
            return None;
        }
        let said = self.incident.reviewed.or(self.incident.recovered);
        Some(said.unwrap_or(self.incident.last).max(self.incident.last))
    }

    /// Waits for a person again.
    pub fn open_again(&mut self) {
        self.incident.state = IncidentState::Triage;
        self.incident.contained = None;
        self.incident.recovered = None;
        self.incident.reviewed = None;
    }

    /// Writes down what happened. What people did is kept longer than what Bastide did by itself.
    pub fn step(&mut self, time: Timestamp, by: Option<&Text>, text: String) {
        let steps = &mut self.incident.steps;
        if steps.len() >= Incident::STEPS_MAX {
            // The first says how it began.
            let own = steps.iter().skip(1).position(|step| step.by.is_none());
            steps.remove(own.map_or(1, |at| at + 1));
        }
        steps.push(IncidentStep { time, by: by.cloned(), text: text.into() });
    }
}

/// Names one more, if it is not named yet and there is room.
fn name<T: Clone + PartialEq>(list: &mut Vec<T>, one: &T) {
    if list.len() < Incident::NAMES_MAX && !list.contains(one) {
        list.push(one.clone());
    }
}
