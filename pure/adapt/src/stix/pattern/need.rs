//! What a pattern needs of observations, once it is known which satisfy which `[ ]`.

use super::{
    candidates::{OutOfSteps, Scene, Steps},
    tree::{Observation, Qualifier},
};
use jiff::SignedDuration;

/// What must be bound to observations.
#[derive(Clone, Debug)]
pub(super) enum Need {
    /// So many observations out of these.
    From(Vec<usize>, u64),
    /// All of these.
    All(Vec<Need>),
    /// One of these.
    Any(Vec<Need>),
    /// All of these, each no later than the next.
    Then(Vec<Need>),
    /// This, within a time.
    Within(Box<Need>, SignedDuration),
    /// This, so many times over.
    Over(Box<Need>, u64),
}

/// What an observation expression needs.
pub(super) fn need(root: &Observation, scene: &mut Scene<'_>, steps: &mut Steps) -> Result<Need, OutOfSteps> {
    of(root, &mut Vec::new(), scene, steps)
}

fn of(
    observation: &Observation,
    times: &mut Vec<Qualifier>,
    scene: &mut Scene<'_>,
    steps: &mut Steps,
) -> Result<Need, OutOfSteps> {
    match observation {
        Observation::One(comparison) => Ok(Need::From(scene.candidates(comparison, times, steps)?, 1)),
        Observation::And(parts) => all(parts, times, scene, steps).map(Need::All),
        Observation::FollowedBy(parts) => all(parts, times, scene, steps).map(Need::Then),
        Observation::Or(parts) => Ok(any(all(parts, times, scene, steps)?)),
        Observation::Qualified(inner, qualifiers) => {
            let before = times.len();
            // What holds of all that is matched holds of each, so it can be asked of each at once.
            times.extend(qualifiers.iter().filter(|qualifier| matches!(qualifier, Qualifier::Between(..))));
            let inner = of(inner, times, scene, steps);
            times.truncate(before);
            qualifiers.iter().try_fold(inner?, |inner, qualifier| {
                Ok(match qualifier {
                    Qualifier::Repeats(times) => over(inner, *times),
                    Qualifier::Within(seconds) => within(inner, duration(*seconds), scene),
                    Qualifier::Between(..) => inner,
                })
            })
        }
    }
}

fn all(
    parts: &[Observation],
    times: &mut Vec<Qualifier>,
    scene: &mut Scene<'_>,
    steps: &mut Steps,
) -> Result<Vec<Need>, OutOfSteps> {
    parts.iter().map(|part| of(part, times, scene, steps)).collect()
}

/// One observation out of these or out of those is one out of both.
fn any(parts: Vec<Need>) -> Need {
    let mut together: Vec<usize> = Vec::new();
    let mut others = Vec::new();
    for part in parts {
        match part {
            Need::From(candidates, 1) => together.extend(candidates),
            other => others.push(other),
        }
    }
    together.sort_unstable();
    together.dedup();
    let together = Need::From(together, 1);
    if others.is_empty() {
        return together;
    }
    others.insert(0, together);
    Need::Any(others)
}

/// As often as asked; where nothing binds the parts together, each of them as often.
fn over(need: Need, times: u64) -> Need {
    match need {
        Need::From(candidates, once) => Need::From(candidates, once.saturating_mul(times)),
        Need::All(parts) if parts.iter().all(is_loose) => {
            Need::All(parts.into_iter().map(|part| over(part, times)).collect())
        }
        need if times == 1 => need,
        need => Need::Over(Box::new(need), times),
    }
}

/// Whether only the number of observations matters, and no time.
fn is_loose(need: &Need) -> bool {
    match need {
        Need::From(..) => true,
        Need::All(parts) => parts.iter().all(is_loose),
        Need::Any(_) | Need::Then(_) | Need::Within(..) | Need::Over(..) => false,
    }
}

fn within(need: Need, duration: SignedDuration, scene: &Scene<'_>) -> Need {
    match need {
        // A single observation is within any time, unless it ends before it begins.
        Need::From(mut candidates, 1) => {
            candidates.retain(|place| {
                scene
                    .observed(*place)
                    .is_some_and(|observed| observed.first().duration_since(observed.last()) <= duration)
            });
            Need::From(candidates, 1)
        }
        need => Need::Within(Box::new(need), duration),
    }
}

fn duration(seconds: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::MAX)
}

/// How many observations a need takes at least.
pub(super) fn least(need: &Need) -> u64 {
    match need {
        Need::From(_, times) => *times,
        Need::All(parts) | Need::Then(parts) => {
            parts.iter().fold(0_u64, |sum, part| sum.saturating_add(least(part)))
        }
        Need::Any(parts) => parts.iter().map(least).min().unwrap_or(0),
        Need::Within(inner, _) => least(inner),
        Need::Over(inner, times) => least(inner).saturating_mul(*times),
    }
}
