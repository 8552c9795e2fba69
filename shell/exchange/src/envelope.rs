//! Envelopes in (§3.7): what arrives, bounded before it is read.

use adapt::stix::{Document, Gravity, validate};
use serde_json::Value;

/// The most values in an envelope: some tens of bytes of memory for each byte of `{},{},…` would be too many.
const VALUES_MAX: usize = 2_000_000;

/// An envelope that was read.
pub(crate) struct Envelope {
    /// The objects, each with what is wrong with it if it cannot be taken.
    pub(crate) objects: Vec<Result<Document, Unfit>>,
    /// Whether there is more.
    pub(crate) more: bool,
    /// Where that begins.
    pub(crate) next: Option<String>,
}

/// An object that cannot be taken.
pub(crate) struct Unfit {
    pub(crate) id: String,
    pub(crate) why: String,
}

impl Envelope {
    /// Reads an envelope; an error says why it is none, in the sender's words.
    pub(crate) fn read(text: &[u8]) -> Result<Envelope, String> {
        if values(text) > VALUES_MAX {
            return Err(format!("it holds more than {VALUES_MAX} values"));
        }
        let document = Document::read(text).map_err(|error| error.to_string())?;
        let Value::Object(mut envelope) = document.into_value() else {
            return Err("an envelope is a JSON object".to_owned());
        };
        let objects = match envelope.remove("objects") {
            None => Vec::new(),
            Some(Value::Array(objects)) => objects,
            Some(_) => return Err("`objects` is no list".to_owned()),
        };
        let more = match envelope.get("more") {
            None => false,
            Some(Value::Bool(more)) => *more,
            Some(_) => return Err("`more` is neither `true` nor `false`".to_owned()),
        };
        let next = match envelope.remove("next") {
            None | Some(Value::Null) => None,
            Some(Value::String(next)) => Some(next),
            Some(_) => return Err("`next` is no string".to_owned()),
        };
        Ok(Envelope { objects: objects.into_iter().map(fit).collect(), more, next })
    }
}

/// An object that may be kept: what STIX demands of it holds.
fn fit(value: Value) -> Result<Document, Unfit> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let id: String = text("id").or(text("type")).unwrap_or("an object").chars().take(300).collect();
    if text("type") == Some("bundle") {
        return Err(Unfit { id, why: "an envelope holds objects and no bundle".to_owned() });
    }
    let document = match Document::of(value) {
        Ok(document) if document.value().is_object() => document,
        _ => return Err(Unfit { id, why: "it is no object".to_owned() }),
    };
    let problem = validate(&document).into_iter().find(|problem| problem.gravity == Gravity::Refused);
    match problem {
        Some(problem) => Err(Unfit { id, why: problem.what }),
        None => Ok(document),
    }
}

/// At least as many as there are values in a JSON text, without reading it.
fn values(text: &[u8]) -> usize {
    let (mut count, mut within, mut escaped) = (1, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if within => escaped = true,
            b'"' => within = !within,
            b',' | b'[' | b'{' if !within => count += 1,
            _ => {}
        }
    }
    count
}
