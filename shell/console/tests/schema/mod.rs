//! Holds an answer against its description: the parts of JSON Schema 2020-12 that the description uses, and no others.

use serde_json::Value;

/// Panics where a value is not what its schema says, and where the schema says something that is not understood here.
pub fn check(document: &Value, schema: &Value, value: &Value, place: &str) {
    let Some(words) = schema.as_object() else {
        assert_eq!(schema, &Value::Bool(true), "{place}");
        return;
    };
    for (word, said) in words {
        match word.as_str() {
            "$ref" => {
                let target = said.as_str().unwrap().strip_prefix('#').unwrap();
                check(
                    document,
                    document.pointer(target).unwrap_or_else(|| panic!("{place}: no {said}")),
                    value,
                    place,
                );
            }
            "type" => assert!(fits(said, value), "{place}: {value} is not {said}"),
            "enum" => {
                assert!(said.as_array().unwrap().contains(value), "{place}: {value} is not among {said}")
            }
            "const" => assert_eq!(said, value, "{place}"),
            "required" => {
                for name in said.as_array().unwrap() {
                    assert!(value.get(name.as_str().unwrap()).is_some(), "{place}: {name} is missing");
                }
            }
            "properties" => {
                for (name, field) in value.as_object().unwrap() {
                    let described =
                        said.get(name).unwrap_or_else(|| panic!("{place}: {name} is not described"));
                    check(document, described, field, &format!("{place}/{name}"));
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(document, said, item, &format!("{place}/{index}"));
                }
            }
            "anyOf" | "oneOf" => {
                let any = said
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|one| std::panic::catch_unwind(|| check(document, one, value, place)).is_ok());
                assert!(any, "{place}: {value} is none of {said}");
            }
            "minimum" => assert!(value.as_f64().is_none_or(|n| n >= said.as_f64().unwrap()), "{place}"),
            "maximum" => assert!(value.as_f64().is_none_or(|n| n <= said.as_f64().unwrap()), "{place}"),
            "format" if said == "date-time" => {
                if let Some(text) = value.as_str() {
                    text.parse::<jiff::Timestamp>().unwrap_or_else(|_| panic!("{place}: {text} is no time"));
                }
            }
            "title" | "description" | "format" | "default" => {}
            other => panic!("{place}: the test does not know `{other}`"),
        }
    }
}

fn fits(kind: &Value, value: &Value) -> bool {
    let one = |kind: &str| match kind {
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "object" => value.is_object(),
        "string" => value.is_string(),
        _ => false,
    };
    match kind {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(one),
        kind => kind.as_str().is_some_and(one),
    }
}
