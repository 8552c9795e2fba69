//! What backups, drills and looks at repositories have shown.

use crate::{Cause, Clue, Doubt, Measured, Sign, Verdict, doubt, due::Due, evidence, sign::Clues, trouble};
use city::{
    BackupId, BackupMade, Drill, Evidence, Observation, Observed, PackIssued, RepositoryId, RepositoryTried,
    ServiceId, Snapshot, Text,
};
use jiff::{SignedDuration, Timestamp};
use plan::Plan;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest name or reason that is kept, in bytes.
const TEXT_MAX: usize = 512;

/// The most steps of a drill that are kept.
const STEPS_MAX: usize = 512;

/// The fold of what was told of backups, drills, repositories and the pack. It holds only what the plan declares, and of
/// each the last: its size is that of the plan.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Record {
    pub(crate) histories: BTreeMap<(BackupId, RepositoryId), History>,
    /// The last drills of each service, the latest last.
    drills: BTreeMap<ServiceId, Vec<Drill>>,
    pub(crate) repositories: BTreeMap<RepositoryId, Tried>,
    pub(crate) pack: Option<PackIssued>,
    /// What says of each backup that somebody acted where its data is from.
    pub(crate) signs: BTreeMap<BackupId, Vec<Sign>>,
    pub(crate) due: Due,
}

/// What became of one backup in one repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The last snapshots, in the order in which they were made; at most [`History::SNAPSHOTS_MAX`].
    pub snapshots: Vec<Taken>,
    /// When it was last tried.
    pub tried: Timestamp,
    /// When it last could not be made, and why.
    pub failure: Option<(Timestamp, Text)>,
}

impl History {
    /// The most snapshots that are kept in mind.
    pub const SNAPSHOTS_MAX: usize = 64;

    /// The newest snapshot made no later than a moment: a clock that was wrong once says nothing of now.
    #[must_use]
    pub fn newest_by(&self, time: Timestamp) -> Option<&Taken> {
        self.snapshots.iter().rev().find(|taken| taken.start <= time)
    }
}

/// A snapshot, and what is thought of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// When it was begun: what is in it is at least as new.
    pub start: Timestamp,
    /// How long it took.
    pub duration: SignedDuration,
    /// Its figures.
    pub snapshot: Snapshot,
    /// Why it may not be what should be restored, by its figures.
    pub doubt: Option<Doubt>,
    /// When a drill restored it, and the plan's checks of it passed.
    pub proven: Option<Timestamp>,
}

impl Taken {
    /// Whether its figures speak for it, or a drill does.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.doubt.is_none() || self.proven.is_some()
    }
}

/// The last look at a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// When.
    pub time: Timestamp,
    /// What came of it.
    pub outcome: RepositoryTried,
    /// When its newest snapshot was made, as far as that was ever seen: a copy in a safe still is as old as it was.
    pub newest: Option<Timestamp>,
    /// When evidence of it was given last.
    pub(crate) told: Option<Timestamp>,
}

impl Tried {
    /// Whether whoever can write there was refused to destroy what is there; none if that was not tried.
    #[must_use]
    pub fn guarded(&self) -> Option<bool> {
        let tried = [self.outcome.refuses_delete, self.outcome.refuses_change];
        let any = tried.iter().any(Option::is_some);
        any.then(|| tried.iter().all(|refused| *refused != Some(false)))
    }
}

/// How a service's recovery stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceProof {
    /// When it was last drilled.
    pub drilled: Timestamp,
    /// Whether that drill restored everything and every check passed.
    pub passed: bool,
    /// When it was last proven that it can come back.
    pub proven: Option<Timestamp>,
    /// From when that proof counts no more.
    pub expires: Option<Timestamp>,
    /// How long restoring and checking took when it was last proven.
    pub rto: Option<SignedDuration>,
    /// How long it may take.
    pub rto_target: Option<SignedDuration>,
    /// How much would have been lost when it was last proven.
    pub rpo: Option<SignedDuration>,
    /// How much may be lost.
    pub rpo_target: Option<SignedDuration>,
}

/// What a fact or the passing of time leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Differences between plan and truth.
    pub troubles: Vec<trouble::Trouble>,
    /// What supports outcomes of frameworks.
    pub evidence: Vec<Evidence>,
}

