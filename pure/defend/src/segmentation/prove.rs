//! Does a ruleset mean the plan? Exactly, for every packet that there can be.
//!
//! The plan is written as a diagram of its own, without a look at how the ruleset came to be: for each packet, whether it
//! must pass, must not pass, or is left open. The ruleset's meaning is compared with that. What differs is told with a
//! packet that shows it, the rule that decided, and what of the plan it breaks.

use super::{
    Policy,
    specification::{IPV4, IPV6, Question, Wanted, specification},
};
use city::{ConduitId, Text, Zone, ZoneId};
use ruleset::{FORWARDED, Fate, Field, Note, Packet, Region, Ruleset, Space, State, Trace, Unclear, Way};
use std::{collections::BTreeMap, net::IpAddr};

/// The most differences that are told.
const DIFFERENCES_MAX: usize = 200;

/// The most regions of packets that are looked through for them.
const REGIONS_MAX: usize = 20_000;

/// The most intervals that the diagrams may have together: some 2 GB.
const INTERVALS_MAX: usize = 40_000_000;

const AGREES: u32 = 0;
const LEAKS: u32 = 1;
const BLOCKS: u32 = 2;

/// What came of a comparison.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Where the ruleset differs from the plan, one for each pair of zones and kind. None means that they are equal.
    pub differences: Vec<Counterexample>,
    /// Whether there are more than are told.
    pub more: bool,
    /// What of the ruleset the proof does not speak of.
    pub notes: Vec<Note>,
    /// How many intervals it took.
    pub intervals: usize,
}

/// A packet whose fate is not the plan's.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// Whether the packet passes although the plan refuses it; else it is refused although the plan lets it pass.
    pub passes: bool,
    /// The packet.
    pub packet: Packet,
    /// Its way through the rules.
    pub trace: Trace,
    /// Where it comes from.
    pub from: Option<ZoneId>,
    /// Where it goes to.
    pub to: Option<ZoneId>,
    /// The conduits between the two zones, in the order of the plan.
    pub conduits: Vec<ConduitId>,
    /// Conditions of the ruleset that must hold or not hold for it, which the plan does not know.
    pub conditions: Vec<(Text, bool)>,
}

/// Compares a ruleset with a plan.
///
/// # Errors
///
/// The ruleset has no meaning, or there is too much to tell apart.
pub fn prove(policy: &Policy<'_>, ruleset: &mut Ruleset, question: &Question) -> Result<Proof, Unclear> {
    // The plan's interfaces have numbers too, also where no rule names them.
    for zone in policy.plan.zones() {
        for interface in &zone.interfaces {
            if ruleset.interface(interface) == 0 {
                ruleset.interfaces.push(interface.clone());
            }
        }
    }
    let mut space = Space::new(INTERVALS_MAX);
    let way = if question.bridged { Way::Bridged } else { Way::Routed };
    let meaning = ruleset.meaning(&mut space, way, &FORWARDED)?;
    let wanted = specification(policy, &ruleset.interfaces, question, &mut space)?;
    let compared = space.apply(wanted, meaning.fates, |wanted, fate| {
        let passes = Fate::of(fate) == Some(Fate::Accept);
        match Wanted::of(wanted) {
            Wanted::Pass if !passes => BLOCKS,
            Wanted::Refusal if passes => LEAKS,
            _ => AGREES,
        }
    })?;
    let sensible = space.sensible(way, ruleset.interfaces.len())?;
    let differences = space.only(sensible, compared, AGREES)?;
    let regions = space.regions(differences, |leaf| leaf != AGREES, REGIONS_MAX);
    let mut found: BTreeMap<(Option<&ZoneId>, Option<&ZoneId>, bool), Counterexample> = BTreeMap::new();
    let mut more = regions.len() == REGIONS_MAX;
    for region in &regions {
        let packet = example(region);
        let passes = region.leaf == LEAKS;
        let zone = |field| zone_at(policy, &packet, field).map(|zone| &zone.id);
        let (from, to) = (zone(Field::Source), zone(Field::Destination));
        let key = (from, to, passes);
        if found.get(&key).is_some_and(|known| worth(&known.packet) >= worth(&packet)) {
            continue;
        }
        if found.len() == DIFFERENCES_MAX && !found.contains_key(&key) {
            more = true;
            break;
        }
        let conditions = packet.0.iter().filter_map(|(field, value)| match field {
            Field::Unknown(number) => {
                Some((meaning.unknowns.get(usize::from(*number))?.clone(), *value == 1))
            }
            _ => None,
        });
        let ends = from.zip(to);
        let conduits = ends.map_or_else(Vec::new, |(from, to)| {
            policy.plan.conduits_between(from, to).map(|conduit| conduit.id.clone()).collect()
        });
        let counterexample = Counterexample {
            passes,
            trace: ruleset.trace_forwarded(&packet, question.bridged),
            from: from.cloned(),
            to: to.cloned(),
            conduits,
            conditions: conditions.collect(),
            packet,
        };
        found.insert(key, counterexample);
    }
    Ok(Proof {
        differences: found.into_values().collect(),
        more,
        notes: meaning.notes,
        intervals: space.intervals(),
    })
}

