//! Text to words and marks, each with its place.

use super::{ERRORS_MAX, ParseError};
use crate::Place;
use std::net::Ipv6Addr;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A name, a number, an address, a range: `192.0.2.0/24`, `echo-request`, `1-1024`.
    Word,
    /// What stands between quotes.
    Quoted,
    /// One or two characters of punctuation.
    Mark,
    /// The end of a line, or a semicolon.
    Separator,
}

/// A word or mark.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) sort: Sort,
    /// Its text, without quotes.
    pub(super) text: &'a str,
    /// Where it begins in the source; of what a variable stands for, where the variable does.
    pub(super) start: u32,
    /// Where it ends.
    pub(super) end: u32,
    pub(super) place: Place,
}

impl Token<'_> {
    pub(super) fn is_mark(&self, mark: &str) -> bool {
        self.sort == Sort::Mark && self.text == mark
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.sort == Sort::Word && self.text == word
    }

    /// How deep what follows it lies within braces, compared with what stands before it.
    pub(super) fn step(&self) -> i32 {
        match (self.sort, self.text) {
            (Sort::Mark, "{") => 1,
            (Sort::Mark, "}") => -1,
            _ => 0,
        }
    }
}

const MARKS: [&str; 24] = [
    "==", "!=", "<=", ">=", "<<", ">>", "{", "}", "(", ")", "[", "]", ",", "=", "!", "<", ">", "&", "|", "^",
    "@", "$", "+", "~",
];

/// Marks that may also be spelt.
const OPERATORS: [(&str, &str); 9] = [
    ("and", "&"),
    ("eq", "=="),
    ("ge", ">="),
    ("gt", ">"),
    ("le", "<="),
    ("lt", "<"),
    ("ne", "!="),
    ("or", "|"),
    ("xor", "^"),
];

/// Reads a text of less than 4 GiB.
pub(super) fn lex<'a>(text: &'a str, errors: &mut Vec<ParseError>) -> Vec<Token<'a>> {
    let mut lexer = Lexer { text, at: 0, place: Place { line: 1, column: 1 }, tokens: Vec::new() };
    while let Some(letter) = lexer.peek() {
        if let Err(error) = lexer.token(letter)
            && errors.len() < ERRORS_MAX
        {
            errors.push(error);
        }
    }
    lexer.tokens
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    place: Place,
    tokens: Vec<Token<'a>>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Goes on by so many bytes.
    fn advance(&mut self, bytes: usize) {
        let passed = self.rest().get(..bytes).unwrap_or_default();
        let line = match passed.rfind('\n') {
            Some(last) => {
                let lines = passed.bytes().filter(|byte| *byte == b'\n').count();
                self.place = Place { line: self.place.line.saturating_add(lines as u32), column: 1 };
                passed.get(last + 1..).unwrap_or_default()
            }
            None => passed,
        };
        self.place.column = self.place.column.saturating_add(line.chars().count() as u32);
        self.at += bytes;
    }

    /// Takes a token of so many bytes, of which the text is a part.
    fn push(&mut self, sort: Sort, text: &'a str, bytes: usize) {
        let (start, place) = (self.at as u32, self.place);
        self.advance(bytes);
        self.tokens.push(Token { sort, text, start, end: self.at as u32, place });
    }

    fn token(&mut self, letter: char) -> Result<(), ParseError> {
        let rest = self.rest();
        match letter {
            '\n' | ';' => self.push(Sort::Separator, rest.get(..1).unwrap_or_default(), 1),
            '#' => self.advance(rest.find('\n').unwrap_or(rest.len())),
            '"' => return self.quoted(rest),
            '\\' if rest.trim_start_matches(['\\', ' ', '\t', '\r']).starts_with('\n') => {
                self.advance(rest.find('\n').map_or(rest.len(), |at| at + 1));
            }
            _ if letter.is_whitespace() => self.advance(letter.len_utf8()),
            _ if is_word(letter) => self.word(rest),
            _ => {
                let Some(mark) = MARKS.into_iter().find(|mark| rest.starts_with(mark)) else {
                    let place = self.place;
                    self.advance(letter.len_utf8());
                    return Err(ParseError::new(place, format!("`{letter}` has no meaning here"))
                        .help("quote texts: comment \"…\""));
                };
                self.push(Sort::Mark, mark, mark.len());
            }
        }
        Ok(())
    }

    fn quoted(&mut self, rest: &'a str) -> Result<(), ParseError> {
        let inner = rest.get(1..).unwrap_or_default();
        match inner.find('"') {
            Some(length) => {
                self.push(Sort::Quoted, inner.get(..length).unwrap_or_default(), length + 2);
                Ok(())
            }
            None => {
                let place = self.place;
                self.advance(rest.len());
                Err(ParseError::new(place, "a quote begins here and does not end")
                    .help("end it with another `\"`"))
            }
        }
    }

    fn word(&mut self, rest: &'a str) {
        let length = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
        let run = rest.get(..length).unwrap_or_default();
        let length = before_colon(run);
        let word = run.get(..length).unwrap_or_default();
        match word {
            "." | "/" | "-" | "*" | ":" => self.push(Sort::Mark, word, length),
            _ => match OPERATORS.iter().find(|(spelt, _)| *spelt == word) {
                Some((_, mark)) => self.push(Sort::Mark, mark, length),
                None => self.push(Sort::Word, word, length),
            },
        }
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '.' | '/' | '-' | '*' | ':')
}

