//! A plan proposed from traffic: a pure fold over observations, `new` → `see` → `answer`.
//!
//! What was seen to speak inside the city becomes zones and assets; what was said between them becomes conduits with
//! the verbs that were used. All else is the zone `outside`. Each guess carries its evidence as a comment. The draft
//! allows everything that it was drafted from, attacks included: a person reads it before it is adopted.
//!
//! Memory is bounded: [`STATIONS_MAX`] stations and [`TRAFFIC_MAX`] kinds of traffic are told apart. Beyond, traffic is
//! kept by network instead of by station, and beyond that it is counted as left out.

mod assets;
mod conduits;
mod networks;
mod tally;
pub(crate) mod text;

pub(crate) use text::{plain, quote};

use crate::SourceFile;
use city::{
    Address, Conversation, Flow, Identity, Mac, Observation, Observed, Protocol, Reply, Request, Text, Trait,
    Transport, Verb, Witness,
};
use ipnet::IpNet;
use jiff::Timestamp;
use networks::{is_local, network_around};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};
use tally::{Tally, What};

/// The most stations that are told apart.
const STATIONS_MAX: usize = 20_000;

/// The most kinds of traffic, each between two ends, that are told apart.
const TRAFFIC_MAX: usize = 100_000;

/// The most MAC addresses kept of one station: more than two or three are a fault or a fraud already.
const MACS_MAX: usize = 4;

/// The most doors (ports with their protocols) kept of one station.
const DOORS_MAX: usize = 16;

/// The longest text taken from traffic, in bytes.
const TEXT_MAX: usize = 120;

/// What is gathered of traffic to draft a plan from.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    stations: BTreeMap<IpAddr, Station>,
    /// Stations that spoke directly on the link, with how often.
    link_stations: BTreeMap<Mac, u64>,
    traffic: BTreeMap<(End, End, What), Tally>,
    by_network: bool,
    only_local: bool,
    left_out: u64,
    observations: u64,
    times: Option<(Timestamp, Timestamp)>,
}

/// A plan's text, drafted.
#[derive(Clone, Debug)]
pub struct Drafted {
    /// The files, in canonical form.
    pub files: Vec<SourceFile>,
    /// What the reader of the draft should know: what was left out, and why.
    pub notes: Vec<String>,
}

/// One end of traffic, as finely as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// A station (a network of one address), or all of a network.
    Network(IpNet),
    /// A station without an IP address.
    Link(Mac),
}

/// What is known of a station.
#[derive(Clone, Debug, Default)]
struct Station {
    /// How often it was heard.
    heard: u64,
    /// The MAC addresses that claimed its address.
    macs: BTreeSet<Mac>,
    /// The most credible fact for each trait.
    identity: BTreeMap<Trait, Known>,
    /// What it serves, with how often it was asked.
    serves: BTreeMap<(Option<Protocol>, Transport, u16), Door>,
    /// What it asks of others, with how often.
    asks: BTreeMap<Protocol, u64>,
}

#[derive(Clone, Debug)]
struct Known {
    value: Text,
    witness: Witness,
    confidence: u8,
}

/// A port on which a station answered.
#[derive(Clone, Debug)]
struct Door {
    requests: u64,
    /// The first that came.
    visitor: Address,
}

impl Station {
    fn serve(&mut self, flow: &Flow, requests: u64) {
        let door = (flow.protocol, flow.transport, flow.destination_port);
        if let Some(door) = self.serves.get_mut(&door) {
            door.requests += requests;
        } else if self.serves.len() < DOORS_MAX {
            self.serves.insert(door, Door { requests, visitor: flow.source });
        }
    }

    /// Whether it is commanded over a protocol that moves equipment.
    fn is_controller(&self) -> bool {
        self.serves.keys().any(|(protocol, ..)| protocol.is_some_and(Protocol::is_industrial))
    }
}

impl Draft {
    /// Nothing seen yet.
    #[must_use]
    pub fn new() -> Draft {
        Draft::default()
    }

