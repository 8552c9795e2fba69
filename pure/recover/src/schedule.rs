//! Who does what when: steps taken up as soon as they can begin and hands are free, the most urgent first.

use crate::{Because, graph::Graph};
use std::{cmp::Reverse, collections::BinaryHeap};

/// When each step begins and ends, in seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Times {
    pub start: Vec<i64>,
    pub end: Vec<i64>,
    /// The step that the same pair of hands did before.
    pub before: Vec<Option<usize>>,
}

impl Times {
    pub fn start(&self, step: usize) -> i64 {
        self.start.get(step).copied().unwrap_or_default()
    }

    pub fn end(&self, step: usize) -> i64 {
        self.end.get(step).copied().unwrap_or_default()
    }

    /// When the last step ends.
    pub fn last(&self) -> i64 {
        self.end.iter().copied().max().unwrap_or_default()
    }
}

/// Where a schedule begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Begun {
    /// Nothing else begins before.
    pub now: i64,
    /// The steps that have begun, with their start and their end, known or expected; by step. May be empty.
    pub steps: Vec<Option<(i64, i64)>>,
}

/// One pair of hands: when it is free, and what it did last.
type Lane = (i64, usize);

/// Plans by list scheduling: whenever hands are free, the step of the lowest rank that can begin is begun.
pub(crate) fn schedule(graph: &Graph, seconds: &[i64], ranks: &[u32], begun: &Begun) -> Times {
    let count = graph.nodes.len();
    let mut work = At {
        graph,
        seconds,
        ranks,
        times: Times {
            start: vec![begun.now; count],
            end: vec![begun.now; count],
            before: vec![None; count],
        },
        open: graph.nodes.iter().map(|node| node.needs.len()).collect(),
        ends: BinaryHeap::new(),
        ready: vec![BinaryHeap::new(); graph.crews.len()],
        free: graph.crews.iter().map(|people| i64::from(*people)).collect(),
        lanes: vec![Vec::new(); graph.crews.len()],
        touched: Vec::new(),
        begun: vec![false; count],
    };
    for (step, times) in begun.steps.iter().enumerate() {
        if let Some((start, end)) = *times {
            work.continue_with(step, start, end, begun.now);
        }
    }
    for step in 0..count {
        if work.open.get(step) == Some(&0) {
            work.can_begin(step, begun.now);
        }
    }
    let mut now = begun.now;
    loop {
        // All that ends at one moment frees its hands before any are given out again.
        while let Some(Reverse((_, step))) = work.next_end(now) {
            work.is_done(step, now);
        }
        work.begin_where_hands_are_free(now);
        match work.ends.peek() {
            Some(Reverse((next, _))) => now = *next,
            None => break,
        }
    }
    work.times
}

/// A schedule as far as it has come.
struct At<'g> {
    graph: &'g Graph,
    seconds: &'g [i64],
    ranks: &'g [u32],
    times: Times,
    /// How many needs of each step are not done.
    open: Vec<usize>,
    ends: BinaryHeap<Reverse<(i64, usize)>>,
    /// What can begin, for each crew.
    ready: Vec<BinaryHeap<Reverse<(u32, usize)>>>,
    /// How many more steps each crew can take up; below nothing where people took up more than the plan says they can.
    free: Vec<i64>,
    lanes: Vec<Vec<Lane>>,
    /// The crews of which hands or steps became free.
    touched: Vec<usize>,
    begun: Vec<bool>,
}

