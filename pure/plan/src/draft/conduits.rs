//! What was said between zones, as conduits.

use super::{
    Draft, End,
    assets::DraftAsset,
    networks::Places,
    tally::{Hull, Names, Tally, What},
    text::{counted, grouped, plain},
};
use crate::allowance::parse_allowance;
use city::{Allowance, Mac, NumberRange, Ports, Protocol, TargetPattern, Text, Transport, Verb, VerbSet};
use std::collections::{BTreeMap, BTreeSet};

/// A conduit of the draft. Zones are known by their places in the list; `None` is outside.
#[derive(Debug)]
pub(super) struct DraftConduit {
    pub from: Option<usize>,
    pub to: Option<usize>,
    /// What is allowed, and what the guess rests on.
    pub allow: Vec<(String, String)>,
}

/// The most ends named as examples are counted; more are "many".
const ENDS_MAX: usize = 100;

/// What was said between two zones, of one kind.
#[derive(Default)]
struct Said {
    tally: Tally,
    from: BTreeSet<End>,
    to: BTreeSet<End>,
}

type Ends = (Option<usize>, Option<usize>);

pub(super) fn draft_conduits(draft: &Draft, places: &Places, assets: &[DraftAsset]) -> Vec<DraftConduit> {
    let by_mac: BTreeMap<Mac, usize> =
        assets.iter().flat_map(|asset| asset.macs.iter().map(|mac| (*mac, asset.zone))).collect();
    let zone_of = |end: &End| match end {
        End::Network(network) => places.zone_of(network.addr()),
        End::Link(mac) => by_mac.get(mac).copied(),
    };
    let mut between: BTreeMap<Ends, BTreeMap<&What, Said>> = BTreeMap::new();
    for ((from, to, what), tally) in &draft.traffic {
        let ends = (zone_of(from), zone_of(to));
        // What runs between two places outside is not the city's to allow.
        if ends != (None, None) {
            let said = between.entry(ends).or_default().entry(what).or_default();
            said.tally.merge(tally);
            said.from.insert(*from);
            said.to.insert(*to);
        }
    }
    between
        .into_iter()
        .map(|((from, to), said)| DraftConduit { from, to, allow: allow(&said) })
        .filter(|conduit| !conduit.allow.is_empty())
        .collect()
}

/// Everything that was said between two zones, in the language of allowances.
fn allow(said: &BTreeMap<&What, Said>) -> Vec<(String, String)> {
    let mut allowed = Vec::new();
    let protocols: BTreeSet<Protocol> = said
        .keys()
        .filter_map(|what| match what {
            What::Asked { protocol, .. } | What::Spoken(protocol) => Some(*protocol),
            _ => None,
        })
        .collect();
    for protocol in &protocols {
        allow_protocol(*protocol, said, &mut allowed);
    }
    for (what, said) in said {
        match what {
            // Tried and left: the usual port of what is allowed anyway needs no words of its own.
            What::Unknown { transport, spoke: false } => {
                let usual = protocols.iter().flat_map(|p| p.usual_ports());
                let usual =
                    usual.filter(|(carrier, _)| carrier == transport).map(|(_, port)| *port).collect();
                allow_carrier(*transport, said, &usual, "nothing was said", &mut allowed);
            }
            What::Unknown { transport, spoke: true } => {
                allow_carrier(
                    *transport,
                    said,
                    &BTreeSet::new(),
                    "in a protocol that was not recognised",
                    &mut allowed,
                );
            }
            // What began and was told of no more is covered by any protocol that it may turn out to be.
            What::Opened(transport) => {
                let may_become = protocols.iter().any(|p| !matches!(p, Protocol::Arp | Protocol::Icmp));
                if !may_become {
                    allow_carrier(
                        *transport,
                        said,
                        &BTreeSet::new(),
                        "only its beginning was seen",
                        &mut allowed,
                    );
                }
            }
            _ => {}
        }
    }
    // A port may be there by two ways: said nothing on, and spoken on.
    let mut seen = BTreeSet::new();
    allowed.retain(|(allowance, _)| seen.insert(allowance.clone()));
    allowed
}

