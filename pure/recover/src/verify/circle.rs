//! Which services cannot run without work that is done for several services at once.

use super::expected::{Facts, Unit};
use city::ServiceId;
use std::collections::{BTreeMap, BTreeSet};

/// Who waits for whom: services by number, and behind them the work that is done for them.
pub(super) struct Waits<'a> {
    services: BTreeMap<&'a ServiceId, usize>,
    units: BTreeMap<Unit, (usize, &'a BTreeSet<&'a ServiceId>)>,
    /// Those that wait for each.
    waiting: Vec<Vec<usize>>,
}

impl<'a> Waits<'a> {
    pub fn new(facts: &'a Facts<'a>) -> Waits<'a> {
        let services: BTreeMap<&ServiceId, usize> = facts.down.iter().copied().zip(0..).collect();
        let numbered = (services.len()..).zip(facts.units());
        let units: BTreeMap<Unit, (usize, &BTreeSet<&ServiceId>)> =
            numbered.map(|(number, (unit, services))| (unit, (number, services))).collect();
        let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); services.len() + units.len()];
        let mut waits =
            |who: usize, whom: usize| waiting.get_mut(whom).into_iter().for_each(|list| list.push(who));
        let needs_of =
            |service: &ServiceId| facts.needs_of(service).filter_map(|need| services.get(need).copied());
        for (service, number) in &services {
            needs_of(service).for_each(|need| waits(*number, need));
        }
        let mut data: BTreeMap<&ServiceId, Vec<usize>> = BTreeMap::new();
        // Backups stand before procedures, so that all data are known when procedures are looked at.
        for (unit, (number, of)) in &units {
            for service in *of {
                services.get(service).into_iter().for_each(|service| waits(*service, *number));
                needs_of(service).for_each(|need| waits(*number, need));
                match unit {
                    Unit::Backup(_) => data.entry(service).or_default().push(*number),
                    Unit::Procedure(_) => {
                        data.get(service).into_iter().flatten().for_each(|data| waits(*number, *data));
                    }
                }
            }
        }
        Waits { services, units, waiting }
    }

    /// The services that some work would wait for and that cannot run before it is done, by way of whatever waits for it.
    pub fn wait_themselves(&self, facts: &Facts<'a>, work: Unit) -> Vec<&'a ServiceId> {
        let Some((number, of)) = self.units.get(&work) else { return Vec::new() };
        let mut reached = vec![false; self.waiting.len()];
        let mut next = vec![*number];
        while let Some(awaited) = next.pop() {
            for waiting in self.waiting.get(awaited).into_iter().flatten() {
                if let Some(reached) = reached.get_mut(*waiting).filter(|reached| !**reached) {
                    *reached = true;
                    next.push(*waiting);
                }
            }
        }
        let wanted = of.iter().flat_map(|service| facts.needs_of(service));
        let waits = |service: &&ServiceId| {
            self.services.get(*service).and_then(|number| reached.get(*number)) == Some(&true)
        };
        wanted.filter(waits).collect()
    }
}
