//! Incidents: what people see to, from triage to review.

use crate::{
    reference,
    view::{AnsweredView, End, Named, StepView, TechniqueView, Window, given},
    words::{capital, list, number, spoken},
};
use ::city::{Incident, IncidentState, Lesson, ServiceId};
use cycle::City;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// The most entries of a timeline that are shown: the first and the latest.
const TIMELINE_MAX: usize = 400;

/// How many of them are the first.
const TIMELINE_FIRST: usize = 100;

/// An incident in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IncidentRow {
    /// Its number in this city.
    pub number: u64,
    /// Who did what, in plain words.
    pub title: String,
    /// `notice`, `low`, `medium`, `high` or `critical`.
    pub severity: &'static str,
    /// `triage`, `contained`, `recovered`, `reviewed`, `dismissed` or `merged`.
    pub state: &'static str,
    /// How it stands and whom it waits for, in a sentence for people.
    pub headline: String,
    /// Who sees to it.
    pub owner: Option<String>,
    /// The services that it bears on.
    pub services: Vec<Named>,
    /// How many findings belong to it.
    pub findings: u64,
    /// When the first of it happened, as far as is known.
    pub began: Timestamp,
    /// When it was detected.
    pub detected: Timestamp,
    /// When something of it happened last.
    pub last: Timestamp,
    /// When it was contained.
    pub contained: Option<Timestamp>,
    /// When what it harmed was right again.
    pub recovered: Option<Timestamp>,
    /// When people had learned from it.
    pub reviewed: Option<Timestamp>,
    /// The incident of which it is part.
    pub merged_into: Option<u64>,
}

/// An incident with everything known of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct IncidentView {
    /// What the list shows.
    #[serde(flatten)]
    pub row: IncidentRow,
    /// What happened and how it stands, in a few sentences for whoever must answer for it.
    pub summary: String,
    /// How long it took to detect, contain and recover.
    pub times: IncidentTimes,
    /// Devices and places that are concerned.
    pub places: Vec<End>,
    /// Declared assets that are concerned.
    pub assets: Vec<Named>,
    /// Techniques of ATT&CK.
    pub techniques: Vec<TechniqueView>,
    /// Its findings, the first first.
    pub members: Vec<AnsweredView>,
    /// Responses to its findings.
    pub responses: Vec<TakenView>,
    /// What was learned, if that was written down.
    pub lesson: Option<LessonView>,
    /// What happened, oldest first: what was seen, why findings joined, and what people and Bastide did.
    pub timeline: Vec<TimelineView>,
    /// How many entries of the timeline are left out in the middle.
    pub left_out: usize,
}

/// What was learned from an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LessonView {
    /// What made it possible.
    pub cause: String,
    /// What else contributed.
    pub factors: Vec<String>,
    /// What the plan shall no longer allow: `internet to pumps: modbus write`.
    pub changes: Vec<String>,
    /// When it was written down.
    pub noted: Timestamp,
    /// By whom.
    pub by: String,
    /// Since when the plan in force holds all of it; none as long as it does not.
    pub held: Option<Timestamp>,
}

impl LessonView {
    fn of(lesson: &Lesson) -> LessonView {
        LessonView {
            cause: lesson.cause.to_string(),
            factors: lesson.factors.iter().map(ToString::to_string).collect(),
            changes: lesson.changes.iter().map(ToString::to_string).collect(),
            noted: lesson.noted,
            by: lesson.by.to_string(),
            held: lesson.held,
        }
    }
}

/// How long it took, in seconds; none as long as it is not so, or where the times are of two clocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IncidentTimes {
    /// From its beginning to when it was detected.
    pub detect: Option<i64>,
    /// From when it was detected to when it was contained.
    pub contain: Option<i64>,
    /// From when it was detected to when what it harmed was right again.
    pub recover: Option<i64>,
    /// The same in a sentence for people; empty if nothing is known.
    pub said: String,
}

