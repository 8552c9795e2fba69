//! What a plan asks of firewalls: who may begin to speak to whom, by addresses and ports.
//!
//! A firewall decides at the first packet and sees no verbs. What a plan says beyond that is kept beside it: which
//! allowances stay to be watched on the wire ([`Policy::watched`]), and which no firewall can carry out
//! ([`Policy::gaps`]).

use city::{Allowance, AssetId, Conduit, Ports, Protocol, Transport, VerbSet, Zone, ZoneId};
use ipnet::IpNet;
use plan::Plan;
use std::{collections::BTreeMap, fmt};

/// What a plan asks of firewalls.
#[derive(Clone, Debug)]
pub struct Policy<'p> {
    /// The plan.
    pub plan: &'p Plan,
    /// What is open between two zones, by their ids. Zones without a conduit between them are not here, nor is a zone
    /// that is open within.
    pub paths: BTreeMap<(&'p ZoneId, &'p ZoneId), Vec<Passage<'p>>>,
    /// Allowances whose port a firewall can open, and whose verbs or targets only the wire can watch.
    pub watched: Vec<(&'p Conduit, &'p Allowance)>,
    /// Allowances that no firewall can carry out.
    pub gaps: Vec<Gap<'p>>,
}

/// What one conduit opens.
#[derive(Clone, Debug)]
pub struct Passage<'p> {
    /// The conduit.
    pub conduit: &'p Conduit,
    /// The addresses that may begin, where not all of the zone may.
    pub sources: Option<Vec<IpNet>>,
    /// The addresses that may be spoken to, where not all of the zone may.
    pub destinations: Option<Vec<IpNet>>,
    /// What may run.
    pub openings: Openings,
}

/// What may run: ports and IP protocols, each once and in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Openings {
    /// Ports of TCP, UDP and SCTP, sorted; ranges of one transport neither overlap nor touch.
    pub ports: Vec<Ports>,
    /// Whether ICMP, and ICMPv6, may pass.
    pub icmp: bool,
    /// Other IP protocols by their IANA numbers, sorted.
    pub protocols: Vec<u8>,
}

/// An allowance that a firewall cannot carry out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap<'p> {
    /// The conduit.
    pub conduit: &'p Conduit,
    /// The allowance, or none where an end of the conduit has no address.
    pub allowance: Option<&'p Allowance>,
    /// Why.
    pub why: Why,
}

/// Why a firewall cannot carry out an allowance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The protocol has no usual port, and the allowance names none.
    NoPort(Protocol),
    /// An asset at an end has no address.
    NoAddress(AssetId),
}

impl fmt::Display for Gap<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.why, self.allowance) {
            (Why::NoPort(protocol), Some(allowance)) => write!(
                f,
                "`{allowance}` in conduit `{}`: {} has no usual port; write `{allowance} on tcp/…`",
                self.conduit.id,
                protocol.title()
            ),
            (Why::NoPort(protocol), None) => write!(f, "{} has no usual port", protocol.title()),
            (Why::NoAddress(asset), _) => write!(
                f,
                "conduit `{}` is for `{asset}`, which has no address; a firewall knows nothing else of it",
                self.conduit.id
            ),
        }
    }
}

