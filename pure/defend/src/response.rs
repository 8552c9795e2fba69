//! From findings to responses: who is to be cut off, what that costs, and whether anybody must be asked.

use crate::conduit;
use city::{
    Address, Asset, Consequence, Evidence, Finding, Outcome, Response, Rule, Service, ServiceId, Severity,
    StandingResponse, Support, Text,
};
use jiff::{SignedDuration, Timestamp};
use plan::Plan;
use std::{
    collections::{BTreeMap, VecDeque},
    net::IpAddr,
};

/// From which severity on a finding is worth a proposal.
const WORTH: Severity = Severity::High;

/// Who did what a finding tells of, if cutting them off could stop it.
#[must_use]
pub fn doer(finding: &Finding) -> Option<IpAddr> {
    let address = match finding.key.rule {
        Rule::OutsideConduit
        | Rule::VerbNotAllowed
        | Rule::Scan
        | Rule::UndeclaredDevice
        | Rule::NewDestination => finding.key.subject,
        Rule::FirstSeenVerb => finding.peer?,
        // A weakness is nobody's deed, and who claims another's address is not known by it.
        _ => return None,
    };
    match address {
        Address::Ip(ip) if address.is_station() => Some(ip),
        _ => None,
    }
}

/// Whether a finding is grave enough that somebody should be asked.
#[must_use]
pub fn is_worth_proposing(finding: &Finding) -> bool {
    finding.severity >= WORTH && doer(finding).is_some()
}

/// What the plan says shall be done about a finding without asking.
#[must_use]
pub fn standing<'p>(plan: &'p Plan, finding: &Finding) -> Option<&'p StandingResponse> {
    // To cut off what carries everybody else's traffic is never done unasked.
    let carries_others = |asset: &Asset| {
        asset.role.as_deref().is_some_and(|role| matches!(role, "gateway" | "router" | "firewall" | "switch"))
    };
    let target = Address::Ip(doer(finding)?);
    if plan.asset_at(target).is_some_and(carries_others) {
        return None;
    }
    let touched = match finding.key.rule {
        Rule::FirstSeenVerb => Some(finding.key.subject),
        _ => finding.peer,
    };
    let zone = touched.and_then(|address| conduit::zone_of(plan, address)).map(|zone| &zone.id);
    plan.responses().find(|response| {
        response.rules.contains(&finding.key.rule)
            && finding.severity >= response.severity
            && (response.zones.is_empty() || zone.is_some_and(|zone| response.zones.contains(zone)))
    })
}

/// For how long that a device was contained in time speaks for the city.
const SPEAKS: SignedDuration = SignedDuration::from_hours(365 * 24);

/// That a device was cut off, and how soon, as evidence for frameworks.
#[must_use]
pub fn evidence(response: &Response, time: Timestamp) -> Option<Evidence> {
    let began = response.steps.first()?.time;
    let after = time.duration_since(began).as_secs().max(0);
    let statement = format!(
        "{} was cut off {after} s after {} (response {}).",
        response.name,
        if response.findings.is_empty() { "somebody asked for it" } else { "the finding that it answers" },
        response.number
    );
    Some(Evidence {
        outcome: Outcome(Text::const_new("csf:RS.MI-01")),
        support: Support::Measured,
        statement: statement.into(),
        effective: time,
        expires: time.checked_add(SPEAKS).unwrap_or(time),
    })
}

/// What it costs to cut off the device at an address: the services it supports, and those that need them.
#[must_use]
pub fn consequences(plan: &Plan, target: IpAddr) -> Vec<Consequence> {
    let Some(asset) = plan.asset_at(Address::Ip(target)) else { return Vec::new() };
    let mut found: BTreeMap<&ServiceId, Text> = BTreeMap::new();
    let mut waiting: VecDeque<(&ServiceId, Option<&Service>)> =
        asset.services.iter().map(|service| (service, None)).collect();
    while let Some((id, through)) = waiting.pop_front() {
        let Some(service) = plan.service(id).filter(|service| !found.contains_key(&service.id)) else {
            continue;
        };
        found.insert(&service.id, told(plan, asset, service, through));
        for dependent in plan.services().filter(|dependent| dependent.needs.contains(id)) {
            waiting.push_back((&dependent.id, Some(service)));
        }
    }
    let mut services: Vec<(&Service, Text)> =
        found.into_iter().filter_map(|(id, text)| Some((plan.service(id)?, text))).collect();
    services.sort_by(|(a, _), (b, _)| b.must_run.cmp(&a.must_run).then(b.impact.cmp(&a.impact)));
    services
        .into_iter()
        .map(|(service, text)| Consequence { service: service.id.clone(), text, must_run: service.must_run })
        .collect()
}

fn told(plan: &Plan, asset: &Asset, service: &Service, through: Option<&Service>) -> Text {
    let supporting =
        plan.assets().filter(|other| other.id != asset.id && other.services.contains(&service.id)).count();
    let loss = match (through, supporting) {
        (Some(through), _) => format!("{} needs {}, which is affected", service.name, through.name),
        (None, 0) => format!("{} would be without its only device, {}", service.name, asset.name),
        (None, 1) => {
            format!("{} would be without {}; one other device supports it", service.name, asset.name)
        }
        (None, more) => {
            format!("{} would be without {}; {more} other devices support it", service.name, asset.name)
        }
    };
    match &service.fallback {
        Some(fallback) => format!("{loss}. Without it: {fallback}.").into(),
        None => format!("{loss}. What it falls back to, the plan does not say.").into(),
    }
}
