//! The meaning of a ruleset and one packet's way through it are worked out by different code; they must agree on every
//! packet. Rulesets here are small and random, and packets are aimed at the ends of their ranges.
#![cfg(test)]

#[path = "nft/rulesets.rs"]
mod rulesets;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use ruleset::{
    Base, Chain, Condition, Element, FORWARDED, Family, Fate, Field, Hook, Leaf, Packet, Place, Range,
    Region, Rule, Ruleset, Set, Space, Statement, Table, Trace, Values, Verdict, Way,
};

const FIELDS: [Field; 13] = [
    Field::Ethertype,
    Field::State,
    Field::InterfaceIn,
    Field::InterfaceOut,
    Field::Source,
    Field::Destination,
    Field::Protocol,
    Field::DestinationPort,
    Field::SourceMac,
    Field::Unknown(0),
    // Of dynamic sets.
    Field::Unknown(1),
    Field::Unknown(2),
    Field::Unknown(3),
];

/// The interfaces of every ruleset here.
const INTERFACES: [&str; 5] = ["eth0", "eth1", "eth2", "eth3", "lan"];

const CHAINS: usize = 5;

/// The values at which ranges begin and end, few enough that rules meet.
fn values(field: Field) -> &'static [u128] {
    match field {
        Field::Ethertype => &[0x0800, 0x86dd, 0x0806],
        Field::State => &[0, 1, 2, 3, 4],
        Field::InterfaceIn | Field::InterfaceOut => &[0, 1, 2, 3, 4, 5],
        Field::Unknown(_) => &[0, 1],
        _ => &[0, 1, 2, 6, 17, 200],
    }
}

fn range(field: Field) -> BoxedStrategy<Range> {
    let one = select(values(field));
    (one.clone(), one).prop_map(|(a, b)| Range { first: a.min(b), last: a.max(b) }).boxed()
}

fn key() -> impl Strategy<Value = Vec<Field>> {
    let fields = &FIELDS[..10];
    prop_oneof![3 => vec(select(fields), 1), 1 => vec(select(fields), 2)]
}

/// A verdict in the chain of that number; jumps go to later ones only, so that there is no circle.
fn verdict(chain: usize) -> BoxedStrategy<Verdict> {
    let plain = prop_oneof![
        3 => Just(Verdict::Accept),
        3 => Just(Verdict::Drop),
        1 => Just(Verdict::Reject),
        1 => Just(Verdict::Queue),
        1 => Just(Verdict::Continue),
        1 => Just(Verdict::Return),
    ];
    if chain + 1 >= CHAINS {
        return plain.boxed();
    }
    let to = move |goto: bool, to: usize| {
        let name = format!("c{to}").as_str().into();
        if goto { Verdict::Goto(name) } else { Verdict::Jump(name) }
    };
    prop_oneof![2 => plain, 1 => (any::<bool>(), chain + 1..CHAINS).prop_map(move |(goto, at)| to(goto, at))]
        .boxed()
}

fn elements(key: Vec<Field>, chain: Option<usize>) -> impl Strategy<Value = Vec<Element>> {
    let ranges: Vec<BoxedStrategy<Range>> = key.iter().map(|field| range(*field)).collect();
    let verdict = chain.map_or(Just(None).boxed(), |chain| verdict(chain).prop_map(Some).boxed());
    let element =
        (ranges, verdict).prop_map(|(key, verdict)| Element { key, verdict, place: Place::default() });
    vec(element, 0..4)
}

fn condition() -> impl Strategy<Value = Statement> {
    let here = key().prop_flat_map(|key| (Just(key.clone()), elements(key, None).prop_map(Values::Here)));
    let of = select(&[Field::Source, Field::Destination]);
    let named = of.prop_map(|of| (vec![of], Values::Named("hosts".into())));
    (prop_oneof![4 => here, 1 => named], any::<bool>())
        .prop_map(|((key, values), negated)| Statement::Match(Condition { key, values, negated }))
}

