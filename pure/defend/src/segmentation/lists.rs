//! A policy as stateless access lists, before any vendor's words: one list for what comes in at each place.
//!
//! A list looks at each packet alone. It lets through what may begin, and what looks like an answer to that: TCP with ACK
//! or RST, other packets by the port or protocol that they come from.
//!
//! ```text
//! contained ─► the link's own ─► zone by zone: conduits, answers, errors, not the rest of the city, elsewhere ─► refused
//! ```

pub(super) mod names;
pub(super) mod preface;

use super::{Openings, Passage, Policy};
use city::{Conduit, ConduitId, NumberRange, Ports, Text, Transport, Zone, ZoneId};
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};

/// How the lists are to be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Whether what is not allowed is logged, and passes all the same.
    pub observe: bool,
}

/// The list for one place: interfaces behind which the same zones lie.
#[derive(Debug)]
pub(super) struct List<'p> {
    /// The zones there, in the order of the plan; everywhere else comes last.
    pub zones: Vec<&'p Zone>,
    /// The interfaces to which it belongs; none where the plan does not say.
    pub interfaces: Vec<&'p Text>,
    pub sections: Vec<Section<'p>>,
}

impl List<'_> {
    /// What comes in at the place, for people.
    pub fn title(&self) -> String {
        let zones: Vec<&str> = self.zones.iter().map(|zone| zone.name.as_str()).collect();
        format!("What comes from: {}", zones.join(", "))
    }
}

/// Entries that belong together.
#[derive(Debug)]
pub(super) struct Section<'p> {
    pub title: Title<'p>,
    pub entries: Vec<Entry<'p>>,
}

/// What a section is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Title<'p> {
    Contained,
    /// What does not leave the link. Each vendor has words of its own for it, so there are no entries.
    Link,
    Within(&'p Zone),
    Conduit(&'p Conduit),
    Answers(&'p Conduit),
    Errors,
    City(&'p Zone),
    Spoofed,
    Refused,
}

/// What becomes of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Permit,
    /// Permitted and logged: it would be refused, were the list not there to observe.
    Note,
    Deny,
}

#[derive(Debug)]
pub(super) struct Entry<'p> {
    pub verdict: Verdict,
    pub source: End<'p>,
    pub destination: End<'p>,
    pub carried: Carried,
}

/// One end of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End<'p> {
    Anywhere,
    /// The networks of every zone.
    City,
    /// The devices that are contained.
    Contained,
    Zone(&'p ZoneId),
    /// The assets to which one end of a conduit is narrowed.
    Assets(&'p ConduitId, Side, &'p [IpNet]),
}

/// The end of a conduit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    From,
    To,
}

/// What carries packets of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Carried {
    Everything,
    /// To ports of the destination, or as answers from ports of the source.
    Ports {
        transport: Transport,
        numbers: Vec<NumberRange>,
        answers: bool,
    },
    Icmp(Icmp),
    Protocol(u8),
}

/// Which messages of ICMP and ICMPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Icmp {
    All,
    Answers,
    /// What tells that a packet could not be delivered or was too large.
    Errors,
}

/// The lists, in the order of their zones in the plan.
pub(super) fn lists<'p>(policy: &'p Policy<'p>, settings: Settings) -> Vec<List<'p>> {
    let zones: Vec<&Zone> = policy.plan.zones().collect();
    let mut behind: BTreeMap<&Text, BTreeSet<usize>> = BTreeMap::new();
    for (place, zone) in zones.iter().enumerate() {
        for interface in &zone.interfaces {
            behind.entry(interface).or_default().insert(place);
        }
    }
    let mut places: BTreeMap<BTreeSet<usize>, Vec<&Text>> = BTreeMap::new();
    for (interface, zones) in behind {
        places.entry(zones).or_default().push(interface);
    }
    for (place, _) in zones.iter().enumerate().filter(|(_, zone)| zone.interfaces.is_empty()) {
        places.entry(BTreeSet::from([place])).or_default();
    }
    let mut paths = Paths::default();
    for ((from, to), passages) in &policy.paths {
        paths.of.entry(from).or_default().push((to, passages));
        paths.to.entry(to).or_default().push((from, passages));
    }
    places
        .into_iter()
        .map(|(there, interfaces)| {
            let mut zones: Vec<&Zone> = there.iter().filter_map(|place| zones.get(*place).copied()).collect();
            zones.sort_by_key(|zone| is_elsewhere(policy, &zone.id));
            let mut sections = Sections { policy, paths: &paths, settings, sections: Vec::new() };
            sections.write(&zones);
            List { zones, interfaces, sections: sections.sections }
        })
        .collect()
}

