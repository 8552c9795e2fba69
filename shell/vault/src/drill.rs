//! Drills: a service's backups are restored to an isolated place, to see whether it could come back.

use crate::{
    check::{Wanted, check_file, check_page, check_run},
    choose::{Repositories, Spoilt},
    database::{Kind, Loaded},
    isolation::{Isolation, Place},
    program::Bounds,
    scratch::{self, Scratch},
    vault::Target,
};
use city::{Backup, BackupId, Check, CheckId, Drill, DrillStep, RepositoryId, ServiceId, Test, Text};
use jiff::{SignedDuration, Timestamp};
use plan::Plan;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How a drill is done.
#[derive(Clone, Copy)]
pub struct Drilling<'a> {
    /// Where to work. It must have room for all that is restored.
    pub scratch: &'a Scratch,
    /// What is done where programs cannot be isolated.
    pub isolation: Isolation,
    /// How long one check may take; restoring takes as long as it takes.
    pub check_time: Duration,
    /// Which snapshots are passed over.
    pub spoilt: Spoilt<'a>,
}

/// Restores a service's backups, and before them those of the services that it needs, into a place of their own, and
/// runs the plan's checks on them. Everything is gone afterwards; a drill that is killed leaves nothing running, and its
/// folder is removed when the next one begins ([`Scratch::new`]).
#[must_use]
pub fn drill(plan: &Plan, service: &ServiceId, drilling: &Drilling) -> Drill {
    let start = Timestamp::now();
    let begin = Instant::now();
    let mut work =
        Work { drilling, repositories: Repositories::new(plan), steps: Vec::new(), times: Vec::new() };
    let mut missing = false;
    match drilling.scratch.folder("drill-") {
        Ok(folder) => {
            let folder = Folder(folder);
            let mut done = BTreeSet::new();
            for needed in order(plan, service) {
                let backups: Vec<&Backup> = plan.backups_of(&needed).collect();
                if backups.is_empty() && needed == *service {
                    work.no_backup(&needed);
                }
                for backup in backups.into_iter().filter(|backup| done.insert(backup.id.clone())) {
                    let checks: Vec<&Check> = plan.checks_of(&backup.id).collect();
                    missing |= !work.try_backup(backup, &checks, folder.0.path());
                }
            }
        }
        Err(error) => work.cannot_begin(plan, service, &error.to_string()),
    }
    let recovered_to = work.times.iter().min().copied().filter(|_| !missing);
    Drill { service: service.clone(), start, duration: since(begin), recovered_to, steps: work.steps }
}

/// The services that a service needs, each behind those that it needs itself, and last the service.
fn order(plan: &Plan, service: &ServiceId) -> Vec<ServiceId> {
    let mut order = Vec::new();
    let mut seen = BTreeSet::from([service.clone()]);
    // The services on the path, each with how many of its needs were followed. The depth is the plan's to choose.
    let mut path = vec![(service.clone(), 0)];
    while let Some((id, followed)) = path.last_mut() {
        let next = plan.service(id).and_then(|service| service.needs.get(*followed));
        *followed += 1;
        match next {
            Some(need) if seen.insert(need.clone()) => path.push((need.clone(), 0)),
            Some(_) => {}
            None => order.extend(path.pop().map(|(id, _)| id)),
        }
    }
    order
}

/// The folder of a drill, removed with whatever rights what was restored left in it.
struct Folder(TempDir);

impl Drop for Folder {
    fn drop(&mut self) {
        scratch::open_up(self.0.path());
    }
}

struct Work<'a> {
    drilling: &'a Drilling<'a>,
    repositories: Repositories<'a>,
    steps: Vec<DrillStep>,
    /// The times of the snapshots that were restored.
    times: Vec<Timestamp>,
}

/// What came of a step: how many bytes, or why not.
type Outcome = Result<u64, String>;

impl Work<'_> {
    /// Restores a backup and runs its checks. Gives whether it was restored.
    fn try_backup(&mut self, backup: &Backup, checks: &[&Check], folder: &Path) -> bool {
        let into = folder.join(backup.id.as_str());
        let Some(from) = self.restore(backup, &into) else { return false };
        let tried = Tried { drilling: self.drilling, backup, folder, restored: &into };
        let is_database = Kind::of(backup).is_some();
        if is_database {
            self.steps.extend(tried.database(checks, &from));
        }
        for check in checks.iter().filter(|check| !(is_database && matches!(check.test, Test::Query { .. })))
        {
            let begin = Instant::now();
            let outcome = tried.check(&check.test);
            self.steps.push(step(
                backup,
                Some(&from),
                Some(&check.id),
                &in_words(&check.test),
                begin,
                outcome,
            ));
        }
        true
    }

    fn restore(&mut self, backup: &Backup, into: &Path) -> Option<(RepositoryId, Text)> {
        let begin = Instant::now();
        let chosen = match self.repositories.choose(backup, None, self.drilling.spoilt) {
            Ok(chosen) => chosen,
            Err(why) => {
                self.steps.push(step(backup, None, None, "choose a snapshot", begin, Err(why)));
                return None;
            }
        };
        let from = (chosen.vault.repository().id.clone(), chosen.snapshot.id.clone());
        let target = Target { into, only: None, replace: false };
        let restored = chosen.vault.restore(&chosen.snapshot.id, target, &());
        let what = match &restored {
            Ok(restored) if restored.files == 1 => "restore 1 file".to_owned(),
            Ok(restored) => format!("restore {} files", grouped(restored.files)),
            Err(_) => "restore".to_owned(),
        };
        let outcome = match &restored {
            // A file that is missing may be the one that is needed.
            Ok(restored) if !restored.left_out.is_empty() => {
                Err(format!("some was left out: {}", restored.left_out.join("; ")))
            }
            Ok(restored) => Ok(restored.bytes),
            Err(error) => Err(error.to_string()),
        };
        self.steps.push(step(backup, Some(&from), None, &what, begin, outcome));
        restored.ok()?;
        self.times.push(chosen.snapshot.time);
        Some(from)
    }

    /// A service without any backup cannot come back from one.
    fn no_backup(&mut self, service: &ServiceId) {
        let Ok(id) = service.as_str().parse::<BackupId>() else { return };
        self.steps.push(DrillStep {
            backup: id,
            from: None,
            check: None,
            what: "find a backup".into(),
            duration: SignedDuration::ZERO,
            bytes: 0,
            failure: Some(Text::from(format!("the plan declares no backup for `{service}`"))),
        });
    }

    /// Nothing could be tried at all.
    fn cannot_begin(&mut self, plan: &Plan, service: &ServiceId, why: &str) {
        for backup in plan.backups_of(service) {
            self.steps.push(step(backup, None, None, "make a place", Instant::now(), Err(why.to_owned())));
        }
    }
}

