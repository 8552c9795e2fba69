//! Which services cannot run without work that is done for several services at once.

use super::expected::Facts;
use city::ServiceId;
use std::collections::{BTreeMap, BTreeSet};

/// The services that cannot run before work for other services is done: those, whatever needs them,
/// and whatever shares other work with what needs them, for that other work waits as well.
pub(super) fn cannot_run_without(facts: &Facts<'_>, services: &[ServiceId]) -> BTreeSet<ServiceId> {
    let mut needed_by: BTreeMap<&ServiceId, Vec<&ServiceId>> = BTreeMap::new();
    for service in &facts.down {
        for need in facts.needs_of(service) {
            needed_by.entry(need).or_default().push(service);
        }
    }
    let mut sharing: BTreeMap<&ServiceId, Vec<&ServiceId>> = BTreeMap::new();
    for shared in facts.shared() {
        for service in shared {
            sharing.entry(service).or_default().extend(shared);
        }
    }
    let mut circle: BTreeSet<&ServiceId> = services.iter().collect();
    let mut next: Vec<&ServiceId> = services.iter().collect();
    while let Some(service) = next.pop() {
        for waiting in needed_by.get(service).into_iter().flatten() {
            // It waits itself, and so does the work that it shares.
            let others = sharing.get(waiting).into_iter().flatten();
            for other in [waiting].into_iter().chain(others) {
                if circle.insert(other) {
                    next.push(other);
                }
            }
        }
    }
    circle.into_iter().cloned().collect()
}
