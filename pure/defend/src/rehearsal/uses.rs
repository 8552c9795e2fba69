//! Which allowances of the new plan were needed.
//!
//! When in doubt an allowance counts as used: closing one that is needed does harm, keeping one that is not does little.

use super::{Asked, Spoken, Times, Use};
use crate::conduit::{admits, between, carries, zone_of};
use city::{Allowance, Conduit, ConduitId, Flow, VerbSet};
use jiff::Timestamp;
use plan::Plan;
use std::collections::BTreeMap;

/// How one allowance was used.
#[derive(Clone, Copy, Debug)]
struct Count {
    conversations: u64,
    requests: u64,
    verbs: VerbSet,
    by_conversation: Times,
    by_request: Times,
    /// Whether any request of its protocol was made on its conduit.
    was_asked: bool,
}

impl Count {
    const NONE: Count = Count {
        conversations: 0,
        requests: 0,
        verbs: VerbSet::EMPTY,
        by_conversation: Times::NEVER,
        by_request: Times::NEVER,
        was_asked: false,
    };
}

/// The use of every allowance, as it is gathered.
pub(super) struct Uses<'p> {
    old: Option<&'p Plan>,
    plan: &'p Plan,
    counts: BTreeMap<&'p ConduitId, Vec<Count>>,
}

impl<'p> Uses<'p> {
    pub(super) fn new(old: Option<&'p Plan>, plan: &'p Plan) -> Uses<'p> {
        let counts = plan.conduits().map(|conduit| (&conduit.id, vec![Count::NONE; conduit.allow.len()]));
        Uses { old, plan, counts: counts.collect() }
    }

    /// Takes conversations that ran.
    pub(super) fn conversation(&mut self, spoken: &Spoken, times: Times) {
        let flow = spoken.flow();
        for conduit in conduits(self.plan, &flow) {
            let counts = self.counts.get_mut(&conduit.id).into_iter().flatten();
            for (allowance, count) in conduit.allow.iter().zip(counts) {
                let used = match allowance {
                    Allowance::Requests { protocol, on, .. } => {
                        spoken.protocol == Some(*protocol) && on.is_none_or(|ports| ports.carry(&flow))
                    }
                    Allowance::Ports(_) | Allowance::Packets { .. } => carries(allowance, &flow),
                };
                if used {
                    count.conversations += times.count;
                    count.by_conversation.add(times);
                }
            }
        }
    }

    /// Takes requests that were answered.
    pub(super) fn request(&mut self, asked: &Asked, times: Times) {
        let Some(protocol) = asked.protocol else { return };
        let (flow, request) = (asked.flow(), asked.request());
        for conduit in conduits(self.plan, &flow) {
            let counts = self.counts.get_mut(&conduit.id).into_iter().flatten();
            for (allowance, count) in conduit.allow.iter().zip(counts) {
                count.was_asked |=
                    matches!(allowance, Allowance::Requests { protocol: p, .. } if *p == protocol);
                if admits(allowance, &flow, protocol, &request) {
                    count.requests += times.count;
                    count.verbs.insert(asked.verb);
                    count.by_request.add(times);
                }
            }
        }
    }

    /// Every allowance, in the order of the plan.
    pub(super) fn tell(self) -> Vec<Use> {
        let mut told = Vec::new();
        for conduit in self.plan.conduits() {
            let counts = self.counts.get(&conduit.id).into_iter().flatten();
            for (allowance, count) in conduit.allow.iter().zip(counts) {
                // Whether a verb was needed is told by the requests, where there are any.
                let by_request = matches!(allowance, Allowance::Requests { .. }) && count.was_asked;
                let mut times = count.by_request;
                if !by_request {
                    times.add(count.by_conversation);
                }
                told.push(Use {
                    conduit: conduit.id.clone(),
                    from: conduit.from.clone(),
                    to: conduit.to.clone(),
                    allowance: allowance.to_string().into(),
                    added: self.old.is_some_and(|old| !has(old, conduit, allowance)),
                    conversations: count.conversations,
                    requests: count.requests,
                    verbs: count.verbs.iter().collect(),
                    last: times.span().map(|(_, last): (Timestamp, Timestamp)| last),
                });
            }
        }
        told
    }
}

/// The conduits that traffic may need. What is sent to everyone stays on its link, and is no reason for a conduit; yet a
/// conduit of the sender's zone that allows it counts as used.
fn conduits<'p>(plan: &'p Plan, flow: &Flow) -> impl Iterator<Item = &'p Conduit> {
    let from = zone_of(plan, flow.source);
    let to = if flow.destination.is_station() { zone_of(plan, flow.destination) } else { from };
    let ends = from.zip(to).map(|(from, to)| between(plan, from, to, flow));
    ends.into_iter().flatten()
}

/// Whether a plan has an allowance between the same zones.
fn has(plan: &Plan, conduit: &Conduit, allowance: &Allowance) -> bool {
    plan.conduits_between(&conduit.from, &conduit.to)
        .flat_map(|conduit| &conduit.allow)
        .any(|a| a == allowance)
}
