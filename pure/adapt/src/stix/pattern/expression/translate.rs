//! PCRE's notation, read and written anew.

use super::{
    Flaw,
    class::{self, Ranges},
};
use std::{fmt::Write, iter::Peekable, str::Chars};

/// How deep groups may stand within one another.
const DEPTH_MAX: usize = 50;

/// The most that something may be repeated (PCRE's own limit).
const REPEAT_MAX: u32 = 65_535;

/// The options that change how an expression is read or written.
#[derive(Clone, Copy, Default)]
struct Options {
    any_case: bool,
    lines: bool,
    /// Space is for the eye, and `#` begins a comment.
    spacious: bool,
}

/// What stands before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing that could be repeated.
    Nothing,
    /// Something that can be repeated.
    Atom,
    /// A quantifier: `?` makes it lazy, `+` possessive.
    Quantifier,
}

/// Writes an expression of PCRE's for our engine.
pub(super) fn translate(text: &str) -> Result<String, Flaw> {
    let mut reader = Reader {
        rest: text.chars().peekable(),
        out: String::new(),
        options: Options::default(),
        groups: Vec::new(),
    };
    reader.read()?;
    if reader.groups.is_empty() { Ok(reader.out) } else { malformed("a `(` is not closed") }
}

fn malformed<T>(what: impl Into<String>) -> Result<T, Flaw> {
    Err(Flaw::Malformed(what.into()))
}

fn unsupported<T>(what: impl Into<String>) -> Result<T, Flaw> {
    Err(Flaw::Unsupported(what.into()))
}

struct Reader<'t> {
    rest: Peekable<Chars<'t>>,
    out: String,
    options: Options,
    /// The options outside of each open group.
    groups: Vec<Options>,
}

