//! What must be done for what is lost, worked out anew.

use crate::{Hands, Lost, StepId, Work};
use city::{Asset, AssetId, Backup, BackupId, CrewId, Procedure, Purpose, ServiceId, Text};
use jiff::SignedDuration;
use plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

/// A step that must be there.
#[derive(Debug)]
pub(super) struct Duty {
    pub hands: Hands,
    /// All that must be done before.
    pub needs: BTreeSet<StepId>,
    /// What it is part of, where that is data or a procedure: it does not wait for services that cannot run without it.
    pub unit: Option<Unit>,
    pub run: Option<Text>,
    /// The services that it is for.
    pub services: Vec<ServiceId>,
}

/// All that must be there.
pub(super) struct Expected<'a> {
    pub facts: Facts<'a>,
    pub duties: BTreeMap<StepId, Duty>,
    /// The backups that each service that was hit needs restored.
    pub data: BTreeMap<ServiceId, BTreeSet<BackupId>>,
}

/// The name of a backup's step: it is restored, or else made anew.
fn restored(backup: &BackupId, rebuilt: &BTreeSet<&BackupId>) -> StepId {
    if rebuilt.contains(backup) {
        Work::Rebuild { backup: backup.clone() }.id()
    } else {
        StepId::from(format!("restore:{backup}").as_str())
    }
}

/// Work that is done for services: a backup or a procedure, by its place among those that are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    Backup(usize),
    Procedure(usize),
}

fn owned(services: &BTreeSet<&ServiceId>) -> Vec<ServiceId> {
    services.iter().map(|id| (*id).clone()).collect()
}

pub(super) fn runs(service: &ServiceId) -> StepId {
    Work::Runs { service: service.clone() }.id()
}

/// What is worked out on the way.
pub(super) struct Facts<'a> {
    plan: &'a Plan,
    lost: &'a Lost,
    /// The services that something lost was under.
    pub hit: BTreeSet<&'a ServiceId>,
    pub down: BTreeSet<&'a ServiceId>,
    lost_assets: BTreeMap<&'a ServiceId, BTreeSet<&'a AssetId>>,
    /// The crew of the first lost asset of each service that has one.
    crews: BTreeMap<&'a ServiceId, &'a CrewId>,
    /// The backups that must be restored, each with the services that were hit and need it.
    backups: Vec<(&'a Backup, BTreeSet<&'a ServiceId>)>,
    /// The procedures that are followed, each with the services that were hit and that it names.
    procedures: Vec<(&'a Procedure, BTreeSet<&'a ServiceId>)>,
}

