//! Functions of a packet, exact and whole: ordered interval decision diagrams with any number of outcomes.
//!
//! A [`Diagram`] says for every packet which [`Leaf`] it comes to. It is a leaf itself, or a node that asks for one field
//! and has a further diagram for each interval of that field's values; fields are asked for in the order of [`Field`].
//! Equal functions are the same diagram: nodes that say the same are kept once, neighbouring intervals that lead to the
//! same diagram are one, and a node that would not distinguish anything is not made. So a comparison costs nothing, and
//! what two functions share is looked at once.
//!
//! After Gouda and Liu, "Firewall Design: Consistency, Completeness, and Compactness", ICDCS 2004, and the interval
//! decision diagrams of Strehl and Thiele, DATE 1998, with nodes shared as Bryant does in his for Boolean functions.

use crate::{Field, Range};
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use std::hash::{BuildHasher, Hasher};

/// An outcome, by a number of the caller's. Those below 62 are quickest: a node knows which of them it can come to.
pub type Leaf = u32;

/// The outcome "nothing is said here yet" of parts that are being put together; no caller's.
pub(crate) const HOLE: Leaf = LEAF - 1;

/// Marks a diagram that is a leaf.
const LEAF: u32 = 1 << 31;

/// The longest way from a node to a leaf, which bounds how deep functions call themselves. There are 13 fields that are
/// no unknowns.
const HEIGHT_MAX: u16 = 1000;

/// A function from packets to leaves, kept in a [`Space`]. It means something only to the space that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Diagram(u32);

impl Diagram {
    /// No packet: the set that is empty.
    pub const NO: Diagram = Diagram::leaf(0);

    /// Every packet: the set of all.
    pub const YES: Diagram = Diagram::leaf(1);

    /// The same leaf for every packet. Numbers are below 2³¹ − 1.
    #[must_use]
    pub const fn leaf(leaf: Leaf) -> Diagram {
        Diagram(LEAF | leaf)
    }

    /// The leaf that every packet comes to, if it is one.
    #[must_use]
    pub const fn as_leaf(self) -> Option<Leaf> {
        if self.0 & LEAF == 0 { None } else { Some(self.0 & !LEAF) }
    }
}

/// Why something has no diagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooLarge {
    /// More intervals than the caller allowed.
    #[error("this takes more than {0} intervals to tell apart")]
    Intervals(usize),
    /// One thing depends on more unknown conditions than can be followed.
    #[error("more conditions that are not understood come one after another than can be followed")]
    Unknowns,
}

/// Where diagrams are kept, each part once. Nothing is ever removed from it.
#[derive(Clone, Debug)]
pub struct Space {
    nodes: Vec<Node>,
    /// The last value of each interval, node by node.
    lasts: Vec<u128>,
    /// What each interval leads to.
    children: Vec<Diagram>,
    /// The nodes, by what they say.
    known: HashTable<u32>,
    /// The intervals of nodes that are being made: a stack.
    cells: Vec<(u128, Diagram)>,
    limit: usize,
}

/// Asks for a field.
#[derive(Clone, Copy, Debug)]
struct Node {
    field: Field,
    /// The longest way to a leaf.
    height: u16,
    /// Where its intervals begin in the space's lists.
    begin: u32,
    end: u32,
    /// The leaves that it can come to.
    leaves: Leaves,
    /// Of what it says, so that the table of nodes can grow without reading all intervals.
    hash: u64,
}

/// A set of leaves: a bit for each below 62, one for [`HOLE`], and one for all others together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leaves(u64);

impl Leaves {
    const OTHERS: Leaves = Leaves(1 << 63);

    const fn one(leaf: Leaf) -> Leaves {
        match leaf {
            0..62 => Leaves(1 << leaf),
            HOLE => Leaves(1 << 62),
            _ => Leaves::OTHERS,
        }
    }

    const fn and(self, other: Leaves) -> Leaves {
        Leaves(self.0 | other.0)
    }

    /// Each of them, unless some are not told apart.
    pub(crate) fn each(self) -> Option<impl Iterator<Item = Leaf> + Clone> {
        let mut rest = self.0;
        let next = move || {
            let bit = rest.trailing_zeros();
            rest &= rest.wrapping_sub(1);
            (bit < 64).then_some(if bit == 62 { HOLE } else { bit })
        };
        (self.0 & Leaves::OTHERS.0 == 0).then(|| std::iter::from_fn(next))
    }
}

