//! Evaluation: which observations satisfy which `[ ]`, and whether they bind together.

use super::{
    Pattern, bind,
    compare::holds,
    need::need,
    path,
    tree::{Comparison, Observation, Qualifier, Relation, Step, Test},
};
use crate::stix::ObservedData;
use serde_json::Value;

/// How much an evaluation may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Steps: a value looked at, a character compared, an observation tried in a place. A second is some hundred million.
    pub steps: u64,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { steps: 400_000_000 }
    }
}

/// A pattern that is satisfied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The places, in what was given, of the observations that satisfy it; ascending. One of the possible choices.
    pub observations: Vec<usize>,
}

/// Why an evaluation gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecided {
    /// It depends on regular expressions that are not supported.
    #[error("the answer depends on what is not supported: {}", .0.join("; "))]
    Unsupported(Vec<String>),
    /// The steps were used up.
    #[error("gave up after {steps} steps: {}", if *.binding { "there are too many ways to bind observations together" } else { "there is too much to compare" })]
    GaveUp {
        /// How many steps were taken.
        steps: u64,
        /// Whether what each `[ ]` needs was known, and only how to bind it together was not.
        binding: bool,
    },
}

/// The steps are used up.
#[derive(Debug)]
pub(super) struct OutOfSteps;

/// The steps that are left.
#[derive(Debug)]
pub(super) struct Steps {
    left: u64,
}

impl Steps {
    pub(super) fn take(&mut self, steps: u64) -> Result<(), OutOfSteps> {
        self.left = self.left.checked_sub(steps).ok_or(OutOfSteps)?;
        Ok(())
    }
}

/// Whether observations satisfy a pattern, and which.
///
/// Each `[ ]` is satisfied by one observation of its own; an observation counts as often as it says it was observed.
/// Where an observation spans a time, it may have been at any moment of it.
///
/// # Errors
/// The answer depends on what is not supported, or the budget was used up.
pub fn evaluate(
    pattern: &Pattern,
    observed: &[ObservedData],
    budget: Budget,
) -> Result<Option<Match>, Undecided> {
    let mut steps = Steps { left: budget.steps };
    // Comparisons never stand under a negation of more than one test, so what is not known can be taken for false, and
    // then for true: if that changes nothing, it did not matter.
    let with = |unknown: bool, steps: &mut Steps| -> Result<Option<Match>, Undecided> {
        let gave_up = |binding| move |OutOfSteps| Undecided::GaveUp { steps: budget.steps, binding };
        let mut scene = Scene { observed, unknown, asked: false };
        let need = need(pattern.root(), &mut scene, steps).map_err(gave_up(false))?;
        let bound = bind::bind(&need, observed, steps).map_err(gave_up(true))?;
        match bound {
            None if !unknown && scene.asked => Err(Undecided::Unsupported(Vec::new())),
            bound => Ok(bound.map(|observations| Match { observations })),
        }
    };
    match with(false, &mut steps) {
        Err(Undecided::Unsupported(_)) => match with(true, &mut steps)? {
            None => Ok(None),
            Some(_) => Err(Undecided::Unsupported(
                pattern.notes().iter().filter_map(|note| note.unsupported()).collect(),
            )),
        },
        decided => decided,
    }
}

/// Whether an observation satisfies one of the pattern's `[ ]`, for itself: whether it can be part of a match.
///
/// # Errors
/// That depends on what is not supported, or the budget was used up.
pub fn takes_part(pattern: &Pattern, observed: &ObservedData, budget: Budget) -> Result<bool, Undecided> {
    let mut steps = Steps { left: budget.steps };
    let mut scene = Scene { observed: std::slice::from_ref(observed), unknown: false, asked: false };
    let takes = scene
        .takes_part(pattern.root(), &mut Vec::new(), &mut steps)
        .map_err(|OutOfSteps| Undecided::GaveUp { steps: budget.steps, binding: false })?;
    if !takes && scene.asked {
        return Err(Undecided::Unsupported(
            pattern.notes().iter().filter_map(|note| note.unsupported()).collect(),
        ));
    }
    Ok(takes)
}

