//! Why an indicator is believed as far as it is, and whether it is watched for: for whoever looks at one.

use super::{
    CONFIDENCE, Watched, Watchlist,
    compile::{Compiled, compile},
    hold::{HALF_LIFE_ADDRESS, HALF_LIFE_OTHER, decayed},
    id_of,
    index::Seeker,
};
use crate::stix::Object;
use city::{Text, Tlp};
use jiff::{SignedDuration, Timestamp};

/// What a pattern comes to on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LooksFor {
    /// Values of which one must be seen.
    pub values: Vec<Watched>,
    /// Whether that suffices; else the pattern decides, once one was seen.
    pub suffices: bool,
}

impl LooksFor {
    /// What an indicator looks for; none if it is no pattern of STIX, or can only be hunted with.
    #[must_use]
    pub fn of(object: Object<'_>) -> Option<LooksFor> {
        let pattern = object.pattern().filter(|_| object.pattern_type() == Some("stix"))?;
        let Compiled { anchors, pattern, .. } = compile(pattern).ok()?.ok()?;
        let values =
            anchors.into_iter().filter(|(_, says_less)| !says_less).map(|(value, _)| value).collect();
        Some(LooksFor { values, suffices: pattern.is_none() })
    }
}

/// How far an indicator is believed, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Belief {
    /// What its author says, from 0 to 100; none if they say nothing, which counts as 50.
    pub said: Option<u8>,
    /// How far the source is believed, from 0 to 100.
    pub trust: u8,
    /// Since when it is said to hold.
    pub from: Timestamp,
    /// After how long it is believed half as much.
    pub half_life: SignedDuration,
    /// How far it is believed now, from 0 to 100.
    pub now: u8,
}

impl Belief {
    /// How far an indicator that looks for a value is believed at a time.
    #[must_use]
    pub fn of(object: Object<'_>, value: &Watched, trust: u8, now: Timestamp) -> Belief {
        let from = object.valid_from().or_else(|| object.modified()).unwrap_or(now);
        let half_life = if is_address(value) { HALF_LIFE_ADDRESS } else { HALF_LIFE_OTHER };
        let said = object.confidence();
        let worth = u64::from(said.unwrap_or(CONFIDENCE)) * u64::from(trust.min(100)) / 100;
        Belief { said, trust, from, half_life, now: decayed(worth, now.duration_since(from), half_life) }
    }
}

/// The indicator by which a value is watched for: of several, the one that is believed most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedBy {
    /// Its STIX id.
    pub indicator: Text,
    /// Who told it.
    pub source: Text,
    /// How far it is believed, from 0 to 100.
    pub confidence: u8,
    /// How far it may be passed on.
    pub tlp: Tlp,
}

impl Watchlist {
    /// By which indicator a value is watched for at a time, if it is: an address also by the network in which it lies.
    #[must_use]
    pub fn watches(&self, value: &Watched, now: Timestamp) -> Option<WatchedBy> {
        let seekers: Vec<Seeker> = match value {
            Watched::Address(address) => {
                self.index.at_end(address.to_canonical()).flatten().copied().collect()
            }
            Watched::Network(network) => self.index.network(*network).to_vec(),
            Watched::Asked(network) => self.index.asked(network.addr()).flatten().copied().collect(),
            Watched::Text(kind, text) => self.index.texts(*kind, text).to_vec(),
        };
        let entries = seekers.iter().filter_map(|seeker| self.entry(seeker.number));
        let believed = entries.map(|entry| (self.confidence(entry, is_address(value), now), entry));
        let (confidence, entry) =
            believed.max_by_key(|(confidence, entry)| (*confidence, std::cmp::Reverse(self.rank(entry))))?;
        Some(WatchedBy {
            indicator: id_of(entry.id).into(),
            source: self.source(entry),
            confidence,
            tlp: entry.tlp,
        })
    }
}

fn is_address(value: &Watched) -> bool {
    !matches!(value, Watched::Text(..))
}