/// A response to an incident, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TakenView {
    /// Its number.
    pub number: u64,
    /// How it stands.
    pub state: &'static str,
    /// The same in a sentence for people.
    pub headline: String,
    /// When the wire last heard the device in an answered conversation that began since; none if it did not.
    pub heard: Option<Timestamp>,
    #[serde(skip)]
    pub(crate) mark: &'static str,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TimelineView {
    /// When, by whom and what.
    #[serde(flatten)]
    pub step: StepView,
    /// The finding that was seen, where that is what happened.
    pub finding: Option<u64>,
}

/// Some of the incidents, and how many there are.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct IncidentList {
    /// How many the filter lets through, of those that are kept.
    pub total: usize,
    /// How many are left out before the first shown.
    pub offset: usize,
    /// Those shown.
    pub incidents: Vec<IncidentRow>,
    /// The number below which the sealed log has older ones, if it has.
    pub older_below: Option<u64>,
}

/// Which incidents are wanted. Every field may be left out.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct IncidentFilter {
    /// `open`, for those that are not over, or `all` (the default).
    pub state: Option<String>,
    /// Only those with lower numbers, the highest first, from the sealed log: for what is no longer kept.
    pub below: Option<u64>,
}

/// What a person does about an incident.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct HandleSaid {
    /// `take`, `assign`, `note`, `rename`, `contain`, `recover`, `review`, `learn`, `reopen`, `merge`, `split` or
    /// `dismiss`.
    pub act: String,
    /// What is said with it: the owner to assign, the title to give, or else why, how or what.
    #[serde(default)]
    pub text: Option<String>,
    /// The incident to merge into.
    #[serde(default)]
    pub into: Option<u64>,
    /// The findings to split off, by their numbers.
    #[serde(default)]
    pub findings: Vec<u64>,
    /// For how many days a dismissal holds; 30 if left out.
    #[serde(default)]
    pub days: Option<u16>,
    /// What else contributed, for what is learned.
    #[serde(default)]
    pub factors: Vec<String>,
    /// What the plan shall no longer allow, for what is learned: `internet to pumps: modbus write`.
    #[serde(default)]
    pub changes: Vec<String>,
}

/// How many incidents stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IncidentCounts {
    /// In triage, and nobody sees to them.
    pub waiting: usize,
    /// In triage, and somebody sees to them.
    pub taken: usize,
    /// Contained, and what they harmed is not yet right again.
    pub contained: usize,
    /// Recovered, and not yet reviewed.
    pub recovered: usize,
}

impl IncidentCounts {
    pub(crate) fn of(city: &City) -> IncidentCounts {
        let mut counts = IncidentCounts::default();
        for incident in city.incidents() {
            match (&incident.state, &incident.owner) {
                (IncidentState::Triage, None) => counts.waiting += 1,
                (IncidentState::Triage, Some(_)) => counts.taken += 1,
                (IncidentState::Contained, _) => counts.contained += 1,
                (IncidentState::Recovered, _) => counts.recovered += 1,
                _ => {}
            }
        }
        counts
    }

    /// What a person should know of them, in a sentence or two; empty if nothing.
    pub(crate) fn sentence(&self) -> String {
        let said = |count: usize, one: &str, many: &str| match count {
            0 => None,
            1 => Some(format!("One incident {one}")),
            count => Some(format!("{} incidents {many}", capital(&number(count)))),
        };
        [
            said(self.waiting, "waits for somebody to see to it.", "wait for somebody to see to them."),
            said(self.taken, "is being seen to.", "are being seen to."),
            said(self.contained, "is contained.", "are contained."),
            said(self.recovered, "is to be reviewed.", "are to be reviewed."),
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
    }
}

impl IncidentRow {
    /// Whether nothing more is to come of it.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, "reviewed" | "dismissed" | "merged")
    }

    /// Whether a person can still do something about it.
    pub(crate) fn may_be_handled(&self) -> bool {
        self.state != "merged"
    }

