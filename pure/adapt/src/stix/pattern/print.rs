//! The canonical form: what is printed reads as the same pattern.

use super::{lex, octets, tree::*};
use std::fmt::{Display, Formatter, Result, Write};

/// How tightly something binds; what binds less tightly than its surroundings stands in parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    FollowedBy,
    Or,
    And,
    Qualified,
    Whole,
}

impl Observation {
    fn binding(&self) -> Binding {
        match self {
            Observation::One(_) => Binding::Whole,
            Observation::And(_) => Binding::And,
            Observation::Or(_) => Binding::Or,
            Observation::FollowedBy(_) => Binding::FollowedBy,
            Observation::Qualified(..) => Binding::Qualified,
        }
    }

    fn print_within(&self, f: &mut Formatter<'_>, around: Binding) -> Result {
        if self.binding() > around { write!(f, "{self}") } else { write!(f, "({self})") }
    }
}

impl Display for Observation {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let joined = |f: &mut Formatter<'_>, parts: &[Observation], word: &str| {
            parts.iter().enumerate().try_for_each(|(index, part)| {
                if index > 0 {
                    write!(f, " {word} ")?;
                }
                part.print_within(f, self.binding())
            })
        };
        match self {
            Observation::One(comparison) => write!(f, "[{comparison}]"),
            Observation::And(parts) => joined(f, parts, "AND"),
            Observation::Or(parts) => joined(f, parts, "OR"),
            Observation::FollowedBy(parts) => joined(f, parts, "FOLLOWEDBY"),
            Observation::Qualified(inner, qualifiers) => {
                inner.print_within(f, Binding::Qualified)?;
                qualifiers.iter().try_for_each(|qualifier| write!(f, " {qualifier}"))
            }
        }
    }
}

impl Display for Qualifier {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Qualifier::Repeats(times) => write!(f, "REPEATS {times} TIMES"),
            Qualifier::Within(seconds) => write!(f, "WITHIN {seconds} SECONDS"),
            Qualifier::Between(start, stop) => write!(f, "START t'{start}' STOP t'{stop}'"),
        }
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let joined = |f: &mut Formatter<'_>, parts: &[Comparison], word: &str| {
            parts.iter().enumerate().try_for_each(|(index, part)| {
                if index > 0 {
                    write!(f, " {word} ")?;
                }
                let binds = matches!(
                    (self, part),
                    (_, Comparison::Test(_)) | (Comparison::Or(_), Comparison::And(_))
                );
                if binds { write!(f, "{part}") } else { write!(f, "({part})") }
            })
        };
        match self {
            Comparison::And(parts) => joined(f, parts, "AND"),
            Comparison::Or(parts) => joined(f, parts, "OR"),
            Comparison::Test(test) => write!(f, "{test}"),
        }
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Test { path, negated, relation } = self;
        let not = if *negated { "NOT " } else { "" };
        match relation {
            Relation::Exists => write!(f, "{not}EXISTS {path}"),
            Relation::Equal(constant) => write!(f, "{path} {not}= {constant}"),
            Relation::Differs(constant) => write!(f, "{path} {not}!= {constant}"),
            Relation::Order(order, constant) => write!(f, "{path} {not}{order} {constant}"),
            Relation::In(constants) => {
                write!(f, "{path} {not}IN (")?;
                constants.iter().enumerate().try_for_each(|(index, constant)| {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{constant}")
                })?;
                f.write_char(')')
            }
            Relation::Like(like) => write!(f, "{path} {not}LIKE {}", Quoted(like.as_str())),
            Relation::Matches(expression) => write!(f, "{path} {not}MATCHES {}", Quoted(expression.as_str())),
            Relation::Subset(network) => write!(f, "{path} {not}ISSUBSET '{network}'"),
            Relation::Superset(network) => write!(f, "{path} {not}ISSUPERSET '{network}'"),
        }
    }
}

impl Display for Order {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Order::Less => "<",
            Order::AtMost => "<=",
            Order::Greater => ">",
            Order::AtLeast => ">=",
        })
    }
}

impl Display for Constant {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Constant::Integer(number) => write!(f, "{number}"),
            // Never with an exponent, which the language does not have.
            Constant::Float(number) if number.fract() == 0.0 => write!(f, "{number}.0"),
            Constant::Float(number) => write!(f, "{number}"),
            Constant::Text(text) => write!(f, "{}", Quoted(text)),
            Constant::Flag(flag) => write!(f, "{flag}"),
            // Base64 of no octets is no constant of the language; no hexadecimal digits are.
            Constant::Bytes { octets, hex } if *hex || octets.is_empty() => {
                write!(f, "h'{}'", octets::to_hex(octets))
            }
            Constant::Bytes { octets, .. } => write!(f, "b'{}'", octets::to_base64(octets)),
            Constant::Time(time) => write!(f, "t'{time}'"),
        }
    }
}

impl Display for ObjectPath {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(&self.object_type)?;
        self.steps.iter().enumerate().try_for_each(|(index, step)| match step {
            Step::Key(key) => {
                f.write_char(if index == 0 { ':' } else { '.' })?;
                if lex::is_plain_name(key) { f.write_str(key) } else { write!(f, "{}", Quoted(key)) }
            }
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Any => f.write_str("[*]"),
        })
    }
}

/// Text between quotes, with its escapes.
struct Quoted<'t>(&'t str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_char('\'')?;
        self.0.chars().try_for_each(|letter| {
            if matches!(letter, '\'' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(letter)
        })?;
        f.write_char('\'')
    }
}