impl Record {
    /// The most drills of a service that are kept.
    pub const DRILLS_MAX: usize = 8;

    /// Folds a fact in, if it is one of recovery and about something that the plan declares.
    pub fn see(&mut self, observation: &Observation, plan: &Plan, out: &mut Judgement) {
        let time = observation.time;
        match &observation.fact {
            Observed::Backup(made) => self.see_backup(made, time, plan, out),
            Observed::Drill(drill) => self.see_drill(drill, time, plan, out),
            Observed::Repository(tried) => self.see_repository(tried, time, plan, out),
            Observed::Pack(issued) => {
                let plan = cut(&issued.plan);
                self.pack = Some(PackIssued { time: issued.time, plan });
            }
            _ => {}
        }
    }

    fn see_backup(&mut self, made: &BackupMade, time: Timestamp, plan: &Plan, out: &mut Judgement) {
        let declared = (plan.backup(&made.backup), plan.repository(&made.repository));
        let (Some(backup), Some(repository)) = declared else { return };
        let key = (made.backup.clone(), made.repository.clone());
        let history = self.histories.entry(key).or_default();
        history.tried = history.tried.max(made.start);
        let snapshot = match &made.outcome {
            Ok(snapshot) => snapshot,
            Err(why) => {
                history.failure = Some((time, cut(why)));
                // A copy that lies in a safe is not there to be written to.
                if repository.offline.is_none() {
                    out.troubles.push(trouble::failed(plan, backup, repository, why));
                }
                return;
            }
        };
        history.snapshots.retain(|known| known.snapshot.id != snapshot.id);
        let at = history.snapshots.partition_point(|known| known.start <= made.start);
        let before = history.snapshots.get(..at).unwrap_or_default();
        let snapshot = bounded(snapshot);
        let found = doubt::doubt(before, &snapshot);
        let mut taken =
            Taken { start: made.start, duration: made.duration, snapshot, doubt: found, proven: None };
        if taken.doubt.is_none() {
            taken.snapshot.gone = Vec::new();
        }
        history.snapshots.insert(at, taken.clone());
        if history.snapshots.len() > History::SNAPSHOTS_MAX {
            history.snapshots.remove(0);
        }
        if let Some(found) = &taken.doubt {
            let clean = self.last_clean_anywhere(plan, &made.backup);
            out.troubles.extend(trouble::doubted(plan, backup, repository, &taken, found, clean));
        }
    }

    fn see_drill(&mut self, drill: &Drill, time: Timestamp, plan: &Plan, out: &mut Judgement) {
        let Some(service) = plan.service(&drill.service) else { return };
        let mut drill = drill.clone();
        drill.steps.truncate(STEPS_MAX);
        for step in &mut drill.steps {
            step.what = cut(&step.what);
            step.failure = step.failure.as_ref().map(cut);
        }
        self.prove(&drill);
        out.troubles.extend(trouble::drilled(plan, service, &drill));
        out.evidence.extend(evidence::drilled(plan, service, &drill, time));
        let kept = self.drills.entry(drill.service.clone()).or_default();
        kept.retain(|known| known.start != drill.start);
        let at = kept.partition_point(|known| known.start <= drill.start);
        kept.insert(at, drill);
        if kept.len() > Record::DRILLS_MAX {
            kept.remove(0);
        }
    }

    /// A snapshot that was restored, with a check of the plan that passed, is what it should be.
    fn prove(&mut self, drill: &Drill) {
        for step in &drill.steps {
            let Some((repository, snapshot)) = &step.from else { continue };
            let of_backup = || drill.steps.iter().filter(|other| other.backup == step.backup);
            let checked = of_backup().any(|other| other.check.is_some());
            if !checked || of_backup().any(|other| other.failure.is_some()) {
                continue;
            }
            let key = (step.backup.clone(), repository.clone());
            let known = self.histories.get_mut(&key).into_iter().flat_map(|history| &mut history.snapshots);
            for taken in known.filter(|taken| taken.snapshot.id == *snapshot) {
                taken.proven = Some(drill.start);
            }
        }
    }

