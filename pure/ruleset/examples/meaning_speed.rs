//! Measures how long it takes to prove what a large ruleset means.
//!
//! `meaning_speed ZONES CONDUITS ADDRESSES [SHAPE]` makes a plan of so many zones and conduits, of which some end in 50 addresses
//! until there are so many, and rulesets for it in each shape that they have, or the one given. It works out what each means, makes the
//! plan itself into a diagram, and compares them: they must be equal, and differ where a service is left out. It prints
//!
//! `SHAPE SECONDS-FOR-MEANING SECONDS-FOR-PLAN SECONDS-TO-COMPARE NODES INTERVALS`
#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "it measures")]

use ruleset::{
    Base, Chain, Condition, Diagram, Element, FORWARDED, Family, Fate, Field, Hook, Leaf, Range, Rule,
    Ruleset, Set, Space, State, Statement, Table, TooLarge, Values, Verdict, Way,
};
use std::{env, error::Error, time::Instant};

/// 2001:db8::, the first of the addresses for documentation (RFC 3849); each zone has a network of 64 bits.
const FIRST: u128 = 0x2001_0db8 << 96;
const OF_A_ZONE: u128 = 1 << 64;
/// In how many addresses a conduit that is narrowed ends.
const NARROWED: u128 = 50;
const IP6: Range = Range::one(0x86dd);

/// How a ruleset finds what a packet may do.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// A verdict map of sources to a chain for each, with a map of destinations in it to a chain for each.
    Addresses,
    /// The same with destinations before sources.
    Destinations,
    /// A list of rules without any chain or map.
    Flat,
    /// A verdict map of interfaces to a chain for each, which refuses forged sources, and then as with addresses.
    Interfaces,
    /// One map of all there is to tell apart; conduits are not narrowed.
    Joined,
    /// A list of rules for the sources, and then as with addresses.
    List,
    /// As with addresses, behind a rule that refuses as many destinations as the plan has addresses.
    Refusing,
}

const SHAPES: [(&str, Shape); 7] = [
    ("addresses", Shape::Addresses),
    ("destinations", Shape::Destinations),
    ("flat", Shape::Flat),
    ("interfaces", Shape::Interfaces),
    ("joined", Shape::Joined),
    ("list", Shape::List),
    ("refusing", Shape::Refusing),
];

#[derive(Clone)]
struct Conduit {
    from: u128,
    to: u128,
    protocol: Range,
    ports: Vec<Range>,
    /// The addresses that it ends in.
    hosts: Vec<Range>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().ok_or("usage: meaning_speed ZONES CONDUITS ADDRESSES [SHAPE]");
    let (zones, conduits, addresses) = (next()?.parse()?, next()?.parse()?, next()?.parse()?);
    let only = next().ok();
    for (name, shape) in SHAPES {
        if only.as_ref().is_some_and(|only| only != name) {
            continue;
        }
        let plan = conduits_of(zones, conduits, if shape == Shape::Joined { 0 } else { addresses });
        let mut less = plan.clone();
        less.last_mut().ok_or("no conduits")?.ports.pop();
        let refused = refused_of(zones, if shape == Shape::Refusing { addresses } else { 0 });
        let (whole, less) = (made(shape, zones, &plan, &refused), made(shape, zones, &less, &refused));
        let mut space = Space::new(50_000_000);

        let begin = Instant::now();
        let meaning = whole.meaning(&mut space, Way::Routed, &FORWARDED)?;
        let seconds = begin.elapsed().as_secs_f64();
        let (nodes, intervals) = (space.nodes_of(meaning.fates), space.intervals());

        let begin = Instant::now();
        let wanted = specified(&mut space, shape, &plan, &refused)?;
        let specified = begin.elapsed().as_secs_f64();

        let begin = Instant::now();
        let sensible = space.sensible(Way::Routed, whole.interfaces.len())?;
        if difference(&mut space, sensible, wanted, meaning.fates)? != Diagram::NO {
            return Err(format!("{name}: the ruleset does not mean the plan").into());
        }
        let compared = begin.elapsed().as_secs_f64();
        println!("{name} {seconds:.3} {specified:.3} {compared:.3} {nodes} {intervals}");

        let less = less.meaning(&mut space, Way::Routed, &FORWARDED)?;
        let differs = difference(&mut space, sensible, wanted, less.fates)?;
        let packet = space.witness(differs, |leaf| leaf == 1).ok_or("they do not differ")?.packet();
        let fates = [wanted, less.fates].map(|fates| Fate::of(space.leaf_of(fates, &packet)));
        if fates != [Some(Fate::Accept), Some(Fate::Drop)] {
            return Err(format!("{name}: {packet:?}: {fates:?}").into());
        }
    }
    Ok(())
}