/// What pairs of diagrams were found to come to.
type Memo = HashMap<u64, Diagram, FixedState>;

/// Always the same: what a space holds does not depend on chance.
const HASHES: FixedState = FixedState::with_seed(0);

pub(crate) type Result<T, E = TooLarge> = std::result::Result<T, E>;

impl Space {
    /// An empty one, for at most so many intervals in all its nodes together; each takes up to some 50 bytes. What a
    /// single operation has to remember while it lasts is bounded by the same number.
    #[must_use]
    pub fn new(limit: usize) -> Space {
        Space {
            nodes: Vec::new(),
            lasts: Vec::new(),
            children: Vec::new(),
            known: HashTable::new(),
            cells: Vec::new(),
            // Numbers of nodes and intervals are 31 bits.
            limit: limit.min(LEAF as usize - 1),
        }
    }

    /// How many intervals its nodes have together.
    #[must_use]
    pub fn intervals(&self) -> usize {
        self.lasts.len()
    }

    /// How many they may be.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// How many nodes it has.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The packets of which a field lies in a range: [`Diagram::YES`] for those, [`Diagram::NO`] for others.
    ///
    /// # Errors
    ///
    /// The space is full.
    pub fn within(&mut self, field: Field, range: Range) -> Result<Diagram> {
        self.boxes(&[field], &[(&[range], 1)], 0)
    }

    /// What an operation makes of the leaves of two diagrams, packet by packet.
    ///
    /// # Errors
    ///
    /// The space is full.
    pub fn apply(
        &mut self,
        a: Diagram,
        b: Diagram,
        operation: impl Fn(Leaf, Leaf) -> Leaf,
    ) -> Result<Diagram> {
        if let Some(done) = self.at_once(a, b, &operation) {
            return Ok(done);
        }
        self.split(a, b, &operation, &mut Memo::with_hasher(HASHES))
    }

    /// The same with other leaves.
    ///
    /// # Errors
    ///
    /// The space is full.
    pub fn map(&mut self, a: Diagram, leaf: impl Fn(Leaf) -> Leaf) -> Result<Diagram> {
        self.apply(a, Diagram::NO, |a, _| leaf(a))
    }

    /// Where the first comes to a leaf, the second; elsewhere the first. This is how what follows is put after what comes
    /// first.
    ///
    /// # Errors
    ///
    /// The space is full.
    pub fn replace(&mut self, a: Diagram, leaf: Leaf, b: Diagram) -> Result<Diagram> {
        self.apply(a, b, |a, b| if a == leaf { b } else { a })
    }

    /// One diagram after another: each says what the earlier ones leave open by coming to `open`; so does the result where
    /// all of them do.
    ///
    /// Halves are put together rather than one diagram at a time, so that thousands of them take as many steps as there
    /// are, times the logarithm.
    ///
    /// # Errors
    ///
    /// The space is full.
    pub fn in_turn(&mut self, diagrams: &[Diagram], open: Leaf) -> Result<Diagram> {
        match diagrams {
            [] => Ok(Diagram::leaf(open)),
            [only] => Ok(*only),
            _ => {
                let (before, after) = diagrams.split_at(diagrams.len() / 2);
                let (before, after) = (self.in_turn(before, open)?, self.in_turn(after, open)?);
                self.replace(before, open, after)
            }
        }
    }

    /// A diagram where a set (of [`Diagram::YES`] and [`Diagram::NO`]) has the packet, and a leaf elsewhere.
    ///
    /// # Errors
    ///
    /// The space is full.
    pub fn only(&mut self, set: Diagram, a: Diagram, elsewhere: Leaf) -> Result<Diagram> {
        self.apply(set, a, |set, a| if set == 1 { a } else { elsewhere })
    }

