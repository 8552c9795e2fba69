//! What people do about incidents.

use super::{DISMISSALS_MAX, Dismissal, Incidents, Known, belong::Kind, kept::Kept};
use city::{Incident, IncidentAct, IncidentState, Lesson, Text};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// The longest that a dismissal holds.
const DISMISSED_MAX: SignedDuration = SignedDuration::from_hours(366 * 24);

/// The most letters of what people write.
const TEXT_MAX: usize = 4_000;

/// The most letters of a name or a title.
const NAME_MAX: usize = 200;

/// Who did it, and when.
#[derive(Clone, Copy)]
struct Signed<'s> {
    by: &'s Text,
    time: Timestamp,
}

impl Incidents {
    /// Whether a person can do something about an incident at a time.
    ///
    /// # Errors
    ///
    /// Why not, in plain words.
    pub fn may(&self, number: u64, act: &IncidentAct, time: Timestamp) -> Result<(), &'static str> {
        let incident = self.get(number).ok_or("there is no such incident, or it is no longer kept")?;
        if matches!(incident.state, IncidentState::Merged { .. }) {
            return Err("it was merged into another incident; do it there");
        }
        let over = incident.state.is_over();
        let said = |text: &Text, most: usize| match text.trim().chars().count() {
            0 => Err("say something: it is sealed with the act"),
            letters if letters > most => {
                Err("that is too long: 4,000 letters at most, 200 for a name or a title")
            }
            _ => Ok(()),
        };
        match act {
            IncidentAct::Assign { owner } => said(owner, NAME_MAX),
            IncidentAct::Note { text } => said(text, TEXT_MAX),
            IncidentAct::Rename { title } => said(title, NAME_MAX),
            IncidentAct::Contain { text } => match incident.state {
                IncidentState::Triage => said(text, TEXT_MAX),
                IncidentState::Contained => Err("it is contained already"),
                _ => Err("it has come further than that; reopen it first"),
            },
            IncidentAct::Recover { text } => match incident.state {
                IncidentState::Triage | IncidentState::Contained => said(text, TEXT_MAX),
                IncidentState::Recovered => Err("it is recovered already"),
                _ => Err("it is over; reopen it first"),
            },
            IncidentAct::Review { text } => match incident.state {
                IncidentState::Recovered => said(text, TEXT_MAX),
                _ if over => Err("it is over; reopen it first"),
                _ => Err("it is not recovered yet; say first that what it harmed is right again"),
            },
            IncidentAct::Learn { cause, factors, changes } => {
                said(cause, TEXT_MAX)?;
                factors.iter().try_for_each(|factor| said(factor, TEXT_MAX))?;
                if factors.len() > Lesson::FACTORS_MAX || changes.len() > Lesson::CHANGES_MAX {
                    return Err("that is too much for one lesson: 16 factors and 64 changes at most");
                }
                Ok(())
            }
            IncidentAct::Reopen { text } => match incident.state {
                IncidentState::Triage => Err("it is open"),
                _ => said(text, TEXT_MAX),
            },
            IncidentAct::Merge { into } => match self.get(*into) {
                None => Err("there is no incident to merge it into"),
                Some(_) if *into == number => Err("an incident cannot be merged into itself"),
                Some(other) if other.state.is_over() => {
                    Err("the incident to merge it into is over; reopen that first")
                }
                Some(_) => Ok(()),
            },
            IncidentAct::Split { .. } if over => Err("it is over; reopen it first"),
            IncidentAct::Split { findings } => {
                let chosen: BTreeSet<&u64> = findings.iter().collect();
                if chosen.is_empty() {
                    return Err("name the findings that shall be an incident of their own");
                }
                if chosen.iter().any(|finding| self.of(**finding) != Some(number)) {
                    return Err("not all of these findings belong to it");
                }
                if self.findings_of(number).count() <= chosen.len() {
                    return Err("at least one finding must stay with it");
                }
                Ok(())
            }
            IncidentAct::Dismiss { .. } if over => Err("it is over already"),
            IncidentAct::Dismiss { reason, until } => {
                said(reason, TEXT_MAX)?;
                match until.duration_since(time) {
                    left if left <= SignedDuration::ZERO => Err("a dismissal must end in the future"),
                    left if left > DISMISSED_MAX => Err("a dismissal holds for a year at most"),
                    _ => Ok(()),
                }
            }
        }
    }

    /// Does what a person decided, if it can be done. What changed is appended, to be sealed.
    pub fn handle(
        &mut self,
        number: u64,
        act: &IncidentAct,
        by: &Text,
        time: Timestamp,
        known: Known<'_>,
        changed: &mut Vec<Incident>,
    ) {
        if self.may(number, act, time).is_err() {
            return;
        }
        let signed = Signed { by, time };
        match act {
            IncidentAct::Merge { into } => self.merge(number, *into, signed, changed),
            IncidentAct::Split { findings } => self.split(number, findings, signed, known, changed),
            IncidentAct::Dismiss { reason, until } => {
                let kinds = self.kinds(number, known);
                self.dismiss(Dismissal { incident: number, until: *until, kinds }, reason, signed, changed);
            }
            _ => {
                if matches!(act, IncidentAct::Reopen { .. }) {
                    self.dismissals.retain(|dismissal| dismissal.incident != number);
                }
                let Some(kept) = self.kept(number) else { return };
                let text = further(kept, act, by, time);
                kept.step(time, Some(by), text);
                changed.push(kept.incident.clone());
            }
        }
    }

    fn merge(&mut self, number: u64, into: u64, signed: Signed<'_>, changed: &mut Vec<Incident>) {
        let Signed { by, time } = signed;
        let Some(from) = self.kept(number) else { return };
        from.incident.state = IncidentState::Merged { into };
        from.step(time, Some(by), format!("Merged into incident {into}"));
        let from = from.clone();
        self.dismissals.retain(|dismissal| dismissal.incident != number);
        self.of.values_mut().filter(|of| **of == number).for_each(|of| *of = into);
        let Some(kept) = self.kept(into) else { return };
        kept.absorb(&from);
        kept.step(
            time,
            Some(by),
            format!("Incident {number} was merged into this one: {}", from.incident.title),
        );
        changed.push(from.incident);
        changed.push(kept.incident.clone());
    }

    fn split(
        &mut self,
        number: u64,
        findings: &[u64],
        signed: Signed<'_>,
        known: Known<'_>,
        changed: &mut Vec<Incident>,
    ) {
        let Signed { by, time } = signed;
        let chosen: BTreeSet<u64> = findings.iter().copied().collect();
        let made: Vec<_> = chosen.iter().filter_map(|finding| known.finding(*finding)).collect();
        let Some(first) = made.first() else { return };
        let list = chosen.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        self.make_room(Some(number));
        self.count += 1;
        let other = self.count;
        let Some(owner) = self.get(number).map(|incident| incident.owner.clone()) else { return };
        let mut split = Kept::begin(other, first, first.first);
        split.remake(made.iter().copied());
        split.incident.owner = owner;
        let last = made.iter().map(|finding| finding.last).max();
        split.incident.last = last.unwrap_or(split.incident.last);
        split.step(time, Some(by), format!("Split from incident {number}, with findings {list}"));
        for finding in &chosen {
            self.of.insert(*finding, other);
        }
        let left: Vec<_> = self.findings_of(number).filter_map(|finding| known.finding(finding)).collect();
        if let Some(kept) = self.kept(number) {
            kept.remake(left.into_iter());
            kept.step(time, Some(by), format!("Findings {list} became incident {other}"));
            changed.push(kept.incident.clone());
        }
        changed.push(split.incident.clone());
        self.kept.push(split);
    }

    /// The kinds of an incident's findings.
    fn kinds(&self, number: u64, known: Known<'_>) -> Vec<Kind> {
        let findings = self.findings_of(number).take(Incident::FINDINGS_MAX);
        let mut kinds: Vec<Kind> =
            findings.filter_map(|finding| known.finding(finding)).map(Kind::of).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    }

    fn dismiss(
        &mut self,
        dismissal: Dismissal,
        reason: &Text,
        signed: Signed<'_>,
        changed: &mut Vec<Incident>,
    ) {
        let Signed { by, time } = signed;
        let (number, until) = (dismissal.incident, dismissal.until);
        if self.dismissals.len() >= DISMISSALS_MAX {
            self.dismissals.remove(0);
        }
        self.dismissals.push(dismissal);
        let Some(kept) = self.kept(number) else { return };
        kept.incident.state = IncidentState::Dismissed { reason: reason.clone(), until };
        let text =
            format!("Dismissed: {reason}. Findings of the same kind begin no incident until {until:.0}");
        kept.step(time, Some(by), text);
        changed.push(kept.incident.clone());
    }
}

