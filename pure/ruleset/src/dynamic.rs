//! Sets that packets put elements into: whether one is there is an unknown of its own.

use crate::{Family, Field, Ruleset, Set, Statement, Table, Values};
use city::Text;
use std::collections::BTreeMap;

/// A question that rules ask: whether a set has the packet's values of these fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Asked<'a> {
    family: Family,
    table: &'a str,
    set: &'a str,
    key: &'a [Field],
}

impl<'a> Asked<'a> {
    pub(crate) fn of(table: &'a Table, set: &'a Set, key: &'a [Field]) -> Asked<'a> {
        Asked { family: table.family, table: &table.name, set: &set.name, key }
    }
}

/// The unknowns that stand for what is in dynamic sets. Each question has its own: that a set has the source does not say
/// that it has the destination. Their numbers follow those of [`Ruleset::unknowns`], in the order in which rules ask.
#[derive(Debug)]
pub(crate) struct Dynamic<'a> {
    numbers: BTreeMap<Asked<'a>, u16>,
    /// What each is, in words.
    pub(crate) words: Vec<Text>,
}

impl<'a> Dynamic<'a> {
    pub(crate) fn of(ruleset: &'a Ruleset) -> Dynamic<'a> {
        let mut dynamic = Dynamic { numbers: BTreeMap::new(), words: Vec::new() };
        for table in &ruleset.tables {
            let sets: BTreeMap<&str, &Set> =
                table.sets.iter().filter(|set| set.dynamic).map(|set| (set.name.as_str(), set)).collect();
            if sets.is_empty() {
                continue;
            }
            let rules = table.chains.iter().flat_map(|chain| &chain.rules);
            for statement in rules.flat_map(|rule| &rule.statements) {
                let (key, values) = match statement {
                    Statement::Match(condition) => (&condition.key, &condition.values),
                    Statement::Map(key, values) => (key, values),
                    _ => continue,
                };
                if let Values::Named(name) = values
                    && let Some(set) = sets.get(name.as_str())
                {
                    dynamic.add(ruleset, Asked::of(table, set, key));
                }
            }
        }
        dynamic
    }

    fn add(&mut self, ruleset: &Ruleset, asked: Asked<'a>) {
        // Beyond all numbers there is no further unknown; who meets such a question finds no number for it.
        if let Ok(next) = u16::try_from(ruleset.unknowns.len() + self.words.len())
            && !self.numbers.contains_key(&asked)
        {
            self.numbers.insert(asked, next);
            self.words.push(format!("{} in set {}", words(asked.key), asked.set).into());
        }
    }

    /// The unknown that stands for it, if there are enough numbers.
    pub(crate) fn unknown(&self, asked: Asked<'_>) -> Option<Field> {
        self.numbers.get(&asked).copied().map(Field::Unknown)
    }
}

fn words(key: &[Field]) -> String {
    let names: Vec<String> = key.iter().map(|field| format!("{field:?}").to_lowercase()).collect();
    names.join(" . ")
}
