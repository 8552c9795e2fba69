//! Notices of an incident to those who must or should know, drafted from what is on record.
//!
//! The clock is that of the Cyber Security and Resilience (Network and Information Systems) Bill, clause 15, which puts into
//! the NIS Regulations 2018 (S.I. 2018/506) a first notice within 24 hours of becoming aware of an incident and a full one
//! within 72. What a notice says is what regulation 11(3) asks for. What nobody can know from records is marked unknown,
//! with the question that a person has to answer; nothing is guessed.

mod answers;
mod write;

pub use write::{Page, html, markdown};

use city::{Finding, Incident, Response};
use jiff::{SignedDuration, Timestamp};
use plan::Plan;
use serde::Serialize;

/// Who is in the law's scope, said plainly at the head of every notice.
pub const SCOPE: &str = "Local authorities are largely not in the scope of this law: it binds operators of essential \
    services, providers of digital and managed services, and suppliers that are designated as critical. Those of them who \
    work for a council are. The council's own clock is useful all the same; for personal data, article 33 of the UK GDPR \
    gives 72 hours of its own.";

/// Which notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The first: that there is an incident, within 24 hours of becoming aware of it.
    First,
    /// The full one, within 72 hours.
    Full,
}

impl Kind {
    /// By when it is due, from becoming aware.
    #[must_use]
    pub fn within(self) -> SignedDuration {
        SignedDuration::from_hours(match self {
            Kind::First => 24,
            Kind::Full => 72,
        })
    }
}

/// A notice, drafted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// Which.
    pub kind: Kind,
    /// The incident's number.
    pub incident: u64,
    /// What happened, in a sentence.
    pub title: String,
    /// When the incident was detected, from which the clock runs.
    pub aware: Timestamp,
    /// By when it is due.
    pub due: Timestamp,
    /// When it was drafted.
    pub drafted: Timestamp,
    /// Who is in scope: [`SCOPE`].
    pub scope: &'static str,
    /// What it says, in the order of the regulation.
    pub parts: Vec<Part>,
}

impl Notice {
    /// How many parts a person has still to fill in.
    #[must_use]
    pub fn unknown(&self) -> usize {
        self.parts.iter().filter(|part| matches!(part.answer, Answer::Unknown { .. })).count()
    }
}

/// One thing that a notice says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What is asked.
    pub question: &'static str,
    /// Where it is asked: the regulation's clause.
    pub clause: &'static str,
    /// What is known of it.
    pub answer: Answer,
}

/// What is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It is on record.
    Known {
        /// In plain words, a line each.
        lines: Vec<Line>,
        /// What supports it: findings and responses by their numbers, the plan.
        evidence: Vec<String>,
    },
    /// Nothing on record says it.
    Unknown {
        /// What a person has to find out.
        ask: String,
    },
}

/// A line of an answer. Times stay times, so that each reader sees them in a zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// When, if it is about a moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// What.
    pub text: String,
}

/// What a notice is drafted from.
#[derive(Clone, Copy, Debug)]
pub struct Record<'r> {
    /// The incident.
    pub incident: &'r Incident,
    /// Its findings, as far as they are kept.
    pub findings: &'r [&'r Finding],
    /// The responses to them.
    pub responses: &'r [&'r Response],
    /// The city's plan, if there is one.
    pub plan: Option<&'r Plan>,
}

/// Drafts a notice at a time.
#[must_use]
pub fn draft(kind: Kind, record: Record<'_>, now: Timestamp) -> Notice {
    let incident = record.incident;
    let aware = incident.detected;
    Notice {
        kind,
        incident: incident.number,
        title: incident.title.to_string(),
        aware,
        due: aware.saturating_add(kind.within()).unwrap_or(aware),
        drafted: now,
        scope: SCOPE,
        parts: match kind {
            Kind::First => answers::first(record),
            Kind::Full => answers::full(record, now),
        },
    }
}
