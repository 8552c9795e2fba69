//! Which defences of a peer were judged, so that none is judged twice and none comes back in an older version.
//!
//! Kept as marks in the store: in sixteen parts by the id's last digit, each as long as a mark may be.

use anyhow::Context;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most of a part. With ids of UUIDs and two times each it fits a mark.
const PART_MAX: usize = 36;

/// What is known of some of a peer's defences, by their ids without the type.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Known(BTreeMap<String, (Timestamp, Timestamp)>);

/// The ids' type.
const TYPE: &str = "course-of-action--";

/// The mark under which a defence is known.
pub(super) fn mark(peer: &str, id: &str) -> String {
    let part = id.chars().last().filter(char::is_ascii_hexdigit).unwrap_or('0');
    format!("defences {peer} {}", part.to_ascii_lowercase())
}

impl Known {
    /// Reads what [`Known::to_mark`] wrote.
    pub(super) fn of_mark(mark: Option<&str>) -> Known {
        mark.and_then(|mark| serde_json::from_str(mark).ok()).unwrap_or_default()
    }

    pub(super) fn to_mark(&self) -> anyhow::Result<String> {
        serde_json::to_string(&self).context("it cannot be written")
    }

    /// The newest version that was judged.
    pub(super) fn version(&self, id: &str) -> Option<Timestamp> {
        self.0.get(id.strip_prefix(TYPE)?).map(|(version, _)| *version)
    }

    /// Whether there is room for another. What is no longer good is forgotten: it would be refused for that.
    pub(super) fn has_room(&mut self, id: &str, now: Timestamp) -> bool {
        self.0.retain(|_, (_, until)| *until > now);
        let id = id.strip_prefix(TYPE).unwrap_or(id);
        id.len() == 36 && (self.0.contains_key(id) || self.0.len() < PART_MAX)
    }

    /// Takes note of a version that was judged, or that takes the defence back, and until when it is to be known.
    pub(super) fn note(&mut self, id: &str, version: Timestamp, until: Timestamp) {
        let id = id.strip_prefix(TYPE).unwrap_or(id);
        self.0.insert(id.to_owned(), (version, until));
    }
}
