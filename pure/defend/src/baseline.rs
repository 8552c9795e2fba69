//! What was learned of one device, to be shown.

use crate::{Habit, Rate, Week};
use city::{Address, Protocol, Text, Verb, VerbSet};
use jiff::Timestamp;

/// What was learned of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// When learning began: at the device's first sight.
    pub since: Timestamp,
    /// When learning ended, or will.
    pub until: Timestamp,
    /// Whether learning is over.
    pub over: bool,
    /// Who talks with the device and was answered, in any protocol.
    pub peers: Vec<Peer>,
    /// What it is asked in industrial protocols, by whom.
    pub verbs: Vec<Asked>,
    /// Places outside the city that it calls.
    pub calls: Vec<Called>,
    /// The hours of the week in which it was heard while learning.
    pub active: Week,
    /// The hours of the week in which it was changed while learning.
    pub changed: Week,
    /// Further hours in which it was changed after learning.
    pub changed_later: Week,
    /// The most of each kind within ten minutes.
    pub rates: Vec<Counted>,
    /// What a person refused.
    pub refused: Vec<Refused>,
    /// Whether more was seen than is kept, so that what is new cannot be told from what was forgotten.
    pub full: bool,
}

/// When something was seen, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// First.
    pub first: Timestamp,
    /// Last.
    pub last: Timestamp,
    /// How often.
    pub count: u64,
    /// Whether it was first seen while learning, not later.
    pub learned: bool,
}

/// A peer: its conversations are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Who.
    pub address: Address,
    /// When and how often.
    pub times: Times,
    /// What it asks of the device, in any protocol.
    pub verbs: Vec<(Protocol, VerbSet)>,
}

/// What a peer asks of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Who.
    pub peer: Address,
    /// In which protocol.
    pub protocol: Protocol,
    /// What.
    pub verb: Verb,
    /// When and how often.
    pub times: Times,
}

/// A place that the device calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Called {
    /// Where.
    pub place: Address,
    /// When and how often.
    pub times: Times,
}

/// The most of one kind within ten minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// What is counted.
    pub rate: Rate,
    /// The most while learning.
    pub learned: u32,
    /// The most since.
    pub later: u32,
    /// From more than how many on it is told of; none where too little was learned to judge.
    pub limit: Option<u32>,
}

/// A habit that a person refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What.
    pub habit: Habit,
    /// When.
    pub time: Timestamp,
    /// Who, by name.
    pub by: Text,
}