    fn see_repository(&mut self, tried: &RepositoryTried, time: Timestamp, plan: &Plan, out: &mut Judgement) {
        let Some(repository) = plan.repository(&tried.repository) else { return };
        let mut outcome = tried.clone();
        outcome.unreachable = outcome.unreachable.as_ref().map(cut);
        outcome.damage.truncate(Snapshot::NAMES_MAX);
        outcome.damage.iter_mut().for_each(|name| *name = cut(name));
        out.troubles.extend(trouble::tried(plan, repository, &outcome, time));
        let before = self.repositories.get(&tried.repository);
        let newest = match outcome.unreachable {
            Some(_) => before.and_then(|before| before.newest),
            None => outcome.newest,
        };
        let mut now = Tried { time, outcome, newest, told: before.and_then(|before| before.told) };
        if evidence::is_due(before, &now) {
            let evidence = evidence::guarded(repository, &now);
            if !evidence.is_empty() {
                now.told = Some(time);
            }
            out.evidence.extend(evidence);
        }
        self.repositories.insert(tried.repository.clone(), now);
    }

    /// Takes to heart what was found where the backups' data is from. What was taken to heart before is forgotten: every
    /// clue is given each time.
    pub fn heed(&mut self, plan: &Plan, found: &[Clue]) {
        let clues = Clues::new(plan, found, &self.histories);
        self.signs.clear();
        for backup in plan.backups() {
            self.heed_one(plan, &backup.id, &clues);
        }
    }

    /// Takes to heart what was found where one backup's data is from: what is needed before a snapshot of it is judged.
    pub fn heed_for(&mut self, plan: &Plan, backup: &BackupId, found: &[Clue]) {
        let clues = Clues::new(plan, found, &self.histories);
        self.heed_one(plan, backup, &clues);
    }

    fn heed_one(&mut self, plan: &Plan, backup: &BackupId, clues: &Clues) {
        let signs = plan.backup(backup).map(|declared| clues.on(plan, declared)).unwrap_or_default();
        if signs.is_empty() {
            self.signs.remove(backup);
        } else {
            self.signs.insert(backup.clone(), signs);
        }
    }

    /// Whether the last snapshot of a backup, in any repository, is noise.
    #[must_use]
    pub fn is_noise(&self, backup: &BackupId) -> bool {
        let of_backup = self.histories.iter().filter(|((id, _), _)| id == backup);
        let mut last = of_backup.filter_map(|(_, history)| history.snapshots.last());
        last.any(|taken| {
            !taken.is_sound() && taken.doubt.as_ref().is_some_and(|doubt| doubt.cause() == Cause::Noise)
        })
    }

    /// What became of a backup in a repository, if it was ever tried.
    #[must_use]
    pub fn history(&self, backup: &BackupId, repository: &RepositoryId) -> Option<&History> {
        self.histories.get(&(backup.clone(), repository.clone()))
    }

    /// What became of every backup in every repository.
    pub fn histories(&self) -> impl ExactSizeIterator<Item = (&BackupId, &RepositoryId, &History)> {
        self.histories.iter().map(|((backup, repository), history)| (backup, repository, history))
    }

    /// What is thought of a backup's snapshot, by its figures and by what was found where its data is from.
    #[must_use]
    pub fn verdict(&self, backup: &BackupId, taken: &Taken) -> Verdict {
        let figures = taken.doubt.as_ref().filter(|_| taken.proven.is_none());
        let signs = self.signs.get(backup).into_iter().flatten().filter(|sign| sign.bears_on(taken));
        let why: Vec<Text> = figures
            .map(|doubt| doubt.to_string().into())
            .into_iter()
            .chain(signs.map(|sign| sign.to_string().into()))
            .collect();
        if why.is_empty() { Verdict::Clean } else { Verdict::Suspect(why) }
    }

    /// The newest snapshot of a backup in a repository that nothing speaks against.
    #[must_use]
    pub fn last_clean(&self, backup: &BackupId, repository: &RepositoryId) -> Option<&Taken> {
        let newest_first = self.history(backup, repository)?.snapshots.iter().rev();
        newest_first.into_iter().find(|taken| self.verdict(backup, taken) == Verdict::Clean)
    }