/// Whether a test may hold of a value by itself: for passing over, cheaply, what cannot satisfy it. `true` where that was
/// not decided.
#[must_use]
pub fn may_hold(test: &Test, value: &Value) -> bool {
    if test.relation == Relation::Exists {
        return !test.negated;
    }
    let mut steps = Steps { left: Budget::default().steps };
    holds(test, value, "", &mut steps).ok().flatten().unwrap_or(true)
}

/// What is evaluated against.
pub(super) struct Scene<'o> {
    observed: &'o [ObservedData],
    /// What an unsupported test is taken for.
    unknown: bool,
    /// Whether an unsupported test was met.
    asked: bool,
}

impl Scene<'_> {
    /// The observations that satisfy a comparison and lie in all the times, by their places.
    pub(super) fn candidates(
        &mut self,
        comparison: &Comparison,
        times: &[Qualifier],
        steps: &mut Steps,
    ) -> Result<Vec<usize>, OutOfSteps> {
        let mut candidates = Vec::new();
        for (place, observed) in self.observed.iter().enumerate() {
            let in_time = times.iter().all(|time| match time {
                // Some moment of the observation lies at or after the one and before the other (§9.5.1).
                Qualifier::Between(start, stop) => {
                    start < stop && observed.first() < *stop && observed.last() >= *start
                }
                _ => true,
            });
            if in_time && self.satisfies(observed, comparison, steps)? {
                // It is kept, and memory is dearer than time.
                steps.take(8)?;
                candidates.push(place);
            }
        }
        Ok(candidates)
    }

    fn takes_part(
        &mut self,
        observation: &Observation,
        times: &mut Vec<Qualifier>,
        steps: &mut Steps,
    ) -> Result<bool, OutOfSteps> {
        match observation {
            Observation::One(comparison) => Ok(!self.candidates(comparison, times, steps)?.is_empty()),
            Observation::And(parts) | Observation::Or(parts) | Observation::FollowedBy(parts) => {
                for part in parts {
                    if self.takes_part(part, times, steps)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Observation::Qualified(inner, qualifiers) => {
                let before = times.len();
                times.extend(qualifiers);
                let takes = self.takes_part(inner, times, steps);
                times.truncate(before);
                takes
            }
        }
    }

    /// An observation, by its place.
    pub(super) fn observed(&self, place: usize) -> Option<&ObservedData> {
        self.observed.get(place)
    }

    fn satisfies(
        &mut self,
        observed: &ObservedData,
        comparison: &Comparison,
        steps: &mut Steps,
    ) -> Result<bool, OutOfSteps> {
        for (object_type, object) in observed.objects() {
            if self.object_satisfies(observed, object_type, object, comparison, steps)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// All that a comparison says is said of one object.
    fn object_satisfies(
        &mut self,
        observed: &ObservedData,
        object_type: &str,
        object: &Value,
        comparison: &Comparison,
        steps: &mut Steps,
    ) -> Result<bool, OutOfSteps> {
        match comparison {
            Comparison::And(parts) => {
                for part in parts {
                    if !self.object_satisfies(observed, object_type, object, part, steps)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Comparison::Or(parts) => {
                for part in parts {
                    if self.object_satisfies(observed, object_type, object, part, steps)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Comparison::Test(test) => {
                steps.take(1)?;
                Ok(test.path.object_type == object_type && self.passes(observed, object, test, steps)?)
            }
        }
    }

    /// A path that leads to several values passes if one of them does; one that leads to none does not.
    fn passes(
        &mut self,
        observed: &ObservedData,
        object: &Value,
        test: &Test,
        steps: &mut Steps,
    ) -> Result<bool, OutOfSteps> {
        let values = path::values(observed, object, &test.path, steps)?;
        if test.relation == Relation::Exists {
            return Ok(values.is_empty() == test.negated);
        }
        let key = test.path.steps.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            _ => None,
        });
        for value in values {
            let passes = holds(test, value, key.unwrap_or_default(), steps)?.unwrap_or_else(|| {
                self.asked = true;
                self.unknown
            });
            if passes {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
