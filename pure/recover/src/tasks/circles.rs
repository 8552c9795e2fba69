//! Which running services a backup or a procedure for several services waits for.

/// A backup to restore or a procedure to follow, as far as services are concerned.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// The services that it is for.
    pub services: Vec<usize>,
    /// The services that those need: it waits for them, unless they cannot run without it.
    pub wants: Vec<usize>,
    /// The units that it comes after: the data that a procedure works with.
    pub after: Vec<usize>,
}

impl Unit {
    pub fn new(mut services: Vec<usize>, needs: &[Vec<usize>]) -> Unit {
        services.sort_unstable();
        services.dedup();
        let mut wants: Vec<usize> =
            services.iter().flat_map(|service| needs.get(*service).into_iter().flatten().copied()).collect();
        wants.sort_unstable();
        wants.dedup();
        Unit { services, wants, after: Vec::new() }
    }
}

/// For each unit, the services that it waits for: those it wants, but for those that it is in a circle with. A service
/// waits for what it needs and for its units.
pub(super) fn waits(needs: &[Vec<usize>], units: &[Unit]) -> Vec<Vec<usize>> {
    let services = needs.len();
    let mut waits_for = needs.to_vec();
    for (number, unit) in units.iter().enumerate() {
        for service in &unit.services {
            if let Some(list) = waits_for.get_mut(*service) {
                list.push(services + number);
            }
        }
    }
    waits_for.extend(units.iter().map(|unit| {
        let after = unit.after.iter().map(|other| services + other);
        unit.wants.iter().copied().chain(after).collect()
    }));
    let circle = circles(&waits_for);
    let of = |node: usize| circle.get(node).copied();
    let apart = |number: usize, want: usize| of(want) != of(services + number);
    units
        .iter()
        .enumerate()
        .map(|(number, unit)| unit.wants.iter().copied().filter(|want| apart(number, *want)).collect())
        .collect()
}

/// The number of the strongly connected component of each node (Tarjan 1972), without recursion.
fn circles(edges: &[Vec<usize>]) -> Vec<usize> {
    const NEW: usize = usize::MAX;
    let count = edges.len();
    let (mut seen, mut low, mut component) = (vec![NEW; count], vec![NEW; count], vec![NEW; count]);
    let (mut clock, mut components) = (0, 0);
    let mut stack: Vec<usize> = Vec::new();
    let mut path: Vec<(usize, usize)> = Vec::new();
    let at = |list: &[usize], node: usize| list.get(node).copied().unwrap_or(NEW);
    let put = |list: &mut [usize], node: usize, value: usize| {
        if let Some(slot) = list.get_mut(node) {
            *slot = value;
        }
    };
    for root in 0..count {
        if at(&seen, root) != NEW {
            continue;
        }
        path.push((root, 0));
        while let Some((node, followed)) = path.last_mut() {
            let node = *node;
            if *followed == 0 {
                put(&mut seen, node, clock);
                put(&mut low, node, clock);
                clock += 1;
                stack.push(node);
            }
            let next = edges.get(node).and_then(|edges| edges.get(*followed)).copied();
            *followed += 1;
            match next {
                Some(next) if at(&seen, next) == NEW => path.push((next, 0)),
                Some(next) if at(&component, next) == NEW => {
                    let least = at(&low, node).min(at(&seen, next));
                    put(&mut low, node, least);
                }
                Some(_) => {}
                None => {
                    path.pop();
                    if at(&low, node) == at(&seen, node) {
                        while let Some(member) = stack.pop() {
                            put(&mut component, member, components);
                            if member == node {
                                break;
                            }
                        }
                        components += 1;
                    }
                    if let Some((parent, _)) = path.last() {
                        let least = at(&low, *parent).min(at(&low, node));
                        put(&mut low, *parent, least);
                    }
                }
            }
        }
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_does_not_wait_for_what_cannot_run_without_it() {
        // 1 needs 0; 2 needs 1. A unit is for 0 and 2: waiting for 1 would be waiting for itself.
        let needs = [vec![], vec![0], vec![1]];
        let units = [Unit::new(vec![0, 2], &needs), Unit::new(vec![2], &needs)];
        assert_eq!(waits(&needs, &units), [vec![], vec![1]]);
    }

    #[test]
    fn data_that_a_shared_procedure_works_with_does_not_wait_for_a_service_behind_it() {
        // 1 needs 0; a procedure for both works with the data of 1.
        let needs = [vec![], vec![0]];
        let data = Unit::new(vec![1], &needs);
        let procedure = Unit { after: vec![0], ..Unit::new(vec![0, 1], &needs) };
        let none: Vec<usize> = Vec::new();
        assert_eq!(waits(&needs, &[data, procedure]), [none.clone(), none]);
    }

    #[test]
    fn two_units_that_wait_for_each_other_wait_for_neither() {
        // 0 needs 2 and 3 needs 1; one unit for 0 and 1, one for 2 and 3.
        let needs = [vec![2], vec![], vec![], vec![1]];
        let units = [Unit::new(vec![0, 1], &needs), Unit::new(vec![2, 3], &needs)];
        let none: Vec<usize> = Vec::new();
        assert_eq!(waits(&needs, &units), [none.clone(), none]);
    }
}
