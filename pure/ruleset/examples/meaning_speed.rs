//! Measures how long it takes to work out what a large ruleset means.
//!
//! `meaning_speed ZONES CONDUITS ADDRESSES` makes a ruleset of so many zones and conduits with so many single addresses
//! in its sets, works out its meaning, compares it with that of the same ruleset less one service, and prints
//! `SHAPE SECONDS SECONDS-TO-COMPARE NODES INTERVALS` for each shape that rulesets have: what a packet's source may do
//! looked up in a verdict map of addresses, in one of interfaces, or by a list of rules; the same with destinations
//! first; one map of all there is to tell apart; and one list of rules without any chain or map.
#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "it measures")]

use ruleset::{
    Base, Chain, Condition, Element, FORWARDED, Family, Fate, Field, Hook, Key, Range, Rule, Ruleset, Set,
    Space, Statement, Table, Values, Verdict, Way,
};
use std::{env, error::Error, time::Instant};

/// 198.18.0.0, the first of the addresses for measuring (RFC 2544); each zone has 128 of them.
const FIRST: u128 = 0xc612_0000;
const OF_A_ZONE: u128 = 128;
/// In how many addresses a conduit that is narrowed ends.
const NARROWED: u128 = 50;

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Addresses,
    Destinations,
    Flat,
    Interfaces,
    Joined,
    List,
}

const SHAPES: [(&str, Shape); 6] = [
    ("addresses", Shape::Addresses),
    ("interfaces", Shape::Interfaces),
    ("list", Shape::List),
    ("destinations", Shape::Destinations),
    ("joined", Shape::Joined),
    ("flat", Shape::Flat),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1).map(|argument| argument.parse::<u128>());
    let mut next = || arguments.next().ok_or("usage: meaning_speed ZONES CONDUITS ADDRESSES");
    let (zones, conduits, addresses) = (next()??, next()??, next()??);
    for (name, shape) in SHAPES {
        let whole = made(shape, zones, conduits, addresses, 0);
        let less = made(shape, zones, conduits, addresses, 1);
        let mut space = Space::new(50_000_000);
        let begin = Instant::now();
        let meaning = whole.meaning(&mut space, Way::Routed, &FORWARDED)?;
        let seconds = begin.elapsed().as_secs_f64();
        let (nodes, intervals) = (space.nodes_of(meaning.fates), space.intervals());
        let less = less.meaning(&mut space, Way::Routed, &FORWARDED)?;
        let begin = Instant::now();
        let sensible = space.sensible(Way::Routed, whole.interfaces.len())?;
        let differs = space.apply(meaning.fates, less.fates, |a, b| u32::from(a != b))?;
        let differs = space.only(sensible, differs, 0)?;
        let witness = space.witness(differs, |leaf| leaf == 1).ok_or("they do not differ")?;
        let compared = begin.elapsed().as_secs_f64();
        let fates =
            [meaning.fates, less.fates].map(|fates| Fate::of(space.leaf_of(fates, &witness.packet())));
        if fates != [Some(Fate::Accept), Some(Fate::Drop)] {
            return Err(format!("{witness:?}: {fates:?}").into());
        }
        println!("{name} {seconds:.3} {compared:.3} {nodes} {intervals}");
    }
    Ok(())
}

