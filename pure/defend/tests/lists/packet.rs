//! A packet, and what the plan says of it on a device that keeps no state.

use city::{Transport, Zone};
use defend::segmentation::{Openings, Policy};
use ipnet::IpNet;
use std::net::IpAddr;

#[derive(Clone, Copy, Debug)]
pub struct Packet {
    pub source: IpAddr,
    pub destination: IpAddr,
    pub carried: Carried,
}

#[derive(Clone, Copy, Debug)]
pub enum Carried {
    /// With ACK or RST, or without either.
    Tcp {
        source: u16,
        destination: u16,
        answers: bool,
    },
    Udp {
        source: u16,
        destination: u16,
    },
    Sctp,
    /// The type of ICMP or ICMPv6.
    Icmp(u8),
    Other(u8),
}

impl Packet {
    pub fn is_v6(&self) -> bool {
        self.source.is_ipv6()
    }

    pub fn protocol(&self) -> u8 {
        match self.carried {
            Carried::Tcp { .. } => 6,
            Carried::Udp { .. } => 17,
            Carried::Sctp => 132,
            Carried::Icmp(_) if self.is_v6() => 58,
            Carried::Icmp(_) => 1,
            Carried::Other(number) => number,
        }
    }

    /// Source and destination port, if it has some that a list can see.
    pub fn ports(&self) -> Option<(u16, u16)> {
        match self.carried {
            Carried::Tcp { source, destination, .. } | Carried::Udp { source, destination } => {
                Some((source, destination))
            }
            Carried::Sctp | Carried::Icmp(_) | Carried::Other(_) => None,
        }
    }

    pub fn icmp(&self) -> Option<u8> {
        if let Carried::Icmp(kind) = self.carried { Some(kind) } else { None }
    }

    /// What it would answer.
    fn turned(&self) -> Packet {
        let carried = match self.carried {
            Carried::Tcp { source, destination, answers } => {
                Carried::Tcp { source: destination, destination: source, answers }
            }
            Carried::Udp { source, destination } => Carried::Udp { source: destination, destination: source },
            same => same,
        };
        Packet { source: self.destination, destination: self.source, carried }
    }
}

/// Whether a list without memory lets a packet from these zones pass: as a beginning, or as what looks like an answer.
pub fn expected(policy: &Policy<'_>, zones: &[String], packet: &Packet) -> bool {
    let Some(from) = zone_of(policy, packet.source) else { return false };
    if !zones.iter().any(|id| id == from.id.as_str()) {
        return false;
    }
    if let Some(to) = zone_of(policy, packet.destination)
        && from.id == to.id
        && !from.networks.is_empty()
        && policy.is_open_within(from)
    {
        return true;
    }
    let turned = packet.turned();
    let answers = match packet.carried {
        Carried::Tcp { answers, .. } => answers,
        Carried::Udp { .. } | Carried::Other(_) => true,
        Carried::Sctp => false,
        Carried::Icmp(kind) => kind == if packet.is_v6() { 129 } else { 0 },
    };
    let errors: &[u8] = if packet.is_v6() { &[1, 2, 3] } else { &[3, 11] };
    let is_error = packet.icmp().is_some_and(|kind| errors.contains(&kind));
    begins(policy, packet, carries)
        || answers && begins(policy, &turned, carries)
        || is_error && (begins(policy, packet, opens) || begins(policy, &turned, opens))
}

fn zone_of<'p>(policy: &Policy<'p>, address: IpAddr) -> Option<&'p Zone> {
    policy.plan.zone_of(address).or_else(|| policy.plan.everywhere_else())
}

fn begins(policy: &Policy<'_>, packet: &Packet, opened: fn(&Openings, &Packet) -> bool) -> bool {
    let ends = (zone_of(policy, packet.source), zone_of(policy, packet.destination));
    let (Some(from), Some(to)) = ends else { return false };
    if from.outside && to.outside && to.networks.is_empty() {
        return false;
    }
    let among = |end: &Option<Vec<IpNet>>, address: IpAddr| {
        end.as_ref().is_none_or(|networks| networks.iter().any(|network| network.contains(&address)))
    };
    policy.path(&from.id, &to.id).iter().any(|passage| {
        among(&passage.sources, packet.source)
            && among(&passage.destinations, packet.destination)
            && opened(&passage.openings, packet)
    })
}

fn carries(openings: &Openings, packet: &Packet) -> bool {
    let port = |transport, number: u16| {
        openings
            .ports
            .iter()
            .any(|ports| ports.transport == transport && ports.numbers.contains(number.into()))
    };
    match packet.carried {
        Carried::Tcp { destination, .. } => port(Transport::Tcp, destination),
        Carried::Udp { destination, .. } => port(Transport::Udp, destination),
        // What lists do not open.
        Carried::Sctp => false,
        Carried::Icmp(_) => openings.icmp,
        Carried::Other(number) => openings.protocols.contains(&number),
    }
}

/// Whether anything is opened at all, about which there could be errors.
fn opens(openings: &Openings, _: &Packet) -> bool {
    openings.icmp
        || !openings.protocols.is_empty()
        || openings.ports.iter().any(|ports| ports.transport != Transport::Sctp)
}