/// How much of a run of letters is one word: a colon parts a key from its value, but within an address is part of it.
fn before_colon(run: &str) -> usize {
    let Some(colon) = run.find(':') else { return run.len() };
    if has_addresses(run) {
        return run.len();
    }
    match run.strip_suffix(':') {
        Some(shorter) if has_addresses(shorter) => shorter.len(),
        _ => colon.max(1),
    }
}

/// Whether a run is an IPv6 or MAC address, a prefix of one, or a range of two.
fn has_addresses(run: &str) -> bool {
    // The longest range of two has less than a hundred letters.
    run.len() < 100
        && run.contains(':')
        && run.split('-').all(|part| {
            let (address, length) = part.split_once('/').unwrap_or((part, "0"));
            length.bytes().all(|digit| digit.is_ascii_digit())
                && (address.parse::<Ipv6Addr>().is_ok() || super::value::mac(address).is_some())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut errors = Vec::new();
        let tokens = lex(text, &mut errors);
        assert_eq!(errors, []);
        tokens.iter().map(|token| token.text.to_owned()).collect()
    }

    #[test]
    fn colons_part_keys_from_values_and_stay_in_addresses() {
        assert_eq!(words("22 : accept"), ["22", ":", "accept"]);
        assert_eq!(words("22: accept, 23:drop"), ["22", ":", "accept", ",", "23", ":", "drop"]);
        assert_eq!(words("192.0.2.1:80"), ["192.0.2.1", ":", "80"]);
        assert_eq!(words("2001:db8::1 : accept"), ["2001:db8::1", ":", "accept"]);
        assert_eq!(words("2001:db8::/32: drop"), ["2001:db8::/32", ":", "drop"]);
        assert_eq!(words("02:00:5e:00:53:01: drop"), ["02:00:5e:00:53:01", ":", "drop"]);
        assert_eq!(words("[2001:db8::1]:80"), ["[", "2001:db8::1", "]", ":", "80"]);
        assert_eq!(words("* : drop"), ["*", ":", "drop"]);
        assert_eq!(words("::/0"), ["::/0"]);
    }

    #[test]
    fn dots_join_keys_when_they_stand_alone() {
        assert_eq!(words("ip saddr . tcp dport"), ["ip", "saddr", ".", "tcp", "dport"]);
        assert_eq!(words("eth0.5"), ["eth0.5"]);
        assert_eq!(words("syn / fin,syn"), ["syn", "/", "fin", ",", "syn"]);
    }

    #[test]
    fn lines_go_on_behind_a_backslash_and_end_in_comments() {
        assert_eq!(words("a \\\n b # c\nd"), ["a", "b", "\n", "d"]);
    }

    #[test]
    fn places_count_characters() {
        let tokens = lex("\"äö\" x\n  y", &mut Vec::new());
        let places: Vec<_> = tokens.iter().map(|token| (token.place.line, token.place.column)).collect();
        assert_eq!(places, [(1, 1), (1, 6), (1, 7), (2, 3)]);
    }

    #[test]
    fn what_has_no_end_or_meaning_is_told() {
        let mut errors = Vec::new();
        lex("a ? \"b", &mut errors);
        assert_eq!(errors.len(), 2);
    }
}
