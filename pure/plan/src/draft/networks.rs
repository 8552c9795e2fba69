//! Where stations stand: networks that look like the city's own, grouped into zones.

use super::{Draft, End, Station};
use crate::value::slug;
use city::Mac;
use ipnet::{IpNet, Ipv4Net};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The most zones that a draft has; nobody reads more.
const ZONES_MAX: usize = 200;

/// The most networks in which nobody was heard and that still count as the city's: more are a scan.
const SILENT_MAX: usize = 8;

/// The most networks that count as the city's if none looks like it by its addresses.
const PUBLIC_MAX: usize = 16;

/// A zone of the draft.
#[derive(Debug)]
pub(super) struct DraftZone {
    pub id: String,
    pub name: String,
    pub networks: Vec<IpNet>,
    pub security_level: u8,
    /// Why it is thought to be one.
    pub evidence: Vec<String>,
    /// How many stations were heard in it.
    pub heard: usize,
}

/// The zones of the draft. A place in none of them lies outside.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub zones: Vec<DraftZone>,
    by_network: BTreeMap<IpAddr, (IpNet, usize)>,
}

impl Places {
    /// The zone of an address, by its place in the list; `None` is outside.
    pub fn zone_of(&self, ip: IpAddr) -> Option<usize> {
        let (_, (network, zone)) = self.by_network.range(..=ip).next_back()?;
        network.contains(&ip).then_some(*zone)
    }

    /// The zone in which most stations were heard.
    pub fn largest(&self) -> Option<usize> {
        (0..self.zones.len()).max_by_key(|zone| (self.zones.get(*zone).map(|z| z.heard), usize::MAX - zone))
    }

    fn add(&mut self, zone: DraftZone) {
        for network in &zone.networks {
            self.by_network.insert(network.network(), (*network, self.zones.len()));
        }
        self.zones.push(zone);
    }
}

/// Whether an address is of a range that is not the internet's: private use, documentation, tests, the link or the
/// machine itself (RFC 6890 and its registries).
pub(super) fn is_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            let shared = a == 100 && (64..128).contains(&b);
            let tests = a == 198 && (b == 18 || b == 19);
            ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_documentation()
                || shared
                || tests
        }
        IpAddr::V6(ip) => {
            let [a, b, ..] = ip.segments();
            let documentation = (a == 0x2001 && b == 0xdb8) || (a == 0x3fff && b < 0x1000);
            ip.is_loopback() || ip.is_unicast_link_local() || ip.is_unique_local() || documentation
        }
    }
}

/// The network that an address is taken to stand in: /24 or /64, and the whole range for the link and the machine.
pub(super) fn network_around(ip: IpAddr) -> IpNet {
    let bits = match ip {
        IpAddr::V4(ip) if ip.is_loopback() => 8,
        IpAddr::V4(ip) if ip.is_link_local() => 16,
        IpAddr::V4(_) => 24,
        IpAddr::V6(Ipv6Addr::LOCALHOST) => 128,
        IpAddr::V6(ip) if ip.is_unicast_link_local() => 10,
        IpAddr::V6(_) => 64,
    };
    IpNet::new(ip, bits).map_or_else(|_| IpNet::from(ip), |network| network.trunc())
}

