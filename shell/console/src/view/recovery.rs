//! How recovery stands: which services are proven to come back, and how fast; backups, and where they lie.

use crate::{
    time::Clock,
    view::Named,
    words::{capital, list, number, span, spoken},
};
use ::city::{Backup, BackupId, Repository, RepositoryId, Service};
use cycle::City;
use jiff::Timestamp;
use plan::Plan;
use recover::{Record, Taken, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

/// How recovery stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RecoveryStateView {
    /// A sentence or two for all of it.
    pub headline: String,
    /// The services, the gravest first.
    pub services: Vec<ProofView>,
    /// The backups, in the order of the plan.
    pub backups: Vec<BackupView>,
    /// Where they lie, in the order of the plan.
    pub repositories: Vec<RepositoryView>,
    /// The pack that was issued last, if one ever was.
    pub pack: Option<PackView>,
}

/// How a service's recovery stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProofView {
    /// The service.
    pub service: Named,
    /// How much it hurts when it fails: `low`, `medium`, `high`, `critical`.
    pub impact: &'static str,
    /// `proven`, `slow` if it is proven but takes longer or loses more than agreed, `failed`, `expired`, `never` if it was
    /// never drilled, `unbacked` if nothing is backed up for it.
    pub verdict: &'static str,
    /// How long restoring and checking took when it was last proven, in seconds.
    pub rto: Option<i64>,
    /// How long coming back may take.
    pub rto_target: Option<i64>,
    /// How much would have been lost when it was last proven, in seconds.
    pub rpo: Option<i64>,
    /// How much may be lost.
    pub rpo_target: Option<i64>,
    /// When it was last drilled.
    pub drilled: Option<Timestamp>,
    /// When it was last proven that it can come back.
    pub proven: Option<Timestamp>,
    /// From when that proof counts no more.
    pub expires: Option<Timestamp>,
    /// Why the last drill failed, if it did.
    pub failures: Vec<String>,
}

impl ProofView {
    /// The mark that stands for the verdict.
    pub(crate) fn mark(&self) -> &'static str {
        match self.verdict {
            "proven" => "well",
            "slow" | "expired" => "at-risk",
            "failed" => "down",
            "unbacked" => "unused",
            _ => "unknown",
        }
    }

    /// The verdict for people.
    pub(crate) fn words(&self) -> &'static str {
        match self.verdict {
            "proven" => "proven",
            "slow" => "proven, but not within its targets",
            "expired" => "the proof is too old",
            "failed" => "the last drill failed",
            "unbacked" => "nothing is backed up for it",
            _ => "never tried",
        }
    }

    /// Whether somebody should do something about it.
    pub(crate) fn wants_care(&self) -> bool {
        !matches!(self.verdict, "proven" | "unbacked")
    }
}

/// A backup.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BackupView {
    /// Its id.
    pub id: String,
    /// The service and the asset that need it.
    pub of: Vec<Named>,
    /// What kind it is: `folders`, `PostgreSQL`, `SSH`, ….
    pub kind: &'static str,
    /// How often it is made, in seconds.
    pub every: i64,
    /// How it stands in each repository that it goes to, the first to restore from first.
    pub copies: Vec<CopyView>,
    /// The newest snapshot that nothing speaks against, wherever it is.
    pub last_clean: Option<SnapshotView>,
}

/// A backup in one repository.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CopyView {
    /// The repository.
    pub repository: Named,
    /// `good`, `overdue`, `failed`, `suspect`, or `never`.
    pub state: &'static str,
    /// The newest snapshot.
    pub newest: Option<SnapshotView>,
    /// When the next is due; none if none was made yet.
    pub next: Option<Timestamp>,
    /// Why the last one could not be made.
    pub failure: Option<String>,
    /// What speaks against the newest.
    pub doubts: Vec<String>,
    /// The newest that nothing speaks against.
    pub last_clean: Option<SnapshotView>,
}

