//! Sets and maps as they are written, element by element, to diagrams.

use crate::diagram::{Diagram, Leaf, Result, Space, TooLarge};
use crate::{Field, Range};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::BTreeSet;

/// Elements as rows, with the fields in the order in which diagrams ask for them.
struct Rows {
    fields: Vec<Field>,
    /// As many ranges for each row as there are fields.
    ranges: Vec<Range>,
    leaves: Vec<Leaf>,
    elsewhere: Leaf,
}

impl Rows {
    fn range(&self, row: u32, column: usize) -> Range {
        let at = row as usize * self.fields.len() + column;
        self.ranges.get(at).copied().unwrap_or(Range { first: 1, last: 0 })
    }

    fn leaf(&self, row: Option<&u32>) -> Diagram {
        let leaf = row.and_then(|row| self.leaves.get(*row as usize)).copied();
        Diagram::leaf(leaf.unwrap_or(self.elsewhere))
    }
}

impl Space {
    /// Boxes, each with a leaf: a packet lies in a box if every field's value lies in the box's range for it. Where boxes
    /// overlap, the first holds; outside all of them `elsewhere`. A range that is missing stands for all values.
    ///
    /// It takes about as long as it takes to sort them, unless very many overlap.
    ///
    /// # Errors
    ///
    /// The space is full.
    pub fn boxes(
        &mut self,
        fields: &[Field],
        boxes: &[(&[Range], Leaf)],
        elsewhere: Leaf,
    ) -> Result<Diagram> {
        let mut order: Vec<Field> = fields.to_vec();
        order.sort_unstable();
        order.dedup();
        let mut rows = Rows {
            ranges: Vec::with_capacity(boxes.len() * order.len()),
            leaves: Vec::with_capacity(boxes.len()),
            fields: order,
            elsewhere,
        };
        for (key, leaf) in boxes {
            let begin = rows.ranges.len();
            rows.ranges.extend(rows.fields.iter().map(|field| {
                // A field that a key names twice must lie in both ranges.
                let named = fields.iter().zip(*key).filter(|(named, _)| *named == field);
                named.fold(field.whole(), |all, (_, range)| Range {
                    first: all.first.max(range.first),
                    last: all.last.min(range.last),
                })
            }));
            if rows.ranges.iter().skip(begin).any(|range| range.first > range.last) {
                rows.ranges.truncate(begin);
            } else {
                rows.leaves.push(*leaf);
            }
        }
        let all: Vec<u32> = (0..rows.leaves.len() as u32).collect();
        let mut work = self.limit().saturating_mul(8);
        self.lay(&rows, 0, &all, &mut work)
    }

    /// What these rows make of the fields from a column on.
    fn lay(&mut self, rows: &Rows, column: usize, these: &[u32], work: &mut usize) -> Result<Diagram> {
        let Some(field) = rows.fields.get(column).copied().filter(|_| !these.is_empty()) else {
            return Ok(rows.leaf(these.first()));
        };
        let mut sorted: Vec<(Range, u32)> =
            these.iter().map(|row| (rows.range(*row, column), *row)).collect();
        sorted.sort_unstable();
        let apart = |pair: &[(Range, u32)]| match pair {
            [(a, _), (b, _)] => a == b || a.last < b.first,
            _ => true,
        };
        if sorted.windows(2).all(apart) {
            self.lay_apart(rows, column, field, &sorted, work)
        } else {
            self.lay_across(rows, column, field, &sorted, work)
        }
    }

    /// The same where ranges are equal or have nothing in common, as in most sets.
    fn lay_apart(
        &mut self,
        rows: &Rows,
        column: usize,
        field: Field,
        sorted: &[(Range, u32)],
        work: &mut usize,
    ) -> Result<Diagram> {
        let elsewhere = Diagram::leaf(rows.elsewhere);
        let is_last = column + 1 == rows.fields.len();
        let base = self.open();
        let mut next = Some(0);
        let mut here = Vec::new();
        for group in sorted.chunk_by(|a, b| a.0 == b.0) {
            let Some((range, first)) = group.first() else { continue };
            if let Some(before) = range.first.checked_sub(1)
                && next.is_some_and(|next| next <= before)
            {
                self.add(base, before, elsewhere);
            }
            let child = if is_last {
                rows.leaf(Some(first))
            } else {
                here.clear();
                here.extend(group.iter().map(|(_, row)| *row));
                self.lay(rows, column + 1, &here, work)?
            };
            self.add(base, range.last, child);
            next = range.last.checked_add(1);
        }
        let whole = field.whole().last;
        if next.is_some_and(|next| next <= whole) {
            self.add(base, whole, elsewhere);
        }
        self.close(field, base)
    }

    /// The same where ranges overlap.
    fn lay_across(
        &mut self,
        rows: &Rows,
        column: usize,
        field: Field,
        sorted: &[(Range, u32)],
        work: &mut usize,
    ) -> Result<Diagram> {
        let too_large = TooLarge::Intervals(self.limit());
        let is_last = column + 1 == rows.fields.len();
        let mut ends: Vec<(u128, u32)> = sorted.iter().map(|(range, row)| (range.last, *row)).collect();
        let mut cuts = vec![field.whole().last];
        for (range, _) in sorted {
            cuts.extend(range.first.checked_sub(1));
            cuts.push(range.last);
        }
        ends.sort_unstable();
        cuts.sort_unstable();
        cuts.dedup();
        let mut begins = sorted.iter().peekable();
        let mut ends = ends.into_iter().peekable();
        let mut here: BTreeSet<u32> = BTreeSet::new();
        let mut memo: HashMap<Box<[u32]>, Diagram, FixedState> =
            HashMap::with_hasher(FixedState::with_seed(0));
        let base = self.open();
        for last in cuts {
            while let Some((_, row)) = begins.next_if(|(range, _)| range.first <= last) {
                here.insert(*row);
            }
            let child = if is_last || here.is_empty() {
                rows.leaf(here.first())
            } else {
                *work = work.checked_sub(here.len()).ok_or(too_large)?;
                let active: Box<[u32]> = here.iter().copied().collect();
                match memo.get(&active) {
                    Some(child) => *child,
                    None => {
                        let child = self.lay(rows, column + 1, &active, work)?;
                        memo.insert(active, child);
                        child
                    }
                }
            };
            self.add(base, last, child);
            while let Some((_, row)) = ends.next_if(|(end, _)| *end <= last) {
                here.remove(&row);
            }
        }
        self.close(field, base)
    }
}