    fn pair<F: Fn(Leaf, Leaf) -> Leaf>(
        &mut self,
        a: Diagram,
        b: Diagram,
        operation: &F,
        memo: &mut Memo,
    ) -> Result<Diagram> {
        if let Some(done) = self.at_once(a, b, operation) {
            return Ok(done);
        }
        let key = u64::from(a.0) << 32 | u64::from(b.0);
        if let Some(done) = memo.get(&key) {
            return Ok(*done);
        }
        let done = self.split(a, b, operation, memo)?;
        if memo.len() >= self.limit {
            return Err(TooLarge::Intervals(self.limit));
        }
        memo.insert(key, done);
        Ok(done)
    }

    /// The result, where the leaves that both can come to already tell it.
    fn at_once<F: Fn(Leaf, Leaf) -> Leaf>(&self, a: Diagram, b: Diagram, operation: &F) -> Option<Diagram> {
        if let (Some(a), Some(b)) = (a.as_leaf(), b.as_leaf()) {
            return Some(Diagram::leaf(operation(a, b)));
        }
        let (of_a, of_b) = (self.leaves(a).each()?, self.leaves(b).each()?);
        let (mut is_a, mut is_b, mut is_one) = (true, true, true);
        let mut one = None;
        for x in of_a {
            for y in of_b.clone() {
                // A diagram paired with itself meets no other leaf than its own.
                if a == b && x != y {
                    continue;
                }
                let leaf = operation(x, y);
                is_a &= leaf == x;
                is_b &= leaf == y;
                is_one &= *one.get_or_insert(leaf) == leaf;
            }
            if !(is_a || is_b || is_one) {
                return None;
            }
        }
        if is_one {
            one.map(Diagram::leaf)
        } else if is_a {
            Some(a)
        } else {
            Some(b)
        }
    }

    fn split<F: Fn(Leaf, Leaf) -> Leaf>(
        &mut self,
        a: Diagram,
        b: Diagram,
        operation: &F,
        memo: &mut Memo,
    ) -> Result<Diagram> {
        let (of_a, of_b) = (self.field(a), self.field(b));
        let field = match (of_a, of_b) {
            (Some(a), Some(b)) => a.min(b),
            (Some(field), None) | (None, Some(field)) => field,
            (None, None) => return Ok(a),
        };
        let whole = field.whole().last;
        let mut at_a = self.begin(a, field);
        let mut at_b = self.begin(b, field);
        // Whether an interval of one was already compared with all that the other can come to.
        let (mut seen_a, mut seen_b) = (at_a.is_none(), at_b.is_none());
        let base = self.open();
        loop {
            let (last_a, child_a) = at_a.map_or((whole, a), |at| self.cell(at));
            let (last_b, child_b) = at_b.map_or((whole, b), |at| self.cell(at));
            let mut last = last_a.min(last_b);
            let mut child = None;
            // Where one decides alone for a long interval, the other's many short ones in it are passed over at once.
            if last_a < last_b && !seen_b {
                seen_b = true;
                child = self.at_once(a, child_b, operation).filter(|child| *child != a);
                if child.is_some() {
                    last = last_b;
                    at_a = Some(self.cell_of(a, last));
                }
            } else if last_b < last_a && !seen_a {
                seen_a = true;
                child = self.at_once(child_a, b, operation).filter(|child| *child != b);
                if child.is_some() {
                    last = last_a;
                    at_b = Some(self.cell_of(b, last));
                }
            }
            let child = match child {
                Some(child) => child,
                None => self.pair(child_a, child_b, operation, memo)?,
            };
            self.add(base, last, child);
            if last >= whole {
                return self.close(field, base);
            }
            if let Some(at) = at_a.as_mut().filter(|at| self.cell(**at).0 == last) {
                *at += 1;
                seen_a = false;
            }
            if let Some(at) = at_b.as_mut().filter(|at| self.cell(**at).0 == last) {
                *at += 1;
                seen_b = false;
            }
        }
    }

    fn node(&self, diagram: Diagram) -> Option<&Node> {
        // A leaf's number is beyond any node's.
        self.nodes.get(diagram.0 as usize)
    }

    /// The field that it asks for first.
    #[must_use]
    pub fn field(&self, diagram: Diagram) -> Option<Field> {
        self.node(diagram).map(|node| node.field)
    }

    pub(crate) fn leaves(&self, diagram: Diagram) -> Leaves {
        match diagram.as_leaf() {
            Some(leaf) => Leaves::one(leaf),
            None => self.node(diagram).map_or(Leaves::OTHERS, |node| node.leaves),
        }
    }

