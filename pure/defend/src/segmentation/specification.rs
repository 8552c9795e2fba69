//! What a plan says of every packet that there can be, as a diagram.
//!
//! It is made from zones and conduits alone, without a look at how any ruleset is written, so that a mistake in writing
//! one is not repeated here.

use super::{Passage, Policy, nftables::fenced_interfaces, policy::number_of};
use crate::conduit::is_inside;
use city::{Text, Zone, ZoneId};
use ipnet::IpNet;
use ruleset::{Diagram, Field, Range, Space, State, TooLarge};
use std::{collections::BTreeMap, net::IpAddr};

/// What the plan wants of a packet: the leaves of [`specification`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It must not pass.
    Refusal,
    /// It must pass.
    Pass,
    /// The plan does not say.
    Open,
}

impl Wanted {
    /// What a leaf stands for.
    #[must_use]
    pub fn of(leaf: ruleset::Leaf) -> Wanted {
        match leaf {
            0 => Wanted::Refusal,
            1 => Wanted::Pass,
            _ => Wanted::Open,
        }
    }
}

const MUST_NOT: Diagram = Diagram::leaf(0);
const MUST: Diagram = Diagram::leaf(1);
const OPEN: Diagram = Diagram::leaf(2);

pub(super) const IPV4: u128 = 0x0800;
pub(super) const IPV6: u128 = 0x86dd;

/// What of the world a proof is about.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// Whether the packets are passed on by a bridge; else they are routed.
    pub bridged: bool,
    /// Whether answers are known by their ports alone ([`super::nftables::Bridge::Stateless`]).
    pub stateless: bool,
    /// Addresses that are contained: nothing passes to or from them.
    pub quarantined: Vec<IpAddr>,
}

/// What a plan says of every packet, as a diagram with the leaves of [`Wanted`]. `interfaces` are the ruleset's
/// ([`ruleset::Ruleset::interfaces`]), whose places, from 1, are the interfaces' numbers.
///
/// # Errors
///
/// The space is full.
pub fn specification(
    policy: &Policy<'_>,
    interfaces: &[Text],
    question: &Question,
    space: &mut Space,
) -> Result<Diagram, TooLarge> {
    let mut ways: BTreeMap<(Sense, &ZoneId), Vec<&ZoneId>> = BTreeMap::new();
    for (from, to) in policy.paths.keys() {
        ways.entry((Sense::Forth, from)).or_default().push(to);
        ways.entry((Sense::Back, to)).or_default().push(from);
    }
    Specification { policy, interfaces, question, space, ways, known: BTreeMap::new() }.build()
}

/// What the plan says of every packet.
struct Specification<'a, 'p> {
    policy: &'a Policy<'p>,
    interfaces: &'a [Text],
    question: &'a Question,
    space: &'a mut Space,
    /// For each zone as a packet's source, the zones that something leads to.
    ways: BTreeMap<(Sense, &'p ZoneId), Vec<&'p ZoneId>>,
    /// What was built of [`Specification::unsaid`].
    known: BTreeMap<(bool, Diagram, bool), Diagram>,
}

/// Which end of a conduit is the packet's source.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sense {
    /// The one that begins.
    Forth,
    /// The other: the packet answers.
    Back,
}

type Built = Result<Diagram, TooLarge>;

