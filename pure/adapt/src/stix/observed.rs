//! Observed data: what patterns are evaluated against.

use super::{document::Document, time::timestamp};
use jiff::Timestamp;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

/// The most observations that are taken from what is given.
const OBSERVATIONS_MAX: usize = 1_000_000;

/// With how many of the same id and times an observation is compared, to see whether it is one of them.
const TWINS_MAX: usize = 8;

/// What was observed, when, and how often (§4.14).
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedData {
    id: String,
    first: Timestamp,
    last: Timestamp,
    count: u64,
    objects: BTreeMap<String, Arc<Value>>,
}

/// Why something given as observed data cannot be read as that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{of}: {problem}")]
pub struct BadObservation {
    /// Which object, by its id or its place.
    pub of: String,
    /// What is wrong with it.
    pub problem: String,
}

impl ObservedData {
    /// What was observed once, with its objects by their ids.
    #[must_use]
    pub fn once(
        id: String,
        first: Timestamp,
        last: Timestamp,
        objects: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> ObservedData {
        let objects = objects.into_iter().map(|(id, object)| (id.to_owned(), Arc::new(object))).collect();
        ObservedData { id, first, last, count: 1, objects }
    }

    /// The same with further objects.
    pub(crate) fn with(mut self, objects: impl IntoIterator<Item = (&'static str, Value)>) -> ObservedData {
        self.objects.extend(objects.into_iter().map(|(id, object)| (id.to_owned(), Arc::new(object))));
        self
    }

    /// Its id; its place among what was given, such as `#3`, if it has none.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When it was first observed.
    #[must_use]
    pub fn first(&self) -> Timestamp {
        self.first
    }

    /// When it was last observed.
    #[must_use]
    pub fn last(&self) -> Timestamp {
        self.last
    }

    /// How often it was observed.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// An object that was observed, by its id.
    #[must_use]
    pub fn object(&self, id: &str) -> Option<&Value> {
        self.objects.get(id).map(Arc::as_ref)
    }

    /// What was observed: each object with its type.
    pub fn objects(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.objects.values().filter_map(|object| Some((object.get("type")?.as_str()?, object.as_ref())))
    }

    fn read(value: &Value, place: usize, known: &Objects) -> Result<ObservedData, BadObservation> {
        let id = value.get("id").and_then(Value::as_str).map_or_else(|| format!("#{place}"), str::to_owned);
        let bad = |problem: &str| BadObservation { of: id.clone(), problem: problem.to_owned() };
        let time = |name: &str| {
            let text = value.get(name).and_then(Value::as_str);
            text.and_then(timestamp)
                .ok_or_else(|| bad(&format!("`{name}` must be a time, such as `2026-03-01T08:30:00Z`")))
        };
        let (first, last) = (time("first_observed")?, time("last_observed")?);
        let count = value.get("number_observed").and_then(Value::as_u64).filter(|count| *count > 0);
        let count = count.ok_or_else(|| bad("`number_observed` must be a whole number above 0"))?;
        let mut objects = BTreeMap::new();
        match (value.get("objects"), value.get("object_refs")) {
            // The way of STIX 2.0, still allowed in 2.1 for what is older.
            (Some(Value::Object(dictionary)), _) => {
                objects.extend(dictionary.iter().map(|(id, object)| (id.clone(), Arc::new(object.clone()))));
            }
            (None, Some(Value::Array(refs))) => {
                let refs = refs.iter().filter_map(Value::as_str);
                objects.extend(refs.filter_map(|id| Some((id.to_owned(), known.find(id)?))));
            }
            (Some(_), _) => return Err(bad("`objects` must be a dictionary")),
            (None, Some(_)) => return Err(bad("`object_refs` must be a list")),
            (None, None) => return Err(bad("it has neither `object_refs` nor `objects`")),
        }
        Ok(ObservedData { id, first, last, count, objects })
    }
}

/// Objects by their ids: those of the same bundle before those of others.
struct Objects {
    here: BTreeMap<String, Arc<Value>>,
    anywhere: Arc<BTreeMap<String, Arc<Value>>>,
}

impl Objects {
    fn find(&self, id: &str) -> Option<Arc<Value>> {
        self.here.get(id).or_else(|| self.anywhere.get(id)).cloned()
    }
}

/// The observed data in documents: in bundles, in lists, or alone. What stands in several of them is taken once.
///
/// # Errors
/// Something that says that it is observed data lacks its times, its number or its objects.
pub fn observed_data(documents: &[Document]) -> Result<Vec<ObservedData>, BadObservation> {
    let is_observed = |object: &Value| object.get("type").and_then(Value::as_str) == Some("observed-data");
    let mut anywhere = BTreeMap::new();
    let mut shelves = Vec::new();
    for shelf in documents.iter().flat_map(Document::shelves) {
        let (observed, others): (Vec<&Value>, Vec<&Value>) =
            shelf.into_iter().partition(|object| is_observed(object));
        let mut here = BTreeMap::new();
        for (id, object) in others.iter().filter_map(|object| Some((object.get("id")?.as_str()?, *object))) {
            let object = Arc::new(object.clone());
            anywhere.entry(id.to_owned()).or_insert_with(|| Arc::clone(&object));
            here.insert(id.to_owned(), object);
        }
        shelves.push((here, observed));
    }
    let anywhere = Arc::new(anywhere);
    let mut all: Vec<ObservedData> = Vec::new();
    let mut places: BTreeMap<(String, Timestamp, Timestamp, u64), Vec<usize>> = BTreeMap::new();
    for (here, observed) in shelves {
        let known = Objects { here, anywhere: Arc::clone(&anywhere) };
        for value in observed {
            let observed = ObservedData::read(value, all.len() + 1, &known)?;
            let key = (observed.id.clone(), observed.first, observed.last, observed.count);
            let same = places.entry(key).or_default();
            if same.iter().rev().take(TWINS_MAX).any(|place| all.get(*place) == Some(&observed)) {
                continue;
            }
            same.push(all.len());
            if all.len() >= OBSERVATIONS_MAX {
                let problem = format!("more than {OBSERVATIONS_MAX} observations are not taken at once");
                return Err(BadObservation { of: observed.id, problem });
            }
            all.push(observed);
        }
    }
    Ok(all)
}
