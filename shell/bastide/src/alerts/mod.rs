//! Alerts of other tools, from the files that they write: followed beside a live city, merged into a replay.

mod follow;
mod merge;
mod places;

use city::Address;
use plan::Plan;
use std::net::IpAddr;

pub(crate) use follow::follow;
pub(crate) use merge::Files;

/// Whether an address is the city's: an asset's, or in a zone that is not outside. Without a plan, whether it is one of
/// those that only private networks use.
fn is_inside(plan: Option<&Plan>, address: Address) -> bool {
    let Address::Ip(ip) = address else { return true };
    match plan {
        Some(plan) => plan.asset_at(address).is_some() || plan.zone_of(ip).is_some_and(|zone| !zone.outside),
        None => match ip {
            IpAddr::V4(ip) => ip.is_private() || ip.is_link_local(),
            IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
        },
    }
}

#[cfg(test)]
mod tests;
