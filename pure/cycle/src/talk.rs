//! Who talks to whom.

use ::city::{Address, Flow, Observation, Observed, Protocol, Transport, VerbSet};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most pairs kept; what comes after is counted together.
const PAIRS_MAX: usize = 100_000;

/// Who asks whom, on which port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Talkers {
    /// The end that begins.
    pub source: Address,
    /// The end that is spoken to.
    pub destination: Address,
    /// What carries it.
    pub transport: Transport,
    /// The port spoken to.
    pub port: u16,
}

/// What two ends said to each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talk {
    /// The protocol, once recognised.
    pub protocol: Option<Protocol>,
    /// Conversations begun.
    pub conversations: u64,
    /// Requests made.
    pub requests: u64,
    /// The verbs of the requests.
    pub verbs: VerbSet,
    /// Bytes of payload, both ways, of conversations that ended.
    pub bytes: u64,
    /// When they first spoke.
    pub first: Timestamp,
    /// When they last spoke.
    pub last: Timestamp,
}

/// Who talks to whom, for as many pairs as there is room.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Book {
    pairs: BTreeMap<Talkers, Talk>,
    turned_away: u64,
}

impl Book {
    pub(crate) fn pairs(&self) -> impl ExactSizeIterator<Item = (&Talkers, &Talk)> {
        self.pairs.iter()
    }

    pub(crate) fn turned_away(&self) -> u64 {
        self.turned_away
    }

    pub(crate) fn see(&mut self, observation: &Observation) {
        let time = observation.time;
        match &observation.fact {
            Observed::Opened(flow) => {
                if let Some(talk) = self.talk(flow, time) {
                    talk.conversations += 1;
                }
            }
            Observed::Recognised(flow) => {
                if let Some(talk) = self.talk(flow, time) {
                    talk.protocol = flow.protocol;
                }
            }
            Observed::Conversation(conversation) if conversation.ended => {
                if let Some(talk) = self.talk(&conversation.flow, time) {
                    talk.bytes += conversation.bytes_in + conversation.bytes_out;
                }
            }
            Observed::Request(request) => {
                if let Some(talk) = self.talk(&request.conversation(), time) {
                    talk.requests += 1;
                    talk.verbs.insert(request.verb);
                    talk.protocol = request.flow.protocol;
                }
            }
            _ => {}
        }
    }

    fn talk(&mut self, flow: &Flow, time: Timestamp) -> Option<&mut Talk> {
        let port = match flow.transport {
            // The type and code of a message are no port that is spoken to.
            Transport::Icmp => 0,
            _ => flow.destination_port,
        };
        let talkers =
            Talkers { source: flow.source, destination: flow.destination, transport: flow.transport, port };
        if !self.pairs.contains_key(&talkers) && self.pairs.len() >= PAIRS_MAX {
            self.turned_away += 1;
            return None;
        }
        let talk = self.pairs.entry(talkers).or_insert(Talk {
            protocol: flow.protocol,
            conversations: 0,
            requests: 0,
            verbs: VerbSet::EMPTY,
            bytes: 0,
            first: time,
            last: time,
        });
        talk.last = talk.last.max(time);
        Some(talk)
    }
}
