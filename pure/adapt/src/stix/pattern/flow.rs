//! Giving each demand as many observations as it asks for, none more often than it was observed.

use super::candidates::{OutOfSteps, Steps};
use crate::stix::ObservedData;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// So many observations out of these, begun by one moment and not over before another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand<'n> {
    pub(super) candidates: &'n [usize],
    pub(super) times: u64,
    pub(super) begun_by: Timestamp,
    pub(super) not_over_at: Timestamp,
}

/// Serves every demand if that is possible, and says which observations it takes. What is taken first is given up again
/// where another demand can use nothing else (augmenting paths, the shortest first).
pub(super) fn serve(
    demands: &[Demand<'_>],
    observed: &[ObservedData],
    steps: &mut Steps,
) -> Result<Option<Vec<usize>>, OutOfSteps> {
    steps.take(1 + demands.len() as u64)?;
    let held = vec![BTreeMap::new(); demands.len()];
    let mut table = Table { demands, observed, held, holders: BTreeMap::new(), taken: BTreeMap::new() };
    for demand in 0..demands.len() {
        if !table.serve(demand, steps)? {
            return Ok(None);
        }
    }
    Ok(Some(
        table.holders.iter().filter(|(_, holders)| !holders.is_empty()).map(|(place, _)| *place).collect(),
    ))
}

struct Table<'t> {
    demands: &'t [Demand<'t>],
    observed: &'t [ObservedData],
    /// By demand: how often it has which observation.
    held: Vec<BTreeMap<usize, u64>>,
    /// By observation: which demands have it.
    holders: BTreeMap<usize, BTreeSet<usize>>,
    /// By observation: how often it is held in all.
    taken: BTreeMap<usize, u64>,
}

impl<'t> Table<'t> {
    /// The observations that a demand could take.
    fn suitable(&self, demand: usize) -> impl Iterator<Item = usize> + use<'t> {
        let Table { demands, observed, .. } = *self;
        demands.get(demand).into_iter().flat_map(move |demand| {
            let suits = |place: &&usize| {
                observed
                    .get(**place)
                    .is_some_and(|o| o.first() <= demand.begun_by && o.last() >= demand.not_over_at)
            };
            demand.candidates.iter().filter(suits).copied()
        })
    }

    fn has(&self, demand: usize, place: usize) -> u64 {
        self.held.get(demand).and_then(|held| held.get(&place)).copied().unwrap_or(0)
    }

    fn free(&self, place: usize) -> u64 {
        let taken = self.taken.get(&place).copied().unwrap_or(0);
        self.observed.get(place).map_or(0, |observed| observed.count().saturating_sub(taken))
    }

    fn give(&mut self, demand: usize, place: usize, times: u64) {
        if let Some(held) = self.held.get_mut(demand) {
            *held.entry(place).or_insert(0) += times;
        }
        self.holders.entry(place).or_default().insert(demand);
        *self.taken.entry(place).or_insert(0) += times;
    }

    fn take_back(&mut self, demand: usize, place: usize, times: u64) {
        let Some(held) = self.held.get_mut(demand) else { return };
        let left = held.get(&place).copied().unwrap_or(0).saturating_sub(times);
        if let Some(taken) = self.taken.get_mut(&place) {
            *taken = taken.saturating_sub(times);
        }
        if left > 0 {
            held.insert(place, left);
            return;
        }
        held.remove(&place);
        if let Some(holders) = self.holders.get_mut(&place) {
            holders.remove(&demand);
        }
    }

    fn serve(&mut self, demand: usize, steps: &mut Steps) -> Result<bool, OutOfSteps> {
        let mut wanted = self.demands.get(demand).map_or(0, |demand| demand.times);
        // First what nobody has.
        let suitable = self.suitable(demand);
        for place in suitable {
            if wanted == 0 {
                return Ok(true);
            }
            steps.take(1)?;
            let times = self.free(place).min(wanted);
            if times > 0 {
                self.give(demand, place, times);
                wanted -= times;
            }
        }
        while wanted > 0 {
            match self.reroute(demand, wanted, steps)? {
                0 => return Ok(false),
                served => wanted -= served,
            }
        }
        Ok(true)
    }

    /// Finds the shortest way by which demands can pass observations on so that this one gets more; how many more.
    fn reroute(&mut self, demand: usize, wanted: u64, steps: &mut Steps) -> Result<u64, OutOfSteps> {
        // For a demand: who would take which observation from it.
        let mut takers: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        let mut queue = VecDeque::from([demand]);
        while let Some(at) = queue.pop_front() {
            let suitable = self.suitable(at);
            for place in suitable {
                steps.take(1)?;
                let free = self.free(place);
                if free > 0 {
                    return Ok(self.pass_on(demand, at, place, free.min(wanted), &takers));
                }
                for holder in self.holders.get(&place).into_iter().flatten() {
                    steps.take(1)?;
                    if *holder != demand && !takers.contains_key(holder) {
                        takers.insert(*holder, (at, place));
                        queue.push_back(*holder);
                    }
                }
            }
        }
        Ok(0)
    }

    fn pass_on(
        &mut self,
        demand: usize,
        last: usize,
        free: usize,
        most: u64,
        takers: &BTreeMap<usize, (usize, usize)>,
    ) -> u64 {
        let mut chain = Vec::new();
        let mut at = last;
        while at != demand {
            let Some((taker, place)) = takers.get(&at) else { break };
            chain.push((at, *taker, *place));
            at = *taker;
        }
        let times = chain.iter().fold(most, |times, (holder, _, place)| times.min(self.has(*holder, *place)));
        self.give(last, free, times);
        for (holder, taker, place) in chain {
            self.take_back(holder, place, times);
            self.give(taker, place, times);
        }
        times
    }
}
