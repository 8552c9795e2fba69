//! Traffic gathered into the lines that a person decides about.

use super::{
    Asked, Line, Noticing, Refusal, Spoken, Stand, Times,
    end::{Addresses, EndKey, Who},
    words,
};
use crate::conduit;
use city::{
    Allowance, Contact, ContactId, NumberRange, Ports, Protocol, ServiceId, Target, TargetPattern, Text,
    Transport, Verb, VerbSet,
};
use plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

/// The most lines; nobody reads more.
const LINES_MAX: usize = 20_000;

/// The most functions named in a line.
const FUNCTIONS_MAX: usize = 4;

/// What makes a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) refusal: Refusal,
    pub(super) from: EndKey,
    pub(super) to: EndKey,
    pub(super) transport: Transport,
    pub(super) port: u16,
    /// Only where the protocol is what is refused, or the verb.
    pub(super) protocol: Option<Protocol>,
    /// Only where the verb is what is refused.
    pub(super) verb: Option<Verb>,
}

/// What is gathered for a line.
#[derive(Clone, Debug)]
pub(super) struct Gathered {
    sources: Addresses,
    destinations: Addresses,
    pub(super) protocols: BTreeMap<Protocol, VerbSet>,
    /// Whether something was said that was not recognised.
    pub(super) unrecognised: bool,
    functions: BTreeSet<Text>,
    pub(super) targets: Targets,
    conversations: u64,
    requests: u64,
    unanswered: u64,
    ran: bool,
    times: Times,
    now: Option<Stand>,
}

/// What the requests of a line were about, as far as it can be said for all of them.
#[derive(Clone, Debug, Default)]
pub(super) enum Targets {
    #[default]
    Nothing,
    /// All of one kind and name, within these numbers.
    Within(Target),
    Any,
}

impl Targets {
    fn add(&mut self, target: &Target) {
        let known = std::mem::replace(self, Targets::Any);
        *self = match known {
            _ if target.is_empty() => Targets::Any,
            Targets::Nothing => Targets::Within(target.clone()),
            Targets::Within(known) if known.kind == target.kind && known.name == target.name => {
                let numbers = known.numbers.zip(target.numbers);
                let numbers = numbers.map(|(a, b)| (a.0.min(b.0), a.1.max(b.1)));
                let unit = known.unit.filter(|unit| target.unit == Some(*unit));
                Targets::Within(Target { unit, numbers, ..known })
            }
            Targets::Within(_) | Targets::Any => Targets::Any,
        };
    }

    /// As the plan would say it.
    fn pattern(&self) -> Option<TargetPattern> {
        let Targets::Within(target) = self else { return None };
        let text = |text: &Text| (!text.is_empty()).then(|| text.clone());
        Some(TargetPattern {
            unit: target.unit,
            kind: text(&target.kind),
            numbers: target.numbers.map(|(first, last)| NumberRange { first, last }),
            name: text(&target.name),
        })
    }
}

impl Gathered {
    fn new() -> Gathered {
        Gathered {
            sources: Addresses::default(),
            destinations: Addresses::default(),
            protocols: BTreeMap::new(),
            unrecognised: false,
            functions: BTreeSet::new(),
            targets: Targets::Nothing,
            conversations: 0,
            requests: 0,
            unanswered: 0,
            ran: false,
            times: Times::NEVER,
            now: None,
        }
    }

    fn stands(&mut self, times: Times, answered: bool, was: Option<Stand>) {
        self.times.add(times);
        self.ran |= answered;
        self.unanswered += if answered { 0 } else { times.count };
        self.now = self.now.map_or(was, |now| was.map(|was| now.min(was)));
    }
}

/// Every line, as it is gathered.
pub(super) struct Lines<'p> {
    old: Option<&'p Plan>,
    new: &'p Plan,
    refused: BTreeMap<Key, Gathered>,
    opened: BTreeMap<Key, Gathered>,
    unlisted: u64,
}

/// The lines, and who is named in them.
pub(super) struct Told {
    pub(super) refused: Vec<Line>,
    pub(super) watched: Vec<Line>,
    pub(super) opened: Vec<Line>,
    pub(super) services: Vec<Noticing>,
    pub(super) contacts: Vec<Contact>,
    pub(super) unlisted: u64,
}

