//! What can be wrong with the way back, in words.

use crate::{Doubt, History, Stale, Taken, record, sign::services_of, words};
use city::{
    Address, Backup, Bearing, Description, Difference, Drill, FindingKey, Impact, Procedure, Repository,
    RepositoryId, RepositoryTried, Rule, Service, ServiceId, Severity, Text,
};
use jiff::{SignedDuration, Timestamp};
use plan::Plan;
use std::net::Ipv4Addr;

/// Outcomes that backups bear on.
const BACKUPS: &[&str] = &["caf:B5.c", "csf:PR.DS-11"];

/// Outcomes that backups which are not as they should be bear on.
const SPOILT: &[&str] =
    &["caf:B5.c", "caf:C1.f", "csf:PR.DS-11", "csf:RC.RP-03", "csf:DE.CM-09", "csf:DE.AE-02"];

/// Outcomes that drills bear on.
const DRILLS: &[&str] =
    &["caf:B5.c", "caf:D1.b", "caf:D1.c", "csf:ID.IM-02", "csf:PR.DS-11", "csf:RC.RP-01", "csf:RC.RP-03"];

/// Outcomes that written procedures and the pack bear on.
const PLANS: &[&str] = &["caf:D1.a", "caf:D1.b", "csf:ID.IM-04"];

/// Something wrong with the way back. It is rare, so that its words are made at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    key: FindingKey,
    bearing: Bearing,
    description: Description,
}

impl Difference for Trouble {
    fn key(&self) -> FindingKey {
        self.key.clone()
    }

    fn describe(&self, _: &dyn Fn(Address) -> Text) -> Description {
        self.description.clone()
    }

    fn bearing(&self) -> Bearing {
        self.bearing.clone()
    }
}

/// What a trouble is about.
struct About {
    subject: Address,
    bearing: Bearing,
}

impl About {
    /// Declared things that have no address.
    fn services(services: Vec<ServiceId>) -> About {
        About {
            subject: Address::Ip(Ipv4Addr::UNSPECIFIED.into()),
            bearing: Bearing { services, ..Bearing::default() },
        }
    }

    fn backup(plan: &Plan, backup: &Backup) -> About {
        let mut about = About::services(services_of(plan, backup));
        about.stand_on(plan, backup.asset.as_ref());
        about
    }

    fn repository(plan: &Plan, repository: &Repository) -> About {
        // The services that could come back from nowhere else.
        let only = |backup: &&Backup| backup.to.iter().all(|to| *to == repository.id);
        let mut services: Vec<ServiceId> =
            plan.backups().filter(only).flat_map(|backup| services_of(plan, backup)).collect();
        services.sort();
        services.dedup();
        let mut about = About::services(services);
        about.stand_on(plan, repository.asset.as_ref());
        about
    }

    /// Takes an asset's address for the subject, so that the finding is where people look for the device.
    fn stand_on(&mut self, plan: &Plan, asset: Option<&city::AssetId>) {
        let Some(asset) = asset.and_then(|id| plan.asset(id)) else { return };
        let ip = asset.addresses.first().map(|ip| Address::Ip(*ip));
        if let Some(address) = ip.or_else(|| asset.macs.first().map(|mac| Address::Mac(*mac))) {
            self.subject = address;
        }
        self.bearing.asset = Some(asset.id.clone());
    }

    fn trouble(self, rule: Rule, distinction: &str, said: Said) -> Trouble {
        let Said { title, severity, reason, remedy, techniques, outcomes } = said;
        Trouble {
            key: FindingKey { rule, subject: self.subject, distinction: distinction.into() },
            bearing: self.bearing,
            description: Description {
                title: title.into(),
                severity,
                reason: reason.into(),
                remedy: remedy.into(),
                peer: None,
                techniques,
                outcomes,
            },
        }
    }
}

/// A trouble in words.
struct Said {
    title: String,
    severity: Severity,
    reason: String,
    remedy: String,
    techniques: &'static [&'static str],
    outcomes: &'static [&'static str],
}

