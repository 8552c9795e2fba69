//! The checked plan.

use city::{
    Address, Asset, AssetId, Conduit, ConduitId, Contact, ContactId, Feed, FeedId, Mac, ResponseId, Service,
    ServiceId, Settings, StandingResponse, Supplier, SupplierId, Text, Zone, ZoneId,
};
use foldhash::fast::FixedState;
use indexmap::IndexMap;
use ipnet::IpNet;
use std::{collections::BTreeMap, net::IpAddr};

/// Declared things by their ids, in the order of the plan. The hashes are the same in every run.
pub(crate) type Table<Id, T> = IndexMap<Id, T, FixedState>;

/// A city as it should be: checked, and from then on immutable.
///
/// Every id that something refers to exists; no two zones' networks overlap; every declared address lies in its
/// asset's zone and belongs to one asset; services do not need one another in a circle. Holders never check again.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) settings: Settings,
    pub(crate) services: Table<ServiceId, Service>,
    pub(crate) assets: Table<AssetId, Asset>,
    pub(crate) zones: Table<ZoneId, Zone>,
    pub(crate) conduits: Table<ConduitId, Conduit>,
    pub(crate) suppliers: Table<SupplierId, Supplier>,
    pub(crate) feeds: Table<FeedId, Feed>,
    pub(crate) responses: Table<ResponseId, StandingResponse>,
    pub(crate) contacts: Table<ContactId, Contact>,
    /// The zone of each network, by its first address. Networks do not overlap, so the nearest below is the only one.
    pub(crate) by_network: BTreeMap<IpAddr, (IpNet, ZoneId)>,
    pub(crate) by_address: BTreeMap<IpAddr, AssetId>,
    pub(crate) by_mac: BTreeMap<Mac, AssetId>,
    pub(crate) by_ends: BTreeMap<(ZoneId, ZoneId), Vec<ConduitId>>,
    /// The file and line where each conduit is declared.
    pub(crate) places: BTreeMap<ConduitId, (Text, usize)>,
    /// The zone that is everywhere else: outside, and without networks.
    pub(crate) elsewhere: Option<ZoneId>,
}

impl Plan {
    /// What is said once of the whole city.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The services, in the order of the plan.
    pub fn services(&self) -> impl ExactSizeIterator<Item = &Service> {
        self.services.values()
    }

    /// A service by its id.
    #[must_use]
    pub fn service(&self, id: &ServiceId) -> Option<&Service> {
        self.services.get(id)
    }

    /// The assets, in the order of the plan.
    pub fn assets(&self) -> impl ExactSizeIterator<Item = &Asset> {
        self.assets.values()
    }

    /// An asset by its id.
    #[must_use]
    pub fn asset(&self, id: &AssetId) -> Option<&Asset> {
        self.assets.get(id)
    }

    /// The asset that an address was declared for.
    #[must_use]
    pub fn asset_at(&self, address: Address) -> Option<&Asset> {
        let id = match address {
            Address::Ip(ip) => self.by_address.get(&ip),
            Address::Mac(mac) => self.by_mac.get(&mac),
        };
        self.assets.get(id?)
    }

    /// The zones, in the order of the plan.
    pub fn zones(&self) -> impl ExactSizeIterator<Item = &Zone> {
        self.zones.values()
    }

    /// A zone by its id.
    #[must_use]
    pub fn zone(&self, id: &ZoneId) -> Option<&Zone> {
        self.zones.get(id)
    }

    /// The zone whose networks hold an address.
    #[must_use]
    pub fn zone_of(&self, address: IpAddr) -> Option<&Zone> {
        let (_, (network, id)) = self.by_network.range(..=address).next_back()?;
        if network.contains(&address) { self.zones.get(id) } else { None }
    }

    /// The zone that stands for every place in no zone's networks, if the plan declares one: outside, and without
    /// networks of its own.
    #[must_use]
    pub fn everywhere_else(&self) -> Option<&Zone> {
        self.zones.get(self.elsewhere.as_ref()?)
    }

    /// The conduits, in the order of the plan.
    pub fn conduits(&self) -> impl ExactSizeIterator<Item = &Conduit> {
        self.conduits.values()
    }

    /// The conduits that lead from one zone to another, in the order of the plan.
    pub fn conduits_between(&self, from: &ZoneId, to: &ZoneId) -> impl Iterator<Item = &Conduit> {
        let ids = self.by_ends.get(&(from.clone(), to.clone()));
        ids.into_iter().flatten().filter_map(|id| self.conduits.get(id))
    }

    /// The file, and the line from 1, where a conduit is declared.
    #[must_use]
    pub fn place_of(&self, conduit: &ConduitId) -> Option<(&str, usize)> {
        self.places.get(conduit).map(|(file, line)| (file.as_str(), *line))
    }

    /// The suppliers, in the order of the plan.
    pub fn suppliers(&self) -> impl ExactSizeIterator<Item = &Supplier> {
        self.suppliers.values()
    }

    /// The feeds, in the order of the plan.
    pub fn feeds(&self) -> impl ExactSizeIterator<Item = &Feed> {
        self.feeds.values()
    }

    /// What shall be done by itself, in the order of the plan.
    pub fn responses(&self) -> impl ExactSizeIterator<Item = &StandingResponse> {
        self.responses.values()
    }

    /// The contacts, in the order of the plan.
    pub fn contacts(&self) -> impl ExactSizeIterator<Item = &Contact> {
        self.contacts.values()
    }
}
