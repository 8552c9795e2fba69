//! What the passing of time alone makes a difference: backups, copies, drills, reviews and packs that are overdue.

use crate::{Judgement, Record, Trouble, evidence, record::History, sign::services_of, trouble};
use city::{Backup, BackupId, PackIssued, ProcedureId, Repository, RepositoryId, Service, ServiceId, Text};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use plan::Plan;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How often it is looked at what is overdue: the shortest time that a plan can ask for is minutes.
const LOOK_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// How often what is still overdue is told of again, so that nobody takes silence for an end.
const REMIND_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// How often evidence that backups are made in time is given.
const EVIDENCE_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// For how long a pack may be used although nothing in the plan has changed: telephone numbers do.
const PACK_HOLDS: SignedDuration = SignedDuration::from_hours(90 * 24);

/// For how long a new plan may be without its pack.
const PACK_GRACE: SignedDuration = SignedDuration::from_hours(24);

/// How far a clock may be ahead of another before what it says is not believed.
const SKEW: SignedDuration = SignedDuration::from_mins(10);

/// Something that can be overdue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Thing {
    /// A backup in a repository.
    Backup(BackupId, RepositoryId),
    /// A copy that is kept offline.
    Copy(RepositoryId),
    /// A service's drill.
    Drill(ServiceId),
    /// A procedure's review.
    Procedure(ProcedureId),
    /// The pack of a plan, by its digest.
    Pack(Text),
}

/// Since when things are awaited, and which were told of as overdue.
///
/// What was never done is overdue when its time has passed since Bastide first knew that it was to be done: a plan adopted
/// today says nothing of what should have been done yesterday.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Due {
    since: BTreeMap<Thing, Timestamp>,
    told: BTreeMap<Thing, Timestamp>,
    looked: Option<Timestamp>,
    evidence: Option<Timestamp>,
}

impl Record {
    /// Looks at what is overdue at a moment, at most once a minute: the cost is that of going once through the plan's
    /// backups, repositories, services and procedures. `adopted` is the digest of the plan.
    ///
    /// The moment is that of a tick, or of an act of recovery: whoever never tells the time, as a replay, is never told
    /// that something is overdue.
    pub fn look(&mut self, plan: &Plan, adopted: Option<&str>, time: Timestamp, out: &mut Judgement) {
        let fresh = |looked: Timestamp| is_near(looked, time, LOOK_EVERY);
        if self.due.looked.is_some_and(fresh) {
            return;
        }
        self.due.looked = Some(time);
        self.forget(plan);
        let mut due = std::mem::take(&mut self.due);
        let mut awaited = BTreeSet::new();
        let mut late: Vec<Text> = Vec::new();
        for backup in plan.backups() {
            late.extend(self.look_at_backup(plan, backup, time, &mut due, &mut awaited, out));
        }
        for repository in plan.repositories() {
            self.look_at_copy(plan, repository, time, &mut due, &mut awaited, out);
        }
        // Only a service that something is backed up for can be drilled.
        let backed: BTreeSet<ServiceId> =
            plan.backups().flat_map(|backup| services_of(plan, backup)).collect();
        for service in plan.services().filter(|service| backed.contains(&service.id)) {
            self.look_at_drill(service, time, &mut due, &mut awaited, out);
        }
        for procedure in plan.procedures() {
            let reviewed = procedure.reviewed.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
            let ends = reviewed.and_then(|reviewed| reviewed.checked_add(procedure.review_every).ok());
            let thing = Thing::Procedure(procedure.id.clone());
            let over = ends.is_some_and(|ends| ends <= time);
            due.judge(thing, over, time, &mut awaited, || trouble::unreviewed(plan, procedure), out);
        }
        if let Some(adopted) = adopted {
            let thing = Thing::Pack(adopted.into());
            let since = due.since(&thing, time);
            let stale = stale_pack(plan, adopted, since, self.pack.as_ref(), time);
            let over = stale.is_some();
            due.judge(thing, over, time, &mut awaited, || trouble::pack(stale.as_ref(), time), out);
        }
        due.since.retain(|thing, _| awaited.contains(thing));
        due.told.retain(|thing, _| awaited.contains(thing));
        let made = plan.backups().len();
        let ever = self.histories.values().any(|history| !history.snapshots.is_empty());
        let told = |told: Timestamp| is_near(told, time, EVIDENCE_EVERY);
        if ever && made > 0 && !due.evidence.is_some_and(told) {
            due.evidence = Some(time);
            out.evidence.extend(evidence::in_time(made, &late, time));
        }
        self.due = due;
    }

    /// Whether a backup is overdue in any of its repositories. Returns its id if it is.
    fn look_at_backup(
        &self,
        plan: &Plan,
        backup: &Backup,
        time: Timestamp,
        due: &mut Due,
        awaited: &mut BTreeSet<Thing>,
        out: &mut Judgement,
    ) -> Option<Text> {
        let allowed = backup.every.saturating_add(margin(backup.every));
        // What lies in a safe is awaited by its own age.
        let connected = |id: &&RepositoryId| plan.repository(id).is_some_and(|place| place.offline.is_none());
        let last = |id: &RepositoryId| self.history(&backup.id, id).and_then(|history| newest(history, time));
        let overdue = |id: &RepositoryId, due: &mut Due| {
            let since = due.since(&Thing::Backup(backup.id.clone(), id.clone()), time);
            let from = last(id).unwrap_or(since);
            time.duration_since(from) > allowed
        };
        let places: Vec<(&RepositoryId, bool)> =
            backup.to.iter().filter(connected).map(|id| (id, overdue(id, due))).collect();
        let nowhere = !places.is_empty() && places.iter().all(|(_, over)| *over);
        for (id, over) in &places {
            let thing = Thing::Backup(backup.id.clone(), (*id).clone());
            let history = self.history(&backup.id, id);
            let words = || trouble::overdue(plan, backup, id, last(id), history, nowhere, allowed);
            due.judge(thing, *over, time, awaited, words, out);
        }
        places.iter().any(|(_, over)| *over).then(|| backup.id.as_str().into())
    }

