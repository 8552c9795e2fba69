//! A value and constants (§9.6.1).

use super::{
    candidates::{OutOfSteps, Steps},
    expression::nfc,
    octets,
    tree::{Constant, Relation, Test},
};
use ipnet::IpNet;
use serde_json::{Number, Value};
use std::{cmp::Ordering, net::IpAddr};

/// A value as comparisons see it.
enum Seen<'v> {
    Flag(bool),
    Number(&'v Number),
    /// A property whose name ends in `_bin` or `_hex` holds octets (§2.2, §2.8).
    Octets(Vec<u8>),
    Text(&'v str),
    /// A list, a dictionary, nothing, or octets that are not what their name says: it is like no constant.
    Other,
}

impl Seen<'_> {
    fn new<'v>(value: &'v Value, key: &str) -> Seen<'v> {
        let octets = |octets: Option<Vec<u8>>| octets.map_or(Seen::Other, Seen::Octets);
        match value {
            Value::Bool(flag) => Seen::Flag(*flag),
            Value::Number(number) => Seen::Number(number),
            Value::String(text) if key.ends_with("_bin") => octets(octets::from_base64(text)),
            Value::String(text) if key.ends_with("_hex") => octets(octets::from_hex(text)),
            Value::String(text) => Seen::Text(text),
            Value::Null | Value::Array(_) | Value::Object(_) => Seen::Other,
        }
    }

    /// How the value stands to a constant; none if they are of kinds that cannot be compared.
    fn order(&self, constant: &Constant) -> Option<Ordering> {
        match (self, constant) {
            (Seen::Number(number), Constant::Integer(constant)) => {
                numbers(exact(number)?, Exact::Integer(i128::from(*constant)))
            }
            (Seen::Number(number), Constant::Float(constant)) => {
                numbers(exact(number)?, Exact::Float(*constant))
            }
            (Seen::Flag(flag), Constant::Flag(constant)) => Some(flag.cmp(constant)),
            (Seen::Text(text), Constant::Text(constant)) => Some((*text).cmp(constant.as_str())),
            (Seen::Text(text), Constant::Time(constant)) => {
                crate::stix::time::timestamp(text).map(|time| time.cmp(constant))
            }
            // Between text and octets, a code point stands for the octet of its value.
            (Seen::Text(text), Constant::Bytes { octets, .. }) => {
                octets::from_text(text).map(|text| text.as_slice().cmp(octets))
            }
            (Seen::Octets(octets), Constant::Text(constant)) => {
                octets::from_text(constant).map(|constant| octets.cmp(&constant))
            }
            (Seen::Octets(octets), Constant::Bytes { octets: constant, .. }) => Some(octets.cmp(constant)),
            _ => None,
        }
    }

    fn equals(&self, constant: &Constant) -> bool {
        self.order(constant) == Some(Ordering::Equal)
    }

    /// The value as characters, for comparisons with wildcards and expressions.
    fn characters(&self) -> Option<std::borrow::Cow<'_, str>> {
        match self {
            Seen::Text(text) => Some(nfc(text)),
            Seen::Octets(octets) => Some(octets::to_text(octets).into()),
            _ => None,
        }
    }

    fn network(&self) -> Option<IpNet> {
        let Seen::Text(text) = self else { return None };
        text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
    }
}

/// Whether a test holds of a value; none where its expression is not supported. What cannot be compared is not equal,
/// not like, and in no order (§9.6.1).
pub(super) fn holds(
    test: &Test,
    value: &Value,
    key: &str,
    steps: &mut Steps,
) -> Result<Option<bool>, OutOfSteps> {
    steps.take(1)?;
    let seen = Seen::new(value, key);
    let positive = match &test.relation {
        Relation::Exists => true,
        Relation::Equal(constant) => seen.equals(constant),
        Relation::Differs(constant) => !seen.equals(constant),
        Relation::Order(order, constant) => match seen.order(constant) {
            Some(ordering) => order.holds(ordering),
            // No order holds, nor its contrary.
            None => return Ok(Some(false)),
        },
        Relation::In(constants) => {
            steps.take(constants.len() as u64)?;
            constants.iter().any(|constant| seen.equals(constant))
        }
        Relation::Like(like) => match seen.characters() {
            Some(text) => {
                steps.take(like.cost(&text))?;
                like.holds(&text)
            }
            None => false,
        },
        Relation::Matches(expression) => match seen.characters() {
            Some(text) => {
                steps.take(expression.cost(&text))?;
                match expression.found_in(&text) {
                    Some(found) => found,
                    None => return Ok(None),
                }
            }
            None => false,
        },
        Relation::Subset(network) => seen.network().is_some_and(|value| network.contains(&value)),
        Relation::Superset(network) => seen.network().is_some_and(|value| value.contains(network)),
    };
    Ok(Some(positive != test.negated))
}

/// A number without loss.
#[derive(Clone, Copy)]
enum Exact {
    Integer(i128),
    Float(f64),
}

fn exact(number: &Number) -> Option<Exact> {
    number
        .as_i64()
        .map(i128::from)
        .or_else(|| number.as_u64().map(i128::from))
        .map(Exact::Integer)
        .or_else(|| number.as_f64().map(Exact::Float))
}

fn numbers(one: Exact, other: Exact) -> Option<Ordering> {
    match (one, other) {
        (Exact::Integer(one), Exact::Integer(other)) => Some(one.cmp(&other)),
        (Exact::Float(one), Exact::Float(other)) => one.partial_cmp(&other),
        (Exact::Integer(one), Exact::Float(other)) => mixed(one, other),
        (Exact::Float(one), Exact::Integer(other)) => mixed(other, one).map(Ordering::reverse),
    }
}

fn mixed(integer: i128, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    // What lies beyond the ends is as far as it can be, and compared so.
    let whole = float.trunc() as i128;
    Some(integer.cmp(&whole).then_with(|| 0.0_f64.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal)))
}
