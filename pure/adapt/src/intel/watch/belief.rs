//! Why an indicator is believed as far as it is, and whether it is watched for: for whoever looks at one.

use super::{
    CONFIDENCE, Entry, HALF_LIFE_ADDRESS, HALF_LIFE_NAME, Number, Watched, Watchlist, decayed, id_of,
};
use crate::stix::Object;
use city::{Text, Tlp};
use jiff::{SignedDuration, Timestamp};

/// How far the word of a file is believed: somebody here took it in.
pub const FILE_TRUST: u8 = 80;

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
    /// How far an indicator that asks for a value is believed at a time.
    #[must_use]
    pub fn of(object: Object<'_>, value: &Watched, trust: u8, now: Timestamp) -> Belief {
        let from = object.valid_from().or_else(|| object.modified()).unwrap_or(now);
        let half_life = match value {
            Watched::Name(_) => HALF_LIFE_NAME,
            Watched::Address(_) | Watched::Network(_) => HALF_LIFE_ADDRESS,
        };
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
    /// How far it is believed, from 0 to 100, as of when the list was made.
    pub confidence: u8,
    /// How far it may be passed on.
    pub tlp: Tlp,
}

impl Watchlist {
    /// By which indicator a value is watched for, if it is: an address also by the network in which it lies.
    #[must_use]
    pub fn watches(&self, value: &Watched) -> Option<WatchedBy> {
        let number = match value {
            Watched::Address(address) => self.find(address.to_canonical())?,
            Watched::Network(network) => {
                let network = network.trunc();
                let length = (network.addr().is_ipv4(), network.prefix_len());
                *self.networks.get(&length)?.get(&network.addr())?
            }
            Watched::Name(name) => {
                *self.names.get(name.trim_end_matches('.').to_ascii_lowercase().as_str())?
            }
        };
        self.by(number)
    }

    fn by(&self, number: Number) -> Option<WatchedBy> {
        let Entry { id, source, confidence, tlp, .. } = *self.entries.get(usize::try_from(number).ok()?)?;
        Some(WatchedBy { indicator: id_of(id).into(), source: self.words.get(source), confidence, tlp })
    }
}
