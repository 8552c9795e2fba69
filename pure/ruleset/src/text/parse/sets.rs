//! Named sets and maps, and elements.

use super::{Kinds, ParseError, Parsed, Parser, commands::missing, key::Part};
use crate::{
    Element, Range, Verdict,
    text::{
        DEPTH_MAX,
        lexer::{Sort, Token},
        value::{Kind, STATE_BITS},
    },
};
use city::Text;

/// Elements as they are written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) elements: Vec<Element>,
    /// Those that stand for whatever no other does, and come last.
    pub(super) others: Vec<Element>,
    /// The words and verdicts of elements that are not understood.
    pub(super) opaque: Vec<(Text, Verdict)>,
}

impl Written {
    /// All elements that are understood, in the order in which they are to be asked.
    pub(super) fn in_order(mut self) -> Vec<Element> {
        self.elements.append(&mut self.others);
        self.elements
    }
}

impl<'a> Parser<'a> {
    /// Reads a set's or map's name and block.
    pub(super) fn set(&mut self, table: usize, map: bool) -> Parsed<()> {
        let place = self.place();
        let name = self.name(if map { "the name of a map" } else { "the name of a set" })?;
        self.set_of(table, name.text.into(), place);
        if !self.take_mark("{") {
            return Ok(());
        }
        let mut elements = None;
        self.block(|parser| parser.in_set(table, name, map, &mut elements))?;
        match elements {
            Some(span) => self.elements(table, name, span),
            None => Ok(()),
        }
    }

    fn in_set(
        &mut self,
        table: usize,
        name: Token<'a>,
        map: bool,
        elements: &mut Option<(usize, usize)>,
    ) -> Parsed<()> {
        let word = self.name("what the set is")?;
        match word.text {
            "type" | "typeof" => {
                let kinds = if word.text == "type" { self.types()? } else { self.types_of(table)? };
                let verdicts = map && self.take_mark(":") && self.at_word("verdict");
                self.skip_statement(self.at);
                if let Some(set) = self.set_of(table, name.text.into(), name.place) {
                    set.kinds = kinds;
                    set.verdicts = verdicts;
                }
            }
            "flags" => {
                while let Some(flag) = self.next_if(|token| token.sort == Sort::Word || token.is_mark(",")) {
                    if flag.text == "dynamic"
                        && let Some(set) = self.set_of(table, name.text.into(), name.place)
                    {
                        set.set.dynamic = true;
                    }
                }
            }
            "elements" => {
                self.expect_mark("=")?;
                let start = self.at;
                self.skip_statement(start);
                *elements = Some((start, self.at));
            }
            "auto-merge" | "comment" | "counter" | "ct" | "gc-interval" | "last" | "limit" | "policy"
            | "quota" | "size" | "timeout" => self.skip_statement(self.at),
            _ => {
                self.at -= 1;
                return Err(self.expected("`type`, `flags`, `elements` or another property of a set"));
            }
        }
        Ok(())
    }

    /// `ipv4_addr . inet_service`
    fn types(&mut self) -> Parsed<Kinds> {
        let mut kinds = Some(Vec::new());
        loop {
            let name = self.name("a type")?;
            match (Kind::of_type(name.text), &mut kinds) {
                (Some(kind), Some(kinds)) => kinds.push(kind),
                _ => kinds = None,
            }
            if !self.take_mark(".") {
                return Ok(kinds.map_or(Kinds::Opaque, Kinds::Known));
            }
        }
    }

    /// `ip saddr . tcp dport`
    fn types_of(&mut self, table: usize) -> Parsed<Kinds> {
        let mut kinds = Some(Vec::new());
        let family = self.draft.tables.get(table).and_then(Option::as_ref).map(|table| table.family);
        let family = family.unwrap_or(crate::Family::Ip);
        for part in self.key(family)? {
            match (part, &mut kinds) {
                (Part::Known { kind, .. }, Some(kinds)) => kinds.push(kind),
                _ => kinds = None,
            }
        }
        Ok(kinds.map_or(Kinds::Opaque, Kinds::Known))
    }