impl<'p> Lines<'p> {
    pub(super) fn new(old: Option<&'p Plan>, new: &'p Plan) -> Lines<'p> {
        Lines { old, new, refused: BTreeMap::new(), opened: BTreeMap::new(), unlisted: 0 }
    }

    /// Takes a kind of conversation that stands thus with the new plan, and thus with the one of now.
    pub(super) fn conversation(&mut self, spoken: &Spoken, times: Times, stand: Stand, was: Option<Stand>) {
        let refusal = |stand| if stand == Stand::Refused { Refusal::Port } else { Refusal::Protocol };
        let Some((is_open, refusal)) = place(stand, was, refusal(stand), was.map(refusal)) else { return };
        let protocol = spoken.protocol.filter(|_| refusal == Refusal::Protocol);
        let key = self.key(refusal, (spoken.source, spoken.destination), spoken.transport, spoken.port);
        let key = Key { protocol, ..key };
        let Some(line) = self.line(is_open, key, times) else { return };
        line.sources.add(spoken.source);
        line.destinations.add(spoken.destination);
        match spoken.protocol {
            Some(protocol) => drop(line.protocols.entry(protocol).or_default()),
            None => line.unrecognised |= spoken.spoke,
        }
        line.conversations += if spoken.answered { times.count } else { 0 };
        line.stands(times, spoken.answered, was);
    }

    /// Takes a kind of request; with how it stands comes whether its conversation is allowed.
    pub(super) fn request(
        &mut self,
        asked: &Asked,
        times: Times,
        stand: (Stand, bool),
        was: Option<(Stand, bool)>,
    ) {
        let refusal = |(stand, in_conduit)| match stand {
            Stand::Refused => Refusal::Port,
            _ if in_conduit => Refusal::Verb,
            _ => Refusal::Protocol,
        };
        let (stood, stands) = (was.map(|(stand, _)| stand), stand.0);
        let Some((is_open, refusal)) = place(stands, stood, refusal(stand), was.map(refusal)) else { return };
        let key = self.key(refusal, (asked.source, asked.destination), asked.transport, asked.port);
        let key = Key {
            protocol: asked.protocol.filter(|_| refusal != Refusal::Port),
            verb: (refusal == Refusal::Verb).then_some(asked.verb),
            ..key
        };
        let Some(line) = self.line(is_open, key, times) else { return };
        line.sources.add(asked.source);
        line.destinations.add(asked.destination);
        if let Some(protocol) = asked.protocol {
            line.protocols.entry(protocol).or_default().insert(asked.verb);
        }
        if line.functions.len() < FUNCTIONS_MAX && !asked.function.is_empty() {
            line.functions.insert(asked.function.clone());
        }
        line.targets.add(&asked.target);
        line.requests += if asked.answered { times.count } else { 0 };
        line.stands(times, asked.answered, stood);
    }

    fn key(
        &self,
        refusal: Refusal,
        (source, destination): (city::Address, city::Address),
        transport: Transport,
        port: u16,
    ) -> Key {
        Key {
            refusal,
            from: EndKey::of(self.new, source),
            to: EndKey::of(self.new, destination),
            transport,
            // Of ICMP it is a code, which no plan looks at.
            port: if has_ports(transport) { port } else { 0 },
            protocol: None,
            verb: None,
        }
    }

    fn line(&mut self, is_open: bool, key: Key, times: Times) -> Option<&mut Gathered> {
        let lines = if is_open { &mut self.opened } else { &mut self.refused };
        if lines.len() >= LINES_MAX && !lines.contains_key(&key) {
            self.unlisted += times.records;
            return None;
        }
        Some(lines.entry(key).or_insert_with(Gathered::new))
    }

    /// The lines for people: what would be missed most stands first.
    pub(super) fn tell(self) -> Told {
        let Lines { old, new, refused, opened, unlisted } = self;
        let tell = |lines: &BTreeMap<Key, Gathered>, is_open| {
            let told = lines.iter().filter_map(|(key, line)| tell(new, old, key, line, is_open));
            let mut told: Vec<Line> = told.collect();
            told.sort_by_cached_key(|line| {
                let often = std::cmp::Reverse(line.conversations + line.requests + line.unanswered);
                let zones = (line.from.zone_name.clone(), line.to.zone_name.clone());
                (!line.ran, !line.is_change(), zones, often, line.id.clone())
            });
            told
        };
        let (refused, watched): (Vec<Line>, Vec<Line>) =
            tell(&refused, false).into_iter().partition(|line| line.refusal == Refusal::Port);
        let opened = tell(&opened, true);
        let services = noticing(new, &refused, &watched);
        let named: BTreeSet<&ContactId> =
            [&refused, &watched, &opened].into_iter().flatten().flat_map(|line| &line.contacts).collect();
        let contacts = new.contacts().filter(|contact| named.contains(&contact.id)).cloned().collect();
        Told { refused, watched, opened, services, contacts, unlisted }
    }
}

/// Whether something goes to the lines of what is newly possible, or to those of what is refused, and as what.
fn place(
    stand: Stand,
    was: Option<Stand>,
    refusal: Refusal,
    refusal_now: Option<Refusal>,
) -> Option<(bool, Refusal)> {
    match (stand, was) {
        (Stand::Allowed, None | Some(Stand::Allowed)) => None,
        (Stand::Allowed, Some(_)) => Some((true, refusal_now?)),
        _ => Some((false, refusal)),
    }
}

pub(super) fn has_ports(transport: Transport) -> bool {
    matches!(transport, Transport::Tcp | Transport::Udp | Transport::Sctp)
}