impl<'a> Facts<'a> {
    fn new(plan: &'a Plan, lost: &'a Lost) -> Facts<'a> {
        let is_lost = |id: &AssetId| lost.assets.contains_key(id);
        let mut hit: BTreeSet<&'a ServiceId> = lost.hit.keys().collect();
        let mut lost_assets: BTreeMap<&'a ServiceId, BTreeSet<&'a AssetId>> = BTreeMap::new();
        let mut crews = BTreeMap::new();
        for asset in plan.assets().filter(|asset| is_lost(&asset.id)) {
            for service in &asset.services {
                hit.insert(service);
                if let Some(crew) = &asset.crew {
                    crews.entry(service).or_insert(crew);
                }
                lost_assets.entry(service).or_default().insert(&asset.id);
            }
        }
        for backup in plan.backups().filter(|backup| backup.asset.as_ref().is_some_and(is_lost)) {
            hit.extend(&backup.service);
        }
        let mut down = hit.clone();
        // Services do not need one another in a circle, so this ends after as many rounds as the longest chain.
        loop {
            let more: Vec<&ServiceId> = plan
                .services()
                .filter(|s| !down.contains(&s.id) && s.needs.iter().any(|need| down.contains(need)))
                .map(|service| &service.id)
                .collect();
            if more.is_empty() {
                break;
            }
            down.extend(more);
        }
        let mut facts =
            Facts { plan, lost, hit, down, lost_assets, crews, backups: Vec::new(), procedures: Vec::new() };
        facts.backups =
            plan.backups().filter_map(|backup| Some((backup, facts.must_restore(backup)?))).collect();
        facts.procedures = plan
            .procedures()
            .filter(|procedure| procedure.purpose == Purpose::Restore)
            .filter_map(|procedure| {
                let services: BTreeSet<&ServiceId> =
                    procedure.services.iter().filter(|id| facts.hit.contains(id)).collect();
                let any = !procedure.steps.is_empty()
                    && (!services.is_empty() || procedure.assets.iter().any(is_lost));
                any.then_some((procedure, services))
            })
            .collect();
        facts
    }

    /// The services that were hit and need a backup, if it must be restored.
    fn must_restore(&self, backup: &'a Backup) -> Option<BTreeSet<&'a ServiceId>> {
        let asset = backup.asset.as_ref().and_then(|id| self.plan.asset(id));
        let of: Vec<&'a ServiceId> = match (&backup.service, asset) {
            (Some(service), _) => vec![service],
            (None, Some(asset)) => asset.services.iter().collect(),
            (None, None) => Vec::new(),
        };
        let asset_lost = asset.is_some_and(|asset| self.lost.assets.contains_key(&asset.id));
        let said_lost = of.iter().any(|service| self.lost.hit.contains_key(*service));
        let homeless = asset.is_none() && of.iter().any(|service| self.hit.contains(service));
        let must = asset_lost || said_lost || homeless;
        must.then(|| of.into_iter().filter(|service| self.hit.contains(service)).collect())
    }

    /// The services that a service needs and that are down.
    pub fn needs_of(&self, service: &ServiceId) -> impl Iterator<Item = &'a ServiceId> + use<'a, '_> {
        let needs = self.plan.service(service).map(|service| service.needs.as_slice()).unwrap_or_default();
        needs.iter().filter(|need| self.down.contains(need))
    }

    /// The work that is done for services, backups first, each with the services that were hit and that it is for.
    pub fn units(&self) -> impl Iterator<Item = (Unit, &BTreeSet<&'a ServiceId>)> {
        let backups = self.backups.iter().enumerate().map(|(n, (_, services))| (Unit::Backup(n), services));
        let procedures = self.procedures.iter().enumerate();
        backups.chain(procedures.map(|(n, (_, services))| (Unit::Procedure(n), services)))
    }

    /// The running services that work for these services waits for.
    fn running(&self, services: &BTreeSet<&'a ServiceId>) -> BTreeSet<StepId> {
        services.iter().flat_map(|service| self.needs_of(service)).map(runs).collect()
    }

    /// What must be done before a lost asset is ready for its data.
    fn ready(&self, asset: &AssetId, last_steps: &BTreeMap<&AssetId, BTreeSet<StepId>>) -> BTreeSet<StepId> {
        if !self.lost.assets.contains_key(asset) {
            return BTreeSet::new();
        }
        let replaced = || BTreeSet::from([Work::Replace { asset: asset.clone() }.id()]);
        last_steps.get(asset).cloned().unwrap_or_else(replaced)
    }
}

