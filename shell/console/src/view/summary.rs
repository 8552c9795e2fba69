//! The whole city in a sentence, and how each public service stands.

use crate::{
    view::{IncidentCounts, Named, ResponseCounts},
    words::{capital, counted, list, number},
};
use ::city::{Presence, Service, ServiceId, Severity, Standing, Status};
use cycle::City;
use jiff::Timestamp;
use plan::Plan;
use schemars::JsonSchema;
use serde::Serialize;
use std::{cmp::Reverse, collections::BTreeMap};

/// The city at a glance.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CityView {
    /// Its name.
    pub name: String,
    /// Its IANA time zone.
    pub time_zone: String,
    /// One sentence or two for the whole city.
    pub headline: String,
    /// When the first event happened; none if there was none yet.
    pub began: Option<Timestamp>,
    /// The time of the latest event.
    pub now: Option<Timestamp>,
    /// Whether there is a plan to compare with.
    pub has_plan: bool,
    /// How much was seen.
    pub counts: CountsView,
    /// How many services stand how.
    pub standings: Standings,
    /// How many responses stand how.
    pub responses: ResponseCounts,
    /// How many incidents stand how.
    pub incidents: IncidentCounts,
    /// The services, in the order of the plan.
    pub services: Vec<ServiceView>,
}

/// How much was seen.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct CountsView {
    /// Observations handled.
    pub observations: u64,
    /// Conversations begun.
    pub conversations: u64,
    /// Requests made.
    pub requests: u64,
    /// Devices seen.
    pub devices: u64,
    /// Assets declared.
    pub assets: u64,
    /// Findings made.
    pub findings: u64,
    /// Findings of severity high or critical that were seen in the last 24 hours.
    pub grave: u64,
    /// Devices and pairs of talkers for which there was no room.
    pub turned_away: u64,
}

/// How many services stand how.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct Standings {
    /// Nothing says otherwise.
    pub well: usize,
    /// Something found could stop them.
    pub at_risk: usize,
    /// They do not run.
    pub down: usize,
    /// Nothing that supports them was seen.
    pub unknown: usize,
}

/// How a public service stands, and why.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ServiceView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `well`, `at-risk`, `down` or `unknown`.
    pub standing: &'static str,
    /// The same for people.
    #[serde(skip)]
    pub standing_words: &'static str,
    /// Why, the weightiest first.
    pub because: Vec<String>,
    /// The numbers of the findings behind it.
    pub findings: Vec<u64>,
    /// How much it hurts when it fails: `low`, `medium`, `high`, `critical`.
    pub impact: &'static str,
    /// Who answers for it.
    pub owner: Option<Named>,
    /// The services it cannot run without.
    pub needs: Vec<Named>,
    /// The services that cannot run without it.
    pub needed_by: Vec<Named>,
    /// What it must be able to come back to.
    pub recovery: Option<RecoveryView>,
    /// How many assets support it.
    pub assets: usize,
    /// How many of them are heard.
    pub heard: usize,
}

/// What a service must be able to come back to.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct RecoveryView {
    /// Recovery time objective, in seconds.
    pub rto: i64,
    /// Recovery point objective, in seconds.
    pub rpo: i64,
    /// Maximum tolerable period of disruption, in seconds.
    pub mtpd: i64,
}

/// The city at a glance. `name` and `time_zone` stand in for what no plan says.
#[must_use]
pub fn city(city: &City, name: &str, time_zone: &str) -> CityView {
    let plan = city.plan().map(AsRef::as_ref);
    let services = services(city);
    let standings = standings(&services);
    let counts = counts(city);
    CityView {
        name: plan.map_or_else(|| name.to_owned(), |plan| plan.settings().name.to_string()),
        time_zone: plan.map_or_else(|| time_zone.to_owned(), |plan| plan.settings().time_zone.to_string()),
        headline: headline(&services, standings, plan.is_some(), &counts),
        began: city.began(),
        now: city.began().map(|_| city.now()),
        has_plan: plan.is_some(),
        counts,
        standings,
        responses: ResponseCounts::of(city),
        incidents: IncidentCounts::of(city),
        services,
    }
}