/// The new packets that exist and have different fates.
fn difference(space: &mut Space, sensible: Diagram, a: Diagram, b: Diagram) -> Result<Diagram, TooLarge> {
    let differs = space.apply(a, b, |a, b| Leaf::from(a != b))?;
    let differs = space.only(sensible, differs, 0)?;
    space.fix(differs, Field::State, State::New.number())
}

fn conduits_of(zones: u128, conduits: u128, addresses: u128) -> Vec<Conduit> {
    let mut narrowed = 0;
    let conduit = |number: u128| {
        // Seven has no divisor in common with a power of ten: a zone's conduits end in different ones.
        let (from, to) = (number % zones, (number + number / zones * 7) % zones);
        let ports = 0..number % 5 + 1;
        let mut hosts = vec![of_zone(to)];
        if number.is_multiple_of(3) && narrowed + NARROWED <= addresses {
            narrowed += NARROWED;
            let first = FIRST + to * OF_A_ZONE + 1;
            hosts = (0..NARROWED).map(|host| Range::one(first + 2 * host)).collect();
        }
        Conduit {
            from,
            to,
            protocol: Range::one(if number.is_multiple_of(2) { 17 } else { 6 }),
            ports: ports.map(|port| Range::one(500 + (number * 7 + port * 11) % 3000)).collect(),
            hosts,
        }
    };
    (0..conduits).map(conduit).collect()
}

/// What the plan itself allows, of new connections.
fn specified(
    space: &mut Space,
    shape: Shape,
    plan: &[Conduit],
    refused: &[Range],
) -> Result<Diagram, TooLarge> {
    let fields = [
        Field::Ethertype,
        Field::InterfaceIn,
        Field::Source,
        Field::Destination,
        Field::Protocol,
        Field::DestinationPort,
    ];
    let mut keys = Vec::new();
    for conduit in plan {
        let interface = match shape {
            Shape::Interfaces => Range::one(conduit.from + 1),
            _ => Field::InterfaceIn.whole(),
        };
        for host in &conduit.hosts {
            let ends = [IP6, interface, of_zone(conduit.from), *host, conduit.protocol];
            keys.extend(conduit.ports.iter().map(|port| ends.into_iter().chain([*port]).collect::<Vec<_>>()));
        }
    }
    let boxes: Vec<_> = keys.iter().map(|key| (key.as_slice(), Fate::Accept.leaf())).collect();
    let allowed = space.boxes(&fields, &boxes, Fate::Drop.leaf())?;
    // Boxes of any source would overlap all others; as a set of their own they are put in front at once.
    let keys: Vec<[Range; 2]> = refused.iter().map(|host| [IP6, *host]).collect();
    let boxes: Vec<_> = keys.iter().map(|key| (key.as_slice(), 1)).collect();
    let refused = space.boxes(&[Field::Ethertype, Field::Destination], &boxes, 0)?;
    space.apply(refused, allowed, |refused, fate| if refused == 1 { Fate::Drop.leaf() } else { fate })
}

/// Single addresses, as many in each zone.
fn refused_of(zones: u128, count: u128) -> Vec<Range> {
    let host = |number| FIRST + number % zones * OF_A_ZONE + 20 + number / zones * 5;
    (0..count).map(|number| Range::one(host(number))).collect()
}

