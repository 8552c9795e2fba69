//! What history must be asked for, so that no row is missed that a pattern could match.

use super::{
    kept::{Kept, Way, find},
    row::NAMED,
};
use crate::stix::pattern::{
    Comparison, Constant, ObjectPath, Observation, Pattern, Qualifier, Relation, Test,
};
use std::collections::BTreeSet;

/// What history must be asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sought {
    /// Which rows of which table.
    pub asks: Vec<(Kept, Clause)>,
    /// The paths that history keeps nothing of, each with why.
    pub unsupported: Vec<String>,
    /// Whether one row alone decides if it matches: then every row that takes part is a hit.
    pub single: bool,
}

/// What a row must satisfy at least.
#[derive(Clone, Debug, PartialEq)]
pub enum Clause {
    /// All of these; none at all is satisfied by every row.
    All(Vec<Clause>),
    /// One of these.
    Any(Vec<Clause>),
    /// The text in a column is one of these words.
    Words(&'static str, Vec<String>),
    /// What columns tell passes a test.
    Test(Way, Test),
}

impl Sought {
    /// What a pattern seeks. Without a plan nothing is known of zones.
    #[must_use]
    pub fn new(pattern: &Pattern, has_plan: bool) -> Sought {
        let mut search = Search { has_plan, of_http: false, unsupported: BTreeSet::new() };
        let mut asks = Vec::new();
        for kept in Kept::ALL {
            if let Some(clause) = search.observation(pattern.root(), kept) {
                asks.push((kept, clause));
            }
        }
        let unsupported = search.unsupported.into_iter().collect();
        Sought { asks, unsupported, single: is_single(pattern.root()) }
    }
}

/// Whether one row decides.
fn is_single(observation: &Observation) -> bool {
    match observation {
        Observation::One(_) => true,
        Observation::Or(parts) => parts.iter().all(is_single),
        Observation::And(_) | Observation::FollowedBy(_) => false,
        Observation::Qualified(inner, qualifiers) => {
            is_single(inner) && qualifiers.iter().all(|qualifier| matches!(qualifier, Qualifier::Between(..)))
        }
    }
}

struct Search {
    has_plan: bool,
    /// Whether the `[ ]` that is looked at asks for a request of HTTP, whose traffic is told beside it.
    of_http: bool,
    unsupported: BTreeSet<String>,
}

impl Search {
    /// What a row of a table must be to satisfy one of the `[ ]`; none if it cannot.
    fn observation(&mut self, observation: &Observation, kept: Kept) -> Option<Clause> {
        match observation {
            Observation::One(comparison) => {
                self.of_http = asks_for_http(comparison);
                self.comparison(comparison, kept)
            }
            Observation::And(parts) | Observation::Or(parts) | Observation::FollowedBy(parts) => {
                let parts = parts.iter().filter_map(|part| self.observation(part, kept)).collect();
                any(parts)
            }
            Observation::Qualified(inner, _) => self.observation(inner, kept),
        }
    }

    fn comparison(&mut self, comparison: &Comparison, kept: Kept) -> Option<Clause> {
        match comparison {
            // Each is looked at, so that every path is named that is not kept.
            Comparison::And(parts) => {
                let parts: Vec<Option<Clause>> =
                    parts.iter().map(|part| self.comparison(part, kept)).collect();
                parts.into_iter().collect::<Option<Vec<Clause>>>().map(Clause::All)
            }
            Comparison::Or(parts) => {
                any(parts.iter().filter_map(|part| self.comparison(part, kept)).collect())
            }
            Comparison::Test(test) => self.test(test, kept),
        }
    }

    fn test(&mut self, test: &Test, kept: Kept) -> Option<Clause> {
        let Some((of, steps, table, way, _)) = find(&test.path) else {
            self.unsupported.insert(format!("`{}` is not kept in history", test.path));
            return None;
        };
        if !self.has_plan && matches!(way, Way::ByPlan | Way::Zone(_)) {
            self.unsupported.insert(format!("`{}` needs an adopted plan, and there is none", test.path));
            return None;
        }
        let beside =
            self.of_http && kept == Kept::Requests && *of == "network-traffic" && BESIDE_HTTP.contains(steps);
        if *table != kept && !beside {
            return None;
        }
        // That something is absent no column tells.
        if test.relation == Relation::Exists && test.negated {
            return Some(Clause::All(Vec::new()));
        }
        let told = match way {
            Way::ByPlan | Way::Row => match protocols(&test.path, test) {
                Some(words) => words,
                None => Clause::All(Vec::new()),
            },
            way => Clause::Test(*way, test.clone()),
        };
        // Only in some protocols a request has these objects.
        Some(match *of {
            "domain-name" => {
                let words = NAMED.iter().map(|protocol| protocol.as_str().to_owned()).collect();
                Clause::All(vec![Clause::Words("protocol", words), told])
            }
            "network-traffic" if kept == Kept::Requests => Clause::All(vec![
                Clause::Words("protocol", vec![city::Protocol::Http.as_str().to_owned()]),
                told,
            ]),
            _ => told,
        })
    }
}

/// What is told of the traffic of a request of HTTP, too.
const BESIDE_HTTP: &[&str] = &["dst_port", "dst_ref.value", "protocols[*]", "src_port", "src_ref.value"];

fn asks_for_http(comparison: &Comparison) -> bool {
    match comparison {
        Comparison::And(parts) | Comparison::Or(parts) => parts.iter().any(asks_for_http),
        Comparison::Test(test) => find(&test.path)
            .is_some_and(|(of, _, table, ..)| *of == "network-traffic" && *table == Kept::Requests),
    }
}

/// What columns tell of a conversation's protocols, if the test is for some by name.
fn protocols(path: &ObjectPath, test: &Test) -> Option<Clause> {
    if !matches!(path.steps.first(), Some(crate::stix::pattern::Step::Key(key)) if key == "protocols")
        || test.negated
    {
        return None;
    }
    let constants = match &test.relation {
        Relation::Equal(constant) => std::slice::from_ref(constant),
        Relation::In(constants) => constants.as_slice(),
        _ => return None,
    };
    let mut words = Vec::new();
    for constant in constants {
        match constant {
            // No column says so.
            Constant::Text(text) if text == "ipv4" || text == "ipv6" => return None,
            Constant::Text(text) => words.push(text.clone()),
            _ => {}
        }
    }
    Some(Clause::Any(vec![Clause::Words("transport", words.clone()), Clause::Words("protocol", words)]))
}

fn any(mut parts: Vec<Clause>) -> Option<Clause> {
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(Clause::Any(parts)),
    }
}
