//! What is never taken for a sign of an attack, whoever says so.

use super::{
    Kind, Watched,
    value::{Url, name},
};
use crate::defence::redact::{Inside, is_private};
use city::{Address, DoubtKind};
use ipnet::IpNet;
use plan::Plan;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// The shortest prefixes that say something of an attacker.
const PREFIX_MIN_V4: u8 = 16;
const PREFIX_MIN_V6: u8 = 32;

/// Public resolvers, and the servers of the root zone (IANA, root hints): everybody asks them, also the city.
const EVERYBODYS: &str = "1.1.1.1 1.0.0.1 8.8.8.8 8.8.4.4 9.9.9.9 149.112.112.112 208.67.222.222 208.67.220.220 \
    2606:4700:4700::1111 2606:4700:4700::1001 2001:4860:4860::8888 2001:4860:4860::8844 2620:fe::fe 2620:fe::9 \
    198.41.0.4 170.247.170.2 192.33.4.12 199.7.91.13 192.203.230.10 192.5.5.241 192.112.36.4 198.97.190.53 \
    192.36.148.17 192.58.128.30 193.0.14.129 199.7.83.42 202.12.27.33";

/// The shortest path of a URL and the shortest name of a client that say something by themselves.
const TEXT_MIN: usize = 8;

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
    /// What people said of one source's values: they are no sign of an attack.
    allowed: BTreeMap<String, Allowed>,
}

/// Values that are never acted on.
#[derive(Clone, Debug, Default)]
struct Allowed {
    networks: Vec<IpNet>,
    addresses: BTreeSet<IpAddr>,
    texts: BTreeSet<String>,
}

impl Allowed {
    fn holds(&self, value: &Watched) -> bool {
        let holds = |address: &IpAddr| {
            self.addresses.contains(address) || self.networks.iter().any(|network| network.contains(address))
        };
        match value {
            Watched::Address(address) => holds(address),
            Watched::Network(network) | Watched::Asked(network) => {
                self.networks.iter().any(|other| other.contains(network))
                    || network.prefix_len() == network.max_prefix_len() && holds(&network.addr())
            }
            Watched::Text(_, text) => self.texts.contains(&**text),
        }
    }
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
            ground.declared.extend(plan.assets().flat_map(|asset| &asset.macs).copied().map(Address::Mac));
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

    /// Whether an address is the city's own, by its plan.
    #[must_use]
    pub(super) fn is_inside(&self, address: Address) -> bool {
        self.declared.contains(&address)
            || address.ip().is_some_and(|ip| self.inside_networks.iter().any(|network| network.contains(&ip)))
    }

    /// Adds values of one source that are never acted on, as people said: addresses, networks, names, URLs, hashes,
    /// fingerprints, in the words of the source. What others say of the same values counts.
    pub fn allow_of<'t>(&mut self, source: &str, values: impl IntoIterator<Item = &'t str>) {
        let allowed = self.allowed.entry(source.to_owned()).or_default();
        for value in values {
            let value = value.trim();
            if let Ok(address) = value.parse::<IpAddr>() {
                allowed.addresses.insert(address.to_canonical());
            } else if let Ok(network) = value.parse::<IpNet>() {
                allowed.networks.push(network.trunc());
            } else if let Some(url) = Url::of(value) {
                allowed.texts.insert(url.text);
            } else {
                // Names, hashes and fingerprints are compared in lower case, paths and clients’ names as they stand.
                allowed.texts.insert(name(value));
                allowed.texts.insert(value.to_owned());
            }
        }
    }

    /// What is wrong with taking something that a source says for a sign of an attack, if anything is.
    #[must_use]
    pub fn doubt(&self, value: &Watched, source: &str) -> Option<DoubtKind> {
        if self.allowed.get(source).is_some_and(|allowed| allowed.holds(value)) {
            return Some(DoubtKind::WellKnown);
        }
        match value {
            Watched::Address(address) => self.doubt_address(*address),
            Watched::Asked(network) if network.prefix_len() == network.max_prefix_len() => {
                self.doubt_address(network.addr())
            }
            Watched::Network(network) | Watched::Asked(network) => self.doubt_network(*network),
            Watched::Text(Kind::Name, name) => self.doubt_name(name),
            Watched::Text(Kind::Url, text) => {
                let url = Url::in_form(text)?;
                match url.host_alone() {
                    Watched::Address(address) => {
                        // One page of what everybody uses can be an attacker’s.
                        self.doubt_address(address)
                            .filter(|kind| url.is_bare || *kind != DoubtKind::WellKnown)
                    }
                    _ if url.is_bare => self.doubt_name(&url.host),
                    _ => None,
                }
            }
            Watched::Text(Kind::Mac, mac) => {
                let address = mac.parse().ok().map(Address::Mac)?;
                let is_own = self.declared.contains(&address);
                let kind = if is_own { DoubtKind::OwnAddress } else { DoubtKind::NobodysAddress };
                (is_own || !address.is_station()).then_some(kind)
            }
            Watched::Text(Kind::Path | Kind::Agent, text) if text.len() < TEXT_MIN => {
                Some(DoubtKind::TooBroad)
            }
            Watched::Text(..) => None,
        }
    }

    fn doubt_name(&self, name: &str) -> Option<DoubtKind> {
        if self.names.contains(name) {
            Some(DoubtKind::WellKnown)
        } else if !name.contains('.') {
            Some(DoubtKind::TooBroad)
        } else {
            None
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
