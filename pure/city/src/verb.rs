//! The verbs: one vocabulary for what a request does, whatever its protocol.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What a request does to its target.
///
/// Conduits allow verbs, detections name verbs, and every protocol's functions map onto them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Verb {
    /// Proves or claims who is asking: log in, join, bind.
    Authenticate,
    /// Changes how a device works from now on: parameters, set-points' limits, addresses, clocks.
    Configure,
    /// Asks who is there or what can be done, without reading a process value.
    Discover,
    /// Makes the process do something now: a coil, a relay, a set-point, a signal stage.
    Operate,
    /// Replaces or transfers control logic or firmware.
    Program,
    /// Sends a value to whoever subscribed.
    Publish,
    /// Takes a value out.
    Read,
    /// Stops, starts or resets a device or its program.
    Restart,
    /// Asks to be sent values from now on.
    Subscribe,
    /// Moves a file or a block of data that is not a process value.
    Transfer,
    /// Puts a value in, where the protocol does not tell whether the process acts on it at once.
    Write,
}

impl Verb {
    /// Every verb, in alphabetical order.
    pub const ALL: [Verb; 11] = [
        Verb::Authenticate,
        Verb::Configure,
        Verb::Discover,
        Verb::Operate,
        Verb::Program,
        Verb::Publish,
        Verb::Read,
        Verb::Restart,
        Verb::Subscribe,
        Verb::Transfer,
        Verb::Write,
    ];

    /// The verb as the plan spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Authenticate => "authenticate",
            Verb::Configure => "configure",
            Verb::Discover => "discover",
            Verb::Operate => "operate",
            Verb::Program => "program",
            Verb::Publish => "publish",
            Verb::Read => "read",
            Verb::Restart => "restart",
            Verb::Subscribe => "subscribe",
            Verb::Transfer => "transfer",
            Verb::Write => "write",
        }
    }

    /// Whether the verb changes the device or the process, rather than looking at it.
    #[must_use]
    pub fn changes(self) -> bool {
        matches!(self, Verb::Configure | Verb::Operate | Verb::Program | Verb::Restart | Verb::Write)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Verb {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Verb::ALL.into_iter().find(|v| v.as_str() == text).ok_or(())
    }
}

/// A set of verbs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VerbSet(u16);

impl VerbSet {
    /// No verb.
    pub const EMPTY: VerbSet = VerbSet(0);
    /// Every verb.
    pub const ALL: VerbSet = VerbSet::of(&Verb::ALL);

    /// The set of the verbs listed.
    #[must_use]
    pub const fn of(verbs: &[Verb]) -> VerbSet {
        let mut bits = 0;
        let mut rest = verbs;
        while let [first, tail @ ..] = rest {
            bits |= 1 << (*first as u16);
            rest = tail;
        }
        VerbSet(bits)
    }

    /// Adds a verb.
    pub fn insert(&mut self, verb: Verb) {
        self.0 |= 1 << (verb as u16);
    }

    /// Whether the set holds the verb.
    #[must_use]
    pub const fn contains(self, verb: Verb) -> bool {
        self.0 & (1 << (verb as u16)) != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What either set holds.
    #[must_use]
    pub const fn union(self, other: VerbSet) -> VerbSet {
        VerbSet(self.0 | other.0)
    }

    /// The verbs, in alphabetical order.
    pub fn iter(self) -> impl Iterator<Item = Verb> {
        Verb::ALL.into_iter().filter(move |v| self.contains(*v))
    }
}

impl FromIterator<Verb> for VerbSet {
    fn from_iter<I: IntoIterator<Item = Verb>>(verbs: I) -> Self {
        let mut set = VerbSet::EMPTY;
        verbs.into_iter().for_each(|v| set.insert(v));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_stand_in_order() {
        for verb in Verb::ALL {
            assert_eq!(verb.as_str().parse(), Ok(verb));
        }
        assert!(Verb::ALL.is_sorted_by_key(|v| v.as_str()));
        assert!(Verb::ALL.is_sorted());
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set: VerbSet = [Verb::Write, Verb::Read].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [Verb::Read, Verb::Write]);
        assert!(!set.contains(Verb::Operate));
        assert_eq!(VerbSet::ALL.iter().count(), 11);
    }
}
