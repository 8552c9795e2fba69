//! Lessons: what an incident taught, as changes of the plan that would have stopped it.

use crate::{Protocol, Text, Verb, VerbSet, ZoneId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What people learned from an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// What made it possible, in plain words.
    pub cause: Text,
    /// What else contributed, in plain words.
    pub factors: Vec<Text>,
    /// What the plan shall no longer allow.
    pub changes: Vec<Narrowing>,
    /// When it was written down.
    pub noted: Timestamp,
    /// By whom.
    pub by: Text,
    /// When a plan was adopted that holds all of it; none as long as none does. A lesson without changes is held by
    /// nothing but people.
    pub held: Option<Timestamp>,
}

/// Something that a plan shall no longer allow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Narrowing {
    /// The zone that begins.
    pub from: ZoneId,
    /// The zone that is spoken to.
    pub to: ZoneId,
    /// The protocol.
    pub protocol: Protocol,
    /// The verbs that are taken out.
    pub verbs: VerbSet,
}

impl Lesson {
    /// The most contributing factors.
    pub const FACTORS_MAX: usize = 16;

    /// The most changes of the plan.
    pub const CHANGES_MAX: usize = 64;
}

impl fmt::Display for Narrowing {
    /// `internet to pumps: modbus program, write`, as the command line reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}: {} ", self.from, self.to, self.protocol)?;
        for (place, verb) in self.verbs.iter().enumerate() {
            write!(f, "{}{verb}", if place == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl FromStr for Narrowing {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Narrowing, &'static str> {
        const FORM: &str =
            "write `FROM to TO: PROTOCOL VERB, VERB`, such as `internet to pumps: modbus write`";
        let (ends, what) = text.split_once(':').ok_or(FORM)?;
        let (from, to) = ends.split_once(" to ").ok_or(FORM)?;
        let (protocol, verbs) = what.trim().split_once(' ').ok_or(FORM)?;
        let verbs: Result<VerbSet, _> = verbs.split(',').map(|verb| verb.trim().parse::<Verb>()).collect();
        Ok(Narrowing {
            from: from.trim().parse().map_err(|_| "where it begins is not a zone's id")?,
            to: to.trim().parse().map_err(|_| "where it leads is not a zone's id")?,
            protocol: protocol.parse().map_err(|()| "that is no protocol that Bastide reads")?,
            verbs: verbs.map_err(|_| "that is no verb")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrowing_is_read_as_it_is_shown() {
        let text = "internet to pumps: modbus program, write";
        assert_eq!(text.parse::<Narrowing>().unwrap().to_string(), text);
        let bad = [
            "",
            "a to b",
            "a b: modbus write",
            "a to b: modbus",
            "a to b: modbus juggle",
            "a to b: no write",
        ];
        assert!(bad.iter().all(|bad| bad.parse::<Narrowing>().is_err()));
    }
}
