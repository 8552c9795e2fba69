//! The checked plan.

use city::{
    Address, Asset, AssetId, Backup, BackupId, Check, CheckId, Conduit, ConduitId, Contact, ContactId, Crew,
    CrewId, Feed, FeedId, Mac, Notify, NotifyId, Peer, PeerId, Procedure, ProcedureId, Repository,
    RepositoryId, ResponseId, Service, ServiceId, Settings, Site, SiteId, StandingResponse, Supplier,
    SupplierId, Text, Zone, ZoneId,
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
    pub(crate) sites: Table<SiteId, Site>,
    pub(crate) crews: Table<CrewId, Crew>,
    pub(crate) repositories: Table<RepositoryId, Repository>,
    pub(crate) backups: Table<BackupId, Backup>,
    pub(crate) checks: Table<CheckId, Check>,
    pub(crate) procedures: Table<ProcedureId, Procedure>,
    pub(crate) peers: Table<PeerId, Peer>,
    pub(crate) notify: Table<NotifyId, Notify>,
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

    /// The places where equipment stands, in the order of the plan.
    pub fn sites(&self) -> impl ExactSizeIterator<Item = &Site> {
        self.sites.values()
    }

    /// A site by its id.
    #[must_use]
    pub fn site(&self, id: &SiteId) -> Option<&Site> {
        self.sites.get(id)
    }

    /// The crews, in the order of the plan.
    pub fn crews(&self) -> impl ExactSizeIterator<Item = &Crew> {
        self.crews.values()
    }

    /// A crew by its id.
    #[must_use]
    pub fn crew(&self, id: &CrewId) -> Option<&Crew> {
        self.crews.get(id)
    }

    /// The organisations with which intelligence is exchanged, in the order of the plan.
    pub fn peers(&self) -> impl ExactSizeIterator<Item = &Peer> {
        self.peers.values()
    }

    /// A peer by its id.
    #[must_use]
    pub fn peer(&self, id: &PeerId) -> Option<&Peer> {
        self.peers.get(id)
    }

    /// Who is told what happens, in the order of the plan.
    pub fn notify(&self) -> impl ExactSizeIterator<Item = &Notify> {
        self.notify.values()
    }

    /// Somebody who is told, by the id.
    #[must_use]
    pub fn receiver(&self, id: &NotifyId) -> Option<&Notify> {
        self.notify.get(id)
    }

    /// The repositories that backups go to, in the order of the plan.
    pub fn repositories(&self) -> impl ExactSizeIterator<Item = &Repository> {
        self.repositories.values()
    }

    /// A repository by its id.
    #[must_use]
    pub fn repository(&self, id: &RepositoryId) -> Option<&Repository> {
        self.repositories.get(id)
    }

    /// What is backed up, in the order of the plan.
    pub fn backups(&self) -> impl ExactSizeIterator<Item = &Backup> {
        self.backups.values()
    }

    /// A declared backup by its id.
    #[must_use]
    pub fn backup(&self, id: &BackupId) -> Option<&Backup> {
        self.backups.get(id)
    }

    /// The checks of what is restored, in the order of the plan.
    pub fn checks(&self) -> impl ExactSizeIterator<Item = &Check> {
        self.checks.values()
    }

    /// A check by its id.
    #[must_use]
    pub fn check(&self, id: &CheckId) -> Option<&Check> {
        self.checks.get(id)
    }

    /// The written procedures, in the order of the plan.
    pub fn procedures(&self) -> impl ExactSizeIterator<Item = &Procedure> {
        self.procedures.values()
    }

    /// A procedure by its id.
    #[must_use]
    pub fn procedure(&self, id: &ProcedureId) -> Option<&Procedure> {
        self.procedures.get(id)
    }

    /// The site where an asset stands: its own, or else its zone's.
    #[must_use]
    pub fn site_of(&self, asset: &Asset) -> Option<&Site> {
        let site = asset.site.as_ref().or_else(|| self.zones.get(&asset.zone)?.site.as_ref());
        self.sites.get(site?)
    }

    /// The backups without which a service cannot come back: its own, and those of its assets; in the order of the plan.
    pub fn backups_of(&self, service: &ServiceId) -> impl Iterator<Item = &Backup> {
        self.backups.values().filter(move |backup| {
            let of_asset = || self.assets.get(backup.asset.as_ref()?);
            backup.service.as_ref() == Some(service)
                || backup.service.is_none()
                    && of_asset().is_some_and(|asset| asset.services.contains(service))
        })
    }

    /// The checks of a backup, in the order of the plan.
    pub fn checks_of(&self, backup: &BackupId) -> impl Iterator<Item = &Check> {
        self.checks.values().filter(move |check| check.backup == *backup)
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
