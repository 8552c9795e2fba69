//! Names that say nothing.

/// A place that anything can be put into soon holds everything.
const PLACES: &[&str] = &[
    "common",
    "core",
    "handler",
    "handlers",
    "helper",
    "helpers",
    "manager",
    "managers",
    "misc",
    "shared",
    "types",
    "util",
    "utilities",
    "utils",
];

/// A doer says nothing of what is done.
const DOERS: &[&str] = &["Handler", "Helper", "Manager", "Util", "Utils"];

/// A folder or source file with such a name.
pub(super) fn of_path(path: &str) -> Option<String> {
    let says_nothing = |part: &str| {
        let stem = part.split('.').next().unwrap_or(part);
        PLACES.iter().any(|word| {
            stem == *word || stem.strip_suffix(word).is_some_and(|rest| rest.ends_with(['_', '-']))
        })
    };
    let part = path.split('/').find(|part| says_nothing(part))?;
    Some(format!("{path}: `{part}` says nothing of what it holds; name the idea"))
}

/// A type with such a name.
pub(super) fn of_types<'t>(path: &'t str, text: &'t str) -> impl Iterator<Item = String> + use<'t> {
    text.lines().enumerate().filter_map(move |(index, line)| {
        let name = declared_type(line)?;
        let doer = DOERS.iter().find(|doer| name.ends_with(**doer))?;
        let number = index + 1;
        Some(format!(
            "{path}:{number}: `{name}` is a {}; name the thing, or write a function",
            doer.to_lowercase()
        ))
    })
}

/// The name of the type that a line declares.
fn declared_type(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
    let keyword = words.next()?;
    if !matches!(keyword, "struct" | "enum" | "trait" | "type" | "union") {
        return None;
    }
    words.next()?.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_for_anything_are_refused() {
        for (path, refused) in [
            ("pure/wire/src/utils.rs", true),
            ("pure/core/src/lib.rs", true),
            ("shell/store/src/flush_manager.rs", true),
            ("shell/console/src/common/mod.rs", true),
            ("pure/wire/src/modbus/message.rs", false),
            ("pure/city/src/score.rs", false),
            ("pure/plan/src/commonplace.rs", false),
        ] {
            assert_eq!(of_path(path).is_some(), refused, "{path}");
        }
    }

    #[test]
    fn doers_are_refused() {
        let text = "pub(crate) struct FlushManager<T> {\nenum Verb {\n// a struct CommentHandler\npub trait Helper: Send {}";
        let problems: Vec<_> = of_types("a.rs", text).collect();
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(
            problems[0].starts_with("a.rs:1: `FlushManager`") && problems[1].starts_with("a.rs:4: `Helper`")
        );
    }
}
