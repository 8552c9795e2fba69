//! An incident as it is sealed.

use ::city::{Incident, IncidentState, IncidentStep, Lesson, Severity, Text};
use serde::{Deserialize, Serialize};

/// An incident, each time that it came further: everything that is known of it then. Steps for which it had no more
/// room are in the records before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentRecord {
    /// Its number in the city, from 1.
    pub number: u64,
    /// Who did what, in plain words.
    pub title: String,
    /// How much it matters.
    pub severity: String,
    /// How far it has come.
    pub state: String,
    /// Why it was dismissed, if it was.
    pub reason: Option<String>,
    /// Until when the dismissal holds, if it was dismissed (RFC 3339).
    pub until: Option<String>,
    /// The incident of which it is part, if it was merged.
    pub into: Option<u64>,
    /// Who sees to it.
    pub owner: Option<String>,
    /// Its findings, by their numbers.
    pub findings: Vec<u64>,
    /// How many more findings belong to it than are named.
    pub more: u64,
    /// Addresses that are concerned.
    pub addresses: Vec<String>,
    /// Assets that are concerned.
    pub assets: Vec<String>,
    /// Services that it bears on.
    pub services: Vec<String>,
    /// Techniques of ATT&CK.
    pub techniques: Vec<String>,
    /// Responses to its findings, by their numbers.
    pub responses: Vec<u64>,
    /// When the first of it happened (RFC 3339).
    pub began: String,
    /// When it was detected (RFC 3339).
    pub detected: String,
    /// When something of it happened last (RFC 3339).
    pub last: String,
    /// When it was contained, if it was (RFC 3339).
    pub contained: Option<String>,
    /// When what it harmed was right again, if it is (RFC 3339).
    pub recovered: Option<String>,
    /// When people had learned from it, if they have (RFC 3339).
    pub reviewed: Option<String>,
    /// What was learned, if that was written down.
    pub lesson: Option<LessonRecord>,
    /// What happened to it, oldest first.
    pub steps: Vec<IncidentStepRecord>,
}

/// Something that happened to an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentStepRecord {
    /// When (RFC 3339).
    pub time: String,
    /// Who did it, by name; none if Bastide did by itself.
    pub by: Option<String>,
    /// What, in plain words.
    pub text: String,
}

/// What was learned, as it is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonRecord {
    /// What made it possible.
    pub cause: String,
    /// What else contributed.
    pub factors: Vec<String>,
    /// What the plan shall no longer allow: `internet to pumps: modbus write`.
    pub changes: Vec<String>,
    /// When it was written down (RFC 3339).
    pub noted: String,
    /// By whom.
    pub by: String,
    /// Since when the plan in force holds all of it (RFC 3339).
    pub held: Option<String>,
}

impl From<&Lesson> for LessonRecord {
    fn from(lesson: &Lesson) -> LessonRecord {
        let all = |texts: &[Text]| texts.iter().map(ToString::to_string).collect();
        LessonRecord {
            cause: lesson.cause.to_string(),
            factors: all(&lesson.factors),
            changes: lesson.changes.iter().map(ToString::to_string).collect(),
            noted: lesson.noted.to_string(),
            by: lesson.by.to_string(),
            held: lesson.held.map(|time| time.to_string()),
        }
    }
}

impl LessonRecord {
    /// The lesson in its own types; none if a part of it is not known here.
    fn lesson(&self) -> Option<Lesson> {
        Some(Lesson {
            cause: self.cause.as_str().into(),
            factors: self.factors.iter().map(Into::into).collect(),
            changes: self.changes.iter().map(|text| text.parse().ok()).collect::<Option<_>>()?,
            noted: self.noted.parse().ok()?,
            by: self.by.as_str().into(),
            held: self.held.as_ref().and_then(|time| time.parse().ok()),
        })
    }
}

impl From<&Incident> for IncidentRecord {
    fn from(incident: &Incident) -> IncidentRecord {
        let (reason, until, into) = match &incident.state {
            IncidentState::Dismissed { reason, until } => {
                (Some(reason.to_string()), Some(until.to_string()), None)
            }
            IncidentState::Merged { into } => (None, None, Some(*into)),
            _ => (None, None, None),
        };
        let time = |time: Option<jiff::Timestamp>| time.map(|time| time.to_string());
        IncidentRecord {
            number: incident.number,
            title: incident.title.to_string(),
            severity: incident.severity.as_str().to_owned(),
            state: incident.state.as_str().to_owned(),
            reason,
            until,
            into,
            owner: incident.owner.as_ref().map(ToString::to_string),
            findings: incident.findings.clone(),
            more: incident.more,
            addresses: incident.addresses.iter().map(ToString::to_string).collect(),
            assets: incident.assets.iter().map(ToString::to_string).collect(),
            services: incident.services.iter().map(ToString::to_string).collect(),
            techniques: incident.techniques.iter().map(ToString::to_string).collect(),
            responses: incident.responses.clone(),
            began: incident.began.to_string(),
            detected: incident.detected.to_string(),
            last: incident.last.to_string(),
            contained: time(incident.contained),
            recovered: time(incident.recovered),
            reviewed: time(incident.reviewed),
            lesson: incident.lesson.as_ref().map(LessonRecord::from),
            steps: incident
                .steps
                .iter()
                .map(|step| IncidentStepRecord {
                    time: step.time.to_string(),
                    by: step.by.as_ref().map(ToString::to_string),
                    text: step.text.to_string(),
                })
                .collect(),
        }
    }
}

impl IncidentRecord {
    /// The incident as the record tells it. None if it is not of this form.
    #[must_use]
    pub fn incident(&self) -> Option<Incident> {
        let time = |time: &Option<String>| time.as_deref().and_then(|time| time.parse().ok());
        let state = match self.state.as_str() {
            "triage" => IncidentState::Triage,
            "contained" => IncidentState::Contained,
            "recovered" => IncidentState::Recovered,
            "reviewed" => IncidentState::Reviewed,
            "dismissed" => IncidentState::Dismissed {
                reason: self.reason.as_deref().unwrap_or_default().into(),
                until: time(&self.until)?,
            },
            "merged" => IncidentState::Merged { into: self.into? },
            _ => return None,
        };
        let step = |step: &IncidentStepRecord| {
            let by = step.by.as_deref().map(Into::into);
            Some(IncidentStep { time: step.time.parse().ok()?, by, text: step.text.as_str().into() })
        };
        Some(Incident {
            number: self.number,
            title: self.title.as_str().into(),
            severity: Severity::ALL.into_iter().find(|severity| severity.as_str() == self.severity)?,
            state,
            owner: self.owner.as_deref().map(Into::into),
            findings: self.findings.clone(),
            more: self.more,
            addresses: self.addresses.iter().filter_map(|address| address.parse().ok()).collect(),
            assets: self.assets.iter().filter_map(|asset| asset.parse().ok()).collect(),
            services: self.services.iter().filter_map(|service| service.parse().ok()).collect(),
            techniques: self.techniques.iter().map(|technique| technique.as_str().into()).collect(),
            responses: self.responses.clone(),
            began: self.began.parse().ok()?,
            detected: self.detected.parse().ok()?,
            last: self.last.parse().ok()?,
            contained: time(&self.contained),
            recovered: time(&self.recovered),
            reviewed: time(&self.reviewed),
            lesson: self.lesson.as_ref().and_then(LessonRecord::lesson),
            steps: self.steps.iter().filter_map(step).collect(),
        })
    }
}
