//! What a statement in SQL does, to what, and how it may be shown.

use crate::dialogue::Asked;
use crate::show::{VALUE_BYTES_MAX, cut};
use city::{Details, Reply, Target, Text, Verb};
use compact_str::ToCompactString;

/// As much of a statement as is looked at for what it does.
const LOOKED_AT: usize = 2 << 10;

/// The first words of what reads, and of what only belongs to the session.
const READS: &[&str] = &[
    "",
    "abort",
    "analyze",
    "begin",
    "close",
    "commit",
    "deallocate",
    "declare",
    "desc",
    "describe",
    "discard",
    "end",
    "execute",
    "explain",
    "fetch",
    "help",
    "identify_system",
    "lock",
    "move",
    "prepare",
    "read_replication_slot",
    "release",
    "reset",
    "rollback",
    "savepoint",
    "select",
    "set",
    "show",
    "start",
    "table",
    "timeline_history",
    "use",
    "values",
    "with",
];

/// What a statement does, in the common vocabulary, and to which table or other thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// The first word, in lower case: `select`.
    pub(crate) word: Text,
    pub(crate) verb: Verb,
    pub(crate) object: Text,
}

/// Takes a statement apart as far as that needs. SQL that only the server understands is told by its first word.
pub(crate) fn meaning(sql: &str) -> Meaning {
    let words: Vec<String> = words(sql).collect();
    let word = words.first().map(|word| word.to_ascii_lowercase()).unwrap_or_default();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.iter().any(|w| word.eq_ignore_ascii_case(w)));
    let verb = match word.as_str() {
        // A query may change rows in its common table expressions.
        "with" if has(&["insert", "update", "delete", "merge"]) => Verb::Write,
        "select" if has(&["into"]) => Verb::Write,
        "insert" | "update" | "delete" | "merge" | "replace" | "truncate" => Verb::Write,
        "copy" | "base_backup" | "load" => Verb::Transfer,
        "listen" | "unlisten" | "start_replication" => Verb::Subscribe,
        "notify" => Verb::Publish,
        word if READS.contains(&word) => Verb::Read,
        _ => Verb::Configure,
    };
    Meaning { word: cut(&word, 32), verb, object: object(&word, &words) }
}

/// The longest statement that is told.
pub(crate) const STATEMENT_MAX: usize = 2 << 10;

/// A statement as a request whose reply is not known yet: what it does to what, with the statement itself, as it may be
/// shown, among the details.
pub(crate) fn asked(sql: &str, shown: Text, user: Option<&Text>, wants_details: bool) -> Asked {
    let meaning = meaning(sql);
    let mut details = Details::new();
    if wants_details {
        if let Some(user) = user {
            details.push((Text::const_new("user"), user.clone()));
        }
        details.push((Text::const_new("statement"), shown));
    }
    let kind = if meaning.object.is_empty() { "" } else { "table" };
    Asked {
        verb: meaning.verb,
        function: if meaning.word.is_empty() { "empty-query".into() } else { meaning.word },
        target: Target { kind: kind.into(), name: meaning.object, ..Target::default() },
        value: None,
        reply: Reply::Missing,
        details,
    }
}

/// The first thing that a statement names: behind `from`, `into`, `table` and their kin.
fn object(first: &str, words: &[String]) -> Text {
    let is = |word: &str, names: &[&str]| names.iter().any(|name| word.eq_ignore_ascii_case(name));
    let is_query_copied = first == "copy" && words.get(1).is_some_and(|word| word == "(");
    let marks: &[&str] = match first {
        _ if is_query_copied => &["from"],
        "insert" | "merge" | "replace" => &["into"],
        "update" | "copy" | "truncate" | "lock" | "listen" | "notify" => &[],
        "create" | "alter" | "drop" | "comment" => &[
            "table",
            "view",
            "index",
            "role",
            "user",
            "database",
            "schema",
            "function",
            "sequence",
            "extension",
        ],
        "grant" | "revoke" => &["on"],
        _ => &["from", "table"],
    };
    let start = if marks.is_empty() {
        Some(1)
    } else {
        words.iter().position(|word| is(word, marks)).map(|place| place + 1)
    };
    let Some(start) = start else { return Text::default() };
    let passed_over = ["only", "if", "not", "exists", "table", "concurrently", "("];
    let name = words.iter().skip(start).find(|word| !is(word, &passed_over));
    name.filter(|name| name.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        .map(|name| cut(name, VALUE_BYTES_MAX))
        .unwrap_or_default()
}

/// The words of a statement: names, with their schemas, without quotes; what stands between them, each mark for
/// itself; texts in quotes and comments not at all.
fn words(sql: &str) -> impl Iterator<Item = String> + '_ {
    let end = (0..=LOOKED_AT.min(sql.len())).rev().find(|end| sql.is_char_boundary(*end)).unwrap_or(0);
    let mut rest = sql.get(..end).unwrap_or_default();
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start();
            let first = rest.chars().next()?;
            if let Some(comment) = rest.strip_prefix("--") {
                rest = comment.split_once('\n').map_or("", |(_, behind)| behind);
            } else if let Some(comment) = rest.strip_prefix("/*") {
                rest = comment.split_once("*/").map_or("", |(_, behind)| behind);
            } else if first == '\'' {
                let literal = literal_length(rest, false);
                rest = rest.get(literal..).unwrap_or_default();
            } else if first.is_alphanumeric() || matches!(first, '_' | '"' | '`') {
                let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '"' | '`' | '.' | '$' | '@');
                let length = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
                let (word, behind) = rest.split_at_checked(length)?;
                rest = behind;
                return Some(word.replace(['"', '`'], ""));
            } else {
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
                return Some(first.to_string());
            }
        }
    })
}

