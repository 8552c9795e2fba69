//! What was recorded, each kind of it once, with how often and when.

use city::{Address, Conversation, Flow, Protocol, Reply, Request, Target, Text, Transport, Verb};
use foldhash::fast::FixedState;
use indexmap::IndexMap;
use jiff::Timestamp;
use std::hash::{BuildHasher, Hash};

/// What makes conversations alike to a plan. Source ports do not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spoken {
    /// The end that began.
    pub source: Address,
    /// The end that was spoken to.
    pub destination: Address,
    /// What carried it.
    pub transport: Transport,
    /// The port spoken to; of ICMP, the code.
    pub port: u16,
    /// Of ICMP, the type, which tells errors from questions; otherwise 0.
    pub icmp_type: u16,
    /// What was spoken, if it was recognised.
    pub protocol: Option<Protocol>,
    /// Whether the end that was spoken to took part: it did not keep silent, and did not refuse.
    pub answered: bool,
    /// Whether anything was said above the transport.
    pub spoke: bool,
    /// Whether it had ended when it was told of. What had not may still turn out to be of a protocol.
    pub ended: bool,
}

impl Spoken {
    /// The kind of a conversation.
    #[must_use]
    pub fn of(conversation: &Conversation) -> Spoken {
        let Conversation { flow, packets_in, bytes_in, bytes_out, state, ended, .. } = conversation;
        Spoken {
            source: flow.source,
            destination: flow.destination,
            transport: flow.transport,
            port: flow.destination_port,
            icmp_type: icmp_type(flow),
            protocol: flow.protocol,
            answered: *packets_in > 0 && state.answered() && *state != city::ConnectionState::Rej,
            spoke: bytes_in + bytes_out > 0,
            ended: *ended,
        }
    }

    /// As a flow, to be judged.
    #[must_use]
    pub fn flow(&self) -> Flow {
        Flow {
            source: self.source,
            source_port: self.icmp_type,
            destination: self.destination,
            destination_port: self.port,
            transport: self.transport,
            protocol: self.protocol,
        }
    }
}

/// What makes requests alike to a plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asked {
    /// The end that began the conversation.
    pub source: Address,
    /// The end that was spoken to.
    pub destination: Address,
    /// What carried it.
    pub transport: Transport,
    /// The port of the end that was spoken to.
    pub port: u16,
    /// Of ICMP, the type; otherwise 0.
    pub icmp_type: u16,
    /// What was spoken.
    pub protocol: Option<Protocol>,
    /// Whether the end that was spoken to asked.
    pub back: bool,
    /// What was asked.
    pub verb: Verb,
    /// What was asked, in the protocol's own words.
    pub function: Text,
    /// What it was about; empty where neither plan looks at targets.
    pub target: Target,
    /// Whether it was answered, or needed no answer.
    pub answered: bool,
}

impl Asked {
    /// The kind of a request, with its target.
    #[must_use]
    pub fn of(request: &Request) -> Asked {
        let flow = request.conversation();
        Asked {
            source: flow.source,
            destination: flow.destination,
            transport: flow.transport,
            port: flow.destination_port,
            icmp_type: icmp_type(&flow),
            protocol: flow.protocol,
            back: request.back,
            verb: request.verb,
            function: request.function.clone(),
            target: request.target.clone(),
            answered: request.reply != Reply::Missing,
        }
    }

    /// The flow of the conversation.
    #[must_use]
    pub fn flow(&self) -> Flow {
        Flow {
            source: self.source,
            source_port: self.icmp_type,
            destination: self.destination,
            destination_port: self.port,
            transport: self.transport,
            protocol: self.protocol,
        }
    }

    /// As a request, to be judged.
    #[must_use]
    pub(super) fn request(&self) -> Request {
        let flow = self.flow();
        Request {
            flow: if self.back { flow.reversed() } else { flow },
            back: self.back,
            verb: self.verb,
            function: self.function.clone(),
            target: self.target.clone(),
            value: None,
            reply: if self.answered { Reply::Done } else { Reply::Missing },
            details: Vec::new(),
        }
    }
}

fn icmp_type(flow: &Flow) -> u16 {
    if flow.transport == Transport::Icmp { flow.source_port } else { 0 }
}

