//! The values that tables of exchange hold: markings, kinds of defence, keys.

use super::{Fault, Raw, Scalar, one_of};
use crate::diagnostic::Code;
use city::{DefenceKind, Text, Tlp};
use serde_json::{Value, json};

impl Scalar for Tlp {
    const EXPECTED: &'static str = "a marking such as `\"green\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        one_of(raw, &Tlp::ALL, Tlp::as_str, "a marking of the Traffic Light Protocol")
    }

    fn schema() -> Value {
        json!({ "enum": Tlp::ALL.map(Tlp::as_str) })
    }
}

impl Scalar for DefenceKind {
    const EXPECTED: &'static str = "a kind of defence such as `\"block\"`";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        one_of(raw, &DefenceKind::ALL, DefenceKind::as_str, "a kind of defence")
    }

    fn schema() -> Value {
        json!({ "enum": DefenceKind::ALL.map(DefenceKind::as_str) })
    }
}

/// A number from 0 to 100.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Percentage(pub u8);

impl Scalar for Percentage {
    const EXPECTED: &'static str = "a number from 0 to 100";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let Raw::Integer(number) = raw else { return Err(vec![Fault::form()]) };
        match u8::try_from(number) {
            Ok(number) if number <= 100 => Ok(Percentage(number)),
            _ => {
                let why = format!("{number} is not a number from 0 to 100");
                Err(vec![Fault::new(Code::OutOfRange, why).help("100 is: believed as ourselves")])
            }
        }
    }

    fn schema() -> Value {
        json!({ "type": "integer", "minimum": 0, "maximum": 100 })
    }
}

/// A public key as signed notes have it: a name, its id in eight digits, and the key in Base64 behind a byte for its kind
/// (C2SP signed-note: Ed25519 is 1).
#[derive(Clone, Debug)]
pub(crate) struct VerifyingKey(pub Text);

impl VerifyingKey {
    /// Whether a text has the form of a key; whether it is one is for those to say who check with it.
    fn fits(text: &str) -> bool {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return false;
        };
        // A byte and 32 more are 44 characters without padding.
        !name.is_empty()
            && !name.contains(char::is_whitespace)
            && id.len() == 8
            && id.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
            && key.len() == 44
            && key.starts_with("A")
            && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '+' || c == '/')
    }
}

impl Scalar for VerifyingKey {
    const EXPECTED: &'static str = "a public key as `bastide share key` shows it";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let text = Text::read(raw)?;
        if Self::fits(&text) {
            return Ok(VerifyingKey(text));
        }
        let why = "this is not a public key";
        let help = "write the line that `bastide share key` shows at the other city";
        Err(vec![Fault::new(Code::BadValue, why).help(help)])
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[^+\\s]+\\+[0-9a-f]{8}\\+A[A-Za-z0-9+/]{43}$" })
    }
}
