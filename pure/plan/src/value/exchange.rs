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

/// A public key of Ed25519 (RFC 8032): 32 bytes in Base64 (RFC 4648, clause 4).
#[derive(Clone, Debug)]
pub(crate) struct VerifyingKey(pub Text);

impl Scalar for VerifyingKey {
    const EXPECTED: &'static str = "a public key as `bastide share key` shows it";

    fn read(raw: Raw<'_>) -> Result<Self, Vec<Fault>> {
        let text = Text::read(raw)?;
        // 32 bytes are 43 characters and one `=`; the last character carries four bits.
        let fits = text.strip_suffix('=').is_some_and(|digits| {
            digits.len() == 43
                && digits.chars().all(|c| c.is_ascii_alphanumeric() || c == '+' || c == '/')
                && digits.ends_with(|c| "AEIMQUYcgkosw048".contains(c))
        });
        if fits {
            return Ok(VerifyingKey(text));
        }
        let why = "this is not a public key";
        let help =
            "write what `bastide share key` shows at the other city: 44 characters, the last of them `=`";
        Err(vec![Fault::new(Code::BadValue, why).help(help)])
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[A-Za-z0-9+/]{43}=$" })
    }
}
