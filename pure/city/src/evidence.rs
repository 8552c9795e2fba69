//! What supports an outcome of a security framework.

use crate::Text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An outcome of a framework: the NCSC Cyber Assessment Framework 4.0 (`caf:A3.a`) or NIST CSF 2.0 (`csf:ID.AM-01`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Outcome(pub Text);

/// How far a statement is known to be true. Never mixed: what a machine measured, what a person said, what nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Support {
    /// A named person says so.
    Attested,
    /// Bastide saw it.
    Measured,
    /// Nobody knows.
    Unknown,
}

/// A statement that supports an outcome, with the time for which it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The outcome it bears on.
    pub outcome: Outcome,
    /// How far it is known.
    pub support: Support,
    /// The statement, in plain words.
    pub statement: Text,
    /// From when it holds.
    pub effective: Timestamp,
    /// From when it counts as unknown again.
    pub expires: Timestamp,
}

impl Evidence {
    /// What the evidence is worth at a time: outside its effective time it is unknown.
    #[must_use]
    pub fn support_at(&self, now: Timestamp) -> Support {
        if self.effective <= now && now < self.expires { self.support } else { Support::Unknown }
    }
}