/// How long a text in quotes is with which something begins; a quote within is written twice, or behind a backslash
/// where that has a meaning.
fn literal_length(text: &str, has_escapes: bool) -> usize {
    let quote = text.chars().next();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((place, character)) = characters.next() {
        if has_escapes && character == '\\' {
            characters.next();
        } else if Some(character) == quote {
            match characters.peek() {
                Some((_, next)) if Some(*next) == quote => {
                    characters.next();
                }
                _ => return place + 1,
            }
        }
    }
    text.len()
}

/// A statement as it may be shown: where it speaks of a secret, the texts in it are hidden. In some dialects a backslash
/// in any text has a meaning; in PostgreSQL's only in those behind an `E`.
pub(crate) fn shown(sql: &str, limit: usize, has_escapes: bool) -> Text {
    const SECRETS: &[&str] = &["passw", "pwd", "secret", "token", "credential", "crypt", "identified"];
    let lower = sql.to_ascii_lowercase();
    if !SECRETS.iter().any(|word| lower.contains(word)) {
        return cut(sql, limit);
    }
    let mut text = String::new();
    let mut rest = sql;
    while let Some(place) = rest.find(['\'', '"', '$']) {
        let (before, literal) = rest.split_at_checked(place).unwrap_or((rest, ""));
        text.push_str(before);
        if text.len() > limit {
            break;
        }
        // Between dollars (`$$…$$`, `$tag$…$tag$`) a text stands as it is; a parameter is `$1`.
        let is_dollar = literal.starts_with('$');
        let is_parameter =
            is_dollar && literal.get(1..2).is_some_and(|c| c.bytes().all(|b| b.is_ascii_digit()));
        if is_parameter {
            text.push('$');
            rest = literal.get(1..).unwrap_or_default();
            continue;
        }
        let has_escapes = has_escapes || before.ends_with(['E', 'e']);
        text.push_str("(hidden)");
        let length = if is_dollar { dollar_length(literal) } else { literal_length(literal, has_escapes) };
        rest = literal.get(length..).unwrap_or_default();
    }
    text.push_str(rest);
    cut(&text, limit).to_compact_string()
}

/// How long a text between dollars is with which something begins.
fn dollar_length(text: &str) -> usize {
    let tag = text.get(1..).and_then(|behind| behind.find('$')).and_then(|place| text.get(..place + 2));
    let Some(tag) = tag else { return text.len() };
    let behind = text.get(tag.len()..).unwrap_or_default();
    behind.find(tag).map_or(text.len(), |place| place + 2 * tag.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_by_what_they_do() {
        for (sql, word, verb, object) in [
            ("SELECT a, 'from b' FROM city.\"Pumps\" p", "select", Verb::Read, "city.Pumps"),
            ("-- what\n insert into pumps(a) values (1)", "insert", Verb::Write, "pumps"),
            ("UPDATE ONLY pumps SET a = 1", "update", Verb::Write, "pumps"),
            ("delete from pumps", "delete", Verb::Write, "pumps"),
            ("WITH x AS (DELETE FROM pumps RETURNING *) SELECT * FROM x", "with", Verb::Write, "pumps"),
            ("COPY pumps FROM STDIN", "copy", Verb::Transfer, "pumps"),
            ("COPY (SELECT a FROM pumps) TO STDOUT", "copy", Verb::Transfer, "pumps"),
            ("COPY (SELECT 2) TO STDOUT", "copy", Verb::Transfer, ""),
            ("CREATE TABLE IF NOT EXISTS pumps (a int)", "create", Verb::Configure, "pumps"),
            ("DROP ROLE ada", "drop", Verb::Configure, "ada"),
            ("BEGIN", "begin", Verb::Read, ""),
            ("select 1", "select", Verb::Read, ""),
            ("REPLACE INTO `city`.`pumps` VALUES (1)", "replace", Verb::Write, "city.pumps"),
            ("LISTEN alarms", "listen", Verb::Subscribe, "alarms"),
            ("frobnicate", "frobnicate", Verb::Configure, ""),
            ("", "", Verb::Read, ""),
        ] {
            let meaning = meaning(sql);
            assert_eq!(
                (meaning.word.as_str(), meaning.verb, meaning.object.as_str()),
                (word, verb, object),
                "{sql}"
            );
        }
    }

    #[test]
    fn texts_beside_a_secret_are_hidden() {
        for (sql, text) in [
            ("select 'a''b', $1", "select 'a''b', $1"),
            ("ALTER ROLE ada PASSWORD 'hun''ter2' VALID", "ALTER ROLE ada PASSWORD (hidden) VALID"),
            ("select crypt($1, $x$hunter2$x$, $$a$$) -- é", "select crypt($1, (hidden), (hidden)) -- é"),
            ("set password = 'hunter2", "set password = (hidden)"),
            ("set password $", "set password (hidden)"),
        ] {
            assert_eq!(shown(sql, 200, false), text);
        }
        assert_eq!(shown("select 1234", 8, false), "select 1…");
        let escaped = r"SET PASSWORD = 'a\'hunter2', @b = 'c'";
        assert_eq!(shown(escaped, 200, true), "SET PASSWORD = (hidden), @b = (hidden)");
        let plain = r"SET PASSWORD = 'a\', @b = 'hunter2', E'a\'hunter2'";
        assert_eq!(shown(plain, 200, false), "SET PASSWORD = (hidden), @b = (hidden), E(hidden)");
    }
}
