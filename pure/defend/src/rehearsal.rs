//! A plan rehearsed: run against what was recorded, before it touches a street.
//!
//! A pure fold, `new` → `see` → `answer`. What is alike to a plan is counted together and judged once, by the functions
//! that judge live traffic. What a firewall would refuse is told apart from what it cannot know and the wire would find.
//!
//! What is folded may come in any order and in parts that are folded apart ([`Rehearsal::absorb`]): the answer is the
//! same. Memory is bounded: of more kinds of traffic than fit, some are left out, counted and told.

mod answer;
mod end;
mod judging;
mod lines;
mod proposal;
mod seen;
mod uses;
mod words;

pub use answer::{Answer, End, Line, Noticing, Reach, Refusal, Stand, Use};
pub use proposal::{Proposal, Unfit, propose, unknown_id};
pub use seen::{Asked, Spoken, Times};

use city::{Allowance, Observation, Observed, Protocol, Target, Transport};
use plan::Plan;
use seen::Kinds;
use std::collections::BTreeSet;

/// The most kinds of conversation that are told apart.
const CONVERSATIONS_MAX: usize = 4_000_000;

/// The most kinds of request that are told apart.
const REQUESTS_MAX: usize = 1_000_000;

/// A new plan, and what was recorded, to be held against each other.
#[derive(Clone, Debug)]
pub struct Rehearsal<'p> {
    old: Option<&'p Plan>,
    new: &'p Plan,
    targets: BTreeSet<Protocol>,
    conversations: Kinds<Spoken>,
    requests: Kinds<Asked>,
}

impl<'p> Rehearsal<'p> {
    /// A new plan, and the one that holds now, if there is one.
    #[must_use]
    pub fn new(old: Option<&'p Plan>, new: &'p Plan) -> Rehearsal<'p> {
        Rehearsal {
            old,
            new,
            targets: old.into_iter().chain([new]).flat_map(looked_at).collect(),
            conversations: Kinds::new(CONVERSATIONS_MAX),
            requests: Kinds::new(REQUESTS_MAX),
        }
    }

    /// The protocols of which a plan looks at the targets of requests. Of others they need not be given.
    #[must_use]
    pub fn targets(&self) -> &BTreeSet<Protocol> {
        &self.targets
    }

    /// Folds one observation in.
    pub fn see(&mut self, observation: &Observation) {
        match &observation.fact {
            Observed::Conversation(conversation) => {
                let times = Times::once(observation.time, conversation.ended);
                self.see_conversations(Spoken::of(conversation), times);
            }
            Observed::Request(request) => {
                self.see_requests(Asked::of(request), Times::once(observation.time, true));
            }
            _ => {}
        }
    }

    /// Folds in conversations that are alike.
    pub fn see_conversations(&mut self, spoken: Spoken, times: Times) {
        // What runs directly on a link crosses no zones.
        if !matches!(spoken.transport, Transport::Ethernet(_)) {
            self.conversations.add(spoken, times);
        }
    }

    /// Folds in requests that are alike.
    pub fn see_requests(&mut self, mut asked: Asked, times: Times) {
        if matches!(asked.transport, Transport::Ethernet(_)) {
            return;
        }
        if asked.protocol.is_none_or(|protocol| !self.targets.contains(&protocol)) {
            asked.target = Target::default();
        }
        self.requests.add(asked, times);
    }

    /// Folds in what another rehearsal of the same plans saw.
    pub fn absorb(&mut self, other: Rehearsal<'p>) {
        self.conversations.absorb(other.conversations);
        self.requests.absorb(other.requests);
    }

    /// What the new plan would have meant for all that was seen.
    #[must_use]
    pub fn answer(self) -> Answer {
        answer::answer(self)
    }
}

/// The protocols of which a plan allows some targets and not others.
fn looked_at(plan: &Plan) -> impl Iterator<Item = Protocol> {
    plan.conduits().flat_map(|conduit| &conduit.allow).filter_map(|allowance| match allowance {
        Allowance::Requests { protocol, target: Some(_), .. } => Some(*protocol),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
