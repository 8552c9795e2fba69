//! Zones and the addresses in them: no two networks overlap, and every declared address lies in its asset's zone and
//! belongs to one asset.

use crate::{
    diagnostic::{Code, Flaw, Flaws},
    source::{At, Span},
    tree::{AssetTable, Table, Tree, ZoneTable},
};
use city::{Mac, ZoneId};
use ipnet::IpNet;
use std::{collections::BTreeMap, fmt::Display, net::IpAddr};

/// The zone of each network, by the network's first address. Networks do not overlap.
type ByNetwork<'a> = BTreeMap<IpAddr, (IpNet, &'a ZoneTable)>;

pub(crate) fn check_networks(tree: &Tree, flaws: &mut Flaws) {
    check_zones(tree, flaws);
    let by_network = check_overlaps(tree, flaws);
    if !tree.broken {
        check_places(tree, &by_network, flaws);
    }
    check_owners(tree, flaws);
}

pub(crate) fn is_outside(zone: &ZoneTable) -> bool {
    zone.outside.get().is_some_and(|outside| outside.value)
}

fn check_zones(tree: &Tree, flaws: &mut Flaws) {
    let mut elsewhere: Option<Span> = None;
    for zone in &tree.zones {
        let span = zone.id.get().map_or(zone.header(), |id| id.span);
        if zone.security_level.is_left_out() && !is_outside(zone) {
            let flaw = Flaw::error(Code::Missing, zone.header(), "a zone needs `security-level`");
            flaws.push(
                flaw.help("write `security-level = …`: the level aimed at (IEC 62443-3-3), from 0 to 4"),
            );
        }
        if !zone.networks.is_surely_empty() {
            continue;
        }
        if !is_outside(zone) {
            let flaw =
                Flaw::error(Code::Missing, span, "the zone has no networks, so nothing could lie in it");
            let help = "write `networks = [\"192.0.2.0/24\"]`, or `outside = true` if it is everywhere else";
            flaws.push(flaw.help(help));
        } else if let Some(first) = elsewhere {
            let why = "a second zone is everywhere else: outside, and without networks";
            let flaw = Flaw::error(Code::Overlap, span, why).related(first, "here is the first");
            flaws.push(flaw.help("give one of them the networks it spans"));
        } else {
            elsewhere = Some(span);
        }
    }
}

/// Finds overlaps in one walk over the sorted networks: two networks are either apart or one holds the other.
fn check_overlaps<'a>(tree: &'a Tree, flaws: &mut Flaws) -> ByNetwork<'a> {
    let mut networks: Vec<(&At<IpNet>, &ZoneTable)> = Vec::new();
    for zone in &tree.zones {
        networks.extend(zone.networks.iter().map(|network| (network, zone)));
    }
    // A network stands before those it holds; of equal ones the first declared.
    networks.sort_by_key(|(network, _)| (network.value.network(), network.value.prefix_len(), network.span));
    let mut by_network = ByNetwork::new();
    let mut open: Option<(&At<IpNet>, &ZoneTable)> = None;
    for (network, zone) in networks {
        match open.filter(|(outer, _)| outer.value.contains(&network.value)) {
            Some((outer, other)) => flaws.push(overlap(network, zone, outer, other)),
            None => {
                by_network.insert(network.value.network(), (network.value, zone));
                open = Some((network, zone));
            }
        }
    }
    by_network
}

fn overlap(network: &At<IpNet>, zone: &ZoneTable, outer: &At<IpNet>, other: &ZoneTable) -> Flaw {
    let within = if network.value == outer.value { "is also" } else { "lies within" };
    let (whose, help) = if std::ptr::eq(zone, other) {
        (String::from("of the same zone"), "leave the smaller one out")
    } else {
        let name = other.id.get().map_or_else(|| "another zone".into(), |id| format!("zone `{}`", id.value));
        (
            format!("of {name}"),
            "let every address lie in one zone: split the larger network, or move the smaller one",
        )
    };
    let outer_name =
        if network.value == outer.value { String::from("a network") } else { format!("`{}`", outer.value) };
    let why = format!("`{}` {within} {outer_name} {whose}", network.value);
    Flaw::error(Code::Overlap, network.span, why).related(outer.span, "here is the other").help(help)
}