/// A backup with whose data it is: `telecare-database (Telecare)`.
fn named(plan: &Plan, backup: &Backup) -> String {
    let service = backup.service.as_ref().and_then(|id| plan.service(id)).map(|service| &service.name);
    let asset = || backup.asset.as_ref().and_then(|id| plan.asset(id)).map(|asset| &asset.name);
    match service.or_else(asset) {
        Some(name) => format!("{} ({name})", backup.id),
        None => backup.id.to_string(),
    }
}

/// What people call a repository.
fn place<'p>(plan: &'p Plan, id: &'p RepositoryId) -> &'p str {
    plan.repository(id).map_or(id.as_str(), |repository| repository.name.as_str())
}

/// A backup could not be made.
pub(crate) fn failed(plan: &Plan, backup: &Backup, repository: &Repository, why: &Text) -> Trouble {
    let said = Said {
        title: format!("Backup {} to {} failed", named(plan, backup), repository.name),
        severity: Severity::Low,
        reason: format!("It could not be made: {why}"),
        remedy: format!(
            "Put right what it says, then run `bastide backup {}`. Until one succeeds, what changes is not kept.",
            backup.id
        ),
        techniques: &[],
        outcomes: BACKUPS,
    };
    let distinction = format!("{} to {}", backup.id, repository.id);
    About::backup(plan, backup).trouble(Rule::BackupFailed, &distinction, said)
}

/// No backup succeeded for too long.
pub(crate) fn overdue(
    plan: &Plan,
    backup: &Backup,
    repository: &RepositoryId,
    last: Option<Timestamp>,
    history: Option<&History>,
    nowhere: bool,
    allowed: SignedDuration,
) -> Trouble {
    let last = match last {
        Some(last) => format!("The last that succeeded is of {}", words::moment(last)),
        None => "None ever succeeded".to_owned(),
    };
    let failure = history.and_then(|history| history.failure.as_ref());
    let failure = failure.map_or_else(String::new, |(time, why)| {
        format!(" The last failure, at {}: {why}", words::moment(*time))
    });
    let elsewhere = if nowhere { "" } else { " In another repository there is a newer one." };
    let said = Said {
        title: format!("Backup {} to {} is overdue", named(plan, backup), place(plan, repository)),
        severity: if nowhere { Severity::Medium } else { Severity::Low },
        reason: format!(
            "{last}; the plan wants one every {}, and {} have passed.{failure}{elsewhere}",
            words::span(backup.every),
            words::span(allowed)
        ),
        remedy: format!(
            "Run `bastide backup {}` and see what it says; look whether Bastide runs where the backups are made.",
            backup.id
        ),
        techniques: if nowhere { &["T1490"] } else { &[] },
        outcomes: BACKUPS,
    };
    let distinction = format!("{} to {repository}", backup.id);
    About::backup(plan, backup).trouble(Rule::BackupOverdue, &distinction, said)
}

/// A snapshot is not as the ones before it. Nothing for one that only follows another in doubt: that was told of.
pub(crate) fn doubted(
    plan: &Plan,
    backup: &Backup,
    repository: &Repository,
    taken: &Taken,
    doubt: &Doubt,
    clean: Option<(RepositoryId, &Taken)>,
) -> Option<Trouble> {
    let name = named(plan, backup);
    let restore = restore(plan, backup, clean);
    let (rule, title, severity, remedy, techniques): (_, _, _, _, &'static [_]) = match doubt {
        Doubt::Encrypted { .. } => (
            Rule::BackupNoise,
            format!("Ransomware in backup {name}: files that could be read are noise"),
            Severity::Critical,
            format!(
                "Cut off the machine that the data is from and let nobody delete snapshots. If files were packed or \
                 encrypted on purpose, nothing is wrong. {restore}"
            ),
            &["T1486", "T0809", "T0826"],
        ),
        Doubt::Noise { .. } => (
            Rule::BackupNoise,
            format!("Backup {name} turned to noise"),
            Severity::High,
            format!(
                "Look at some of the changed files on the machine that they are from. If they cannot be opened, cut it \
                 off and let nobody delete snapshots. {restore}"
            ),
            &["T1486", "T0809", "T0826"],
        ),
        Doubt::LostFiles { .. } => (
            Rule::BackupLostFiles,
            format!("Backup {name} lost its usual files"),
            Severity::High,
            format!("Find out who deleted or renamed them, and whether that was meant. {restore}"),
            &["T1485", "T0809"],
        ),
        Doubt::Shrank { now, usual } => (
            Rule::BackupShrank,
            format!("Backup {name} is much smaller than it was"),
            // A tenth of what is usual is as good as nothing.
            if now.1 < usual.1 / 10 { Severity::High } else { Severity::Medium },
            format!("Find out what is missing, and whether that was meant. {restore}"),
            &["T1485", "T0809"],
        ),
        Doubt::Follows { .. } => return None,
    };
    let snapshot = words::short(&taken.snapshot.id);
    let reason =
        format!("Snapshot {snapshot} of {} in {}: {doubt}.", words::moment(taken.start), repository.name);
    let said = Said { title, severity, reason, remedy, techniques, outcomes: SPOILT };
    Some(About::backup(plan, backup).trouble(rule, backup.id.as_str(), said))
}

