//! When a peer was read last and what came, for `bastide intel peers`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How reading a peer went.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    /// When it was asked last.
    pub(crate) asked: Option<Timestamp>,
    /// When it last answered.
    pub(crate) read: Option<Timestamp>,
    /// Why it could not be read, if it could not.
    pub(crate) fault: Option<String>,
    /// Objects that were new, over all time.
    pub(crate) objects: u64,
    /// Defences that were believed and rehearsed, over all time.
    pub(crate) defences: u64,
    /// What was wrong with what it told, over all time.
    pub(crate) doubts: u64,
}

impl Status {
    /// The mark under which it is kept.
    pub(crate) fn mark(peer: &str) -> String {
        format!("peer {peer}")
    }

    pub(crate) fn of_mark(mark: Option<&str>) -> Status {
        mark.and_then(|mark| serde_json::from_str(mark).ok()).unwrap_or_default()
    }

    pub(super) fn to_mark(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
