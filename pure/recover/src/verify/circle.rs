//! Which services cannot run without work that is done for several services at once.

use super::expected::{Facts, Unit};
use city::ServiceId;
use std::collections::{BTreeMap, BTreeSet};

/// Something that others wait for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Awaited<'a> {
    Running(&'a ServiceId),
    Work(Unit),
}

/// The services that cannot run before some work is done, by way of whatever waits for it.
pub(super) fn cannot_run_without<'a>(facts: &'a Facts<'a>, work: Unit) -> BTreeSet<ServiceId> {
    let mut waiting: BTreeMap<Awaited<'a>, Vec<Awaited<'a>>> = BTreeMap::new();
    let mut waits = |who: Awaited<'a>, whom: Awaited<'a>| waiting.entry(whom).or_default().push(who);
    for service in &facts.down {
        for need in facts.needs_of(service) {
            waits(Awaited::Running(service), Awaited::Running(need));
        }
    }
    let mut data: BTreeMap<&ServiceId, Vec<Unit>> = BTreeMap::new();
    for (unit, services) in facts.units() {
        for service in services {
            waits(Awaited::Running(service), Awaited::Work(unit));
            for need in facts.needs_of(service) {
                waits(Awaited::Work(unit), Awaited::Running(need));
            }
            match unit {
                Unit::Backup(_) => data.entry(service).or_default().push(unit),
                // Backups come first, so that all data are known here.
                Unit::Procedure(_) => {
                    for data in data.get(service).into_iter().flatten() {
                        waits(Awaited::Work(unit), Awaited::Work(*data));
                    }
                }
            }
        }
    }
    let mut cannot: BTreeSet<Awaited<'a>> = BTreeSet::new();
    let mut next = vec![Awaited::Work(work)];
    while let Some(awaited) = next.pop() {
        for waiting in waiting.get(&awaited).into_iter().flatten() {
            if cannot.insert(*waiting) {
                next.push(*waiting);
            }
        }
    }
    cannot
        .into_iter()
        .filter_map(|awaited| match awaited {
            Awaited::Running(service) => Some(service.clone()),
            Awaited::Work(_) => None,
        })
        .collect()
}
