//! What is true now: devices as they were seen, and how each service stands.

use crate::{Address, AssetId, Mac, Protocol, ServiceId, Text, Trait, VerbSet, Witness, ZoneId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A device as it was seen on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Where it is reached.
    pub address: Address,
    /// The MAC addresses that claimed the address.
    pub macs: BTreeSet<Mac>,
    /// The declared asset it is, if the plan knows the address.
    pub asset: Option<AssetId>,
    /// The zone its address lies in, if any.
    pub zone: Option<ZoneId>,
    /// What is known of it: for each trait the most credible fact first.
    pub identity: BTreeMap<Trait, Vec<Fact>>,
    /// What it serves: protocol by port.
    pub serves: BTreeMap<(u16, Option<Protocol>), VerbSet>,
    /// What it asks of others, by protocol.
    pub asks: BTreeMap<Option<Protocol>, VerbSet>,
    /// When it was first seen.
    pub first: Timestamp,
    /// When it last spoke.
    pub last: Timestamp,
}

impl Device {
    /// A device of which nothing is known but that it spoke.
    #[must_use]
    pub fn new(address: Address, time: Timestamp) -> Device {
        Device {
            address,
            macs: BTreeSet::new(),
            asset: None,
            zone: None,
            identity: BTreeMap::new(),
            serves: BTreeMap::new(),
            asks: BTreeMap::new(),
            first: time,
            last: time,
        }
    }

    /// Takes over what is known of a device that proved to be this one.
    pub fn merge(&mut self, other: Device) {
        self.macs.extend(other.macs);
        for (about, facts) in other.identity {
            self.identity.entry(about).or_insert(facts);
        }
        for (key, verbs) in other.serves {
            let known = self.serves.entry(key).or_default();
            *known = known.union(verbs);
        }
        for (key, verbs) in other.asks {
            let known = self.asks.entry(key).or_default();
            *known = known.union(verbs);
        }
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// The most credible value of a trait.
    #[must_use]
    pub fn best(&self, about: Trait) -> Option<&str> {
        self.identity.get(&about)?.first().map(|fact| fact.value.as_str())
    }
}

/// One thing known of a device, with its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The value, as it was given.
    pub value: Text,
    /// Who said it.
    pub witness: Witness,
    /// How far it is to be believed, in percent.
    pub confidence: u8,
    /// When it was first said.
    pub first: Timestamp,
    /// When it was last said.
    pub last: Timestamp,
}

/// Whether a declared asset was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// Heard within its time.
    Heard,
    /// Not heard yet, and not long enough watched to say more.
    Awaited,
    /// Not heard for longer than its time.
    Silent,
}

/// How a public service stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Nothing says otherwise.
    Well,
    /// It runs, but something found could stop it.
    AtRisk,
    /// Assets it cannot do without are silent, or a service it needs is down.
    Down,
    /// Nothing that supports it has been seen.
    Unknown,
}

impl Standing {
    /// The words shown to people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Well => "well",
            Standing::AtRisk => "at risk",
            Standing::Down => "down",
            Standing::Unknown => "unknown",
        }
    }
}

/// How a service stands, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The service.
    pub service: ServiceId,
    /// How it stands.
    pub standing: Standing,
    /// Why, the weightiest first, in plain words.
    pub because: Vec<Text>,
    /// The numbers of the findings behind it.
    pub findings: Vec<u64>,
}