/// From which snapshot a backup should be restored.
fn restore(plan: &Plan, backup: &Backup, clean: Option<(RepositoryId, &Taken)>) -> String {
    let Some((repository, taken)) = clean else {
        return format!(
            "No snapshot of {} is known to be clean: look at the oldest before restoring anything.",
            backup.id
        );
    };
    format!(
        "If it must come back, restore {} from snapshot {} of {} in {}, the last that nothing speaks against.",
        backup.id,
        words::short(&taken.snapshot.id),
        words::moment(taken.start),
        place(plan, &repository)
    )
}

/// What is wrong with a repository that was looked at.
pub(crate) fn tried(
    plan: &Plan,
    repository: &Repository,
    tried: &RepositoryTried,
    time: Timestamp,
) -> Vec<Trouble> {
    let about = || About::repository(plan, repository);
    let (id, name) = (repository.id.as_str(), &repository.name);
    if let Some(why) = &tried.unreachable {
        // A copy that lies in a safe cannot be reached, and that is what it is for.
        if repository.offline.is_some() {
            return Vec::new();
        }
        let said = Said {
            title: format!("{name} cannot be reached"),
            severity: Severity::Medium,
            reason: format!("Backups could not be read there: {why}"),
            remedy: "Look whether it is switched on and connected, and whether its key and login are still right. Until \
                     it answers, nothing can be restored from it."
                .to_owned(),
            techniques: &["T1490"],
            outcomes: BACKUPS,
        };
        return vec![about().trouble(Rule::RepositoryUnreachable, id, said)];
    }
    let mut found = Vec::new();
    if let Some(fault) = fault(repository, tried, time) {
        let said = Said {
            title: format!("Backups in {name} can be destroyed: {}", fault.title),
            severity: fault.severity,
            reason: fault.reason,
            remedy: "Whoever gets into the machine that makes backups can destroy them first. Set the storage to refuse \
                     deleting (`--append-only` of a REST server, Object Lock of S3), and change the login if it may do \
                     more than add. If this is meant, take it out of the plan."
                .to_owned(),
            techniques: &["T1490", "T1485", "T0809"],
            outcomes: &["caf:B5.c", "caf:B3.c", "csf:PR.DS-11", "csf:PR.DS-01", "csf:PR.AA-05"],
        };
        found.push(about().trouble(Rule::RepositoryUnguarded, id, said));
    }
    if !tried.damage.is_empty() {
        let said = Said {
            title: format!("Backups in {name} are damaged"),
            severity: Severity::High,
            reason: format!("What was read back is not what was written: {}", words::some(&tried.damage, 8)),
            remedy: "Restore from another repository, and make new backups to a sound medium. Keep the damaged one: most \
                     of it can still be read. If its disk is sound, treat it as tampering."
                .to_owned(),
            techniques: &["T1485", "T1490", "T0809"],
            outcomes: &["caf:B5.c", "caf:B3.c", "csf:PR.DS-11", "csf:PR.DS-01", "csf:RC.RP-03"],
        };
        found.push(about().trouble(Rule::RepositoryDamaged, id, said));
    }
    found
}