impl CopyView {
    /// The mark that stands for its state.
    pub(crate) fn mark(&self) -> &'static str {
        match self.state {
            "good" => "well",
            "overdue" => "at-risk",
            "failed" | "suspect" => "down",
            _ => "unknown",
        }
    }

    /// Its state for people.
    pub(crate) fn words(&self) -> &'static str {
        match self.state {
            "good" => "good",
            "overdue" => "overdue",
            "failed" => "failed",
            "suspect" => "in doubt",
            _ => "never made",
        }
    }
}

/// A snapshot.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SnapshotView {
    /// Its id in the repository.
    pub id: String,
    /// The repository.
    pub repository: Named,
    /// When it was begun: what is in it is at least as new.
    pub time: Timestamp,
    /// Its files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A repository.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RepositoryView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub place: String,
    /// Whether the plan says that nobody can delete or change what was written there.
    pub should_be_guarded: bool,
    /// Whether an attempt to destroy what is there was refused; none if that was not tried.
    pub guarded: Option<bool>,
    /// When it was last looked at.
    pub tried: Option<Timestamp>,
    /// Why it could not be reached then.
    pub unreachable: Option<String>,
    /// What is damaged in it.
    pub damage: Vec<String>,
    /// When its newest snapshot was made.
    pub newest: Option<Timestamp>,
    /// How many it holds.
    pub snapshots: Option<u64>,
    /// For a copy that is kept offline: how old its newest may be, in seconds.
    pub offline: Option<i64>,
    /// Whether that copy is too old.
    pub too_old: bool,
    /// How many bytes were read back and found whole at the last look.
    pub read_back: u64,
}

impl RepositoryView {
    /// The mark that stands for whether it is guarded.
    pub(crate) fn mark(&self) -> &'static str {
        match (self.guarded, self.should_be_guarded) {
            (Some(true), _) => "well",
            (Some(false), true) => "down",
            (Some(false), false) => "at-risk",
            (None, true) => "unknown",
            (None, false) => "unused",
        }
    }

    /// Whether it is guarded, for people.
    pub(crate) fn words(&self) -> &'static str {
        match (self.guarded, self.should_be_guarded) {
            (Some(true), _) => "refused to delete and to change",
            (Some(false), true) => "lets whoever writes there destroy what is there, against the plan",
            (Some(false), false) => "lets whoever writes there destroy what is there",
            (None, true) => "should be guarded; not tried yet",
            (None, false) => "not guarded, as planned",
        }
    }
}

/// A pack that was issued.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PackView {
    /// When.
    pub issued: Timestamp,
    /// The digest of the plan that it was made from.
    pub plan: String,
}

/// How recovery stands. None without a plan.
#[must_use]
pub fn recovery(city: &City) -> Option<RecoveryStateView> {
    let plan = city.plan()?;
    let (record, now) = (city.recovery(), city.now());
    let mut declared: Vec<&Service> = plan.services().collect();
    declared.sort_by_key(|service| std::cmp::Reverse(service.impact));
    let services: Vec<ProofView> =
        declared.into_iter().map(|service| proof(plan, record, service, now)).collect();
    let clock = Clock::new(
        jiff::tz::TimeZone::get(&plan.settings().time_zone).unwrap_or(jiff::tz::TimeZone::UTC),
        now,
    );
    Some(RecoveryStateView {
        headline: headline(&services, &clock),
        services,
        backups: plan.backups().map(|backup| backup_view(plan, record, backup, now)).collect(),
        repositories: plan.repositories().map(|one| repository_view(record, one, now)).collect(),
        pack: record.pack().map(|pack| PackView { issued: pack.time, plan: pack.plan.to_string() }),
    })
}

