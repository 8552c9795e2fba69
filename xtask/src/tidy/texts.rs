//! What must not stand in any text: work left over, tests switched off, and places of one machine.

/// Written in two halves so that this file does not find itself.
const LEFT_OVER: &[(&str, &str)] = &[
    (concat!("TO", "DO"), "do it, or open an issue"),
    (concat!("FIX", "ME"), "fix it, or open an issue"),
    (concat!("XX", "X"), "say what is wrong, or open an issue"),
    (concat!("#[ig", "nore"), "a test that does not run is no test"),
    (concat!("to", "do!("), "do it"),
    (concat!("unimpl", "emented!("), "do it"),
];

/// Folders that exist on one machine only.
const PLACES: &[&str] = &[concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/")];

/// Where packages may be said to come from.
const REGISTRIES: &[&str] = &["https://github.com/rust-lang/crates.io-index", "https://registry.npmjs.org/"];

/// Endings of names that only one network can resolve.
const PRIVATE_HOSTS: &[&str] = &[concat!(".inter", "nal"), concat!(".co", "rp"), concat!(".int", "ranet")];

pub(super) fn problems(path: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let source = path.ends_with(".rs");
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let mut tell = |problem: String| problems.push(format!("{path}:{number}: {problem}"));
        for (mark, remedy) in LEFT_OVER.iter().filter(|(mark, _)| stands_alone(line, mark)) {
            tell(format!("`{mark}`: {remedy}"));
        }
        for place in PLACES.iter().filter(|place| begins_path(line, place)) {
            tell(format!("`{place}` is a folder of one machine"));
        }
        for host in PRIVATE_HOSTS.iter().filter(|host| names_host(line, host)) {
            tell(format!("a name under `{host}` means nothing elsewhere; use a name under .example"));
        }
        if source && is_wildcard_export(line) {
            tell("export by name, so that each type has one path".into());
        }
        if let Some(registry) = other_registry(path, line) {
            tell(format!("`{registry}` is a registry of one network"));
        }
    }
    if is_crate_root(path) && !text.starts_with("//! ") {
        problems.push(format!("{path}: a crate opens with its purpose, in `//!`"));
    }
    problems
}

/// Whether a mark stands in a line as a word of its own.
fn stands_alone(line: &str, mark: &str) -> bool {
    line.match_indices(mark).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let behind = line.get(at + mark.len()..).and_then(|text| text.chars().next());
        let in_word =
            |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
        let ends_in_word = mark.ends_with(|letter: char| letter.is_alphanumeric());
        !(in_word(before) || ends_in_word && in_word(behind))
    })
}

/// Whether a path beginning with a folder stands in a line.
fn begins_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        // Not the middle of a longer path or of an address.
        !before.is_some_and(|letter| letter.is_alphanumeric() || "/._-~}>)*".contains(letter))
    })
}

/// Whether a host name with such an ending stands in a line.
fn names_host(line: &str, ending: &str) -> bool {
    line.match_indices(ending).any(|(at, _)| {
        let host = line.get(..at).map(|text| {
            let begin = text.rfind(|letter: char| !letter.is_alphanumeric() && !"-.".contains(letter));
            text.get(begin.map_or(0, |at| at + 1)..).unwrap_or_default()
        });
        let behind = line.get(at + ending.len()..).and_then(|text| text.chars().next());
        let goes_on = behind.is_some_and(|letter| letter.is_alphanumeric() || "_-(.".contains(letter));
        // A host in an address; `self.internal` in a source is none.
        let in_address = line.contains("://") || line.contains('@');
        in_address && !goes_on && host.is_some_and(|host| !host.is_empty())
    })
}

fn is_wildcard_export(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("pub use ") && line.ends_with("::*;")
}

/// A lock file's package that comes from elsewhere than the public registries.
fn other_registry<'l>(path: &str, line: &'l str) -> Option<&'l str> {
    let address = if path.ends_with("Cargo.lock") {
        line.strip_prefix("source = \"registry+")?
    } else if path.ends_with("package-lock.json") {
        line.trim().strip_prefix("\"resolved\": \"")?
    } else {
        return None;
    };
    let address = address.trim_end_matches([',', '"']);
    (!REGISTRIES.iter().any(|registry| address.starts_with(registry))).then_some(address)
}

fn is_crate_root(path: &str) -> bool {
    path.ends_with("/src/lib.rs") || path.ends_with("/src/main.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        problems(path, text).len()
    }

    #[test]
    fn work_left_over_is_found_as_a_word() {
        assert_eq!(count("a.md", concat!("a TO", "DO: later")), 1);
        assert_eq!(count("a.rs", concat!("    to", "do!()")), 1);
        assert_eq!(count("a.rs", concat!("#[ig", "nore = \"slow\"]")), 1);
        assert_eq!(count("a.md", "MASTODON, todos"), 0);
    }

    #[test]
    fn places_of_one_machine_are_found() {
        assert_eq!(count("a.md", concat!("run /ro", "ot/bin/x")), 1);
        assert_eq!(count("a.md", concat!("\"/ho", "me/someone\"")), 1);
        assert_eq!(count("a.md", concat!("https://example.org/wo", "rk/here")), 0);
        assert_eq!(count("a.rs", concat!("target/wo", "rk/x")), 0);
    }

    #[test]
    fn private_hosts_are_found() {
        assert_eq!(count("a.md", concat!("http://mirror.somewhere.inter", "nal/x")), 1);
        assert_eq!(count("a.rs", concat!("self.inter", "nal.clone()")), 0);
        assert_eq!(count("a.md", "http://broker.averbourne.example/"), 0);
    }

    #[test]
    fn packages_come_from_public_registries() {
        let public = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
        assert_eq!(count("Cargo.lock", public), 0);
        assert_eq!(count("Cargo.lock", "source = \"registry+https://example.org/index\""), 1);
        let line = "      \"resolved\": \"https://example.org/axe-core.tgz\",";
        assert_eq!(count("shell/console/tests/browser/package-lock.json", line), 1);
    }

    #[test]
    fn exports_are_by_name_and_crates_say_what_they_are_for() {
        assert_eq!(count("a.rs", "pub use crate::message::*;"), 1);
        assert_eq!(count("a.rs", "use super::*;"), 0);
        assert_eq!(count("pure/city/src/lib.rs", "mod address;"), 1);
        assert_eq!(count("pure/city/src/lib.rs", "//! What a city is."), 0);
    }
}