fn made(shape: Shape, zones: u128, plan: &[Conduit], refused: &[Range]) -> Ruleset {
    let (first, second) = match shape {
        Shape::Destinations => (Field::Destination, Field::Source),
        _ => (Field::Source, Field::Destination),
    };
    let states = [(State::Invalid, Verdict::Drop), (State::Established, Verdict::Accept)];
    let states = states.map(|(state, verdict)| element(vec![Range::one(state.number())], Some(verdict)));
    let mut base_rules = vec![rule(vec![map(&[Field::State], Values::Here(states.into()))])];
    if !refused.is_empty() {
        let hosts = matched(Field::Destination, refused.to_vec());
        base_rules.push(rule(vec![
            matched(Field::Ethertype, vec![IP6]),
            hosts,
            Statement::Verdict(Verdict::Drop),
        ]));
    }
    let mut chains = Vec::new();
    let mut sources = Vec::new();
    match shape {
        Shape::Flat => base_rules.extend(plan.iter().map(|conduit| {
            let from = [matched(Field::Ethertype, vec![IP6]), matched(first, vec![of_zone(conduit.from)])];
            rule(from.into_iter().chain(services(conduit)).collect())
        })),
        Shape::Joined => {
            let fields = [first, second, Field::Protocol, Field::DestinationPort];
            let keys = plan.iter().flat_map(|conduit| {
                let ends = [of_zone(conduit.from), of_zone(conduit.to), conduit.protocol];
                conduit.ports.iter().map(move |port| ends.into_iter().chain([*port]).collect())
            });
            let elements = keys.map(|key| element(key, Some(Verdict::Accept))).collect();
            base_rules
                .push(rule(vec![matched(Field::Ethertype, vec![IP6]), map(&fields, Values::Here(elements))]));
        }
        _ => {
            let mut of_zones: Vec<Vec<Element>> = vec![Vec::new(); zones as usize];
            for conduit in plan {
                let name = format!("z{}-to-z{}", conduit.from, conduit.to);
                chains.push(chain(&name, None, vec![rule(services(conduit))]));
                let (zone, other) = match shape {
                    Shape::Destinations => (conduit.to, conduit.from),
                    _ => (conduit.from, conduit.to),
                };
                if let Some(others) = of_zones.get_mut(zone as usize) {
                    others.push(element(vec![of_zone(other)], Some(Verdict::Goto(name.as_str().into()))));
                }
            }
            for (zone, others) in (0..zones).zip(of_zones) {
                let name = format!("z{zone}");
                let map = map(&[second], Values::Here(others));
                let mut rules = vec![rule(vec![matched(Field::Ethertype, vec![IP6]), map])];
                let goto = Verdict::Goto(name.as_str().into());
                let mut key = of_zone(zone);
                if shape == Shape::Interfaces {
                    let foreign = Condition {
                        key: vec![Field::Source],
                        values: Values::Here(vec![element(vec![key], None)]),
                        negated: true,
                    };
                    rules.insert(0, rule(vec![Statement::Match(foreign), Statement::Verdict(Verdict::Drop)]));
                    key = Range::one(zone + 1);
                }
                if shape == Shape::List {
                    let from = [matched(Field::Ethertype, vec![IP6]), matched(first, vec![key])];
                    base_rules.push(rule(from.into_iter().chain([Statement::Verdict(goto)]).collect()));
                } else {
                    sources.push(element(vec![key], Some(goto)));
                }
                chains.push(chain(&name, None, rules));
            }
        }
    }
    let named = Values::Named("sources".into());
    match shape {
        Shape::Addresses | Shape::Destinations | Shape::Refusing => {
            base_rules.push(rule(vec![matched(Field::Ethertype, vec![IP6]), map(&[first], named)]));
        }
        Shape::Interfaces => base_rules.push(rule(vec![map(&[Field::InterfaceIn], named)])),
        Shape::Flat | Shape::Joined | Shape::List => {}
    }
    let base = Base {
        kind: "filter".into(),
        hook: Hook::Forward,
        priority: 0,
        policy: Verdict::Drop,
        devices: Vec::new(),
    };
    chains.push(chain("forward", Some(base), base_rules));
    let sources =
        Set { name: "sources".into(), elements: sources, dynamic: false, place: Default::default() };
    let name = "city".into();
    let table = Table { family: Family::Inet, name, sets: vec![sources], chains, dormant: false };
    let interfaces = (0..=zones).map(|number| format!("if{number}").into()).collect();
    Ruleset { tables: vec![table], interfaces, unknowns: Vec::new() }
}

/// What a conduit allows, by where it ends.
fn services(conduit: &Conduit) -> Vec<Statement> {
    vec![
        matched(Field::Ethertype, vec![IP6]),
        matched(Field::Destination, conduit.hosts.clone()),
        matched(Field::Protocol, vec![conduit.protocol]),
        matched(Field::DestinationPort, conduit.ports.clone()),
        Statement::Verdict(Verdict::Accept),
    ]
}

fn of_zone(zone: u128) -> Range {
    let first = FIRST + zone * OF_A_ZONE;
    Range { first, last: first + OF_A_ZONE - 1 }
}

fn matched(field: Field, ranges: Vec<Range>) -> Statement {
    let elements = ranges.into_iter().map(|range| element(vec![range], None)).collect();
    Statement::Match(Condition { key: vec![field], values: Values::Here(elements), negated: false })
}

fn map(key: &[Field], values: Values) -> Statement {
    Statement::Map(key.into(), values)
}

fn element(key: Vec<Range>, verdict: Option<Verdict>) -> Element {
    Element { key, verdict, place: Default::default() }
}

fn rule(statements: Vec<Statement>) -> Rule {
    Rule { statements, text: Default::default(), comment: None, place: Default::default() }
}

fn chain(name: &str, base: Option<Base>, rules: Vec<Rule>) -> Chain {
    Chain { name: name.into(), base, rules, place: Default::default() }
}
