//! A block rehearsed: what cutting off addresses outside the city would have meant for what was recorded.

use crate::conduit::{Judgement, is_inside, judge, judge_unrecognised, zone_of};
use city::{Address, AssetId, Flow, Rehearsed, ServiceId};
use plan::Plan;
use std::{collections::BTreeSet, net::IpAddr};

/// The most assets that are named.
const ASSETS_MAX: usize = 16;

/// Conversations held against a block, one by one. Only those with one of the addresses need be given.
#[derive(Clone, Debug)]
pub struct Trial<'p> {
    plan: &'p Plan,
    blocked: BTreeSet<Address>,
    conversations: u64,
    caught: u64,
    cut: u64,
    assets: BTreeSet<AssetId>,
    services: BTreeSet<ServiceId>,
}

/// Why addresses cannot be blocked, whatever was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unblockable {
    /// It lies in a zone of the city.
    #[error("{0} lies within the city")]
    Inside(IpAddr),
    /// The plan declares it.
    #[error("{0} is an asset of the plan")]
    Declared(IpAddr),
    /// It is nobody's in particular.
    #[error("{0} is not the address of one station outside")]
    NoStation(IpAddr),
}

impl<'p> Trial<'p> {
    /// A block to be tried.
    ///
    /// # Errors
    /// The first address that is no stranger's.
    pub fn new(plan: &'p Plan, addresses: &[IpAddr]) -> Result<Trial<'p>, Unblockable> {
        for ip in addresses {
            let address = Address::Ip(ip.to_canonical());
            if !address.is_station() || ip.is_loopback() {
                return Err(Unblockable::NoStation(*ip));
            }
            if plan.asset_at(address).is_some() {
                return Err(Unblockable::Declared(*ip));
            }
            if is_inside(zone_of(plan, address)) {
                return Err(Unblockable::Inside(*ip));
            }
        }
        Ok(Trial {
            plan,
            blocked: addresses.iter().map(|ip| Address::Ip(ip.to_canonical())).collect(),
            conversations: 0,
            caught: 0,
            cut: 0,
            assets: BTreeSet::new(),
            services: BTreeSet::new(),
        })
    }

    /// Holds a conversation against the block. `spoke` says whether its ends exchanged anything.
    pub fn see(&mut self, flow: &Flow, spoke: bool) {
        self.conversations += 1;
        let other = match (self.blocked.contains(&flow.source), self.blocked.contains(&flow.destination)) {
            (true, _) => flow.destination,
            (_, true) => flow.source,
            _ => return,
        };
        let allowed = match judge(self.plan, flow) {
            Judgement::Unsettled => judge_unrecognised(self.plan, flow, spoke),
            judgement => judgement,
        };
        if allowed != Judgement::Allowed {
            self.caught += 1;
            return;
        }
        self.cut += 1;
        if let Some(asset) = self.plan.asset_at(other) {
            self.services.extend(asset.services.iter().cloned());
            if self.assets.len() < ASSETS_MAX {
                self.assets.insert(asset.id.clone());
            }
        }
    }

    /// What the block would have meant.
    #[must_use]
    pub fn answer(self) -> Rehearsed {
        Rehearsed {
            conversations: self.conversations,
            caught: self.caught,
            cut: self.cut,
            services: self.services.into_iter().collect(),
            assets: self.assets.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use city::{Protocol, Transport};
    use plan::{SourceFile, check};

    const CITY: &str = r#"[city]
name = "Wexcombe"
time-zone = "Europe/London"

[[service]]
id = "pumping"
name = "Pumping"
impact = "high"

[[zone]]
id = "pumps"
name = "Pumps"
networks = ["192.0.2.0/24"]
security-level = 2

[[zone]]
id = "internet"
name = "Everybody else"
outside = true
security-level = 0

[[asset]]
id = "pump"
name = "Pump"
zone = "pumps"
addresses = ["192.0.2.7"]
services = ["pumping"]

[[asset]]
id = "mirror"
name = "Time of the agency"
zone = "internet"
addresses = ["203.0.113.123"]

[[conduit]]
from = "pumps"
to = "internet"
reason = "Time"
allow = ["ntp: any"]
"#;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn flow(source: &str, destination: &str, port: u16, protocol: Option<Protocol>) -> Flow {
        Flow {
            source: ip(source).into(),
            destination: ip(destination).into(),
            source_port: 40_000,
            destination_port: port,
            transport: Transport::Udp,
            protocol,
        }
    }

    #[test]
    fn a_block_is_told_by_what_it_would_have_caught_and_cut() {
        let plan = check(&[SourceFile::new("city.toml", CITY)]).plan.unwrap();
        let mut trial = Trial::new(&plan, &[ip("203.0.113.9"), ip("::ffff:203.0.113.10")]).unwrap();
        trial.see(&flow("203.0.113.9", "192.0.2.7", 502, Some(Protocol::Modbus)), true);
        trial.see(&flow("203.0.113.9", "192.0.2.7", 4_444, None), true);
        trial.see(&flow("192.0.2.7", "203.0.113.10", 123, Some(Protocol::Ntp)), true);
        trial.see(&flow("192.0.2.7", "203.0.113.11", 123, Some(Protocol::Ntp)), true);
        let rehearsed = trial.answer();
        assert_eq!((rehearsed.conversations, rehearsed.caught, rehearsed.cut), (4, 2, 1));
        assert_eq!(rehearsed.services, ["pumping".parse().unwrap()]);
        assert_eq!(rehearsed.assets, ["pump".parse().unwrap()]);
    }

    #[test]
    fn nobody_of_ours_is_blocked() {
        let plan = check(&[SourceFile::new("city.toml", CITY)]).plan.unwrap();
        for (address, why) in [
            ("192.0.2.99", Unblockable::Inside(ip("192.0.2.99"))),
            ("203.0.113.123", Unblockable::Declared(ip("203.0.113.123"))),
            ("::ffff:192.0.2.7", Unblockable::Declared(ip("::ffff:192.0.2.7"))),
            ("0.0.0.0", Unblockable::NoStation(ip("0.0.0.0"))),
            ("127.0.0.1", Unblockable::NoStation(ip("127.0.0.1"))),
            ("224.0.0.1", Unblockable::NoStation(ip("224.0.0.1"))),
        ] {
            assert_eq!(Trial::new(&plan, &[ip("203.0.113.9"), ip(address)]).err(), Some(why));
        }
    }
}
