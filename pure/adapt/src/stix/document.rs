//! JSON in, kept whole.

use super::object::Object;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// The largest document that is read, in bytes.
pub const DOCUMENT_MAX: usize = 256 << 20;

/// A JSON text with STIX in it: a bundle, an object, or a list of these.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    value: Value,
}

/// Why a text is not a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadDocument(String);

impl Document {
    /// Reads a text. As I-JSON demands (RFC 7493, §3.3 of STIX), no name stands twice in an object: which of them was
    /// meant could not be kept.
    ///
    /// # Errors
    /// The text is not JSON, is larger than [`DOCUMENT_MAX`], or is neither an object nor a list of objects.
    pub fn read(text: &[u8]) -> Result<Document, BadDocument> {
        if text.len() > DOCUMENT_MAX {
            return Err(BadDocument(format!(
                "{} bytes; the largest document has {DOCUMENT_MAX}",
                text.len()
            )));
        }
        // A mark of the byte order is no part of JSON, but some editors write one.
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut reader = serde_json::Deserializer::from_slice(text);
        let value = Whole.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
        Document::of(value.map_err(|cause| BadDocument(format!("not JSON: {cause}")))?)
    }

    /// A value that was read already, from within another.
    ///
    /// # Errors
    /// It is neither an object nor a list of objects.
    pub fn of(value: Value) -> Result<Document, BadDocument> {
        let fits = match &value {
            Value::Object(_) => true,
            Value::Array(list) => list.iter().all(Value::is_object),
            _ => false,
        };
        if fits {
            Ok(Document { value })
        } else {
            Err(BadDocument("neither an object nor a list of objects".to_owned()))
        }
    }

    /// What stands in it, as it was read.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The same, to be taken apart.
    #[must_use]
    pub fn into_value(self) -> Value {
        self.value
    }

    /// Every object, out of bundles and lists, in their order.
    pub fn objects(&self) -> impl Iterator<Item = Object<'_>> {
        self.shelves().into_iter().flatten().filter_map(Object::of)
    }

    /// The objects of each bundle, and those that stand in none.
    pub(super) fn shelves(&self) -> Vec<Vec<&Value>> {
        let tops = match &self.value {
            Value::Array(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        let mut shelves = vec![Vec::new()];
        for top in tops {
            if top.get("type").and_then(Value::as_str) == Some("bundle") {
                let objects = top.get("objects").and_then(Value::as_array);
                shelves.push(objects.into_iter().flatten().collect());
            } else if let Some(loose) = shelves.first_mut() {
                loose.push(top);
            }
        }
        shelves
    }
}

/// A value without anything lost.
struct Whole;

impl<'de> DeserializeSeed<'de> for Whole {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Whole {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number).map(Value::Number).ok_or_else(|| E::custom("a number that is none"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(Whole)? {
            list.push(element);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Whole)?;
            if object.contains_key(&name) {
                return Err(A::Error::custom(format_args!("`{name}` stands twice in an object")));
            }
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}
