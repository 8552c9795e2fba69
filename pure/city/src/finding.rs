//! Differences between plan and truth that matter.

use crate::{Address, AssetId, Outcome, ServiceId, Text, ZoneId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// How much a finding matters. Ordered: the worst is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// Should be put right in the ordinary course of work.
    Low,
    /// Should be put right this week.
    Medium,
    /// Should be looked at today.
    High,
    /// Should be looked at now.
    Critical,
}

impl Severity {
    /// Every severity, the least first.
    pub const ALL: [Severity; 5] =
        [Severity::Notice, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

    /// The word used in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Notice => "notice",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// What found it. Each rule is written once, with what it means and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Two devices claim one address.
    AddressConflict,
    /// A device says it is something else than before, or than the plan declares.
    ChangedIdentity,
    /// A controller was asked for a verb by a peer that never asked for it while learning.
    FirstSeenVerb,
    /// A device spoke to a place outside the city for the first time after learning.
    NewDestination,
    /// Traffic that no conduit allows.
    OutsideConduit,
    /// One source tried many addresses or many ports.
    Scan,
    /// A declared device has not been heard for too long.
    SilentDevice,
    /// A device that the plan does not know.
    UndeclaredDevice,
    /// Traffic in a conduit, with a verb it does not allow.
    VerbNotAllowed,
    /// Something insecure by design.
    Weakness,
    // Checkpoints store the place of a rule in this list, so that new ones come last.
    /// A device is asked for more conversations than it can have.
    Flood,
    /// The firewall's live rules are not those that were applied.
    FirewallDrift,
    /// The firewall's live rules are not the plan's.
    NotEnforced,
    /// A device does what it never did while its behaviour was learned, or what a person refused.
    UnusualActivity,
    /// No backup succeeded for too long.
    BackupOverdue,
    /// A backup could not be made.
    BackupFailed,
    /// A backup is much smaller than it was.
    BackupShrank,
    /// What could be read in a backup is noise now: encrypted, most likely.
    BackupNoise,
    /// A backup's usual files are gone, or have other names.
    BackupLostFiles,
    /// What the plan says nobody can delete or change can be deleted or changed.
    RepositoryUnguarded,
    /// A place where backups go cannot be reached or read.
    RepositoryUnreachable,
    /// Backups that were written are damaged.
    RepositoryDamaged,
    /// A copy that is kept offline is older than it may be.
    CopyTooOld,
    /// A service could not be restored to an isolated place.
    DrillFailed,
    /// A drill took longer, or would lose more, than the service's targets allow.
    DrillTooSlow,
    /// That a service can be restored was not proven for too long.
    DrillOverdue,
    /// A procedure was not reviewed for too long.
    ProcedureUnreviewed,
    /// The pack for when nothing else works is out of date.
    PackStale,
    /// Another tool raised an alert.
    AlertedElsewhere,
    /// Another city offers a defence that people should decide about.
    DefenceOffered,
    /// A hunt through the history found something.
    HuntFound,
    /// What was seen matches an indicator that others told.
    IndicatorSeen,
    /// A source tells what cannot be right, or could not be reached.
    IntelligenceDoubted,
    /// Somebody asked for intelligence who may not have it.
    IntelligenceDenied,
    /// Another city took back a defence that it had offered.
    DefenceWithdrawn,
}

impl Rule {
    /// Every rule, by its word.
    pub const ALL: [Rule; 35] = [
        Rule::AddressConflict,
        Rule::AlertedElsewhere,
        Rule::BackupFailed,
        Rule::BackupLostFiles,
        Rule::BackupNoise,
        Rule::BackupOverdue,
        Rule::BackupShrank,
        Rule::ChangedIdentity,
        Rule::CopyTooOld,
        Rule::DefenceOffered,
        Rule::DefenceWithdrawn,
        Rule::DrillFailed,
        Rule::DrillOverdue,
        Rule::DrillTooSlow,
        Rule::FirewallDrift,
        Rule::FirstSeenVerb,
        Rule::Flood,
        Rule::HuntFound,
        Rule::IndicatorSeen,
        Rule::IntelligenceDenied,
        Rule::IntelligenceDoubted,
        Rule::NewDestination,
        Rule::NotEnforced,
        Rule::OutsideConduit,
        Rule::PackStale,
        Rule::ProcedureUnreviewed,
        Rule::RepositoryDamaged,
        Rule::RepositoryUnguarded,
        Rule::RepositoryUnreachable,
        Rule::Scan,
        Rule::SilentDevice,
        Rule::UndeclaredDevice,
        Rule::UnusualActivity,
        Rule::VerbNotAllowed,
        Rule::Weakness,
    ];

