//! Whether objects are what the standard says they are.

use super::{
    Document, Object, Pattern,
    known::{self, IN_ORDER, Kind, Known, OBSERVABLES, SHARED, TIMES},
    model,
    time::timestamp,
};
use serde_json::{Map, Value};
use std::fmt;

/// The most problems that are told of one document.
const PROBLEMS_MAX: usize = 1_000;

/// How much a problem weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// It is taken, and somebody should know.
    Warning,
    /// It breaks what the standard demands, and is refused.
    Refused,
}

/// Something wrong with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How much it weighs.
    pub gravity: Gravity,
    /// Which object, by its id, or by its type where it has none.
    pub of: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.of, self.what)
    }
}

/// Every problem of every object in a document; none is refused if none has [`Gravity::Refused`].
#[must_use]
pub fn validate(document: &Document) -> Vec<Problem> {
    let mut check = Check::default();
    match document.value() {
        Value::Array(list) => list.iter().for_each(|value| check.value(value)),
        value => check.value(value),
    }
    check.problems
}

#[derive(Default)]
struct Check {
    of: String,
    problems: Vec<Problem>,
}

impl Check {
    fn add(&mut self, gravity: Gravity, what: impl Into<String>) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { gravity, of: self.of.clone(), what: what.into() });
        }
    }

    fn refuse(&mut self, what: impl Into<String>) {
        self.add(Gravity::Refused, what);
    }

    fn warn(&mut self, what: impl Into<String>) {
        self.add(Gravity::Warning, what);
    }

    fn value(&mut self, value: &Value) {
        let Some(properties) = value.as_object() else {
            self.of = "the document".to_owned();
            return self.refuse("it holds something that is not an object");
        };
        let Some(object) = Object::of(value) else {
            self.of = value.get("id").and_then(Value::as_str).unwrap_or("an object").to_owned();
            return self.refuse("it has no `type`");
        };
        self.of = object.id().unwrap_or(object.object_type()).to_owned();
        self.identifier(object);
        if object.object_type() == "bundle" {
            return self.bundle(properties);
        }
        match (known::known(object.object_type()), model::properties(object.object_type())) {
            (Some(known), _) => self.known(object, properties, known),
            (None, Some(own)) => self.observable(object, properties, own),
            (None, None) => self.custom(object, properties),
        }
    }

    fn bundle(&mut self, properties: &Map<String, Value>) {
        let of = self.of.clone();
        match properties.get("objects") {
            None => {}
            Some(Value::Array(objects)) => {
                objects.iter().for_each(|object| match object.get("type").and_then(Value::as_str) {
                    Some("bundle") => self.refuse("a bundle stands within a bundle"),
                    _ => self.value(object),
                });
                self.of = of;
                if objects.is_empty() {
                    self.warn("`objects` is empty");
                }
            }
            Some(_) => self.refuse("`objects` must be a list"),
        }
        for name in properties
            .keys()
            .filter(|name| !matches!(name.as_str(), "type" | "id" | "objects" | "spec_version"))
        {
            if !name.starts_with("x_") {
                self.warn(format!("a bundle has no property `{name}`"));
            }
        }
    }

    fn identifier(&mut self, object: Object<'_>) {
        let name = object.object_type();
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.len() < 3 || name.len() > 250 || !name.chars().all(is_name) || name.contains("--") {
            self.refuse("`type` must have 3 to 250 characters of a-z, 0-9 and `-`");
        }
        match object.value().get("id") {
            None => self.refuse("it has no `id`"),
            Some(Value::String(id)) => match id.rsplit_once("--") {
                Some((of, uuid)) if is_uuid(uuid) && of == name => {}
                Some((_, uuid)) if is_uuid(uuid) => {
                    self.refuse("its `id` begins with another type than its own")
                }
                _ => self.refuse("its `id` must be its type, `--` and a UUID"),
            },
            Some(_) => self.refuse("its `id` must be a string"),
        }
    }

    fn known(&mut self, object: Object<'_>, properties: &Map<String, Value>, known: &Known) {
        self.version(object, properties);
        let stamps: &[&str] =
            if known.kind == Kind::Versioned { &["created", "modified"] } else { &["created"] };
        for name in stamps.iter().chain(known.required) {
            if !properties.contains_key(*name) {
                self.refuse(format!("it has no `{name}`"));
            }
        }
        if known.kind == Kind::Fixed && properties.contains_key("modified") {
            self.refuse("a marking definition has no versions, so no `modified`");
        }
        let has_all = |names: &&str| names.split(' ').all(|name| properties.contains_key(name));
        if !known.one_of.is_empty() && !known.one_of.iter().any(has_all) {
            self.refuse(format!("it has none of `{}`", known.one_of.join("`, `").replace(' ', "` with `")));
        }
        self.shared(properties);
        if known.kind == Kind::Versioned && object.created_by_ref().is_none() {
            self.warn("nobody says who made it (`created_by_ref`), so its source cannot be judged");
        }
        if object.object_type() == "indicator" && object.pattern_type() == Some("stix") {
            self.pattern(object);
        }
        let extended = extends_top_level(properties);
        let named = |name: &str| {
            SHARED.contains(&name) || known.required.contains(&name) || known.optional.contains(&name)
        };
        for name in properties.keys().filter(|name| !named(name) && !extended && !name.starts_with("x_")) {
            self.warn(format!("`{}` has no property `{name}`; it is kept", known.name));
        }
    }

    fn version(&mut self, object: Object<'_>, properties: &Map<String, Value>) {
        match (properties.get("spec_version"), object.spec_version()) {
            (None, _) => self.warn("it has no `spec_version`: it is of STIX 2.0"),
            (_, Some("2.1")) => {}
            (_, Some("2.0")) => self.warn("it is of STIX 2.0"),
            (_, Some(_)) => self.refuse("its `spec_version` is not one that is known: 2.0 or 2.1"),
            (Some(_), None) => self.refuse("`spec_version` must be a string"),
        }
    }

    fn pattern(&mut self, object: Object<'_>) {
        let Some(text) = object.pattern() else { return self.refuse("`pattern` must be a string") };
        match Pattern::parse(text) {
            Ok(pattern) => pattern.notes().iter().for_each(|note| self.warn(format!("its pattern: {note}"))),
            Err(error) => self.refuse(format!("its pattern is none: {error}")),
        }
    }

    fn observable(&mut self, object: Object<'_>, properties: &Map<String, Value>, own: &[model::Property]) {
        let needs = OBSERVABLES.iter().find(|(name, _)| *name == object.object_type());
        if let Some((_, needs)) = needs
            && !needs.iter().any(|name| properties.contains_key(*name))
        {
            self.refuse(format!("it has no `{}`", needs.join("` or `")));
        }
        self.shared(properties);
        let extended = extends_top_level(properties);
        let named = |name: &str| own.iter().chain(model::EVERYWHERE).any(|(known, _)| *known == name);
        for name in properties.keys().filter(|name| !named(name) && !extended && !name.starts_with("x_")) {
            self.warn(format!("`{}` has no property `{name}`; it is kept", object.object_type()));
        }
    }

    fn custom(&mut self, object: Object<'_>, properties: &Map<String, Value>) {
        let defined = properties.get("extensions").and_then(Value::as_object).is_some_and(|extensions| {
            extensions.values().any(|extension| {
                let kind = extension.get("extension_type").and_then(Value::as_str);
                kind.is_some_and(|kind| kind.starts_with("new-"))
            })
        });
        if !defined {
            self.warn(format!("`{}` is no type of STIX 2.1; it is kept", object.object_type()));
        }
        self.shared(properties);
    }

    /// What holds of properties wherever they stand.
    fn shared(&mut self, properties: &Map<String, Value>) {
        for (name, value) in properties {
            let fits = match name.as_str() {
                name if TIMES.contains(&name) => {
                    is_text(value, |text| timestamp(text).is_some()).then_some(()).ok_or("a time in UTC")
                }
                "revoked" | "defanged" | "is_family" => {
                    value.is_boolean().then_some(()).ok_or("`true` or `false`")
                }
                "confidence" => {
                    value.as_u64().is_some_and(|number| number <= 100).then_some(()).ok_or("0 to 100")
                }
                "number_observed" | "count" => {
                    let most = 999_999_999;
                    value.as_u64().is_some_and(|number| number <= most).then_some(()).ok_or("0 to 999999999")
                }
                "name" | "description" | "lang" | "pattern" | "pattern_type" => {
                    value.is_string().then_some(()).ok_or("a string")
                }
                "labels" => are(value, Value::is_string).ok_or("a list of strings, not empty"),
                "external_references" => {
                    are(value, |one| one.get("source_name").is_some_and(Value::is_string))
                        .ok_or("a list of references with a `source_name` each, not empty")
                }
                "granular_markings" => are(value, |one| one.get("selectors").is_some_and(Value::is_array))
                    .ok_or("a list of markings with `selectors` each, not empty"),
                "extensions" => value.is_object().then_some(()).ok_or("a dictionary"),
                // The objects of STIX 2.0 refer to one another within their dictionary, and are not looked at here.
                name if name.starts_with("x_") => Ok(()),
                name if name.ends_with("_ref") => {
                    is_text(value, is_identifier).then_some(()).ok_or("a type, `--` and a UUID")
                }
                name if name.ends_with("_refs") => are(value, |one| is_text(one, is_identifier))
                    .ok_or("a list of types, `--` and UUIDs, not empty"),
                _ => Ok(()),
            };
            if let Err(expected) = fits {
                self.refuse(format!("`{name}` must be {expected}"));
            }
        }
        for (first, second, same) in IN_ORDER {
            let time = |name: &str| properties.get(name).and_then(Value::as_str).and_then(timestamp);
            if let (Some(one), Some(other)) = (time(first), time(second))
                && (other < one || other == one && !same)
            {
                self.refuse(format!("`{second}` must not be before `{first}`"));
            }
        }
        let refers = |name: &str, to: &str| {
            properties.get(name).and_then(Value::as_str).is_some_and(|id| !id.starts_with(to))
        };
        if refers("created_by_ref", "identity--") {
            self.refuse("`created_by_ref` must name an identity");
        }
    }
}

/// Whether an extension says that it adds properties beside those of the standard (§7.3).
fn extends_top_level(properties: &Map<String, Value>) -> bool {
    let extensions = properties.get("extensions").and_then(Value::as_object);
    extensions.is_some_and(|extensions| {
        extensions.values().any(|extension| {
            extension.get("extension_type").and_then(Value::as_str) == Some("toplevel-property-extension")
        })
    })
}

fn is_text(value: &Value, fits: impl Fn(&str) -> bool) -> bool {
    value.as_str().is_some_and(fits)
}

/// Whether a value is a list, not empty, of such elements.
fn are(value: &Value, fits: impl Fn(&Value) -> bool) -> Option<()> {
    value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(fits)).then_some(())
}

fn is_identifier(text: &str) -> bool {
    text.split_once("--").is_some_and(|(name, uuid)| !name.is_empty() && is_uuid(uuid))
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
