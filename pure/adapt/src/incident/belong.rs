//! What belongs together, and why.

use super::{WINDOW, kept::Kept};
use city::{Address, Finding, Rule, ServiceId, Severity, Text, ZoneId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long after the last of an incident what is about the same device, and not by the same doer, belongs to it.
const NEAR: SignedDuration = SignedDuration::from_hours(1);

/// How soon after one another devices of a zone have the same trouble for the same cause.
const TOGETHER: SignedDuration = SignedDuration::from_mins(10);

/// Whom a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parties {
    /// Who did it, if somebody did.
    pub doer: Option<Address>,
    /// To whom.
    pub touched: Option<Address>,
}

impl Parties {
    pub fn of(finding: &Finding) -> Parties {
        let station = |address: Address| Some(address).filter(|address| address.is_station());
        let (subject, peer) = (station(finding.key.subject), finding.peer.and_then(station));
        match finding.key.rule {
            Rule::OutsideConduit if peer.is_none() => Parties { doer: None, touched: subject },
            Rule::OutsideConduit
            | Rule::VerbNotAllowed
            | Rule::Scan
            | Rule::UndeclaredDevice
            | Rule::NewDestination => Parties { doer: subject, touched: peer },
            Rule::FirstSeenVerb
            | Rule::UnusualActivity
            | Rule::AlertedElsewhere
            | Rule::IndicatorSeen
            | Rule::Weakness => Parties { doer: peer, touched: subject },
            _ => Parties { doer: None, touched: subject },
        }
    }
}

/// What makes findings of one kind: what a dismissal is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Kind {
    rule: Rule,
    subject: Address,
    peer: Option<Address>,
}

impl Kind {
    pub fn of(finding: &Finding) -> Kind {
        Kind { rule: finding.key.rule, subject: finding.key.subject, peer: finding.peer }
    }
}

/// Whether somebody should be woken for a finding alone.
pub(super) fn begins(finding: &Finding) -> bool {
    let from = match finding.key.rule {
        // What is weak, overdue, not yet done or worth knowing waits for the morning.
        Rule::Weakness
        | Rule::NotEnforced
        | Rule::BackupOverdue
        | Rule::BackupFailed
        | Rule::BackupShrank
        | Rule::RepositoryUnguarded
        | Rule::RepositoryUnreachable
        | Rule::CopyTooOld
        | Rule::DrillFailed
        | Rule::DrillTooSlow
        | Rule::DrillOverdue
        | Rule::ProcedureUnreviewed
        | Rule::PackStale
        | Rule::DefenceOffered
        | Rule::DefenceWithdrawn
        | Rule::IntelligenceDoubted => return false,
        // A plan that is not finished does not know every printer.
        Rule::UndeclaredDevice => Severity::High,
        _ => Severity::Medium,
    };
    finding.severity >= from
}

/// Whether a finding can be part of an incident at all.
pub(super) fn joins(finding: &Finding) -> bool {
    !matches!(
        finding.key.rule,
        Rule::BackupOverdue
            | Rule::CopyTooOld
            | Rule::DrillFailed
            | Rule::DrillTooSlow
            | Rule::DrillOverdue
            | Rule::ProcedureUnreviewed
            | Rule::PackStale
            | Rule::DefenceOffered
            | Rule::DefenceWithdrawn
            | Rule::IntelligenceDoubted
            | Rule::NotEnforced
    )
}

pub(super) fn is_weakness(finding: &Finding) -> bool {
    finding.key.rule == Rule::Weakness
}

/// Why a finding belongs to an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Because {
    /// It is a further step against a service.
    NextStep(ServiceId),
    /// It is the same trouble in one zone, or in no particular place.
    SameTrouble(Option<ZoneId>),
    /// It is about a device that the incident is about.
    SameDevice(Address),
    /// A device to which something grave was done acts itself.
    Spread(Address),
    /// It is about whoever did it.
    AboutDoer(Address),
    /// The same did it.
    SameDoer(Address),
    /// It is the same conversation.
    SamePair(Address, Address),
}

impl Because {
    /// The stronger of two reasons is the greater.
    pub fn strength(&self) -> u8 {
        match self {
            Because::NextStep(_) => 0,
            Because::SameTrouble(_) => 1,
            Because::SameDevice(_) => 2,
            Because::Spread(_) => 3,
            Because::AboutDoer(_) => 4,
            Because::SameDoer(_) => 5,
            Because::SamePair(..) => 6,
        }
    }

    /// Whether it rests on place and time alone, or on somebody who came in that way.
    pub fn is_guess(&self, kept: &Kept) -> bool {
        match self {
            Because::NextStep(_) | Because::SameTrouble(_) | Because::SameDevice(_) => true,
            Because::Spread(who) | Because::AboutDoer(who) | Because::SameDoer(who) => kept.is_guessed(*who),
            Because::SamePair(one, other) => kept.is_guessed(*one) || kept.is_guessed(*other),
        }
    }

