//! What has to be done for what is lost, derived from the plan.
//!
//! | step | comes after |
//! |---|---|
//! | `deliver:ASSET` | nothing: it is ordered at once |
//! | `replace:ASSET` | its delivery |
//! | a procedure that names no service that was hit | the replacing of the lost assets it names |
//! | `restore:BACKUP`, `rebuild:BACKUP` | its asset, or else its service's lost assets, with their procedures; and the services that its services need, running |
//! | a procedure that names services that were hit | their lost assets and its own, their restored data, and the services they need, running |
//! | `check:SERVICE` | its lost assets, its restored data, its procedures, and the services it needs, running |
//! | `runs:SERVICE` | its check, and the services it needs, running |
//!
//! Where a procedure or a backup is for several services, of which one needs the other, perhaps by way of others, nothing
//! could begin first. Hence data and procedures do not wait for a service that cannot run without them.

mod circles;
mod words;

pub(crate) use words::{names, show};

use crate::{
    Basis, Estimate, Hands, Lost, Measured, StepId, Work,
    graph::{Goal, Graph, Node},
};
use circles::Unit;
use city::{Asset, AssetId, Backup, BackupId, Procedure, Purpose, RepositoryId, Service, ServiceId, Text};
use jiff::Timestamp;
use plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

/// Something to do, before anybody knows when.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub id: StepId,
    pub work: Work,
    pub what: Text,
    pub why: Vec<Text>,
    pub hands: Hands,
    pub needs: Vec<usize>,
    pub services: Vec<ServiceId>,
    pub estimate: Estimate,
    pub run: Option<Text>,
}

/// All that has to be done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tasks {
    pub all: Vec<Task>,
    /// Where each service runs again: its task.
    pub runs: BTreeMap<ServiceId, usize>,
    /// The backups that each service needs, as they were found.
    pub data: BTreeMap<ServiceId, Vec<BackupId>>,
    /// Where each backup is restored or rebuilt.
    pub restoring: BTreeMap<BackupId, usize>,
}

impl Tasks {
    /// Derives what has to be done.
    pub fn new(plan: &Plan, lost: &Lost, measured: &Measured) -> Tasks {
        let mut making = Making { plan, lost, measured, tasks: Tasks::default(), ready: BTreeMap::new() };
        making.replace_assets();
        let (early, late): (Vec<_>, Vec<_>) =
            making.procedures().partition(|procedure| making.hit(&procedure.services).next().is_none());
        making.do_early(&early);
        making.bring_back(&late);
        making.tasks
    }

    /// The steps as scheduling sees them, and whose hands its crews are.
    pub fn graph(&self, plan: &Plan) -> (Graph, Vec<Hands>) {
        let mut crews: BTreeMap<&Hands, usize> = BTreeMap::new();
        for task in &self.all {
            if task.hands != Hands::Nobody {
                crews.insert(&task.hands, 0);
            }
        }
        for (number, place) in crews.values_mut().enumerate() {
            *place = number;
        }
        let nodes = self.all.iter().map(|task| Node {
            crew: crews.get(&task.hands).copied(),
            needs: task.needs.clone(),
            low: task.estimate.low.as_secs(),
            likely: task.estimate.likely.as_secs(),
            high: task.estimate.high.as_secs(),
        });
        let people = crews.keys().map(|hands| people(plan, hands)).collect();
        (Graph::new(nodes.collect(), people), crews.into_keys().cloned().collect())
    }

    /// What all is done for: services that run again.
    pub fn goals(&self, plan: &Plan) -> Vec<Goal> {
        let goal = |(id, node): (&ServiceId, &usize)| {
            let service = plan.service(id);
            Goal {
                node: *node,
                urgency: service.map_or(0, |service| service.impact as u8),
                due: service.and_then(|service| Some(service.recovery?.rto.as_secs())),
            }
        };
        self.runs.iter().map(goal).collect()
    }

    fn push(&mut self, task: Task) -> usize {
        self.all.push(task);
        self.all.len() - 1
    }
}

/// How many steps these hands can do at once.
pub(crate) fn people(plan: &Plan, hands: &Hands) -> u32 {
    match hands {
        Hands::Crew(crew) => plan.crew(crew).map_or(1, |crew| crew.people.max(1)),
        Hands::Anyone => Hands::ANYONE,
        Hands::Nobody => u32::MAX,
    }
}

/// The newest clean snapshot of a backup in a repository that is left; of equally new ones that of the repository to
/// restore from first.
pub(crate) fn newest<'p>(
    backup: &'p Backup,
    lost: &Lost,
    measured: &Measured,
) -> Option<(&'p RepositoryId, Timestamp)> {
    let left = backup.to.iter().filter(|repository| !lost.repositories.contains_key(*repository));
    let taken = |repository: &'p RepositoryId| {
        let taken = measured.newest.get(&(backup.id.clone(), repository.clone()))?;
        Some((repository, *taken))
    };
    // The first of the greatest: `max_by_key` would give the last.
    left.filter_map(taken).reduce(|best, next| if next.1 > best.1 { next } else { best })
}

