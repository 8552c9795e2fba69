//! Sets of characters, and characters written by their number.

use super::Flaw;
use std::{fmt::Write, iter::Peekable, str::Chars};

/// Ranges of code points, both ends included.
pub(super) type Ranges = Vec<(u32, u32)>;

/// The last code point.
const LAST: u32 = 0x10_ffff;

const DIGIT: &[(u32, u32)] = &[(0x30, 0x39)];
const WORD: &[(u32, u32)] = &[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)];
const SPACE: &[(u32, u32)] = &[(0x09, 0x0d), (0x20, 0x20)];
const HORIZONTAL: &[(u32, u32)] = &[
    (0x09, 0x09),
    (0x20, 0x20),
    (0xa0, 0xa0),
    (0x1680, 0x1680),
    (0x180e, 0x180e),
    (0x2000, 0x200a),
    (0x202f, 0x202f),
    (0x205f, 0x205f),
    (0x3000, 0x3000),
];
const VERTICAL: &[(u32, u32)] = &[(0x0a, 0x0d), (0x85, 0x85), (0x2028, 0x2029)];
const LINE_BREAK: &[(u32, u32)] = &[(0x0a, 0x0a)];

/// The classes between `[:` and `:]`, which are those of ASCII as PCRE has them without further options.
const POSIX: [(&str, &[(u32, u32)]); 14] = [
    ("alnum", &[(0x30, 0x39), (0x41, 0x5a), (0x61, 0x7a)]),
    ("alpha", &[(0x41, 0x5a), (0x61, 0x7a)]),
    ("ascii", &[(0x00, 0x7f)]),
    ("blank", &[(0x09, 0x09), (0x20, 0x20)]),
    ("cntrl", &[(0x00, 0x1f), (0x7f, 0x7f)]),
    ("digit", DIGIT),
    ("graph", &[(0x21, 0x7e)]),
    ("lower", &[(0x61, 0x7a)]),
    ("print", &[(0x20, 0x7e)]),
    ("punct", &[(0x21, 0x2f), (0x3a, 0x40), (0x5b, 0x60), (0x7b, 0x7e)]),
    ("space", SPACE),
    ("upper", &[(0x41, 0x5a)]),
    ("word", WORD),
    ("xdigit", &[(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)]),
];

/// The set that a letter behind `\` names. As PCRE has it without further options, `\d`, `\w` and `\s` are ASCII's.
pub(super) fn named(letter: char) -> Option<Ranges> {
    Some(match letter {
        'd' => DIGIT.to_vec(),
        'D' => others(DIGIT),
        'w' => WORD.to_vec(),
        'W' => others(WORD),
        's' => SPACE.to_vec(),
        'S' => others(SPACE),
        'h' => HORIZONTAL.to_vec(),
        'H' => others(HORIZONTAL),
        'v' => VERTICAL.to_vec(),
        'V' => others(VERTICAL),
        'N' => others(LINE_BREAK),
        _ => return None,
    })
}

/// Whether these are a named set and no more: case makes no difference to them.
pub(super) fn is_named(ranges: &Ranges) -> bool {
    "dDwWsShHvVN".chars().any(|letter| named(letter).as_ref() == Some(ranges))
}

/// Every code point that is in none of the ranges, which stand in order and apart.
fn others(ranges: &[(u32, u32)]) -> Ranges {
    let mut from = 0;
    let mut others = Vec::new();
    for (first, last) in ranges {
        if from < *first {
            others.push((from, first - 1));
        }
        from = last + 1;
    }
    if from <= LAST {
        others.push((from, LAST));
    }
    others
}

/// Writes a set for our engine.
pub(super) fn write(out: &mut String, ranges: &[(u32, u32)], negated: bool) {
    out.push_str(if negated { "[^" } else { "[" });
    for (first, last) in ranges {
        // Halves of surrogate pairs are no characters, and the engine will not hear of them.
        for (first, last) in [(*first, (*last).min(0xd7ff)), ((*first).max(0xe000), *last)] {
            if first <= last {
                let _ = write!(out, "\\x{{{first:x}}}-\\x{{{last:x}}}");
            }
        }
    }
    out.push(']');
}

/// One element of a set.
enum Element {
    One(u32),
    Several(Ranges),
}

/// Reads a set whose `[` was read: its ranges, and whether it holds everything else.
pub(super) fn read(rest: &mut Peekable<Chars<'_>>) -> Result<(Ranges, bool), Flaw> {
    let unclosed = || Flaw::Malformed("a `[` is not closed".to_owned());
    let negated = rest.next_if_eq(&'^').is_some();
    let mut ranges = Ranges::new();
    let mut first = true;
    let mut quoted = false;
    loop {
        let letter = rest.next().ok_or_else(unclosed)?;
        if letter == ']' && !first && !quoted {
            return Ok((ranges, negated));
        }
        first = false;
        if letter == '\\' && quotes(rest, &mut quoted) {
            continue;
        }
        let from = match element(letter, quoted, rest)? {
            Element::One(from) => from,
            Element::Several(several) => {
                ranges.extend(several);
                continue;
            }
        };
        let mut ahead = rest.clone();
        if quoted || ahead.next() != Some('-') || matches!(ahead.peek(), Some(']') | None) {
            ranges.push((from, from));
            continue;
        }
        rest.next();
        let letter = rest.next().ok_or_else(unclosed)?;
        match element(letter, false, rest)? {
            Element::One(to) if to < from => {
                return Err(Flaw::Malformed("the ends of a range stand in the wrong order".to_owned()));
            }
            Element::One(to) => ranges.push((from, to)),
            // Before a set, `-` is a letter.
            Element::Several(several) => {
                ranges.extend([(from, from), (u32::from('-'), u32::from('-'))]);
                ranges.extend(several);
            }
        }
    }
}