    /// In words that follow on *because*.
    pub fn text(&self, name: &dyn Fn(Address) -> Text) -> String {
        match self {
            Because::NextStep(service) => {
                format!("it is a further step against `{service}` within the hour")
            }
            Because::SameTrouble(Some(zone)) => {
                format!("the same befell other devices of `{zone}` within ten minutes")
            }
            Because::SameTrouble(None) => "the same was found within ten minutes".to_owned(),
            Because::SameDevice(device) => format!("both are about {} within the hour", name(*device)),
            Because::Spread(device) => format!("{} was reached before and now acts itself", name(*device)),
            Because::AboutDoer(doer) => {
                format!("it is about {}, which did what was found before", name(*doer))
            }
            Because::SameDoer(doer) => format!("both are about what {} does", name(*doer)),
            Because::SamePair(doer, other) => {
                format!("both are about what passes between {} and {}", name(*doer), name(*other))
            }
        }
    }
}

/// Why a finding belongs to an incident that goes on; none if it does not.
pub(super) fn because(kept: &Kept, finding: &Finding, parties: &Parties, time: Timestamp) -> Option<Because> {
    let since = time.duration_since(kept.incident.last);
    if since > WINDOW || !joins(finding) {
        return None;
    }
    let Parties { doer, touched } = *parties;
    // What only happens at the same place and time is guessed to belong, and whoever came in by a guess is part of it by
    // a guess. If guesses led to guesses without end, a busy city would have one incident for ever.
    let first_day = time.duration_since(kept.incident.detected) <= WINDOW;
    let sure = |address: Address| first_day || !kept.is_guessed(address);
    let (is_doer, is_touched) = (
        |address: Address| kept.is_doer(address) && sure(address),
        |address: Address| kept.is_touched(address) && sure(address),
    );
    if let (Some(doer), Some(touched)) = (doer, touched)
        && (is_doer(doer) && is_touched(touched) || is_doer(touched) && is_touched(doer))
    {
        return Some(Because::SamePair(doer, touched));
    }
    // That something is weak has no doer: who talked with it showed it.
    if is_weakness(finding) {
        return None;
    }
    if let Some(doer) = doer.filter(|doer| is_doer(*doer)) {
        return Some(Because::SameDoer(doer));
    }
    if let Some(touched) = touched.filter(|touched| is_doer(*touched)) {
        return Some(Because::AboutDoer(touched));
    }
    let near = first_day && since <= NEAR;
    let known = finding.key.rule != Rule::UndeclaredDevice;
    if let Some(doer) = doer.filter(|doer| !known && near && is_touched(*doer)) {
        return Some(Because::SameDevice(doer));
    }
    if let Some(doer) = doer.filter(|doer| kept.is_harmed(*doer) && sure(*doer)) {
        return Some(Because::Spread(doer));
    }
    if !near {
        return None;
    }
    if let Some(touched) = touched.filter(|touched| is_touched(*touched)) {
        return Some(Because::SameDevice(touched));
    }
    if doer.is_none() || finding.key.rule == Rule::UndeclaredDevice {
        let placed = finding.key.subject.is_station();
        let same = since <= TOGETHER && kept.has_trouble(finding.key.rule, finding.zone.as_ref());
        return (same && (finding.zone.is_some() || !placed))
            .then(|| Because::SameTrouble(finding.zone.clone()));
    }
    let further = kept.has_doer() && stage(&finding.techniques) > stage(&kept.incident.techniques);
    let shared = finding.services.iter().find(|service| kept.incident.services.contains(service));
    shared.filter(|_| further).map(|service| Because::NextStep(service.clone()))
}

/// How far somebody who uses these techniques has come: from looking about (1) to harm (4). The order is that of the
/// tactics of ATT&CK for ICS.
fn stage(techniques: &[Text]) -> u8 {
    let of = |technique: &Text| match technique.as_str() {
        "T0840" | "T0842" | "T0846" | "T0861" | "T0888" => 1,
        "T0822" | "T0848" | "T0859" | "T0864" | "T0866" | "T0867" | "T0884" | "T0885" | "T0886" => 2,
        "T0845" | "T0893" => 3,
        "T0806" | "T0809" | "T0814" | "T0816" | "T0830" | "T0831" | "T0836" | "T0843" | "T0855" | "T0856"
        | "T0858" | "T0889" | "T0826" | "T1485" | "T1486" | "T1490" => 4,
        _ => 0,
    };
    techniques.iter().map(of).max().unwrap_or_default()
}
