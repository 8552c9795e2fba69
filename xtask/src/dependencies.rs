//! Licences, bans and sources of everything that is built in, by the rules in `deny.toml`.
//!
//! `cargo deny` reads the same file and also knows advisories; it is used where it is installed. Compiling it takes
//! longer than all tests, so without it the other rules are checked here and the advisories count as skipped.

use crate::{
    house,
    run::{Counts, bounded, verdict},
};
use anyhow::{Context, Result};
use serde_json::Value;
use std::{collections::BTreeMap, fs, time::Duration};

pub(crate) fn run() -> Result<bool> {
    let (counts, note) = check(Duration::from_secs(180))?;
    println!("{counts} {note}");
    Ok(counts.failed == 0)
}

pub(crate) fn check(limit: Duration) -> Result<(Counts, String)> {
    if house::has("cargo-deny") {
        let mut command = house::cargo(&["deny", "--locked", "check"]);
        return Ok(verdict(bounded(&mut command, limit, |line| println!("{line}"))?));
    }
    let text = fs::read_to_string(house::root().join("deny.toml")).context("deny.toml")?;
    let rules = Rules::parse(&text)?;
    let packages = parse_packages(&house::metadata()?);
    let problems: Vec<String> = packages.iter().flat_map(|package| rules.problems(package)).collect();
    for problem in &problems {
        println!("{problem}");
    }
    let twice = several_versions(&packages);
    let note = format!(
        "{} packages; in several versions: {}; advisories not checked: cargo-deny is not installed",
        packages.len(),
        if twice.is_empty() { "none".into() } else { twice.join(", ") }
    );
    let failed = problems.len() as u64;
    Ok((Counts { passed: u64::from(failed == 0), failed, skipped: 1 }, note))
}

/// A package that is built in.
#[derive(Clone, Debug, Default)]
struct Package {
    name: String,
    version: String,
    /// Its SPDX expression.
    licence: Option<String>,
    /// Where it comes from; `None` for our own.
    source: Option<String>,
}

fn parse_packages(metadata: &Value) -> Vec<Package> {
    let packages = metadata.get("packages").and_then(Value::as_array);
    let text = |package: &Value, field| package.get(field).and_then(Value::as_str).map(str::to_owned);
    packages
        .into_iter()
        .flatten()
        .map(|package| Package {
            name: text(package, "name").unwrap_or_default(),
            version: text(package, "version").unwrap_or_default(),
            licence: text(package, "license"),
            source: text(package, "source"),
        })
        .collect()
}

/// The part of `deny.toml` that is checked here.
struct Rules {
    licences: Vec<String>,
    /// Further licences by package.
    exceptions: BTreeMap<String, Vec<String>>,
    /// Why a package is refused, by name.
    banned: BTreeMap<String, String>,
    registries: Vec<String>,
}

impl Rules {
    fn parse(text: &str) -> Result<Rules> {
        let table: toml::Table = text.parse().context("deny.toml")?;
        let at = |section: &str, field: &str| table.get(section)?.get(field)?.as_array().cloned();
        let field = |value: &toml::Value, field: &str| value.get(field)?.as_str().map(str::to_owned);
        let texts = |values: Vec<toml::Value>| -> Vec<String> {
            values.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect()
        };
        let exceptions = at("licenses", "exceptions").unwrap_or_default();
        let banned = at("bans", "deny").unwrap_or_default();
        Ok(Rules {
            licences: at("licenses", "allow").map(texts).context("deny.toml: licenses.allow")?,
            exceptions: exceptions
                .iter()
                .filter_map(|value| {
                    let allowed = value.get("allow")?.as_array()?.clone();
                    Some((field(value, "crate")?, texts(allowed)))
                })
                .collect(),
            banned: banned
                .iter()
                .filter_map(|value| {
                    Some((field(value, "crate")?, field(value, "reason").unwrap_or_default()))
                })
                .collect(),
            registries: at("sources", "allow-registry")
                .map(texts)
                .context("deny.toml: sources.allow-registry")?,
        })
    }

    fn problems(&self, package: &Package) -> Vec<String> {
        let Package { name, version, licence, source } = package;
        let mut problems = Vec::new();
        // Our own packages have no source.
        let Some(source) = source else { return problems };
        if let Some(reason) = self.banned.get(name) {
            problems.push(format!("{name} {version} is banned: {reason}"));
        }
        let registry = source.strip_prefix("registry+").or_else(|| source.strip_prefix("sparse+"));
        if !registry.is_some_and(|url| self.registries.iter().any(|allowed| allowed == url)) {
            problems.push(format!("{name} {version} comes from {source}, which is not an allowed registry"));
        }
        let further = self.exceptions.get(name).map(Vec::as_slice).unwrap_or_default();
        let allowed = |licence: &str| self.licences.iter().chain(further).any(|allowed| allowed == licence);
        match licence {
            None => problems.push(format!("{name} {version} names no licence")),
            Some(expression) => match allows(expression, &allowed) {
                Some(true) => {}
                Some(false) => {
                    problems.push(format!("{name} {version}: the licence {expression} is not allowed"))
                }
                None => problems.push(format!("{name} {version}: the licence {expression} cannot be read")),
            },
        }
        problems
    }
}