impl<'p> Policy<'p> {
    /// Reads the policy out of a plan.
    #[must_use]
    pub fn new(plan: &'p Plan) -> Policy<'p> {
        let mut policy = Policy { plan, paths: BTreeMap::new(), watched: Vec::new(), gaps: Vec::new() };
        for conduit in plan.conduits() {
            let openings = policy.openings(conduit);
            let sources = policy.end(conduit, &conduit.from_assets);
            let destinations = policy.end(conduit, &conduit.to_assets);
            // A conduit that opens nothing here still closes a zone to what is not written.
            let passage = Passage { conduit, sources, destinations, openings };
            policy.paths.entry((&conduit.from, &conduit.to)).or_default().push(passage);
        }
        policy
    }

    fn openings(&mut self, conduit: &'p Conduit) -> Openings {
        let mut openings = Openings::default();
        for allowance in &conduit.allow {
            match opened_by(allowance) {
                Ok(opened) => {
                    let whole = match allowance {
                        Allowance::Requests { protocol, verbs, target, .. } => {
                            target.is_none() && (*verbs == VerbSet::ALL || *verbs == protocol.verbs())
                        }
                        Allowance::Ports(_) | Allowance::Packets { .. } => true,
                    };
                    if !whole {
                        self.watched.push((conduit, allowance));
                    }
                    openings.merge(opened);
                }
                Err(protocol) => {
                    let why = Why::NoPort(protocol);
                    self.gaps.push(Gap { conduit, allowance: Some(allowance), why });
                }
            }
        }
        openings
    }

    fn end(&mut self, conduit: &'p Conduit, assets: &'p [AssetId]) -> Option<Vec<IpNet>> {
        if assets.is_empty() {
            return None;
        }
        let mut addresses = Vec::new();
        for asset in assets.iter().filter_map(|id| self.plan.asset(id)) {
            if asset.addresses.is_empty() {
                self.gaps.push(Gap { conduit, allowance: None, why: Why::NoAddress(asset.id.clone()) });
            }
            addresses.extend(asset.addresses.iter().map(|address| IpNet::from(*address)));
        }
        addresses.sort();
        addresses.dedup();
        Some(addresses)
    }

    /// Whether everything may run within a zone: no conduit leads from it to itself.
    #[must_use]
    pub fn is_open_within(&self, zone: &Zone) -> bool {
        !self.paths.contains_key(&(&zone.id, &zone.id))
    }

    /// What is open from one zone to another.
    #[must_use]
    pub fn path(&self, from: &ZoneId, to: &ZoneId) -> &[Passage<'p>] {
        let ends = self.plan.zone(from).zip(self.plan.zone(to));
        ends.and_then(|(from, to)| self.paths.get(&(&from.id, &to.id))).map_or(&[], Vec::as_slice)
    }
}

/// What an allowance opens, or the protocol whose port is not known.
pub(super) fn opened_by(allowance: &Allowance) -> Result<Openings, Protocol> {
    let ports = |ports: &[Ports]| Ok(Openings { ports: ports.to_vec(), ..Openings::default() });
    let packets = |number: u8| Ok(Openings { protocols: vec![number], ..Openings::default() });
    match allowance {
        Allowance::Ports(opened) | Allowance::Requests { on: Some(opened), .. } => ports(&[*opened]),
        Allowance::Packets { number } => packets(*number),
        Allowance::Requests { protocol, .. } => match protocol {
            Protocol::Icmp => Ok(Openings { icmp: true, ..Openings::default() }),
            Protocol::Igmp => packets(2),
            Protocol::Vrrp => packets(112),
            // What runs directly on the link never comes to a firewall.
            Protocol::Arp
            | Protocol::Cdp
            | Protocol::Eapol
            | Protocol::Lldp
            | Protocol::ProfinetDcp
            | Protocol::Stp
            | Protocol::Udld => Ok(Openings::default()),
            _ if protocol.usual_ports().is_empty() => Err(*protocol),
            _ => {
                let usual: Vec<Ports> = protocol
                    .usual_ports()
                    .iter()
                    .map(|(transport, port)| Ports::one(*transport, *port))
                    .collect();
                ports(&usual)
            }
        },
    }
}

impl Openings {
    /// Whether nothing may run.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ports.is_empty() && !self.icmp && self.protocols.is_empty()
    }

    /// Adds what others open.
    pub fn merge(&mut self, other: Openings) {
        self.icmp |= other.icmp;
        self.protocols.extend(other.protocols);
        self.protocols.sort_unstable();
        self.protocols.dedup();
        self.ports.extend(other.ports);
        self.ports.sort_unstable();
        let mut merged: Vec<Ports> = Vec::with_capacity(self.ports.len());
        for ports in self.ports.drain(..) {
            match merged.last_mut() {
                Some(last)
                    if last.transport == ports.transport && ports.numbers.first <= last.numbers.last + 1 =>
                {
                    last.numbers.last = last.numbers.last.max(ports.numbers.last);
                }
                _ => merged.push(ports),
            }
        }
        self.ports = merged;
    }

    /// Whether a flow may run, by what carries it and its port.
    #[must_use]
    pub fn carry(&self, flow: &city::Flow) -> bool {
        match flow.transport {
            Transport::Icmp => self.icmp,
            Transport::Ip(number) => self.protocols.contains(&number),
            Transport::Ethernet(_) => false,
            Transport::Tcp | Transport::Udp | Transport::Sctp => {
                self.ports.iter().any(|ports| ports.carry(flow))
            }
        }
    }
}

/// The IANA number of a transport that has ports.
#[must_use]
pub(crate) fn number_of(transport: Transport) -> u8 {
    match transport {
        Transport::Tcp => 6,
        Transport::Udp => 17,
        Transport::Sctp => 132,
        Transport::Icmp => 1,
        Transport::Ip(number) => number,
        Transport::Ethernet(_) => 255,
    }
}