/// How a repository is less guarded than the plan says.
struct Fault {
    title: &'static str,
    severity: Severity,
    reason: String,
}

fn fault(repository: &Repository, tried: &RepositoryTried, time: Timestamp) -> Option<Fault> {
    let promise = match (repository.append_only, repository.locked) {
        (true, _) => "append-only",
        (false, Some(_)) => "locked",
        (false, None) => return None,
    };
    let deleted = tried.refuses_delete == Some(false);
    if deleted || tried.refuses_change == Some(false) {
        let (title, what) = if deleted {
            ("deleting is let through", "delete")
        } else {
            ("changing is let through", "change")
        };
        let reason =
            format!("The plan says that it is {promise}; a try to {what} what was written there succeeded.");
        return Some(Fault { title, severity: Severity::Critical, reason });
    }
    let (locked, until) = (repository.locked?, tried.locked_until?);
    // What was written to be tried was written a moment before; a tenth is slack enough.
    let kept = until.duration_since(time);
    (kept < locked - locked / 10).then(|| Fault {
        title: "the lock ends too early",
        severity: Severity::High,
        reason: format!(
            "The plan says that what is written is locked for {}; what is written now is locked for {}.",
            words::span(locked),
            words::span(kept)
        ),
    })
}

/// An offline copy is too old.
pub(crate) fn old_copy(
    plan: &Plan,
    repository: &Repository,
    last: Option<Timestamp>,
    allowed: SignedDuration,
) -> Trouble {
    let last = match last {
        Some(last) => format!("Its newest snapshot is of {}", words::moment(last)),
        None => "No snapshot was ever seen in it".to_owned(),
    };
    let said = Said {
        title: format!("The offline copy {} is too old", repository.name),
        severity: Severity::Medium,
        reason: format!("{last}; the plan allows {}.", words::span(allowed)),
        remedy: "Connect it, run `bastide backup`, and take it off again. It is what is left when everything that is \
                 connected is encrypted."
            .to_owned(),
        techniques: &[],
        outcomes: BACKUPS,
    };
    About::repository(plan, repository).trouble(Rule::CopyTooOld, repository.id.as_str(), said)
}

/// What a drill shows to be wrong.
pub(crate) fn drilled(plan: &Plan, service: &Service, drill: &Drill) -> Vec<Trouble> {
    let about = || {
        let mut about = About::services(vec![service.id.clone()]);
        // Where one asset's backup is all there is, that asset is what people look at.
        let mut assets = plan.backups_of(&service.id).map(|backup| backup.asset.as_ref());
        if let (Some(asset), None) = (assets.next(), assets.next()) {
            about.stand_on(plan, asset);
        }
        about
    };
    let id = service.id.as_str();
    if !drill.passed() {
        let failed: Vec<String> = drill
            .steps
            .iter()
            .filter_map(|step| {
                step.failure.as_ref().map(|why| format!("{} ({}): {why}", step.what, step.backup))
            })
            .collect();
        let said = Said {
            title: format!("{} could not be restored in a drill", service.name),
            severity: Severity::High,
            reason: if failed.is_empty() {
                "Nothing could be restored: there is no snapshot of what it needs.".to_owned()
            } else {
                format!("{}.", words::some(&failed, 4).trim_end_matches('.'))
            },
            remedy: format!(
                "Put right what the step says and run `bastide drill {id}` again. Until a drill passes, count on the \
                 service staying away."
            ),
            techniques: &["T0826"],
            outcomes: DRILLS,
        };
        return vec![about().trouble(Rule::DrillFailed, id, said)];
    }
    let Some(target) = service.recovery else { return Vec::new() };
    let mut found = Vec::new();
    if drill.duration > target.rto {
        let slowest = drill.steps.iter().max_by_key(|step| step.duration);
        let slowest = slowest.map_or_else(String::new, |step| {
            format!(" Slowest: {} ({}), {}.", step.what, step.backup, words::span(step.duration))
        });
        let said = Said {
            title: format!("{} comes back too late", service.name),
            severity: Severity::Medium,
            reason: format!(
                "Restoring and checking its backups took {}; the plan allows {} for everything.{slowest}",
                words::span(drill.duration),
                words::span(target.rto)
            ),
            remedy: "Restore from a nearer repository, split what is backed up so that the first hour brings what is \
                     needed first, or change `rto` if that is the truth."
                .to_owned(),
            techniques: &["T0826"],
            outcomes: DRILLS,
        };
        found.push(about().trouble(Rule::DrillTooSlow, &format!("{id}: rto"), said));
    }
    if let Some(lost) = record::rpo(drill).filter(|lost| *lost > target.rpo) {
        let said = Said {
            title: format!("{} would lose more than it may", service.name),
            severity: Severity::Medium,
            reason: format!(
                "The oldest snapshot that the drill had to use was {} old; the plan allows the loss of {}.",
                words::span(lost),
                words::span(target.rpo)
            ),
            remedy: "Back up more often (`every`), or see why the newest snapshots were not used; or change `rpo` if \
                     that is the truth."
                .to_owned(),
            techniques: &["T0826"],
            outcomes: DRILLS,
        };
        found.push(about().trouble(Rule::DrillTooSlow, &format!("{id}: rpo"), said));
    }
    found
}

