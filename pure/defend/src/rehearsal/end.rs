//! The ends of a line, as a person knows them, and who would notice that something does not reach them.

use super::End;
use crate::conduit;
use city::{Address, Asset, ContactId, ServiceId, SupplierId, Text, ZoneId};
use plan::Plan;
use std::collections::BTreeSet;

/// The most addresses that are counted of ends that stand together.
const ADDRESSES_MAX: usize = 100;

/// An end as finely as lines are told apart: devices of the city for themselves, all others by their zone, for there
/// may be millions of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EndKey {
    One(Address),
    Others(Option<ZoneId>),
}

impl EndKey {
    pub(super) fn of(plan: &Plan, address: Address) -> EndKey {
        let zone = conduit::zone_of(plan, address);
        if conduit::is_inside(zone) || plan.asset_at(address).is_some() || !address.is_station() {
            EndKey::One(address)
        } else {
            EndKey::Others(zone.map(|zone| zone.id.clone()))
        }
    }

    /// In words that stay the same, for an id to be made of.
    pub(super) fn words(&self) -> String {
        match self {
            EndKey::One(address) => address.to_string(),
            EndKey::Others(Some(zone)) => format!("zone {zone}"),
            EndKey::Others(None) => "no zone".to_owned(),
        }
    }
}

/// The addresses of an end, counted up to a bound.
#[derive(Clone, Debug, Default)]
pub(super) struct Addresses(BTreeSet<Address>);

impl Addresses {
    pub(super) fn add(&mut self, address: Address) {
        if self.0.len() < ADDRESSES_MAX {
            self.0.insert(address);
        }
    }

    /// The end as it is shown.
    pub(super) fn tell(&self, plan: &Plan, old: Option<&Plan>) -> Option<End> {
        let first = *self.0.first()?;
        let zone = conduit::zone_of(plan, first);
        let asset = asset_at(plan, old, first);
        let address = Text::from(first.to_string());
        let name = match (asset, self.0.len()) {
            (Some(asset), _) => asset.name.clone(),
            (None, 1) => address.clone(),
            (None, ADDRESSES_MAX..) => format!("{address} and {} others or more", ADDRESSES_MAX - 1).into(),
            (None, 2) => format!("{address} and another").into(),
            (None, count) => format!("{address} and {} others", count - 1).into(),
        };
        Some(End {
            name,
            address,
            addresses: self.0.len() as u64,
            asset: asset.map(|asset| asset.id.as_str().into()),
            zone: zone.map(|zone| zone.id.clone()),
            zone_name: zone.map_or(Text::const_new("no zone"), |zone| zone.name.clone()),
        })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Address> {
        self.0.iter().copied()
    }
}

/// The asset at an address; of the plan of now, if the new one has forgotten it.
fn asset_at<'p>(plan: &'p Plan, old: Option<&'p Plan>, address: Address) -> Option<&'p Asset> {
    plan.asset_at(address).or_else(|| old?.asset_at(address))
}

/// Who would notice.
#[derive(Clone, Debug, Default)]
pub(super) struct Who {
    pub(super) services: BTreeSet<ServiceId>,
    pub(super) needed_by: BTreeSet<ServiceId>,
    pub(super) suppliers: BTreeSet<SupplierId>,
    pub(super) contacts: BTreeSet<ContactId>,
}

impl Who {
    /// Who would notice that these ends no longer reach one another.
    pub(super) fn at(plan: &Plan, old: Option<&Plan>, ends: impl Iterator<Item = Address>) -> Who {
        let mut who = Who::default();
        for asset in ends.filter_map(|address| asset_at(plan, old, address)) {
            who.services.extend(asset.services.iter().cloned());
            who.suppliers.extend(asset.supplier.clone());
        }
        // Those that need these, and those that need those in turn; a plan has no circle of needs.
        let mut reached = who.services.clone();
        let mut grown = !reached.is_empty();
        while grown {
            let depending = plan.services().filter(|service| {
                !reached.contains(&service.id) && service.needs.iter().any(|need| reached.contains(need))
            });
            let depending: Vec<ServiceId> = depending.map(|service| service.id.clone()).collect();
            grown = !depending.is_empty();
            reached.extend(depending);
        }
        who.needed_by = reached.difference(&who.services).cloned().collect();
        who.contacts.extend(who.services.iter().filter_map(|id| plan.service(id)?.owner.clone()));
        let suppliers = plan.suppliers().filter(|supplier| who.suppliers.contains(&supplier.id));
        who.contacts.extend(suppliers.filter_map(|supplier| supplier.contact.clone()));
        who
    }
}
