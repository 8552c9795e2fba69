//! What others are told of findings, incidents and responses, and the forms in which they read it.
//!
//! A [`Notice`] is made once for each receiver, with what that receiver may know. The forms are views of it.

mod cef;
mod ocsf;
mod syslog;
mod words;

pub use ocsf::{VERSION as OCSF_VERSION, ocsf};
pub use syslog::syslog;
pub use words::{mail, sentence};

pub use cef::cef;

use city::{Address, Finding, Incident, Matter, Notify, Response, ResponseState, Rule, Severity, Text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The most reasons and names of each kind that are told.
const LIST_MAX: usize = 8;

/// Something that is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// By what a receiver knows that it was told this before: the thing, its number, and the number of the record in the
    /// sealed log. A notice that is told again has the same.
    pub id: Text,
    /// The city.
    pub city: Text,
    /// What it is about.
    pub kind: Kind,
    /// Its number in the city; 0 for a test.
    pub number: u64,
    /// When it happened.
    pub time: Timestamp,
    /// What became of it, in a word: `new`, `graver`, `triage`, `contained`.
    pub state: Text,
    /// How much it matters.
    pub severity: Severity,
    /// Who did what, in plain words.
    pub title: Text,
    /// The rule, of a finding.
    pub rule: Option<Text>,
    /// What to do about it, in plain words.
    pub remedy: Option<Text>,
    /// The services that it bears on.
    pub services: Vec<Text>,
    /// Assets that are concerned.
    pub assets: Vec<Text>,
    /// Techniques of ATT&CK.
    pub techniques: Vec<Text>,
    /// Numbers of the findings that belong to it.
    pub findings: Vec<u64>,
    /// How often it was seen.
    pub count: u64,
    /// When it was first seen.
    pub first: Timestamp,
    /// When it was last seen.
    pub last: Timestamp,
    /// Who sees to it, of an incident.
    pub owner: Option<Text>,
    /// The device that it is about. Only where internal detail may go.
    pub subject: Option<Address>,
    /// The other end. Only where internal detail may go.
    pub peer: Option<Address>,
    /// Why, or what happened so far. Only where internal detail may go.
    pub reasons: Vec<Text>,
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A finding.
    Finding,
    /// An incident.
    Incident,
    /// A response.
    Response,
    /// Nothing: it is tried whether the receiver can be told.
    Test,
}

impl Kind {
    /// The word used in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Finding => "finding",
            Kind::Incident => "incident",
            Kind::Response => "response",
            Kind::Test => "test",
        }
    }
}

impl Notice {
    /// What a receiver is told of a finding; none if not of this one. `graver` if it is not new but became graver.
    #[must_use]
    pub fn of_finding(
        to: &Notify,
        city: &str,
        finding: &Finding,
        graver: bool,
        sealed: u64,
    ) -> Option<Notice> {
        let doubt = matches!(finding.key.rule, Rule::IntelligenceDoubted | Rule::IntelligenceDenied);
        let matter = if doubt { Matter::Intelligence } else { Matter::Findings };
        if !to.what.contains(&matter) || finding.severity < to.severity {
            return None;
        }
        let notice = Notice {
            rule: Some(Text::const_new(finding.key.rule.as_str())),
            remedy: Some(finding.remedy.clone()),
            services: names(&finding.services),
            assets: names(finding.asset.as_slice()),
            techniques: finding.techniques.iter().take(LIST_MAX).cloned().collect(),
            count: finding.count,
            first: finding.first,
            last: finding.last,
            subject: Some(finding.key.subject),
            peer: finding.peer,
            reasons: finding.reasons.iter().take(LIST_MAX).map(|reason| reason.text.clone()).collect(),
            ..Notice::new(Kind::Finding, city, finding.number, sealed, finding.last, &finding.title)
        };
        let state = if graver { "graver" } else { "new" };
        Some(Notice { state: state.into(), severity: finding.severity, ..notice }.for_receiver(to))
    }

    /// What a receiver is told of an incident; none if not of this one.
    #[must_use]
    pub fn of_incident(to: &Notify, city: &str, incident: &Incident, sealed: u64) -> Option<Notice> {
        if !to.what.contains(&Matter::Incidents) || incident.severity < to.severity {
            return None;
        }
        let steps = incident.steps.iter().rev().take(LIST_MAX).rev();
        let at = incident.steps.last().map_or(incident.last, |step| step.time);
        let notice = Notice {
            services: names(&incident.services),
            assets: names(&incident.assets),
            techniques: incident.techniques.iter().take(LIST_MAX).cloned().collect(),
            findings: incident.findings.iter().take(LIST_MAX).copied().collect(),
            count: incident.findings.len() as u64 + incident.more,
            first: incident.began,
            last: incident.last,
            owner: incident.owner.clone(),
            reasons: steps.map(|step| step.text.clone()).collect(),
            ..Notice::new(Kind::Incident, city, incident.number, sealed, at, &incident.title)
        };
        let state = incident.state.as_str().into();
        Some(Notice { state, severity: incident.severity, ..notice }.for_receiver(to))
    }

