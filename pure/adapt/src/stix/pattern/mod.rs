//! The STIX patterning language (STIX 2.1, part 9): read whole, printed in one canonical form, evaluated.
//!
//! ```text
//! text ─► words ─► tree ─┬─► canonical text
//!                        ├─► notes: paths that are in no object, comparisons that can never hold
//!                        └─► candidates: which observation satisfies which [ ] ─► bindings ─► Match
//! ```
//!
//! Everything is bounded: the text, its nesting, and the steps that an evaluation may take ([`Budget`]). Whoever runs
//! out of steps is told so; it is no answer.
//!
//! Where the standard leaves open what happens, this does what OASIS's own matcher does. Where that matcher departs from
//! the standard, this does not; the lists are in `tests/peer`.

mod bind;
mod candidates;
mod compare;
mod expression;
mod flow;
mod lex;
mod like;
mod need;
mod notes;
mod octets;
mod parse;
mod path;
mod print;
mod tree;

pub use candidates::{Budget, Match, Undecided, evaluate, may_hold, takes_part};
pub use expression::{Expression, NotAnExpression};
pub use like::Like;
pub use notes::Note;
pub use tree::{Comparison, Constant, ObjectPath, Observation, Order, Qualifier, Relation, Step, Test};

use std::fmt;

/// The longest pattern that is read, in bytes.
pub const TEXT_MAX: usize = 1 << 20;

/// How deep parentheses may stand within one another.
pub const DEPTH_MAX: usize = 64;

/// How many regular expressions a pattern may have; each takes memory when it is read.
pub const EXPRESSIONS_MAX: usize = 500;

/// A pattern that holds together.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    root: Observation,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// The first place at which the text is not a pattern, and what was expected there.
    pub fn parse(text: &str) -> Result<Pattern, PatternError> {
        parse::pattern(text).map(|root| Pattern { root })
    }

    /// A pattern of what was read, and changed since without asking for what no pattern can.
    pub(crate) fn of(root: Observation) -> Pattern {
        Pattern { root }
    }

    /// What must have been observed.
    #[must_use]
    pub fn root(&self) -> &Observation {
        &self.root
    }

    /// What a reader of the pattern should know: paths that no object of STIX 2.1 has, comparisons that can never hold,
    /// and regular expressions that are not run.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        notes::of(&self.root)
    }
}

/// The canonical form: parentheses only where they are needed, one space, `=` and `!=`.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)
    }
}

impl std::str::FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Pattern, PatternError> {
        Pattern::parse(text)
    }
}

/// A place in a pattern's text; both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// Why a text is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {}, column {}: {problem}", place.line, place.column)]
pub struct PatternError {
    /// Where.
    pub place: Place,
    /// What is wrong there, and what was expected.
    pub problem: String,
}

impl PatternError {
    fn new(place: Place, problem: impl Into<String>) -> PatternError {
        PatternError { place, problem: problem.into() }
    }
}
