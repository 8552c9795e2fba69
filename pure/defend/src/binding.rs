//! Which MAC address speaks for which IP address.

use city::{Binding, Mac, Protocol};
use jiff::{SignedDuration, Timestamp};
use plan::Plan;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::IpAddr};

/// The most addresses remembered.
const ADDRESSES_MAX: usize = 100_000;

/// For how long a claim stands: a device replaced overnight is not a conflict, two that answer within an hour are.
const CLAIM_STANDS: SignedDuration = SignedDuration::from_hours(1);

/// Who claimed which address last.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Claims {
    by_address: BTreeMap<IpAddr, (Mac, Timestamp)>,
}

impl Claims {
    /// Takes note of a claim. Returns the MAC address that it contradicts: the declared one, or an earlier claim that
    /// still stands. A lease given out by DHCP replaces the earlier holder's claim and contradicts only the plan. What
    /// switches announce is no claim: the address of a port or chassis need not be the one that answers for the IP
    /// address.
    pub(crate) fn see(&mut self, binding: &Binding, time: Timestamp, plan: Option<&Plan>) -> Option<Mac> {
        if binding.address.is_unspecified() || matches!(binding.protocol, Protocol::Cdp | Protocol::Lldp) {
            return None;
        }
        let declared = plan.and_then(|plan| plan.asset_at(binding.address.into()));
        if let Some(asset) = declared
            && let Some(first) = asset.macs.first()
        {
            return (!asset.macs.contains(&binding.mac)).then_some(*first);
        }
        let room = self.by_address.len() < ADDRESSES_MAX;
        let Some(claim) = self.by_address.get_mut(&binding.address) else {
            if room {
                self.by_address.insert(binding.address, (binding.mac, time));
            }
            return None;
        };
        let before = std::mem::replace(claim, (binding.mac, time));
        let stands = time.duration_since(before.1) <= CLAIM_STANDS;
        let is_lease = matches!(binding.protocol, Protocol::Dhcp | Protocol::Dhcpv6);
        let contradicts = before.0 != binding.mac && stands && !is_lease;
        contradicts.then_some(before.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_contradicts_an_earlier_one_unless_it_is_a_lease_or_an_announcement() {
        let at = |minutes| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        let binding = |last, protocol| Binding {
            address: IpAddr::from([192, 0, 2, 7]),
            mac: Mac([2, 0, 0, 0, 0, last]),
            protocol,
        };
        for (protocol, contradicts) in [
            (Protocol::Arp, true),
            (Protocol::Cdp, false),
            (Protocol::Dhcp, false),
            (Protocol::Dhcpv6, false),
            (Protocol::Icmp, true),
            (Protocol::Lldp, false),
        ] {
            let mut claims = Claims::default();
            assert_eq!(claims.see(&binding(1, Protocol::Arp), at(0), None), None);
            let found = claims.see(&binding(2, protocol), at(1), None);
            assert_eq!(found, contradicts.then_some(Mac([2, 0, 0, 0, 0, 1])), "{protocol}");
        }
        // Nor does an announcement stand against whoever answers for the address.
        let mut claims = Claims::default();
        claims.see(&binding(1, Protocol::Lldp), at(0), None);
        assert_eq!(claims.see(&binding(2, Protocol::Arp), at(1), None), None);
    }
}
