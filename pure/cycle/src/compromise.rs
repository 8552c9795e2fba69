//! What was found that says that somebody got in, and until when what is backed up there is in doubt.

use ::city::{Address, Finding, Response, ResponseState, Rule, Severity, Text};
use jiff::Timestamp;
use plan::Plan;
use recover::{Clue, STAYS};
use std::collections::BTreeMap;

/// Whether a finding says by itself that somebody acts who should not. That something is weak, silent or unknown does
/// not; nor that one address is claimed twice, which a wrong setting does.
fn is_deed(finding: &Finding) -> bool {
    finding.severity >= Severity::High
        && matches!(
            finding.key.rule,
            Rule::FirstSeenVerb
                | Rule::NewDestination
                | Rule::OutsideConduit
                | Rule::Scan
                | Rule::UnusualActivity
                | Rule::VerbNotAllowed
        )
}

/// What people and the plan made of a finding by their response to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Judged {
    /// Somebody was cut off for it.
    Contained,
    /// Somebody was cut off for it, and connected again at this time: it was put right.
    Released(Timestamp),
    /// A person said that it was nothing.
    Dismissed,
}

/// Everything that says that somebody got in, of all that was found and done.
pub(crate) fn clues(findings: &[Finding], responses: &[Response], plan: &Plan) -> Vec<Clue> {
    let mut judged: BTreeMap<u64, Judged> = BTreeMap::new();
    let mut clues = Vec::new();
    for response in responses {
        let Some(last) = response.steps.last() else { continue };
        let judgement = match response.state {
            ResponseState::Contained | ResponseState::Ordered | ResponseState::Releasing => Judged::Contained,
            ResponseState::Released => Judged::Released(last.time),
            ResponseState::Dismissed => Judged::Dismissed,
            ResponseState::Proposed | ResponseState::Agreed | ResponseState::Failed => continue,
        };
        judged.extend(response.findings.iter().map(|number| (*number, judgement)));
        if judgement != Judged::Dismissed {
            clues.extend(contained(response, judgement, plan));
        }
    }
    for finding in findings {
        let until = match judged.get(&finding.number) {
            Some(Judged::Dismissed) => continue,
            // What was seen again after it was put right was not.
            Some(Judged::Released(time)) if finding.last <= *time => *time,
            Some(Judged::Contained | Judged::Released(_)) => stays(finding.last),
            None if is_deed(finding) => stays(finding.last),
            None => continue,
        };
        clues.push(Clue {
            what: format!("finding {}, {}", finding.number, finding.title).into(),
            first: finding.first,
            until,
            asset: finding.asset.clone(),
            services: finding.services.clone(),
        });
        // What was done to the other end is in doubt as well.
        let other = finding.peer.and_then(|peer| plan.asset_at(peer));
        clues.extend(other.map(|asset| Clue {
            what: format!("finding {}, {}", finding.number, finding.title).into(),
            first: finding.first,
            until,
            asset: Some(asset.id.clone()),
            services: Vec::new(),
        }));
    }
    clues
}

/// That a declared device was cut off, whatever for.
fn contained(response: &Response, judged: Judged, plan: &Plan) -> Option<Clue> {
    let asset = plan.asset_at(Address::Ip(response.target))?;
    let (first, last) = (response.steps.first()?.time, response.steps.last()?.time);
    Some(Clue {
        what: Text::from(format!("response {}, {} was cut off", response.number, response.name)),
        first,
        until: if let Judged::Released(time) = judged { time } else { stays(last) },
        asset: Some(asset.id.clone()),
        services: Vec::new(),
    })
}

fn stays(last: Timestamp) -> Timestamp {
    last.checked_add(STAYS).unwrap_or(Timestamp::MAX)
}
