//! Objects of JSON whose members are all known.

use super::{Told, keywords, word};
use serde_json::{Map, Value};

/// An object, and what it is.
pub(super) struct Object<'a> {
    what: &'a str,
    members: Option<&'a Map<String, Value>>,
}

/// The only member of an object, with its name.
pub(super) fn only(value: &Value) -> Option<(&str, &Value)> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    members.iter().next().map(|(name, inner)| (name.as_str(), inner))
}

/// A value in a few letters, for an error.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Array(list) => format!("a list of {}", list.len()),
        Value::Object(members) => {
            let names: Vec<&str> = members.keys().map(String::as_str).take(4).collect();
            format!("an object with `{}`", names.join("`, `").chars().take(64).collect::<String>())
        }
        plain => format!("`{}`", plain.to_string().chars().take(64).collect::<String>()),
    }
}

/// A text, or a list of texts.
pub(super) fn texts(value: &Value) -> Told<Vec<&str>> {
    let text = |value: &'_ Value| -> Told<()> {
        value.as_str().map(|_| ()).ok_or_else(|| format!("{} is no text", shown(value)))
    };
    match value {
        Value::Array(list) => {
            list.iter().try_for_each(text)?;
            Ok(list.iter().filter_map(Value::as_str).collect())
        }
        one => {
            text(one)?;
            Ok(one.as_str().into_iter().collect())
        }
    }
}

/// A whole number.
pub(super) fn number(value: &Value) -> Told<String> {
    match value {
        Value::Number(number) if !number.is_f64() => Ok(number.to_string()),
        other => Err(format!("{} is no whole number", shown(other))),
    }
}

impl<'a> Object<'a> {
    /// An object, or `null` for one without members.
    pub(super) fn of(what: &'a str, value: &'a Value, known: &[&str]) -> Told<Object<'a>> {
        let members = match value {
            Value::Null => None,
            Value::Object(members) => Some(members),
            other => return Err(format!("`{what}` is {}, and not an object", shown(other))),
        };
        match members.into_iter().flatten().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => {
                let name: String = name.chars().take(64).collect();
                Err(format!("what `{name}` means for `{what}` is not known here"))
            }
            None => Ok(Object { what, members }),
        }
    }

    /// A member that is there and not `null`.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.members?.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn need(&self, name: &str) -> Told<&'a Value> {
        self.get(name).ok_or_else(|| format!("`{}` has no `{name}`", self.what))
    }

    pub(super) fn text(&self, name: &str) -> Told<Option<&'a str>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(format!("`{name}` of `{}` is {}, and not a text", self.what, shown(other))),
        }
    }

    fn needed_text(&self, name: &str) -> Told<&'a str> {
        self.text(name)?.ok_or_else(|| format!("`{}` has no `{name}`", self.what))
    }

    /// A member that is a name which someone gave.
    pub(super) fn name(&self, name: &str) -> Told<String> {
        word(self.needed_text(name)?)
    }

    /// A member that is words of nftables' own.
    pub(super) fn words(&self, name: &str) -> Told<String> {
        keywords(self.needed_text(name)?)
    }

    /// The same with a blank behind it, or nothing where it is not there.
    pub(super) fn words_before(&self, name: &str) -> Told<String> {
        match self.text(name)? {
            Some(text) => Ok(format!("{} ", keywords(text)?)),
            None => Ok(String::new()),
        }
    }

    pub(super) fn number(&self, name: &str) -> Told<String> {
        number(self.need(name)?)
    }

    /// ` NAME NUMBER`, or nothing where there is no such member.
    pub(super) fn numbered(&self, member: &str, name: &str) -> Told<String> {
        match self.get(member) {
            Some(value) => Ok(format!(" {name} {}", number(value)?)),
            None => Ok(String::new()),
        }
    }

    /// The same, but nothing for zero too, which is what is meant where nothing is written.
    pub(super) fn numbered_unless_zero(&self, member: &str) -> Told<String> {
        match self.get(member).and_then(Value::as_u64) {
            Some(0) => Ok(String::new()),
            _ => self.numbered(member, member),
        }
    }

    pub(super) fn flag(&self, name: &str) -> Told<bool> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => {
                Err(format!("`{name}` of `{}` is {}, and not true or false", self.what, shown(other)))
            }
        }
    }

    /// A member that is a text or several, as words of nftables' own.
    pub(super) fn list(&self, name: &str) -> Told<Vec<String>> {
        match self.get(name) {
            Some(value) => texts(value)?.into_iter().map(keywords).collect(),
            None => Ok(Vec::new()),
        }
    }
}
