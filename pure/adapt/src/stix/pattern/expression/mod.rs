//! `MATCHES`: regular expressions as PCRE writes them, run in time that grows with the text and no faster.
//!
//! An expression is read as PCRE reads it, and written anew for an engine without backtracking. What that engine cannot
//! do, or would do otherwise, is named; nothing is tried with another meaning than its author's.

mod class;
mod translate;

use icu_normalizer::ComposingNormalizerBorrowed;
use regex_lite::{Regex, RegexBuilder};
use std::{borrow::Cow, sync::Arc};

/// How much memory an expression may take, in bytes; what repeats much takes much.
const SIZE_MAX: usize = 256 << 10;

/// A regular expression.
#[derive(Clone, Debug)]
pub struct Expression {
    text: String,
    /// Ready to run, or what stands in the way.
    engine: Result<Arc<Engine>, String>,
}

#[derive(Debug)]
struct Engine {
    regex: Regex,
    /// How many steps a character takes, about.
    weight: u64,
}

/// Why a text is no regular expression in any dialect that PCRE reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAnExpression(String);

/// What became of reading an expression.
enum Flaw {
    /// It is none.
    Malformed(String),
    /// It is one, and needs what the engine does not have.
    Unsupported(String),
}

impl Expression {
    /// Reads an expression. One that is not supported is an expression all the same.
    ///
    /// # Errors
    /// The text is malformed: a parenthesis is not closed, there is nothing to repeat.
    pub fn read(text: &str) -> Result<Expression, NotAnExpression> {
        let engine = match translate::translate(&nfc(text)) {
            Ok(ours) => compile(&ours).map(Arc::new),
            Err(Flaw::Unsupported(what)) => Err(what),
            Err(Flaw::Malformed(what)) => return Err(NotAnExpression(what)),
        };
        Ok(Expression { text: text.to_owned(), engine })
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What of it is not supported, if anything.
    #[must_use]
    pub fn unsupported(&self) -> Option<&str> {
        self.engine.as_ref().err().map(String::as_str)
    }

    /// How many steps a search takes at most, about.
    pub(super) fn cost(&self, value: &str) -> u64 {
        self.engine.as_ref().map_or(1, |engine| engine.weight.saturating_mul(value.len() as u64 + 1))
    }

    /// Whether it is found in a text; none where it is not supported.
    pub(super) fn found_in(&self, value: &str) -> Option<bool> {
        self.engine.as_ref().ok().map(|engine| engine.regex.is_match(value))
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Expression) -> bool {
        self.text == other.text
    }
}

impl Eq for Expression {}

fn compile(ours: &str) -> Result<Engine, String> {
    // A counted repetition is as many copies.
    let copies = if ours.contains('{') { 512 } else { 0 };
    let weight = 1 + ours.len() as u64 / 8 + copies;
    match RegexBuilder::new(ours).size_limit(SIZE_MAX).build() {
        Ok(regex) => Ok(Engine { regex, weight }),
        Err(_) => Err("it is too large or too deep".to_owned()),
    }
}

/// The text in Unicode's normal form C.
pub(super) fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { ComposingNormalizerBorrowed::new_nfc().normalize(text) }
}

#[cfg(test)]
mod tests;