impl At<'_> {
    /// A step that has begun before now goes on, or is done.
    fn continue_with(&mut self, step: usize, start: i64, end: i64, now: i64) {
        let Some(node) = self.graph.nodes.get(step) else { return };
        self.set(step, start, end);
        self.ends.push(Reverse((end.max(now), step)));
        if let Some(crew) = node.crew {
            if let Some(free) = self.free.get_mut(crew) {
                *free -= 1;
            }
            if let Some(lanes) = self.lanes.get_mut(crew).filter(|_| end > now) {
                lanes.push((end, step));
            }
        }
    }

    fn set(&mut self, step: usize, start: i64, end: i64) {
        if let (Some(s), Some(e), Some(b)) =
            (self.times.start.get_mut(step), self.times.end.get_mut(step), self.begun.get_mut(step))
        {
            (*s, *e, *b) = (start, end, true);
        }
    }

    /// All that a step needs is done.
    fn can_begin(&mut self, step: usize, now: i64) {
        if self.begun.get(step) != Some(&false) {
            return;
        }
        match self.graph.nodes.get(step).and_then(|node| node.crew) {
            None => {
                let end = now + self.seconds.get(step).copied().unwrap_or_default();
                self.set(step, now, end);
                self.ends.push(Reverse((end, step)));
            }
            Some(crew) => {
                let rank = self.ranks.get(step).copied().unwrap_or(u32::MAX);
                if let Some(ready) = self.ready.get_mut(crew) {
                    ready.push(Reverse((rank, step)));
                }
                self.touched.push(crew);
            }
        }
    }

    fn next_end(&mut self, now: i64) -> Option<Reverse<(i64, usize)>> {
        let Reverse((end, _)) = self.ends.peek()?;
        if *end <= now { self.ends.pop() } else { None }
    }

    fn is_done(&mut self, step: usize, now: i64) {
        if let Some(crew) = self.graph.nodes.get(step).and_then(|node| node.crew) {
            if let Some(free) = self.free.get_mut(crew) {
                *free += 1;
            }
            self.touched.push(crew);
        }
        let graph = self.graph;
        for follower in graph.followers.get(step).into_iter().flatten() {
            let Some(open) = self.open.get_mut(*follower) else { continue };
            *open -= 1;
            if *open == 0 {
                self.can_begin(*follower, now);
            }
        }
    }

    fn begin_where_hands_are_free(&mut self, now: i64) {
        let mut touched = std::mem::take(&mut self.touched);
        for crew in touched.drain(..) {
            while self.free.get(crew).is_some_and(|free| *free > 0) {
                let Some(Reverse((_, step))) = self.ready.get_mut(crew).and_then(BinaryHeap::pop) else {
                    break;
                };
                let end = now + self.seconds.get(step).copied().unwrap_or_default().max(1);
                self.set(step, now, end);
                self.ends.push(Reverse((end, step)));
                if let Some(free) = self.free.get_mut(crew) {
                    *free -= 1;
                }
                self.take_lane(crew, step, now, end);
            }
        }
        self.touched = touched;
    }

    /// Gives a step the hands that became free last, so that who waited for hands follows whom it waited for.
    fn take_lane(&mut self, crew: usize, step: usize, now: i64, end: i64) {
        let people = self.graph.crews.get(crew).copied().unwrap_or(1) as usize;
        let Some(lanes) = self.lanes.get_mut(crew) else { return };
        let latest =
            (0..).zip(lanes.iter()).filter(|(_, (free, _))| *free <= now).max_by_key(|(_, (free, _))| *free);
        let latest: Option<usize> = latest.map(|(number, _)| number);
        match latest {
            Some(number) => {
                if let Some(lane) = lanes.get_mut(number) {
                    if let Some(before) = self.times.before.get_mut(step) {
                        *before = Some(lane.1);
                    }
                    *lane = (end, step);
                }
            }
            None if lanes.len() < people => lanes.push((end, step)),
            // More hands are at work than the plan has; whoever is free first was counted above.
            None => {}
        }
    }
}

/// How much later each step may end without the last one ending later, while all hands keep their order.
pub(crate) fn slack(graph: &Graph, times: &Times) -> Vec<i64> {
    let count = graph.nodes.len();
    let mut after_in_lane = vec![None; count];
    for (step, before) in times.before.iter().enumerate() {
        if let Some(slot) = before.and_then(|before| after_in_lane.get_mut(before)) {
            *slot = Some(step);
        }
    }
    let mut place = vec![0_usize; count];
    for (number, step) in graph.order.iter().enumerate() {
        if let Some(slot) = place.get_mut(*step) {
            *slot = number;
        }
    }
    let mut by_start: Vec<usize> = (0..count).collect();
    by_start.sort_unstable_by_key(|step| (times.start(*step), place.get(*step).copied().unwrap_or_default()));
    let last = times.last();
    let mut slack = vec![0; count];
    for step in by_start.into_iter().rev() {
        let followers = graph.followers.get(step).into_iter().flatten().copied();
        let lane = after_in_lane.get(step).copied().flatten();
        let latest = followers
            .chain(lane)
            .map(|after| times.start(after) + slack.get(after).copied().unwrap_or_default())
            .min()
            .unwrap_or(last);
        if let Some(slot) = slack.get_mut(step) {
            *slot = latest - times.end(step);
        }
    }
    slack
}

/// Why a step begins no sooner than it does: the step that it follows at once, if it follows one.
pub(crate) fn follows(graph: &Graph, times: &Times, step: usize) -> (Because, Option<usize>) {
    let start = times.start(step);
    let needs = graph.nodes.get(step).map(|node| node.needs.as_slice()).unwrap_or_default();
    // Of several that end just then, the one that took longest says most; a moment says least.
    let need = needs.iter().copied().filter(|need| times.end(*need) == start);
    if let Some(need) = need.max_by_key(|need| (start - times.start(*need), Reverse(*need))) {
        return (Because::Needs, Some(need));
    }
    match times.before.get(step).copied().flatten().filter(|before| times.end(*before) == start) {
        Some(before) => (Because::Busy, Some(before)),
        None => (Because::First, None),
    }
}

/// The chain of steps that decides when a step ends, the first first: the last of it, if it is longer than `most`.
pub(crate) fn path_to(graph: &Graph, times: &Times, step: usize, most: usize) -> Vec<(usize, Because)> {
    let mut path = Vec::new();
    let mut next = Some(step);
    // A step follows an earlier one, so that no chain is longer than there are steps.
    while let Some(step) = next.filter(|_| path.len() < most.min(graph.nodes.len())) {
        let (because, before) = follows(graph, times, step);
        path.push((step, because));
        next = before;
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests;