    /// What a receiver is told of a response; none if not of responses.
    #[must_use]
    pub fn of_response(to: &Notify, city: &str, response: &Response, sealed: u64) -> Option<Notice> {
        if !to.what.contains(&Matter::Responses) {
            return None;
        }
        let first = response.steps.first().map_or(Timestamp::UNIX_EPOCH, |step| step.time);
        let last = response.steps.last().map_or(first, |step| step.time);
        let title = match response.state {
            ResponseState::Proposed => {
                format!("It is proposed to cut {} off; a person must decide", response.name)
            }
            ResponseState::Agreed => format!("One person agreed to cut {} off; a second must", response.name),
            ResponseState::Ordered => format!("{} is being cut off", response.name),
            ResponseState::Contained => format!("{} is cut off", response.name),
            ResponseState::Failed => format!("{} could not be cut off or connected again", response.name),
            ResponseState::Releasing => format!("{} is being connected again", response.name),
            ResponseState::Released => format!("{} is connected again", response.name),
            ResponseState::Dismissed => format!("{} is not cut off: a person said so", response.name),
        };
        let costs = response.consequences.iter().map(|cost| &cost.text);
        let notice = Notice {
            services: names(response.consequences.iter().map(|cost| &cost.service)),
            assets: names(response.asset.as_slice()),
            findings: response.findings.iter().take(LIST_MAX).copied().collect(),
            count: 1,
            first,
            last,
            subject: Some(response.address()),
            reasons: costs
                .chain(response.steps.last().map(|step| &step.text))
                .take(LIST_MAX)
                .cloned()
                .collect(),
            ..Notice::new(Kind::Response, city, response.number, sealed, last, &title)
        };
        // What must be decided, or went wrong, is looked at now.
        let severity = match response.state {
            ResponseState::Proposed | ResponseState::Agreed | ResponseState::Failed => Severity::High,
            _ => Severity::Medium,
        };
        Some(Notice { state: response.state.as_str().into(), severity, ..notice }.for_receiver(to))
    }

    /// A notice by which it is tried whether a receiver can be told.
    #[must_use]
    pub fn test(to: &Notify, city: &str, time: Timestamp) -> Notice {
        let title = format!("This is a test: {city} can tell {}. Nothing happened", to.name);
        Notice::new(Kind::Test, city, 0, u64::try_from(time.as_second()).unwrap_or_default(), time, &title)
    }

    fn new(kind: Kind, city: &str, number: u64, sealed: u64, time: Timestamp, title: &str) -> Notice {
        Notice {
            id: format!("{}-{number}-{sealed}", kind.as_str()).into(),
            city: city.into(),
            kind,
            number,
            time,
            state: Text::const_new("new"),
            severity: Severity::Notice,
            title: title.into(),
            rule: None,
            remedy: None,
            services: Vec::new(),
            assets: Vec::new(),
            techniques: Vec::new(),
            findings: Vec::new(),
            count: 1,
            first: time,
            last: time,
            owner: None,
            subject: None,
            peer: None,
            reasons: Vec::new(),
        }
    }

    /// Takes out what the receiver may not know: addresses, also within texts, and reasons, in which values stand.
    fn for_receiver(mut self, to: &Notify) -> Notice {
        if !to.detail {
            self.subject = None;
            self.peer = None;
            self.reasons = Vec::new();
            self.title = without_addresses(&self.title);
            self.remedy = self.remedy.map(|remedy| without_addresses(&remedy));
        }
        self
    }

    /// Whether nothing more is to come of it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.state.as_str(), "reviewed" | "dismissed" | "merged" | "released")
    }

    /// Our own JSON.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn names<'n, N: AsRef<str> + 'n>(names: impl IntoIterator<Item = &'n N>) -> Vec<Text> {
    names.into_iter().take(LIST_MAX).map(|name| Text::from(name.as_ref())).collect()
}

/// A text in which there is only said that there was an address, wherever one stood.
fn without_addresses(text: &str) -> Text {
    let mut out = String::with_capacity(text.len());
    let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, ':' | '.');
    let mut rest = text;
    while !rest.is_empty() {
        let plain = rest.find(is_part).unwrap_or(rest.len());
        let (before, behind) = rest.split_at_checked(plain).unwrap_or((rest, ""));
        out.push_str(before);
        let end = behind.find(|c| !is_part(c)).unwrap_or(behind.len());
        let (run, behind) = behind.split_at_checked(end).unwrap_or((behind, ""));
        out.push_str(&without_address(run));
        rest = behind;
    }
    out.into()
}

/// The same for a run of characters of which addresses are made.
fn without_address(run: &str) -> String {
    const GONE: &str = "an address";
    let is_address = |text: &str| text.parse::<Address>().is_ok();
    let core = run.trim_end_matches(['.', ':']);
    let tail = run.get(core.len()..).unwrap_or_default();
    if is_address(core) {
        return format!("{GONE}{tail}");
    }
    let parts = core.split(':').map(|part| if is_address(part) { GONE } else { part });
    format!("{}{tail}", parts.collect::<Vec<_>>().join(":"))
}

/// The five steps as numbers on a scale of others.
fn scale(severity: Severity, steps: [u8; 5]) -> u8 {
    let [notice, low, medium, high, critical] = steps;
    match severity {
        Severity::Notice => notice,
        Severity::Low => low,
        Severity::Medium => medium,
        Severity::High => high,
        Severity::Critical => critical,
    }
}

#[cfg(test)]
mod tests;
