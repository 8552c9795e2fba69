//! Notices of an incident, drafted.

use crate::time::Clock;
use ::city::{Finding, Incident, Response};
use adapt::notice::{self, Answer, Kind, Notice, Page, Record};
use cycle::City;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which notice is wanted, and as what.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct NoticeWanted {
    /// `first` (the default), which is due within 24 hours, or `full`, within 72.
    pub kind: Option<String>,
}

impl NoticeWanted {
    /// The kind that is meant; none if the word is unknown.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        match self.kind.as_deref() {
            None | Some("" | "first") => Some(Kind::First),
            Some("full") => Some(Kind::Full),
            Some(_) => None,
        }
    }
}

/// A notice, drafted from what is on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NoticeView {
    /// `first` or `full`.
    pub kind: &'static str,
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
    /// Who is in the law's scope.
    pub scope: &'static str,
    /// How many parts a person has still to fill in.
    pub unknown: usize,
    /// What it says, in the order of the regulation.
    pub parts: Vec<PartView>,
    /// The whole in Markdown.
    pub markdown: String,
    /// The whole as a page that asks for nothing from elsewhere.
    pub html: String,
}

/// One thing that a notice says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PartView {
    /// What is asked.
    pub question: &'static str,
    /// Where it is asked: the regulation's clause.
    pub clause: &'static str,
    /// What is known, a line each; empty if nothing is.
    pub known: Vec<SaidView>,
    /// What supports it.
    pub evidence: Vec<String>,
    /// What a person has to find out, where nothing is known.
    pub unknown: Option<String>,
}

/// A line of what is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SaidView {
    /// When, if it is about a moment.
    pub time: Option<Timestamp>,
    /// What.
    pub text: String,
}

/// Drafts a notice of an incident.
#[must_use]
pub fn notice(city: &City, incident: &Incident, kind: Kind, clock: &Clock) -> NoticeView {
    let findings: Vec<&Finding> =
        incident.findings.iter().filter_map(|number| city.finding(*number)).collect();
    let responses: Vec<&Response> =
        city.responses().filter(|response| incident.responses.contains(&response.number)).collect();
    let record = Record {
        incident,
        findings: &findings,
        responses: &responses,
        plan: city.plan().map(|plan| &**plan),
    };
    let notice = notice::draft(kind, record, clock.now());
    let page = Page { time: &|time| clock.full(time).words().to_owned() };
    let (markdown, html) = (notice::markdown(&notice, page), notice::html(&notice, page));
    let unknown = notice.unknown();
    let Notice { incident, title, aware, due, drafted, scope, parts, .. } = notice;
    let part = |part: notice::Part| {
        let (known, evidence, unknown) = match part.answer {
            Answer::Known { lines, evidence } => (lines, evidence, None),
            Answer::Unknown { ask } => (Vec::new(), Vec::new(), Some(ask)),
        };
        let known = known.into_iter().map(|line| SaidView { time: line.time, text: line.text }).collect();
        PartView { question: part.question, clause: part.clause, known, evidence, unknown }
    };
    NoticeView {
        kind: if kind == Kind::First { "first" } else { "full" },
        incident,
        title,
        aware,
        due,
        drafted,
        scope,
        unknown,
        parts: parts.into_iter().map(part).collect(),
        markdown,
        html,
    }
}