    /// Takes note of an observation.
    pub fn see(&mut self, observation: &Observation) {
        self.observations += 1;
        let time = observation.time;
        let (first, last) = self.times.unwrap_or((time, time));
        self.times = Some((first.min(time), last.max(time)));
        match &observation.fact {
            Observed::Binding(binding) => {
                if Address::Mac(binding.mac).is_station()
                    && let Some(station) = self.station(binding.address.into(), true)
                {
                    station.heard += 1;
                    if station.macs.len() < MACS_MAX {
                        station.macs.insert(binding.mac);
                    }
                }
            }
            Observed::Conversation(conversation) => self.see_conversation(conversation),
            Observed::Identity(identity) => self.see_identity(identity),
            Observed::Opened(flow) | Observed::Recognised(flow) => self.see_flow(flow),
            Observed::Request(request) => self.see_request(request),
            Observed::Backup(_)
            | Observed::Drill(_)
            | Observed::Repository(_)
            | Observed::Pack(_)
            | Observed::Alert(_)
            | Observed::Sighting(_)
            | Observed::Received(_)
            | Observed::Hunted(_)
            | Observed::Offered(_)
            | Observed::Withdrawn(_)
            | Observed::Flood(_)
            | Observed::Loss(_)
            | Observed::Message(_)
            | Observed::Unread(_)
            | Observed::Weakness(_) => {}
        }
    }

    /// The plan that the traffic seen so far suggests. It passes [`crate::check`] without errors.
    #[must_use]
    pub fn answer(&self) -> Drafted {
        let places = networks::place(self);
        let assets = assets::draft_assets(self, &places);
        let conduits = conduits::draft_conduits(self, &places, &assets);
        text::write(self, &places, &assets, &conduits)
    }

    /// What is kept of a station; `None` for groups, for stations without an IP address, and if there is no more room.
    fn station(&mut self, address: Address, is_near: bool) -> Option<&mut Station> {
        let ip = address.ip().filter(|_| address.is_station())?;
        if !self.stations.contains_key(&ip) {
            if self.only_local && !is_near && !is_local(ip) {
                return None;
            }
            if self.stations.len() >= STATIONS_MAX && !self.only_local {
                // Those that are surely not the city's own have to go first.
                self.only_local = true;
                self.stations.retain(|ip, station| is_local(*ip) || !station.macs.is_empty());
                if !is_near && !is_local(ip) {
                    return None;
                }
            }
            if self.stations.len() >= STATIONS_MAX {
                self.left_out += 1;
                return None;
            }
        }
        Some(self.stations.entry(ip).or_default())
    }

    fn see_conversation(&mut self, conversation: &Conversation) {
        let flow = &conversation.flow;
        let count = u64::from(conversation.ended);
        let answered = conversation.packets_in > 0 && conversation.state.answered();
        self.hear(flow.source);
        if answered && let Some(station) = self.station(flow.destination, false) {
            station.heard += 1;
            // Requests are counted as they come; what Bastide does not read is counted by conversations.
            let requests = if flow.protocol.is_none() { count } else { 0 };
            station.serve(flow, requests);
        }
        let spoke = conversation.bytes_in + conversation.bytes_out > 0;
        let what = match flow.protocol {
            Some(protocol) => What::Spoken(protocol),
            None => What::Unknown { transport: flow.transport, spoke },
        };
        if let Some(tally) = self.tally(flow, what) {
            tally.count += count;
            tally.unanswered += if answered { 0 } else { count };
            tally.ports.add(flow.destination_port, count);
        }
    }

    fn see_flow(&mut self, flow: &Flow) {
        self.hear(flow.source);
        let what = match flow.protocol {
            Some(protocol) => What::Spoken(protocol),
            None => What::Opened(flow.transport),
        };
        if let Some(tally) = self.tally(flow, what) {
            tally.ports.add(flow.destination_port, 0);
        }
    }