/// How often, and when. Times are microseconds since 1970, as history keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// How many conversations ended, or requests were made.
    pub count: u64,
    /// How many records tell of them; a long conversation is told of again and again.
    pub records: u64,
    /// The time of the first record.
    pub first: i64,
    /// The time of the last record.
    pub last: i64,
}

impl Times {
    /// Nothing yet.
    pub const NEVER: Times = Times { count: 0, records: 0, first: i64::MAX, last: i64::MIN };

    /// One record.
    #[must_use]
    pub fn once(time: Timestamp, counts: bool) -> Times {
        let micros = time.as_microsecond();
        Times { count: u64::from(counts), records: 1, first: micros, last: micros }
    }

    /// Adds what was seen elsewhere.
    pub fn add(&mut self, other: Times) {
        self.count += other.count;
        self.records += other.records;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// The first and last time, if there was one.
    #[must_use]
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let time = |micros| Timestamp::from_microsecond(micros).ok();
        if self.records == 0 { None } else { Some((time(self.first)?, time(self.last)?)) }
    }
}

/// A table with a bound, that holds the same in whatever order and in however many parts it was filled: of more kinds
/// than fit, those with the least hashes stay. The count of one that stays is whole, for it never had to go.
#[derive(Clone, Debug)]
pub(super) struct Kinds<K> {
    table: IndexMap<K, Times, FixedState>,
    limit: usize,
    /// The greatest hash that has a place.
    ceiling: u64,
    left_out: Times,
}

impl<K: Hash + Eq + Ord> Kinds<K> {
    pub(super) fn new(limit: usize) -> Kinds<K> {
        Kinds { table: IndexMap::default(), limit, ceiling: u64::MAX, left_out: Times::NEVER }
    }

    pub(super) fn add(&mut self, kind: K, times: Times) {
        if self.ceiling < u64::MAX && self.table.hasher().hash_one(&kind) > self.ceiling {
            self.left_out.add(times);
            return;
        }
        self.table.entry(kind).or_insert(Times::NEVER).add(times);
        // Room to spare, so that not every newcomer is sorted in for itself.
        if self.table.len() > self.limit + self.limit / 4 {
            self.shrink();
        }
    }

    pub(super) fn absorb(&mut self, other: Kinds<K>) {
        self.left_out.add(other.left_out);
        for (kind, times) in other.table {
            self.add(kind, times);
        }
    }

    /// Puts out what is beyond the limit.
    fn shrink(&mut self) {
        if self.table.len() <= self.limit {
            return;
        }
        let hasher = self.table.hasher().clone();
        let mut hashes: Vec<u64> = self.table.keys().map(|kind| hasher.hash_one(kind)).collect();
        let (_, ceiling, _) = hashes.select_nth_unstable(self.limit.saturating_sub(1));
        self.ceiling = *ceiling;
        let (ceiling, left_out) = (self.ceiling, &mut self.left_out);
        self.table.retain(|kind, times| {
            let stays = hasher.hash_one(kind) <= ceiling;
            if !stays {
                left_out.add(*times);
            }
            stays
        });
    }

    /// Every kind in order, and what found no room.
    pub(super) fn into_sorted(mut self) -> (Vec<(K, Times)>, Times) {
        self.shrink();
        self.table.sort_unstable_keys();
        (self.table.into_iter().collect(), self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_table_holds_the_same_however_it_was_filled() {
        let once = |n: u64| Times { count: 1, records: 1, first: n as i64, last: n as i64 };
        let number = |n: u64| n * 7 % 5_003;
        let mut whole = Kinds::new(1_000);
        (0..20_000).for_each(|n| whole.add(number(n), once(n)));
        let mut parts = [Kinds::new(1_000), Kinds::new(1_000), Kinds::new(1_000)];
        (0..20_000).rev().for_each(|n| parts[(n % 3) as usize].add(number(n), once(n)));
        let [mut all, second, third] = parts;
        all.absorb(third);
        all.absorb(second);
        let (whole, together) = (whole.into_sorted(), all.into_sorted());
        assert_eq!(whole.0.len(), 1_000);
        assert_eq!(whole, together);
        let kept: u64 = whole.0.iter().map(|(_, times)| times.count).sum();
        assert_eq!(kept + whole.1.count, 20_000);
    }
}
