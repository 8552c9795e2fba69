//! What a request is about.

use crate::Text;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a request is about, in the protocol's own terms.
///
/// Written `unit/kind numbers name`, each part only where it is known: `1/holding-register 40..49`,
/// `analog-output 3 present-value`, `city/pump/7/level`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Target {
    /// The device behind the address, where one address serves several: a Modbus unit, a DNP3 or IEC 104 station.
    pub unit: Option<u32>,
    /// The kind of thing: `coil`, `holding-register`, `analog-output`. Empty where the name says it all.
    pub kind: Text,
    /// The first and the last number addressed, both included.
    pub numbers: Option<(u64, u64)>,
    /// The name within: a property, a topic, a path, a domain name.
    pub name: Text,
}

impl Target {
    /// A target that is only a name: a topic, a path, a domain name.
    #[must_use]
    pub fn named(name: impl Into<Text>) -> Target {
        Target { name: name.into(), ..Target::default() }
    }

    /// A target that is one or more numbered things of a kind.
    #[must_use]
    pub fn numbered(kind: impl Into<Text>, first: u64, last: u64) -> Target {
        Target { kind: kind.into(), numbers: Some((first, last)), ..Target::default() }
    }

    /// Whether nothing is said about the target.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Target::default()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if let Some(unit) = self.unit {
            write!(f, "{unit}/")?;
        }
        if !self.kind.is_empty() {
            f.write_str(&self.kind)?;
            separator = " ";
        }
        if let Some((first, last)) = self.numbers {
            write!(f, "{separator}{first}")?;
            if last != first {
                write!(f, "..{last}")?;
            }
            separator = " ";
        }
        if !self.name.is_empty() {
            write!(f, "{separator}{}", self.name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_reads_as_the_plan_writes_it() {
        let registers = Target { unit: Some(1), ..Target::numbered("holding-register", 40, 49) };
        let property = Target { name: "present-value".into(), ..Target::numbered("analog-output", 3, 3) };
        for (target, text) in [
            (registers, "1/holding-register 40..49"),
            (property, "analog-output 3 present-value"),
            (Target::named("city/pump/7/level"), "city/pump/7/level"),
            (Target::default(), ""),
        ] {
            assert_eq!(target.to_string(), text);
        }
    }
}
