//! From ARP packets, and from neighbour discovery, to observations.

use super::message::{Operation, Packet};
use city::{
    Address, Binding, Flow, Mac, Observation, Observed, Protocol, Reply, Request, Target, Text, Transport,
    Verb,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};

/// For how long the same claim, or the same question with the same outcome, is not told again.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// How long an answer is awaited.
const PATIENCE: SignedDuration = SignedDuration::from_secs(3);
/// Claims, and questions, remembered.
const REMEMBERED: usize = 8_192;

/// A table of bounded size, from which the oldest goes first.
#[derive(Debug)]
struct Recent<K, V> {
    entries: BTreeMap<K, (Timestamp, V)>,
    queue: VecDeque<(Timestamp, K)>,
}

impl<K: Ord + Copy, V> Recent<K, V> {
    fn new() -> Self {
        Recent { entries: BTreeMap::new(), queue: VecDeque::new() }
    }

    /// Puts an entry in; gives back the one that had to go.
    fn insert(&mut self, now: Timestamp, key: K, value: V) -> Option<(K, V)> {
        let put_out = if self.entries.len() >= REMEMBERED { self.oldest() } else { None };
        self.entries.insert(key, (now, value));
        self.queue.push_back((now, key));
        // Entries that were taken out leave the queue when they come to its front; keep it short.
        if self.queue.len() > 2 * REMEMBERED {
            let entries = &self.entries;
            self.queue.retain(|(then, key)| entries.get(key).is_some_and(|(since, _)| since == then));
        }
        put_out
    }

    /// Takes out the oldest entry if it is older than that.
    fn older(&mut self, now: Timestamp, age: SignedDuration) -> Option<(K, V)> {
        while let Some((then, key)) = self.queue.front() {
            let current = self.entries.get(key).is_some_and(|(since, _)| since == then);
            if current && now.duration_since(*then) < age {
                return None;
            }
            if current {
                return self.oldest();
            }
            self.queue.pop_front();
        }
        None
    }

    fn oldest(&mut self) -> Option<(K, V)> {
        while let Some((then, key)) = self.queue.pop_front() {
            if self.entries.get(&key).is_some_and(|(since, _)| *since == then) {
                return self.entries.remove(&key).map(|(_, value)| (key, value));
            }
        }
        None
    }
}

/// Who asks for whom.
type Question = (Ipv4Addr, Ipv4Addr, Mac);

/// What is known of neighbours on the links.
#[derive(Debug)]
pub(crate) struct Neighbours {
    /// Claims told of, with the protocol that told.
    told: Recent<(IpAddr, Mac), ()>,
    /// Questions without an answer so far.
    open: Recent<Question, ()>,
    /// Questions told of.
    asked: Recent<(Question, bool), ()>,
}

impl Neighbours {
    pub(crate) fn new() -> Neighbours {
        Neighbours { told: Recent::new(), open: Recent::new(), asked: Recent::new() }
    }

    /// Takes note of a claim; tells of it if it is new.
    pub(crate) fn claim(
        &mut self,
        binding: Binding,
        time: Timestamp,
        sensor: &Text,
        out: &mut Vec<Observation>,
    ) {
        let key = (binding.address, binding.mac);
        let station = Address::Ip(binding.address).is_station() && Address::Mac(binding.mac).is_station();
        while self.told.older(time, AGAIN_AFTER).is_some() {}
        if station && !self.told.entries.contains_key(&key) {
            self.told.insert(time, key, ());
            out.push(Observation { time, sensor: sensor.clone(), fact: Observed::Binding(binding) });
        }
    }

    /// Reads an ARP packet.
    pub(crate) fn see(
        &mut self,
        packet: &Packet,
        time: Timestamp,
        sensor: &Text,
        out: &mut Vec<Observation>,
    ) {
        self.expire(time, sensor, out);
        // A probe (RFC 5227 section 2.1) asks without claiming: its sender is unspecified.
        let binding =
            Binding { address: IpAddr::V4(packet.sender), mac: packet.sender_mac, protocol: Protocol::Arp };
        self.claim(binding, time, sensor, out);
        match packet.operation {
            Operation::REQUEST if !packet.is_gratuitous() => {
                let question = (packet.sender, packet.target, packet.sender_mac);
                let known = self.open.entries.contains_key(&question);
                if !known && let Some((unanswered, ())) = self.open.insert(time, question, ()) {
                    self.tell(unanswered, None, time, sensor, out);
                }
            }
            Operation::REPLY => {
                let question = (packet.target, packet.sender, packet.target_mac);
                if self.open.entries.remove(&question).is_some() {
                    self.tell(question, Some(packet.sender_mac), time, sensor, out);
                }
            }
            _ => {}
        }
    }

    /// Tells of questions that have waited too long.
    pub(crate) fn expire(&mut self, now: Timestamp, sensor: &Text, out: &mut Vec<Observation>) {
        while let Some((question, ())) = self.open.older(now, PATIENCE) {
            self.tell(question, None, now, sensor, out);
        }
        while self.asked.older(now, AGAIN_AFTER).is_some() {}
    }

    /// Tells of all questions that still wait.
    pub(crate) fn finish(&mut self, now: Timestamp, sensor: &Text, out: &mut Vec<Observation>) {
        while let Some((question, ())) = self.open.oldest() {
            self.tell(question, None, now, sensor, out);
        }
    }

    fn tell(
        &mut self,
        question: Question,
        answer: Option<Mac>,
        time: Timestamp,
        sensor: &Text,
        out: &mut Vec<Observation>,
    ) {
        let key = (question, answer.is_some());
        if self.asked.entries.contains_key(&key) {
            return;
        }
        self.asked.insert(time, key, ());
        let (asker, target, mac) = question;
        let source = if asker.is_unspecified() { Address::Mac(mac) } else { Address::Ip(IpAddr::V4(asker)) };
        let flow = Flow {
            source,
            source_port: 0,
            destination: Address::Ip(IpAddr::V4(target)),
            destination_port: 0,
            transport: Transport::Ethernet(0x0806),
            protocol: Some(Protocol::Arp),
        };
        let request = Request {
            back: false,
            flow,
            verb: Verb::Discover,
            function: Text::const_new("who-has"),
            target: Target::named(Text::from(target.to_string())),
            value: answer.map(|mac| Text::from(mac.to_string())),
            reply: if answer.is_some() { Reply::Done } else { Reply::Missing },
            details: Vec::new(),
        };
        let fact = Observed::Request(Box::new(request));
        out.push(Observation { time, sensor: sensor.clone(), fact });
    }
}

#[cfg(test)]
impl Neighbours {
    /// How much is remembered.
    pub(crate) fn remembered(&self) -> usize {
        let sizes = |entries: usize, queue: usize| entries + queue;
        sizes(self.told.entries.len(), self.told.queue.len())
            + sizes(self.open.entries.len(), self.open.queue.len())
            + sizes(self.asked.entries.len(), self.asked.queue.len())
    }
}
