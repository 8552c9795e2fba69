//! The meaning of patterns, as the standard tells it (§9.4, §9.5): every way to bind is tried, and asked whether moments
//! can be chosen for what is bound. It takes its time, and shares nothing with the evaluator but the tree.

use adapt::stix::{
    ObservedData, Pattern,
    pattern::{Comparison, Constant, Observation, Qualifier, Relation, Test},
};
use jiff::{SignedDuration, Timestamp};

/// One bracket, bound: which observation.
type Binding = Vec<usize>;

pub fn matches(pattern: &Pattern, observed: &[ObservedData]) -> bool {
    bindings(pattern.root(), observed).iter().any(|binding| is_distinct(binding, observed))
}

/// None more often than it was observed.
fn is_distinct(binding: &Binding, observed: &[ObservedData]) -> bool {
    (0..observed.len()).all(|place| {
        binding.iter().filter(|bound| **bound == place).count() as u64 <= observed[place].count()
    })
}

fn bindings(observation: &Observation, observed: &[ObservedData]) -> Vec<Binding> {
    match observation {
        Observation::One(comparison) => {
            let satisfies =
                |place: &usize| observed[*place].objects().any(|(_, object)| holds(comparison, object));
            (0..observed.len()).filter(satisfies).map(|place| vec![place]).collect()
        }
        Observation::Or(parts) => parts.iter().flat_map(|part| bindings(part, observed)).collect(),
        Observation::And(parts) => {
            let parts: Vec<_> = parts.iter().map(|part| bindings(part, observed)).collect();
            together(&parts, observed, |_, _| true)
        }
        Observation::FollowedBy(parts) => {
            let parts: Vec<_> = parts.iter().map(|part| bindings(part, observed)).collect();
            together(&parts, observed, |before, after| {
                let begun = before.iter().map(|place| observed[*place].first()).max();
                let over = after.iter().map(|place| observed[*place].last()).min();
                begun <= over
            })
        }
        Observation::Qualified(inner, qualifiers) => {
            qualifiers.iter().fold(bindings(inner, observed), |inner, qualifier| match qualifier {
                Qualifier::Repeats(times) => {
                    let copies = vec![inner; usize::try_from(*times).unwrap()];
                    together(&copies, observed, |_, _| true)
                }
                Qualifier::Within(seconds) => {
                    let most = SignedDuration::try_from_secs_f64(*seconds).unwrap();
                    inner.into_iter().filter(|binding| spread(binding, observed) <= most).collect()
                }
                Qualifier::Between(start, stop) => inner
                    .into_iter()
                    .filter(|binding| lies_between(binding, observed, *start, *stop))
                    .collect(),
            })
        }
    }
}

/// Every choice of one binding of each part, where each is allowed behind what stands before it.
fn together(
    parts: &[Vec<Binding>],
    observed: &[ObservedData],
    allowed: impl Fn(&Binding, &Binding) -> bool,
) -> Vec<Binding> {
    let mut all: Vec<Binding> = vec![Vec::new()];
    for (place, part) in parts.iter().enumerate() {
        let mut next = Vec::new();
        for before in &all {
            for after in part {
                if place == 0 || allowed(before, after) {
                    let mut both = before.clone();
                    both.extend(after);
                    both.sort_unstable();
                    if is_distinct(&both, observed) {
                        next.push(both);
                    }
                }
            }
        }
        next.sort();
        next.dedup();
        all = next;
    }
    all
}

/// The least time in which a moment of each lies.
fn spread(binding: &Binding, observed: &[ObservedData]) -> SignedDuration {
    let begun = binding.iter().map(|place| observed[*place].first()).max().unwrap();
    let over = binding.iter().map(|place| observed[*place].last()).min().unwrap();
    begun.duration_since(over)
}

fn lies_between(binding: &Binding, observed: &[ObservedData], start: Timestamp, stop: Timestamp) -> bool {
    start < stop
        && binding.iter().all(|place| observed[*place].last() >= start && observed[*place].first() < stop)
}

/// Comparisons of a file's name with texts; there are no others here.
fn holds(comparison: &Comparison, object: &serde_json::Value) -> bool {
    let Comparison::Test(Test { relation, .. }) = comparison else { panic!("{comparison}") };
    let is =
        |constant: &Constant| matches!(constant, Constant::Text(text) if object["name"] == text.as_str());
    match relation {
        Relation::Equal(constant) => is(constant),
        Relation::Differs(constant) => !is(constant),
        Relation::In(constants) => constants.iter().any(is),
        _ => panic!("{comparison}"),
    }
}
