//! Observations in the forms that other tools read, and the alerts of other tools as observations.
//!
//! Each form is a view of the same observations, made by one pass over them; none is a second parser.
//!
//! - [`alerts`]: what Suricata, Zeek and Wazuh raise, read.
//! - [`eve`]: the events of Suricata, EVE JSON.
//! - [`ndjson`]: our own records, one JSON object a line, with stable field names.
//! - [`notice`]: what others are told of findings, incidents and responses: plain words, syslog, CEF, OCSF.
//! - [`zeek`]: the logs of Zeek and of CISA's ICSNPP parsers, a file each, with their names, columns and order.

pub mod alerts;
pub mod eve;
mod figures;
mod json;
pub mod ndjson;
pub mod notice;
pub mod zeek;

use city::{Observation, Observed};

/// The kinds of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An IP and a MAC address said to belong together.
    Binding,
    /// A conversation between two ends, when it ends.
    Conversation,
    /// Conversations begun in great number that came to nothing.
    Flood,
    /// Something a device told of itself.
    Identity,
    /// Something not seen or not kept.
    Loss,
    /// A message in the field's own words, with every field.
    Message,
    /// Something asked of a device, with what it answered.
    Request,
    /// Bytes that no reader understood.
    Unread,
    /// Something insecure.
    Weakness,
}

impl Kind {
    /// The kind of record that an observation becomes; none for what only matters while it happens.
    #[must_use]
    pub fn of(observation: &Observation) -> Option<Kind> {
        match &observation.fact {
            Observed::Binding(_) => Some(Kind::Binding),
            Observed::Conversation(conversation) => conversation.ended.then_some(Kind::Conversation),
            Observed::Flood(_) => Some(Kind::Flood),
            Observed::Identity(_) => Some(Kind::Identity),
            Observed::Loss(_) => Some(Kind::Loss),
            Observed::Message(_) => Some(Kind::Message),
            Observed::Opened(_)
            | Observed::Recognised(_)
            | Observed::Backup(_)
            | Observed::Drill(_)
            | Observed::Repository(_)
            | Observed::Pack(_)
            | Observed::Alert(_)
            | Observed::Sighting(_)
            | Observed::Received(_)
            | Observed::Hunted(_)
            | Observed::Offered(_)
            | Observed::Withdrawn(_) => None,
            Observed::Request(_) => Some(Kind::Request),
            Observed::Unread(_) => Some(Kind::Unread),
            Observed::Weakness(_) => Some(Kind::Weakness),
        }
    }
}