/// Brings an incident where a person says that it is, and tells it in words.
fn further(kept: &mut Kept, act: &IncidentAct, by: &Text, time: Timestamp) -> String {
    let incident = &mut kept.incident;
    match act {
        IncidentAct::Assign { owner } => {
            incident.owner = Some(owner.clone());
            if owner == by { "Took it".to_owned() } else { format!("Gave it to {owner}") }
        }
        IncidentAct::Note { text } => format!("Note: {text}"),
        IncidentAct::Rename { title } => {
            let before = std::mem::replace(&mut incident.title, title.clone());
            kept.renamed = true;
            format!("Renamed; it was called: {before}")
        }
        IncidentAct::Contain { text } => {
            incident.state = IncidentState::Contained;
            incident.contained = Some(time);
            format!("Contained: {text}")
        }
        IncidentAct::Recover { text } => {
            incident.state = IncidentState::Recovered;
            incident.contained.get_or_insert(time);
            incident.recovered = Some(time);
            format!("Recovered: {text}")
        }
        IncidentAct::Review { text } => {
            incident.state = IncidentState::Reviewed;
            incident.reviewed = Some(time);
            format!("Reviewed: {text}")
        }
        IncidentAct::Learn { cause, factors, changes } => {
            incident.lesson = Some(Lesson {
                cause: cause.clone(),
                factors: factors.clone(),
                changes: changes.clone(),
                noted: time,
                by: by.clone(),
                held: None,
            });
            format!("Learned: {cause}")
        }
        IncidentAct::Reopen { text } => {
            kept.open_again();
            format!("Reopened: {text}")
        }
        // These three are done elsewhere.
        IncidentAct::Merge { into } => format!("Merged into incident {into}"),
        IncidentAct::Split { .. } => "Split".to_owned(),
        IncidentAct::Dismiss { reason, .. } => format!("Dismissed: {reason}"),
    }
}