/// The word for how much it hurts when a service fails.
pub(crate) fn impact_word(impact: ::city::Impact) -> &'static str {
    match impact {
        ::city::Impact::Low => "low",
        ::city::Impact::Medium => "medium",
        ::city::Impact::High => "high",
        ::city::Impact::Critical => "critical",
    }
}

/// How each public service stands, in the order of the plan.
#[must_use]
pub fn services(city: &City) -> Vec<ServiceView> {
    let Some(plan) = city.plan() else { return Vec::new() };
    let statuses = city.services();
    let mut support: BTreeMap<&ServiceId, (usize, usize)> = BTreeMap::new();
    for asset in plan.assets().filter(|asset| !asset.services.is_empty()) {
        let heard = city.presence(&asset.id).0 == Presence::Heard;
        for service in &asset.services {
            let (assets, hearing) = support.entry(service).or_default();
            *assets += 1;
            *hearing += usize::from(heard);
        }
    }
    let view = |status: &Status| {
        let support = support.get(&status.service).copied().unwrap_or_default();
        Some(service(plan, plan.service(&status.service)?, status, support))
    };
    statuses.iter().filter_map(view).collect()
}

fn service(plan: &Plan, service: &Service, status: &Status, (assets, heard): (usize, usize)) -> ServiceView {
    let named = |id: &::city::ServiceId| Named::new(id, plan.service(id).map(|service| &service.name));
    ServiceView {
        id: service.id.to_string(),
        name: service.name.to_string(),
        standing: standing_word(status.standing),
        standing_words: status.standing.as_str(),
        because: status.because.iter().map(|reason| capital(reason)).collect(),
        findings: status.findings.clone(),
        impact: impact_word(service.impact),
        owner: service.owner.as_ref().map(|id| {
            Named::new(id, plan.contacts().find(|contact| contact.id == *id).map(|contact| &contact.name))
        }),
        needs: service.needs.iter().map(named).collect(),
        needed_by: plan
            .services()
            .filter(|other| other.needs.contains(&service.id))
            .map(|other| Named::new(&other.id, Some(&other.name)))
            .collect(),
        recovery: service.recovery.map(|target| RecoveryView {
            rto: target.rto.as_secs(),
            rpo: target.rpo.as_secs(),
            mtpd: target.mtpd.as_secs(),
        }),
        assets,
        heard,
    }
}

fn standing_word(standing: Standing) -> &'static str {
    match standing {
        Standing::Well => "well",
        Standing::AtRisk => "at-risk",
        Standing::Down => "down",
        Standing::Unknown => "unknown",
    }
}

impl ServiceView {
    /// Its place in a list that begins with what needs attention.
    #[must_use]
    pub(crate) fn gravity(&self) -> impl Ord + use<> {
        let standing = match self.standing {
            "down" => 3,
            "at-risk" => 2,
            "unknown" => 1,
            _ => 0,
        };
        let impact = match self.impact {
            "critical" => 3,
            "high" => 2,
            "medium" => 1,
            _ => 0,
        };
        Reverse((standing, impact))
    }
}

fn counts(city: &City) -> CountsView {
    let counts = city.counts();
    let recent = |finding: &&::city::Finding| {
        finding.severity >= Severity::High && city.now().duration_since(finding.last).as_hours() < 24
    };
    let (devices, pairs) = city.turned_away();
    CountsView {
        observations: counts.observations,
        conversations: counts.conversations,
        requests: counts.requests,
        devices: city.devices().len() as u64,
        assets: city.plan().map_or(0, |plan| plan.assets().len()) as u64,
        findings: city.findings().len() as u64,
        grave: city.findings().filter(recent).count() as u64,
        turned_away: devices + pairs,
    }
}

fn standings(services: &[ServiceView]) -> Standings {
    let count = |word| services.iter().filter(|service| service.standing == word).count();
    Standings {
        well: count("well"),
        at_risk: count("at-risk"),
        down: count("down"),
        unknown: count("unknown"),
    }
}