    fn see_request(&mut self, request: &Request) {
        let Request { verb, target, reply, .. } = request;
        // What is asked back belongs to the path on which the conversation was begun.
        let flow = &request.conversation();
        let Some(protocol) = flow.protocol else { return };
        if let Some(station) = self.station(flow.source, false) {
            station.heard += 1;
            *station.asks.entry(protocol).or_default() += 1;
        }
        if !matches!(reply, Reply::Missing | Reply::NotExpected)
            && let Some(station) = self.station(flow.destination, false)
        {
            station.heard += 1;
            station.serve(flow, 1);
        }
        let by_kind = crate::allowance::has_kinds(protocol) && verb.changes();
        let by_name = protocol == Protocol::Mqtt && matches!(verb, Verb::Publish | Verb::Subscribe);
        let kind =
            if by_kind && target.kind.len() <= TEXT_MAX { target.kind.clone() } else { Text::default() };
        if let Some(tally) = self.tally(flow, What::Asked { protocol, verb: *verb, kind }) {
            tally.count += 1;
            tally.unanswered += u64::from(*reply == Reply::Missing);
            if by_kind {
                tally.numbers.add(target.numbers);
            }
            if by_name {
                tally.names.add(&target.name);
            }
        }
    }

    fn see_identity(&mut self, identity: &Identity) {
        let Identity { address, about, value, witness, confidence } = identity;
        let Some(station) = self.station(*address, false) else { return };
        let value = plain(value, TEXT_MAX);
        let better = station.identity.get(about).is_none_or(|known| known.confidence < *confidence);
        if better && !value.is_empty() {
            let known = Known { value: value.into(), witness: witness.clone(), confidence: *confidence };
            station.identity.insert(*about, known);
        }
    }

    fn hear(&mut self, address: Address) {
        match address {
            Address::Ip(_) => {
                if let Some(station) = self.station(address, false) {
                    station.heard += 1;
                }
            }
            Address::Mac(mac) if address.is_station() => {
                if self.link_stations.len() < STATIONS_MAX || self.link_stations.contains_key(&mac) {
                    *self.link_stations.entry(mac).or_default() += 1;
                }
            }
            Address::Mac(_) => {}
        }
    }

    /// What is counted of traffic between two stations. `None` for what never crosses zones (groups, and what runs
    /// directly on the link), and if there is no more room.
    fn tally(&mut self, flow: &Flow, what: What) -> Option<&mut Tally> {
        let stations = flow.source.is_station() && flow.destination.is_station();
        if !stations || matches!(flow.transport, Transport::Ethernet(_)) {
            return None;
        }
        let mut key = (self.end(flow.source), self.end(flow.destination), what);
        if self.traffic.len() >= TRAFFIC_MAX && !self.traffic.contains_key(&key) {
            if !self.by_network {
                self.coarsen();
                key = (self.end(flow.source), self.end(flow.destination), key.2);
            }
            if self.traffic.len() >= TRAFFIC_MAX && !self.traffic.contains_key(&key) {
                self.left_out += 1;
                return None;
            }
        }
        Some(self.traffic.entry(key).or_default())
    }

    fn end(&self, address: Address) -> End {
        match address {
            Address::Ip(ip) if self.by_network => End::Network(network_around(ip)),
            Address::Ip(ip) => End::Network(ip.into()),
            Address::Mac(mac) => End::Link(mac),
        }
    }

    /// From here on traffic is kept by network.
    fn coarsen(&mut self) {
        self.by_network = true;
        for ((from, to, what), tally) in std::mem::take(&mut self.traffic) {
            self.traffic.entry((from.around(), to.around(), what)).or_default().merge(&tally);
        }
    }
}

impl End {
    fn around(self) -> End {
        match self {
            End::Network(network) => End::Network(network_around(network.addr())),
            link @ End::Link(_) => link,
        }
    }
}

#[cfg(test)]
mod tests;