impl<'p> Specification<'_, 'p> {
    fn build(mut self) -> Built {
        let v4 = self.family(false)?;
        let v6 = self.family(true)?;
        // Whatever is neither never comes to a router, and stays on the link at a bridge.
        self.space.select(Field::Ethertype, &[(Range::one(IPV4), v4), (Range::one(IPV6), v6)], OPEN)
    }

    fn family(&mut self, v6: bool) -> Built {
        let forth = self.passing(v6, Sense::Forth)?;
        let back = self.passing(v6, Sense::Back)?;
        let begun = if self.question.stateless {
            // What answers may look like what begins.
            self.space.apply(forth, back, |forth, back| if forth == 0 && back == 1 { 2 } else { forth })?
        } else {
            forth
        };
        let untracked = self.space.map(begun, |leaf| if leaf == 1 { 2 } else { leaf })?;
        let begun = self.in_its_place(begun, v6)?;
        let answers =
            self.space.apply(forth, back, |forth, back| if forth == 1 || back == 1 { 1 } else { 2 })?;
        let states = [
            (State::Invalid, untracked),
            (State::New, begun),
            (State::Established, answers),
            (State::Related, answers),
            (State::Untracked, untracked),
        ];
        let cases: Vec<(Range, Diagram)> =
            states.into_iter().map(|(state, diagram)| (Range::one(state.number()), diagram)).collect();
        let by_state = self.space.select(Field::State, &cases, OPEN)?;
        let less = self.less_quarantine(by_state, v6)?;
        if !(self.question.bridged && v6) {
            return Ok(less);
        }
        // Neighbours find one another (RFC 4861, section 4), which is for no conduit to decide.
        let discovery = Range { first: 133, last: 136 };
        let found = self.space.select(Field::SourcePort, &[(discovery, OPEN)], less)?;
        self.space.select(Field::Protocol, &[(Range::one(58), found)], less)
    }

    /// Nothing passes to or from what is contained.
    fn less_quarantine(&mut self, diagram: Diagram, v6: bool) -> Built {
        let contained: Vec<(Range, Diagram)> = self
            .question
            .quarantined
            .iter()
            .filter(|address| address.is_ipv6() == v6)
            .map(|address| (range_of(&IpNet::from(*address)), MUST_NOT))
            .collect();
        let less = self.space.select(Field::Destination, &contained, diagram)?;
        self.space.select(Field::Source, &contained, less)
    }

    /// An address comes only from where its zone lies.
    fn in_its_place(&mut self, diagram: Diagram, v6: bool) -> Built {
        if self.question.bridged {
            return Ok(diagram);
        }
        let policy = self.policy;
        let mut cases = Vec::new();
        for zone in policy.plan.zones().filter(|zone| !zone.interfaces.is_empty()) {
            let inside: Vec<(Range, Diagram)> =
                zone.interfaces.iter().filter_map(|name| Some((self.number_of(name)?, diagram))).collect();
            let placed = self.space.select(Field::InterfaceIn, &inside, MUST_NOT)?;
            cases.extend(ranges(&zone.networks, v6).map(|range| (range, placed)));
        }
        let any_unplaced = policy.plan.zones().filter(|zone| zone.interfaces.is_empty());
        let unplaced: Vec<Range> = any_unplaced.flat_map(|zone| ranges(&zone.networks, v6)).collect();
        cases.extend(unplaced.into_iter().map(|range| (range, diagram)));
        // The ruleset has a family's fences only where the family has places.
        let fenced: Vec<(Range, Diagram)> = if cases.is_empty() {
            Vec::new()
        } else {
            let names = fenced_interfaces(policy);
            names.iter().filter_map(|name| Some((self.number_of(name)?, MUST_NOT))).collect()
        };
        let elsewhere = self.space.select(Field::InterfaceIn, &fenced, diagram)?;
        self.space.select(Field::Source, &cases, elsewhere)
    }

    fn number_of(&self, interface: &Text) -> Option<Range> {
        let place = self.interfaces.iter().position(|name| name == interface)?;
        // Number 0 is any other.
        Some(Range::one(u128::try_from(place).ok()? + 1))
    }

    /// What may begin, or answer what began, by the zones of source and destination.
    fn passing(&mut self, v6: bool, sense: Sense) -> Built {
        let policy = self.policy;
        let mut cases: Vec<(Range, Diagram)> = groups(v6).map(|range| (range, OPEN)).collect();
        for zone in policy.plan.zones() {
            let onwards = self.from(Some(zone), v6, sense)?;
            cases.extend(ranges(&zone.networks, v6).map(|range| (range, onwards)));
        }
        let elsewhere = self.from(policy.plan.everywhere_else(), v6, sense)?;
        self.space.select(Field::Source, &cases, elsewhere)
    }

    fn from(&mut self, source: Option<&'p Zone>, v6: bool, sense: Sense) -> Built {
        let policy = self.policy;
        let elsewhere = match (source, policy.plan.everywhere_else()) {
            (Some(source), Some(zone)) => self.between(source, zone, v6, sense)?,
            _ if is_inside(source) => MUST_NOT,
            _ => OPEN,
        };
        let unsaid = self.unsaid(is_inside(source), elsewhere, v6)?;
        let Some(source) = source else { return Ok(unsaid) };
        // Only to a few zones does something lead, or from it an answer.
        let ways = self.ways.get(&(sense, &source.id)).cloned().unwrap_or_default();
        let mut cases: Vec<(Range, Diagram)> = groups(v6).map(|range| (range, OPEN)).collect();
        for zone in ways.iter().filter_map(|id| policy.plan.zone(id)).chain([source]) {
            let onwards = self.between(source, zone, v6, sense)?;
            cases.extend(ranges(&zone.networks, v6).map(|range| (range, onwards)));
        }
        self.space.select(Field::Destination, &cases, unsaid)
    }

    /// Where a source inside or outside the city may go to as far as no conduit says anything: to places in no zone as
    /// is said.
    fn unsaid(&mut self, inside: bool, elsewhere: Diagram, v6: bool) -> Built {
        if let Some(known) = self.known.get(&(inside, elsewhere, v6)) {
            return Ok(*known);
        }
        let mut cases: Vec<(Range, Diagram)> = groups(v6).map(|range| (range, OPEN)).collect();
        for zone in self.policy.plan.zones() {
            let onwards = if inside || !zone.outside { MUST_NOT } else { OPEN };
            cases.extend(ranges(&zone.networks, v6).map(|range| (range, onwards)));
        }
        let unsaid = self.space.select(Field::Destination, &cases, elsewhere)?;
        self.known.insert((inside, elsewhere, v6), unsaid);
        Ok(unsaid)
    }

    fn between(&mut self, source: &'p Zone, destination: &'p Zone, v6: bool, sense: Sense) -> Built {
        if source.outside && destination.outside {
            return Ok(OPEN);
        }
        if source.id == destination.id && self.policy.is_open_within(source) {
            return Ok(MUST);
        }
        let (from, to) = match sense {
            Sense::Forth => (source, destination),
            Sense::Back => (destination, source),
        };
        let mut passing = MUST_NOT;
        for passage in self.policy.path(&from.id, &to.id) {
            let opened = self.passage(passage, v6, sense)?;
            passing = self.space.apply(passing, opened, u32::max)?;
        }
        Ok(passing)
    }

    fn passage(&mut self, passage: &Passage<'_>, v6: bool, sense: Sense) -> Built {
        let (port, sources, destinations) = match sense {
            Sense::Forth => (Field::DestinationPort, &passage.sources, &passage.destinations),
            Sense::Back => (Field::SourcePort, &passage.destinations, &passage.sources),
        };
        let mut carriers: BTreeMap<u8, Vec<(Range, Diagram)>> = BTreeMap::new();
        for ports in &passage.openings.ports {
            let range = Range { first: ports.numbers.first.into(), last: ports.numbers.last.into() };
            carriers.entry(number_of(ports.transport)).or_default().push((range, MUST));
        }
        let mut protocols = Vec::new();
        for (number, ports) in carriers {
            protocols.push((Range::one(number.into()), self.space.select(port, &ports, MUST_NOT)?));
        }
        if passage.openings.icmp {
            protocols.extend([1, 58].map(|number| (Range::one(number), MUST)));
        }
        protocols
            .extend(passage.openings.protocols.iter().map(|number| (Range::one((*number).into()), MUST)));
        let mut opened = self.space.select(Field::Protocol, &protocols, MUST_NOT)?;
        for (field, networks) in [(Field::Destination, destinations), (Field::Source, sources)] {
            if let Some(networks) = networks {
                let cases: Vec<(Range, Diagram)> =
                    ranges(networks, v6).map(|range| (range, opened)).collect();
                opened = self.space.select(field, &cases, MUST_NOT)?;
            }
        }
        Ok(opened)
    }
}

fn range_of(network: &IpNet) -> Range {
    match network {
        IpNet::V4(network) => {
            Range { first: network.network().to_bits().into(), last: network.broadcast().to_bits().into() }
        }
        IpNet::V6(network) => {
            Range { first: network.network().to_bits(), last: network.broadcast().to_bits() }
        }
    }
}

fn ranges(networks: &[IpNet], v6: bool) -> impl Iterator<Item = Range> {
    networks.iter().filter(move |network| matches!(network, IpNet::V6(_)) == v6).map(range_of)
}

/// Addresses that name no station: groups, broadcast, nobody. What is sent to them stays on the link.
fn groups(v6: bool) -> impl Iterator<Item = Range> {
    let v4: &[(u128, u128)] = &[(0, 0), (0xe000_0000, 0xefff_ffff), (0xffff_ffff, 0xffff_ffff)];
    let of_v6: &[(u128, u128)] = &[(0, 0), (0xff00 << 112, u128::MAX)];
    (if v6 { of_v6 } else { v4 }).iter().map(|(first, last)| Range { first: *first, last: *last })
}