    /// Its intervals, if it asks for this field.
    fn begin(&self, diagram: Diagram, field: Field) -> Option<u32> {
        self.node(diagram).filter(|node| node.field == field).map(|node| node.begin)
    }

    /// Where its intervals are among those of all nodes; none for a leaf.
    pub(crate) fn span(&self, diagram: Diagram) -> std::ops::Range<u32> {
        self.node(diagram).map_or(0..0, |node| node.begin..node.end)
    }

    /// An interval: its last value, and what it leads to.
    pub(crate) fn cell(&self, at: u32) -> (u128, Diagram) {
        match (self.lasts.get(at as usize), self.children.get(at as usize)) {
            (Some(last), Some(child)) => (*last, *child),
            // Behind the last interval of all, where nobody looks; said so that a loop over values would end.
            _ => (u128::MAX, Diagram::NO),
        }
    }

    /// The interval of a node that has the value.
    pub(crate) fn cell_of(&self, diagram: Diagram, value: u128) -> u32 {
        let span = self.span(diagram);
        let lasts = self.lasts.get(span.start as usize..span.end as usize).unwrap_or_default();
        span.start + lasts.partition_point(|last| *last < value) as u32
    }

    /// Begins a node.
    pub(crate) fn open(&self) -> usize {
        self.cells.len()
    }

    /// Adds the next interval to the node begun at `base`.
    pub(crate) fn add(&mut self, base: usize, last: u128, child: Diagram) {
        if self.cells.len() > base
            && let Some(before) = self.cells.last_mut()
            && before.1 == child
        {
            before.0 = last;
        } else {
            self.cells.push((last, child));
        }
    }

    /// Ends the node begun at `base`, whose intervals have all values of the field.
    pub(crate) fn close(&mut self, field: Field, base: usize) -> Result<Diagram> {
        let made = self.keep(field, base);
        self.cells.truncate(base);
        made
    }

    fn keep(&mut self, field: Field, base: usize) -> Result<Diagram> {
        let Space { nodes, lasts, children, known, cells, limit } = self;
        let cells = cells.get(base..).unwrap_or_default();
        if let [(_, only)] = cells {
            return Ok(*only);
        }
        let mut hasher = HASHES.build_hasher();
        std::hash::Hash::hash(&field, &mut hasher);
        for (last, child) in cells {
            hasher.write_u128(*last);
            hasher.write_u32(child.0);
        }
        let hash = hasher.finish();
        let of = |node: &Node| {
            let span = node.begin as usize..node.end as usize;
            let lasts = lasts.get(span.clone()).unwrap_or_default();
            lasts.iter().copied().zip(children.get(span).unwrap_or_default().iter().copied())
        };
        let same = |at: &u32| {
            nodes.get(*at as usize).is_some_and(|node| {
                node.field == field
                    && (node.end - node.begin) as usize == cells.len()
                    && of(node).eq(cells.iter().copied())
            })
        };
        if let Some(at) = known.find(hash, same) {
            return Ok(Diagram(*at));
        }
        if lasts.len() + cells.len() > *limit {
            return Err(TooLarge::Intervals(*limit));
        }
        let mut node = Node {
            field,
            height: 0,
            begin: lasts.len() as u32,
            end: (lasts.len() + cells.len()) as u32,
            leaves: Leaves(0),
            hash,
        };
        for (_, child) in cells {
            match (child.as_leaf(), nodes.get(child.0 as usize)) {
                (None, Some(child)) => {
                    node.leaves = node.leaves.and(child.leaves);
                    node.height = node.height.max(child.height);
                }
                (leaf, _) => node.leaves = node.leaves.and(Leaves::one(leaf.unwrap_or(HOLE))),
            }
        }
        node.height += 1;
        if node.height > HEIGHT_MAX {
            return Err(TooLarge::Unknowns);
        }
        lasts.extend(cells.iter().map(|(last, _)| *last));
        children.extend(cells.iter().map(|(_, child)| *child));
        let at = nodes.len() as u32;
        nodes.push(node);
        known.insert_unique(hash, at, |at| nodes.get(*at as usize).map_or(0, |node| node.hash));
        Ok(Diagram(at))
    }
}
