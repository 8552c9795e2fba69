//! Stations that were heard inside the city, as assets.

use super::{
    Draft, Station,
    networks::{Places, is_on_link},
    text::counted,
};
use crate::value::slug;
use city::{Mac, Protocol, Trait};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

/// An asset of the draft.
#[derive(Debug)]
pub(super) struct DraftAsset {
    pub id: String,
    pub name: String,
    /// Its zone, by its place in the list.
    pub zone: usize,
    pub addresses: Vec<IpAddr>,
    pub macs: Vec<Mac>,
    pub product: Option<String>,
    pub firmware: Option<String>,
    pub role: Option<String>,
    /// What each guess rests on.
    pub evidence: Vec<String>,
}

/// Who claims which addresses inside the city.
struct Claims {
    by_mac: BTreeMap<Mac, Claim>,
}

/// What one MAC address claims.
#[derive(Default)]
struct Claim {
    /// The zones of its addresses that hold beyond the link.
    zones: BTreeSet<Option<usize>>,
    /// The zone of its link-local addresses, if it has any.
    link: Option<usize>,
    addresses: Vec<IpAddr>,
}

/// The most addresses of one asset; more behind one MAC address are behind a router.
const ADDRESSES_MAX: usize = 8;

impl Claims {
    fn new(draft: &Draft, places: &Places) -> Claims {
        let mut by_mac: BTreeMap<Mac, Claim> = BTreeMap::new();
        for (ip, station) in &draft.stations {
            for mac in &station.macs {
                let claim = by_mac.entry(*mac).or_default();
                if is_on_link(*ip) {
                    claim.link = places.zone_of(*ip);
                } else {
                    claim.zones.insert(places.zone_of(*ip));
                    claim.addresses.push(*ip);
                }
            }
        }
        Claims { by_mac }
    }

    /// The zone of the one device that the MAC address stands for; `None` if it stands for several, as a router's does.
    fn home(&self, mac: Mac) -> Option<usize> {
        let claim = self.by_mac.get(&mac)?;
        let mut zones = claim.zones.iter();
        match (zones.next(), zones.next()) {
            (None, _) => claim.link,
            (Some(zone), None) if claim.addresses.len() <= ADDRESSES_MAX => *zone,
            _ => None,
        }
    }
}

/// Stations that are taken for one device: their zone, and the MAC address that they share.
type Device<'a> = (usize, Option<Mac>, Vec<(IpAddr, &'a Station)>);

pub(super) fn draft_assets(draft: &Draft, places: &Places) -> Vec<DraftAsset> {
    let claims = Claims::new(draft, places);
    // Stations of one device: those whose only MAC address is the same. Others stand alone.
    let mut devices: Vec<Device<'_>> = Vec::new();
    let mut by_mac: BTreeMap<Mac, usize> = BTreeMap::new();
    for (ip, station) in &draft.stations {
        let Some(zone) = places.zone_of(*ip).filter(|_| station.heard > 0) else { continue };
        let mac = station
            .macs
            .first()
            .copied()
            .filter(|mac| station.macs.len() == 1 && claims.home(*mac) == Some(zone));
        match mac.and_then(|mac| by_mac.get(&mac)).and_then(|at| devices.get_mut(*at)) {
            Some((_, _, stations)) => stations.push((*ip, station)),
            None => {
                if let Some(mac) = mac {
                    by_mac.insert(mac, devices.len());
                }
                devices.push((zone, mac, vec![(*ip, station)]));
            }
        }
    }
    let mut taken = BTreeSet::new();
    let mut assets: Vec<DraftAsset> = devices
        .into_iter()
        .map(|(zone, mac, stations)| draft_asset(zone, mac, &stations, &claims, &mut taken))
        .collect();
    assets.extend(link_assets(draft, places, &claims, &mut taken));
    assets
}

fn draft_asset(
    zone: usize,
    mac: Option<Mac>,
    stations: &[(IpAddr, &Station)],
    claims: &Claims,
    taken: &mut BTreeSet<String>,
) -> DraftAsset {
    let known = |about: Trait| {
        let facts = stations.iter().filter_map(|(_, station)| station.identity.get(&about));
        // Of equally credible facts the first.
        facts.rev().max_by_key(|known| known.confidence)
    };
    let text = |about: Trait| known(about).map(|known| known.value.to_string());
    let first = stations.first().map(|(ip, _)| ip.to_string()).unwrap_or_default();
    let name = text(Trait::Name);
    let product = join([text(Trait::Vendor), text(Trait::Product), text(Trait::Model)]);
    let role = text(Trait::Role).or_else(|| role(stations).map(str::to_owned));
    let mut evidence = Vec::new();
    let heard: u64 = stations.iter().map(|(_, station)| station.heard).sum();
    evidence.push(format!("heard {}", counted(heard, "time")));
    for about in [
        Trait::Name,
        Trait::Vendor,
        Trait::Product,
        Trait::Model,
        Trait::Firmware,
        Trait::Role,
        Trait::Serial,
    ] {
        if let Some(known) = known(about) {
            let (by, field) = (known.witness.protocol.title(), &known.witness.field);
            let value = if about == Trait::Serial { format!(" {}", known.value) } else { String::new() };
            evidence.push(format!(
                "{}{value}: told by {by}, {field} ({} %)",
                about.as_str(),
                known.confidence
            ));
        }
    }
    stations.iter().for_each(|(_, station)| say_doors(station, &mut evidence));
    for (ip, station) in stations {
        if mac.is_none() && !station.macs.is_empty() {
            evidence.push(why_no_mac(*ip, station, claims));
        }
    }
    let stem = name
        .as_deref()
        .map(slug)
        .filter(|slug| !slug.is_empty())
        .unwrap_or_else(|| slug(&format!("station-{first}")));
    DraftAsset {
        id: unique(&stem, taken),
        name: name.or_else(|| product.clone()).unwrap_or_else(|| format!("Station {first}")),
        zone,
        addresses: stations.iter().map(|(ip, _)| *ip).collect(),
        macs: mac.into_iter().collect(),
        product,
        firmware: text(Trait::Firmware),
        role,
        evidence,
    }
}

