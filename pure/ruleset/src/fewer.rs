//! Diagrams that ask for fewer fields.

use crate::Field;
use crate::diagram::{Diagram, Leaf, Result, Space};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

type Memo = HashMap<Diagram, Diagram, FixedState>;

impl Space {
    /// The diagram for packets of which a field has this value; it no longer asks for it.
    ///
    /// # Errors
    ///
    /// The space is full.
    pub fn fix(&mut self, diagram: Diagram, field: Field, value: u128) -> Result<Diagram> {
        self.fixed(diagram, field, value, &mut Memo::with_hasher(FixedState::with_seed(0)))
    }

    fn fixed(&mut self, diagram: Diagram, field: Field, value: u128, memo: &mut Memo) -> Result<Diagram> {
        let asked = match self.field(diagram) {
            Some(asked) if asked < field => asked,
            Some(asked) if asked == field => {
                return Ok(self.cell(self.cell_of(diagram, value.min(field.whole().last))).1);
            }
            _ => return Ok(diagram),
        };
        if let Some(done) = memo.get(&diagram) {
            return Ok(*done);
        }
        let base = self.open();
        for at in self.span(diagram) {
            let (last, child) = self.cell(at);
            let child = self.fixed(child, field, value, memo)?;
            self.add(base, last, child);
        }
        let done = self.close(asked, base)?;
        memo.insert(diagram, done);
        Ok(done)
    }
    /// What packets come to whatever some fields' values are: the leaves for all of these are made one by an operation,
    /// for which order and number must not matter.
    ///
    /// So conditions that are not understood are taken away: what may pass does with one value of them, what must pass
    /// does with every.
    ///
    /// # Errors
    ///
    /// The space is full.
    pub fn forget(
        &mut self,
        diagram: Diagram,
        field: impl Fn(Field) -> bool,
        operation: impl Fn(Leaf, Leaf) -> Leaf,
    ) -> Result<Diagram> {
        self.forgotten(diagram, &field, &operation, &mut Memo::with_hasher(FixedState::with_seed(0)))
    }

    fn forgotten<P: Fn(Field) -> bool, F: Fn(Leaf, Leaf) -> Leaf>(
        &mut self,
        diagram: Diagram,
        forget: &P,
        operation: &F,
        memo: &mut Memo,
    ) -> Result<Diagram> {
        let Some(field) = self.field(diagram) else { return Ok(diagram) };
        if let Some(done) = memo.get(&diagram) {
            return Ok(*done);
        }
        let mut children = Vec::new();
        for at in self.span(diagram) {
            let (last, child) = self.cell(at);
            children.push((last, self.forgotten(child, forget, operation, memo)?));
        }
        let done = if forget(field) {
            let mut children = children.into_iter().map(|(_, child)| child);
            let mut all = children.next().unwrap_or(diagram);
            for child in children {
                all = self.apply(all, child, operation)?;
            }
            all
        } else {
            let base = self.open();
            for (last, child) in children {
                self.add(base, last, child);
            }
            self.close(field, base)?
        };
        memo.insert(diagram, done);
        Ok(done)
    }
}