/// Whether an address holds on its link only.
pub(super) fn is_on_link(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

fn is_link(network: IpNet) -> bool {
    is_on_link(network.addr())
}

/// What was seen of a network.
#[derive(Default)]
struct Seen<'a> {
    /// Stations that were heard.
    heard: Vec<(IpAddr, &'a Station)>,
    /// Every address that appeared, heard or only spoken to.
    addresses: BTreeSet<IpAddr>,
    /// Whether some address was claimed by a MAC address, so that the network is on a link that was watched.
    claimed: bool,
}

/// Groups what was seen into zones.
pub(super) fn place(draft: &Draft) -> Places {
    let mut seen: BTreeMap<IpNet, Seen<'_>> = BTreeMap::new();
    for (ip, station) in &draft.stations {
        let network = seen.entry(network_around(*ip)).or_default();
        network.addresses.insert(*ip);
        network.claimed |= !station.macs.is_empty();
        if station.heard > 0 {
            network.heard.push((*ip, station));
        }
    }
    for (from, to, _) in draft.traffic.keys() {
        for end in [from, to] {
            if let End::Network(network) = end {
                let around = seen.entry(network_around(network.addr())).or_default();
                if !draft.by_network {
                    around.addresses.insert(network.addr());
                }
            }
        }
    }
    let inside = choose_inside(&seen);
    let mut places = Places::default();
    for (networks, why) in group(&seen, &inside) {
        add_zones(&mut places, &networks, why, &seen, draft.by_network);
    }
    places
}

/// The networks that look like the city's own, each with the reason.
fn choose_inside(seen: &BTreeMap<IpNet, Seen<'_>>) -> BTreeMap<IpNet, &'static str> {
    let mut inside = BTreeMap::new();
    let mut silent = Vec::new();
    for (network, what) in seen {
        if is_local(network.addr()) && what.heard.is_empty() {
            silent.push(*network);
        } else if is_local(network.addr()) {
            inside.insert(*network, "its addresses are not the internet's");
        } else if what.claimed {
            inside.insert(*network, "its addresses were claimed on the link");
        }
    }
    if silent.len() <= SILENT_MAX {
        inside.extend(
            silent
                .into_iter()
                .map(|network| (network, "it was spoken to, and its addresses are not the internet's")),
        );
    }
    if inside.keys().all(|network| is_link(*network)) {
        let controlled = |what: &Seen<'_>| what.heard.iter().any(|(_, station)| station.is_controller());
        let some_controlled = seen.values().any(controlled);
        let public = seen.iter().filter(|(network, what)| {
            !is_local(network.addr()) && !what.heard.is_empty() && (!some_controlled || controlled(what))
        });
        let why = "no network here is a private one, and in this one stations were heard";
        inside.extend(public.take(PUBLIC_MAX).map(|(network, _)| (*network, why)));
    }
    if inside.len() > ZONES_MAX {
        let mut by_heard: Vec<_> =
            inside.keys().map(|n| (seen.get(n).map_or(0, |what| what.heard.len()), *n)).collect();
        by_heard.sort_by_key(|(heard, network)| (std::cmp::Reverse(*heard), *network));
        let kept: BTreeSet<_> = by_heard.into_iter().take(ZONES_MAX).map(|(_, network)| network).collect();
        inside.retain(|network, _| kept.contains(network));
    }
    inside
}

/// Takes networks together that one zone spans: IPv6 beside the IPv4 of the same stations, and link-local addresses
/// with the only zone there is.
fn group(
    seen: &BTreeMap<IpNet, Seen<'_>>,
    inside: &BTreeMap<IpNet, &'static str>,
) -> Vec<(Vec<IpNet>, String)> {
    let mut home_of: BTreeMap<Mac, BTreeSet<IpNet>> = BTreeMap::new();
    for network in inside.keys().filter(|network| network.addr().is_ipv4() && !is_link(**network)) {
        for (_, station) in seen.get(network).into_iter().flat_map(|what| &what.heard) {
            for mac in &station.macs {
                home_of.entry(*mac).or_default().insert(*network);
            }
        }
    }
    let mut groups: BTreeMap<IpNet, (Vec<IpNet>, String)> = BTreeMap::new();
    let mut on_link = Vec::new();
    // Networks sort with IPv4 first, so that a home is there before what joins it.
    for (network, why) in inside {
        if is_link(*network) {
            on_link.push(*network);
            continue;
        }
        let stations = seen.get(network).into_iter().flat_map(|what| &what.heard);
        let homes: BTreeSet<IpNet> = stations
            .flat_map(|(_, station)| &station.macs)
            .filter_map(|mac| home_of.get(mac))
            .flatten()
            .copied()
            .collect();
        let home = homes.first().filter(|_| network.addr().is_ipv6() && homes.len() == 1);
        match home.and_then(|home| groups.get_mut(home)) {
            Some((networks, why)) => {
                networks.push(*network);
                why.push_str(&format!("; {network} has stations with the same MAC addresses"));
            }
            None => drop(groups.insert(*network, (vec![*network], format!("{why} ({network})")))),
        }
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    match (groups.as_mut_slice(), on_link.is_empty()) {
        (_, true) => {}
        ([(networks, _)], false) => networks.append(&mut on_link),
        _ => groups.push((
            on_link,
            "addresses that hold on one link only; which zone each belongs to is not seen".into(),
        )),
    }
    groups
}

fn add_zones(
    places: &mut Places,
    networks: &[IpNet],
    why: String,
    seen: &BTreeMap<IpNet, Seen<'_>>,
    by_network: bool,
) {
    let Some(first) = networks.first() else { return };
    let whats: Vec<&Seen<'_>> = networks.iter().filter_map(|network| seen.get(network)).collect();
    let heard: Vec<(IpAddr, &Station)> = whats.iter().flat_map(|what| what.heard.iter().copied()).collect();
    let controllers = heard.iter().filter(|(_, station)| station.is_controller()).count();
    let mut zone = DraftZone {
        id: zone_id("network", *first),
        name: format!("Network {first}"),
        networks: networks.to_vec(),
        security_level: if controllers > 0 { 2 } else { 1 },
        evidence: vec![format!("{} heard; {why}", stations(heard.len()))],
        heard: heard.len(),
    };
    if is_link(*first) {
        zone.id = "link-local".into();
        zone.name = "Link-local addresses".into();
    } else if first.addr().is_loopback() {
        zone.id = if first.addr().is_ipv4() { "machine".into() } else { "machine-ipv6".into() };
        zone.name = "The machine itself".into();
    }
    if controllers > 0 {
        zone.evidence.push(format!("{} answered to a control protocol", stations(controllers)));
    }
    let split = if by_network { None } else { split_controllers(networks, &whats) };
    if let Some((part, rest)) = split {
        let count = |networks: &[IpNet]| {
            heard.iter().filter(|(ip, _)| networks.iter().any(|n| n.contains(ip))).count()
        };
        places.add(DraftZone {
            id: zone_id("controllers", part),
            name: format!("Controllers in {part}"),
            networks: vec![part],
            security_level: 2,
            evidence: vec![format!(
                "all {} of {first} that answer to a control protocol lie here, and nothing else seen does",
                stations(controllers),
            )],
            heard: count(&[part]),
        });
        zone.heard = count(&rest);
        zone.networks = rest;
        zone.security_level = 1;
        zone.evidence =
            vec![format!("{} heard; the rest of {first}, without its controllers", stations(zone.heard))];
    } else if controllers > 0 && controllers < heard.len() {
        zone.evidence.push("controllers and others share it: could they be parted?".into());
    }
    places.add(zone);
}

fn stations(count: usize) -> String {
    format!("{count} station{}", if count == 1 { "" } else { "s" })
}

fn zone_id(what: &str, network: IpNet) -> String {
    slug(&format!("{what}-{network}"))
}

/// The widest part of an IPv4 network that holds all its controllers and nothing else that was seen, and the rest of the
/// network. `None` if there is no such part, or the network is not alone in its zone.
fn split_controllers(networks: &[IpNet], whats: &[&Seen<'_>]) -> Option<(IpNet, Vec<IpNet>)> {
    let ([IpNet::V4(network)], [what]) = (networks, whats) else { return None };
    let is_controller =
        |ip: &IpAddr| what.heard.iter().any(|(heard, station)| heard == ip && station.is_controller());
    let (inner, others): (Vec<IpAddr>, Vec<IpAddr>) = what.addresses.iter().partition(|ip| is_controller(ip));
    let [IpAddr::V4(first), _, ..] = inner.as_slice() else { return None };
    if network.prefix_len() != 24 || others.is_empty() {
        return None;
    }
    let part = (25..=30).filter_map(|bits| Some(Ipv4Net::new(*first, bits).ok()?.trunc())).find(|part| {
        let holds = |ip: &IpAddr| matches!(ip, IpAddr::V4(ip) if part.contains(ip));
        inner.iter().all(holds) && !others.iter().any(holds)
    })?;
    let rest = (25..=part.prefix_len()).filter_map(|bits| {
        // The other half of what the part lies in, one bit shorter.
        let flipped = u32::from(part.network()) ^ (1 << (32 - bits));
        Some(IpNet::V4(Ipv4Net::new(Ipv4Addr::from(flipped), bits).ok()?.trunc()))
    });
    Some((IpNet::V4(part), rest.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_inside_by_its_range() {
        for (ip, local) in [
            ("192.168.1.1", true),
            ("192.0.2.1", true),
            ("100.64.0.1", true),
            ("fe80::1", true),
            ("fd00::1", true),
            ("2001:db8::1", true),
            ("9.9.9.9", false),
            ("2620:fe::fe", false),
        ] {
            assert_eq!(is_local(ip.parse().unwrap()), local, "{ip}");
        }
    }

    #[test]
    fn networks_are_as_wide_as_their_kind() {
        for (ip, network) in [
            ("192.0.2.77", "192.0.2.0/24"),
            ("127.0.0.53", "127.0.0.0/8"),
            ("169.254.3.3", "169.254.0.0/16"),
            ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
            ("fe80::5", "fe80::/10"),
            ("::1", "::1/128"),
        ] {
            assert_eq!(network_around(ip.parse().unwrap()).to_string(), network);
        }
    }
}