/// The whole city in a sentence or two: what is down first, then how many are well, then what is at risk.
fn headline(services: &[ServiceView], standings: Standings, has_plan: bool, counts: &CountsView) -> String {
    if !has_plan {
        return match counts.devices {
            0 => "Listening. No device has spoken yet.".to_owned(),
            1 => "One device is talking. No plan says yet what belongs here.".to_owned(),
            many => format!(
                "{} devices are talking. No plan says yet what belongs here.",
                capital(&number(many as usize))
            ),
        };
    }
    if services.is_empty() {
        return "The plan declares no public service yet.".to_owned();
    }
    let mut graded: Vec<&ServiceView> = services.iter().collect();
    graded.sort_by_key(|service| service.gravity());
    // More than three names make a list, and a list is what the page below is for.
    let named = |word: &str| {
        let names: Vec<&str> = graded
            .iter()
            .filter(|service| service.standing == word)
            .map(|service| service.name.as_str())
            .collect();
        if names.len() <= 3 { format!(": {}", list(names, 3)) } else { String::new() }
    };
    let total = services.len();
    if standings.well == total {
        return match total {
            1 => "The one public service is well.".to_owned(),
            many => format!("All {} services are well.", number(many)),
        };
    }
    if standings.unknown == total {
        return format!(
            "Nothing has been heard yet of the city’s {}.",
            counted(total as u64, "service", "services")
        );
    }
    let mut said = Vec::new();
    match standings.down {
        0 => {}
        1 => said.push(format!("One service is down{}.", named("down"))),
        many => said.push(format!("{} services are down{}.", capital(&number(many)), named("down"))),
    }
    match standings.well {
        0 => {}
        1 => said.push(format!("One of {} services is well.", number(total))),
        many => said.push(format!("{} of {} services are well.", capital(&number(many)), number(total))),
    }
    match standings.at_risk {
        0 => {}
        many if many == total => said.push(format!("All {} services are at risk.", number(total))),
        1 => said.push(format!("One is at risk{}.", named("at-risk"))),
        many => said.push(format!("{} are at risk{}.", capital(&number(many)), named("at-risk"))),
    }
    match standings.unknown {
        0 => {}
        1 => said.push("Of one, nothing has been heard.".to_owned()),
        many => said.push(format!("Of {}, nothing has been heard.", number(many))),
    }
    said.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(stand: &[(&str, &'static str)]) -> String {
        let services: Vec<ServiceView> = stand
            .iter()
            .map(|(name, standing)| ServiceView {
                id: (*name).into(),
                name: (*name).into(),
                standing,
                standing_words: standing,
                because: Vec::new(),
                findings: Vec::new(),
                impact: "high",
                owner: None,
                needs: Vec::new(),
                needed_by: Vec::new(),
                recovery: None,
                assets: 1,
                heard: 1,
            })
            .collect();
        let counts = CountsView {
            observations: 0,
            conversations: 0,
            requests: 0,
            devices: 0,
            assets: 0,
            findings: 0,
            grave: 0,
            turned_away: 0,
        };
        headline(&services, standings(&services), true, &counts)
    }

    #[test]
    fn the_headline_says_first_what_matters_most() {
        assert_eq!(said(&[("Water", "well"), ("Light", "well")]), "All two services are well.");
        assert_eq!(
            said(&[("Water", "well"), ("Light", "at-risk"), ("Care", "well")]),
            "Two of three services are well. One is at risk: Light."
        );
        assert_eq!(
            said(&[("Water", "well"), ("Light", "at-risk"), ("Care", "down"), ("Cameras", "unknown")]),
            "One service is down: Care. One of four services is well. One is at risk: Light. Of one, nothing has been heard."
        );
        assert_eq!(said(&[("Water", "unknown")]), "Nothing has been heard yet of the city’s 1 service.");
        assert_eq!(said(&[]), "The plan declares no public service yet.");
    }
}
