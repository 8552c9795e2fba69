//! What `nft -j` prints and takes (libnftables-json) to nftables' text.
//!
//! ```text
//! {"nftables": [ object, object, … ]} ─► a line of commands for each ─► lexer …
//! ```
//!
//! Each object of the list becomes one line, so that a line's number is the object's. What the text has no words for is an
//! error, and so is a member of an object that is not known here: nothing is passed over.

mod declaration;
mod expression;
mod object;
mod statement;
#[cfg(test)]
mod tests;

use super::{ERRORS_MAX, ParseError, lexer};
use crate::Place;
use serde_json::Value;
use std::collections::BTreeSet;

/// A text in JSON may have so many bytes, and so many objects within objects.
const TEXT_MAX: usize = 32 << 20;
const OBJECTS_MAX: usize = 1_000_000;
/// Expressions within expressions go so deep.
const DEPTH_MAX: usize = 24;
/// So much of a line is shown with an error in it.
const SHOWN_MAX: usize = 160;

/// What came of it, or why nothing did.
type Told<T> = Result<T, String>;

/// Whether a text is JSON: nftables' own never begins so.
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// The commands that a list of objects stands for.
pub(super) fn translate(text: &str) -> Result<String, Vec<ParseError>> {
    let start = Place { line: 1, column: 1 };
    let objects = text.bytes().filter(|byte| *byte == b'{').count();
    if text.len() > TEXT_MAX || objects > OBJECTS_MAX {
        let message = format!("{} bytes with {objects} objects are too long a ruleset in JSON", text.len());
        return Err(vec![
            ParseError::new(start, message).help("give what `nft list ruleset` prints without `-j`"),
        ]);
    }
    let read: Value = serde_json::from_str(text).map_err(|error| {
        let place = Place { line: error.line() as u32, column: error.column() as u32 };
        vec![ParseError::new(place, format!("this is no JSON: {error}"))]
    })?;
    let Some(list) = read.get("nftables").and_then(Value::as_array) else {
        return Err(vec![
            ParseError::new(start, "the JSON has no list `nftables`")
                .help("give what `nft -j list ruleset` prints, or a file for `nft -j -f`"),
        ]);
    };
    let filled = filled(list);
    let mut out = String::new();
    let mut errors = Vec::new();
    for (line, object) in (1..).zip(list) {
        match declaration::command(object, &filled) {
            Ok(command) => out.push_str(&command),
            Err(message) if errors.len() < ERRORS_MAX => {
                let message = format!("object {line} of the list, {}: {message}", called(object));
                errors.push(ParseError::new(Place { line, column: 1 }, message));
            }
            Err(_) => {}
        }
        out.push('\n');
    }
    if errors.is_empty() { Ok(out) } else { Err(errors) }
}

/// An error in a line of the translation, with that line: whoever gave JSON has not seen it.
pub(super) fn with_line(mut error: ParseError, lines: &[&str]) -> ParseError {
    let line = (error.place.line as usize).checked_sub(1).and_then(|at| lines.get(at));
    if let Some(line) = line {
        let mut shown: String = line.chars().take(SHOWN_MAX).collect();
        if shown.len() < line.len() {
            shown.push('…');
        }
        error.message = format!("object {} of the list, `{shown}`: {}", error.place.line, error.message);
    }
    error
}

/// What an object of the list is, for an error.
fn called(object: &Value) -> String {
    let mut names = Vec::new();
    let mut at = object;
    while let Some((name, inner)) =
        at.as_object().filter(|map| map.len() == 1).and_then(|map| map.iter().next())
        && names.len() < 2
    {
        names.push(name.as_str());
        at = inner;
    }
    let of = |member: &str| at.get(member).and_then(Value::as_str);
    let mut out = format!("`{}`", names.join(" "));
    for member in ["family", "table", "chain", "name"] {
        if let Some(value) = of(member) {
            out.push(' ');
            out.extend(value.chars().take(64));
        }
    }
    out
}

/// A set: its table's family and name, and its own.
type SetName<'a> = (&'a str, &'a str, &'a str);

/// The sets that rules put elements into. `nft -j` does not list their flag `dynamic`.
fn filled(list: &[Value]) -> BTreeSet<SetName<'_>> {
    let mut filled = BTreeSet::new();
    for object in list {
        let within = |command: &str| object.get(command).and_then(|inner| inner.get("rule"));
        let rule = object.get("rule").or_else(|| ["add", "create", "insert"].into_iter().find_map(within));
        let Some(rule) = rule else { continue };
        let member = |name: &str| rule.get(name).and_then(Value::as_str);
        let (Some(family), Some(table)) = (member("family"), member("table")) else { continue };
        for statement in rule.get("expr").and_then(Value::as_array).into_iter().flatten() {
            for sort in ["set", "map"] {
                let name = statement.get(sort).and_then(|set| set.get(sort)).and_then(Value::as_str);
                if let Some(name) = name {
                    filled.insert((family, table, name.strip_prefix('@').unwrap_or(name)));
                }
            }
        }
    }
    filled
}

/// Words that have a meaning of their own wherever a value may stand.
const RESERVED: [&str; 9] =
    ["comment", "counter", "define", "expires", "include", "map", "set", "timeout", "vmap"];

/// A name or value, in quotes where it would be read as something else.
fn word(text: &str) -> Told<String> {
    let mut errors = Vec::new();
    let plain = text.len() <= 256 && !RESERVED.contains(&text) && {
        let tokens = lexer::lex(text, &mut errors);
        // In quotes, a number is a name.
        let number = text.bytes().all(|letter| letter.is_ascii_digit());
        errors.is_empty() && !number && matches!(tokens[..], [token] if token.is_word(text))
    };
    if plain { Ok(text.to_owned()) } else { quoted(text) }
}

/// A text in quotes.
fn quoted(text: &str) -> Told<String> {
    if text.contains(['"', '\n', '\r']) {
        let shown: String = text.chars().take(64).collect();
        return Err(format!("nftables' text cannot have `{shown}`, for the quote or line break in it"));
    }
    Ok(format!("\"{text}\""))
}

/// A comment in quotes. It means nothing, so that what cannot be in it is replaced.
fn comment(text: &str) -> String {
    format!(" comment \"{}\"", text.replace('"', "'").replace(['\n', '\r'], " "))
}

/// Words of nftables' own, such as the name of a header's field.
fn keywords(text: &str) -> Told<String> {
    let known = |word: &str| {
        let mut letters = word.bytes();
        letters.next().is_some_and(|letter| letter.is_ascii_alphanumeric())
            && letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_' | b'.'))
    };
    if !text.is_empty() && text.split(' ').all(known) {
        return Ok(text.to_owned());
    }
    let shown: String = text.chars().take(64).collect();
    Err(format!("`{shown}` is no word of nftables"))
}
