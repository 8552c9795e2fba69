//! Text to words, each with its place.

use super::{PatternError, Place};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;

/// What a word is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A word of the language, in capitals, or `true` or `false`.
    Keyword(&'static str),
    /// A name; with a hyphen it can only be an object's type.
    Name(String),
    Text(String),
    Integer(i64),
    Float(f64),
    /// The octets, and whether they were written in hexadecimal digits.
    Bytes(Vec<u8>, bool),
    Time(Timestamp),
    /// An operator, bracket, or other sign.
    Sign(&'static str),
    End,
}

/// A word and where it begins.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) token: Token,
    pub(super) place: Place,
}

/// The words of the language (§9.2). A name that is one of them stands in quotes.
const KEYWORDS: [&str; 19] = [
    "AND",
    "EXISTS",
    "FOLLOWEDBY",
    "IN",
    "ISSUBSET",
    "ISSUPERSET",
    "LAST",
    "LIKE",
    "MATCHES",
    "NOT",
    "OR",
    "REPEATS",
    "SECONDS",
    "START",
    "STOP",
    "TIMES",
    "WITHIN",
    "false",
    "true",
];

/// The longer stand before those with which they begin.
const SIGNS: [&str; 17] =
    ["!=", "<>", "<=", ">=", "==", "=", "<", ">", "[", "]", "(", ")", ",", ".", ":", "*", "+"];

/// Whether this is a word of the language.
pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

/// Whether a name can stand without quotes in a path.
pub(super) fn is_plain_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(begins_name)
        && letters.all(|c| begins_name(c) || c.is_ascii_digit())
        && !is_keyword(name)
}

fn begins_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

/// Where the reader stands in the text.
struct Reader<'t> {
    rest: &'t str,
    place: Place,
}

impl Reader<'_> {
    fn step(&mut self) -> Option<char> {
        let mut letters = self.rest.chars();
        let letter = letters.next()?;
        self.rest = letters.as_str();
        if letter == '\n' {
            self.place.line += 1;
            self.place.column = 1;
        } else {
            self.place.column += 1;
        }
        Some(letter)
    }

    fn skip(&mut self, text: &str) -> bool {
        let follows = self.rest.starts_with(text);
        if follows {
            text.chars().for_each(|_| {
                self.step();
            });
        }
        follows
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(letter) = self.rest.chars().next().filter(|letter| accept(*letter)) {
            taken.push(letter);
            self.step();
        }
        taken
    }

    /// Space and comments.
    fn skip_space(&mut self) -> Result<(), PatternError> {
        loop {
            let begin = self.place;
            if self.rest.starts_with(char::is_whitespace) {
                self.step();
            } else if self.skip("//") {
                self.take_while(|c| c != '\n' && c != '\r');
            } else if self.skip("/*") {
                while !self.skip("*/") {
                    if self.step().is_none() {
                        return Err(PatternError::new(begin, "this comment does not end; it ends with `*/`"));
                    }
                }
            } else {
                return Ok(());
            }
        }
    }

    /// What stands in quotes; the reader stands at the first of them. Only `\'` and `\\` are escapes.
    fn quoted(&mut self) -> Result<String, PatternError> {
        let begin = self.place;
        self.step();
        let mut text = String::new();
        loop {
            let here = self.place;
            match self.step() {
                None => {
                    return Err(PatternError::new(begin, "this string does not end; expected `'`"));
                }
                Some('\'') => return Ok(text),
                Some('\\') => match self.step() {
                    Some(letter @ ('\'' | '\\')) => text.push(letter),
                    _ => {
                        let what =
                            "in a string `\\` stands only before `'` or `\\`; expected `\\'` or `\\\\`";
                        return Err(PatternError::new(here, what));
                    }
                },
                Some(letter) => text.push(letter),
            }
        }
    }

    /// A number: `[+-]? digits`, or with a point and digits behind it.
    fn number(&mut self) -> Result<Token, PatternError> {
        let begin = self.place;
        let mut text = String::new();
        if self.skip("-") {
            text.push('-');
        } else {
            self.skip("+");
        }
        let whole = self.take_while(|c| c.is_ascii_digit());
        if whole.len() > 1 && whole.starts_with('0') {
            return Err(PatternError::new(begin, "a number does not begin with a superfluous `0`"));
        }
        text.push_str(if whole.is_empty() { "0" } else { &whole });
        if !self.rest.starts_with('.') {
            if whole.is_empty() {
                return Err(PatternError::new(begin, "expected a number behind the sign"));
            }
            let integer = text.parse().map(Token::Integer);
            return integer.map_err(|_| {
                PatternError::new(begin, "this integer is too large; expected one of 64 bits, with its sign")
            });
        }
        self.skip(".");
        let fraction = self.take_while(|c| c.is_ascii_digit());
        if fraction.is_empty() {
            return Err(PatternError::new(self.place, "expected a digit behind the decimal point"));
        }
        text.push('.');
        text.push_str(&fraction);
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Token::Float(number)),
            _ => {
                Err(PatternError::new(begin, "this number is too large; expected one that 64 bits can hold"))
            }
        }
    }

    /// A name, a word of the language, or a constant with a letter before its quote.
    fn name(&mut self) -> Result<Token, PatternError> {
        let begin = self.place;
        for (letter, read) in [("b'", bytes as Read), ("h'", hex as Read), ("t'", time as Read)] {
            if self.rest.starts_with(letter) {
                self.step();
                let text = self.quoted()?;
                return read(&text).map_err(|problem| PatternError::new(begin, problem));
            }
        }
        let name = self.take_while(|c| begins_name(c) || c.is_ascii_digit() || c == '-');
        let keyword = KEYWORDS.iter().find(|keyword| **keyword == name);
        Ok(keyword.map_or(Token::Name(name), |keyword| Token::Keyword(keyword)))
    }

    fn next(&mut self) -> Result<Word, PatternError> {
        self.skip_space()?;
        let place = self.place;
        let mut ahead = self.rest.chars();
        let (first, second) = (ahead.next(), ahead.next());
        let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let token = match first {
            None => Token::End,
            Some('\'') => Token::Text(self.quoted()?),
            Some(c) if begins_name(c) => self.name()?,
            Some(c) if c.is_ascii_digit() => self.number()?,
            Some('.') if is_digit(second) => self.number()?,
            Some('+' | '-') => self.number()?,
            Some('"') => {
                let what = "text stands between single quotes; expected `'`, found `\"`";
                return Err(PatternError::new(place, what));
            }
            Some(c) => match SIGNS.iter().find(|sign| self.skip(sign)) {
                Some(sign) => Token::Sign(sign),
                None => {
                    return Err(PatternError::new(
                        place,
                        format!("`{}` has no meaning here", c.escape_debug()),
                    ));
                }
            },
        };
        Ok(Word { token, place })
    }
}

