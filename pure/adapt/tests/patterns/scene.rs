//! Small observations to try patterns on.

use adapt::stix::{
    Document, ObservedData, Pattern, observed_data,
    pattern::{Budget, Match, evaluate},
};
use serde_json::{Value, json};

/// Seconds after midnight of a day.
pub fn time(second: i64) -> String {
    (jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(1_772_323_200 + second)).to_string()
}

/// Observed data in the form of STIX 2.1, with its objects, in a bundle.
pub fn bundle(id: u32, objects: &[Value], first: i64, last: i64, count: u64) -> Value {
    let mut objects = objects.to_vec();
    for (place, object) in objects.iter_mut().enumerate() {
        if object.get("id").is_none() {
            let name = object["type"].as_str().unwrap().to_owned();
            object["id"] = format!("{name}--00000000-0000-4000-8000-{id:06}{place:06}").into();
        }
    }
    let refs: Vec<Value> = objects.iter().map(|object| object["id"].clone()).collect();
    let observed = json!({
        "type": "observed-data",
        "spec_version": "2.1",
        "id": format!("observed-data--00000000-0000-4000-8000-{id:012}"),
        "created": time(0),
        "modified": time(0),
        "first_observed": time(first),
        "last_observed": time(last),
        "number_observed": count,
        "object_refs": refs,
    });
    let all: Vec<Value> = std::iter::once(observed).chain(objects).collect();
    json!({"type": "bundle", "id": format!("bundle--00000000-0000-4000-8000-{id:012}"), "objects": all})
}

pub fn read(values: &[Value]) -> Vec<ObservedData> {
    let documents: Vec<Document> =
        values.iter().map(|value| Document::read(value.to_string().as_bytes()).unwrap()).collect();
    observed_data(&documents).unwrap()
}

/// The places that match, if they do.
pub fn matched(pattern: &str, observed: &[ObservedData]) -> Option<Vec<usize>> {
    let pattern = Pattern::parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    let answer = evaluate(&pattern, observed, Budget::default());
    let answer = answer.unwrap_or_else(|cause| panic!("{pattern}: {cause}"));
    answer.map(|Match { observations }| observations)
}
