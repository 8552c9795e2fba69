//! Tokens to a ruleset.

mod chain;
mod commands;
mod finish;
mod key;
mod relation;
mod rule;
mod sets;
mod statement;
mod unknown;

use super::{
    DEPTH_MAX, ELEMENTS_MAX, ERRORS_MAX, MOVES_MAX, ParseError,
    lexer::{Sort, Token},
    value::Kind,
};
use crate::{Chain, Element, Family, Place, Ruleset, Set, Verdict};
use city::Text;
use std::collections::{BTreeMap, BTreeSet};

pub(super) type Parsed<T> = Result<T, ParseError>;

/// Reads all tokens. The ruleset means something only where no errors were added.
pub(super) fn parse<'a>(text: &'a str, tokens: Vec<Token<'a>>, errors: &mut Vec<ParseError>) -> Ruleset {
    let end = tokens.len();
    let changed = changed_by_rules(&tokens);
    let mut parser =
        Parser { text, tokens, at: 0, end, depth: 0, errors: Vec::new(), draft: Draft::default() };
    parser.draft.changed = changed;
    parser.commands();
    parser.rules();
    let Parser { errors: found, draft, .. } = parser;
    errors.extend(found);
    draft.finish(errors)
}

/// What rules ask for and rules set, such as `meta mark`: it need not be the same at two places.
fn changed_by_rules<'a>(tokens: &[Token<'a>]) -> BTreeSet<&'a str> {
    let sets =
        |window: &&[Token<'a>]| matches!(window, [key, set] if key.sort == Sort::Word && set.is_word("set"));
    tokens.windows(2).filter(sets).filter_map(|window| window.first()).map(|key| key.text).collect()
}

/// Tokens, and how far they are read.
struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
    /// Behind the last token of what is being read.
    end: usize,
    /// How deep in sets within sets and keys within keys.
    depth: usize,
    errors: Vec<ParseError>,
    draft: Draft<'a>,
}

/// The ruleset so far.
#[derive(Default)]
struct Draft<'a> {
    tables: Vec<Option<TableDraft>>,
    tables_by_name: BTreeMap<(Family, Text), usize>,
    interfaces: Vec<Text>,
    interfaces_by_name: BTreeMap<Text, u16>,
    unknowns: Vec<Text>,
    unknowns_by_words: BTreeMap<Text, u16>,
    /// The last words of what rules set.
    changed: BTreeSet<&'a str>,
    elements: usize,
    moves: usize,
}

/// A table whose rules are not read yet.
struct TableDraft {
    family: Family,
    name: Text,
    dormant: bool,
    sets: Vec<Option<SetDraft>>,
    sets_by_name: BTreeMap<Text, usize>,
    chains: Vec<Option<ChainDraft>>,
    chains_by_name: BTreeMap<Text, usize>,
}

/// A chain, and where its rules stand among the tokens.
struct ChainDraft {
    chain: Chain,
    rules: Vec<(usize, usize)>,
}

/// A set or map, with what its keys are made of.
struct SetDraft {
    set: Set,
    kinds: Kinds,
    /// Whether it maps to verdicts.
    verdicts: bool,
    /// The words and verdicts of elements whose keys are not understood.
    opaque: Vec<(Text, Verdict)>,
}

