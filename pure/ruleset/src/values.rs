//! What conditions and verdict maps compare with: sets, as diagrams.

use crate::chain::{Chains, FALL, HIT};
use crate::meaning::{Note, Unclear};
use crate::{
    Condition, Diagram, Element, Field, Key, Leaf, Place, Range, Ruleset, Set, Space, Table, TooLarge,
    Values, Verdict,
};
use city::Text;
use std::collections::BTreeMap;
use std::ops::Bound;

/// What is known of sets and interfaces.
pub(crate) struct Known<'a> {
    /// For each table its sets and maps, by name.
    sets: Vec<BTreeMap<&'a str, &'a Set>>,
    /// The numbers of interfaces, by name.
    interfaces: BTreeMap<&'a str, u128>,
    /// Those whose name is a pattern: how their names begin.
    patterns: BTreeMap<u128, &'a str>,
    /// Diagrams of named sets: which packets they have.
    members: BTreeMap<(usize, &'a str, &'a [Field]), Diagram>,
    /// The unknowns that stand for what packets have put into sets.
    dynamic: BTreeMap<(usize, &'a str, &'a [Field]), u16>,
}

/// Elements with a number for each interface.
type Spelt = Vec<(Vec<Range>, Leaf)>;

/// A verdict map.
pub(crate) struct VerdictMap<'a> {
    /// Leaves are places in `verdicts`; other leaves are packets that no element admits.
    pub(crate) which: Diagram,
    pub(crate) verdicts: Vec<&'a Verdict>,
}

impl<'a> Known<'a> {
    pub(crate) fn new(ruleset: &'a Ruleset) -> Known<'a> {
        let by_name = |table: &'a Table| table.sets.iter().map(|set| (set.name.as_str(), set)).collect();
        let numbered = ruleset.interfaces.iter().enumerate();
        let pattern = |(at, name): (usize, &'a Text)| name.strip_suffix('*').map(|begin| (at as u128, begin));
        Known {
            patterns: numbered.clone().filter_map(pattern).collect(),
            sets: ruleset.tables.iter().map(by_name).collect(),
            interfaces: numbered.map(|(at, name)| (name.as_str(), at as u128)).collect(),
            members: BTreeMap::new(),
            dynamic: BTreeMap::new(),
        }
    }

    /// The numbers of all interfaces that one stands for, if its name is a pattern.
    fn stands_for(&self, field: Field, range: Range) -> Option<impl Iterator<Item = u128> + Clone> {
        let is_one = range.first == range.last && is_interface(field);
        let begin = *self.patterns.get(&range.first).filter(|_| is_one)?;
        let from = self.interfaces.range::<str, _>((Bound::Included(begin), Bound::Unbounded));
        Some(from.take_while(move |(name, _)| name.starts_with(begin)).map(|(_, number)| *number))
    }

    /// The elements with every interface that they stand for, in the same order.
    fn spelt_out(
        &self,
        key: &[Field],
        elements: &[(&[Range], Leaf)],
        limit: usize,
    ) -> Result<Option<Spelt>, TooLarge> {
        if self.patterns.is_empty() || !key.iter().any(|field| is_interface(*field)) {
            return Ok(None);
        }
        let mut spelt = Vec::new();
        for (ranges, leaf) in elements {
            let mut ways = vec![Vec::new()];
            for (field, range) in key.iter().zip(*ranges) {
                let Some(numbers) = self.stands_for(*field, *range) else {
                    ways.iter_mut().for_each(|way| way.push(*range));
                    continue;
                };
                if numbers.clone().count().saturating_mul(ways.len()) > limit {
                    return Err(TooLarge { limit });
                }
                let with =
                    |way: &Vec<Range>, number| way.iter().copied().chain([Range::one(number)]).collect();
                ways = ways
                    .iter()
                    .flat_map(|way| numbers.clone().map(move |number| with(way, number)))
                    .collect();
            }
            if ways.len().saturating_add(spelt.len()) > limit {
                return Err(TooLarge { limit });
            }
            spelt.extend(ways.into_iter().map(|way| (way, *leaf)));
        }
        Ok(Some(spelt))
    }
}

fn is_interface(field: Field) -> bool {
    matches!(field, Field::InterfaceIn | Field::InterfaceOut)
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
                let set = self.set(table, name, place)?;
                let of = (table, set.name.as_str(), key.as_slice());
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
                let set = self.set(table, name, place)?;
                let of = (table, set.name.as_str(), key.as_slice());
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
        let space: &mut Space = self.space;
        match self.known.spelt_out(key, boxes, space.limit())? {
            None => Ok(space.boxes(key, boxes, elsewhere)?),
            Some(spelt) => {
                let boxes: Vec<_> = spelt.iter().map(|(ranges, leaf)| (ranges.as_slice(), *leaf)).collect();
                Ok(space.boxes(key, &boxes, elsewhere)?)
            }
        }
    }

    fn set(&self, table: usize, name: &str, place: Place) -> Result<&'a Set, Unclear> {
        let set = self.known.sets.get(table).and_then(|sets| sets.get(name)).copied();
        set.ok_or_else(|| Unclear::NoSet {
            name: name.into(),
            table: self.ruleset.tables.get(table).map(|table| table.name.clone()).unwrap_or_default(),
            place,
        })
    }

    /// The unknown that stands for a packet's having been put into a set.
    fn unknown(&mut self, of: (usize, &'a str, &'a [Field]), set: &'a Set) -> Result<Field, Unclear> {
        if let Some(number) = self.known.dynamic.get(&of) {
            return Ok(Field::Unknown(*number));
        }
        let too_large = || Unclear::TooLarge(TooLarge { limit: self.space.limit() });
        let number = u16::try_from(self.unknowns.len()).map_err(|_| too_large())?;
        let text = format!("packets put elements into set `{}`; whether one is there is not known", set.name);
        self.notes.push(Note { place: set.place, text });
        self.unknowns.push(format!("in set {}", set.name).into());
        self.known.dynamic.insert(of, number);
        Ok(Field::Unknown(number))
    }
}