/// How recovery stands, in a sentence or two: the gravest service that is proven, and what is not.
fn headline(services: &[ProofView], clock: &Clock) -> String {
    let backed: Vec<&ProofView> = services.iter().filter(|service| service.verdict != "unbacked").collect();
    if backed.is_empty() {
        return "Nothing is backed up, as far as the plan says: no service could be brought back from a backup.".to_owned();
    }
    let care: Vec<&str> =
        backed.iter().filter(|one| one.wants_care()).map(|one| one.service.name.as_str()).collect();
    let first = backed.iter().find(|one| matches!(one.verdict, "proven" | "slow"));
    let Some((first, rto, proven)) = first.and_then(|one| Some((one, one.rto?, one.proven?))) else {
        return match care.len() {
            1 => "The one service with backups is not proven to come back.".to_owned(),
            many => format!("None of {} services with backups is proven to come back.", number(many)),
        };
    };
    let said =
        format!("{} could be back in {}; proven {}.", first.service.name, spoken(rto), clock.ago(proven));
    match care.len() {
        0 if backed.len() == 1 => said,
        0 => format!("{said} All {} services with backups are proven.", number(backed.len())),
        1 => format!("{said} {} is not proven within its targets.", list(care, 1)),
        2 => format!("{said} {} are not proven within their targets.", capital(&list(care, 2))),
        many => format!(
            "{said} {} of {} services with backups are not proven within their targets.",
            capital(&number(many)),
            number(backed.len())
        ),
    }
}

/// How a service's recovery stands.
pub(crate) fn proof(plan: &Plan, record: &Record, service: &Service, now: Timestamp) -> ProofView {
    let proof = record.proof(plan, &service.id);
    let backed = plan.backups_of(&service.id).next().is_some();
    let within = |measured: Option<jiff::SignedDuration>, target: Option<jiff::SignedDuration>| {
        measured.zip(target).is_none_or(|(measured, target)| measured <= target)
    };
    let verdict = match &proof {
        None if backed => "never",
        None => "unbacked",
        Some(proof) if !proof.passed => "failed",
        Some(proof) if proof.expires.is_none_or(|expires| expires <= now) => "expired",
        Some(proof) if within(proof.rto, proof.rto_target) && within(proof.rpo, proof.rpo_target) => "proven",
        Some(_) => "slow",
    };
    let failures = record.drills(&service.id).last().into_iter().flat_map(|drill| &drill.steps);
    let failures = failures.filter_map(|step| {
        let why = step.failure.as_ref()?;
        Some(format!("{}, {}: {why}", step.backup, step.what))
    });
    let target = service.recovery;
    let seconds = |time: Option<jiff::SignedDuration>| time.map(|time| time.as_secs());
    ProofView {
        service: Named::new(&service.id, Some(&service.name)),
        impact: super::summary::impact_word(service.impact),
        verdict,
        rto: seconds(proof.as_ref().and_then(|proof| proof.rto)),
        rto_target: seconds(target.map(|target| target.rto)),
        rpo: seconds(proof.as_ref().and_then(|proof| proof.rpo)),
        rpo_target: seconds(target.map(|target| target.rpo)),
        drilled: proof.as_ref().map(|proof| proof.drilled),
        proven: proof.as_ref().and_then(|proof| proof.proven),
        expires: proof.as_ref().and_then(|proof| proof.expires),
        failures: failures.take(8).collect(),
    }
}

fn named(plan: &Plan, id: &RepositoryId) -> Named {
    Named::new(id, plan.repository(id).map(|known| &known.name))
}

fn snapshot(plan: &Plan, repository: &RepositoryId, taken: &Taken) -> SnapshotView {
    SnapshotView {
        id: taken.snapshot.id.to_string(),
        repository: named(plan, repository),
        time: taken.start,
        files: taken.snapshot.files,
        bytes: taken.snapshot.bytes,
    }
}

fn backup_view(plan: &Plan, record: &Record, backup: &Backup, now: Timestamp) -> BackupView {
    let service = backup.service.as_ref().and_then(|id| plan.service(id));
    let asset = backup.asset.as_ref().and_then(|id| plan.asset(id));
    let of = service.map(|one| Named::new(&one.id, Some(&one.name)));
    let clean = record.last_clean_anywhere(plan, &backup.id);
    BackupView {
        id: backup.id.to_string(),
        of: of.into_iter().chain(asset.map(|one| Named::new(&one.id, Some(&one.name)))).collect(),
        kind: backup.source.kind(),
        every: backup.every.as_secs(),
        copies: backup.to.iter().map(|repository| copy(plan, record, backup, repository, now)).collect(),
        last_clean: clean.map(|(repository, taken)| snapshot(plan, &repository, taken)),
    }
}