/// Whether every asset's addresses lie in its zone.
fn check_places(tree: &Tree, by_network: &ByNetwork<'_>, flaws: &mut Flaws) {
    let zones: BTreeMap<&ZoneId, &ZoneTable> =
        tree.zones.iter().rev().filter_map(|zone| Some((&zone.id.get()?.value, zone))).collect();
    for asset in &tree.assets {
        let Some(zone) = asset.zone.get().and_then(|id| zones.get(&id.value).copied()) else { continue };
        for address in asset.addresses.iter() {
            let holder = by_network.range(..=address.value).next_back().map(|(_, holder)| holder);
            let holder =
                holder.filter(|(network, _)| network.contains(&address.value)).map(|(_, zone)| *zone);
            let fits = match holder {
                Some(holder) => holder.id.get().map(|id| &id.value) == zone.id.get().map(|id| &id.value),
                // The zone that is everywhere else; or one whose networks could not all be read.
                None => (is_outside(zone) && zone.networks.items.is_empty()) || !zone.networks.whole,
            };
            if !fits {
                flaws.push(outside(address, zone, holder));
            }
        }
    }
}

fn outside(address: &At<IpAddr>, zone: &ZoneTable, holder: Option<&ZoneTable>) -> Flaw {
    let name = zone.id.get().map_or("", |id| id.value.as_str());
    let place = zone.networks.items.first().map_or(zone.header(), |network| network.span);
    let (why, help) = match holder.and_then(|holder| holder.id.get()) {
        Some(holder) => (
            format!(
                "`{}` lies in zone `{}`, and the asset stands in zone `{name}`",
                address.value, holder.value
            ),
            format!("write `zone = \"{}\"`, or put the address right", holder.value),
        ),
        None => (
            format!("`{}` lies in no network of zone `{name}`", address.value),
            String::from("put the address right, or add its network to the zone"),
        ),
    };
    Flaw::error(Code::OutsideZone, address.span, why).related(place, "the zone's networks").help(help)
}

/// Whether every address has one owner, and every asset can be known by some address.
fn check_owners(tree: &Tree, flaws: &mut Flaws) {
    let mut ips: BTreeMap<IpAddr, (Span, &AssetTable)> = BTreeMap::new();
    let mut macs: BTreeMap<Mac, (Span, &AssetTable)> = BTreeMap::new();
    for asset in &tree.assets {
        for address in asset.addresses.iter() {
            match ips.get(&address.value) {
                Some((first, owner)) => flaws.push(twice(address, *first, asset, owner)),
                None => drop(ips.insert(address.value, (address.span, asset))),
            }
        }
        for mac in asset.macs.iter() {
            match macs.get(&mac.value) {
                Some((first, owner)) => flaws.push(twice(mac, *first, asset, owner)),
                None => drop(macs.insert(mac.value, (mac.span, asset))),
            }
        }
        if asset.addresses.is_surely_empty() && asset.macs.is_surely_empty() {
            let span = asset.id.get().map_or(asset.header(), |id| id.span);
            let why = "the asset has neither an IP nor a MAC address, so it would never be recognised";
            flaws.push(Flaw::warning(Code::Unreachable, span, why).help("write `addresses` or `macs`"));
        }
    }
}

fn twice<T: Display>(address: &At<T>, first: Span, asset: &AssetTable, owner: &AssetTable) -> Flaw {
    let why = match owner.id.get() {
        _ if std::ptr::eq(asset, owner) => format!("the asset has `{}` twice", address.value),
        Some(owner) => format!("`{}` is an address of asset `{}` already", address.value, owner.value),
        None => format!("`{}` is an address of another asset already", address.value),
    };
    Flaw::error(Code::DuplicateAddress, address.span, why)
        .related(first, "here is the first")
        .help("an address belongs to one asset: put one of them right")
}