fn why_no_mac(ip: IpAddr, station: &Station, claims: &Claims) -> String {
    let macs: Vec<String> = station.macs.iter().map(ToString::to_string).collect();
    let claim = station.macs.first().and_then(|mac| claims.by_mac.get(mac));
    match (macs.as_slice(), claim) {
        ([mac], Some(claim)) if is_on_link(ip) && claim.zones.len() == 1 => {
            let other = claim.addresses.first().map(ToString::to_string).unwrap_or_default();
            format!("{mac} claims {ip} and {other}: the same device, which stands in another zone")
        }
        ([mac], Some(claim)) => {
            let others = claim.addresses.iter().filter(|other| **other != ip).count();
            format!("{mac} claims {ip} and {others} more: a router, or one that answers for others")
        }
        _ => format!("{} MAC addresses claim {ip}: {}; find out which is right", macs.len(), macs.join(", ")),
    }
}

/// What a station does, if what it serves and asks says so.
fn role(stations: &[(IpAddr, &Station)]) -> Option<&'static str> {
    let any = |test: &dyn Fn(&Station) -> bool| stations.iter().any(|(_, station)| test(station));
    let serves = |protocol: Protocol| any(&|s| s.serves.keys().any(|(p, ..)| *p == Some(protocol)));
    if any(&Station::is_controller) {
        Some("controller")
    } else if any(&|s| s.asks.keys().any(|protocol| protocol.is_industrial())) {
        Some("supervisor")
    } else if serves(Protocol::Mqtt) {
        Some("broker")
    } else if serves(Protocol::Dns) {
        Some("name server")
    } else if any(&|s| {
        s.serves.keys().any(|(p, ..)| !matches!(p, Some(Protocol::Arp | Protocol::Icmp | Protocol::Mdns)))
    }) {
        Some("server")
    } else {
        None
    }
}

fn say_doors(station: &Station, evidence: &mut Vec<String>) {
    for ((protocol, transport, port), door) in &station.serves {
        let requests = counted(door.requests, "request");
        match protocol {
            Some(Protocol::Arp | Protocol::Icmp) => {}
            Some(protocol) if door.requests > 0 => evidence.push(format!(
                "spoke {} as a server on {transport} {port}, {requests}, the first from {}",
                protocol.title(),
                door.visitor
            )),
            Some(protocol) => {
                evidence.push(format!("spoke {} as a server on {transport} {port}", protocol.title()))
            }
            None if *port > 0 => {
                evidence.push(format!("answered on {transport} {port}, the first time to {}", door.visitor));
            }
            None => {}
        }
    }
    for (protocol, requests) in &station.asks {
        if protocol.is_industrial() {
            evidence.push(format!(
                "asked others over {}, {}",
                protocol.title(),
                counted(*requests, "request")
            ));
        }
    }
}

/// Stations that spoke directly on the link and have no IP address. They are put where most others are, for their
/// frames do not say.
fn link_assets(
    draft: &Draft,
    places: &Places,
    claims: &Claims,
    taken: &mut BTreeSet<String>,
) -> Vec<DraftAsset> {
    let Some(zone) = places.largest() else { return Vec::new() };
    let unknown = draft.link_stations.iter().filter(|(mac, _)| !claims.by_mac.contains_key(mac));
    unknown
        .map(|(mac, heard)| DraftAsset {
            id: unique(&slug(&format!("station-{mac}")), taken),
            name: format!("Station {mac}"),
            zone,
            addresses: Vec::new(),
            macs: vec![*mac],
            product: None,
            firmware: None,
            role: None,
            evidence: vec![format!(
                "heard {}, without an IP address; its zone is only a guess",
                counted(*heard, "time")
            )],
        })
        .collect()
}

/// The parts that add something to those before them, in one text.
fn join(parts: [Option<String>; 3]) -> Option<String> {
    let mut joined = String::new();
    for part in parts.into_iter().flatten() {
        // Nothing is the beginning of everything.
        if part.to_lowercase().starts_with(&joined.to_lowercase()) {
            joined = part;
        } else if !joined.to_lowercase().contains(&part.to_lowercase()) {
            joined = format!("{joined} {part}");
        }
    }
    Some(joined).filter(|joined| !joined.is_empty())
}

/// An id that no other asset has: with a number behind it, if need be.
fn unique(stem: &str, taken: &mut BTreeSet<String>) -> String {
    // Room for the number within an id's 64 characters.
    let stem: String = stem.chars().take(56).collect();
    let stem = stem.trim_end_matches('-');
    let numbered = (2..).map(|number| format!("{stem}-{number}"));
    let id =
        std::iter::once(stem.to_owned()).chain(numbered).find(|id| !taken.contains(id)).unwrap_or_default();
    taken.insert(id.clone());
    id
}
