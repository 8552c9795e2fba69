//! How each public service stands, and why.

use ::city::{AssetId, Finding, Presence, Rule, Service, ServiceId, Severity, Standing, Status, Text};
use anticipate::Watch;
use jiff::{SignedDuration, Timestamp};
use plan::Plan;
use std::collections::BTreeMap;

/// For how long after its last sight a finding puts a service at risk.
const STANDS: SignedDuration = SignedDuration::from_hours(24);

/// How every service stands, in the order of the plan.
///
/// A service is down when every asset that supports it is silent, or a service it needs is down; at risk when some
/// asset is silent or a grave finding bears on it; unknown until one of its assets was heard; and otherwise well.
///
/// Only what is down is passed on to the services that need it. Risk is not: everything needs the network, and a city
/// that is always at risk everywhere tells nobody where to look.
pub(crate) fn services(plan: &Plan, watch: &Watch, findings: &[Finding], now: Timestamp) -> Vec<Status> {
    let mut supporters: BTreeMap<&ServiceId, Vec<&AssetId>> = BTreeMap::new();
    for asset in plan.assets() {
        for service in &asset.services {
            supporters.entry(service).or_default().push(&asset.id);
        }
    }
    let grave = |finding: &&Finding| {
        finding.severity >= Severity::High
            && finding.key.rule != Rule::SilentDevice
            && now.duration_since(finding.last) <= STANDS
    };
    let mut bearing: BTreeMap<&ServiceId, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().filter(grave) {
        for service in &finding.services {
            bearing.entry(service).or_default().push(finding);
        }
    }
    let mut known: BTreeMap<&ServiceId, Status> = BTreeMap::new();
    for service in in_order_of_need(plan) {
        let assets = supporters.get(&service.id).map(Vec::as_slice).unwrap_or_default();
        let findings = bearing.get(&service.id).map(Vec::as_slice).unwrap_or_default();
        let status = status(plan, service, assets, findings, watch, &known);
        known.insert(&service.id, status);
    }
    plan.services().filter_map(|service| known.get(&service.id).cloned()).collect()
}

fn status(
    plan: &Plan,
    service: &Service,
    assets: &[&AssetId],
    findings: &[&Finding],
    watch: &Watch,
    known: &BTreeMap<&ServiceId, Status>,
) -> Status {
    let silent: Vec<&AssetId> =
        assets.iter().copied().filter(|id| watch.presence(id) == Presence::Silent).collect();
    let heard = assets.iter().any(|id| watch.presence(id) == Presence::Heard);
    let mut standing = if heard || !findings.is_empty() { Standing::Well } else { Standing::Unknown };
    let mut because: Vec<Text> = Vec::new();
    if !silent.is_empty() {
        let all = silent.len() == assets.len();
        standing = if all { Standing::Down } else { Standing::AtRisk };
        because.push(
            format!("{} of its {} devices silent: {}", silent.len(), assets.len(), names(plan, &silent))
                .into(),
        );
    }
    for need in &service.needs {
        let Some(needed) = known.get(need) else { continue };
        let name = plan.service(need).map_or(need.as_str(), |service| service.name.as_str());
        if needed.standing == Standing::Down {
            standing = Standing::Down;
            because.push(format!("it needs {name}, which is down").into());
        }
    }
    let mut weighty = findings.to_vec();
    weighty.sort_by(|a, b| Finding::by_weight(a, b));
    if !weighty.is_empty() {
        if standing != Standing::Down {
            standing = Standing::AtRisk;
        }
        because.extend(weighty.iter().map(|finding| finding.title.clone()));
    }
    Status {
        service: service.id.clone(),
        standing,
        because,
        findings: weighty.iter().map(|finding| finding.number).collect(),
    }
}

/// The first few names, and how many more.
fn names(plan: &Plan, assets: &[&AssetId]) -> String {
    let name = |id: &&AssetId| plan.asset(id).map_or_else(|| id.to_string(), |asset| asset.name.to_string());
    let mut text = assets.iter().take(3).map(name).collect::<Vec<_>>().join(", ");
    if let more @ 1.. = assets.len().saturating_sub(3) {
        text += &format!(" and {more} more");
    }
    text
}

/// The services, each after those it needs. The plan has no circles, so each round settles at least one.
fn in_order_of_need(plan: &Plan) -> Vec<&Service> {
    let mut waiting: Vec<&Service> = plan.services().collect();
    let mut ordered: Vec<&Service> = Vec::with_capacity(waiting.len());
    loop {
        let settled: std::collections::BTreeSet<&ServiceId> =
            ordered.iter().map(|service| &service.id).collect();
        let (ready, rest): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|service| service.needs.iter().all(|need| settled.contains(need)));
        if ready.is_empty() {
            return ordered;
        }
        ordered.extend(ready);
        waiting = rest;
    }
}
