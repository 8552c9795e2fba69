//! Commands, and the blocks of tables.

use super::{ChainDraft, Kinds, ParseError, Parsed, Parser, SetDraft, TableDraft};
use crate::{Chain, Family, Set, text::lexer::Sort};
use city::Text;
use std::collections::BTreeMap;

/// What tables keep besides sets and chains. It decides nothing, so it is passed over.
const OBJECTS: [&str; 8] = ["counter", "ct", "flowtable", "limit", "meter", "quota", "secmark", "synproxy"];

impl Parser<'_> {
    /// Reads every command; of one with a mistake the rest is passed over.
    pub(super) fn commands(&mut self) {
        loop {
            self.skip_separators();
            if self.peek().is_none() {
                return;
            }
            let start = self.at;
            if let Err(error) = self.command().and_then(|()| self.statement_ends()) {
                self.tell(error);
                self.skip_statement(start);
                // A brace too many.
                if self.at_mark("}") {
                    self.at += 1;
                }
            }
        }
    }

    fn statement_ends(&self) -> Parsed<()> {
        match self.peek() {
            None => Ok(()),
            Some(token) if token.sort == Sort::Separator || token.is_mark("}") => Ok(()),
            Some(_) => Err(self.expected("the end of the line")),
        }
    }

    fn command(&mut self) -> Parsed<()> {
        if self.take_word("add") || self.take_word("create") {
            return self.add(false);
        }
        if self.take_word("insert") {
            return self.add(true);
        }
        if self.take_word("flush") {
            return self.flush();
        }
        if self.at_word("delete") || self.at_word("destroy") {
            let sure = self.at_word("delete");
            self.at += 1;
            return self.delete(sure);
        }
        if self.at_word("list") {
            let start = self.at;
            self.skip_statement(start);
            return Ok(());
        }
        if self.at_word("replace") || self.at_word("rename") || self.at_word("reset") {
            return Err(self.expected("a table").help("give the rules as `nft list ruleset` prints them"));
        }
        self.add(false)
    }

    fn add(&mut self, first: bool) -> Parsed<()> {
        let Some(object) = self.next_if(|token| token.sort == Sort::Word) else {
            return Err(self.expected("a table, chain, set, map, element or rule"));
        };
        match object.text {
            "table" => self.table(),
            "chain" => {
                let table = self.table_named()?;
                self.chain(table)
            }
            "rule" => {
                let table = self.table_named()?;
                self.lone_rule(table, first)
            }
            "set" | "map" => {
                let table = self.table_named()?;
                self.set(table, object.text == "map")
            }
            "element" => {
                let table = self.table_named()?;
                let name = self.name("the name of a set")?;
                let elements = self.at;
                self.skip_block()?;
                self.elements(table, name, (elements, self.at))
            }
            other if OBJECTS.contains(&other) => {
                self.skip_statement(self.at);
                Ok(())
            }
            _ => {
                self.at -= 1;
                Err(self
                    .expected("`table`, `chain`, `set`, `map`, `element` or `rule`")
                    .help("the text is to be what `nft list ruleset` prints, or a file for `nft -f`"))
            }
        }
    }

    fn table(&mut self) -> Parsed<()> {
        let (family, name) = self.family_and_name()?;
        let table = self.table_of(family, name);
        if !self.take_mark("{") {
            return Ok(());
        }
        self.block(|parser| parser.in_table(table))
    }

    /// Reads statements up to the closing brace, each of which may fail alone.
    pub(super) fn block(&mut self, mut statement: impl FnMut(&mut Self) -> Parsed<()>) -> Parsed<()> {
        loop {
            self.skip_separators();
            if self.take_mark("}") {
                return Ok(());
            }
            if self.peek().is_none() {
                return Err(self.expected("`}`").help("a block that was opened is not closed"));
            }
            let start = self.at;
            if let Err(error) = statement(self).and_then(|()| self.statement_ends()) {
                self.tell(error);
                self.skip_statement(start);
            }
        }
    }

    fn in_table(&mut self, table: usize) -> Parsed<()> {
        let word = self.name("a chain, set or map")?;
        match word.text {
            "chain" => self.chain(table),
            "set" => self.set(table, false),
            "map" => self.set(table, true),
            "comment" => self.name("a text").map(|_| ()),
            "flags" => loop {
                let flag = self.name("`dormant`, `owner` or `persist`")?;
                if flag.text == "dormant"
                    && let Some(Some(table)) = self.draft.tables.get_mut(table)
                {
                    table.dormant = true;
                }
                if !self.take_mark(",") {
                    return Ok(());
                }
            },
            other if OBJECTS.contains(&other) => {
                self.skip_statement(self.at);
                Ok(())
            }
            _ => {
                self.at -= 1;
                Err(self.expected("a chain, set or map"))
            }
        }
    }

    fn delete(&mut self, sure: bool) -> Parsed<()> {
        let Some(object) = self.next_if(|token| token.sort == Sort::Word) else {
            return Err(self.expected("a table, chain, set, map or element"));
        };
        if object.text == "table" {
            let place = self.place();
            let (family, name) = self.family_and_name()?;
            let gone = self.draft.tables_by_name.remove(&(family, name.clone()));
            match gone {
                Some(table) => {
                    if let Some(table) = self.draft.tables.get_mut(table) {
                        *table = None;
                    }
                }
                None if sure => return Err(missing(place, "table", &name)),
                None => {}
            }
            return Ok(());
        }
        if OBJECTS.contains(&object.text) {
            self.skip_statement(self.at);
            return Ok(());
        }
        let place = object.place;
        match object.text {
            "chain" | "set" | "map" => {
                let table = self.table_named()?;
                let name = self.name("a name")?;
                let Some(Some(table)) = self.draft.tables.get_mut(table) else { return Ok(()) };
                let gone = if object.text == "chain" {
                    let gone = table.chains_by_name.remove(name.text);
                    gone.and_then(|at| table.chains.get_mut(at)).map(|chain| *chain = None)
                } else {
                    let gone = table.sets_by_name.remove(name.text);
                    gone.and_then(|at| table.sets.get_mut(at)).map(|set| *set = None)
                };
                if gone.is_none() && sure {
                    return Err(missing(name.place, object.text, name.text));
                }
                Ok(())
            }
            "element" => {
                let table = self.table_named()?;
                let name = self.name("the name of a set")?;
                let elements = self.at;
                self.skip_block()?;
                self.delete_elements(table, name, (elements, self.at))
            }
            "rule" => Err(ParseError::new(place, "which rule has which handle is not known here")
                .help("give the rules as `nft list ruleset` prints them")),
            _ => Err(ParseError::new(place, format!("`{}` is nothing that can be deleted", object.text))),
        }
    }

    fn flush(&mut self) -> Parsed<()> {
        let Some(object) = self.next_if(|token| token.sort == Sort::Word) else {
            return Err(self.expected("`ruleset`, `table`, `chain`, `set` or `map`"));
        };
        match object.text {
            "ruleset" => {
                let Some(family) = self.family() else {
                    self.draft.tables.clear();
                    self.draft.tables_by_name.clear();
                    return Ok(());
                };
                self.count_moves(self.draft.tables.len())?;
                for table in &mut self.draft.tables {
                    if table.as_ref().is_some_and(|table| table.family == family) {
                        *table = None;
                    }
                }
                self.draft.tables_by_name.retain(|(of, _), _| *of != family);
                Ok(())
            }
            "table" => {
                let (family, name) = self.family_and_name()?;
                let table = self.table_of(family, name);
                let chains =
                    self.draft.tables.get(table).and_then(Option::as_ref).map(|table| table.chains.len());
                self.count_moves(chains.unwrap_or(0))?;
                if let Some(Some(table)) = self.draft.tables.get_mut(table) {
                    table.chains.iter_mut().flatten().for_each(|chain| chain.rules.clear());
                }
                Ok(())
            }
            "chain" | "set" | "map" | "meter" => {
                let table = self.table_named()?;
                let name = self.name("a name")?;
                let Some(Some(table)) = self.draft.tables.get_mut(table) else { return Ok(()) };
                if object.text == "chain" {
                    match table.chain_mut(name.text) {
                        Some(chain) => chain.rules.clear(),
                        None => return Err(missing(name.place, "chain", name.text)),
                    }
                } else if let Some(set) = table.set_mut(name.text) {
                    set.set.elements.clear();
                    set.opaque.clear();
                }
                Ok(())
            }
            _ => {
                self.at -= 1;
                Err(self.expected("`ruleset`, `table`, `chain`, `set` or `map`"))
            }
        }
    }

    /// Passes over a block in braces.
    fn skip_block(&mut self) -> Parsed<()> {
        self.expect_mark("{")?;
        let mut depth = 1;
        while depth > 0 {
            match self.next() {
                Some(token) => depth += token.step(),
                None => return Err(self.expected("`}`")),
            }
        }
        Ok(())
    }

    fn family(&mut self) -> Option<Family> {
        // A table may have a family's name.
        let named = self.peek_at(1).is_some_and(|token| matches!(token.sort, Sort::Word | Sort::Quoted));
        let ends = self.peek_at(1).is_none_or(|token| token.sort == Sort::Separator);
        let word = self.peek().filter(|token| token.sort == Sort::Word && (named || ends))?;
        let family = match word.text {
            "ip" => Family::Ip,
            "ip6" => Family::Ip6,
            "inet" => Family::Inet,
            "arp" => Family::Arp,
            "bridge" => Family::Bridge,
            "netdev" => Family::Netdev,
            _ => return None,
        };
        self.at += 1;
        Some(family)
    }

    fn family_and_name(&mut self) -> Parsed<(Family, Text)> {
        let family = self.family().unwrap_or(Family::Ip);
        let name = self.name("the name of a table")?;
        Ok((family, name.text.into()))
    }

    /// The table of a family and name, made where there is none yet.
    fn table_of(&mut self, family: Family, name: Text) -> usize {
        let tables = &mut self.draft.tables;
        *self.draft.tables_by_name.entry((family, name.clone())).or_insert_with(|| {
            tables.push(Some(TableDraft {
                family,
                name,
                dormant: false,
                sets: Vec::new(),
                sets_by_name: BTreeMap::new(),
                chains: Vec::new(),
                chains_by_name: BTreeMap::new(),
            }));
            tables.len() - 1
        })
    }

    /// The table that a command names. It must be there.
    fn table_named(&mut self) -> Parsed<usize> {
        let place = self.place();
        let key = self.family_and_name()?;
        match self.draft.tables_by_name.get(&key) {
            Some(table) => Ok(*table),
            None => Err(missing(place, "table", &key.1)),
        }
    }

    /// The chain of a name, made where there is none yet.
    pub(super) fn chain_of(
        &mut self,
        table: usize,
        name: Text,
        place: crate::Place,
    ) -> Option<&mut ChainDraft> {
        let table = self.draft.tables.get_mut(table)?.as_mut()?;
        let chains = &mut table.chains;
        let at = *table.chains_by_name.entry(name.clone()).or_insert_with(|| {
            let chain = Chain { name, base: None, rules: Vec::new(), place };
            chains.push(Some(ChainDraft { chain, rules: Vec::new() }));
            chains.len() - 1
        });
        chains.get_mut(at)?.as_mut()
    }

    /// The set of a name, made where there is none yet.
    pub(super) fn set_of(&mut self, table: usize, name: Text, place: crate::Place) -> Option<&mut SetDraft> {
        let table = self.draft.tables.get_mut(table)?.as_mut()?;
        let sets = &mut table.sets;
        let at = *table.sets_by_name.entry(name.clone()).or_insert_with(|| {
            let set = Set { name, elements: Vec::new(), dynamic: false, place };
            sets.push(Some(SetDraft { set, kinds: Kinds::Opaque, verdicts: false, opaque: Vec::new() }));
            sets.len() - 1
        });
        sets.get_mut(at)?.as_mut()
    }
}

/// That something is not there.
pub(super) fn missing(place: crate::Place, what: &str, name: &str) -> ParseError {
    ParseError::new(place, format!("there is no {what} `{name}`")).help(format!("declare the {what} above"))
}