    /// Reads elements into a named set.
    pub(super) fn elements(&mut self, table: usize, name: Token<'a>, span: (usize, usize)) -> Parsed<()> {
        let written = self.named_elements(table, name, span)?;
        if let Some(set) = self.set_of(table, name.text.into(), name.place) {
            set.opaque.extend(written.opaque);
            // Elements for whatever no other is stay last.
            let whole = |element: &Element| {
                element.key.iter().all(|range| range.first == 0 && range.last == u128::MAX)
            };
            let others = match set.set.elements.iter().rposition(|element| !whole(element)) {
                Some(at) => set.set.elements.split_off(at + 1),
                None => std::mem::take(&mut set.set.elements),
            };
            set.set.elements.extend(written.elements);
            set.set.elements.extend(others);
            set.set.elements.extend(written.others);
        }
        Ok(())
    }

    /// Takes elements out of a named set.
    pub(super) fn delete_elements(
        &mut self,
        table: usize,
        name: Token<'a>,
        span: (usize, usize),
    ) -> Parsed<()> {
        let written = self.named_elements(table, name, span)?;
        let gone: std::collections::BTreeSet<Vec<Range>> =
            written.in_order().into_iter().map(|element| element.key).collect();
        let set =
            self.draft.tables.get(table).and_then(Option::as_ref).and_then(|table| table.set(name.text));
        self.count_moves(set.map_or(0, |set| set.set.elements.len()))?;
        if let Some(set) = self.set_of(table, name.text.into(), name.place) {
            set.set.elements.retain(|element| !gone.contains(&element.key));
        }
        Ok(())
    }

    fn named_elements(&mut self, table: usize, name: Token<'a>, span: (usize, usize)) -> Parsed<Written> {
        let set =
            self.draft.tables.get(table).and_then(Option::as_ref).and_then(|table| table.set(name.text));
        let Some(set) = set else { return Err(missing(name.place, "set", name.text)) };
        let (kinds, verdicts) = (set.kinds.clone(), set.verdicts);
        let (at, end) = (self.at, self.end);
        (self.at, self.end) = span;
        let written = self.written(&kinds, verdicts);
        (self.at, self.end) = (at, end);
        written
    }

    /// Reads elements in braces.
    pub(super) fn written(&mut self, kinds: &Kinds, verdicts: bool) -> Parsed<Written> {
        let mut written = Written::default();
        let mut depth = 0;
        loop {
            self.skip_lines();
            // A variable within braces may have braces of its own.
            if self.at_mark("{") && !(depth > 0 && self.at_joined_set()) {
                self.at += 1;
                depth += 1;
                if depth > DEPTH_MAX {
                    return Err(self.expected("an element").help("sets within sets go too deep"));
                }
                continue;
            }
            if depth == 0 {
                return Err(self.expected("`{`"));
            }
            if self.take_mark("}") {
                depth -= 1;
                if depth == 0 {
                    return Ok(written);
                }
                continue;
            }
            if self.take_mark(",") {
                continue;
            }
            match kinds {
                Kinds::Known(kinds) => self.element(kinds, verdicts, &mut written)?,
                Kinds::Opaque => self.opaque_element(verdicts, &mut written)?,
            }
        }
    }

    /// Whether the braces that open here hold values of a key's first part, as in `{ 80, 443 } . tcp`.
    fn at_joined_set(&self) -> bool {
        let mut depth = 0;
        for ahead in 0.. {
            let Some(token) = self.peek_at(ahead) else { return false };
            depth += token.step();
            if depth == 0 {
                return self.peek_at(ahead + 1).is_some_and(|token| token.is_mark("."));
            }
        }
        false
    }

    fn element(&mut self, kinds: &[Kind], verdicts: bool, written: &mut Written) -> Parsed<()> {
        let place = self.place();
        let mut keys: Vec<Vec<Range>> = vec![Vec::with_capacity(kinds.len())];
        let all_others = self.take_mark("*");
        if all_others {
            keys = vec![vec![Range { first: 0, last: u128::MAX }; kinds.len()]];
        } else {
            for (at, kind) in kinds.iter().enumerate() {
                if at > 0 {
                    self.expect_mark(".")?;
                }
                let ranges = self.part(*kind)?;
                if let [range] = ranges[..] {
                    keys.iter_mut().for_each(|key| key.push(range));
                } else {
                    self.count(keys.len().saturating_mul(ranges.len()))?;
                    let with = |key: &Vec<Range>, range: Range| [&key[..], &[range]].concat();
                    keys = keys
                        .iter()
                        .flat_map(|key| ranges.iter().map(move |range| with(key, *range)))
                        .collect();
                }
            }
        }
        self.count(keys.len())?;
        let verdict = self.element_ends(verdicts)?;
        let into = if all_others { &mut written.others } else { &mut written.elements };
        into.extend(keys.into_iter().map(|key| Element { key, verdict: verdict.clone(), place }));
        Ok(())
    }

