//! Patterns: what a saying must look like, and what of it is taken out.

use regex_lite::{Regex, RegexBuilder};
use std::sync::OnceLock;

/// The most states that one pattern may cost: a pattern beyond it is refused when it is first wanted.
const SIZE_MAX: usize = 1 << 20;

/// A pattern that is made ready when it is first wanted: of a thousand, one saying wants only a few.
#[derive(Debug)]
pub(crate) struct Pattern {
    text: String,
    /// What a saying begins with, if the pattern demands it.
    beginning: String,
    ready: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// A pattern in the syntax of the `regex` crates, where `^` and `$` are the bounds of a line.
    pub(crate) fn new(text: &str) -> Pattern {
        Pattern { text: format!("(?m){text}"), beginning: beginning(text), ready: OnceLock::new() }
    }

    /// The same, where letters are the same in both cases.
    pub(crate) fn of_any_case(text: &str) -> Pattern {
        Pattern { text: format!("(?mi){text}"), beginning: String::new(), ready: OnceLock::new() }
    }

    /// The pattern, if it can be made ready and the saying may match it.
    pub(crate) fn for_saying(&self, said: &str) -> Option<&Regex> {
        // With several lines, the pattern may hold for any of them.
        if !said.starts_with(&self.beginning) && !said.contains('\n') {
            return None;
        }
        self.regex()
    }

    /// The pattern, if it can be made ready.
    pub(crate) fn regex(&self) -> Option<&Regex> {
        let make = || RegexBuilder::new(&self.text).size_limit(SIZE_MAX).build().ok();
        self.ready.get_or_init(make).as_ref()
    }
}

/// The plain text with which every match begins. Empty if that cannot be told at a glance.
fn beginning(pattern: &str) -> String {
    let Some(rest) = pattern.strip_prefix('^') else { return String::new() };
    // An alternative on the outermost level would not begin so.
    let mut depth = 0;
    let mut escaped = false;
    for c in rest.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '|' if depth == 0 => return String::new(),
            _ => {}
        }
    }
    let mut plain = String::new();
    let mut characters = rest.chars().peekable();
    while let Some(c) = characters.next() {
        let literal = match c {
            '\\' => match characters.next() {
                Some(escaped) if escaped.is_ascii_punctuation() => escaped,
                _ => break,
            },
            '.' | '(' | ')' | '[' | ']' | '{' | '}' | '*' | '+' | '?' | '|' | '^' | '$' => break,
            c => c,
        };
        // What may be left out or come again is not certain.
        if matches!(characters.peek(), Some('*' | '?' | '{' | '+')) {
            break;
        }
        plain.push(literal);
    }
    plain
}

/// A pattern as Ruby writes it, in the syntax of the `regex` crates.
///
/// The two differ in the escapes that they know, in what a `[` within a class means, and in the letter of the flag that
/// lets `.` be the end of a line too. What only Ruby has (look-around, references back) stays, and is refused later.
pub(crate) fn from_ruby(pattern: &str) -> String {
    let mut made = String::with_capacity(pattern.len() + 8);
    let mut characters = pattern.chars().peekable();
    let mut in_class = false;
    let mut class_empty = false;
    while let Some(c) = characters.next() {
        let was_empty = std::mem::take(&mut class_empty);
        match c {
            '\\' => match characters.next() {
                Some('h') => made.push_str(if in_class { "0-9A-Fa-f" } else { "[0-9A-Fa-f]" }),
                Some('Z') => made.push_str("\\n?\\z"),
                Some('e') => made.push_str("\\x1b"),
                Some(escaped) if escaped.is_alphanumeric() => made.extend(['\\', escaped]),
                Some(escaped) => push_literal(&mut made, escaped),
                None => made.push_str("\\\\"),
            },
            '[' if in_class && characters.peek() == Some(&':') => made.push('['),
            '[' if in_class => made.push_str("\\["),
            '[' => {
                in_class = true;
                class_empty = true;
                made.push('[');
                if characters.next_if_eq(&'^').is_some() {
                    made.push('^');
                }
            }
            // A `]` that comes first is one of the class; `[:alpha:]` ends with one that ends no class.
            ']' if in_class && was_empty => made.push_str("\\]"),
            ']' if in_class && made.ends_with(':') && made.contains("[:") => made.push(']'),
            ']' => {
                in_class = false;
                made.push(']');
            }
            '&' | '~' if in_class => push_literal(&mut made, c),
            '(' if !in_class && characters.peek() == Some(&'?') => {
                made.push('(');
                // Flags, up to what they are set for.
                while let Some(flag) = characters.next_if(|c| matches!(c, '?' | 'i' | 'm' | 'x' | '-')) {
                    made.push(if flag == 'm' { 's' } else { flag });
                }
            }
            c => made.push(c),
        }
    }
    made
}

fn push_literal(made: &mut String, c: char) {
    // `\<` and `\>` are bounds of words.
    if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
        made.push('\\');
    }
    made.push(c);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_match_begins_with_is_known() {
        for (pattern, expected) in [
            ("^OpenSSH_(\\d+)", "OpenSSH_"),
            ("^a\\.b+", "a."),
            ("^(?i)x", ""),
            ("^one|two", ""),
            ("^on(e|two)", "on"),
            ("plain", ""),
            ("^v\\d", "v"),
        ] {
            assert_eq!(beginning(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn what_ruby_writes_otherwise_is_rewritten() {
        for (ruby, said, matches) in [
            (r"^\<a\>$", "<a>", true),
            (r"^[\w[]+$", "a[", true),
            (r"^[^\]]+$", "a]", false),
            (r"^[]a]+$", "]a", true),
            (r"^[[:alpha:]]+$", "ab", true),
            (r"^\h+$", "c0fFee", true),
            (r"(?m)^a.b$", "a\nb", true),
            (r"^a.b$", "a\nb", false),
            (r"^b$", "a\nb", true),
            (r"^a\/b\-c\_d$", "a/b-c_d", true),
            (r"^[a&&b]+$", "&", true),
        ] {
            let pattern = Pattern::new(&from_ruby(ruby));
            let regex = pattern.regex().unwrap_or_else(|| panic!("{ruby} is not understood"));
            assert_eq!(regex.is_match(said), matches, "{ruby}");
        }
    }

    #[test]
    fn what_cannot_be_made_ready_matches_nothing() {
        assert!(Pattern::new("a(?=b)").regex().is_none());
        assert!(Pattern::new("(((a{100}){100}){100}){100}").regex().is_none());
    }
}
