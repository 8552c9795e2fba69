//! What a reader of a pattern should know before its answer is believed.

use super::tree::*;
use crate::stix::model::{self, Property, Shape};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// The most notes of a pattern.
const NOTES_MAX: usize = 1_000;

/// Something that makes part of a pattern void, or not to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// No object of STIX 2.1 has this. It is looked up all the same: a producer may have added it.
    UnknownPath {
        /// The path.
        path: String,
        /// Which part of it is not known.
        problem: String,
    },
    /// This can never hold.
    NeverHolds {
        /// What stands in the pattern.
        what: String,
        /// Why.
        problem: String,
    },
    /// A regular expression that is not run.
    Unsupported {
        /// The expression.
        expression: String,
        /// What of it is not supported.
        problem: String,
    },
}

impl Note {
    pub(super) fn unsupported(&self) -> Option<String> {
        match self {
            Note::Unsupported { .. } => Some(self.to_string()),
            Note::UnknownPath { .. } | Note::NeverHolds { .. } => None,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::UnknownPath { path, problem } => {
                write!(f, "`{path}` is in no object of STIX 2.1: {problem}")
            }
            Note::NeverHolds { what, problem } => write!(f, "`{what}` never holds: {problem}"),
            Note::Unsupported { expression, problem } => {
                write!(f, "the regular expression `{expression}` is not supported: {problem}")
            }
        }
    }
}

/// The notes on a pattern, each once, in the order in which they stand in it.
pub(super) fn of(root: &Observation) -> Vec<Note> {
    let mut notes = Notes::default();
    notes.observation(root);
    notes.all
}

#[derive(Default)]
struct Notes {
    all: Vec<Note>,
    seen: BTreeSet<String>,
    paths: BTreeMap<ObjectPath, Option<String>>,
}

impl Notes {
    fn add(&mut self, note: Note) {
        if self.all.len() < NOTES_MAX && self.seen.insert(note.to_string()) {
            self.all.push(note);
        }
    }

    fn observation(&mut self, observation: &Observation) {
        match observation {
            Observation::One(comparison) => {
                self.comparison(comparison);
            }
            Observation::And(parts) | Observation::Or(parts) | Observation::FollowedBy(parts) => {
                parts.iter().for_each(|part| self.observation(part));
            }
            Observation::Qualified(inner, qualifiers) => {
                self.observation(inner);
                for qualifier in qualifiers {
                    if let Qualifier::Between(start, stop) = qualifier
                        && start >= stop
                    {
                        let problem = "it stops before it starts".to_owned();
                        self.add(Note::NeverHolds { what: qualifier.to_string(), problem });
                    }
                }
            }
        }
    }

    /// The types of object of which a comparison can hold.
    fn comparison<'c>(&mut self, comparison: &'c Comparison) -> BTreeSet<&'c str> {
        match comparison {
            Comparison::Or(parts) => parts.iter().flat_map(|part| self.comparison(part)).collect(),
            Comparison::And(parts) => {
                let types: Vec<BTreeSet<&str>> = parts.iter().map(|part| self.comparison(part)).collect();
                let mut all = types.iter();
                let mut shared = all.next().cloned().unwrap_or_default();
                for types in all {
                    shared.retain(|name| types.contains(name));
                }
                if shared.is_empty() && types.iter().all(|types| !types.is_empty()) {
                    let names: BTreeSet<&str> = types.into_iter().flatten().collect();
                    let names: Vec<&str> = names.into_iter().collect();
                    let problem =
                        format!("no object is all of {}; `[…] AND […]` asks it of several", names.join(", "));
                    self.add(Note::NeverHolds { what: comparison.to_string(), problem });
                }
                shared
            }
            Comparison::Test(test) => {
                self.test(test);
                BTreeSet::from([test.path.object_type.as_str()])
            }
        }
    }

    fn test(&mut self, test: &Test) {
        let path = &test.path;
        if !self.paths.contains_key(path) {
            self.paths.insert(path.clone(), unknown(path));
        }
        if let Some(Some(problem)) = self.paths.get(path) {
            let problem = problem.clone();
            self.add(Note::UnknownPath { path: path.to_string(), problem });
        } else if test.relation != Relation::Exists && ends_in_reference(path) {
            let problem = "it names another object, which equals no constant; compare one of its properties";
            self.add(Note::NeverHolds { what: test.to_string(), problem: problem.to_owned() });
        }
        if let Relation::Matches(expression) = &test.relation
            && let Some(problem) = expression.unsupported()
        {
            let expression = expression.as_str().to_owned();
            self.add(Note::Unsupported { expression, problem: problem.to_owned() });
        }
    }
}

