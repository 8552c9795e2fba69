//! What a plan says of traffic: between which zones it runs, and which conduit allows it.
//!
//! - Inside a zone everything is allowed, until the plan has a conduit from the zone to itself; then only what that
//!   says. Between zones, only what a conduit says.
//! - A conversation is allowed if a conduit allows its protocol with any verb, or its port. While the protocol is not
//!   known, the usual port of an allowed protocol is allowed too, or no conversation could ever begin; what is then said
//!   is judged request by request.
//! - Groups (broadcast, multicast) are heard where the sender is: a message to a group stays in the sender's zone.

use crate::Plan;
use city::{Address, Allowance, Conduit, Flow, Protocol, Request, Transport, Zone, ZoneId};

/// The zones that traffic runs between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends<'a> {
    /// The zone that began.
    pub from: &'a Zone,
    /// The zone that was spoken to.
    pub to: &'a Zone,
}

/// What the plan says of something seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// A conduit allows it.
    Allowed(&'a Conduit),
    /// It stays inside a zone for which the plan says nothing closer.
    Inside(&'a Zone),
    /// No conduit leads from the one zone to the other.
    NoConduit(Ends<'a>),
    /// There are conduits, and none of them allows this.
    NotAllowed(Ends<'a>),
    /// An end lies in no zone, or has no address yet: the plan says nothing.
    Unplaced,
}

impl Verdict<'_> {
    /// Whether the plan speaks against it.
    #[must_use]
    pub fn is_against(&self) -> bool {
        matches!(self, Verdict::NoConduit(_) | Verdict::NotAllowed(_))
    }
}

impl Plan {
    /// The zone of a station: by its network; failing that, the zone that is everywhere else, if the plan has one. A
    /// station known by its MAC address alone has the zone of the asset declared with it.
    #[must_use]
    pub fn zone_of_station(&self, address: Address) -> Option<&Zone> {
        match address {
            Address::Ip(ip) => self.zone_of(ip).or_else(|| self.zone(self.elsewhere.as_ref()?)),
            Address::Mac(_) => self.zone(&self.asset_at(address)?.zone),
        }
    }

    /// The zones that a conversation runs between. What is sent to a group stays in the zone of its sender, and a sender
    /// without an address (`0.0.0.0`, `::`) is in the zone of the station it speaks to. `None` if an end lies in no zone.
    #[must_use]
    pub fn ends(&self, flow: &Flow) -> Option<Ends<'_>> {
        let (source, destination) = (flow.source, flow.destination);
        match (source.is_station(), destination.is_station()) {
            (true, true) => {
                Some(Ends { from: self.zone_of_station(source)?, to: self.zone_of_station(destination)? })
            }
            (true, false) => self.zone_of_station(source).map(|zone| Ends { from: zone, to: zone }),
            (false, true) => self.zone_of_station(destination).map(|zone| Ends { from: zone, to: zone }),
            (false, false) => None,
        }
    }

    /// Whether a conversation may be, as far as it is known by now.
    #[must_use]
    pub fn judge_flow(&self, flow: &Flow) -> Verdict<'_> {
        self.judge(flow, |allowance| allows_flow(allowance, flow))
    }

    /// Whether a request may be.
    #[must_use]
    pub fn judge_request(&self, request: &Request) -> Verdict<'_> {
        self.judge(&request.flow, |allowance| allows_request(allowance, request))
    }

    /// Whether the plan has a conduit from one zone to another that allows what `fits`.
    #[must_use]
    pub fn allows(&self, from: &ZoneId, to: &ZoneId, fits: impl Fn(&Allowance) -> bool) -> Option<&Conduit> {
        self.conduits_between(from, to).find(|conduit| conduit.allow.iter().any(&fits))
    }

    fn judge(&self, flow: &Flow, fits: impl Fn(&Allowance) -> bool) -> Verdict<'_> {
        let Some(ends) = self.ends(flow) else { return Verdict::Unplaced };
        let Ends { from, to } = ends;
        if let Some(conduit) = self.allows(&from.id, &to.id, fits) {
            return Verdict::Allowed(conduit);
        }
        let silent = self.conduits_between(&from.id, &to.id).next().is_none();
        match silent {
            true if from.id == to.id => Verdict::Inside(from),
            true => Verdict::NoConduit(ends),
            false => Verdict::NotAllowed(ends),
        }
    }
}

/// Whether an allowance covers a conversation, as far as it is known by now.
#[must_use]
pub fn allows_flow(allowance: &Allowance, flow: &Flow) -> bool {
    match allowance {
        Allowance::Requests { protocol, .. } => match flow.protocol {
            Some(spoken) => spoken == *protocol,
            None if flow.transport == Transport::Icmp => *protocol == Protocol::Icmp,
            None => usual_ports(*protocol).contains(&(flow.transport, flow.destination_port)),
        },
        _ => allows_carrier(allowance, flow),
    }
}

/// Whether an allowance covers a request: its verb and target, or everything on its port.
#[must_use]
pub fn allows_request(allowance: &Allowance, request: &Request) -> bool {
    match allowance {
        Allowance::Requests { protocol, verbs, target } => {
            request.flow.protocol == Some(*protocol)
                && verbs.contains(request.verb)
                && target.as_ref().is_none_or(|target| target.admits(&request.target))
        }
        // A request that goes against the direction of its conversation (a server that asks) is on the same port.
        _ => {
            let flow = &request.flow;
            let turned = Flow { destination_port: flow.source_port, ..*flow };
            allows_carrier(allowance, flow) || allows_carrier(allowance, &turned)
        }
    }
}

fn allows_carrier(allowance: &Allowance, flow: &Flow) -> bool {
    match allowance {
        Allowance::Requests { .. } => false,
        Allowance::Ports { transport, ports } => {
            *transport == flow.transport && ports.contains(u64::from(flow.destination_port))
        }
        Allowance::Packets { number } => flow.transport == Transport::Ip(*number),
    }
}

/// The ports that a protocol's servers usually listen on (IANA's registry of service names), for the time until its
/// content is known.
#[must_use]
pub fn usual_ports(protocol: Protocol) -> &'static [(Transport, u16)] {
    use Transport::{Tcp, Udp};
    match protocol {
        Protocol::Arp | Protocol::Icmp => &[],
        Protocol::Bacnet => &[(Udp, 47808)],
        Protocol::Dhcp => &[(Udp, 67), (Udp, 68)],
        Protocol::Dns => &[(Tcp, 53), (Udp, 53)],
        Protocol::Http => &[(Tcp, 80), (Tcp, 8080)],
        Protocol::Mdns => &[(Udp, 5353)],
        Protocol::Modbus => &[(Tcp, 502)],
        Protocol::Mqtt => &[(Tcp, 1883)],
        Protocol::Tls => &[(Tcp, 443), (Tcp, 8443), (Tcp, 8883)],
    }
}