    /// The word used in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::AddressConflict => "address-conflict",
            Rule::AlertedElsewhere => "alerted-elsewhere",
            Rule::BackupFailed => "backup-failed",
            Rule::BackupLostFiles => "backup-lost-files",
            Rule::BackupNoise => "backup-noise",
            Rule::BackupOverdue => "backup-overdue",
            Rule::BackupShrank => "backup-shrank",
            Rule::ChangedIdentity => "changed-identity",
            Rule::CopyTooOld => "copy-too-old",
            Rule::DefenceOffered => "defence-offered",
            Rule::DefenceWithdrawn => "defence-withdrawn",
            Rule::DrillFailed => "drill-failed",
            Rule::DrillOverdue => "drill-overdue",
            Rule::DrillTooSlow => "drill-too-slow",
            Rule::FirewallDrift => "firewall-drift",
            Rule::FirstSeenVerb => "first-seen-verb",
            Rule::Flood => "flood",
            Rule::HuntFound => "hunt-found",
            Rule::IndicatorSeen => "indicator-seen",
            Rule::IntelligenceDenied => "intelligence-denied",
            Rule::IntelligenceDoubted => "intelligence-doubted",
            Rule::NewDestination => "new-destination",
            Rule::NotEnforced => "not-enforced",
            Rule::OutsideConduit => "outside-conduit",
            Rule::PackStale => "pack-stale",
            Rule::ProcedureUnreviewed => "procedure-unreviewed",
            Rule::RepositoryDamaged => "repository-damaged",
            Rule::RepositoryUnguarded => "repository-unguarded",
            Rule::RepositoryUnreachable => "repository-unreachable",
            Rule::Scan => "scan",
            Rule::SilentDevice => "silent-device",
            Rule::UndeclaredDevice => "undeclared-device",
            Rule::UnusualActivity => "unusual-activity",
            Rule::VerbNotAllowed => "verb-not-allowed",
            Rule::Weakness => "weakness",
        }
    }
}

/// A difference as a pillar sees it, before it is numbered and counted. The key is cheap; the words are asked for only
/// when the difference is new, so that a million repeats cost a million look-ups and no prose.
pub trait Difference {
    /// What makes it one finding.
    fn key(&self) -> FindingKey;

    /// The finding in words. `name` turns an address into what people call the device.
    fn describe(&self, name: &dyn Fn(Address) -> Text) -> Description;

    /// What it bears on, where the addresses do not say so.
    fn bearing(&self) -> Bearing {
        Bearing::default()
    }
}

/// Declared things that a difference bears on, besides those at its addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bearing {
    /// The asset that it is about.
    pub asset: Option<AssetId>,
    /// The services that it bears on.
    pub services: Vec<ServiceId>,
    /// Techniques of ATT&CK that others name, besides those of its rule.
    pub techniques: Vec<Text>,
}

impl Bearing {
    /// Whether it bears on nothing but what is at its addresses.
    #[must_use]
    pub fn is_of_addresses(&self) -> bool {
        self.asset.is_none() && self.services.is_empty()
    }
}

/// A difference in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Who did what, in plain words.
    pub title: Text,
    /// How much it matters, the services behind it not yet considered.
    pub severity: Severity,
    /// What was seen, and what it was compared with.
    pub reason: Text,
    /// What to do about it.
    pub remedy: Text,
    /// The other end, if there is one.
    pub peer: Option<Address>,
    /// Techniques of ATT&CK: of the ICS matrix where it has one, or else of the enterprise matrix.
    pub techniques: &'static [&'static str],
    /// Outcomes of frameworks that it bears on: `caf:` as in the NCSC CAF 4.0, `csf:` as in NIST CSF 2.0.
    pub outcomes: &'static [&'static str],
}

/// What makes two sightings the same finding. A repeat with the same key is counted, not repeated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FindingKey {
    /// The rule.
    pub rule: Rule,
    /// The device it is about.
    pub subject: Address,
    /// What else tells it apart: the peer, the protocol and the verb, the kind of weakness.
    pub distinction: Text,
}

/// One reason: what was seen, and what it was compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// When it was seen.
    pub time: Timestamp,
    /// In plain words.
    pub text: Text,
}

/// A difference between plan and truth that matters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its number in this city, from 1, in the order of first sight.
    pub number: u64,
    /// What makes it one finding.
    pub key: FindingKey,
    /// The title, in plain words: who did what.
    pub title: Text,
    /// How much it matters.
    pub severity: Severity,
    /// Why, first sight first; at most [`Finding::REASONS_MAX`].
    pub reasons: Vec<Reason>,
    /// What to do about it, in plain words.
    pub remedy: Text,
    /// The declared asset it is about, if the plan knows it.
    pub asset: Option<AssetId>,
    /// The zone it is about, if known.
    pub zone: Option<ZoneId>,
    /// The services it bears on.
    pub services: Vec<ServiceId>,
    /// The other end, if there is one.
    pub peer: Option<Address>,
    /// Techniques of ATT&CK for ICS, such as `T0846`.
    pub techniques: Vec<Text>,
    /// Outcomes of frameworks that it bears on.
    pub outcomes: Vec<Outcome>,
    /// How often it was seen.
    pub count: u64,
    /// When it was first seen.
    pub first: Timestamp,
    /// When it was last seen.
    pub last: Timestamp,
}

impl Finding {
    /// The most reasons kept. The first sight is always among them.
    pub const REASONS_MAX: usize = 8;

    /// The order in which people should see findings: the gravest first; at the same gravity what somebody did before
    /// what is weak, for a weakness can wait until tomorrow; then the latest.
    #[must_use]
    pub fn by_weight(a: &Finding, b: &Finding) -> Ordering {
        let weak = |finding: &Finding| finding.key.rule == Rule::Weakness;
        b.severity
            .cmp(&a.severity)
            .then(weak(a).cmp(&weak(b)))
            .then(b.last.cmp(&a.last))
            .then(b.number.cmp(&a.number))
    }
}