fn tell(plan: &Plan, old: Option<&Plan>, key: &Key, line: &Gathered, is_open: bool) -> Option<Line> {
    let (from, to) = (line.sources.tell(plan, old)?, line.destinations.tell(plan, old)?);
    let (first, last) = line.times.span()?;
    let who = Who::at(plan, old, line.sources.iter().chain(line.destinations.iter()));
    let ways = from.zone.as_ref().zip(to.zone.as_ref());
    let between = ways.map(|(from, to)| plan.conduits_between(from, to));
    let verbs = line.protocols.values().fold(VerbSet::EMPTY, |all, verbs| all.union(*verbs));
    let can_be_allowed = ways.is_some() && !is_open;
    Some(Line {
        id: words::id(key, is_open),
        refusal: key.refusal,
        conduits: between.into_iter().flatten().map(|conduit| conduit.id.clone()).collect(),
        transport: key.transport.to_string().into(),
        port: has_ports(key.transport).then_some(key.port),
        protocols: line.protocols.keys().copied().collect(),
        verbs: verbs.iter().collect(),
        functions: line.functions.iter().cloned().collect(),
        conversations: line.conversations,
        requests: line.requests,
        unanswered: line.unanswered,
        ran: line.ran,
        first,
        last,
        now: line.now,
        why: if is_open { words::opened(line.now) } else { words::why(plan, key, line, &from, &to) },
        services: who.services.into_iter().collect(),
        needed_by: who.needed_by.into_iter().collect(),
        suppliers: who.suppliers.into_iter().collect(),
        contacts: who.contacts.into_iter().collect(),
        allow: if can_be_allowed { allow(key, line) } else { Vec::new() },
        from,
        to,
    })
}

/// The least that the plan would have to allow for a line to pass, in its own language.
fn allow(key: &Key, line: &Gathered) -> Vec<Text> {
    let mut allow = Vec::new();
    let by_port = line.unrecognised || line.protocols.is_empty();
    for (protocol, verbs) in &line.protocols {
        // A firewall takes what runs at another port than the usual ones for the protocol only if the port is named.
        let elsewhere = has_ports(key.transport) && !protocol.usually_at(key.transport, key.port);
        let on = (key.refusal == Refusal::Port && elsewhere).then(|| Ports::one(key.transport, key.port));
        // The least that lets a protocol be spoken of which no request was seen.
        let least = if protocol.verbs().contains(Verb::Discover) {
            VerbSet::of(&[Verb::Discover])
        } else {
            VerbSet::ALL
        };
        let verbs = key.verb.map_or(*verbs, |verb| VerbSet::of(&[verb]));
        let verbs = if verbs.is_empty() { least } else { verbs };
        let whole = Allowance::Requests { protocol: *protocol, verbs, target: None, on };
        let pattern = line.targets.pattern().filter(|_| key.refusal == Refusal::Verb);
        let narrow = pattern.map(|target| Allowance::Requests {
            protocol: *protocol,
            verbs,
            target: Some(target),
            on,
        });
        allow.push(narrow.filter(plan::can_be_written).unwrap_or(whole));
    }
    if by_port {
        allow.extend(match key.transport {
            transport if has_ports(transport) => Some(Allowance::Ports(Ports::one(transport, key.port))),
            Transport::Icmp => Some(Allowance::Requests {
                protocol: Protocol::Icmp,
                verbs: VerbSet::ALL,
                target: None,
                on: None,
            }),
            Transport::Ip(number) => Some(Allowance::Packets { number }),
            _ => None,
        });
    }
    allow.iter().filter(|allowance| plan::can_be_written(allowance)).map(|a| a.to_string().into()).collect()
}

/// The services at the ends of what ran, those that would notice first, the gravest of them first.
fn noticing(plan: &Plan, refused: &[Line], watched: &[Line]) -> Vec<Noticing> {
    let mut services: BTreeMap<&ServiceId, Noticing> = BTreeMap::new();
    for line in refused.iter().chain(watched).filter(|line| line.ran) {
        for service in line.services.iter().filter_map(|id| plan.service(id)) {
            let noticing = services.entry(&service.id).or_insert_with(|| Noticing {
                service: service.id.clone(),
                name: service.name.clone(),
                impact: service.impact,
                owner: service.owner.clone(),
                refused: 0,
                watched: 0,
                outside: 0,
            });
            let count = match (line.is_change(), line.refusal) {
                (false, _) => &mut noticing.outside,
                (true, Refusal::Port) => &mut noticing.refused,
                (true, Refusal::Protocol | Refusal::Verb) => &mut noticing.watched,
            };
            *count += 1;
        }
    }
    let mut services: Vec<Noticing> = services.into_values().collect();
    let weight = |s: &Noticing| (s.refused > 0, s.watched > 0, s.impact, s.refused, s.watched, s.outside);
    services.sort_by_key(|service| std::cmp::Reverse(weight(service)));
    services
}

/// The zones of a line's ends, for words.
pub(super) fn conduits_between<'p>(
    plan: &'p Plan,
    from: &super::End,
    to: &super::End,
) -> Vec<&'p city::Conduit> {
    let ways = from.zone.as_ref().zip(to.zone.as_ref());
    let ways = ways.filter(|(from, to)| {
        let inside = |id| conduit::is_inside(plan.zone(id));
        inside(from) || inside(to)
    });
    ways.map(|(from, to)| plan.conduits_between(from, to).collect()).unwrap_or_default()
}