impl<'a> Expected<'a> {
    /// Works out what must be there. `rebuilt` are the backups of which it is said that no snapshot is left: whether that
    /// is so, the plan cannot tell.
    pub fn new(plan: &'a Plan, lost: &'a Lost, rebuilt: &BTreeSet<&BackupId>) -> Expected<'a> {
        let facts = Facts::new(plan, lost);
        let mut expected = Duties::default();
        for asset in plan.assets().filter(|asset| lost.assets.contains_key(&asset.id)) {
            expected.must_replace(asset, lost);
        }
        let mut last_steps: BTreeMap<&AssetId, BTreeSet<StepId>> = BTreeMap::new();
        for (procedure, _) in facts.procedures.iter().filter(|(_, hit)| hit.is_empty()) {
            let assets: Vec<&AssetId> =
                procedure.assets.iter().filter(|id| lost.assets.contains_key(*id)).collect();
            let after = assets.iter().map(|id| Work::Replace { asset: (*id).clone() }.id()).collect();
            let of: BTreeSet<&ServiceId> =
                assets.iter().filter_map(|id| plan.asset(id)).flat_map(|asset| &asset.services).collect();
            let last = expected.must_follow(procedure, after, None, &owned(&of));
            for asset in assets {
                last_steps.entry(asset).or_default().insert(last.clone());
            }
        }
        let ready = |assets: &BTreeSet<&AssetId>| -> BTreeSet<StepId> {
            assets.iter().flat_map(|asset| facts.ready(asset, &last_steps)).collect()
        };
        let none = BTreeSet::new();
        let on = |service: &ServiceId| facts.lost_assets.get(service).unwrap_or(&none);
        for (number, (backup, services)) in facts.backups.iter().enumerate() {
            let (assets, crew) = match (&backup.asset, &backup.service) {
                (Some(id), _) => (BTreeSet::from([id]), plan.asset(id).and_then(|asset| asset.crew.as_ref())),
                (None, Some(service)) => (on(service).clone(), facts.crews.get(service).copied()),
                (None, None) => Default::default(),
            };
            let mut needs = ready(&assets);
            needs.extend(facts.running(services));
            let hands = crew.cloned().map_or(Hands::Anyone, Hands::Crew);
            expected.duties.insert(
                restored(&backup.id, rebuilt),
                Duty { hands, needs, unit: Some(Unit::Backup(number)), run: None, services: owned(services) },
            );
            for service in services {
                expected.data.entry((*service).clone()).or_default().insert(backup.id.clone());
            }
        }
        // What a service waits for beside its assets and its needs: its data, then its procedures too.
        let mut work: BTreeMap<&ServiceId, BTreeSet<StepId>> = BTreeMap::new();
        for (service, backups) in &expected.data {
            let data = backups.iter().map(|backup| restored(backup, rebuilt)).collect();
            work.extend(facts.hit.get(service).map(|service| (*service, data)));
        }
        let data = work.clone();
        let late = facts.procedures.iter().enumerate().filter(|(_, (_, hit))| !hit.is_empty());
        for (number, (procedure, services)) in late {
            let mut assets: BTreeSet<&AssetId> = procedure.assets.iter().collect();
            assets.extend(services.iter().flat_map(|service| on(service)));
            let mut needs = ready(&assets);
            needs.extend(services.iter().filter_map(|service| data.get(service)).flatten().cloned());
            needs.extend(facts.running(services));
            let last =
                expected.must_follow(procedure, needs, Some(Unit::Procedure(number)), &owned(services));
            for service in services {
                work.entry(service).or_default().insert(last.clone());
            }
        }
        for service in &facts.down {
            let mut needs: BTreeSet<StepId> = facts.needs_of(service).map(runs).collect();
            if facts.hit.contains(service) {
                let check = Work::Check { service: (*service).clone() }.id();
                let mut before = needs.clone();
                before.extend(ready(on(service)));
                before.extend(work.get(service).into_iter().flatten().cloned());
                expected.duties.insert(
                    check.clone(),
                    Duty {
                        hands: Hands::Nobody,
                        needs: before,
                        unit: None,
                        run: None,
                        services: vec![(*service).clone()],
                    },
                );
                needs.insert(check);
            }
            expected.duties.insert(
                runs(service),
                Duty {
                    hands: Hands::Nobody,
                    needs,
                    unit: None,
                    run: None,
                    services: vec![(*service).clone()],
                },
            );
        }
        Expected { duties: expected.duties, data: expected.data, facts }
    }
}

/// What is found, while it is.
#[derive(Default)]
struct Duties {
    duties: BTreeMap<StepId, Duty>,
    data: BTreeMap<ServiceId, BTreeSet<BackupId>>,
}

impl Duties {
    /// A lost asset is replaced, and delivered before unless the city has another itself, or it comes with something else:
    /// then replacing it takes a moment.
    fn must_replace(&mut self, asset: &Asset, lost: &Lost) {
        let mut needs = BTreeSet::new();
        let gone = asset.supplier.as_ref().is_some_and(|supplier| lost.suppliers.contains(supplier));
        let delivered = match asset.replace {
            Some(time) => gone || asset.supplier.is_some() && time > SignedDuration::from_secs(1),
            None => true,
        };
        if delivered {
            let id = Work::Deliver { asset: asset.id.clone() }.id();
            let duty = Duty {
                hands: Hands::Nobody,
                needs: BTreeSet::new(),
                unit: None,
                run: None,
                services: asset.services.clone(),
            };
            self.duties.insert(id.clone(), duty);
            needs.insert(id);
        }
        let hands = asset.crew.clone().map_or(Hands::Anyone, Hands::Crew);
        self.duties.insert(
            Work::Replace { asset: asset.id.clone() }.id(),
            Duty { hands, needs, unit: None, run: None, services: asset.services.clone() },
        );
    }

    /// A procedure's steps are done one after the other; the last one's name.
    fn must_follow(
        &mut self,
        procedure: &Procedure,
        mut needs: BTreeSet<StepId>,
        mut unit: Option<Unit>,
        services: &[ServiceId],
    ) -> StepId {
        let name = |number: usize| Work::Procedure { procedure: procedure.id.clone(), number }.id();
        for (index, step) in procedure.steps.iter().enumerate() {
            let crew = step.crew.clone().or_else(|| procedure.crew.clone());
            let hands = crew.map_or(Hands::Anyone, Hands::Crew);
            let before = std::mem::replace(&mut needs, BTreeSet::from([name(index + 1)]));
            self.duties.insert(
                name(index + 1),
                Duty {
                    hands,
                    needs: before,
                    unit: unit.take(),
                    run: step.run.clone(),
                    services: services.to_vec(),
                },
            );
        }
        name(procedure.steps.len())
    }
}
