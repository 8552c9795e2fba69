//! Findings as lists and one by one.

use crate::{
    reference,
    view::{End, Named, Window, given, mentions},
};
use ::city::{Finding, Rule, Severity};
use cycle::City;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A finding in a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FindingRow {
    /// Its number in this city.
    pub number: u64,
    /// The rule that found it.
    pub rule: &'static str,
    /// `notice`, `low`, `medium`, `high` or `critical`.
    pub severity: &'static str,
    /// Who did what, in plain words.
    pub title: String,
    /// The device it is about.
    pub subject: End,
    /// The zone it is about.
    pub zone: Option<Named>,
    /// The services it bears on.
    pub services: Vec<Named>,
    /// How often it was seen.
    pub count: u64,
    /// When it was first seen.
    pub first: Timestamp,
    /// When it was last seen.
    pub last: Timestamp,
}

/// A finding with everything known of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FindingView {
    /// What the list shows.
    #[serde(flatten)]
    pub row: FindingRow,
    /// Why, in plain words, first sight first.
    pub reasons: Vec<ReasonView>,
    /// What to do about it.
    pub remedy: String,
    /// The other end, if there is one.
    pub peer: Option<End>,
    /// Techniques of ATT&CK for ICS.
    pub techniques: Vec<TechniqueView>,
    /// Outcomes of frameworks it bears on.
    pub outcomes: Vec<OutcomeView>,
    /// The number of the incident to which it belongs, if it belongs to one.
    pub incident: Option<u64>,
    /// The STIX id of the indicator that was seen, if that is what was found.
    pub indicator: Option<String>,
}

/// One reason.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReasonView {
    /// When it was seen.
    pub time: Timestamp,
    /// In plain words.
    pub text: String,
}

/// A technique of ATT&CK for ICS.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TechniqueView {
    /// Its id, such as `T0846`.
    pub id: String,
    /// Its name, if this release knows it.
    pub name: Option<&'static str>,
}

/// An outcome of a framework.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OutcomeView {
    /// Its id with the framework in front, such as `csf:ID.AM-01`.
    pub id: String,
    /// The framework.
    pub framework: &'static str,
    /// Its number in the framework.
    pub number: String,
    /// What it asks for, if this release knows it.
    pub title: Option<&'static str>,
}

/// Some of the findings, and how many there are.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FindingList {
    /// How many the filter lets through.
    pub total: usize,
    /// How many are left out before the first shown.
    pub offset: usize,
    /// Those shown.
    pub findings: Vec<FindingRow>,
}

/// Which findings are wanted. Every field may be left out.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct FindingFilter {
    /// The least severity.
    pub severity: Option<String>,
    /// The rule.
    pub rule: Option<String>,
    /// A service it bears on.
    pub service: Option<String>,
    /// The zone it is about.
    pub zone: Option<String>,
    /// The asset it is about, by id or address.
    pub asset: Option<String>,
    /// Words that it must hold.
    pub text: Option<String>,
    /// `gravest` (the default), `latest` or `oldest`.
    pub order: Option<String>,
}

/// Every rule with its title, in alphabetical order of the rules.
pub const RULES: [(Rule, &str); 35] = [
    (Rule::AddressConflict, "One address, two devices"),
    (Rule::AlertedElsewhere, "Alert of another tool"),
    (Rule::BackupFailed, "Backup failed"),
    (Rule::BackupLostFiles, "Backup lost its files"),
    (Rule::BackupNoise, "Ransomware in a backup"),
    (Rule::BackupOverdue, "Backup overdue"),
    (Rule::BackupShrank, "Backup shrank"),
    (Rule::ChangedIdentity, "Changed identity"),
    (Rule::CopyTooOld, "Offline copy too old"),
    (Rule::DefenceOffered, "Defence offered"),
    (Rule::DefenceWithdrawn, "Defence taken back"),
    (Rule::DrillFailed, "Drill failed"),
    (Rule::DrillOverdue, "Drill overdue"),
    (Rule::DrillTooSlow, "Recovery misses its target"),
    (Rule::FirewallDrift, "Firewall changed by hand"),
    (Rule::FirstSeenVerb, "First-seen command"),
    (Rule::Flood, "Flood"),
    (Rule::HuntFound, "Found by a hunt"),
    (Rule::IndicatorSeen, "Known sign of an attack"),
    (Rule::IntelligenceDenied, "Intelligence refused"),
    (Rule::IntelligenceDoubted, "Intelligence in doubt"),
    (Rule::NewDestination, "New place outside the city"),
    (Rule::NotEnforced, "Firewall is not the plan"),
    (Rule::OutsideConduit, "Outside every conduit"),
    (Rule::PackStale, "Pack out of date"),
    (Rule::ProcedureUnreviewed, "Procedure not reviewed"),
    (Rule::RepositoryDamaged, "Backups are damaged"),
    (Rule::RepositoryUnguarded, "Backups can be destroyed"),
    (Rule::RepositoryUnreachable, "Backups cannot be reached"),
    (Rule::Scan, "Scan"),
    (Rule::SilentDevice, "Silent device"),
    (Rule::UndeclaredDevice, "Undeclared device"),
    (Rule::UnusualActivity, "Unusual activity"),
    (Rule::VerbNotAllowed, "Command not allowed"),
    (Rule::Weakness, "Weakness"),
];

