//! Declared assets that have gone quiet.

use crate::Concern;
use city::{Address, Asset, AssetId, Presence, ZoneId};
use jiff::Timestamp;
use plan::Plan;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Watches for declared assets that have not been heard for longer than their time.
///
/// Watching begins with the first event, so a recording of an hour says nothing of what should be heard once a day.
/// Assets without an address cannot be heard and are not watched.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Watch {
    /// When each asset is next to be looked at.
    due: BTreeSet<(Timestamp, AssetId)>,
    heard: BTreeMap<AssetId, Timestamp>,
    silent: BTreeSet<AssetId>,
    /// Zones of which any asset was heard, and zones told of as unheard.
    audible: BTreeSet<ZoneId>,
    unheard: BTreeSet<ZoneId>,
}

impl Watch {
    /// Watches the assets of a plan. Those that were not watched before have their whole time from now on; those that
    /// were keep theirs, so adopting the same plan again changes nothing.
    pub fn adopt(&mut self, plan: &Plan, now: Timestamp) {
        let is_watched = |id: &AssetId| plan.asset(id).is_some_and(|asset| address_of(asset).is_some());
        self.due.retain(|(_, id)| is_watched(id));
        let watched: BTreeSet<AssetId> = self.due.iter().map(|(_, id)| id.clone()).collect();
        let fresh = plan.assets().filter(|asset| is_watched(&asset.id) && !watched.contains(&asset.id));
        self.due.extend(fresh.filter_map(|asset| Some((deadline(plan, asset, now)?, asset.id.clone()))));
        self.heard.retain(|id, _| plan.asset(id).is_some());
        self.silent.retain(|id| plan.asset(id).is_some());
    }

    /// An asset was heard.
    pub fn hear(&mut self, asset: &Asset, time: Timestamp) {
        match self.heard.get_mut(&asset.id) {
            Some(last) => *last = time.max(*last),
            None => {
                self.heard.insert(asset.id.clone(), time);
                self.audible.insert(asset.zone.clone());
            }
        }
        if !self.silent.is_empty() {
            self.silent.remove(&asset.id);
        }
    }

    /// Tells of every asset whose time is over at `now`, once for each silence.
    ///
    /// Where nothing of a zone was ever heard, the sensor probably does not see it: that is told once for the zone, and
    /// its assets stay awaited.
    pub fn look(&mut self, plan: &Plan, now: Timestamp, out: &mut Vec<Concern>) {
        while let Some((time, _)) = self.due.first()
            && *time <= now
        {
            let Some((time, id)) = self.due.pop_first() else { return };
            let Some(asset) = plan.asset(&id) else { continue };
            let last = self.heard.get(&id).copied();
            let next = last.and_then(|last| deadline(plan, asset, last));
            let overdue = next.is_none_or(|next| next <= now);
            if overdue && !self.audible.contains(&asset.zone) {
                if self.unheard.insert(asset.zone.clone()) {
                    out.extend(unheard(plan, asset));
                }
            } else if overdue
                && let Some(address) = address_of(asset)
                && self.silent.insert(id.clone())
            {
                let allowed = asset.silence.unwrap_or(plan.settings().silence);
                out.push(Concern::Silent {
                    asset: id.clone(),
                    name: asset.name.clone(),
                    address,
                    last,
                    allowed,
                });
            }
            // A silent asset is looked at again after its time, so that its return and next silence are noticed.
            let again = if overdue { deadline(plan, asset, now.max(time)) } else { next };
            self.due.extend(again.map(|again| (again, id)));
        }
    }

    /// Whether an asset was heard.
    #[must_use]
    pub fn presence(&self, asset: &AssetId) -> Presence {
        match (self.silent.contains(asset), self.heard.contains_key(asset)) {
            (true, _) => Presence::Silent,
            (false, true) => Presence::Heard,
            (false, false) => Presence::Awaited,
        }
    }

    /// When an asset was last heard.
    #[must_use]
    pub fn last_heard(&self, asset: &AssetId) -> Option<Timestamp> {
        self.heard.get(asset).copied()
    }
}

/// The concern that nothing of an asset's zone was ever heard.
fn unheard(plan: &Plan, asset: &Asset) -> Option<Concern> {
    let zone = plan.zone(&asset.zone)?;
    let assets = plan.assets().filter(|other| other.zone == zone.id).count();
    Some(Concern::Unheard {
        zone: zone.id.clone(),
        name: zone.name.clone(),
        address: address_of(asset)?,
        assets,
    })
}

/// When an asset last heard at a time becomes silent; `None` if that is beyond the end of time.
fn deadline(plan: &Plan, asset: &Asset, last: Timestamp) -> Option<Timestamp> {
    last.checked_add(asset.silence.unwrap_or(plan.settings().silence)).ok()
}

/// The address under which a silence is told of.
fn address_of(asset: &Asset) -> Option<Address> {
    let ip = asset.addresses.first().map(|ip| Address::Ip(*ip));
    ip.or_else(|| asset.macs.first().map(|mac| Address::Mac(*mac)))
}
