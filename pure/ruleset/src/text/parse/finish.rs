//! The last of reading: what needs the whole text.

use super::{ChainDraft, Draft, ELEMENTS_MAX, ERRORS_MAX, ParseError, TableDraft, commands::missing};
use crate::text::value::Kind;
use crate::{Chain, Element, Field, Key, Range, Ruleset, Set, Statement, Table, Values, Verdict};
use city::Text;
use std::collections::{BTreeMap, BTreeSet};

impl Draft<'_> {
    /// The ruleset, once every chain that is jumped to was found and every interface is known.
    pub(super) fn finish(self, errors: &mut Vec<ParseError>) -> Ruleset {
        let mut wildcards = Wildcards::of(&self.interfaces, self.elements);
        let mut tables = Vec::new();
        for table in self.tables.into_iter().flatten() {
            let TableDraft { family, name, dormant, sets, chains, chains_by_name, .. } = table;
            let mut kept = Vec::new();
            for set in sets.into_iter().flatten() {
                let super::Kinds::Known(kinds) = set.kinds else { continue };
                let mut set: Set = set.set;
                wildcards.expand(&mut set.elements, |part| kinds.get(part) == Some(&Kind::Interface));
                check_verdicts(&set.elements, &chains_by_name, errors);
                kept.push(set);
            }
            let mut ready = Vec::new();
            for ChainDraft { mut chain, .. } in chains.into_iter().flatten() {
                finish_chain(&mut chain, &mut wildcards, &chains_by_name, errors);
                ready.push(chain);
            }
            tables.push(Table { family, name, sets: kept, chains: ready, dormant });
        }
        if wildcards.elements > ELEMENTS_MAX {
            let message = format!("the sets have more than {ELEMENTS_MAX} elements");
            errors.push(
                ParseError::new(crate::Place { line: 1, column: 1 }, message)
                    .help("each name with `*` stands for every interface that begins so"),
            );
        }
        Ruleset { tables, interfaces: self.interfaces, unknowns: self.unknowns }
    }
}

fn finish_chain(
    chain: &mut Chain,
    wildcards: &mut Wildcards,
    chains: &BTreeMap<Text, usize>,
    errors: &mut Vec<ParseError>,
) {
    for rule in &mut chain.rules {
        let place = rule.place;
        for statement in &mut rule.statements {
            match statement {
                Statement::Match(condition) => {
                    if let Values::Here(elements) = &mut condition.values {
                        wildcards.expand(elements, of_key(&condition.key));
                    }
                }
                Statement::Map(key, Values::Here(elements)) => {
                    wildcards.expand(elements, of_key(key));
                    check_verdicts(elements, chains, errors);
                }
                Statement::Verdict(verdict) => check_verdict(verdict, place, chains, errors),
                _ => {}
            }
        }
    }
}

fn of_key(key: &Key) -> impl Fn(usize) -> bool {
    |part| matches!(key.get(part), Some(Field::InterfaceIn | Field::InterfaceOut))
}

fn check_verdicts(elements: &[Element], chains: &BTreeMap<Text, usize>, errors: &mut Vec<ParseError>) {
    for element in elements {
        if let Some(verdict) = &element.verdict {
            check_verdict(verdict, element.place, chains, errors);
        }
    }
}

fn check_verdict(
    verdict: &Verdict,
    place: crate::Place,
    chains: &BTreeMap<Text, usize>,
    errors: &mut Vec<ParseError>,
) {
    if let Verdict::Jump(to) | Verdict::Goto(to) = verdict
        && !chains.contains_key(to)
        && errors.len() < ERRORS_MAX
    {
        errors.push(missing(place, "chain", to));
    }
}

/// What each name that ends with `*` stands for.
struct Wildcards {
    names: BTreeMap<u128, BTreeSet<u128>>,
    /// How many elements there are in all.
    elements: usize,
}

impl Wildcards {
    fn of(interfaces: &[Text], elements: usize) -> Wildcards {
        let mut by_name: BTreeMap<&str, u128> = BTreeMap::new();
        for (name, number) in interfaces.iter().zip(1..) {
            by_name.insert(name, number);
        }
        let mut known = BTreeMap::new();
        for (name, number) in &by_name {
            if let Some(prefix) = name.strip_suffix('*') {
                let begin_so = by_name.range(prefix..).take_while(|(other, _)| other.starts_with(prefix));
                known.insert(*number, begin_so.map(|(_, number)| *number).collect());
            }
        }
        Wildcards { names: known, elements }
    }

    /// Puts an element for each name in the place of one for all.
    fn expand(&mut self, elements: &mut Vec<Element>, is_interface: impl Fn(usize) -> bool) {
        if self.names.is_empty() {
            return;
        }
        let parts = elements.first().map_or(0, |element| element.key.len());
        for part in (0..parts).filter(|part| is_interface(*part)) {
            let names = |element: &Element| {
                let range = element.key.get(part).filter(|range| range.first == range.last)?;
                self.names.get(&range.first)
            };
            let more: usize = elements.iter().filter_map(names).map(BTreeSet::len).sum();
            if more == 0 {
                continue;
            }
            // Told of at the end, where the ruleset is given up.
            self.elements = self.elements.saturating_add(more);
            if self.elements > ELEMENTS_MAX {
                return;
            }
            let mut out = Vec::with_capacity(elements.len());
            for element in elements.drain(..) {
                let Some(names) = names(&element) else {
                    out.push(element);
                    continue;
                };
                for number in names {
                    let mut one = element.clone();
                    if let Some(range) = one.key.get_mut(part) {
                        *range = Range::one(*number);
                    }
                    out.push(one);
                }
            }
            *elements = out;
        }
    }
}
