//! The way from an object to a property (§9.7).

use super::{
    candidates::{OutOfSteps, Steps},
    tree::{ObjectPath, Step},
};
use crate::stix::ObservedData;
use serde_json::Value;
use std::collections::BTreeSet;

/// Where a way has come to.
#[derive(Clone, Copy)]
struct Reached<'o> {
    value: &'o Value,
    /// It is a list of references.
    references: bool,
}

/// Every value to which a path leads from an object. References are followed, to objects of the same observation; one
/// that leads nowhere is not there.
pub(super) fn values<'o>(
    observed: &'o ObservedData,
    object: &'o Value,
    path: &ObjectPath,
    steps: &mut Steps,
) -> Result<Vec<&'o Value>, OutOfSteps> {
    let mut reached = vec![Reached { value: object, references: false }];
    for step in &path.steps {
        steps.take(1 + reached.len() as u64)?;
        let mut next = Vec::new();
        for at in &reached {
            match (step, at.value) {
                (Step::Key(key), Value::Object(properties)) => {
                    let value = properties.get(key);
                    next.extend(value.and_then(|value| property(observed, key, value)));
                }
                (Step::Index(index), Value::Array(list)) => {
                    let value = usize::try_from(*index).ok().and_then(|index| list.get(index));
                    next.extend(value.and_then(|value| element(observed, at.references, value)));
                }
                (Step::Any, Value::Array(list)) => {
                    steps.take(list.len() as u64)?;
                    next.extend(list.iter().filter_map(|value| element(observed, at.references, value)));
                }
                _ => {}
            }
        }
        // By references an object may be reached in many ways: once is enough.
        let mut seen = BTreeSet::new();
        next.retain(|at| seen.insert(std::ptr::from_ref(at.value)));
        reached = next;
    }
    Ok(reached.into_iter().map(|at| at.value).collect())
}

fn property<'o>(observed: &'o ObservedData, key: &str, value: &'o Value) -> Option<Reached<'o>> {
    if key.ends_with("_ref") {
        return element(observed, true, value);
    }
    let references = key.ends_with("_refs") && value.is_array();
    Some(Reached { value, references })
}

fn element<'o>(observed: &'o ObservedData, references: bool, value: &'o Value) -> Option<Reached<'o>> {
    match value {
        Value::String(id) if references => match observed.object(id) {
            Some(value) => Some(Reached { value, references: false }),
            // A name that ends like a reference's may hold something else, in a dictionary.
            None if is_identifier(id) => None,
            None => Some(Reached { value, references: false }),
        },
        _ => Some(Reached { value, references: false }),
    }
}

/// Whether this can only be a reference: `type--…` in STIX 2.1, a number in the dictionaries of 2.0.
fn is_identifier(text: &str) -> bool {
    text.contains("--") || !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
