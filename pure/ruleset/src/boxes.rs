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
        let too_large = TooLarge { limit: self.limit() };
        let is_last = column + 1 == rows.fields.len();
        let mut begins: Vec<(u128, u32)> = Vec::with_capacity(these.len());
        let mut ends = Vec::with_capacity(these.len());
        let mut cuts = vec![field.whole().last];
        for row in these {
            let range = rows.range(*row, column);
            begins.push((range.first, *row));
            ends.push((range.last, *row));
            cuts.extend(range.first.checked_sub(1));
            cuts.push(range.last);
        }
        begins.sort_unstable();
        ends.sort_unstable();
        cuts.sort_unstable();
        cuts.dedup();
        let mut begins = begins.into_iter().peekable();
        let mut ends = ends.into_iter().peekable();
        let mut here: BTreeSet<u32> = BTreeSet::new();
        let mut memo: HashMap<Box<[u32]>, Diagram, FixedState> =
            HashMap::with_hasher(FixedState::with_seed(0));
        let base = self.open();
        for last in cuts {
            while let Some((_, row)) = begins.next_if(|(first, _)| *first <= last) {
                here.insert(row);
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