impl Reader<'_> {
    fn skip(&mut self, letter: char) -> bool {
        self.rest.next_if_eq(&letter).is_some()
    }

    /// Whether the rest begins so; then it is skipped.
    fn skip_text(&mut self, text: &str) -> bool {
        let mut ahead = self.rest.clone();
        let follows = text.chars().all(|letter| ahead.next() == Some(letter));
        if follows {
            self.rest = ahead;
        }
        follows
    }

    fn read(&mut self) -> Result<(), Flaw> {
        let mut before = Before::Nothing;
        while let Some(letter) = self.rest.next() {
            if self.options.spacious && (letter.is_ascii_whitespace() || letter == '#') {
                if letter == '#' {
                    while self.rest.next().is_some_and(|letter| letter != '\n') {}
                }
                continue;
            }
            before = match letter {
                '\\' => self.escape(before)?,
                '[' => {
                    let (ranges, negated) = class::read(&mut self.rest)?;
                    self.class(&ranges, negated)?
                }
                '(' => self.open()?,
                ')' => {
                    let Some(outside) = self.groups.pop() else { return malformed("a `)` was never opened") };
                    self.options = outside;
                    self.out.push(')');
                    Before::Atom
                }
                '|' => {
                    self.out.push('|');
                    Before::Nothing
                }
                '.' | '^' => {
                    self.out.push(letter);
                    Before::Atom
                }
                '$' if self.options.lines => {
                    self.out.push('$');
                    Before::Atom
                }
                '$' => self.end()?,
                '*' | '+' | '?' => self.quantifier(letter, before)?,
                '{' => self.counted(before)?,
                letter => self.literal(letter)?,
            };
        }
        Ok(())
    }

    fn literal(&mut self, letter: char) -> Result<Before, Flaw> {
        if self.options.any_case && !letter.is_ascii() {
            return unsupported("letters beyond ASCII are not compared without their case");
        }
        let mut buffer = [0; 4];
        self.out.push_str(&regex_lite::escape(letter.encode_utf8(&mut buffer)));
        Ok(Before::Atom)
    }

    fn class(&mut self, ranges: &Ranges, negated: bool) -> Result<Before, Flaw> {
        if self.options.any_case && ranges.iter().any(|(_, last)| *last > 0x7f) && !class::is_named(ranges) {
            return unsupported("letters beyond ASCII are not compared without their case");
        }
        class::write(&mut self.out, ranges, negated);
        Ok(Before::Atom)
    }

    /// The end of the text, or before a line break that ends it.
    fn end(&mut self) -> Result<Before, Flaw> {
        let mut ahead = self.rest.clone();
        let mut closes = ahead.next();
        if self.options.spacious {
            while closes.is_some_and(|letter| letter.is_ascii_whitespace()) {
                closes = ahead.next();
            }
        }
        if matches!(closes, None | Some(')' | '|')) {
            self.out.push_str(r"(?:\n?\z)");
            return Ok(Before::Atom);
        }
        unsupported("`$` or `\\Z` with something behind it")
    }

    fn quantifier(&mut self, letter: char, before: Before) -> Result<Before, Flaw> {
        match (before, letter) {
            (Before::Atom, _) => {
                self.out.push(letter);
                Ok(Before::Quantifier)
            }
            // Whether as much or as little as possible is taken first makes no difference to whether it is found.
            (Before::Quantifier, '?') => Ok(Before::Nothing),
            (Before::Quantifier, '+') => unsupported("possessive repetition, such as `a++`"),
            _ => malformed(format!("there is nothing that `{letter}` could repeat")),
        }
    }

    /// `{2}`, `{2,}`, `{2,3}`; any other brace is a letter.
    fn counted(&mut self, before: Before) -> Result<Before, Flaw> {
        let mut ahead = self.rest.clone();
        let mut inside = String::new();
        let closed = loop {
            match ahead.next() {
                Some('}') => break true,
                Some(letter @ ('0'..='9' | ',')) => inside.push(letter),
                _ => break false,
            }
        };
        let (least, most) =
            inside.split_once(',').map_or((inside.as_str(), None), |(least, most)| (least, Some(most)));
        if !closed || inside.is_empty() || most.is_some_and(|most| most.contains(',')) || inside == "," {
            return self.literal('{');
        }
        if least.is_empty() {
            return unsupported("`{,n}`, which PCRE has read in two ways");
        }
        let number = |digits: &str| digits.parse::<u32>().ok().filter(|number| *number <= REPEAT_MAX);
        let Some(least) = number(least) else { return malformed("a repetition of more than 65535 times") };
        let most = match most {
            None => Some(least),
            Some("") => None,
            Some(most) => match number(most) {
                Some(most) => Some(most),
                None => return malformed("a repetition of more than 65535 times"),
            },
        };
        if most.is_some_and(|most| most < least) {
            return malformed("the numbers of a repetition stand in the wrong order");
        }
        if before == Before::Nothing {
            return malformed("there is nothing that `{` could repeat");
        }
        self.rest = ahead;
        let _ = match most {
            Some(most) => write!(self.out, "{{{least},{most}}}"),
            None => write!(self.out, "{{{least},}}"),
        };
        Ok(Before::Quantifier)
    }

    /// What stands behind `(`.
    fn open(&mut self) -> Result<Before, Flaw> {
        if self.groups.len() >= DEPTH_MAX {
            return unsupported("groups more than 50 deep");
        }
        if self.rest.peek() == Some(&'*') {
            return unsupported("a verb, such as `(*UCP)`");
        }
        if !self.skip('?') {
            self.out.push('(');
            self.groups.push(self.options);
            return Ok(Before::Nothing);
        }
        for (begin, what) in [
            ("=", "looking ahead, `(?=…)`"),
            ("!", "looking ahead, `(?!…)`"),
            ("<=", "looking back, `(?<=…)`"),
            ("<!", "looking back, `(?<!…)`"),
            (">", "an atomic group, `(?>…)`"),
            ("(", "a condition, `(?(…)…)`"),
            ("R", "recursion, `(?R)`"),
            ("&", "a call of a group, `(?&…)`"),
            ("P>", "a call of a group, `(?P>…)`"),
            ("P=", "a reference to a group, `(?P=…)`"),
            ("C", "a callout, `(?C)`"),
        ] {
            if self.skip_text(begin) {
                return unsupported(what);
            }
        }
        if self.skip('#') {
            for letter in self.rest.by_ref() {
                if letter == ')' {
                    return Ok(Before::Nothing);
                }
            }
            return malformed("a comment is not closed");
        }
        let name_ends = if self.skip_text("P<") || self.skip('<') {
            Some('>')
        } else if self.skip('\'') {
            Some('\'')
        } else {
            None
        };
        if let Some(end) = name_ends {
            let mut length = 0;
            while let Some(letter) = self.rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
                if length == 0 && letter.is_ascii_digit() {
                    return malformed("a group's name begins with a digit");
                }
                length += 1;
            }
            if length == 0 || !self.skip(end) {
                return malformed("a group's name is not a name");
            }
            self.out.push('(');
            self.groups.push(self.options);
            return Ok(Before::Nothing);
        }
        if self.skip('|') {
            self.out.push_str("(?:");
            self.groups.push(self.options);
            return Ok(Before::Nothing);
        }
        self.options()
    }

    /// `i-s)` or `i-s:`, behind `(?`.
    fn options(&mut self) -> Result<Before, Flaw> {
        let outside = self.options;
        let mut on = true;
        let (mut ours_on, mut ours_off) = (String::new(), String::new());
        loop {
            let Some(letter) = self.rest.next() else { return malformed("a `(` is not closed") };
            match letter {
                '-' if on => on = false,
                'i' | 'm' | 's' => {
                    match letter {
                        'i' => self.options.any_case = on,
                        'm' => self.options.lines = on,
                        _ => {}
                    }
                    if on { &mut ours_on } else { &mut ours_off }.push(letter);
                }
                'x' if self.rest.peek() == Some(&'x') => return unsupported("the option `xx`"),
                'x' => self.options.spacious = on,
                // Which way a repetition prefers, and which groups have names or numbers, changes nothing here.
                'U' | 'J' | 'n' => {}
                ')' | ':' => {
                    let repeated = ours_on.chars().any(|c| ours_off.contains(c))
                        || [&ours_on, &ours_off].iter().any(|o| has_double(o));
                    if repeated {
                        return unsupported("an option that stands twice");
                    }
                    let minus = if ours_off.is_empty() { "" } else { "-" };
                    let empty = ours_on.is_empty() && ours_off.is_empty();
                    if letter == ':' {
                        self.groups.push(outside);
                        let _ = write!(self.out, "(?{ours_on}{minus}{ours_off}:");
                    } else if !empty {
                        let _ = write!(self.out, "(?{ours_on}{minus}{ours_off})");
                    }
                    return Ok(Before::Nothing);
                }
                '0'..='9' | '+' => return unsupported("a call of a group, `(?1)`"),
                '^' => return unsupported("the option `^`"),
                letter => return malformed(format!("`(?{letter}` has no meaning")),
            }
        }
    }

    /// What stands behind `\`.
    fn escape(&mut self, before: Before) -> Result<Before, Flaw> {
        let Some(letter) = self.rest.next() else { return malformed("a `\\` with nothing behind it") };
        if let Some(named) = class::named(letter) {
            return self.class(&named, false);
        }
        match letter {
            'A' | 'z' | 'b' | 'B' => {
                self.out.push('\\');
                self.out.push(letter);
                Ok(Before::Atom)
            }
            'Z' => self.end(),
            // Where a match is said to begin makes no difference to whether there is one.
            'K' | 'E' => Ok(before),
            'R' => {
                self.out.push_str(r"(?:\r\n|[\x{a}-\x{d}\x{85}\x{2028}\x{2029}])");
                Ok(Before::Atom)
            }
            'Q' => {
                let mut last = before;
                while !self.skip_text("\\E") {
                    let Some(letter) = self.rest.next() else { break };
                    last = self.literal(letter)?;
                }
                Ok(last)
            }
            'G' => unsupported("`\\G`"),
            'X' | 'C' => unsupported(format!("`\\{letter}`")),
            'p' | 'P' => unsupported("Unicode's properties, such as `\\p{L}`"),
            'g' | 'k' | '1'..='9' => unsupported("a reference to a group, such as `\\1`"),
            letter => {
                let literal = class::escaped(letter, &mut self.rest)?;
                self.literal(literal)
            }
        }
    }
}

fn has_double(options: &str) -> bool {
    options.chars().enumerate().any(|(index, c)| options.chars().skip(index + 1).any(|other| other == c))
}