    /// The mark and the colour of its state.
    pub(crate) fn mark(&self) -> &'static str {
        match self.state {
            "triage" => "at-risk",
            "contained" => "contained",
            "recovered" => "well",
            _ => "unused",
        }
    }

    /// How it stands, in a word or two.
    pub(crate) fn state_words(&self) -> &'static str {
        match self.state {
            "triage" => "open",
            other => other,
        }
    }
}

impl IncidentView {
    /// How many findings are not named, if any.
    pub(crate) fn unnamed(&self) -> Option<u64> {
        self.row.findings.checked_sub(self.members.len() as u64).filter(|more| *more > 0)
    }

    /// Whether there are findings to split off.
    pub(crate) fn may_be_split(&self) -> bool {
        !self.row.is_over() && self.members.len() > 1
    }
}

/// The incidents that a filter lets through: those that go on first, the gravest first. `None` if the filter says what
/// nobody knows.
#[must_use]
pub fn incidents(city: &City, filter: &IncidentFilter, window: Window) -> Option<IncidentList> {
    let open_only = match given(&filter.state) {
        None | Some("all") => false,
        Some("open") => true,
        Some(_) => return None,
    };
    let mut chosen: Vec<&Incident> =
        city.incidents().filter(|incident| !(open_only && incident.state.is_over())).collect();
    let rank = |incident: &Incident| match incident.state {
        IncidentState::Triage => 0,
        IncidentState::Contained => 1,
        IncidentState::Recovered => 2,
        _ => 3,
    };
    chosen.sort_by_key(|incident| {
        let over = incident.state.is_over();
        let severity = if over { None } else { Some(incident.severity) };
        (rank(incident), Reverse(severity), Reverse(incident.number))
    });
    Some(IncidentList {
        total: chosen.len(),
        offset: window.offset,
        incidents: chosen
            .into_iter()
            .skip(window.offset)
            .take(window.limit)
            .map(|incident| incident_row(city, incident))
            .collect(),
        older_below: city.incidents().next().map(|first| first.number).filter(|first| *first > 1),
    })
}

/// The gravest of the incidents that wait for a person, and how many there are.
#[must_use]
pub(crate) fn pressing(city: &City, most: usize) -> Vec<IncidentRow> {
    let filter = IncidentFilter { state: Some("open".to_owned()), below: None };
    let list = incidents(city, &filter, Window { offset: 0, limit: most });
    list.map(|list| list.incidents).unwrap_or_default()
}

/// An incident as a list shows it.
#[must_use]
pub fn incident_row(city: &City, incident: &Incident) -> IncidentRow {
    let merged_into = match incident.state {
        IncidentState::Merged { into } => Some(into),
        _ => None,
    };
    IncidentRow {
        number: incident.number,
        title: incident.title.to_string(),
        severity: incident.severity.as_str(),
        state: incident.state.as_str(),
        headline: headline(incident),
        owner: incident.owner.as_ref().map(ToString::to_string),
        services: incident.services.iter().map(|id| service(city, id)).collect(),
        findings: incident.findings.len() as u64 + incident.more,
        began: incident.began,
        detected: incident.detected,
        last: incident.last,
        contained: incident.contained,
        recovered: incident.recovered,
        reviewed: incident.reviewed,
        merged_into,
    }
}