/// Whether `\` is followed by `Q` or `E`, which begin and end what is taken by the letter.
fn quotes(rest: &mut Peekable<Chars<'_>>, quoted: &mut bool) -> bool {
    if rest.next_if_eq(&'E').is_some() {
        *quoted = false;
        return true;
    }
    let begins = !*quoted && rest.next_if_eq(&'Q').is_some();
    *quoted |= begins;
    begins
}

fn element(letter: char, quoted: bool, rest: &mut Peekable<Chars<'_>>) -> Result<Element, Flaw> {
    if quoted {
        return Ok(Element::One(u32::from(letter)));
    }
    match letter {
        '[' => match rest.peek() {
            Some(':') => Ok(posix(rest)?.map_or(Element::One(u32::from('[')), Element::Several)),
            Some('.' | '=') => Err(Flaw::Unsupported("collating, such as `[.a.]`".to_owned())),
            _ => Ok(Element::One(u32::from('['))),
        },
        '\\' => {
            let letter = rest.next().ok_or_else(|| Flaw::Malformed("a `[` is not closed".to_owned()))?;
            match letter {
                'N' | 'R' | 'X' | 'B' => {
                    Err(Flaw::Malformed(format!("`\\{letter}` cannot stand within `[…]`")))
                }
                'p' | 'P' => Err(Flaw::Unsupported("Unicode's properties, such as `\\p{L}`".to_owned())),
                'b' => Ok(Element::One(0x08)),
                '1'..='7' => {
                    let digits = rest.clone().take(2).take_while(|c| c.is_digit(8)).count();
                    let first = letter.to_digit(8).unwrap_or(0) << (3 * digits);
                    Ok(Element::One(first + number(rest, 8, digits)))
                }
                letter => match named(letter) {
                    Some(several) => Ok(Element::Several(several)),
                    None => escaped(letter, rest).map(|letter| Element::One(u32::from(letter))),
                },
            }
        }
        letter => Ok(Element::One(u32::from(letter))),
    }
}

/// `[:name:]` within a set, whose `[` was read. Without its end it is letters.
fn posix(rest: &mut Peekable<Chars<'_>>) -> Result<Option<Ranges>, Flaw> {
    let mut ahead = rest.clone();
    ahead.next();
    let negated = ahead.next_if_eq(&'^').is_some();
    let mut name = String::new();
    while let Some(letter) = ahead.next_if(char::is_ascii_alphabetic) {
        name.push(letter);
    }
    if ahead.next() != Some(':') || ahead.next() != Some(']') {
        return Ok(None);
    }
    let Some((_, ranges)) = POSIX.iter().find(|(known, _)| *known == name) else {
        return Err(Flaw::Malformed(format!("there is no set `[:{name}:]`")));
    };
    *rest = ahead;
    Ok(Some(if negated { others(ranges) } else { ranges.to_vec() }))
}

/// A character written by its number or a letter of its own, whose `\` and letter were read.
pub(super) fn escaped(letter: char, rest: &mut Peekable<Chars<'_>>) -> Result<char, Flaw> {
    let code = match letter {
        't' => 0x09,
        'n' => 0x0a,
        'f' => 0x0c,
        'r' => 0x0d,
        'e' => 0x1b,
        'a' => 0x07,
        '0' => number(rest, 8, 2),
        'x' | 'o' if rest.peek() == Some(&'{') => {
            rest.next();
            let base = if letter == 'x' { 16 } else { 8 };
            let mut digits = String::new();
            while let Some(digit) = rest.next_if(|c| c.is_digit(base)) {
                digits.push(digit);
            }
            let closed = rest.next() == Some('}');
            u32::from_str_radix(&digits, base).ok().filter(|_| closed).ok_or_else(|| {
                Flaw::Malformed(format!("no number between the braces of `\\{letter}{{…}}`"))
            })?
        }
        'x' => number(rest, 16, 2),
        'c' => match rest.next() {
            Some(control) if control.is_ascii_graphic() => u32::from(control.to_ascii_uppercase()) ^ 0x40,
            _ => return Err(Flaw::Malformed("`\\c` with no letter behind it".to_owned())),
        },
        letter if letter.is_ascii_alphanumeric() => {
            return Err(Flaw::Malformed(format!("`\\{letter}` has no meaning")));
        }
        letter => return Ok(letter),
    };
    char::from_u32(code).ok_or_else(|| Flaw::Malformed(format!("there is no character {code:x}")))
}

/// So many digits at most.
fn number(rest: &mut Peekable<Chars<'_>>, base: u32, most: usize) -> u32 {
    let mut number = 0;
    for _ in 0..most {
        let Some(digit) = rest.peek().and_then(|c| c.to_digit(base)) else { break };
        rest.next();
        number = number * base + digit;
    }
    number
}
