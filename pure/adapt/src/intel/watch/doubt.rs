//! What is never taken for a sign of an attack, whoever says so.

use super::Watched;
use crate::defence::redact::{Inside, is_private};
use city::{Address, DoubtKind};
use ipnet::IpNet;
use plan::Plan;
use std::{collections::BTreeSet, net::IpAddr};

/// The shortest prefixes that say something of an attacker.
const PREFIX_MIN_V4: u8 = 16;
const PREFIX_MIN_V6: u8 = 32;

/// Public resolvers, and the servers of the root zone (IANA, root hints): everybody asks them, also the city.
const EVERYBODYS: &str = "1.1.1.1 1.0.0.1 8.8.8.8 8.8.4.4 9.9.9.9 149.112.112.112 208.67.222.222 208.67.220.220 \
    2606:4700:4700::1111 2606:4700:4700::1001 2001:4860:4860::8888 2001:4860:4860::8844 2620:fe::fe 2620:fe::9 \
    198.41.0.4 170.247.170.2 192.33.4.12 199.7.91.13 192.203.230.10 192.5.5.241 192.112.36.4 198.97.190.53 \
    192.36.148.17 192.58.128.30 193.0.14.129 199.7.83.42 202.12.27.33";

/// Names that everybody uses, and that are nobody's own.
const EVERYBODYS_NAMES: &str = "google.com www.google.com dns.google microsoft.com www.microsoft.com windowsupdate.com \
    login.microsoftonline.com apple.com icloud.com github.com raw.githubusercontent.com cloudflare.com one.one.one.one \
    amazonaws.com azurewebsites.net pool.ntp.org time.windows.com gov.uk www.gov.uk localhost example.com";

/// What is known before anybody is believed.
#[derive(Clone, Debug, Default)]
pub struct Ground {
    inside: Inside,
    declared: BTreeSet<Address>,
    inside_networks: Vec<IpNet>,
    addresses: BTreeSet<IpAddr>,
    networks: Vec<IpNet>,
    names: BTreeSet<String>,
}

impl Ground {
    /// The ground of a city: what its plan declares, and what everybody uses.
    #[must_use]
    pub fn of(plan: Option<&Plan>) -> Ground {
        let mut ground = Ground {
            addresses: EVERYBODYS.split_whitespace().filter_map(|text| text.parse().ok()).collect(),
            names: EVERYBODYS_NAMES.split_whitespace().map(str::to_owned).collect(),
            ..Ground::default()
        };
        if let Some(plan) = plan {
            ground.inside = Inside::of(plan);
            ground.declared =
                plan.assets().flat_map(|asset| asset.addresses.iter().copied()).map(Address::Ip).collect();
            let zones = plan.zones().filter(|zone| !zone.outside);
            ground.inside_networks = zones.flat_map(|zone| zone.networks.iter().copied()).collect();
        }
        ground
    }

    /// Adds a list of what is no sign of an attack: addresses, networks and names, one a line; what is neither is passed
    /// over.
    pub fn allow<'t>(&mut self, lines: impl IntoIterator<Item = &'t str>) {
        for line in lines {
            let line = line.trim();
            if let Ok(address) = line.parse() {
                self.addresses.insert(address);
            } else if let Ok(network) = line.parse() {
                self.networks.push(network);
            } else if !line.is_empty() {
                self.names.insert(line.trim_start_matches('.').to_ascii_lowercase());
            }
        }
    }

    /// What is wrong with taking something for a sign of an attack, if anything is.
    #[must_use]
    pub fn doubt(&self, value: &Watched) -> Option<DoubtKind> {
        match value {
            Watched::Address(address) => self.doubt_address(*address),
            Watched::Network(network) => self.doubt_network(*network),
            Watched::Name(name) if self.names.contains(name) => Some(DoubtKind::WellKnown),
            Watched::Name(name) if !name.contains('.') => Some(DoubtKind::TooBroad),
            Watched::Name(_) => None,
        }
    }

    fn doubt_address(&self, address: IpAddr) -> Option<DoubtKind> {
        let is_nobodys = address.is_loopback() || !Address::Ip(address).is_station();
        if self.declared.contains(&Address::Ip(address))
            || self.inside_networks.iter().any(|network| network.contains(&address))
        {
            Some(DoubtKind::OwnAddress)
        } else if is_nobodys || is_private(address) || self.inside.holds(address) {
            Some(DoubtKind::NobodysAddress)
        } else if self.addresses.contains(&address)
            || self.networks.iter().any(|network| network.contains(&address))
        {
            Some(DoubtKind::WellKnown)
        } else {
            None
        }
    }

    fn doubt_network(&self, network: IpNet) -> Option<DoubtKind> {
        let shortest = if network.addr().is_ipv4() { PREFIX_MIN_V4 } else { PREFIX_MIN_V6 };
        if network.prefix_len() < shortest {
            return Some(DoubtKind::TooBroad);
        }
        let meets = |other: &IpNet| other.contains(&network) || network.contains(other);
        let holds = |address: &IpAddr| network.contains(address);
        if self.inside_networks.iter().any(meets)
            || self.declared.iter().filter_map(|address| address.ip()).any(|ip| holds(&ip))
        {
            return Some(DoubtKind::OwnAddress);
        }
        if self.addresses.iter().any(holds) || self.networks.iter().any(meets) {
            return Some(DoubtKind::WellKnown);
        }
        self.doubt_address(network.network())
    }
}