/// The title of a rule for people.
#[must_use]
pub fn rule_title(rule: &str) -> &'static str {
    RULES.iter().find(|(known, _)| known.as_str() == rule).map_or("Other", |(_, title)| title)
}

/// The severities, the gravest first.
pub const SEVERITIES: [Severity; 5] =
    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Notice];

impl FindingFilter {
    fn admits(&self, city: &City, finding: &Finding) -> bool {
        let severity = given(&self.severity)
            .is_none_or(|word| SEVERITIES.iter().any(|s| s.as_str() == word && finding.severity >= *s));
        let rule = given(&self.rule).is_none_or(|word| finding.key.rule.as_str() == word);
        let service = given(&self.service)
            .is_none_or(|id| finding.services.iter().any(|service| service.as_str() == id));
        let zone =
            given(&self.zone).is_none_or(|id| finding.zone.as_ref().is_some_and(|zone| zone.as_str() == id));
        let asset = given(&self.asset).is_none_or(|key| {
            finding.asset.as_ref().is_some_and(|asset| asset.as_str() == key)
                || finding.key.subject.to_string() == key
        });
        severity && rule && service && zone && asset && self.text_fits(city, finding)
    }

    fn text_fits(&self, city: &City, finding: &Finding) -> bool {
        given(&self.text).is_none_or(|text| {
            let sought = text.to_lowercase();
            let address = finding.key.subject.to_string();
            let peer = finding.peer.map(|peer| peer.to_string()).unwrap_or_default();
            let name = city.name(finding.key.subject);
            let reasons = finding.reasons.iter().map(|reason| reason.text.as_str());
            let whole = [finding.title.as_str(), &finding.remedy, &address, &peer, &name];
            mentions(&sought, whole.into_iter().chain(reasons))
                || finding.techniques.iter().any(|id| mentions(&sought, [id.as_str()]))
        })
    }
}

/// The findings that a filter lets through, in the order it asks for.
#[must_use]
pub fn findings(city: &City, filter: &FindingFilter, window: Window) -> FindingList {
    let mut chosen: Vec<&Finding> = city.findings().filter(|finding| filter.admits(city, finding)).collect();
    match given(&filter.order) {
        Some("latest") => chosen.sort_by(|a, b| b.last.cmp(&a.last).then(b.number.cmp(&a.number))),
        Some("oldest") => chosen.sort_by_key(|finding| finding.number),
        _ => chosen.sort_by(|a, b| Finding::by_weight(a, b)),
    }
    FindingList {
        total: chosen.len(),
        offset: window.offset,
        findings: chosen
            .iter()
            .skip(window.offset)
            .take(window.limit)
            .map(|finding| row(city, finding))
            .collect(),
    }
}

/// The findings that were made last, the latest first.
#[must_use]
pub fn latest(city: &City, most: usize) -> Vec<FindingRow> {
    let mut chosen: Vec<&Finding> = city.findings().collect();
    chosen.sort_by_key(|finding| std::cmp::Reverse((finding.first, finding.number)));
    chosen.into_iter().take(most).map(|finding| row(city, finding)).collect()
}

/// One finding with everything known of it.
#[must_use]
pub fn finding(city: &City, number: u64) -> Option<FindingView> {
    let finding = city.finding(number)?;
    Some(FindingView {
        row: row(city, finding),
        incident: city.incident_of(number).map(|incident| incident.number),
        indicator: Some(&finding.key)
            .filter(|key| key.rule == Rule::IndicatorSeen && key.distinction.starts_with("indicator--"))
            .map(|key| key.distinction.to_string()),
        reasons: finding
            .reasons
            .iter()
            .map(|reason| ReasonView { time: reason.time, text: reason.text.to_string() })
            .collect(),
        remedy: finding.remedy.to_string(),
        peer: finding.peer.map(|peer| End::new(city, peer)),
        techniques: finding
            .techniques
            .iter()
            .map(|id| TechniqueView { id: id.to_string(), name: reference::technique(id) })
            .collect(),
        outcomes: finding
            .outcomes
            .iter()
            .map(|outcome| {
                let (framework, number) = reference::split_outcome(&outcome.0);
                OutcomeView {
                    id: outcome.0.to_string(),
                    framework,
                    number: number.to_owned(),
                    title: reference::outcome(&outcome.0),
                }
            })
            .collect(),
    })
}

pub(crate) fn row(city: &City, finding: &Finding) -> FindingRow {
    let plan = city.plan();
    FindingRow {
        number: finding.number,
        rule: finding.key.rule.as_str(),
        severity: finding.severity.as_str(),
        title: finding.title.to_string(),
        subject: End::new(city, finding.key.subject),
        zone: finding
            .zone
            .as_ref()
            .map(|id| Named::new(id, plan.and_then(|plan| plan.zone(id)).map(|zone| &zone.name))),
        services: finding
            .services
            .iter()
            .map(|id| Named::new(id, plan.and_then(|plan| plan.service(id)).map(|service| &service.name)))
            .collect(),
        count: finding.count,
        first: finding.first,
        last: finding.last,
    }
}
