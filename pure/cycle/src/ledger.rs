//! Findings, numbered and counted.

use crate::Effect;
use ::city::{
    Address, Bearing, Description, Difference, Finding, FindingKey, Impact, Outcome, Reason, Rule, ServiceId,
    Severity, Text,
};
use jiff::Timestamp;
use plan::Plan;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::Ipv4Addr};

/// Findings of one rule about one device that are told apart; further ones are counted together.
const PER_SUBJECT_MAX: u32 = 16;

/// Findings of one rule that are told apart; further ones are counted together.
const PER_RULE_MAX: u32 = 2_000;

/// The most techniques that others name of one finding.
const TECHNIQUES_MAX: usize = 16;

/// The distinction under which further findings are counted together.
const AND_MORE: &str = "and more";

/// Every finding made. Numbers are given in the order of first sight, from 1, and never again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ledger {
    findings: Vec<Finding>,
    by_key: BTreeMap<FindingKey, usize>,
    per_subject: BTreeMap<(Rule, Address), u32>,
    per_rule: BTreeMap<Rule, u32>,
    /// Where the findings are that the event at hand saw again. Not part of the state: it is taken after each event.
    #[serde(skip)]
    again: Vec<usize>,
}

impl Ledger {
    pub(crate) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The finding that a difference was made.
    pub(crate) fn of(&self, difference: &dyn Difference) -> Option<&Finding> {
        let key = self.fold(difference.key(), &difference.bearing());
        self.findings.get(*self.by_key.get(&key)?)
    }

    /// What was seen again since this was asked last.
    pub(crate) fn take_again(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.again)
    }

    /// Gives the room back, so that it is not asked for again for each event.
    pub(crate) fn give_again(&mut self, again: Vec<usize>) {
        self.again = again;
    }

    /// Takes note of a difference: a new one becomes a finding, a known one is counted.
    pub(crate) fn note(
        &mut self,
        difference: &dyn Difference,
        time: Timestamp,
        plan: Option<&Plan>,
        name: &dyn Fn(Address) -> Text,
        effects: &mut Vec<Effect>,
    ) {
        let key = self.fold(difference.key(), &difference.bearing());
        let rolled_up = key.distinction == AND_MORE;
        if let Some(index) = self.by_key.get(&key)
            && let Some(finding) = self.findings.get_mut(*index)
        {
            self.again.push(*index);
            finding.count += 1;
            finding.last = finding.last.max(time);
            if finding.reasons.len() < Finding::REASONS_MAX && !rolled_up {
                let said = difference.describe(name);
                add_reason(finding, said, &difference.bearing(), time, plan, effects);
            }
            return;
        }
        let mut said = difference.describe(name);
        if rolled_up {
            said = roll_up(&key, said, name);
        }
        let bearing = difference.bearing();
        let declared = bearing.asset.as_ref().and_then(|id| plan?.asset(id));
        let asset = declared.or_else(|| plan?.asset_at(key.subject));
        // What has no address lies nowhere, rather than in the zone that is everywhere else.
        let placed = key.subject.is_station() || bearing.is_of_addresses();
        let zone = plan.filter(|_| placed).and_then(|plan| defend::conduit::zone_of(plan, key.subject));
        let services = services_behind(plan, [Some(key.subject), said.peer], &bearing);
        let finding = Finding {
            number: self.findings.len() as u64 + 1,
            title: said.title,
            severity: weigh(said.severity, &services, plan),
            reasons: vec![Reason { time, text: said.reason }],
            remedy: said.remedy,
            asset: asset.map(|asset| asset.id.clone()),
            zone: asset.map(|asset| asset.zone.clone()).or_else(|| zone.map(|zone| zone.id.clone())),
            services,
            peer: said.peer,
            techniques: techniques(said.techniques, &bearing),
            outcomes: said.outcomes.iter().map(|outcome| Outcome(Text::const_new(outcome))).collect(),
            count: 1,
            first: time,
            last: time,
            key: key.clone(),
        };
        *self.per_subject.entry((key.rule, key.subject)).or_default() += 1;
        *self.per_rule.entry(key.rule).or_default() += 1;
        self.by_key.insert(key, self.findings.len());
        self.findings.push(finding.clone());
        effects.push(Effect::Found(Box::new(finding)));
    }

    /// Folds a key into a broader one where there are already many of its kind.
    fn fold(&self, key: FindingKey, bearing: &Bearing) -> FindingKey {
        if self.by_key.contains_key(&key) {
            return key;
        }
        let of_rule = self.per_rule.get(&key.rule).copied().unwrap_or_default();
        let of_subject = self.per_subject.get(&(key.rule, key.subject)).copied().unwrap_or_default();
        if of_rule >= PER_RULE_MAX {
            let everywhere = Address::Ip(Ipv4Addr::UNSPECIFIED.into());
            FindingKey { subject: everywhere, distinction: Text::const_new(AND_MORE), ..key }
        } else if of_subject >= PER_SUBJECT_MAX && bearing.is_of_addresses() {
            // What bears on declared things besides its address is as many as they are.
            FindingKey { distinction: Text::const_new(AND_MORE), ..key }
        } else {
            key
        }
    }
}

