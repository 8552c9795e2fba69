//! What conditions and verdict maps compare with: sets, as diagrams.

use crate::chain::{Chains, FALL, HIT};
use crate::dynamic::{Asked, Dynamic};
use crate::meaning::{Note, Unclear};
use crate::{
    Condition, Diagram, Element, Field, Key, Leaf, Place, Range, Ruleset, Set, Table, TooLarge, Values,
    Verdict,
};
use std::collections::BTreeMap;

/// What is known of sets.
pub(crate) struct Known<'a> {
    /// For each table its sets and maps, by name.
    sets: Vec<BTreeMap<&'a str, &'a Set>>,
    /// Diagrams of named sets: which packets they have.
    members: BTreeMap<Asked<'a>, Diagram>,
    pub(crate) dynamic: Dynamic<'a>,
}

/// A verdict map.
pub(crate) struct VerdictMap<'a> {
    /// Leaves are places in `verdicts`; other leaves are packets that no element admits.
    pub(crate) which: Diagram,
    pub(crate) verdicts: Vec<&'a Verdict>,
}

impl<'a> Known<'a> {
    pub(crate) fn new(ruleset: &'a Ruleset) -> Known<'a> {
        let by_name = |table: &'a Table| table.sets.iter().map(|set| (set.name.as_str(), set)).collect();
        Known {
            sets: ruleset.tables.iter().map(by_name).collect(),
            members: BTreeMap::new(),
            dynamic: Dynamic::of(ruleset),
        }
    }
}

impl<'a> Chains<'a> {
    /// [`HIT`] for packets of which a condition holds, and [`FALL`] for others.
    pub(crate) fn holds(
        &mut self,
        table: usize,
        condition: &'a Condition,
        place: Place,
    ) -> Result<Diagram, Unclear> {
        let Condition { key, values, negated } = condition;
        let members = match values {
            Values::Here(elements) => self.members(key, elements)?,
            Values::Named(name) => {
                let (set, of) = self.set(table, name, key, place)?;
                match self.known.members.get(&of) {
                    Some(members) => *members,
                    None => {
                        let members = if set.dynamic {
                            let known = self.unknown(of, set)?;
                            self.members(
                                &[known],
                                &[Element { key: vec![Range::one(1)], verdict: None, place }],
                            )?
                        } else {
                            self.members(key, &set.elements)?
                        };
                        self.known.members.insert(of, members);
                        members
                    }
                }
            }
        };
        if !negated {
            return Ok(members);
        }
        Ok(self.space.map(members, |leaf| if leaf == HIT { FALL } else { HIT })?)
    }

    fn members(&mut self, key: &[Field], elements: &[Element]) -> Result<Diagram, Unclear> {
        let boxes = elements.iter().map(|element| (element.key.as_slice(), HIT)).collect::<Vec<_>>();
        self.elements(key, elements, &boxes, FALL)
    }

    /// A verdict map, and the verdicts that it has.
    pub(crate) fn verdict_map(
        &mut self,
        table: usize,
        key: &'a Key,
        values: &'a Values,
        place: Place,
    ) -> Result<VerdictMap<'a>, Unclear> {
        let (elements, dynamic) = match values {
            Values::Here(elements) => (elements, None),
            Values::Named(name) => {
                let (set, of) = self.set(table, name, key, place)?;
                let unknown = if set.dynamic { Some(self.unknown(of, set)?) } else { None };
                (&set.elements, unknown)
            }
        };
        let mut verdicts = Vec::new();
        let mut numbers: BTreeMap<&Verdict, Leaf> = BTreeMap::new();
        let mut boxes = Vec::with_capacity(elements.len());
        for element in elements {
            let Some(verdict) = &element.verdict else { continue };
            let number = *numbers.entry(verdict).or_insert_with(|| {
                verdicts.push(verdict);
                verdicts.len() as Leaf - 1
            });
            boxes.push((element.key.as_slice(), number));
        }
        let missing = verdicts.len() as Leaf;
        let mut which = self.elements(key, elements, &boxes, missing)?;
        if let Some(unknown) = dynamic {
            let there = self.space.within(unknown, Range::one(1))?;
            which = self.space.only(there, which, missing)?;
        }
        Ok(VerdictMap { which, verdicts })
    }

    fn elements(
        &mut self,
        key: &[Field],
        elements: &[Element],
        boxes: &[(&[Range], Leaf)],
        elsewhere: Leaf,
    ) -> Result<Diagram, Unclear> {
        if let Some(other) = elements.iter().find(|element| element.key.len() != key.len()) {
            let (wanted, found) = (key.len(), other.key.len());
            return Err(Unclear::OtherKey { wanted, found, place: other.place });
        }
        Ok(self.space.boxes(key, boxes, elsewhere)?)
    }

    fn set(
        &self,
        table: usize,
        name: &str,
        key: &'a [Field],
        place: Place,
    ) -> Result<(&'a Set, Asked<'a>), Unclear> {
        let within = self.ruleset.tables.get(table);
        let set = self.known.sets.get(table).and_then(|sets| sets.get(name)).copied();
        match (within, set) {
            (Some(table), Some(set)) => Ok((set, Asked::of(table, set, key))),
            _ => Err(Unclear::NoSet {
                name: name.into(),
                table: within.map(|table| table.name.clone()).unwrap_or_default(),
                place,
            }),
        }
    }

    /// The unknown that stands for a dynamic set's having a packet.
    fn unknown(&mut self, of: Asked<'a>, set: &'a Set) -> Result<Field, Unclear> {
        let unknown = self.known.dynamic.unknown(of).ok_or(TooLarge::Unknowns)?;
        let text = format!("packets put elements into set `{}`; whether one is there is not known", set.name);
        self.notes.push(Note { place: set.place, text });
        Ok(unknown)
    }
}
