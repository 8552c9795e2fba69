//! What drills, guarded repositories and backups made in time are worth as evidence for frameworks.

use crate::{record, record::Tried, words};
use city::{Drill, Evidence, Impact, Outcome, Repository, Service, Support, Text};
use jiff::{SignedDuration, Timestamp};
use plan::Plan;

/// For how long a drill proves that a service whose failure hurts many people can come back. Updates, new passwords and
/// grown data undo what worked a month ago.
const PROVES_GRAVE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// For how long a drill proves that of any other service.
const PROVES: SignedDuration = SignedDuration::from_hours(90 * 24);

/// For how long it is believed that a repository refuses to be destroyed, once that was tried.
const GUARDED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// For how long it is believed that backups are made in time.
const IN_TIME: SignedDuration = SignedDuration::from_hours(48);

/// For how long a drill proves that a service can come back.
#[must_use]
pub fn proof_holds(impact: Impact) -> SignedDuration {
    if impact >= Impact::High { PROVES_GRAVE } else { PROVES }
}

/// What a drill shows, for better or worse.
pub(crate) fn drilled(plan: &Plan, service: &Service, drill: &Drill, time: Timestamp) -> Vec<Evidence> {
    let target = |allowed: Option<SignedDuration>| {
        allowed.map_or_else(String::new, |allowed| format!(" (allowed: {})", words::span(allowed)))
    };
    let recovery = service.recovery;
    let statement = if drill.passed() {
        let point = record::rpo(drill).map_or_else(String::new, |lost| {
            let allowed = target(recovery.map(|recovery| recovery.rpo));
            format!("; at most the last {} would have been lost{allowed}", words::span(lost))
        });
        format!(
            "{} was restored to an isolated place and checked in {}{}{point}.",
            service.name,
            words::span(drill.duration),
            target(recovery.map(|recovery| recovery.rto)),
        )
    } else {
        let failed: Vec<String> = drill
            .steps
            .iter()
            .filter_map(|step| {
                step.failure.as_ref().map(|why| format!("{} ({}): {why}", step.what, step.backup))
            })
            .collect();
        let why = if failed.is_empty() { "nothing was restored".to_owned() } else { words::some(&failed, 2) };
        format!("{} could not be restored to an isolated place: {why}.", service.name)
    };
    let checked = drill.steps.iter().any(|step| step.check.is_some());
    let outcomes: &[&'static str] = if checked {
        &["caf:B5.c", "caf:D1.c", "csf:ID.IM-02", "csf:PR.DS-11", "csf:RC.RP-03", "csf:RC.RP-05"]
    } else {
        // Restored, but whether what came back is good was looked at by nobody.
        &["caf:B5.c", "caf:D1.c", "csf:ID.IM-02", "csf:PR.DS-11"]
    };
    let valid = plan.service(&service.id).map_or(PROVES, |service| proof_holds(service.impact));
    measured(outcomes, &statement, drill.start.min(time), valid)
}

/// Whether evidence of a repository is due: what is known has changed, or the last is half-way to being forgotten.
pub(crate) fn is_due(before: Option<&Tried>, now: &Tried) -> bool {
    let Some(before) = before else { return true };
    let fresh = before.told.is_some_and(|told| now.time.duration_since(told) < GUARDED / 2);
    before.guarded() != now.guarded() || !fresh
}

/// What trying to destroy what is in a repository shows. Nothing, if nobody tried.
pub(crate) fn guarded(repository: &Repository, tried: &Tried) -> Vec<Evidence> {
    let statement = match tried.guarded().filter(|_| tried.outcome.unreachable.is_none()) {
        None => return Vec::new(),
        Some(true) => {
            let locked = tried.outcome.locked_until.map_or_else(String::new, |until| {
                format!(", and keeps what is written now until {}", words::moment(until))
            });
            format!(
                "{} refused to have backups deleted or changed when that was tried{locked}.",
                repository.name
            )
        }
        Some(false) => format!("{} let backups be deleted or changed when that was tried.", repository.name),
    };
    measured(&["caf:B5.c", "csf:PR.DS-11"], &statement, tried.time, GUARDED)
}

/// That backups are made in time, or how many are not.
pub(crate) fn in_time(made: usize, late: &[Text], time: Timestamp) -> Vec<Evidence> {
    let statement = if late.is_empty() && made == 1 {
        "The declared backup was made in time.".to_owned()
    } else if late.is_empty() {
        format!("All {made} declared backups were made in time.")
    } else {
        format!("{} of {made} declared backups are overdue: {}.", late.len(), words::some(late, 4))
    };
    measured(&["caf:B5.c", "csf:PR.DS-11"], &statement, time, IN_TIME)
}

fn measured(
    outcomes: &[&'static str],
    statement: &str,
    effective: Timestamp,
    holds: SignedDuration,
) -> Vec<Evidence> {
    let expires = effective.checked_add(holds).unwrap_or(effective);
    let of = |outcome: &&'static str| Evidence {
        outcome: Outcome(Text::const_new(outcome)),
        support: Support::Measured,
        statement: statement.into(),
        effective,
        expires,
    };
    outcomes.iter().map(of).collect()
}