fn ending(chain: usize) -> impl Strategy<Value = Statement> {
    let map = key().prop_flat_map(move |key| {
        (Just(key.clone()), elements(key, Some(chain)))
            .prop_map(|(key, elements)| Statement::Map(key, Values::Here(elements)))
    });
    // Named maps jump to the last chain at most, which every chain but itself may.
    let named = Just(Statement::Map(vec![Field::Destination], Values::Named("fates".into())));
    let other = prop_oneof![
        4 => verdict(chain).prop_map(Statement::Verdict),
        3 => map,
        1 => Just(Statement::Passive),
        1 => Just(Statement::Changes("meta mark set 7".into())),
    ];
    if chain + 1 < CHAINS { prop_oneof![7 => other, 1 => named].boxed() } else { other.boxed() }
}

fn rule(chain: usize) -> impl Strategy<Value = Rule> {
    (vec(condition(), 0..3), vec(ending(chain), 1..3)).prop_map(|(mut statements, endings)| {
        statements.extend(endings);
        Rule { statements, text: "a rule".into(), comment: None, place: Place::default() }
    })
}

/// Where chains of a family may be, and of which type.
fn base(family: Family) -> impl Strategy<Value = Option<Base>> {
    const LAYERS: [Hook; 4] = [Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Postrouting];
    let hooks: &[Hook] = match family {
        Family::Netdev => &[Hook::Ingress, Hook::Egress],
        Family::Inet => &[Hook::Ingress, Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Postrouting],
        _ => &LAYERS,
    };
    let policy = prop_oneof![Just(Verdict::Accept), Just(Verdict::Drop)];
    let kind =
        select(if family == Family::Bridge { &["filter"][..] } else { &["filter", "filter", "nat"][..] });
    let devices = vec(0..6u16, 1..3);
    (kind, select(hooks), select(&[-300, -200, 0, 1]), policy, devices).prop_map(
        |(kind, hook, priority, policy, devices)| {
            let at_devices = matches!(hook, Hook::Ingress | Hook::Egress);
            let (kind, devices) = if at_devices { ("filter", devices) } else { (kind, Vec::new()) };
            Some(Base { kind: kind.into(), hook, priority, policy, devices })
        },
    )
}

fn table() -> impl Strategy<Value = Table> {
    let family = select(&[Family::Ip, Family::Ip6, Family::Inet, Family::Bridge, Family::Netdev]);
    family.prop_flat_map(move |family| {
        let sets =
            (elements(vec![Field::Source], None), elements(vec![Field::Destination], Some(CHAINS - 2)));
        let chains: Vec<_> = (0..CHAINS)
            .map(|at| {
                let base = if at < 2 { base(family).boxed() } else { Just(None).boxed() };
                (base, vec(rule(at), 0..4)).prop_map(move |(base, rules)| Chain {
                    name: format!("c{at}").as_str().into(),
                    base,
                    rules,
                    place: Place::default(),
                })
            })
            .collect();
        let set = |name: &str, elements, dynamic| Set {
            name: name.into(),
            elements,
            dynamic,
            place: Place::default(),
        };
        (sets, chains, 0..10u8, 0..4u8).prop_map(move |((hosts, fates), chains, dormant, dynamic)| Table {
            family,
            name: "".into(),
            sets: vec![set("hosts", hosts, dynamic == 0), set("fates", fates, dynamic == 1)],
            chains,
            dormant: dormant == 0,
        })
    })
}

fn ruleset() -> impl Strategy<Value = Ruleset> {
    vec(table(), 1..3).prop_map(|tables| Ruleset {
        tables: tables
            .into_iter()
            .zip(["one", "two"])
            .map(|(t, name)| Table { name: name.into(), ..t })
            .collect(),
        interfaces: INTERFACES.map(Into::into).into(),
        unknowns: vec!["meta skuid 5".into()],
    })
}

