//! Incidents: findings that belong together, followed from triage to review.

use crate::{Address, AssetId, Lesson, Narrowing, ServiceId, Severity, Text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Findings that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its number in this city, from 1, in the order in which they began.
    pub number: u64,
    /// Who did what, in plain words: the title of its gravest finding, until a person gives it another.
    pub title: Text,
    /// How much it matters: as much as its gravest finding.
    pub severity: Severity,
    /// How far it has come.
    pub state: IncidentState,
    /// Who sees to it, by name.
    pub owner: Option<Text>,
    /// The findings, by their numbers, in the order in which they came; at most [`Incident::FINDINGS_MAX`].
    pub findings: Vec<u64>,
    /// How many more findings belong to it than are named.
    pub more: u64,
    /// Addresses that are concerned, inside and outside; at most [`Incident::NAMES_MAX`].
    pub addresses: Vec<Address>,
    /// Assets that are concerned; at most [`Incident::NAMES_MAX`].
    pub assets: Vec<AssetId>,
    /// Services that it bears on; at most [`Incident::NAMES_MAX`].
    pub services: Vec<ServiceId>,
    /// Techniques of ATT&CK; at most [`Incident::NAMES_MAX`].
    pub techniques: Vec<Text>,
    /// Responses to its findings, by their numbers.
    pub responses: Vec<u64>,
    /// When the first of what belongs to it happened, as far as is known.
    pub began: Timestamp,
    /// When it was detected: when its first finding was made.
    pub detected: Timestamp,
    /// When something of it happened last.
    pub last: Timestamp,
    /// When it was contained.
    pub contained: Option<Timestamp>,
    /// When what it harmed was right again.
    pub recovered: Option<Timestamp>,
    /// When people had learned from it.
    pub reviewed: Option<Timestamp>,
    /// What people wrote down as learned from it.
    pub lesson: Option<Lesson>,
    /// What happened to it, oldest first; at most [`Incident::STEPS_MAX`], the first and the latest.
    pub steps: Vec<IncidentStep>,
}

impl Incident {
    /// The most findings that are named.
    pub const FINDINGS_MAX: usize = 256;

    /// The most addresses, assets, services and techniques that are named of each.
    pub const NAMES_MAX: usize = 64;

    /// The most steps that are kept.
    pub const STEPS_MAX: usize = 128;
}

/// How far an incident has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IncidentState {
    /// A person must look at it.
    Triage,
    /// It goes no further: what did it is cut off, or stopped.
    Contained,
    /// What it harmed is right again.
    Recovered,
    /// People learned from it: it is over.
    Reviewed,
    /// A person said that it is none.
    Dismissed {
        /// Why.
        reason: Text,
        /// Until when findings of the same kind do not begin another.
        until: Timestamp,
    },
    /// It is part of another.
    Merged {
        /// The other's number.
        into: u64,
    },
}

impl IncidentState {
    /// The word used in records.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            IncidentState::Triage => "triage",
            IncidentState::Contained => "contained",
            IncidentState::Recovered => "recovered",
            IncidentState::Reviewed => "reviewed",
            IncidentState::Dismissed { .. } => "dismissed",
            IncidentState::Merged { .. } => "merged",
        }
    }

    /// Whether nothing more is to come of it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(
            self,
            IncidentState::Reviewed | IncidentState::Dismissed { .. } | IncidentState::Merged { .. }
        )
    }
}

/// Something that happened to an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentStep {
    /// When.
    pub time: Timestamp,
    /// Who, by name; none if Bastide did it by itself.
    pub by: Option<Text>,
    /// What, in plain words.
    pub text: Text,
}

/// What a person does about an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IncidentAct {
    /// To see to it, or have somebody see to it.
    Assign {
        /// Who, by name.
        owner: Text,
    },
    /// To write something down.
    Note {
        /// What.
        text: Text,
    },
    /// To give it another title.
    Rename {
        /// The title.
        title: Text,
    },
    /// To say that it goes no further.
    Contain {
        /// How.
        text: Text,
    },
    /// To say that what it harmed is right again.
    Recover {
        /// How.
        text: Text,
    },
    /// To say what was learned.
    Review {
        /// The root cause and what else contributed.
        text: Text,
    },
    /// To write down what was learned, in place of what was written before.
    Learn {
        /// What made it possible.
        cause: Text,
        /// What else contributed; at most [`Lesson::FACTORS_MAX`].
        factors: Vec<Text>,
        /// What the plan shall no longer allow; at most [`Lesson::CHANGES_MAX`].
        changes: Vec<Narrowing>,
    },
    /// To say that it is not over after all.
    Reopen {
        /// Why.
        text: Text,
    },
    /// To make it part of another.
    Merge {
        /// The other's number.
        into: u64,
    },
    /// To make some of its findings an incident of their own.
    Split {
        /// Their numbers.
        findings: Vec<u64>,
    },
    /// To say that it is none.
    Dismiss {
        /// Why.
        reason: Text,
        /// Until when findings of the same kind do not begin another.
        until: Timestamp,
    },
}
