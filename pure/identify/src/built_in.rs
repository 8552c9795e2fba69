//! The table of fingerprints that is part of Bastide.
//!
//! It is text, a file for each family of sayings, in a form that a person can read and add to:
//!
//! ```text
//! [ssh]
//! @ubuntu os Ubuntu|Linux|Linux; cpe o:canonical:ubuntu_linux
//! ^OpenSSH_(?<service.version>\S+) -> service OpenBSD|OpenSSH|=; cpe a:openbsd:openssh
//! + ^OpenSSH_8\.9p1 Ubuntu -> os.version=22.04; @ubuntu
//! ```
//!
//! - `[kind other-kind]` says for which kinds of saying the lines below are meant.
//! - A line is a pattern in the syntax of the `regex` crates, ` -> `, and what is known. A group of the pattern that has
//!   an attribute's name takes out its value.
//! - `service`, `component`, `os` and `hw` give `vendor|product|family|version|device|model`, as far as they are known;
//!   `=` as the family is the product. `name=value` gives any attribute.
//! - `cpe a:vendor:product` gives the name in the common platform enumeration (NIST IR 7695), with the version.
//! - `@name` puts in what a line `@name …` above says.
//! - The first line that matches holds; after one that begins with `+ ` later ones add what is not known yet.

use crate::{
    Identification, Kind,
    fingerprint::{Database, Fingerprint, Source},
    pattern::Pattern,
};
use std::{collections::BTreeMap, sync::OnceLock};

/// The files of the table.
const FILES: &[&str] = &[
    include_str!("table/shells.txt"),
    include_str!("table/web.txt"),
    include_str!("table/pages.txt"),
    include_str!("table/mail.txt"),
    include_str!("table/management.txt"),
    include_str!("table/files.txt"),
    include_str!("table/voice.txt"),
    include_str!("table/hosts.txt"),
];

/// How far the table goes before other tables where a saying's kind is not known. What it knows it was made for.
const PREFERENCE: f64 = 0.5;

/// The part of an attribute's name that stands before the dot, by the word used in the table.
const GROUPS: [(&str, &str); 4] =
    [("service", "service"), ("component", "service.component"), ("os", "os"), ("hw", "hw")];

/// What the fields of a group are, in their order.
const FIELDS: [&str; 6] = ["vendor", "product", "family", "version", "device", "model"];

/// The table's databases, one for each kind of saying.
pub fn built_in() -> &'static [Database] {
    static TABLE: OnceLock<Vec<Database>> = OnceLock::new();
    TABLE.get_or_init(|| read(FILES))
}

/// What a saying tells, by the table.
#[must_use]
pub fn said(kind: &Kind, said: &str) -> Option<Identification> {
    let databases = built_in();
    let place = databases.binary_search_by(|database| database.kind().cmp(kind)).ok()?;
    databases.get(place)?.identify(said)
}

fn read(files: &[&str]) -> Vec<Database> {
    let mut lines: BTreeMap<&str, Vec<Fingerprint>> = BTreeMap::new();
    for file in files {
        let mut kinds: Vec<&str> = Vec::new();
        let mut named: BTreeMap<&str, &str> = BTreeMap::new();
        for line in file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                kinds = header.split(' ').collect();
            } else if let Some((name, what)) = line.strip_prefix('@').and_then(|rest| rest.split_once(' ')) {
                named.insert(name, what);
            } else if let Some((pattern, what)) = line.split_once(" -> ") {
                for kind in &kinds {
                    lines.entry(kind).or_default().push(fingerprint(pattern, what, &named));
                }
            }
        }
    }
    let database =
        |(kind, fingerprints)| Database::new(Kind::named(kind), Source::BuiltIn, PREFERENCE, fingerprints);
    lines.into_iter().map(database).collect()
}

fn fingerprint(pattern: &str, what: &str, named: &BTreeMap<&str, &str>) -> Fingerprint {
    let (goes_on, pattern) = pattern.strip_prefix("+ ").map_or((false, pattern), |pattern| (true, pattern));
    let mut made = Fingerprint::new(Pattern::new(pattern), "");
    if goes_on {
        made.go_on();
    }
    for part in what.split("; ").map(str::trim) {
        match part.strip_prefix('@') {
            // What a name stands for names no other.
            Some(name) => named
                .get(name)
                .iter()
                .for_each(|what| what.split("; ").for_each(|part| give(&mut made, part))),
            None => give(&mut made, part),
        }
    }
    made
}

fn give(made: &mut Fingerprint, part: &str) {
    if let Some(name) = part.strip_prefix("cpe ") {
        let group = match name.as_bytes() {
            [b'a', ..] => "service",
            [b'o', ..] => "os",
            _ => "hw",
        };
        // A fourth part is the version; `c:` stands for the name of a component.
        let (group, name) = match name.strip_prefix("c:") {
            Some(rest) => ("service.component", format!("a:{rest}")),
            None => (group, name.to_owned()),
        };
        let version =
            if name.split(':').count() > 3 { String::new() } else { format!(":{{{group}.version}}") };
        made.give(&format!("{group}.cpe23"), &format!("cpe:/{name}{version}"));
        return;
    }
    let group = part.split_once(' ').and_then(|(word, rest)| {
        GROUPS.iter().find(|(name, _)| *name == word).map(|(_, group)| (*group, rest))
    });
    if let Some((group, fields)) = group {
        let fields: Vec<&str> = fields.split('|').collect();
        for (name, value) in FIELDS.iter().zip(&fields) {
            let value = if *value == "=" { fields.get(1).unwrap_or(value) } else { value };
            if !value.is_empty() {
                made.give(&format!("{group}.{name}"), value);
            }
        }
    } else if let Some((name, value)) = part.split_once('=') {
        made.give(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_understood() {
        let mut count = 0;
        for file in FILES {
            let mut named = Vec::new();
            for line in file.lines().map(str::trim) {
                if line.is_empty() || line.starts_with(['#', '[']) && !line.contains(" -> ") {
                    continue;
                }
                if let Some((name, _)) = line.strip_prefix('@').and_then(|rest| rest.split_once(' ')) {
                    named.push(name);
                    continue;
                }
                let (pattern, what) = line.split_once(" -> ").unwrap_or_else(|| panic!("no line: {line}"));
                let pattern = pattern.strip_prefix("+ ").unwrap_or(pattern);
                assert!(Pattern::new(pattern).regex().is_some(), "not a pattern: {pattern}");
                for part in what.split("; ") {
                    let known = match part.strip_prefix('@') {
                        Some(name) => named.contains(&name),
                        None => {
                            GROUPS.iter().any(|(group, _)| part.starts_with(&format!("{group} ")))
                                || part.starts_with("cpe ") && part.matches(':').count() >= 2
                                || part.contains('=')
                        }
                    };
                    assert!(known, "not understood: {part} in {line}");
                }
                count += 1;
            }
        }
        assert!(count > 100, "{count}");
        assert!(built_in().is_sorted_by(|one, next| one.kind() < next.kind()));
    }
}