/// Whether a path ends at an object rather than at one of its properties.
fn ends_in_reference(path: &ObjectPath) -> bool {
    let key = path.steps.iter().rev().find_map(|step| match step {
        Step::Key(key) => Some(key),
        _ => None,
    });
    let listed = !matches!(path.steps.last(), Some(Step::Key(_)));
    key.is_some_and(|key| if listed { key.ends_with("_refs") } else { key.ends_with("_ref") })
}

/// Where a path is in the object model.
#[derive(Clone, Copy)]
enum At {
    /// In an object of one of these types; without types in one of any.
    Types(&'static [&'static str]),
    /// At something of this shape.
    Shape(Shape),
    /// In an object with these properties.
    Properties(&'static [Property]),
    /// Where nobody says what there is.
    Open,
}

/// Which part of a path no object of STIX 2.1 has; none if it has them all, or if the path is marked as somebody's own.
fn unknown(path: &ObjectPath) -> Option<String> {
    let own = path.object_type.as_str();
    let Some((own, _)) = model::TYPES.iter().find(|(known, _)| *known == own) else {
        return (!own.starts_with("x-")).then(|| format!("there is no type `{own}`"));
    };
    let mut at = At::Types(std::slice::from_ref(own));
    for step in &path.steps {
        at = match go(at, step) {
            Ok(At::Open) => return None,
            Ok(at) => at,
            Err(problem) => return Some(problem),
        };
    }
    None
}

/// One step; or why there is none.
fn go(at: At, step: &Step) -> Result<At, String> {
    match (at, step) {
        (At::Open | At::Types([]), _) => Ok(At::Open),
        (_, Step::Index(index)) if *index < 0 => Err("the first element of a list is 0".to_owned()),
        (At::Types(types), Step::Key(key)) => {
            let owner = || format!("`{}`", types.join("` or `"));
            named(model::property(types, key), key, owner)
        }
        (At::Properties(properties), Step::Key(key)) => {
            let shape = properties.iter().find(|(known, _)| known == key).map(|(_, shape)| *shape);
            named(shape, key, || "what it stands in".to_owned())
        }
        (At::Shape(Shape::Object(properties)), Step::Key(_)) => go(At::Properties(properties), step),
        (At::Shape(Shape::Objects(properties)), Step::Index(_) | Step::Any) => Ok(At::Properties(properties)),
        (At::Shape(Shape::Reference(types)), Step::Key(_)) => go(At::Types(types), step),
        (At::Shape(Shape::References(types)), Step::Index(_) | Step::Any) => Ok(At::Types(types)),
        (At::Shape(Shape::List), Step::Index(_) | Step::Any) => Ok(At::Shape(Shape::Value)),
        (At::Shape(Shape::Dictionary), Step::Key(_)) => Ok(At::Open),
        (At::Shape(Shape::Hashes), Step::Key(key)) if model::HASHES.contains(&key.as_str()) => {
            Ok(At::Shape(Shape::Value))
        }
        (At::Shape(Shape::Hashes), Step::Key(key)) => {
            Err(format!("`{key}` is no algorithm's name; they are {}", model::HASHES.join(", ")))
        }
        (At::Shape(Shape::Extensions), Step::Key(key)) => {
            match model::EXTENSIONS.iter().find(|(_, known, _)| known == key) {
                Some((_, _, properties)) => Ok(At::Properties(properties)),
                None if key.starts_with("x-") || key.starts_with("extension-definition--") => Ok(At::Open),
                None => Err(format!("there is no extension `{key}`")),
            }
        }
        (At::Shape(Shape::Value), _) => Err("what stands before its end holds a single value".to_owned()),
        (At::Shape(Shape::Objects(_) | Shape::References(_) | Shape::List), Step::Key(key)) => {
            Err(format!("a list stands before `{key}`; write `[*]` for any of its elements"))
        }
        (_, Step::Index(_) | Step::Any) => Err("there is no list before the brackets".to_owned()),
    }
}

fn named(shape: Option<Shape>, key: &str, owner: impl FnOnce() -> String) -> Result<At, String> {
    match shape {
        Some(shape) => Ok(At::Shape(shape)),
        None if key.starts_with("x_") => Ok(At::Open),
        None => Err(format!("{} has no property `{key}`", owner())),
    }
}