type Read = fn(&str) -> Result<Token, &'static str>;

fn bytes(text: &str) -> Result<Token, &'static str> {
    match STANDARD.decode(text) {
        Ok(octets) if !octets.is_empty() => Ok(Token::Bytes(octets, false)),
        _ => Err("expected base64 with its padding (RFC 4648, section 4) between the quotes of `b'…'`"),
    }
}

fn hex(text: &str) -> Result<Token, &'static str> {
    let octets = super::octets::from_hex(text);
    octets.map(|octets| Token::Bytes(octets, true)).ok_or("expected pairs of hexadecimal digits in `h'…'`")
}

fn time(text: &str) -> Result<Token, &'static str> {
    let time = crate::stix::time::timestamp(text).map(Token::Time);
    time.ok_or("expected a time that there is, such as `t'2026-03-01T08:30:00Z'`: in UTC, with `T` and `Z`")
}

/// Every word of a text, the end as the last.
pub(super) fn words(text: &str) -> Result<Vec<Word>, PatternError> {
    let mut reader = Reader { rest: text, place: Place { line: 1, column: 1 } };
    let mut words = Vec::new();
    loop {
        let word = reader.next()?;
        let ends = word.token == Token::End;
        words.push(word);
        if ends {
            return Ok(words);
        }
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Token::Keyword(word) => write!(f, "`{word}`"),
            Token::Name(name) => write!(f, "`{}`", cut(name)),
            Token::Text(text) => write!(f, "the string `'{}'`", cut(text)),
            Token::Integer(number) => write!(f, "the number `{number}`"),
            Token::Float(number) => write!(f, "the number `{number:?}`"),
            Token::Bytes(..) => f.write_str("octets"),
            Token::Time(time) => write!(f, "the time `{time}`"),
            Token::Sign(sign) => write!(f, "`{sign}`"),
            Token::End => f.write_str("the end"),
        }
    }
}

/// The beginning of what somebody wrote, to be shown in an error.
pub(super) fn cut(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    let mut shown: String = text.chars().take(SHOWN_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN_MAX).is_some() {
        shown.push('…');
    }
    shown
}
