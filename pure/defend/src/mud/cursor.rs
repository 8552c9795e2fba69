//! A place in a JSON text: a value, and the way to it for whoever has to put it right.

use serde_json::{Map, Value};
use std::fmt;

/// Why a text is not a MUD file that can be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MudError {
    /// Where: the keys and numbers from the top of the text.
    pub path: String,
    /// What is wrong there.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for MudError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "at {}: ", self.path)?;
        }
        write!(f, "{}; {}", self.problem, self.remedy)
    }
}

impl std::error::Error for MudError {}

/// The longest text that is kept of a file, in bytes.
const TEXT_MAX: usize = 256;

/// A value and the way to it.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    pub value: &'a Value,
    pub path: String,
}

impl<'a> Cursor<'a> {
    pub fn top(value: &'a Value) -> Cursor<'a> {
        Cursor { value, path: String::new() }
    }

    /// What is wrong here.
    pub fn error(&self, problem: impl Into<String>, remedy: impl Into<String>) -> MudError {
        MudError { path: self.path.clone(), problem: problem.into(), remedy: remedy.into() }
    }

    fn map(&self) -> Result<&'a Map<String, Value>, MudError> {
        self.value.as_object().ok_or_else(|| self.wrong("an object"))
    }

    fn wrong(&self, wanted: &str) -> MudError {
        let found = match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        self.error(format!("there is {found}"), format!("RFC 8520 wants {wanted} here"))
    }

    fn below(&self, key: &str, value: &'a Value) -> Cursor<'a> {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}/{key}", self.path) };
        Cursor { value, path }
    }

    /// What stands under a key, with or without the module's name before it.
    pub fn at(&self, key: &str) -> Result<Option<Cursor<'a>>, MudError> {
        let map = self.map()?;
        let short = key.rsplit_once(':').map_or(key, |(_, short)| short);
        let found = [key, short].into_iter().find_map(|key| Some((key, map.get(key)?)));
        Ok(found.map(|(key, value)| self.below(key, value)))
    }

    /// What must stand under a key.
    pub fn need(&self, key: &str) -> Result<Cursor<'a>, MudError> {
        let remedy = || format!("RFC 8520 wants `{key}` here");
        self.at(key)?.ok_or_else(|| self.error(format!("there is no `{key}`"), remedy()))
    }

    /// Everything under this object, in the order of the keys.
    pub fn entries(&self) -> Result<Vec<(&'a str, Cursor<'a>)>, MudError> {
        Ok(self.map()?.iter().map(|(key, value)| (key.as_str(), self.below(key, value))).collect())
    }

    /// The entries of a list, of which there may be so many.
    pub fn list(&self, most: usize) -> Result<Vec<Cursor<'a>>, MudError> {
        let list = self.value.as_array().ok_or_else(|| self.wrong("a list"))?;
        if list.len() > most {
            let problem = format!("there are {} entries", list.len());
            return Err(self.error(problem, format!("at most {most} are read: is this a MUD file?")));
        }
        let path = &self.path;
        Ok(list.iter().enumerate().map(|(i, value)| Cursor { value, path: format!("{path}[{i}]") }).collect())
    }

    pub fn text(&self) -> Result<String, MudError> {
        let text = self.value.as_str().ok_or_else(|| self.wrong("a text"))?;
        if text.len() > TEXT_MAX || text.chars().any(char::is_control) {
            let problem = format!("the text is longer than {TEXT_MAX} bytes, or has control characters");
            return Err(self.error(problem, "write a shorter one, in one line"));
        }
        Ok(text.to_owned())
    }

    pub fn number(&self, most: u64) -> Result<u64, MudError> {
        let number = self.value.as_u64().ok_or_else(|| self.wrong("a whole number"))?;
        if number > most {
            return Err(
                self.error(format!("{number} is too much"), format!("numbers here go from 0 to {most}"))
            );
        }
        Ok(number)
    }

    pub fn truth(&self) -> Result<bool, MudError> {
        self.value.as_bool().ok_or_else(|| self.wrong("true or false"))
    }

    /// Whether this is the empty leaf of YANG's JSON (RFC 7951 section 6.9): `[null]`. Some write `[]` or `null`.
    pub fn empty_leaf(&self) -> Result<(), MudError> {
        match self.value {
            Value::Null => Ok(()),
            Value::Array(list) if list.iter().all(Value::is_null) => Ok(()),
            _ => Err(self.wrong("`[null]`")),
        }
    }
}