/// Every zone may reach its next ones; the last conduit has fewer services if asked for.
fn made(shape: Shape, zones: u128, conduits: u128, addresses: u128, less: u128) -> Ruleset {
    let mut chains = Vec::new();
    let mut from = Vec::new();
    let (mut list, mut flat, mut joined) = (Vec::new(), Vec::new(), Vec::new());
    let (first, second) = match shape {
        Shape::Destinations => (Field::Destination, Field::Source),
        _ => (Field::Source, Field::Destination),
    };
    let mut interfaces = vec!["".into()];
    let (mut conduit, mut narrowed) = (0, 0);
    for zone in 0..zones {
        interfaces.push(format!("zone{zone}").into());
        let mut to = Vec::new();
        for step in 1..=conduits.div_ceil(zones) {
            if conduit == conduits {
                break;
            }
            let other = (zone + step * step) % zones;
            let name = format!("z{zone}-to-z{other}");
            conduit += 1;
            let services = conduit % 5 + 1 - if conduit == conduits { less } else { 0 };
            let ports = (0..services).map(|service| 500 + (conduit * 7 + service * 11) % 3000);
            let protocol = Range::one(if conduit.is_multiple_of(3) { 17 } else { 6 });
            if shape == Shape::Joined {
                let keys =
                    ports.clone().map(|port| vec![of_zone(zone), of_zone(other), protocol, Range::one(port)]);
                joined.extend(keys.map(|key| Element { key, ..element(protocol, Some(Verdict::Accept)) }));
                continue;
            }
            let mut statements = vec![
                matched(&[Field::Protocol], vec![protocol]),
                matched(&[Field::DestinationPort], ports.map(Range::one).collect()),
                Statement::Verdict(Verdict::Accept),
            ];
            if narrowed + NARROWED <= addresses && conduit.is_multiple_of(3) {
                narrowed += NARROWED;
                let hosts = (0..NARROWED).map(|host| Range::one(FIRST + other * OF_A_ZONE + 1 + 2 * host));
                statements.insert(0, matched(&[Field::Destination], hosts.collect()));
                statements.insert(0, ip());
            }
            if shape == Shape::Flat {
                let ends = [(Field::Source, zone), (Field::Destination, other)];
                let ends = ends.map(|(field, zone)| [ip(), matched(&[field], vec![of_zone(zone)])]);
                flat.push(rule(ends.into_iter().flatten().chain(statements).collect()));
                continue;
            }
            chains.push(chain(&name, None, vec![rule(statements)]));
            to.push(element(of_zone(other), Some(Verdict::Goto(name.as_str().into()))));
        }
        let source = of_zone(zone);
        let name = format!("from-z{zone}");
        let map = Statement::Map(vec![second], Values::Here(to));
        let mut rules = vec![rule(vec![ip(), map])];
        if shape == Shape::Interfaces {
            // No other sources than its own come in at a zone's interface.
            let mut foreign = matched(&[Field::Source], vec![source]);
            if let Statement::Match(condition) = &mut foreign {
                condition.negated = true;
            }
            rules.insert(0, rule(vec![ip(), foreign, Statement::Verdict(Verdict::Drop)]));
        }
        chains.push(chain(&name, None, rules));
        let goto = Verdict::Goto(name.as_str().into());
        list.push(rule(vec![
            ip(),
            matched(&[Field::Source], vec![source]),
            Statement::Verdict(goto.clone()),
        ]));
        let key = if shape == Shape::Interfaces { Range::one(zone + 1) } else { source };
        from.push(element(key, Some(goto)));
    }
    let states = [(0, Verdict::Drop), (2, Verdict::Accept), (3, Verdict::Accept)];
    let states = states.map(|(state, verdict)| element(Range::one(state), Some(verdict)));
    let map = |key: Field, values| Statement::Map(vec![key], values);
    let mut rules = vec![rule(vec![map(Field::State, Values::Here(states.into()))])];
    let sources = Values::Named("sources".into());
    match shape {
        Shape::Addresses | Shape::Destinations => rules.push(rule(vec![ip(), map(first, sources)])),
        Shape::Interfaces => rules.push(rule(vec![map(Field::InterfaceIn, sources)])),
        Shape::List => rules.append(&mut list),
        Shape::Flat => rules.append(&mut flat),
        Shape::Joined => {
            let key = vec![Field::Source, Field::Destination, Field::Protocol, Field::DestinationPort];
            rules.push(rule(vec![ip(), Statement::Map(key, Values::Here(joined))]));
        }
    }
    let base = Base {
        kind: "filter".into(),
        hook: Hook::Forward,
        priority: 0,
        policy: Verdict::Drop,
        devices: Vec::new(),
    };
    chains.insert(0, chain("forward", Some(base), rules));
    let sources = Set { name: "sources".into(), elements: from, dynamic: false, place: Default::default() };
    let name = "city".into();
    let table = Table { family: Family::Inet, name, sets: vec![sources], chains, dormant: false };
    Ruleset { tables: vec![table], interfaces, unknowns: Vec::new() }
}

fn of_zone(zone: u128) -> Range {
    let first = FIRST + zone * OF_A_ZONE;
    Range { first, last: first + OF_A_ZONE - 1 }
}

fn ip() -> Statement {
    matched(&[Field::Ethertype], vec![Range::one(0x0800)])
}

fn matched(key: &[Field], ranges: Vec<Range>) -> Statement {
    let elements = ranges.into_iter().map(|range| element(range, None)).collect();
    Statement::Match(Condition { key: Key::from(key), values: Values::Here(elements), negated: false })
}

fn element(range: Range, verdict: Option<Verdict>) -> Element {
    Element { key: vec![range], verdict, place: Default::default() }
}

fn rule(statements: Vec<Statement>) -> Rule {
    Rule { statements, text: Default::default(), comment: None, place: Default::default() }
}

fn chain(name: &str, base: Option<Base>, rules: Vec<Rule>) -> Chain {
    Chain { name: name.into(), base, rules, place: Default::default() }
}
