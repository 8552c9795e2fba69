//! Who may know whom. A new arrow is a line here and a line in `ARCHITECTURE.md`.

use serde_json::Value;
use std::collections::BTreeSet;

const FLOOR: &[&str] = &["city"];
const PILLAR: &[&str] = &["city", "plan", "wire", "integrity"];

/// Every crate of the house, and which others it may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("city", &[]),
    ("plan", FLOOR),
    ("wire", FLOOR),
    ("integrity", FLOOR),
    ("anticipate", PILLAR),
    ("defend", PILLAR),
    ("recover", PILLAR),
    ("adapt", PILLAR),
    ("assurance", PILLAR),
    (
        "cycle",
        &["city", "plan", "wire", "integrity", "anticipate", "defend", "recover", "adapt", "assurance"],
    ),
    ("capture", &["city", "wire"]),
    ("store", &["city", "plan", "integrity", "cycle"]),
    ("console", &["city", "plan", "cycle", "store"]),
    (
        "bastide",
        &[
            "city",
            "plan",
            "wire",
            "integrity",
            "anticipate",
            "defend",
            "recover",
            "adapt",
            "assurance",
            "cycle",
            "capture",
            "store",
            "console",
        ],
    ),
    ("xtask", &[]),
];

/// What would bring the outside world into a crate that decides.
const IMPURE: &[&str] = &[
    "async-trait",
    "chrono",
    "fastrand",
    "futures",
    "getrandom",
    "libc",
    "mio",
    "nix",
    "rand",
    "reqwest",
    "rustix",
    "socket2",
    "sqlx",
    "tempfile",
    "tokio",
    "tracing",
    "uuid",
    "walkdir",
    "zstd",
];

/// A dependency of one crate on another.
struct Arrow<'m> {
    from: &'m str,
    to: &'m str,
    pure: bool,
    /// Only tests use it.
    in_tests: bool,
    ours: bool,
}

pub(super) fn problems(metadata: &Value) -> Vec<String> {
    let members: BTreeSet<&str> = metadata
        .get("workspace_members")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let packages = metadata.get("packages").and_then(Value::as_array).into_iter().flatten();
    let text = |value: &'_ Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
    let mut problems = Vec::new();
    for package in
        packages.filter(|package| text(package, "id").is_some_and(|id| members.contains(id.as_str())))
    {
        let from = text(package, "name").unwrap_or_default();
        let manifest = text(package, "manifest_path").unwrap_or_default();
        if !ARROWS.iter().any(|(name, _)| *name == from) {
            problems
                .push(format!("{manifest}: a new crate; say in xtask/src/tidy/arrows.rs whom it may know"));
        }
        let pure = manifest.contains("/pure/");
        for dependency in package.get("dependencies").and_then(Value::as_array).into_iter().flatten() {
            let to = text(dependency, "name").unwrap_or_default();
            let in_tests = text(dependency, "kind").as_deref() == Some("dev");
            let ours = dependency.get("path").is_some_and(Value::is_string);
            let arrow = Arrow { from: &from, to: &to, pure, in_tests, ours };
            problems.extend(arrow.problem().map(|problem| format!("{manifest}: {problem}")));
        }
    }
    problems
}

impl Arrow<'_> {
    fn problem(&self) -> Option<String> {
        let Arrow { from, to, .. } = self;
        if !self.ours {
            let brings_world_in = self.pure && !self.in_tests && IMPURE.contains(to);
            return brings_world_in
                .then(|| format!("{from} decides and touches nothing, so it must not depend on {to}"));
        }
        let (_, allowed) = ARROWS.iter().find(|(name, _)| name == from)?;
        // A test may try a crate with real neighbours from the ground floor.
        let neighbour =
            self.in_tests && !matches!(*to, "capture" | "store" | "console" | "bastide" | "xtask");
        (!allowed.contains(to) && !neighbour)
            .then(|| format!("{from} must not know {to}; the arrows stand in ARCHITECTURE.md"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrow<'m>(from: &'m str, to: &'m str) -> Arrow<'m> {
        Arrow { from, to, pure: true, in_tests: false, ours: true }
    }

    #[test]
    fn arrows_point_downwards() {
        for (from, to, allowed) in [
            ("cycle", "defend", true),
            ("defend", "wire", true),
            ("wire", "city", true),
            ("bastide", "console", true),
            ("city", "wire", false),
            ("defend", "anticipate", false),
            ("defend", "cycle", false),
            ("wire", "plan", false),
            ("capture", "store", false),
            ("console", "wire", false),
        ] {
            assert_eq!(arrow(from, to).problem().is_none(), allowed, "{from} -> {to}");
        }
    }

    #[test]
    fn tests_may_use_neighbours_of_the_ground_floor_but_not_the_shell() {
        assert!(Arrow { in_tests: true, ..arrow("defend", "anticipate") }.problem().is_none());
        assert!(Arrow { in_tests: true, ..arrow("wire", "capture") }.problem().is_some());
    }

    #[test]
    fn the_ground_floor_brings_in_no_world() {
        let outside = |from, to, pure| Arrow { ours: false, pure, ..arrow(from, to) }.problem();
        assert!(outside("cycle", "tokio", true).is_some());
        assert!(outside("store", "tokio", false).is_none());
        assert!(outside("cycle", "indexmap", true).is_none());
    }

    #[test]
    fn the_table_is_acyclic_and_keeps_the_floors_apart() {
        // Each crate knows only crates that stand above it in the table.
        for (place, (from, allowed)) in ARROWS.iter().enumerate() {
            for to in *allowed {
                let other = ARROWS.iter().position(|(name, _)| name == to).unwrap();
                assert!(other < place, "{from} -> {to}");
            }
        }
    }
}