/// Whether an SPDX expression can be met with licences that are allowed. `None` if it is none.
fn allows(expression: &str, allowed: &impl Fn(&str) -> bool) -> Option<bool> {
    // Older packages write a slash for OR.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (verdict, rest) = any_of(&words, allowed)?;
    rest.is_empty().then_some(verdict)
}

type Parsed<'w, 't> = Option<(bool, &'w [&'t str])>;

fn any_of<'w, 't>(words: &'w [&'t str], allowed: &impl Fn(&str) -> bool) -> Parsed<'w, 't> {
    let (mut verdict, mut rest) = all_of(words, allowed)?;
    while let ["OR", behind @ ..] = rest {
        let (next, behind) = all_of(behind, allowed)?;
        (verdict, rest) = (verdict || next, behind);
    }
    Some((verdict, rest))
}

fn all_of<'w, 't>(words: &'w [&'t str], allowed: &impl Fn(&str) -> bool) -> Parsed<'w, 't> {
    let (mut verdict, mut rest) = one_of(words, allowed)?;
    while let ["AND", behind @ ..] = rest {
        let (next, behind) = one_of(behind, allowed)?;
        (verdict, rest) = (verdict && next, behind);
    }
    Some((verdict, rest))
}

fn one_of<'w, 't>(words: &'w [&'t str], allowed: &impl Fn(&str) -> bool) -> Parsed<'w, 't> {
    match words {
        ["(", inner @ ..] => match any_of(inner, allowed)? {
            (verdict, [")", rest @ ..]) => Some((verdict, rest)),
            _ => None,
        },
        [licence, "WITH", exception, rest @ ..] => {
            Some((allowed(&format!("{licence} WITH {exception}")), rest))
        }
        [")" | "OR" | "AND" | "WITH", ..] | [] => None,
        [licence, rest @ ..] => Some((allowed(licence), rest)),
    }
}

/// The packages that are built in more than once.
fn several_versions(packages: &[Package]) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages.iter().filter(|package| package.source.is_some()) {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    versions.iter().filter(|(_, versions)| versions.len() > 1).map(|(name, _)| (*name).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_met_by_what_is_allowed() {
        let allowed = |licence: &str| matches!(licence, "MIT" | "Apache-2.0 WITH LLVM-exception");
        for (expression, verdict) in [
            ("MIT", Some(true)),
            ("GPL-3.0-only", Some(false)),
            ("GPL-3.0-only OR MIT", Some(true)),
            ("GPL-2.0/MIT", Some(true)),
            ("GPL-3.0-only AND MIT", Some(false)),
            ("(GPL-3.0-only OR MIT) AND MIT", Some(true)),
            ("(GPL-3.0-only OR MIT) AND ISC", Some(false)),
            ("Apache-2.0 WITH LLVM-exception", Some(true)),
            ("Apache-2.0", Some(false)),
            ("(MIT", None),
            ("MIT MIT", None),
            ("", None),
        ] {
            assert_eq!(allows(expression, &allowed), verdict, "{expression}");
        }
    }

    #[test]
    fn a_package_is_judged_by_name_source_and_licence() {
        let rules = "
            [licenses]
            allow = ['MIT']
            exceptions = [{ allow = ['ISC'], crate = 'special' }]
            [bans]
            deny = [{ crate = 'bad', reason = 'it is bad' }]
            [sources]
            allow-registry = ['https://example.org/index']
        ";
        let rules = Rules::parse(rules).unwrap();
        let judge = |name: &str, licence: &str, source: &str| {
            let (name, licence, source) = (name.into(), Some(licence.into()), Some(source.into()));
            rules.problems(&Package { name, version: "1.0.0".into(), licence, source }).join("; ")
        };
        let here = "registry+https://example.org/index";
        assert_eq!(judge("good", "MIT", here), "");
        assert_eq!(judge("special", "ISC", here), "");
        assert_eq!(judge("other", "ISC", here), "other 1.0.0: the licence ISC is not allowed");
        assert_eq!(judge("bad", "MIT", here), "bad 1.0.0 is banned: it is bad");
        assert!(judge("good", "MIT", "git+https://example.org/good").contains("not an allowed registry"));
        assert!(rules.problems(&Package { name: "ours".into(), ..Package::default() }).is_empty());
    }

    #[test]
    fn the_rules_of_this_house_are_read() {
        let text = fs::read_to_string(house::root().join("deny.toml")).unwrap();
        let rules = Rules::parse(&text).unwrap();
        assert!(rules.licences.iter().any(|licence| licence == "Apache-2.0"));
        assert!(rules.banned.contains_key("dnp3"));
    }
}