/// A backup that was restored, and is tried.
struct Tried<'a> {
    drilling: &'a Drilling<'a>,
    backup: &'a Backup,
    /// The folder of the drill.
    folder: &'a Path,
    /// The folder with what was restored of this backup.
    restored: &'a Path,
}

impl Tried<'_> {
    fn bounds(&self) -> Bounds {
        Bounds::within(self.drilling.check_time, u64::MAX)
    }

    fn place(&self) -> Result<Place, String> {
        Place::open(self.folder, self.drilling.isolation).map_err(|error| error.to_string())
    }

    /// Loads the database, whether or not the plan has a query for it: a dump that no server takes is none.
    fn database(&self, checks: &[&Check], from: &(RepositoryId, Text)) -> Vec<DrillStep> {
        let Some(kind) = Kind::of(self.backup) else { return Vec::new() };
        let dump = self.restored.join(kind.file(self.backup));
        let work: PathBuf = self.folder.join(format!("server-{}", self.backup.id));
        let bytes = std::fs::metadata(&dump).map_or(0, |metadata| metadata.len());
        let begin = Instant::now();
        let one = |what: &str, begin, outcome| step(self.backup, Some(from), None, what, begin, outcome);
        let place = match self.place() {
            Ok(place) => place,
            Err(why) => return vec![one(kind.loading(), begin, Err(why))],
        };
        let loaded = match Loaded::load(kind, &place, &dump, &work, self.bounds()) {
            Ok(loaded) => loaded,
            Err(why) => return vec![one(kind.loading(), begin, Err(why))],
        };
        let mut steps = vec![one(kind.loading(), begin, Ok(bytes))];
        for check in checks {
            let Test::Query { query, rows } = &check.test else { continue };
            let begin = Instant::now();
            let outcome = loaded.rows(query, *rows, self.bounds()).and_then(|found| {
                let few = || format!("the query gave {found} rows, and at least {rows} are wanted");
                if found >= *rows { Ok(0) } else { Err(few()) }
            });
            let words = in_words(&check.test);
            steps.push(step(self.backup, Some(from), Some(&check.id), &words, begin, outcome));
        }
        steps
    }

    fn check(&self, test: &Test) -> Outcome {
        match test {
            Test::File { path, parses, contains, sha256 } => {
                let wanted = Wanted {
                    path,
                    parses: *parses,
                    contains: contains.as_deref(),
                    sha256: sha256.as_deref(),
                };
                check_file(self.restored, &wanted)
            }
            Test::Run { command } => {
                check_run(&self.place()?, self.restored, command, self.bounds()).map(|()| 0)
            }
            Test::Page { start, page, contains } => {
                let place = self.place()?;
                check_page(&place, self.restored, start, page, contains.as_deref(), self.bounds())
            }
            Test::Query { .. } => {
                let kind = self.backup.source.kind();
                Err(format!(
                    "a query is asked of a database, and `{}` is a backup of kind {kind}",
                    self.backup.id
                ))
            }
        }
    }
}

/// What a check looks at, in plain words.
fn in_words(test: &Test) -> String {
    match test {
        Test::Query { rows: 1, .. } => "query returns a row".to_owned(),
        Test::Query { rows, .. } => format!("query returns {} rows", grouped(*rows)),
        Test::File { path, .. } => format!("file {path}"),
        Test::Run { command } => {
            format!(
                "run {}",
                command.first().map(|program| crate::program::name_of(program.as_str())).unwrap_or_default()
            )
        }
        Test::Page { page, .. } => format!("page {page}"),
    }
}

fn step(
    backup: &Backup,
    from: Option<&(RepositoryId, Text)>,
    check: Option<&CheckId>,
    what: &str,
    begin: Instant,
    outcome: Outcome,
) -> DrillStep {
    DrillStep {
        backup: backup.id.clone(),
        from: from.cloned(),
        check: check.cloned(),
        what: what.into(),
        duration: since(begin),
        bytes: *outcome.as_ref().unwrap_or(&0),
        failure: outcome.err().map(Text::from),
    }
}

fn since(begin: Instant) -> SignedDuration {
    SignedDuration::try_from(begin.elapsed()).unwrap_or(SignedDuration::MAX)
}

/// A number with a comma between its thousands: 1,204.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