/// Techniques of the rule, and those that others name.
fn techniques(own: &[&'static str], bearing: &Bearing) -> Vec<Text> {
    let mut techniques: Vec<Text> = own.iter().map(|id| Text::const_new(id)).collect();
    for named in bearing.techniques.iter().take(TECHNIQUES_MAX) {
        if !techniques.contains(named) {
            techniques.push(named.clone());
        }
    }
    techniques
}

/// A further reason, if it says something that the finding does not say yet.
fn add_reason(
    finding: &mut Finding,
    said: Description,
    bearing: &Bearing,
    time: Timestamp,
    plan: Option<&Plan>,
    effects: &mut Vec<Effect>,
) {
    if finding.reasons.iter().any(|reason| reason.text == said.reason) {
        return;
    }
    finding.reasons.push(Reason { time, text: said.reason });
    for service in services_behind(plan, [Some(finding.key.subject), said.peer], bearing) {
        if !finding.services.contains(&service) {
            finding.services.push(service);
        }
    }
    let severity = weigh(said.severity, &finding.services, plan);
    if severity > finding.severity {
        finding.severity = severity;
        finding.title = said.title;
        finding.peer = said.peer;
        effects.push(Effect::Worsened(Box::new(finding.clone())));
    }
}

/// The words for many findings counted together.
fn roll_up(key: &FindingKey, said: Description, name: &dyn Fn(Address) -> Text) -> Description {
    let many = if key.subject.is_station() {
        format!("{}: more of the same ({}) than can be told apart", name(key.subject), key.rule.as_str())
    } else {
        format!("Many devices: more of the same ({}) than can be told apart", key.rule.as_str())
    };
    Description { title: many.into(), peer: None, ..said }
}

/// The services that the devices at these addresses support, and those that it bears on besides.
fn services_behind(
    plan: Option<&Plan>,
    addresses: [Option<Address>; 2],
    bearing: &Bearing,
) -> Vec<ServiceId> {
    let Some(plan) = plan else { return Vec::new() };
    let mut services: Vec<ServiceId> = addresses
        .into_iter()
        .flatten()
        .filter_map(|address| plan.asset_at(address))
        .flat_map(|asset| asset.services.iter().cloned())
        .chain(bearing.services.iter().cloned())
        .collect();
    services.sort();
    services.dedup();
    services
}

/// A finding that bears on a critical service weighs one step more.
fn weigh(severity: Severity, services: &[ServiceId], plan: Option<&Plan>) -> Severity {
    let critical =
        services.iter().filter_map(|id| plan?.service(id)).any(|service| service.impact == Impact::Critical);
    match severity {
        Severity::Low if critical => Severity::Medium,
        Severity::Medium if critical => Severity::High,
        Severity::High if critical => Severity::Critical,
        unchanged => unchanged,
    }
}
