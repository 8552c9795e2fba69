//! Protocols directly on the link, outside IP: which of them a frame is given to, and what all of them are told.

use crate::arp::Neighbours;
use crate::dialogue::Out;
use crate::{Config, announce, cdp, eapol, icmp, lldp, profinet_dcp, stp, udld};
use city::{Address, Flow, Mac, Observation, Protocol, Transport};
use jiff::Timestamp;

/// Where a frame was seen.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) config: &'a Config,
    pub(crate) time: Timestamp,
    pub(crate) source: Mac,
    pub(crate) destination: Mac,
    pub(crate) vlan: Option<u16>,
    /// What carries it.
    pub(crate) number: u16,
}

impl Seen<'_> {
    /// Where a protocol's reader puts what the frame shows.
    pub(crate) fn out<'b>(&'b self, protocol: Protocol, observations: &'b mut Vec<Observation>) -> Out<'b> {
        self.between(self.source, self.destination, protocol, observations)
    }

    /// The same for what passes between two others.
    pub(crate) fn between<'b>(
        &'b self,
        source: Mac,
        destination: Mac,
        protocol: Protocol,
        observations: &'b mut Vec<Observation>,
    ) -> Out<'b> {
        let flow = Flow {
            source: Address::Mac(source),
            source_port: 0,
            destination: Address::Mac(destination),
            destination_port: 0,
            transport: Transport::Ethernet(self.number),
            protocol: Some(protocol),
        };
        Out { config: self.config, observations, expected: None, unanswered: None, time: self.time, flow }
    }
}

/// What a frame carries.
#[derive(Clone, Copy)]
pub(crate) struct Load<'a> {
    /// By EtherType, or by the number of an 802.2 service access point.
    pub(crate) number: u16,
    /// By the number that an organisation gave it (SNAP).
    pub(crate) organised: Option<([u8; 3], u16)>,
    pub(crate) bytes: &'a [u8],
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nobody understood it.
    Unread,
    /// It was read, and belongs to the conversation between the two stations.
    Read(Protocol),
    /// It was read, and all there is to tell was told.
    Told,
}

/// The SNAP protocols of Cisco.
const CISCO: [u8; 3] = [0, 0, 0x0c];

/// What is known of the stations on the links.
#[derive(Debug, Default)]
pub(crate) struct Links {
    announcers: announce::Announcers,
    bridges: stp::Bridges,
    ports: eapol::Ports,
    /// Of IPv6, which are known by what they say to all on the link.
    pub(crate) routers: icmp::Routers,
    stations: profinet_dcp::Stations,
}

impl Links {
    /// Reads a frame.
    pub(crate) fn see(
        &mut self,
        load: Load<'_>,
        seen: &Seen<'_>,
        neighbours: &mut Neighbours,
        out: &mut Vec<Observation>,
    ) -> Outcome {
        let Load { number, organised, bytes } = load;
        let is_read = match (number, organised) {
            (profinet_dcp::ETHER_TYPE, _) => {
                let Some(message) = profinet_dcp::parse_dcp(bytes) else { return Outcome::Unread };
                let Seen { config, time, source, destination, .. } = *seen;
                let seen = profinet_dcp::Seen { config, time, source, destination };
                if let Some(binding) = self.stations.see(&message, &seen, out) {
                    neighbours.claim(binding, time, &config.sensor, out);
                }
                return Outcome::Told;
            }
            (lldp::ETHER_TYPE, _) => {
                lldp::read(bytes, &mut self.announcers, seen, out).map(|()| Protocol::Lldp)
            }
            (eapol::ETHER_TYPE | eapol::ETHER_TYPE_BEFORE, _) => {
                self.ports.read(bytes, seen, out).map(|()| Protocol::Eapol)
            }
            (stp::ACCESS_POINT, None) | (_, Some((CISCO, stp::CISCO_NUMBER))) => {
                self.bridges.read(bytes, seen, out).map(|()| Protocol::Stp)
            }
            (_, Some((CISCO, cdp::CISCO_NUMBER))) => {
                cdp::read(bytes, &mut self.announcers, seen, out).map(|()| Protocol::Cdp)
            }
            (_, Some((CISCO, udld::CISCO_NUMBER))) => {
                udld::read(bytes, &mut self.announcers, seen, out).map(|()| Protocol::Udld)
            }
            _ => None,
        };
        is_read.map_or(Outcome::Unread, Outcome::Read)
    }

    /// Tells of what has waited too long.
    pub(crate) fn expire(&mut self, config: &Config, now: Timestamp, out: &mut Vec<Observation>) {
        self.stations.expire(config, now, out);
        self.ports.expire(config, now, out);
    }

    /// Tells of all that still waits.
    pub(crate) fn finish(&mut self, config: &Config, now: Timestamp, out: &mut Vec<Observation>) {
        self.stations.finish(config, now, out);
        self.ports.finish(config, now, out);
    }
}