fn packet() -> impl Strategy<Value = Packet> {
    let values: Vec<_> = FIELDS
        .into_iter()
        .map(|field| {
            // The values themselves and their neighbours.
            let near = (select(values(field)), 0..2u128).prop_map(move |(value, more)| {
                if matches!(field, Field::Ethertype) { value } else { (value + more).min(field.whole().last) }
            });
            near.prop_map(move |value| {
                (
                    field,
                    if matches!(field, Field::InterfaceIn | Field::InterfaceOut) {
                        value.min(5)
                    } else {
                        value
                    },
                )
            })
        })
        .collect();
    values.prop_map(|values| Packet(values.into_iter().collect()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_packet_has_the_fate_that_its_ruleset_means(ruleset in ruleset(), packets in vec(packet(), 40)) {
        let mut space = Space::new(1 << 20);
        for way in [Way::Routed, Way::Bridged] {
            let bridged = way == Way::Bridged;
            let through = ruleset.meaning(&mut space, way, &FORWARDED).unwrap();
            let input = ruleset.meaning(&mut space, way, &[Hook::Input]).unwrap();
            for packet in &packets {
                for (meaning, trace) in [
                    (&through, ruleset.trace_forwarded(packet, bridged)),
                    (&input, ruleset.trace(packet, Hook::Input, bridged)),
                ] {
                    let fate = Fate::of(space.leaf_of(meaning.fates, packet));
                    prop_assert_eq!(fate, Some(fate_of(&trace)), "{:?}: {:?}", packet, trace.steps);
                }
            }
        }
    }
}

fn fate_of(trace: &Trace) -> Fate {
    match trace.verdict {
        Verdict::Accept => Fate::Accept,
        Verdict::Drop => Fate::Drop,
        Verdict::Reject => Fate::Reject,
        _ => Fate::Queue,
    }
}

/// A region's packet with the highest values.
fn last(region: &Region) -> Packet {
    Packet(region.ranges.iter().map(|(field, range)| (*field, range.last)).collect())
}

/// The same for rulesets as people write them: every region of packets that the meaning tells apart is tried at both
/// ends.
#[test]
fn regions_have_the_fate_that_their_packets_have() {
    const ELSEWHERE: Leaf = 9;
    const HOOKS: [Hook; 3] = [Hook::Input, Hook::Forward, Hook::Output];
    let mut tried = 0;
    for (name, text) in rulesets::ALL {
        let ruleset = Ruleset::parse(text).unwrap();
        let mut space = Space::new(1 << 22);
        for way in [Way::Routed, Way::Bridged] {
            let bridged = way == Way::Bridged;
            let sensible = space.sensible(way, ruleset.interfaces.len()).unwrap();
            for hooks in HOOKS.iter().map(std::slice::from_ref).chain([&FORWARDED[..]]) {
                let meaning = ruleset.meaning(&mut space, way, hooks).unwrap();
                // What it does to later hooks is noted, and no part of the meaning.
                if meaning.notes.iter().any(|note| note.text.contains("notrack")) {
                    continue;
                }
                let fates = space.only(sensible, meaning.fates, ELSEWHERE).unwrap();
                let regions = space.regions(fates, |leaf| leaf != ELSEWHERE, 100_000);
                for region in regions.iter().step_by(regions.len() / 2000 + 1) {
                    for packet in [region.packet(), last(region)] {
                        let trace = match hooks {
                            [hook] => ruleset.trace(&packet, *hook, bridged),
                            _ => ruleset.trace_forwarded(&packet, bridged),
                        };
                        let shown = ruleset.show(&packet);
                        assert_eq!(
                            Fate::of(region.leaf),
                            Some(fate_of(&trace)),
                            "{name}: {shown}\n{trace:#?}"
                        );
                        tried += 1;
                    }
                }
            }
        }
    }
    assert!(tried > 10_000, "{tried}");
}
