//! What the plan says of a flow or a request.

use city::{Address, Allowance, AssetId, Conduit, Flow, Protocol, Request, Transport, Verb, Zone};
use plan::Plan;

/// What the plan says of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// A conduit allows it, both ends stand in one zone, or no end stands in the city.
    Allowed,
    /// No conduit allows it.
    Outside,
    /// A conduit may allow it, once its protocol is known.
    Unsettled,
}

/// The zone of an address. A place in no zone's networks belongs to the zone that stands for everywhere else, if the
/// plan has one.
#[must_use]
pub fn zone_of(plan: &Plan, address: Address) -> Option<&Zone> {
    let declared = || plan.asset_at(address).and_then(|asset| plan.zone(&asset.zone));
    let Address::Ip(ip) = address else { return declared() };
    plan.zone_of(ip).or_else(declared).or_else(|| plan.everywhere_else())
}

/// Whether a zone is inside the city.
#[must_use]
pub fn is_inside(zone: Option<&Zone>) -> bool {
    zone.is_some_and(|zone| !zone.outside)
}

/// Judges a flow by its ends, and by its protocol if that is known.
///
/// Traffic within one zone is allowed unless the plan declares a conduit from the zone to itself. Traffic that stays on
/// the link (broadcast, multicast, protocols without IP) does not cross zones. ICMP errors belong to the flow that
/// caused them.
#[must_use]
pub fn judge(plan: &Plan, flow: &Flow) -> Judgement {
    let (from, to) = match way(plan, flow) {
        Way::Free => return Judgement::Allowed,
        Way::Nowhere => return Judgement::Outside,
        Way::Between(from, to) => (from, to),
    };
    let mut verdict = Judgement::Outside;
    for allowance in between(plan, from, to, flow).flat_map(|conduit| &conduit.allow) {
        match (allowance, flow.protocol) {
            (Allowance::Ports(_) | Allowance::Packets { .. }, _) => {
                if carries(allowance, flow) {
                    return Judgement::Allowed;
                }
            }
            (Allowance::Requests { on: Some(ports), .. }, _) if !ports.carry(flow) => {}
            (Allowance::Requests { protocol, .. }, Some(seen)) if *protocol == seen => {
                return Judgement::Allowed;
            }
            (Allowance::Requests { protocol, .. }, None) if may_become(flow, *protocol) => {
                verdict = Judgement::Unsettled;
            }
            (Allowance::Requests { .. }, _) => {}
        }
    }
    verdict
}

/// What a flow needs of the plan.
pub(crate) enum Way<'p> {
    /// Nothing: it stays on its link, or within a zone that declares no conduit to itself, or no end is in the city.
    Free,
    /// One end is in no zone, and no conduit can lead there.
    Nowhere,
    /// A conduit from one zone to the other.
    Between(&'p Zone, &'p Zone),
}

/// What a flow needs of the plan.
pub(crate) fn way<'p>(plan: &'p Plan, flow: &Flow) -> Way<'p> {
    if !flow.source.is_station() || !flow.destination.is_station() || is_icmp_error(flow) {
        return Way::Free;
    }
    if matches!(flow.transport, Transport::Ethernet(_)) {
        return Way::Free;
    }
    let (from, to) = (zone_of(plan, flow.source), zone_of(plan, flow.destination));
    if !is_inside(from) && !is_inside(to) {
        return Way::Free;
    }
    let (Some(from), Some(to)) = (from, to) else { return Way::Nowhere };
    if is_open_within(plan, from, to) {
        return Way::Free;
    }
    Way::Between(from, to)
}

/// Judges a flow that ended without its protocol having been recognised. One that said nothing is allowed where it
/// tried an allowed protocol's usual port; one that spoke is not.
#[must_use]
pub fn judge_unrecognised(plan: &Plan, flow: &Flow, spoke: bool) -> Judgement {
    let verdict = judge(plan, flow);
    if verdict != Judgement::Unsettled {
        return verdict;
    }
    let (Some(from), Some(to)) = (zone_of(plan, flow.source), zone_of(plan, flow.destination)) else {
        return Judgement::Outside;
    };
    let mut allowances = between(plan, from, to, flow).flat_map(|conduit| &conduit.allow);
    let tried = allowances.any(|allowance| match allowance {
        Allowance::Requests { on: Some(ports), .. } => ports.carry(flow),
        Allowance::Requests { protocol, .. } => protocol.usually_at(flow.transport, flow.destination_port),
        Allowance::Ports(_) | Allowance::Packets { .. } => false,
    });
    if tried && !spoke { Judgement::Allowed } else { Judgement::Outside }
}

