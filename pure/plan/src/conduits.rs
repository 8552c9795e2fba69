//! Conduits: that they allow something, and say it as well as Bastide can read it.

use crate::{
    diagnostic::{Code, Flaw, Flaws},
    networks::is_outside,
    source::At,
    tree::{ConduitTable, List, Table, Tree, ZoneTable},
};
use city::{Allowance, AssetId, Ports, Protocol, ZoneId};
use std::collections::BTreeMap;

pub(crate) fn check_conduits(tree: &Tree, flaws: &mut Flaws) {
    let zones: BTreeMap<&ZoneId, &ZoneTable> =
        tree.zones.iter().filter_map(|zone| Some((&zone.id.get()?.value, zone))).collect();
    let stands: BTreeMap<&AssetId, &At<ZoneId>> =
        tree.assets.iter().filter_map(|asset| Some((&asset.id.get()?.value, asset.zone.get()?))).collect();
    for conduit in &tree.conduits {
        let span = conduit.id.get().map_or(conduit.header(), |id| id.span);
        if conduit.allow.is_surely_empty() {
            let flaw = Flaw::error(Code::Missing, span, "the conduit allows nothing");
            flaws.push(flaw.help("write `allow = [\"modbus: read\"]`, or take the conduit out"));
        }
        if let (Some(from), Some(to)) = (end(conduit.from.get(), &zones), end(conduit.to.get(), &zones))
            && is_outside(from)
            && is_outside(to)
        {
            let why = "both ends lie outside, so the city would not see what runs here";
            flaws.push(Flaw::warning(Code::Unreachable, span, why).help("take the conduit out"));
        }
        check_allowances(conduit, flaws);
        check_ends(&conduit.from_assets, conduit.from.get(), &stands, flaws);
        check_ends(&conduit.to_assets, conduit.to.get(), &stands, flaws);
    }
}

/// Whether the assets to which an end is narrowed stand in its zone.
fn check_ends(
    named: &List<AssetId>,
    zone: Option<&At<ZoneId>>,
    stands: &BTreeMap<&AssetId, &At<ZoneId>>,
    flaws: &mut Flaws,
) {
    let Some(zone) = zone else { return };
    for asset in named.iter() {
        let Some(place) = stands.get(&asset.value).filter(|place| place.value != zone.value) else {
            continue;
        };
        let why = format!("`{}` stands in zone `{}`, not in `{}`", asset.value, place.value, zone.value);
        let flaw = Flaw::error(Code::OutsideZone, asset.span, why).related(place.span, "here is its zone");
        flaws.push(flaw.help("name assets of the zone at this end"));
    }
}

fn end<'a>(id: Option<&At<ZoneId>>, zones: &BTreeMap<&ZoneId, &'a ZoneTable>) -> Option<&'a ZoneTable> {
    zones.get(&id?.value).copied()
}

fn check_allowances(conduit: &ConduitTable, flaws: &mut Flaws) {
    let mut seen: Vec<&At<Allowance>> = Vec::new();
    for allowance in conduit.allow.iter() {
        // More than this in one conduit is made by a machine, which may repeat itself.
        if seen.len() < 64 {
            if let Some(first) = seen.iter().find(|first| first.value == allowance.value) {
                let flaw =
                    Flaw::warning(Code::DuplicateEntry, allowance.span, "the conduit allows this already");
                flaws.push(flaw.related(first.span, "here is the first").help("leave one of them out"));
            }
            seen.push(allowance);
        }
        if let Some(protocol) = readable(&allowance.value) {
            let why = format!("{} usually runs here, and a port allows every verb of it", protocol.title());
            let help =
                format!("write the verbs that are needed, such as `{protocol}: {}`", first_verb(protocol));
            flaws.push(Flaw::warning(Code::ReadablePort, allowance.span, why).help(help));
        }
    }
}

/// The protocol whose usual port is allowed alone: a range is seldom written for one of its ports.
fn readable(allowance: &Allowance) -> Option<Protocol> {
    let Allowance::Ports(Ports { transport, numbers }) = allowance else { return None };
    let port = u16::try_from(numbers.first).ok().filter(|_| numbers.first == numbers.last)?;
    // A port that carries TLS says no more as `tls: any` than as a port; nor does one of QUIC, which is TLS inside.
    let is_sealed = |protocol: &Protocol| matches!(protocol, Protocol::Quic | Protocol::Tls);
    let mut readable = Protocol::ALL.iter().copied().filter(|protocol| !is_sealed(protocol));
    readable.find(|protocol| protocol.usually_at(*transport, port))
}

fn first_verb(protocol: Protocol) -> &'static str {
    let verbs = protocol.verbs();
    if verbs.contains(city::Verb::Read) {
        "read"
    } else {
        verbs.iter().next().map_or("any", city::Verb::as_str)
    }
}
