//! Objects of our own.

use adapt::stix::{Document, Gravity, Object, Tlp, validate};
use serde_json::{Value, json};

fn indicator() -> Value {
    json!({
        "type": "indicator",
        "spec_version": "2.1",
        "id": "indicator--00000000-0000-4000-8000-000000000001",
        "created_by_ref": "identity--00000000-0000-4000-8000-000000000002",
        "created": "2026-03-01T00:00:00.000Z",
        "modified": "2026-03-02T00:00:00.000Z",
        "name": "A lamp that calls out",
        "pattern": "[ipv4-addr:value = '203.0.113.9']",
        "pattern_type": "stix",
        "valid_from": "2026-03-01T00:00:00Z",
        "valid_until": "2026-04-01T00:00:00Z",
        "labels": ["lamp"],
        "confidence": 80,
        "revoked": true,
        "object_marking_refs": ["marking-definition--00000000-0000-4000-8000-000000000003"],
    })
}

fn problems(value: &Value) -> Vec<(Gravity, String)> {
    let document = Document::read(value.to_string().as_bytes()).unwrap();
    assert_eq!(document.value(), value);
    validate(&document).into_iter().map(|problem| (problem.gravity, problem.what)).collect()
}

#[test]
fn what_objects_share_is_read_and_the_rest_is_kept() {
    let value = indicator();
    let object = Object::of(&value).unwrap();
    assert_eq!(object.object_type(), "indicator");
    assert_eq!(object.id(), Some("indicator--00000000-0000-4000-8000-000000000001"));
    assert_eq!(object.spec_version(), Some("2.1"));
    assert!(object.created() < object.modified());
    assert!(object.valid_from() < object.valid_until());
    assert_eq!(object.confidence(), Some(80));
    assert!(object.revoked());
    assert_eq!(object.labels().collect::<Vec<_>>(), ["lamp"]);
    assert_eq!(object.object_marking_refs().count(), 1);
    assert_eq!(object.pattern(), Some("[ipv4-addr:value = '203.0.113.9']"));
    assert_eq!(object.pattern_type(), Some("stix"));
    assert_eq!(object.name(), Some("A lamp that calls out"));
    assert_eq!(object.tlp(), None);
    assert_eq!(problems(&value), []);
}

#[test]
fn each_mistake_is_refused_and_each_oddity_warned_of() {
    for (name, new, gravity, words) in [
        ("id", json!("indicator--1"), Gravity::Refused, "a UUID"),
        ("id", json!("malware--00000000-0000-4000-8000-000000000001"), Gravity::Refused, "another type"),
        ("created", json!("yesterday"), Gravity::Refused, "`created` must be a time"),
        ("modified", json!("2026-02-01T00:00:00Z"), Gravity::Refused, "must not be before `created`"),
        ("valid_until", json!("2026-03-01T00:00:00Z"), Gravity::Refused, "`valid_until`"),
        ("confidence", json!(101), Gravity::Refused, "0 to 100"),
        ("revoked", json!("no"), Gravity::Refused, "`true` or `false`"),
        ("labels", json!([]), Gravity::Refused, "not empty"),
        ("object_marking_refs", json!(["x"]), Gravity::Refused, "`object_marking_refs`"),
        ("created_by_ref", json!("tool--00000000-0000-4000-8000-000000000001"), Gravity::Refused, "identity"),
        ("external_references", json!([{}]), Gravity::Refused, "source_name"),
        ("pattern", json!("[file:name = 'a'"), Gravity::Refused, "line 1, column 17"),
        ("pattern", json!("[file:title = 'a']"), Gravity::Warning, "no property `title`"),
        ("spec_version", json!("3.0"), Gravity::Refused, "spec_version"),
        ("wattage", json!(7), Gravity::Warning, "`wattage`"),
    ] {
        let mut value = indicator();
        value[name] = new;
        let found = problems(&value);
        assert!(found.iter().any(|(g, what)| *g == gravity && what.contains(words)), "{name}: {found:?}");
        assert!(found.iter().all(|(g, _)| *g <= gravity), "{name}: {found:?}");
    }
    for (name, gravity) in [
        ("id", Gravity::Refused),
        ("modified", Gravity::Refused),
        ("valid_from", Gravity::Refused),
        ("spec_version", Gravity::Warning),
        ("created_by_ref", Gravity::Warning),
    ] {
        let mut value = indicator();
        value.as_object_mut().unwrap().remove(name);
        let found = problems(&value);
        assert_eq!(found.iter().map(|(gravity, _)| *gravity).max(), Some(gravity), "{name}: {found:?}");
    }
    let own = json!({"type": "x-lamp", "id": "x-lamp--00000000-0000-4000-8000-000000000001"});
    assert_eq!(problems(&own).iter().map(|(gravity, _)| *gravity).max(), Some(Gravity::Warning));
}

#[test]
fn tlp_is_read_in_both_its_forms() {
    let old = json!({"type": "marking-definition", "definition_type": "tlp", "definition": {"tlp": "white"}});
    assert_eq!(Object::of(&old).unwrap().tlp(), Some(Tlp::Clear));
    let new = json!({"type": "marking-definition", "extensions": {
        "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {"tlp_2_0": "amber+strict"}}});
    assert_eq!(Object::of(&new).unwrap().tlp(), Some(Tlp::AmberStrict));
    assert!(Tlp::Green < Tlp::Red);
}

#[test]
fn what_could_not_be_kept_is_not_read() {
    for (text, words) in [
        ("{\"type\": \"a\", \"type\": \"b\"}", "stands twice"),
        ("{\"type\": \"a\",}", "not JSON"),
        ("<{}>", "not JSON"),
        ("[1]", "neither"),
        ("7", "neither"),
        ("{} {}", "not JSON"),
        (&"[".repeat(100_000), "not JSON"),
        ("{\"a\": 1e999}", "not JSON"),
    ] {
        let error = Document::read(text.as_bytes()).expect_err(text).to_string();
        assert!(error.contains(words), "{text:.20}: {error}");
    }
    let whole =
        r#"{"big": 18446744073709551615, "small": -9223372036854775808, "half": 0.5, "text": "\u0000é"}"#;
    let document = Document::read(whole.as_bytes()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&document.value().to_string()).unwrap(), *document.value());
    assert!(document.value().to_string().contains("18446744073709551615"));
}