fn is_elsewhere(policy: &Policy<'_>, zone: &ZoneId) -> bool {
    policy.plan.everywhere_else().is_some_and(|elsewhere| elsewhere.id == *zone)
}

/// The conduits of each zone, so that none looks through those of all: with the other end's zone.
#[derive(Default)]
struct Paths<'p> {
    /// Where the zone begins.
    of: BTreeMap<&'p ZoneId, Vec<Path<'p>>>,
    /// Where it is spoken to.
    to: BTreeMap<&'p ZoneId, Vec<Path<'p>>>,
}

type Path<'p> = (&'p ZoneId, &'p Vec<Passage<'p>>);

/// The sections of one list, as they come to be.
struct Sections<'a, 'p> {
    policy: &'p Policy<'p>,
    paths: &'a Paths<'p>,
    settings: Settings,
    sections: Vec<Section<'p>>,
}

impl<'p> Sections<'_, 'p> {
    fn write(&mut self, zones: &[&'p Zone]) {
        let contained = |source, destination| Entry {
            verdict: Verdict::Deny,
            source,
            destination,
            carried: Carried::Everything,
        };
        let contained =
            vec![contained(End::Contained, End::Anywhere), contained(End::Anywhere, End::Contained)];
        self.sections.push(Section { title: Title::Contained, entries: contained });
        self.sections.push(Section { title: Title::Link, entries: Vec::new() });
        for (place, zone) in zones.iter().enumerate() {
            if is_elsewhere(self.policy, &zone.id) {
                self.refuse(Title::Spoofed, End::City, End::Anywhere);
                self.reach(zone, |to| to != &zone.id);
            } else if !zone.networks.is_empty() {
                self.write_zone(zone);
                if place + 1 < zones.len() {
                    self.refuse(Title::Refused, End::Zone(&zone.id), End::Anywhere);
                }
            }
        }
        self.refuse(Title::Refused, End::Anywhere, End::Anywhere);
    }

    fn write_zone(&mut self, zone: &'p Zone) {
        let policy = self.policy;
        if policy.is_open_within(zone) {
            let end = End::Zone(&zone.id);
            self.permit(Title::Within(zone), [(end, end, Carried::Everything)]);
        }
        self.reach(zone, |peer| !is_elsewhere(policy, peer));
        if let Some(elsewhere) = policy.plan.everywhere_else() {
            let forth = !zone.outside && !policy.path(&zone.id, &elsewhere.id).is_empty();
            if forth || !policy.path(&elsewhere.id, &zone.id).is_empty() {
                // What is meant for elsewhere is meant for any address that is not the city's.
                self.refuse(Title::City(zone), End::Zone(&zone.id), End::City);
                self.reach(zone, |peer| is_elsewhere(policy, peer));
            }
        }
    }

    /// What a zone may say to others: by its own conduits, as answers, and as errors of either.
    fn reach(&mut self, zone: &'p Zone, is_meant: impl Fn(&ZoneId) -> bool) {
        let policy = self.policy;
        // A place outside does not speak to another through the city, whatever a conduit says.
        let both_outside = |from: &ZoneId, to: &ZoneId| {
            is_elsewhere(policy, to) && policy.plan.zone(from).is_none_or(|zone| zone.outside)
        };
        let mut errors: BTreeMap<&ZoneId, BTreeSet<(End<'p>, End<'p>)>> = BTreeMap::new();
        for (to, passages) in self.paths.of.get(&zone.id).into_iter().flatten() {
            if !is_meant(to) || both_outside(&zone.id, to) {
                continue;
            }
            for passage in *passages {
                let (source, destination) = self.ends(passage);
                let forth = carried(&passage.openings, false);
                if !forth.is_empty() {
                    errors.entry(to).or_default().insert((source, destination));
                }
                let entries = forth.into_iter().map(|carried| (source, destination, carried));
                self.permit(Title::Conduit(passage.conduit), entries);
            }
        }
        for (from, passages) in self.paths.to.get(&zone.id).into_iter().flatten() {
            if !is_meant(from) || both_outside(from, &zone.id) {
                continue;
            }
            for passage in *passages {
                let (source, destination) = self.ends(passage);
                let back = carried(&passage.openings, true);
                if !back.is_empty() {
                    errors.entry(from).or_default().insert((destination, source));
                }
                let entries = back.into_iter().map(|carried| (destination, source, carried));
                self.permit(Title::Answers(passage.conduit), entries);
            }
        }
        for pairs in errors.values_mut() {
            let is_whole = |(source, destination): &(End<'p>, End<'p>)| {
                !matches!(source, End::Assets(..)) && !matches!(destination, End::Assets(..))
            };
            // Where all of a zone speaks to all of another, its assets need no lines of their own.
            if pairs.iter().any(is_whole) {
                pairs.retain(is_whole);
            }
        }
        let errors = errors.into_values().flatten();
        self.permit(Title::Errors, errors.map(|(from, to)| (from, to, Carried::Icmp(Icmp::Errors))));
    }

    fn ends(&self, passage: &'p Passage<'p>) -> (End<'p>, End<'p>) {
        let Passage { conduit, sources, destinations, .. } = passage;
        let end = |side, assets: &'p Option<Vec<IpNet>>, zone: &'p ZoneId| match assets {
            Some(assets) => End::Assets(&conduit.id, side, assets),
            None if is_elsewhere(self.policy, zone) => End::Anywhere,
            None => End::Zone(zone),
        };
        (end(Side::From, sources, &conduit.from), end(Side::To, destinations, &conduit.to))
    }

    fn permit(&mut self, title: Title<'p>, entries: impl IntoIterator<Item = (End<'p>, End<'p>, Carried)>) {
        let entry =
            |(source, destination, carried)| Entry { verdict: Verdict::Permit, source, destination, carried };
        let entries: Vec<Entry<'p>> = entries.into_iter().map(entry).collect();
        if !entries.is_empty() {
            self.sections.push(Section { title, entries });
        }
    }

    fn refuse(&mut self, title: Title<'p>, source: End<'p>, destination: End<'p>) {
        let verdict = if self.settings.observe { Verdict::Note } else { Verdict::Deny };
        let entries = vec![Entry { verdict, source, destination, carried: Carried::Everything }];
        self.sections.push(Section { title, entries });
    }
}