/// One incident with everything known of it.
#[must_use]
pub fn incident(city: &City, incident: &Incident) -> IncidentView {
    let row = incident_row(city, incident);
    let found = || incident.findings.iter().filter_map(|number| city.finding(*number));
    let mut timeline: Vec<TimelineView> = found()
        .flat_map(|finding| {
            finding.reasons.iter().map(|reason| TimelineView {
                step: StepView { time: reason.time, by: None, text: reason.text.to_string() },
                finding: Some(finding.number),
            })
        })
        .collect();
    timeline.extend(incident.steps.iter().map(|step| TimelineView {
        step: StepView {
            time: step.time,
            by: step.by.as_ref().map(ToString::to_string),
            text: step.text.to_string(),
        },
        finding: None,
    }));
    // What was seen stands before what was made of it.
    timeline.sort_by_key(|entry| (entry.step.time, entry.finding.is_none()));
    let left_out = timeline.len().saturating_sub(TIMELINE_MAX);
    timeline.drain(TIMELINE_FIRST.min(timeline.len())..(TIMELINE_FIRST + left_out).min(timeline.len()));
    let plan = city.plan();
    let taken = |number: &u64| {
        let response = city.responses().find(|response| response.number == *number)?;
        let row = super::response::row(city, response);
        let mark = row.mark();
        Some(TakenView {
            number: row.number,
            state: row.state,
            headline: row.headline,
            heard: row.heard,
            mark,
        })
    };
    IncidentView {
        summary: summary(&row),
        times: times(incident),
        places: incident.addresses.iter().map(|address| End::new(city, *address)).collect(),
        assets: incident
            .assets
            .iter()
            .map(|id| Named::new(id, plan.and_then(|plan| plan.asset(id)).map(|asset| &asset.name)))
            .collect(),
        techniques: incident
            .techniques
            .iter()
            .map(|id| TechniqueView { id: id.to_string(), name: reference::technique(id) })
            .collect(),
        members: found()
            .map(|finding| AnsweredView {
                number: finding.number,
                title: finding.title.to_string(),
                severity: finding.severity.as_str(),
            })
            .collect(),
        responses: incident.responses.iter().filter_map(taken).collect(),
        lesson: incident.lesson.as_ref().map(LessonView::of),
        timeline,
        left_out,
        row,
    }
}

fn service(city: &City, id: &ServiceId) -> Named {
    Named::new(id, city.plan().and_then(|plan| plan.service(id)).map(|service| &service.name))
}

/// How long it took, in seconds and in words.
fn times(incident: &Incident) -> IncidentTimes {
    let detect = seconds(Some(incident.began), Some(incident.detected));
    let contain = seconds(Some(incident.detected), incident.contained);
    let recover = seconds(Some(incident.detected), incident.recovered);
    let said: Vec<String> = [
        detect.map(|seconds| match seconds {
            0 => "It was detected at once".to_owned(),
            seconds => format!("It was detected {} after it began", spoken(seconds)),
        }),
        contain.map(|seconds| format!("contained {} after that", spoken(seconds))),
        recover.map(|seconds| format!("recovered {} after it was detected", spoken(seconds))),
    ]
    .into_iter()
    .flatten()
    .collect();
    let said = if said.is_empty() { String::new() } else { format!("{}.", said.join(", ")) };
    IncidentTimes { detect, contain, recover, said }
}

/// From one time to a later one.
fn seconds(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<i64> {
    let seconds = to?.duration_since(from?).as_secs();
    (seconds >= 0).then_some(seconds)
}

/// How it stands and whom it waits for.
fn headline(incident: &Incident) -> String {
    match (&incident.state, &incident.owner) {
        (IncidentState::Triage, None) => "Nobody sees to it yet".to_owned(),
        (IncidentState::Triage, Some(owner)) => format!("{owner} sees to it"),
        (IncidentState::Contained, _) => {
            "It goes no further; what it harmed is not yet said to be right again".to_owned()
        }
        (IncidentState::Recovered, _) => {
            "What it harmed is right again; what it taught is not yet written down".to_owned()
        }
        (IncidentState::Reviewed, _) => "It is over, and people have learned from it".to_owned(),
        (IncidentState::Dismissed { reason, until }, _) => {
            format!("Dismissed: {reason}. Findings of the same kind begin no incident until {until:.0}")
        }
        (IncidentState::Merged { into }, _) => format!("It is part of incident {into}"),
    }
}

/// What happened and how it stands.
fn summary(row: &IncidentRow) -> String {
    let bears = match row.services.len() {
        0 => "As far as the plan knows, no public service rests on what it concerns".to_owned(),
        _ => format!("It bears on {}", list(row.services.iter().map(|service| service.name.as_str()), 4)),
    };
    format!("{bears}. {}.", row.headline.trim_end_matches('.'))
}