    /// Whether a copy that is kept offline is too old.
    fn look_at_copy(
        &self,
        plan: &Plan,
        repository: &Repository,
        time: Timestamp,
        due: &mut Due,
        awaited: &mut BTreeSet<Thing>,
        out: &mut Judgement,
    ) {
        let Some(allowed) = repository.offline else { return };
        let thing = Thing::Copy(repository.id.clone());
        let tried = self.repositories.get(&repository.id).and_then(|tried| tried.newest);
        let made = self.histories.iter().filter(|((_, id), _)| *id == repository.id);
        let made = made.filter_map(|(_, history)| newest(history, time)).max();
        let last = made.max(tried.filter(|newest| *newest <= ahead(time)));
        let from = last.unwrap_or_else(|| due.since(&thing, time));
        let over = time.duration_since(from) > allowed;
        due.judge(thing, over, time, awaited, || trouble::old_copy(plan, repository, last, allowed), out);
    }

    /// Whether it was not proven for too long that a service can come back.
    fn look_at_drill(
        &self,
        service: &Service,
        time: Timestamp,
        due: &mut Due,
        awaited: &mut BTreeSet<Thing>,
        out: &mut Judgement,
    ) {
        let thing = Thing::Drill(service.id.clone());
        let allowed = evidence::proof_holds(service.impact);
        let drills = self.drills(&service.id).iter().rev();
        let proven = drills
            .filter(|drill| drill.passed())
            .map(|drill| drill.start)
            .find(|start| *start <= ahead(time));
        let from = proven.unwrap_or_else(|| due.since(&thing, time));
        let over = time.duration_since(from) > allowed;
        due.judge(thing, over, time, awaited, || trouble::undrilled(service, proven, allowed), out);
    }
}

impl Due {
    /// Since when a thing is awaited: from now on, if it was not before.
    fn since(&mut self, thing: &Thing, time: Timestamp) -> Timestamp {
        match self.since.get(thing) {
            Some(since) => *since,
            None => {
                self.since.insert(thing.clone(), time);
                time
            }
        }
    }

    /// Tells of a thing that is over its time, once, and then every day until it is not.
    fn judge(
        &mut self,
        thing: Thing,
        over: bool,
        time: Timestamp,
        awaited: &mut BTreeSet<Thing>,
        words: impl FnOnce() -> Trouble,
        out: &mut Judgement,
    ) {
        if over {
            let fresh = |told: &Timestamp| is_near(*told, time, REMIND_EVERY);
            if !self.told.get(&thing).is_some_and(fresh) {
                self.told.insert(thing.clone(), time);
                out.troubles.push(words());
            }
        } else {
            self.told.remove(&thing);
        }
        awaited.insert(thing);
    }
}

/// When the newest snapshot was begun, leaving aside those that a wrong clock put into the future.
fn newest(history: &History, time: Timestamp) -> Option<Timestamp> {
    history.newest_by(ahead(time)).map(|taken| taken.start)
}

/// Whether two moments are less than so far apart. Acts and ticks may come a little out of order, and what a wrong clock once
/// said must not hide anything for longer.
fn is_near(a: Timestamp, b: Timestamp, less: SignedDuration) -> bool {
    b.duration_since(a).abs() < less
}

/// How far ahead of a moment another clock may be.
fn ahead(time: Timestamp) -> Timestamp {
    time.checked_add(SKEW).unwrap_or(time)
}

/// How late a backup may be: a quarter of its time, at least half an hour and at most a day. A backup takes a while, and
/// the machine that makes it may be restarted.
fn margin(every: SignedDuration) -> SignedDuration {
    (every / 4).clamp(SignedDuration::from_mins(30), SignedDuration::from_hours(24))
}

/// What is wrong with the pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stale {
    /// None was ever issued.
    Never,
    /// It was made from another plan.
    OtherPlan(Timestamp),
    /// It is old.
    Old(Timestamp),
}

/// What is wrong with the pack for when nothing else works, if anything is: by the plan that was adopted, since when it is
/// in force, and the pack that was issued last. A plan that says nothing of recovery needs none.
#[must_use]
pub fn stale_pack(
    plan: &Plan,
    adopted: &str,
    since: Timestamp,
    issued: Option<&PackIssued>,
    time: Timestamp,
) -> Option<Stale> {
    let needed = plan.backups().len() > 0 || plan.procedures().len() > 0;
    let patience = time.duration_since(since) <= PACK_GRACE;
    match issued {
        _ if !needed => None,
        None => (!patience).then_some(Stale::Never),
        Some(pack) if pack.plan != adopted => (!patience).then_some(Stale::OtherPlan(pack.time)),
        Some(pack) => (time.duration_since(pack.time) > PACK_HOLDS).then_some(Stale::Old(pack.time)),
    }
}
