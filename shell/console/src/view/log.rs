//! The sealed log as it is shown.

use schemars::JsonSchema;
use serde::Serialize;
use store::{Act, Record, Sealed, Verified};

/// The signed head of the log.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HeadView {
    /// How many records it covers.
    pub size: u64,
    /// The head of the Merkle tree over them, in hexadecimal.
    pub root: String,
    /// When it was signed.
    pub time: Option<String>,
    /// The key that checks it, in the form of C2SP signed-note.
    pub public_key: String,
}

/// What checking the whole log showed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct VerifiedView {
    /// Whether everything is as it was signed.
    pub whole: bool,
    /// How many records there are.
    pub records: u64,
    /// How many signed heads there are.
    pub heads: u64,
    /// What is not as it was signed, in words.
    pub damage: Vec<String>,
    /// How many more damages there are than are listed.
    pub more: u64,
}

/// A record of the log.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RecordView {
    /// Its place, from 1.
    pub sequence: u64,
    /// When it was sealed.
    pub time: String,
    /// What it is: `act`, `evidence`, `finding`, `plan`, `start`.
    pub kind: String,
    /// Who did it; none where nobody signed in.
    pub person: Option<String>,
    /// What it says, in a sentence.
    pub summary: String,
    /// What it says in full.
    pub body: serde_json::Value,
}

/// The head of a log.
#[must_use]
pub fn head(log: &store::SealedLog) -> HeadView {
    let head = log.head();
    HeadView {
        size: head.size,
        root: head.root.to_string(),
        time: head.time,
        public_key: log.public_key().to_string(),
    }
}

/// What checking a log showed.
#[must_use]
pub fn verified(verified: &Verified) -> VerifiedView {
    VerifiedView {
        whole: verified.is_whole(),
        records: verified.records,
        heads: verified.heads,
        damage: verified.damage.iter().map(ToString::to_string).collect(),
        more: verified.more,
    }
}

/// A record in a sentence and in full.
#[must_use]
pub fn record(sealed: &Sealed) -> RecordView {
    let body = serde_json::from_str(&sealed.body).unwrap_or_default();
    let (person, summary) = match sealed.record() {
        Some(Record::Act(act)) => {
            let summary = sentence(&act);
            (act.person, summary)
        }
        Some(Record::Finding(finding)) if finding.worsened => {
            (None, format!("Finding {} became {}: {}", finding.number, finding.severity, finding.title))
        }
        Some(Record::Finding(finding)) => (None, format!("Finding {}: {}", finding.number, finding.title)),
        Some(Record::Plan(plan)) => {
            let version: String = plan.digest.chars().take(12).collect();
            (Some(plan.adopted_by), format!("Adopted the plan, version {version}"))
        }
        Some(Record::Start(start)) => {
            let lost =
                start.lost.map_or_else(String::new, |lost| format!(". Lost since the stop before: {lost}"));
            (None, format!("Bastide {} started{lost}", start.version))
        }
        Some(Record::Response(response)) => {
            let summary = format!("Response {}, {}: {}", response.number, response.name, response.step);
            (response.by, summary)
        }
        Some(Record::Incident(incident)) => {
            let step = incident.steps.last().cloned();
            let (by, text) = step.map_or((None, String::new()), |step| (step.by, step.text));
            (by, format!("Incident {}, {}: {text}", incident.number, incident.title))
        }
        Some(Record::Backup(backup)) => {
            let outcome = match (&backup.snapshot, &backup.failure) {
                (Some(snapshot), _) => {
                    format!("snapshot {}", snapshot.id.chars().take(8).collect::<String>())
                }
                (None, why) => format!("failed: {}", why.as_deref().unwrap_or("no reason given")),
            };
            (None, format!("Backup {} to {}: {outcome}", backup.backup, backup.repository))
        }
        Some(Record::Drill(drill)) => {
            let outcome = if drill.passed { "restored and checked" } else { "could not be restored" };
            (None, format!("Drill of {}: {outcome}", drill.service))
        }
        Some(Record::Evidence(evidence)) => {
            (None, format!("Evidence for {}: {}", evidence.outcome, evidence.statement))
        }
        None => (None, format!("A record of a later form ({}, {})", sealed.kind, sealed.schema)),
    };
    RecordView {
        sequence: sealed.sequence,
        time: sealed.time.clone(),
        kind: sealed.kind.clone(),
        person,
        summary,
        body,
    }
}

fn sentence(act: &store::ActRecord) -> String {
    let whom = act.subject.as_deref().unwrap_or("someone unknown");
    let said = match act.act {
        Act::HabitRefused => format!("Refused a habit of {whom}"),
        Act::IncidentShared => format!("Shared incident {whom}"),
        Act::IntelligenceRestored => format!("Acts again on what {whom} tells"),
        Act::IntelligenceWithdrawn => format!("No longer acts on what {whom} tells"),
        Act::LinkMade => format!("Made a one-time link for {whom}"),
        Act::LinkUsed => "Used a one-time link".to_owned(),
        Act::PacketsOpened => format!("Opened the packets behind finding {whom}"),
        Act::PassphraseSet => "Set a passphrase".to_owned(),
        Act::PersonAdded => format!("Added {whom}"),
        Act::PersonChanged => format!("Changed what {whom} may do"),
        Act::PlanAdopted => "Adopted a plan".to_owned(),
        Act::RestorationBegun => format!("Began the restoration {whom}"),
        Act::ShareWithdrawn => format!("Took back {whom}"),
        Act::SignIn => "Signed in".to_owned(),
        Act::SignInFailed => format!("Failed to sign in as {whom}"),
        Act::SignOut => "Signed out".to_owned(),
        Act::StepTicked => format!("Ticked off a step of the restoration {whom}"),
        Act::TokenMade => format!("Made the token {whom}"),
        Act::TokenRevoked => format!("Revoked the token {whom}"),
    };
    let detail = act.detail.as_ref().map_or_else(String::new, |detail| format!(": {detail}"));
    let from = act.from.as_ref().map_or_else(String::new, |from| format!(" (from {from})"));
    format!("{said}{detail}{from}")
}
