//! Lessons: from an incident's own traffic to a plan that would have stopped it.
//!
//! What no conduit allowed needs no other plan, but one that is enforced. What a conduit did allow, and the attack used, is
//! proposed to be taken out; whether the city can do without it, a rehearsal on what was recorded says.

use city::{Allowance, Flow, Narrowing, Protocol, Verb, VerbSet, ZoneId};
use plan::Plan;
use std::{collections::BTreeMap, net::IpAddr};

/// Something that was asked in an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The conversation: its source is the end that began.
    pub flow: Flow,
    /// What it spoke.
    pub protocol: Protocol,
    /// What was asked.
    pub verb: Verb,
}

/// What could be learned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// What the plan allowed and the incident used, to be taken out, in the order of the zones' ids.
    pub narrow: Vec<Narrowing>,
    /// How much of what was asked no conduit allows already.
    pub outside: u64,
    /// How much of it is allowed by port, without a look at what is asked, so that nothing of it can be taken out.
    pub by_port: u64,
    /// How much of it stays within one zone, where no conduit is needed.
    pub within: u64,
}

/// What the plan allowed of what was asked.
#[must_use]
pub fn propose(plan: &Plan, asked: impl IntoIterator<Item = Asked>) -> Proposal {
    let mut proposal = Proposal::default();
    let mut used: BTreeMap<(ZoneId, ZoneId, Protocol), VerbSet> = BTreeMap::new();
    for Asked { flow, protocol, verb } in asked {
        let zone = |address: IpAddr| plan.zone_of(address).or_else(|| plan.everywhere_else());
        let ends = flow.source.ip().zip(flow.destination.ip());
        let Some((from, to)) = ends.and_then(|(source, destination)| zone(source).zip(zone(destination)))
        else {
            continue;
        };
        if from.id == to.id {
            proposal.within += 1;
            continue;
        }
        let allowances = || plan.conduits_between(&from.id, &to.id).flat_map(|conduit| &conduit.allow);
        if allowances().any(|allowance| allows(allowance, protocol, verb)) {
            used.entry((from.id.clone(), to.id.clone(), protocol)).or_default().insert(verb);
        } else if allowances().any(|allowance| !matches!(allowance, Allowance::Requests { .. })) {
            proposal.by_port += 1;
        } else {
            proposal.outside += 1;
        }
    }
    proposal.narrow = used
        .into_iter()
        .map(|((from, to, protocol), verbs)| Narrowing { from, to, protocol, verbs })
        .collect();
    proposal
}

/// Whether a plan holds a narrowing: it has both zones, and nothing between them allows what was to be taken out.
#[must_use]
pub fn is_held(plan: &Plan, narrowing: &Narrowing) -> bool {
    let Narrowing { from, to, protocol, verbs } = narrowing;
    plan.conduits_between(from, to)
        .flat_map(|conduit| &conduit.allow)
        .all(|allowance| !verbs.iter().any(|verb| allows(allowance, *protocol, verb)))
}

fn allows(allowance: &Allowance, protocol: Protocol, verb: Verb) -> bool {
    matches!(allowance, Allowance::Requests { protocol: allowed, verbs, .. } if *allowed == protocol && verbs.contains(verb))
}