/// Whether the plan allows a request: some conduit between the two zones allows its verb on its target, or allows its
/// port, behind which Bastide does not look.
///
/// What comes back to the end that began belongs to its conduit: a publication there needs `subscribe` or `publish`.
#[must_use]
pub fn allows_request(plan: &Plan, request: &Request) -> bool {
    let flow = request.conversation();
    let (from, to) = (zone_of(plan, flow.source), zone_of(plan, flow.destination));
    if !is_inside(from) && !is_inside(to) {
        return true;
    }
    if !flow.destination.is_station() || !flow.source.is_station() {
        return true;
    }
    let (Some(from), Some(to), Some(protocol)) = (from, to, flow.protocol) else { return true };
    if matches!(flow.transport, Transport::Ethernet(_)) {
        return true;
    }
    if is_open_within(plan, from, to) {
        return true;
    }
    between(plan, from, to, &flow)
        .flat_map(|conduit| &conduit.allow)
        .any(|allowance| admits(allowance, &flow, protocol, request))
}

/// Whether two ends stand in one zone that is not divided: no conduit leads from it to itself.
fn is_open_within(plan: &Plan, from: &Zone, to: &Zone) -> bool {
    from.id == to.id && plan.conduits_between(&from.id, &to.id).next().is_none()
}

/// The conduits between two zones that are open to a flow's ends.
pub(crate) fn between<'p>(
    plan: &'p Plan,
    from: &'p Zone,
    to: &'p Zone,
    flow: &Flow,
) -> impl Iterator<Item = &'p Conduit> {
    let (source, destination) = (flow.source, flow.destination);
    let among = move |assets: &[AssetId], end: Address| {
        assets.is_empty() || plan.asset_at(end).is_some_and(|asset| assets.contains(&asset.id))
    };
    plan.conduits_between(&from.id, &to.id)
        .filter(move |conduit| among(&conduit.from_assets, source) && among(&conduit.to_assets, destination))
}

/// Whether one allowance admits a request.
pub(crate) fn admits(allowance: &Allowance, flow: &Flow, protocol: Protocol, request: &Request) -> bool {
    match allowance {
        Allowance::Requests { protocol: allowed, verbs, target, on } => {
            let verb = verbs.contains(request.verb)
                || request.back && request.verb == Verb::Publish && verbs.contains(Verb::Subscribe);
            let fits = || target.as_ref().is_none_or(|pattern| pattern.admits(&request.target));
            *allowed == protocol && verb && on.is_none_or(|ports| ports.carry(flow)) && fits()
        }
        Allowance::Ports(_) | Allowance::Packets { .. } => carries(allowance, flow),
    }
}

/// Whether an allowance admits a flow by what carries it, whatever is said in it.
pub(crate) fn carries(allowance: &Allowance, flow: &Flow) -> bool {
    match allowance {
        Allowance::Ports(ports) => ports.carry(flow),
        Allowance::Packets { number } => flow.transport == Transport::Ip(*number),
        Allowance::Requests { .. } => false,
    }
}

/// Whether a flow whose protocol is not yet known can turn out to be of a protocol.
fn may_become(flow: &Flow, protocol: Protocol) -> bool {
    match protocol {
        Protocol::Icmp => flow.transport == Transport::Icmp,
        Protocol::Arp => false,
        _ => matches!(flow.transport, Transport::Tcp | Transport::Udp | Transport::Sctp),
    }
}

/// Destination unreachable, time exceeded and parameter problem (RFC 792), and the errors of ICMPv6 (RFC 4443, types
/// below 128), are answers to something else.
fn is_icmp_error(flow: &Flow) -> bool {
    let v6 = matches!(flow.source, Address::Ip(std::net::IpAddr::V6(_)));
    flow.transport == Transport::Icmp
        && if v6 { flow.source_port < 128 } else { matches!(flow.source_port, 3 | 11 | 12) }
}