/// What access lists do not open, though a firewall can: ports of SCTP, which not every device knows.
#[must_use]
pub fn left_out<'p>(policy: &Policy<'p>) -> Vec<(&'p Conduit, Ports)> {
    let passages = policy.paths.values().flatten();
    passages
        .flat_map(|passage| {
            let ports = passage.openings.ports.iter().filter(|ports| ports.transport == Transport::Sctp);
            ports.map(|ports| (passage.conduit, *ports))
        })
        .collect()
}

fn carried(openings: &Openings, answers: bool) -> Vec<Carried> {
    let mut carried = Vec::new();
    // Neither vendor's lists know SCTP's ports everywhere; what they do not open, the preface tells.
    for transport in [Transport::Tcp, Transport::Udp] {
        let ports = openings.ports.iter().filter(|ports| ports.transport == transport);
        let numbers: Vec<NumberRange> = ports.map(|ports| ports.numbers).collect();
        if !numbers.is_empty() {
            carried.push(Carried::Ports { transport, numbers, answers });
        }
    }
    if openings.icmp {
        carried.push(Carried::Icmp(if answers { Icmp::Answers } else { Icmp::All }));
    }
    carried.extend(openings.protocols.iter().map(|number| Carried::Protocol(*number)));
    carried
}

/// The addresses of an end in one family; `None` stands for any.
pub(super) fn networks(policy: &Policy<'_>, end: End<'_>, v6: bool) -> Option<Vec<IpNet>> {
    let of_family = |network: &&IpNet| matches!(network, IpNet::V6(_)) == v6;
    match end {
        End::Anywhere => None,
        End::City => {
            let all = policy.plan.zones().flat_map(|zone| &zone.networks);
            Some(all.filter(of_family).copied().collect())
        }
        End::Contained => Some(Vec::new()),
        End::Zone(zone) => {
            let networks = policy.plan.zone(zone).map_or(&[][..], |zone| &zone.networks);
            Some(networks.iter().filter(of_family).copied().collect())
        }
        End::Assets(_, _, networks) => Some(networks.iter().filter(of_family).copied().collect()),
    }
}

/// Whether anything of a family may come from a place: else one list that refuses the whole family is enough.
pub(super) fn speaks(policy: &Policy<'_>, list: &List<'_>, v6: bool) -> bool {
    let of_family = |network: &IpNet| matches!(network, IpNet::V6(_)) == v6;
    let has = |zone: &&Zone| zone.networks.iter().any(of_family);
    let elsewhere = list.zones.iter().any(|zone| is_elsewhere(policy, &zone.id));
    list.zones.iter().any(has) || elsewhere && policy.plan.zones().any(|zone| has(&zone))
}
