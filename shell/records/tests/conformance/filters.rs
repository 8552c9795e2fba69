//! Filters over events, as suricata-verify writes them: so many events must match such fields.

use crate::expected_log::Row;
use serde_json::Value;

/// One filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// How many events must match.
    pub count: usize,
    /// The fields and their values; a field within a field is written `dns.queries[0].rrname`.
    pub matches: Row,
    /// Fields that must be there, with whatever value: a whole object, or one value.
    pub has: Vec<String>,
    /// Fields that must not be there.
    pub lacks: Vec<String>,
}

impl Filter {
    /// The kind of event it is about: `dns`, `flow`, `alert`.
    pub fn event(&self) -> &str {
        self.matches.get("event_type").map_or("", String::as_str)
    }

    /// Whether an event, given by the same field names, matches in every field but those `apart` names.
    pub fn accepts(&self, event: &Row, apart: &[&str]) -> bool {
        self.matches
            .iter()
            .filter(|(field, _)| !apart.contains(&field.as_str()))
            .all(|(field, value)| event.get(field).is_some_and(|ours| same(ours, value)))
            && self.has.iter().all(|field| has(event, field))
            && !self.lacks.iter().any(|field| has(event, field))
    }

    /// The fields in which the nearest of the events differs, for a report.
    pub fn difference(&self, events: &[Row], apart: &[&str]) -> Vec<String> {
        let differing = |event: &Row| -> Vec<String> {
            let fields = self.matches.iter().filter(|(field, _)| !apart.contains(&field.as_str()));
            let differing =
                fields.filter(|(field, value)| !event.get(*field).is_some_and(|ours| same(ours, value)));
            differing
                .map(|(field, value)| format!("{field}: {value} expected, {:?} seen", event.get(field)))
                .collect()
        };
        events.iter().map(differing).min_by_key(Vec::len).unwrap_or_default()
    }
}

/// Whether an event has a field, or fields within it.
fn has(event: &Row, field: &str) -> bool {
    event.keys().any(|key| {
        key.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    })
}

/// Whether two values are the same, as numbers if both are numbers.
fn same(a: &str, b: &str) -> bool {
    a == b || matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
}

/// Reads the filters of a `test.yaml` that hold for the newest version and can be put as fields and values.
pub fn parse(text: &str) -> Vec<Filter> {
    // Some files begin with a version directive of a YAML that the parser refuses.
    let text: String =
        text.lines().filter(|line| !line.starts_with('%')).flat_map(|line| [line, "\n"]).collect();
    let Value::Object(test) = serde_saphyr::from_str(&text).unwrap_or_else(|cause| panic!("{cause}\n{text}"))
    else {
        return Vec::new();
    };
    // A case that only older versions are given.
    if test.get("requires").is_some_and(|requires| requires.get("lt-version").is_some()) {
        return Vec::new();
    }
    let Some(Value::Array(checks)) = test.get("checks") else { return Vec::new() };
    let filters = checks.iter().filter_map(|check| check.get("filter"));
    filters.filter_map(parse_filter).collect()
}

fn parse_filter(filter: &Value) -> Option<Filter> {
    // A filter for older versions, or over another file than the events.
    if filter.get("lt-version").is_some()
        || filter.get("requires").is_some_and(|requires| requires.get("lt-version").is_some())
        || filter.get("filename").is_some_and(|name| name != "eve.json")
    {
        return None;
    }
    let (mut matches, mut has, mut lacks) = (Row::new(), Vec::new(), Vec::new());
    let Some(Value::Object(fields)) = filter.get("match") else { return None };
    for (field, value) in fields {
        match (field.as_str(), value.as_str()) {
            ("has-key", Some(name)) => has.push(name.to_owned()),
            ("not-has-key", Some(name)) => lacks.push(name.to_owned()),
            _ => flatten(field, value, &mut matches),
        }
    }
    let count = filter.get("count")?.as_u64()?;
    Some(Filter { count: usize::try_from(count).ok()?, matches, has, lacks })
}

/// A value by the names of the fields within it.
pub fn flatten(field: &str, value: &Value, into: &mut Row) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                flatten(&format!("{field}.{name}"), value, into);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                flatten(&format!("{field}[{index}]"), value, into);
            }
        }
        Value::String(text) => drop(into.insert(field.into(), text.clone())),
        Value::Null => drop(into.insert(field.into(), String::new())),
        other => drop(into.insert(field.into(), other.to_string())),
    }
}

#[test]
fn a_filter_is_a_count_and_fields() {
    let text = "
args:
  - -k none
checks:
  - filter:
      count: 2
      match:
        event_type: dns
        dest_port: 53
        dns:
          queries:
            - rrname: example.org
  - filter:
      lt-version: 7
      count: 1
      match: { event_type: dns }
";
    let filters = parse(text);
    assert_eq!(filters.len(), 1);
    let filter = &filters[0];
    assert_eq!((filter.count, filter.event()), (2, "dns"));
    let mut event = Row::from([
        ("event_type".into(), "dns".into()),
        ("dest_port".into(), "53".into()),
        ("dns.queries[0].rrname".into(), "example.org".into()),
    ]);
    assert!(filter.accepts(&event, &[]));
    event.insert("dest_port".into(), "54".into());
    assert!(!filter.accepts(&event, &[]) && filter.accepts(&event, &["dest_port"]));
    assert_eq!(filter.difference(&[event], &[]).len(), 1);
}