/// Tasks while they are made.
struct Making<'a> {
    plan: &'a Plan,
    lost: &'a Lost,
    measured: &'a Measured,
    tasks: Tasks,
    /// The tasks after which a lost asset is ready for its data.
    ready: BTreeMap<&'a AssetId, Vec<usize>>,
}

impl<'a> Making<'a> {
    /// The services among these that something lost was under.
    fn hit<'s>(&self, services: &'s [ServiceId]) -> impl Iterator<Item = &'s ServiceId> + use<'s, 'a> {
        let lost = self.lost;
        services.iter().filter(|id| lost.services.get(*id).is_some_and(|down| down.directly.is_some()))
    }

    /// The written procedures that are of use here, in the order of the plan.
    fn procedures(&self) -> impl Iterator<Item = &'a Procedure> + use<'a> {
        let lost = self.lost;
        self.plan.procedures().filter(move |procedure| {
            let hit = |id| lost.services.get(id).is_some_and(|down| down.directly.is_some());
            procedure.purpose == Purpose::Restore
                && !procedure.steps.is_empty()
                && (procedure.assets.iter().any(|asset| lost.assets.contains_key(asset))
                    || procedure.services.iter().any(hit))
        })
    }

    fn replace_assets(&mut self) {
        let plan = self.plan;
        for asset in plan.assets() {
            let Some(why) = self.lost.assets.get(&asset.id) else { continue };
            let gone = asset.supplier.as_ref().is_some_and(|supplier| self.lost.suppliers.contains(supplier));
            let (delivery, fitting) = match (asset.replace, &asset.supplier) {
                (_, Some(_)) if gone => {
                    let fitting = asset.replace.map(|time| Estimate::split(time).1);
                    (
                        Some(Estimate::of_other_supplier()),
                        fitting.unwrap_or_else(Estimate::of_unknown_fitting),
                    )
                }
                (Some(time), None) => (None, Estimate::declared(time)),
                (Some(time), Some(_)) => Estimate::split(time),
                (None, _) => (Some(Estimate::of_unknown_delivery()), Estimate::of_unknown_fitting()),
            };
            let hands = asset.crew.clone().map_or(Hands::Anyone, Hands::Crew);
            let services: Vec<ServiceId> = asset.services.clone();
            let mut needs = Vec::new();
            if let Some(estimate) = delivery {
                let work = Work::Deliver { asset: asset.id.clone() };
                needs.push(self.tasks.push(Task {
                    id: work.id(),
                    work,
                    what: words::deliver(asset),
                    why: words::why_deliver(asset, why, gone),
                    hands: Hands::Nobody,
                    needs: Vec::new(),
                    services: services.clone(),
                    estimate,
                    run: None,
                }));
            }
            let work = Work::Replace { asset: asset.id.clone() };
            let task = Task {
                id: work.id(),
                work,
                what: words::replace(asset),
                why: vec![format!("{} is lost: {why}", asset.id).into()],
                hands,
                needs,
                services,
                estimate: fitting,
                run: None,
            };
            let number = self.tasks.push(task);
            self.ready.insert(&asset.id, vec![number]);
        }
    }

    /// Procedures that make assets ready for what is restored to them.
    fn do_early(&mut self, procedures: &[&'a Procedure]) {
        let mut ends: BTreeMap<&'a AssetId, Vec<usize>> = BTreeMap::new();
        for procedure in procedures {
            let after =
                self.lost_of(&procedure.assets).into_iter().flat_map(|id| self.ready_of(id)).collect();
            let services: BTreeSet<&ServiceId> = self
                .lost_of(&procedure.assets)
                .into_iter()
                .filter_map(|id| self.plan.asset(id))
                .flat_map(|asset| &asset.services)
                .collect();
            let last = self.do_procedure(procedure, after, services.into_iter().cloned().collect());
            for asset in self.lost_of(&procedure.assets) {
                ends.entry(asset).or_default().extend(last);
            }
        }
        self.ready.extend(ends);
    }

    /// The steps of a procedure, one after the other; the last one's number.
    fn do_procedure(
        &mut self,
        procedure: &'a Procedure,
        mut needs: Vec<usize>,
        services: Vec<ServiceId>,
    ) -> Option<usize> {
        let mut last = None;
        for (number, step) in (1..).zip(&procedure.steps) {
            let work = Work::Procedure { procedure: procedure.id.clone(), number };
            let crew = step.crew.as_ref().or(procedure.crew.as_ref());
            let task = Task {
                id: work.id(),
                work,
                what: step.text.clone(),
                why: vec![words::why_procedure(procedure, number, &services)],
                hands: crew.cloned().map_or(Hands::Anyone, Hands::Crew),
                needs: std::mem::take(&mut needs),
                services: services.clone(),
                estimate: step.takes.map_or_else(Estimate::of_unknown_step, Estimate::declared),
                run: step.run.clone(),
            };
            let number = self.tasks.push(task);
            needs.push(number);
            last = Some(number);
        }
        last
    }

    fn lost_of(&self, assets: &'a [AssetId]) -> Vec<&'a AssetId> {
        assets.iter().filter(|asset| self.lost.assets.contains_key(*asset)).collect()
    }

    fn ready_of(&self, asset: &AssetId) -> Vec<usize> {
        self.ready.get(asset).cloned().unwrap_or_default()
    }

    /// Data, late procedures, checks, and services that run.
    fn bring_back(&mut self, late: &[&'a Procedure]) {
        let plan = self.plan;
        let down: Vec<&'a Service> =
            plan.services().filter(|service| self.lost.services.contains_key(&service.id)).collect();
        let numbers: BTreeMap<&ServiceId, usize> =
            down.iter().enumerate().map(|(number, service)| (&service.id, number)).collect();
        // A place for each service's last task, so that others can wait for it before it is described.
        for service in &down {
            let work = Work::Runs { service: service.id.clone() };
            let task = Task {
                id: work.id(),
                work,
                what: words::runs(service),
                why: words::why_runs(service, self.lost),
                hands: Hands::Nobody,
                needs: Vec::new(),
                services: vec![service.id.clone()],
                estimate: Estimate::NONE,
                run: None,
            };
            let number = self.tasks.push(task);
            self.tasks.runs.insert(service.id.clone(), number);
        }
        let mut lost_assets: BTreeMap<&ServiceId, Vec<&'a Asset>> = BTreeMap::new();
        for asset in plan.assets().filter(|asset| self.lost.assets.contains_key(&asset.id)) {
            for service in &asset.services {
                lost_assets.entry(service).or_default().push(asset);
            }
        }
        let backups: Vec<&'a Backup> =
            plan.backups().filter(|backup| self.lost.needs_restoring(plan, backup)).collect();
        let of_backup = |backup: &'a Backup| -> Vec<usize> {
            let ids = match (&backup.service, &backup.asset) {
                (Some(service), _) => std::slice::from_ref(service),
                (None, Some(asset)) => {
                    plan.asset(asset).map(|asset| asset.services.as_slice()).unwrap_or_default()
                }
                (None, None) => &[],
            };
            self.hit(ids).filter_map(|id| numbers.get(id).copied()).collect()
        };
        let of_procedure = |procedure: &'a Procedure| -> Vec<usize> {
            self.hit(&procedure.services).filter_map(|id| numbers.get(id).copied()).collect()
        };
        let needs: Vec<Vec<usize>> = down
            .iter()
            .map(|service| service.needs.iter().filter_map(|id| numbers.get(id).copied()).collect())
            .collect();
        let mut units: Vec<Unit> =
            backups.iter().map(|backup| Unit::new(of_backup(backup), &needs)).collect();
        let mut behind: Vec<Vec<usize>> = vec![Vec::new(); down.len()];
        for (number, unit) in units.iter().enumerate() {
            for service in &unit.services {
                if let Some(behind) = behind.get_mut(*service) {
                    behind.push(number);
                }
            }
        }
        units.extend(late.iter().map(|procedure| {
            let unit = Unit::new(of_procedure(procedure), &needs);
            let after =
                unit.services.iter().flat_map(|service| behind.get(*service).into_iter().flatten().copied());
            Unit { after: after.collect(), ..unit }
        }));
        let waits = circles::waits(&needs, &units);
        let running = |unit: usize, tasks: &Tasks| -> Vec<usize> {
            let waits = waits.get(unit).map(Vec::as_slice).unwrap_or_default();
            waits.iter().filter_map(|number| tasks.runs.get(&down.get(*number)?.id).copied()).collect()
        };

        // For each service, what its procedures and its check wait for.
        let mut data: Vec<Vec<usize>> = vec![Vec::new(); down.len()];
        for (unit, backup) in backups.iter().enumerate() {
            let services = units.get(unit).map(|unit| unit.services.clone()).unwrap_or_default();
            let assets: Vec<&AssetId> = match (&backup.asset, &backup.service) {
                (Some(asset), _) => vec![asset],
                (None, service) => service
                    .iter()
                    .flat_map(|id| lost_assets.get(id).into_iter().flatten())
                    .map(|asset| &asset.id)
                    .collect(),
            };
            let mut after: Vec<usize> = assets.into_iter().flat_map(|asset| self.ready_of(asset)).collect();
            after.extend(running(unit, &self.tasks));
            let of: Vec<ServiceId> =
                services.iter().filter_map(|number| Some(down.get(*number)?.id.clone())).collect();
            for service in &of {
                self.tasks.data.entry(service.clone()).or_default().push(backup.id.clone());
            }
            let number = self.restore(backup, after, of, &lost_assets);
            for service in services {
                if let Some(data) = data.get_mut(service) {
                    data.push(number);
                }
            }
        }
        let mut done: Vec<Vec<usize>> = vec![Vec::new(); down.len()];
        for (unit, procedure) in late.iter().enumerate().map(|(number, p)| (number + backups.len(), p)) {
            let services = units.get(unit).map(|unit| unit.services.clone()).unwrap_or_default();
            let mut after = running(unit, &self.tasks);
            let mut assets: BTreeSet<&AssetId> = self.lost_of(&procedure.assets).into_iter().collect();
            for service in &services {
                after.extend(data.get(*service).into_iter().flatten());
                let id = down.get(*service).map(|service| &service.id);
                let lost = id.and_then(|id| lost_assets.get(id)).into_iter().flatten();
                assets.extend(lost.map(|asset| &asset.id));
            }
            after.extend(assets.into_iter().flat_map(|asset| self.ready_of(asset)));
            after.sort_unstable();
            after.dedup();
            let of = services.iter().filter_map(|number| Some(down.get(*number)?.id.clone())).collect();
            let last = self.do_procedure(procedure, after, of);
            for service in services {
                if let Some(done) = done.get_mut(service) {
                    done.extend(last);
                }
            }
        }
        for (number, service) in down.iter().enumerate() {
            let needs = needs.get(number).into_iter().flatten();
            let mut running: Vec<usize> =
                needs.filter_map(|need| self.tasks.runs.get(&down.get(*need)?.id).copied()).collect();
            let hit = self.lost.services.get(&service.id).is_some_and(|down| down.directly.is_some());
            let last = if hit {
                let lost = lost_assets.get(&service.id).into_iter().flatten();
                let mut after: Vec<usize> = lost.flat_map(|asset| self.ready_of(&asset.id)).collect();
                after.extend(data.get(number).into_iter().flatten());
                after.extend(done.get(number).into_iter().flatten());
                after.extend(&running);
                after.sort_unstable();
                after.dedup();
                Some(self.check(service, after))
            } else {
                None
            };
            running.extend(last);
            running.sort_unstable();
            running.dedup();
            let runs = self.tasks.runs.get(&service.id).copied();
            if let Some(task) = runs.and_then(|number| self.tasks.all.get_mut(number)) {
                task.needs = running;
            }
        }
    }

    fn restore(
        &mut self,
        backup: &'a Backup,
        mut needs: Vec<usize>,
        services: Vec<ServiceId>,
        lost_assets: &BTreeMap<&ServiceId, Vec<&'a Asset>>,
    ) -> usize {
        needs.sort_unstable();
        needs.dedup();
        let crew = match (&backup.asset, &backup.service) {
            (Some(asset), _) => self.plan.asset(asset).and_then(|asset| asset.crew.clone()),
            (None, Some(service)) => {
                lost_assets.get(service).into_iter().flatten().find_map(|asset| asset.crew.clone())
            }
            (None, None) => None,
        };
        let hands = crew.map_or(Hands::Anyone, Hands::Crew);
        let (work, what, why, estimate) = match newest(backup, self.lost, self.measured) {
            Some((from, taken)) => {
                let drills = self.measured.drills.get(&backup.id).map(Vec::as_slice).unwrap_or_default();
                let work = Work::Restore { backup: backup.id.clone(), from: from.clone(), taken };
                let repository = self.plan.repository(from);
                let what = words::restore(backup, from, repository, taken);
                let estimate = Estimate::of_restoring(drills);
                let why = words::why_restore(backup, repository, self.lost, estimate.basis == Basis::Guessed);
                (work, what, why, estimate)
            }
            None => {
                let work = Work::Rebuild { backup: backup.id.clone() };
                let why = words::why_rebuild(backup, self.lost);
                (work, words::rebuild(backup), why, Estimate::of_rebuilding())
            }
        };
        let task = Task { id: work.id(), work, what, why, hands, needs, services, estimate, run: None };
        let number = self.tasks.push(task);
        self.tasks.restoring.insert(backup.id.clone(), number);
        number
    }

    fn check(&mut self, service: &Service, needs: Vec<usize>) -> usize {
        let work = Work::Check { service: service.id.clone() };
        self.tasks.push(Task {
            id: work.id(),
            work,
            what: words::check(service),
            why: words::why_check(service),
            hands: Hands::Nobody,
            needs,
            services: vec![service.id.clone()],
            estimate: Estimate::of_looking(),
            run: None,
        })
    }
}
