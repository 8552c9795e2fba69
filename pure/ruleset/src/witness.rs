//! Looking into a diagram: one packet's leaf, a packet for a leaf, and all ways to it.

use crate::diagram::{Diagram, Leaf, Space};
use crate::{Field, Packet, Range};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Packets that a diagram treats alike: those whose fields lie in these ranges. Fields not named may have any value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// The fields that matter, in order, each with its range.
    pub ranges: Vec<(Field, Range)>,
    /// What they come to.
    pub leaf: Leaf,
}

impl Region {
    /// The packet with the lowest values.
    #[must_use]
    pub fn packet(&self) -> Packet {
        Packet(self.ranges.iter().map(|(field, range)| (*field, range.first)).collect())
    }
}

impl Space {
    /// The leaf that one packet comes to.
    #[must_use]
    pub fn leaf_of(&self, diagram: Diagram, packet: &Packet) -> Leaf {
        let mut at = diagram;
        loop {
            match (at.as_leaf(), self.field(at)) {
                (None, Some(field)) => {
                    // A value that the field cannot have is taken for its last.
                    let value = packet.get(field).min(field.whole().last);
                    at = self.cell(self.cell_of(at, value)).1;
                }
                (leaf, _) => return leaf.unwrap_or_default(),
            }
        }
    }

    /// Some packets that come to such a leaf, the lowest first.
    #[must_use]
    pub fn witness(&self, diagram: Diagram, wanted: impl Fn(Leaf) -> bool) -> Option<Region> {
        self.regions(diagram, wanted, 1).pop()
    }

    /// The packets that come to such leaves, in regions without overlap and in order; at most so many regions.
    #[must_use]
    pub fn regions(&self, diagram: Diagram, wanted: impl Fn(Leaf) -> bool, max: usize) -> Vec<Region> {
        let mut search = Search {
            space: self,
            wanted: &wanted,
            barren: HashMap::with_hasher(FixedState::with_seed(0)),
            way: Vec::new(),
            found: Vec::new(),
            max,
        };
        search.see(diagram);
        search.found
    }

    /// The nodes that a diagram consists of.
    #[must_use]
    pub fn nodes_of(&self, diagram: Diagram) -> usize {
        let mut seen = HashMap::with_hasher(FixedState::with_seed(0));
        let mut waiting = vec![diagram];
        while let Some(next) = waiting.pop() {
            if next.as_leaf().is_none() && seen.insert(next, ()).is_none() {
                waiting.extend(self.span(next).map(|at| self.cell(at).1));
            }
        }
        seen.len()
    }
}

impl Space {
    /// How many intervals a diagram consists of, counted as far as `max`.
    pub(crate) fn intervals_of(&self, diagram: Diagram, max: usize) -> usize {
        let mut seen = HashMap::with_hasher(FixedState::with_seed(0));
        let mut waiting = vec![diagram];
        let mut count = 0;
        while let Some(next) = waiting.pop()
            && count < max
        {
            if next.as_leaf().is_none() && seen.insert(next, ()).is_none() {
                count += self.span(next).len();
                waiting.extend(self.span(next).map(|at| self.cell(at).1));
            }
        }
        count.min(max)
    }
}

struct Search<'a, F> {
    space: &'a Space,
    wanted: &'a F,
    /// Diagrams in which there is nothing to find.
    barren: HashMap<Diagram, (), FixedState>,
    way: Vec<(Field, Range)>,
    found: Vec<Region>,
    max: usize,
}

impl<F: Fn(Leaf) -> bool> Search<'_, F> {
    fn see(&mut self, diagram: Diagram) {
        if self.found.len() >= self.max {
            return;
        }
        if let Some(leaf) = diagram.as_leaf() {
            if (self.wanted)(leaf) {
                self.found.push(Region { ranges: self.way.clone(), leaf });
            }
            return;
        }
        let Some(field) = self.space.field(diagram) else { return };
        let nothing = self.space.leaves(diagram).each().is_some_and(|mut leaves| !leaves.any(self.wanted));
        if nothing || self.barren.contains_key(&diagram) {
            return;
        }
        let found = self.found.len();
        let mut first = 0;
        for at in self.space.span(diagram) {
            let (last, child) = self.space.cell(at);
            self.way.push((field, Range { first, last }));
            self.see(child);
            self.way.pop();
            first = last.saturating_add(1);
        }
        if self.found.len() == found {
            self.barren.insert(diagram, ());
        }
    }
}