/// The requests of a protocol: verbs without a target together, others by their targets.
fn allow_protocol(protocol: Protocol, said: &BTreeMap<&What, Said>, allowed: &mut Vec<(String, String)>) {
    let mut whole = VerbSet::EMPTY;
    let mut whole_said = Said::default();
    let mut by_target: BTreeMap<String, (TargetPattern, VerbSet, Said)> = BTreeMap::new();
    let asked = said.iter().filter_map(|(what, said)| match what {
        What::Asked { protocol: asked, verb, kind } if *asked == protocol => Some((*verb, kind, said)),
        _ => None,
    });
    for (verb, kind, said) in asked {
        match pattern(protocol, verb, kind, &said.tally) {
            Some(pattern) => {
                let entry = by_target.entry(pattern.to_string());
                let (_, verbs, total) = entry.or_insert_with(|| (pattern, VerbSet::EMPTY, Said::default()));
                verbs.insert(verb);
                total.add(said);
            }
            None => {
                whole.insert(verb);
                whole_said.add(said);
            }
        }
    }
    if !whole.is_empty() {
        let requests = Allowance::Requests { protocol, verbs: whole, target: None, on: None };
        allowed.push((requests.to_string(), whole_said.evidence("request")));
    }
    for (pattern, verbs, said) in by_target.into_values() {
        // A verb that is allowed on everything needs no target beside it.
        let verbs: VerbSet = verbs.iter().filter(|verb| !whole.contains(*verb)).collect();
        if !verbs.is_empty() {
            let requests = Allowance::Requests { protocol, verbs, target: Some(pattern), on: None };
            allowed.push((requests.to_string(), said.evidence("request")));
        }
    }
    let any_asked =
        said.keys().any(|what| matches!(what, What::Asked { protocol: asked, .. } if *asked == protocol));
    if !any_asked && let Some(said) = said.get(&What::Spoken(protocol)) {
        // The least that lets the protocol be spoken at all.
        let verbs = if protocol.verbs().contains(Verb::Discover) {
            VerbSet::of(&[Verb::Discover])
        } else {
            VerbSet::ALL
        };
        let requests = Allowance::Requests { protocol, verbs, target: None, on: None };
        allowed
            .push((requests.to_string(), format!("{}; no request was seen", said.evidence("conversation"))));
    }
}

/// The targets that were asked of, if they are worth naming and can be written.
fn pattern(protocol: Protocol, verb: Verb, kind: &Text, tally: &Tally) -> Option<TargetPattern> {
    let name = match &tally.names {
        Names::One(name) => Some(name.clone()),
        Names::Beginning(beginning) => Some(Text::from(format!("{beginning}*"))),
        Names::Nothing | Names::Any => None,
    };
    // In a pattern `*` stands for what cannot stand in a word.
    let name = name.map(|name| Text::from(name.replace(|c: char| c.is_whitespace() || c.is_control(), "*")));
    let numbers = match tally.numbers {
        Hull::Within(first, last) => Some(NumberRange { first, last }),
        Hull::Nothing | Hull::Any => None,
    };
    let kind = Some(kind.clone()).filter(|kind| !kind.is_empty());
    if kind.is_none() && name.is_none() {
        return None;
    }
    let pattern = TargetPattern { unit: None, kind, numbers, name };
    let verbs = VerbSet::of(&[verb]);
    let meant = Allowance::Requests { protocol, verbs, target: Some(pattern.clone()), on: None };
    // A topic may look like something else of the language; then it is not named.
    let can_be_written = parse_allowance(&meant.to_string()).as_ref() == Ok(&meant);
    can_be_written.then_some(pattern)
}

/// Ports, or packets of another IP protocol.
fn allow_carrier(
    transport: Transport,
    said: &Said,
    usual: &BTreeSet<u16>,
    why: &str,
    allowed: &mut Vec<(String, String)>,
) {
    let evidence = |conversations: u64| {
        let ends = said.ends();
        let unanswered = match said.tally.unanswered {
            0 => String::new(),
            n if n == said.tally.count => String::from(", none answered"),
            n => format!(", {} of {} unanswered", grouped(n), grouped(said.tally.count)),
        };
        format!("{} {ends}{unanswered}; {why}", counted(conversations, "conversation"))
    };
    let meant = match transport {
        Transport::Tcp | Transport::Udp | Transport::Sctp => {
            for (first, last, count) in &said.tally.ports.0 {
                if first == last && usual.contains(first) {
                    continue;
                }
                let numbers = NumberRange { first: (*first).into(), last: (*last).into() };
                let ports = Allowance::Ports(Ports { transport, numbers });
                allowed.push((ports.to_string(), evidence(*count)));
            }
            return;
        }
        Transport::Ip(number) => Allowance::Packets { number },
        Transport::Icmp => {
            Allowance::Requests { protocol: Protocol::Icmp, verbs: VerbSet::ALL, target: None, on: None }
        }
        Transport::Ethernet(_) => return,
    };
    if parse_allowance(&meant.to_string()).as_ref() == Ok(&meant) {
        allowed.push((meant.to_string(), evidence(said.tally.count)));
    }
}

impl Said {
    fn add(&mut self, other: &Said) {
        self.tally.merge(&other.tally);
        self.from.extend(&other.from);
        self.to.extend(&other.to);
    }

    fn evidence(&self, what: &str) -> String {
        let mut evidence = format!("{} {}", counted(self.tally.count, what), self.ends());
        if self.tally.unanswered > 0 {
            evidence.push_str(&format!(", {} unanswered", grouped(self.tally.unanswered)));
        }
        evidence
    }

    fn ends(&self) -> String {
        plain(&format!("from {} to {}", some(&self.from), some(&self.to)), 400)
    }
}

/// One end by name, or how many and the first of them.
fn some(ends: &BTreeSet<End>) -> String {
    let Some(first) = ends.first() else { return "nobody".into() };
    let first = match first {
        End::Network(network) if network.prefix_len() == network.max_prefix_len() => {
            network.addr().to_string()
        }
        End::Network(network) => network.to_string(),
        End::Link(mac) => mac.to_string(),
    };
    match ends.len() {
        1 => first,
        n if n <= ENDS_MAX => format!("{n} ends such as {first}"),
        _ => format!("over {ENDS_MAX} ends such as {first}"),
    }
}
