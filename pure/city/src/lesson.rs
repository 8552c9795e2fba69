//! Lessons: what an incident taught, as changes of the plan that would have stopped it.

use crate::{Protocol, Text, VerbSet, ZoneId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