    /// Passes over what an element has besides its key, and reads its verdict.
    fn element_ends(&mut self, verdicts: bool) -> Parsed<Option<Verdict>> {
        let mut depth = 0;
        while let Some(token) = self.peek() {
            depth += token.step();
            if depth < 0 || depth == 0 && (token.is_mark(",") || token.is_mark(":")) {
                break;
            }
            self.at += 1;
        }
        if verdicts {
            self.expect_mark(":")?;
            self.skip_lines();
            let verdict = self.verdict()?;
            return verdict.map(Some).ok_or_else(|| {
                self.expected("a verdict")
                    .help("accept, drop, queue, continue, return, jump CHAIN or goto CHAIN")
            });
        }
        if self.take_mark(":") {
            return self.element_ends(false);
        }
        Ok(None)
    }

    fn opaque_element(&mut self, verdicts: bool, written: &mut Written) -> Parsed<()> {
        let start = self.at;
        let mut depth = 0;
        while let Some(token) = self.peek() {
            depth += token.step();
            let more = matches!(token.text, "comment" | "counter" | "expires" | "timeout") && self.at > start;
            if depth < 0 || depth == 0 && (token.is_mark(",") || token.is_mark(":") || more) {
                break;
            }
            self.at += 1;
        }
        if self.at == start {
            return Err(self.expected("an element"));
        }
        let words = if verdicts { self.words(start) } else { Text::default() };
        if let Some(verdict) = self.element_ends(verdicts)? {
            self.count(1)?;
            written.opaque.push((words, verdict));
        }
        Ok(())
    }

    /// One part of a key: a value, a prefix, a range, or a set of them.
    pub(super) fn part(&mut self, kind: Kind) -> Parsed<Vec<Range>> {
        self.skip_lines();
        if self.at_mark("{") {
            let written = self.deeper(|parser| parser.written(&Kinds::Known(vec![kind]), false))?;
            return Ok(written.in_order().into_iter().flat_map(|element| element.key).collect());
        }
        if kind.is_bits() {
            let bits = self.bits(kind)?;
            return Ok(match kind {
                Kind::State => STATE_BITS
                    .into_iter()
                    .zip(0..)
                    .filter(|(of, _)| *of == bits)
                    .map(|(_, n)| Range::one(n))
                    .collect(),
                _ => vec![Range::one(bits)],
            });
        }
        let place = self.place();
        let word = self.name(kind.name())?;
        if kind == Kind::Interface {
            // An index, of an interface that is gone: no name has a blank.
            if word.sort == Sort::Word && word.text.bytes().all(|letter| letter.is_ascii_digit()) {
                return Ok(vec![Range::one(self.interface(&format!("index {}", word.text))?.into())]);
            }
            if word.text == "*" {
                return Ok(vec![kind_whole(kind)]);
            }
            return Ok(vec![Range::one(self.interface(&word.text.replace("\\*", "*"))?.into())]);
        }
        let wrong = |word: Token<'_>| {
            let error = ParseError::new(place, format!("`{}` is not {}", word.text, kind.name()));
            match kind {
                Kind::Ipv4 | Kind::Ipv6 => error.help("names of hosts are not looked up; write the address"),
                Kind::Port => error.help("write the port's number"),
                _ => error,
            }
        };
        let range = kind.range(word.text).ok_or_else(|| wrong(word))?;
        if self.take_mark("-") {
            let last = self.name(kind.name())?;
            let last =
                kind.value(last.text).filter(|last| *last >= range.first).ok_or_else(|| wrong(last))?;
            return Ok(vec![Range { first: range.first, last }]);
        }
        if self.take_mark("/") {
            let length = self.name("a length")?;
            let range = length.text.parse().ok().and_then(|length| kind.prefix(range.first, length));
            return range.map(|range| vec![range]).ok_or_else(|| wrong(length));
        }
        Ok(vec![range])
    }
}

fn kind_whole(kind: Kind) -> Range {
    Range { first: 0, last: kind.last() }
}
