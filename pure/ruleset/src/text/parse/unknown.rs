//! What is read past: conditions and values that are not understood.

use super::{Parsed, Parser, key::implied_by, rule::RuleDraft};
use crate::text::lexer::Sort;

const COMPARES: [&str; 7] = ["==", "!=", "<", ">", "<=", ">=", "!"];
const JOINS: [&str; 10] = ["&", "|", "^", "<<", ">>", ",", "-", "/", ".", ":"];

impl Parser<'_> {
    fn at_one_of(&self, marks: &[&str]) -> bool {
        self.peek().is_some_and(|token| token.sort == Sort::Mark && marks.contains(&token.text))
    }

    /// Passes over what a key is compared with. Whether it is `!=`.
    pub(super) fn skip_relation(&mut self) -> Parsed<bool> {
        let unequal = self.at_mark("!=");
        if !self.at_one_of(&COMPARES) && self.at_one_of(&JOINS) {
            self.at += 1;
        }
        loop {
            if self.at_one_of(&COMPARES) {
                self.at += 1;
            }
            self.skip_value()?;
            if !self.at_one_of(&COMPARES) {
                return Ok(unequal);
            }
        }
    }

    /// Passes over a value.
    pub(super) fn skip_value(&mut self) -> Parsed<()> {
        if self.at_mark(":") {
            self.at += 1;
        }
        loop {
            self.skip_operand()?;
            if !self.at_one_of(&JOINS) {
                return Ok(());
            }
            self.at += 1;
        }
    }

    /// Passes over one word, set or bracket.
    fn skip_operand(&mut self) -> Parsed<()> {
        let Some(token) = self.peek() else { return Err(self.expected("a value")) };
        match (token.sort, token.text) {
            (Sort::Mark, "{") => {
                let mut depth = 0;
                while let Some(token) = self.next() {
                    depth += token.step();
                    if depth == 0 {
                        return Ok(());
                    }
                }
                Err(self.expected("`}`"))
            }
            (Sort::Mark, open @ ("(" | "[")) => {
                let close = if open == "(" { ")" } else { "]" };
                let mut depth = 0;
                while let Some(token) = self.next() {
                    depth += i32::from(token.is_mark(open)) - i32::from(token.is_mark(close));
                    if depth == 0 {
                        return Ok(());
                    }
                }
                Err(self.expected(&format!("`{close}`")))
            }
            (Sort::Mark, "@") => {
                self.at += 1;
                self.name("the name of a set").map(|_| ())
            }
            (Sort::Mark, "*") => {
                self.at += 1;
                Ok(())
            }
            _ => self.name("a value").map(|_| ()),
        }
    }

    /// Passes over a value that may be computed from the packet. Whether it is looked up in a map.
    pub(super) fn skip_computed(&mut self, rule: &mut RuleDraft) -> Parsed<bool> {
        if self.at_mark(":") {
            self.at += 1;
        }
        loop {
            if self.at_key() {
                for part in self.key(rule.family)? {
                    rule.imply(implied_by(&part));
                }
            } else {
                self.skip_operand()?;
            }
            if self.take_word("map") {
                self.skip_operand()?;
                return Ok(true);
            }
            if !self.at_one_of(&JOINS) {
                return Ok(false);
            }
            self.at += 1;
        }
    }

    /// Goes to the end of a rule, or to its comment.
    pub(super) fn skip_rest(&mut self) {
        while self.peek().is_some_and(|token| !token.is_word("comment")) {
            self.at += 1;
        }
    }
}