/// It was not proven for too long that a service can come back.
pub(crate) fn undrilled(service: &Service, proven: Option<Timestamp>, allowed: SignedDuration) -> Trouble {
    let last = match proven {
        Some(proven) => format!("Proven last at {}", words::moment(proven)),
        None => "Never proven".to_owned(),
    };
    let said = Said {
        title: format!("Whether {} can be restored is not known", service.name),
        severity: if service.impact >= Impact::High { Severity::Medium } else { Severity::Low },
        reason: format!("{last}; a drill counts for {}.", words::span(allowed)),
        remedy: format!(
            "Run `bastide drill {}`: it restores to an isolated place and touches nothing else.",
            service.id
        ),
        techniques: &[],
        outcomes: DRILLS,
    };
    About::services(vec![service.id.clone()]).trouble(Rule::DrillOverdue, service.id.as_str(), said)
}

/// A procedure was not reviewed for too long.
pub(crate) fn unreviewed(plan: &Plan, procedure: &Procedure) -> Trouble {
    let of_assets = procedure.assets.iter().filter_map(|id| plan.asset(id)).flat_map(|asset| &asset.services);
    let mut services: Vec<ServiceId> = procedure.services.iter().chain(of_assets).cloned().collect();
    services.sort();
    services.dedup();
    let owner = plan.contacts().find(|contact| contact.id == procedure.owner);
    let owner = owner.map_or(procedure.owner.as_str(), |contact| contact.name.as_str());
    let said = Said {
        title: format!("The procedure “{}” was not reviewed in time", procedure.name),
        severity: Severity::Low,
        reason: format!(
            "Reviewed last on {}; a review counts for {}.",
            procedure.reviewed,
            words::span(procedure.review_every)
        ),
        remedy: format!(
            "{owner} reads {} through, puts right what has changed, and sets `reviewed` to today.",
            procedure.file
        ),
        techniques: &[],
        outcomes: PLANS,
    };
    About::services(services).trouble(Rule::ProcedureUnreviewed, procedure.id.as_str(), said)
}

/// The pack is out of date.
pub(crate) fn pack(stale: Option<&Stale>, time: Timestamp) -> Trouble {
    let reason = match stale {
        Some(Stale::OtherPlan(issued)) => {
            format!("It was issued at {}, from another plan than the one in force.", words::moment(*issued))
        }
        Some(Stale::Old(issued)) => {
            format!(
                "It was issued {} ago; people and numbers change.",
                words::span(time.duration_since(*issued))
            )
        }
        Some(Stale::Never) | None => "None was ever issued.".to_owned(),
    };
    let said = Said {
        title: "The recovery pack is out of date".to_owned(),
        severity: Severity::Low,
        reason,
        remedy: "Run `bastide pack --into DIR`, print it, and put it where it is found when nothing works; take the old \
                 one away."
            .to_owned(),
        techniques: &[],
        outcomes: PLANS,
    };
    About::services(Vec::new()).trouble(Rule::PackStale, "", said)
}