fn copy(
    plan: &Plan,
    record: &Record,
    backup: &Backup,
    repository: &RepositoryId,
    now: Timestamp,
) -> CopyView {
    let history = record.history(&backup.id, repository);
    let newest = history.and_then(|history| history.newest_by(now));
    let failure = history.and_then(|history| history.failure.as_ref());
    let failure = failure.filter(|(time, _)| newest.is_none_or(|newest| newest.start < *time));
    let next = newest.and_then(|newest| newest.start.checked_add(backup.every).ok());
    let doubts = newest.map_or_else(Vec::new, |newest| doubts(record, &backup.id, newest));
    let state = match newest {
        _ if failure.is_some() => "failed",
        None => "never",
        Some(_) if !doubts.is_empty() => "suspect",
        Some(_) if next.is_some_and(|next| next < now) => "overdue",
        Some(_) => "good",
    };
    let clean = record.last_clean(&backup.id, repository);
    CopyView {
        repository: named(plan, repository),
        state,
        newest: newest.map(|taken| snapshot(plan, repository, taken)),
        next,
        failure: failure.map(|(_, why)| why.to_string()),
        doubts,
        last_clean: clean.map(|taken| snapshot(plan, repository, taken)),
    }
}

fn doubts(record: &Record, backup: &BackupId, taken: &Taken) -> Vec<String> {
    match record.verdict(backup, taken) {
        Verdict::Clean => Vec::new(),
        Verdict::Suspect(why) => why.iter().map(ToString::to_string).collect(),
    }
}

fn repository_view(record: &Record, repository: &Repository, now: Timestamp) -> RepositoryView {
    let tried = record.repository(&repository.id);
    let outcome = tried.map(|tried| &tried.outcome);
    let newest = outcome.and_then(|outcome| outcome.newest);
    let limit = repository.offline.and_then(|limit| now.checked_sub(limit).ok());
    RepositoryView {
        id: repository.id.to_string(),
        name: repository.name.to_string(),
        place: crate::pack::place(&repository.at),
        should_be_guarded: repository.append_only || repository.locked.is_some(),
        guarded: tried.and_then(recover::Tried::guarded),
        tried: tried.map(|tried| tried.time),
        unreachable: outcome.and_then(|outcome| outcome.unreachable.as_ref()).map(ToString::to_string),
        damage: outcome
            .map_or_else(Vec::new, |outcome| outcome.damage.iter().map(ToString::to_string).collect()),
        newest,
        snapshots: outcome.filter(|outcome| outcome.unreachable.is_none()).map(|outcome| outcome.snapshots),
        offline: repository.offline.map(|limit| limit.as_secs()),
        too_old: limit.is_some_and(|limit| newest.is_none_or(|newest| newest < limit)),
        read_back: outcome.map_or(0, |outcome| outcome.read_back),
    }
}

impl SnapshotView {
    /// The first letters of its id: so many that restic takes them for it.
    pub(crate) fn short_id(&self) -> &str {
        self.id.get(..8).unwrap_or(&self.id)
    }
}

impl PackView {
    /// The first letters of the plan's digest.
    pub(crate) fn short_plan(&self) -> &str {
        self.plan.get(..12).unwrap_or(&self.plan)
    }
}

impl RecoveryStateView {
    /// Whether the plan says anything of backups.
    pub(crate) fn has_backups(&self) -> bool {
        !self.backups.is_empty()
    }
}

impl ProofView {
    /// What was measured beside what was agreed: `47 min of 1 h`.
    pub(crate) fn times(&self, measured: &Option<i64>, target: &Option<i64>) -> String {
        match (measured, target) {
            (Some(measured), Some(target)) => format!("{} of {}", span(*measured), span(*target)),
            (Some(measured), None) => span(*measured),
            (None, Some(target)) => format!("– of {}", span(*target)),
            (None, None) => "–".to_owned(),
        }
    }
}