/// What the parts of a key are.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kinds {
    Known(Vec<Kind>),
    /// At least one part is nothing that a ruleset's fields have.
    Opaque,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> Option<Token<'a>> {
        let at = self.at + ahead;
        if at < self.end { self.tokens.get(at).copied() } else { None }
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    fn next_if(&mut self, is: impl Fn(&Token<'a>) -> bool) -> Option<Token<'a>> {
        self.peek().filter(is).inspect(|_| self.at += 1)
    }

    fn at_mark(&self, mark: &str) -> bool {
        self.peek().is_some_and(|token| token.is_mark(mark))
    }

    fn at_word(&self, word: &str) -> bool {
        self.peek().is_some_and(|token| token.is_word(word))
    }

    fn take_mark(&mut self, mark: &str) -> bool {
        self.next_if(|token| token.is_mark(mark)).is_some()
    }

    fn take_word(&mut self, word: &str) -> bool {
        self.next_if(|token| token.is_word(word)).is_some()
    }

    /// Ends of lines within braces mean nothing.
    fn skip_lines(&mut self) {
        while self.next_if(|token| token.sort == Sort::Separator && token.text == "\n").is_some() {}
    }

    fn skip_separators(&mut self) {
        while self.next_if(|token| token.sort == Sort::Separator).is_some() {}
    }

    fn expect_mark(&mut self, mark: &str) -> Parsed<()> {
        if self.take_mark(mark) { Ok(()) } else { Err(self.expected(&format!("`{mark}`"))) }
    }

    /// A word, or a text in quotes.
    fn name(&mut self, what: &str) -> Parsed<Token<'a>> {
        self.next_if(|token| matches!(token.sort, Sort::Word | Sort::Quoted))
            .ok_or_else(|| self.expected(what))
    }

    /// Where the next token stands; at the end, where the last one does.
    fn place(&self) -> Place {
        let here = self.peek().or_else(|| self.tokens.get(self.at).copied());
        here.or_else(|| self.tokens.last().copied()).map_or_else(Place::default, |token| token.place)
    }

    /// Reads what lies within something of its own kind.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == DEPTH_MAX {
            return Err(ParseError::new(
                self.place(),
                format!("this lies within {DEPTH_MAX} others of its kind"),
            )
            .help("write it flat"));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// What was expected instead of the next token.
    fn expected(&self, what: &str) -> ParseError {
        let found = match self.peek() {
            None => "the end".to_owned(),
            Some(token) if token.text == "\n" => "the end of the line".to_owned(),
            Some(token) => format!("`{}`", token.text.chars().take(40).collect::<String>()),
        };
        ParseError::new(self.place(), format!("expected {what}, found {found}"))
    }

    fn tell(&mut self, error: ParseError) {
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(error);
        }
    }

    /// Goes to the end of the statement that begins at a token: behind its separator, or before the brace that closes
    /// what it stands in.
    fn skip_statement(&mut self, start: usize) {
        self.at = start;
        let mut depth = 0;
        while let Some(token) = self.peek() {
            depth += token.step();
            if depth < 0 || depth == 0 && token.sort == Sort::Separator {
                return;
            }
            self.at += 1;
        }
    }

    /// The words from a token to where reading stands, in one line.
    fn words(&self, start: usize) -> Text {
        words(self.tokens.get(start..self.at).unwrap_or_default())
    }

    /// Counts elements before they are kept.
    fn count(&mut self, elements: usize) -> Parsed<()> {
        self.draft.elements = self.draft.elements.saturating_add(elements);
        if self.draft.elements > ELEMENTS_MAX {
            let message = format!("the sets up to here have more than {ELEMENTS_MAX} elements");
            return Err(ParseError::new(self.place(), message)
                .help("sets within joined keys, masks with gaps and names with `*` multiply"));
        }
        Ok(())
    }

    /// Counts what is moved or looked at by commands that take back or squeeze in.
    fn count_moves(&mut self, moves: usize) -> Parsed<()> {
        self.draft.moves = self.draft.moves.saturating_add(moves);
        if self.draft.moves > MOVES_MAX {
            return Err(ParseError::new(self.place(), "too much is taken back or squeezed in up to here")
                .help("give the rules as `nft list ruleset` prints them"));
        }
        Ok(())
    }

    /// An interface's number, from 1.
    fn interface(&mut self, name: &str) -> Parsed<u16> {
        let place = self.place();
        let Draft { interfaces, interfaces_by_name, .. } = &mut self.draft;
        if let Some(number) = interfaces_by_name.get(name) {
            return Ok(*number);
        }
        let number = u16::try_from(interfaces.len() + 1)
            .map_err(|_| ParseError::new(place, "rules name more than 65,535 interfaces"))?;
        interfaces.push(name.into());
        interfaces_by_name.insert(name.into(), number);
        Ok(number)
    }

    /// The number of a condition that is not understood: of its own where `fresh`, and else that of the same words.
    fn unknown(&mut self, words: Text, fresh: bool) -> Parsed<u16> {
        let place = self.place();
        let Draft { unknowns, unknowns_by_words, .. } = &mut self.draft;
        if !fresh && let Some(number) = unknowns_by_words.get(&words) {
            return Ok(*number);
        }
        let number = u16::try_from(unknowns.len()).map_err(|_| {
            ParseError::new(
                place,
                "rules have more than 65,536 conditions beyond addresses, ports and states",
            )
        })?;
        unknowns.push(words.clone());
        if !fresh {
            unknowns_by_words.insert(words, number);
        }
        Ok(number)
    }
}

/// Tokens in one line, spaced as rules commonly are.
fn words(tokens: &[Token<'_>]) -> Text {
    let mut out = Text::default();
    let mut close = true;
    for token in tokens.iter().filter(|token| token.sort != Sort::Separator) {
        if !(close || token.is_mark(",") || token.is_mark(")")) {
            out.push(' ');
        }
        match token.sort {
            Sort::Quoted => {
                out.push('"');
                out.push_str(token.text);
                out.push('"');
            }
            _ => out.push_str(token.text),
        }
        close = token.is_mark("(") || token.is_mark("@");
    }
    out
}

impl TableDraft {
    fn set(&self, name: &str) -> Option<&SetDraft> {
        self.sets.get(*self.sets_by_name.get(name)?)?.as_ref()
    }

    fn set_mut(&mut self, name: &str) -> Option<&mut SetDraft> {
        self.sets.get_mut(*self.sets_by_name.get(name)?)?.as_mut()
    }

    fn chain_mut(&mut self, name: &str) -> Option<&mut ChainDraft> {
        self.chains.get_mut(*self.chains_by_name.get(name)?)?.as_mut()
    }
}

/// An element with one range.
fn element(range: crate::Range, place: Place) -> Element {
    Element { key: vec![range], verdict: None, place }
}