/// A packet of a region, with values that people know where there are any: all of the region share its fate.
fn example(region: &Region) -> Packet {
    let mut packet = region.packet();
    let v6 = packet.get(Field::Ethertype) == IPV6;
    for (field, range) in &region.ranges {
        let usual: &[u128] = match field {
            Field::State => &[State::New.number()],
            Field::Protocol => &[6, 17],
            // Of ICMP they are type and code.
            Field::SourcePort | Field::DestinationPort if matches!(packet.get(Field::Protocol), 1 | 58) => {
                &[]
            }
            Field::SourcePort => &[50_000],
            Field::DestinationPort => &[443, 80, 22, 53],
            // Addresses that are nobody's (RFC 5737, RFC 3849).
            Field::Source if v6 => &[0x2001_0db8_ffff_0000_0000_0000_0000_0009],
            Field::Destination if v6 => &[0x2001_0db8_ffff_0000_0000_0000_0000_000a],
            Field::Source => &[0xcb00_7109],
            Field::Destination => &[0xcb00_710a],
            _ => &[],
        };
        // The first address of a network is that of the network itself, and the ends are not the same.
        let first_host = match field {
            Field::Source => range.last.min(range.first + 1),
            Field::Destination => range.last.min(range.first + 2),
            _ => range.first,
        };
        let first_host = Some(first_host);
        if let Some(value) = usual.iter().copied().find(|value| range.contains(*value)).or(first_host) {
            packet = packet.with(*field, value);
        }
    }
    let is_ip = matches!(packet.get(Field::Ethertype), IPV4 | IPV6);
    if is_ip && !packet.0.contains_key(&Field::Protocol) {
        packet = packet.with(Field::Protocol, 6);
    }
    if is_ip && matches!(packet.get(Field::Protocol), 6 | 17 | 132) {
        packet.0.entry(Field::SourcePort).or_insert(50_000);
        packet.0.entry(Field::DestinationPort).or_insert(443);
    }
    packet
}

/// How much a packet tells whoever reads it: one that begins a conversation more than one that belongs to none, and one
/// between addresses that may be used, of a protocol that people know, more than others.
fn worth(packet: &Packet) -> u8 {
    let usable = |field| u8::from(packet.get(field) >= 1 << 24);
    let begins = packet.get(Field::State) == State::New.number();
    let spoken = match packet.get(Field::Protocol) {
        6 | 17 => 2,
        1 | 58 | 132 => 1,
        _ => 0,
    };
    6 * u8::from(begins) + 2 * spoken + usable(Field::Source) + usable(Field::Destination)
}

fn zone_at<'p>(policy: &Policy<'p>, packet: &Packet, field: Field) -> Option<&'p Zone> {
    let value = packet.get(field);
    let address: IpAddr = match packet.get(Field::Ethertype) {
        IPV4 => std::net::Ipv4Addr::from_bits(u32::try_from(value).ok()?).into(),
        IPV6 => std::net::Ipv6Addr::from_bits(value).into(),
        _ => return None,
    };
    policy.plan.zone_of(address).or_else(|| policy.plan.everywhere_else())
}
