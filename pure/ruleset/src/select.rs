//! Many diagrams put together as one: which of them holds for a packet depends on where it lies.
//!
//! A verdict map of a thousand zones that each have a chain of their own is the case in mind. Asking "in this zone?" a
//! thousand times over the whole space would take the square of the time; here the intervals are put side by side once.

use crate::diagram::{Diagram, HOLE, Leaf, Result, Space};
use crate::{Field, Range};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// How many times a case is looked at in one sweep over an earlier field, before halving is taken to be cheaper.
const SWEEP_MAX: usize = 1 << 22;

impl Space {
    /// For packets whose field lies in a range, the diagram of that range; for others `elsewhere`. Where ranges overlap,
    /// the first holds. The diagrams may ask for any field, also for this one.
    ///
    /// # Errors
    ///
    /// The space is full.
    pub fn select(
        &mut self,
        field: Field,
        cases: &[(Range, Diagram)],
        elsewhere: Diagram,
    ) -> Result<Diagram> {
        let numbers = 1..=cases.len() as Leaf;
        let ranges: Vec<[Range; 1]> = cases.iter().map(|(range, _)| [*range]).collect();
        let boxes: Vec<(&[Range], Leaf)> =
            ranges.iter().zip(numbers).map(|(range, leaf)| (range.as_slice(), leaf)).collect();
        let which = self.boxes(&[field], &boxes, 0)?;
        self.substitute(which, |leaf| {
            let case = (leaf as usize).checked_sub(1).and_then(|at| cases.get(at));
            case.map_or(elsewhere, |(_, diagram)| *diagram)
        })
    }

    /// A diagram in place of each leaf. The diagrams may ask for any field.
    ///
    /// # Errors
    ///
    /// The space is full.
    pub fn substitute(&mut self, which: Diagram, of: impl Fn(Leaf) -> Diagram) -> Result<Diagram> {
        self.substituted(which, &of, &mut HashMap::with_hasher(FixedState::with_seed(0)))
    }

    fn substituted<F: Fn(Leaf) -> Diagram>(
        &mut self,
        which: Diagram,
        of: &F,
        memo: &mut HashMap<Diagram, Diagram, FixedState>,
    ) -> Result<Diagram> {
        if let Some(leaf) = which.as_leaf() {
            return Ok(of(leaf));
        }
        if let Some(done) = memo.get(&which) {
            return Ok(*done);
        }
        let Some(field) = self.field(which) else { return Ok(which) };
        let mut cases = Cases::default();
        for at in self.span(which) {
            let (last, child) = self.cell(at);
            cases.add(last, self.substituted(child, of, memo)?);
        }
        let done = self.choose(field, &cases.0)?;
        memo.insert(which, done);
        Ok(done)
    }

    /// By intervals of a field that have all its values, the diagram of each.
    fn choose(&mut self, field: Field, cases: &[(u128, Diagram)]) -> Result<Diagram> {
        if let [(_, only)] = cases {
            return Ok(*only);
        }
        match cases.iter().filter_map(|(_, case)| self.field(*case)).min() {
            Some(earlier) if earlier < field => {
                let cuts = self.cuts(earlier, cases);
                if cases.len() > 3 && cuts.len().saturating_mul(cases.len()) > SWEEP_MAX {
                    self.halve(field, cases)
                } else {
                    self.sweep(field, cases, earlier, &cuts)
                }
            }
            _ => self.join(field, cases),
        }
    }

    /// The same, where no case asks for an earlier field: they are put side by side.
    fn join(&mut self, field: Field, cases: &[(u128, Diagram)]) -> Result<Diagram> {
        let base = self.open();
        let mut first = 0;
        for (last, case) in cases {
            if self.field(*case) == Some(field) {
                let mut at = self.cell_of(*case, first);
                loop {
                    let (until, child) = self.cell(at);
                    self.add(base, until.min(*last), child);
                    if until >= *last {
                        break;
                    }
                    at += 1;
                }
            } else {
                self.add(base, *last, *case);
            }
            first = last.saturating_add(1);
        }
        self.close(field, base)
    }

    /// The same, asking for a field first that some cases ask for.
    fn sweep(
        &mut self,
        field: Field,
        cases: &[(u128, Diagram)],
        earlier: Field,
        cuts: &[u128],
    ) -> Result<Diagram> {
        // Where each case is: its interval's last value, what that leads to, and the interval's place.
        let mut at: Vec<(u128, Diagram, u32)> = Vec::with_capacity(cases.len());
        for (_, case) in cases {
            if self.field(*case) == Some(earlier) {
                let begin = self.span(*case).start;
                let (last, child) = self.cell(begin);
                at.push((last, child, begin));
            } else {
                at.push((u128::MAX, *case, 0));
            }
        }
        let base = self.open();
        for cut in cuts {
            let mut here = Cases::default();
            for ((last, _), (until, child, place)) in cases.iter().zip(&mut at) {
                here.add(*last, *child);
                if *until == *cut && *until < earlier.whole().last {
                    *place += 1;
                    (*until, *child) = self.cell(*place);
                }
            }
            let child = self.choose(field, &here.0)?;
            self.add(base, *cut, child);
        }
        self.close(earlier, base)
    }

    /// The last values of all intervals that cases have of a field.
    fn cuts(&self, earlier: Field, cases: &[(u128, Diagram)]) -> Vec<u128> {
        let mut cuts = vec![earlier.whole().last];
        let mut seen = HashMap::with_hasher(FixedState::with_seed(0));
        for (_, case) in cases {
            if self.field(*case) == Some(earlier) && seen.insert(*case, ()).is_none() {
                cuts.extend(self.span(*case).map(|at| self.cell(at).0));
            }
        }
        cuts.sort_unstable();
        cuts.dedup();
        cuts
    }

    /// The same in two halves, one laid over the other.
    fn halve(&mut self, field: Field, cases: &[(u128, Diagram)]) -> Result<Diagram> {
        let (low, high) = cases.split_at(cases.len() / 2);
        let middle = low.last().map_or(0, |(last, _)| *last);
        let hole = Diagram::leaf(HOLE);
        let low: Vec<_> = low.iter().copied().chain([(field.whole().last, hole)]).collect();
        let high: Vec<_> = [(middle, hole)].into_iter().chain(high.iter().copied()).collect();
        let low = self.choose(field, &low)?;
        let high = self.choose(field, &high)?;
        self.replace(low, HOLE, high)
    }
}

/// Intervals in order, each with a diagram; equal neighbours are one.
#[derive(Default)]
struct Cases(Vec<(u128, Diagram)>);

impl Cases {
    fn add(&mut self, last: u128, case: Diagram) {
        match self.0.last_mut() {
            Some(before) if before.1 == case => before.0 = last,
            _ => self.0.push((last, case)),
        }
    }
}
