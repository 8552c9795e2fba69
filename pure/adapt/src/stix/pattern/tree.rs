//! What a pattern says.

use super::{expression::Expression, like::Like};
use ipnet::IpNet;
use jiff::Timestamp;
use std::cmp::Ordering;

/// What must have been observed (§9.4).
#[derive(Clone, Debug, PartialEq)]
pub enum Observation {
    /// `[…]`: one observation, in which one object satisfies the comparison.
    One(Comparison),
    /// Two or more, all satisfied by different observations.
    And(Vec<Observation>),
    /// Two or more, one of which is satisfied.
    Or(Vec<Observation>),
    /// Two or more, each satisfied no later than the next.
    FollowedBy(Vec<Observation>),
    /// Under one to three conditions of different kinds, the first nearest.
    Qualified(Box<Observation>, Vec<Qualifier>),
}

/// A condition on what was observed (§9.5.1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Qualifier {
    /// So many times, by different observations.
    Repeats(u64),
    /// All within so many seconds.
    Within(f64),
    /// All at or after the first time, and before the second.
    Between(Timestamp, Timestamp),
}

/// What an object must be (§9.6).
#[derive(Clone, Debug, PartialEq)]
pub enum Comparison {
    /// Two or more that all hold of the same object.
    And(Vec<Comparison>),
    /// Two or more, one of which holds.
    Or(Vec<Comparison>),
    /// A property compared with constants.
    Test(Test),
}

/// A property compared with constants.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// Which property of which type of object.
    pub path: ObjectPath,
    /// Whether `NOT` stands before the operator.
    pub negated: bool,
    /// What it is compared with, and how.
    pub relation: Relation,
}

/// How a property is compared, and with what.
#[derive(Clone, Debug, PartialEq)]
pub enum Relation {
    /// `EXISTS`: it is there.
    Exists,
    /// `=`
    Equal(Constant),
    /// `!=`
    Differs(Constant),
    /// `<`, `<=`, `>` or `>=`.
    Order(Order, Constant),
    /// `IN (…)`: equal to one of them, which are of one kind.
    In(Vec<Constant>),
    /// `LIKE`: the whole text, `%` for any characters and `_` for one.
    Like(Like),
    /// `MATCHES`: a regular expression is found in it.
    Matches(Expression),
    /// `ISSUBSET`: an address or network that lies within this.
    Subset(IpNet),
    /// `ISSUPERSET`: a network that holds this.
    Superset(IpNet),
}

/// A comparison that needs an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Order {
    /// Whether it holds of what is so ordered.
    pub(super) fn holds(self, ordering: Ordering) -> bool {
        match self {
            Order::Less => ordering.is_lt(),
            Order::AtMost => ordering.is_le(),
            Order::Greater => ordering.is_gt(),
            Order::AtLeast => ordering.is_ge(),
        }
    }
}

/// A constant (§9.2).
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// An integer of 64 bits.
    Integer(i64),
    /// A finite floating-point number.
    Float(f64),
    /// Text.
    Text(String),
    /// `true` or `false`.
    Flag(bool),
    /// Octets, written as `h'…'` if so marked, else as `b'…'`.
    Bytes {
        /// The octets.
        octets: Vec<u8>,
        /// Whether they are written in hexadecimal digits.
        hex: bool,
    },
    /// A time.
    Time(Timestamp),
}

impl Constant {
    /// The kind, in words. The constants of a set are all of one (§9.6).
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Constant::Integer(_) | Constant::Float(_) => "a number",
            Constant::Text(_) => "a string",
            Constant::Flag(_) => "`true` or `false`",
            Constant::Bytes { .. } => "octets",
            Constant::Time(_) => "a time",
        }
    }
}

/// Which property of which type of object (§9.7).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectPath {
    /// The object's type.
    pub object_type: String,
    /// The way from the object to the property; the first step is a key.
    pub steps: Vec<Step>,
}

impl ObjectPath {
    /// The way without the type, where any element of a list is written as all of them: `protocols[*]`.
    #[must_use]
    pub fn general(&self) -> String {
        let mut steps = String::new();
        for step in &self.steps {
            match step {
                Step::Key(key) => {
                    if !steps.is_empty() {
                        steps.push('.');
                    }
                    steps.push_str(key);
                }
                Step::Index(_) | Step::Any => steps.push_str("[*]"),
            }
        }
        steps
    }
}

/// A step on the way to a property. A reference is followed by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The property, or the key of a dictionary, with this name.
    Key(String),
    /// The element of a list at this place; the first is 0.
    Index(i64),
    /// Any element of a list.
    Any,
}
