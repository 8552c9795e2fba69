//! Who may know whom. A new arrow is a line here and a line in `ARCHITECTURE.md`.

use serde_json::Value;
use std::collections::BTreeSet;

/// Every crate of the house in the order in which they may be built: its floor, and whom it may know.
const ARROWS: &[(&str, Knows)] = &[
    ("city", Knows::These(&[])),
    ("plan", Knows::These(&["city"])),
    ("wire", Knows::These(&["city"])),
    ("identify", Knows::These(&["city"])),
    ("integrity", Knows::These(&["city"])),
    ("ruleset", Knows::These(&["city"])),
    ("anticipate", PILLAR),
    ("defend", PILLAR),
    ("recover", PILLAR),
    ("adapt", PILLAR),
    ("assurance", PILLAR),
    ("cycle", Knows::Ground(&[])),
    ("capture", Knows::Ground(&[])),
    ("store", Knows::Ground(&[])),
    ("records", Knows::Ground(&[])),
    ("enforce", Knows::These(&[])),
    ("vault", Knows::These(&["city", "plan"])),
    ("listen", Knows::These(&[])),
    ("console", Knows::Ground(&["store", "listen"])),
    ("exchange", Knows::Ground(&["store", "listen"])),
    (
        "bastide",
        Knows::Ground(&["capture", "store", "records", "enforce", "vault", "listen", "console", "exchange"]),
    ),
    ("range", Knows::These(&[])),
    ("xtask", Knows::These(&[])),
];

/// Pillars do not know one another.
const PILLAR: Knows = Knows::These(&["city", "plan", "wire", "identify", "integrity", "ruleset"]);

/// The ground floor: what decides and touches nothing.
const GROUND: &[&str] = &[
    "city",
    "plan",
    "wire",
    "identify",
    "integrity",
    "ruleset",
    "anticipate",
    "defend",
    "recover",
    "adapt",
    "assurance",
    "cycle",
];

/// Whom a crate may know.
#[derive(Clone, Copy)]
enum Knows {
    /// Everything on the ground floor, and these neighbours.
    Ground(&'static [&'static str]),
    /// These and no other.
    These(&'static [&'static str]),
}

impl Knows {
    fn allows(self, to: &str) -> bool {
        match self {
            Knows::Ground(neighbours) => GROUND.contains(&to) || neighbours.contains(&to),
            Knows::These(these) => these.contains(&to),
        }
    }
}

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
        let (_, knows) = ARROWS.iter().find(|(name, _)| name == from)?;
        // A test may try a crate with real neighbours: those of the ground floor, and those that stand before it.
        let stands_before = || ARROWS.iter().take_while(|(name, _)| name != from).any(|(name, _)| name == to);
        let allowed = knows.allows(to) || self.in_tests && (GROUND.contains(to) || stands_before());
        (!allowed).then(|| format!("{from} must not know {to}; the arrows stand in ARCHITECTURE.md"))
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
            ("store", "wire", true),
            ("store", "capture", false),
            ("xtask", "city", false),
        ] {
            assert_eq!(arrow(from, to).problem().is_none(), allowed, "{from} -> {to}");
        }
    }

    #[test]
    fn tests_may_use_neighbours_of_the_ground_floor_and_what_stands_before() {
        assert!(Arrow { in_tests: true, ..arrow("defend", "anticipate") }.problem().is_none());
        assert!(Arrow { in_tests: true, ..arrow("records", "capture") }.problem().is_none());
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
    fn nobody_knows_a_crate_that_stands_behind_it() {
        for (place, (from, knows)) in ARROWS.iter().enumerate() {
            let behind = ARROWS.iter().skip(place + 1).filter(|(to, _)| knows.allows(to));
            assert_eq!(behind.map(|(to, _)| *to).collect::<Vec<_>>(), [""; 0], "known by {from}");
        }
    }

    #[test]
    fn the_map_shows_every_crate() {
        let map = std::fs::read_to_string(crate::house::root().join("ARCHITECTURE.md")).unwrap();
        let metadata = crate::house::metadata().unwrap();
        for id in metadata["workspace_members"].as_array().unwrap() {
            let package =
                metadata["packages"].as_array().unwrap().iter().find(|package| package["id"] == *id).unwrap();
            let name = package["name"].as_str().unwrap();
            assert!(map.contains(&format!("`{name}`")), "ARCHITECTURE.md does not show `{name}`");
        }
    }
}