    /// The newest snapshot of a backup that nothing speaks against, and where it is; of equally new ones, that in the
    /// repository to restore from first.
    #[must_use]
    pub fn last_clean_anywhere(&self, plan: &Plan, backup: &BackupId) -> Option<(RepositoryId, &Taken)> {
        let to = plan.backup(backup).map(|backup| backup.to.as_slice()).unwrap_or_default();
        let found = to
            .iter()
            .filter_map(|repository| Some((repository.clone(), self.last_clean(backup, repository)?)));
        found.reduce(|best, other| if other.1.start > best.1.start { other } else { best })
    }

    /// The last look at a repository.
    #[must_use]
    pub fn repository(&self, id: &RepositoryId) -> Option<&Tried> {
        self.repositories.get(id)
    }

    /// The last drills of a service, the latest last.
    #[must_use]
    pub fn drills(&self, service: &ServiceId) -> &[Drill] {
        self.drills.get(service).map(Vec::as_slice).unwrap_or_default()
    }

    /// How a service's recovery stands; none if it was never drilled.
    #[must_use]
    pub fn proof(&self, plan: &Plan, service: &ServiceId) -> Option<ServiceProof> {
        let drills = self.drills(service);
        let last = drills.last()?;
        let passed = drills.iter().rev().find(|drill| drill.passed());
        let declared = plan.service(service);
        let target = declared.and_then(|service| service.recovery);
        let proven = passed.map(|drill| drill.start);
        let valid = declared.map(|service| evidence::proof_holds(service.impact));
        Some(ServiceProof {
            drilled: last.start,
            passed: last.passed(),
            proven,
            expires: proven.zip(valid).and_then(|(proven, valid)| proven.checked_add(valid).ok()),
            rto: passed.map(|drill| drill.duration),
            rto_target: target.map(|target| target.rto),
            rpo: passed.and_then(rpo),
            rpo_target: target.map(|target| target.rpo),
        })
    }

    /// The pack that was issued last.
    #[must_use]
    pub fn pack(&self) -> Option<&PackIssued> {
        self.pack.as_ref()
    }

    /// What was measured, as predictions need it.
    #[must_use]
    pub fn measured(&self) -> Measured {
        let mut measured = Measured::default();
        let mut drills: Vec<&Drill> = self.drills.values().flatten().collect();
        drills.sort_by_key(|drill| drill.start);
        for drill in drills {
            let mut took: BTreeMap<&BackupId, Option<SignedDuration>> = BTreeMap::new();
            for step in &drill.steps {
                let sum = took.entry(&step.backup).or_insert(Some(SignedDuration::ZERO));
                // What failed on the way says nothing of how long it takes.
                *sum = sum.filter(|_| step.failure.is_none()).map(|sum| sum.saturating_add(step.duration));
            }
            for (backup, took) in took {
                let known = measured.drills.entry(backup.clone()).or_default();
                known.extend(took);
                let over = known.len().saturating_sub(Measured::DRILLS_MAX);
                known.drain(..over);
            }
        }
        measured.drills.retain(|_, known| !known.is_empty());
        for (backup, repository) in self.histories.keys() {
            if let Some(taken) = self.last_clean(backup, repository) {
                measured.newest.insert((backup.clone(), repository.clone()), taken.start);
            }
        }
        measured
    }

    /// Forgets what the plan no longer declares.
    pub(crate) fn forget(&mut self, plan: &Plan) {
        self.histories.retain(|(backup, repository), _| {
            plan.backup(backup).is_some() && plan.repository(repository).is_some()
        });
        self.drills.retain(|service, _| plan.service(service).is_some());
        self.repositories.retain(|repository, _| plan.repository(repository).is_some());
    }
}

/// How much would have been lost, had everything been lost when a drill began.
#[must_use]
pub fn rpo(drill: &Drill) -> Option<SignedDuration> {
    drill.recovered_to.map(|to| drill.start.duration_since(to).max(SignedDuration::ZERO))
}

/// A snapshot with no more and no longer names than are kept.
fn bounded(snapshot: &Snapshot) -> Snapshot {
    let names = |names: &[Text]| names.iter().take(Snapshot::NAMES_MAX).map(cut).collect();
    Snapshot {
        id: cut(&snapshot.id),
        gone: names(&snapshot.gone),
        noisy: names(&snapshot.noisy),
        ..snapshot.clone()
    }
}

/// A text, cut to what is kept of it.
fn cut(text: &Text) -> Text {
    let end = (0..=TEXT_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or_default().into()
}
