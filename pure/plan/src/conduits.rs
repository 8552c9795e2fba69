//! Conduits: that they allow something, and say it as well as Bastide can read it.

use crate::{
    diagnostic::{Code, Flaw, Flaws},
    networks::is_outside,
    source::At,
    tree::{ConduitTable, Table, Tree, ZoneTable},
};
use city::{Allowance, Protocol, Transport, ZoneId};
use std::collections::BTreeMap;

pub(crate) fn check_conduits(tree: &Tree, flaws: &mut Flaws) {
    let zones: BTreeMap<&ZoneId, &ZoneTable> =
        tree.zones.iter().filter_map(|zone| Some((&zone.id.get()?.value, zone))).collect();
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
    let Allowance::Ports { transport, ports } = allowance else { return None };
    let port = u16::try_from(ports.first).ok().filter(|_| ports.first == ports.last)?;
    if *transport == Transport::Sctp {
        return None;
    }
    // A port that carries TLS says no more as `tls: any` than as a port; nor does one of QUIC, which is TLS inside.
    let is_sealed = |protocol: &Protocol| matches!(protocol, Protocol::Quic | Protocol::Tls);
    let mut readable = Protocol::ALL.iter().copied().filter(|protocol| !is_sealed(protocol));
    readable.find(|protocol| protocol.usual_ports().contains(&port))
}

fn first_verb(protocol: Protocol) -> &'static str {
    let verbs = protocol.verbs();
    if verbs.contains(city::Verb::Read) {
        "read"
    } else {
        verbs.iter().next().map_or("any", city::Verb::as_str)
    }
}
