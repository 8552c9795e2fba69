//! Conversations that were begun and came to nothing, counted by whom they were aimed at.
//!
//! Bounded, and made so that what several readers counted, put together, is what one would have counted: targets are
//! kept by a number made of their address and not by when they came, and addresses are counted by the smallest of
//! theirs.

use city::{Address, Flood, Flow, Mac, Observation, Observed, Text, Transport};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// So many within a minute are a flood. Clients that call a dead server again and again stay below.
const FLOOD: u64 = 3_000;
/// Devices told apart; what is aimed at others is told for all together.
const TARGETS_MAX: usize = 1_024;
/// How many of the smallest numbers are kept to tell how many there are: right to an eighth.
const SMALLEST_MAX: usize = 64;

/// What came to nothing since it was last told of.
#[derive(Debug, Default)]
pub(crate) struct Floods {
    /// Those with the smallest numbers.
    targets: BTreeMap<(u64, Address, Transport), Attempts>,
    /// To whomever, by transport: at most one for each that has conversations.
    all: BTreeMap<Transport, (Attempts, Distinct)>,
}

#[derive(Debug)]
struct Attempts {
    count: u64,
    /// The port, while there is only one.
    port: Option<u16>,
    sources: Distinct,
    first: Timestamp,
    last: Timestamp,
}

impl Floods {
    /// Counts a conversation that came to nothing.
    pub(crate) fn count(&mut self, flow: &Flow, began: Timestamp) {
        let port = (flow.transport != Transport::Icmp).then_some(flow.destination_port);
        let source = number(flow.source);
        let target = number(flow.destination);
        let one = || Attempts { count: 0, port, sources: Distinct::default(), first: began, last: began };
        let (all, targets) = self.all.entry(flow.transport).or_insert_with(|| (one(), Distinct::default()));
        all.see(port, source, began);
        targets.see(target);
        let key = (target, flow.destination, flow.transport);
        let is_full = self.targets.len() >= TARGETS_MAX;
        if is_full && self.targets.last_key_value().is_none_or(|(last, _)| key > *last) {
            return;
        }
        self.targets.entry(key).or_insert_with(one).see(port, source, began);
        if self.targets.len() > TARGETS_MAX {
            self.targets.pop_last();
        }
    }

    /// Adds what another reader counted.
    pub(crate) fn add(&mut self, other: Floods) {
        for (key, attempts) in other.targets {
            match self.targets.get_mut(&key) {
                Some(known) => known.add(attempts),
                None => drop(self.targets.insert(key, attempts)),
            }
        }
        while self.targets.len() > TARGETS_MAX {
            self.targets.pop_last();
        }
        for (transport, (attempts, targets)) in other.all {
            match self.all.get_mut(&transport) {
                Some((known, known_targets)) => {
                    known.add(attempts);
                    known_targets.add(targets);
                }
                None => drop(self.all.insert(transport, (attempts, targets))),
            }
        }
    }

    /// Tells of what was a flood: of each device that had one, and of what is left if that was one all together.
    pub(crate) fn tell(self, time: Timestamp, sensor: &Text, out: &mut Vec<Observation>) {
        let mut left: BTreeMap<Transport, u64> =
            self.all.iter().map(|(transport, (attempts, _))| (*transport, attempts.count)).collect();
        let mut floods: Vec<Flood> = Vec::new();
        for ((_, address, transport), attempts) in self.targets {
            if attempts.count >= FLOOD {
                left.entry(transport).and_modify(|left| *left = left.saturating_sub(attempts.count));
                floods.push(attempts.flood(Some(address), transport, 1));
            }
        }
        for (transport, (attempts, targets)) in self.all {
            let count = left.get(&transport).copied().unwrap_or_default();
            if count >= FLOOD {
                floods.push(Attempts { count, ..attempts }.flood(None, transport, targets.about()));
            }
        }
        floods.sort_unstable_by_key(|flood| (flood.destination, flood.transport));
        for flood in floods {
            let fact = Observed::Flood(Box::new(flood));
            out.push(Observation { time, sensor: sensor.clone(), fact });
        }
    }
}

impl Attempts {
    fn see(&mut self, port: Option<u16>, source: u64, began: Timestamp) {
        self.count += 1;
        if self.port != port {
            self.port = None;
        }
        self.sources.see(source);
        self.first = self.first.min(began);
        self.last = self.last.max(began);
    }

    fn add(&mut self, other: Attempts) {
        self.count += other.count;
        if self.port != other.port {
            self.port = None;
        }
        self.sources.add(other.sources);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    fn flood(&self, destination: Option<Address>, transport: Transport, destinations: u64) -> Flood {
        Flood {
            destination,
            transport,
            port: self.port,
            attempts: self.count,
            // What is estimated may come out higher than what was counted.
            sources: self.sources.about().min(self.count),
            destinations: destinations.min(self.count),
            start: self.first,
            duration: self.last.duration_since(self.first),
        }
    }
}

/// How many distinct ones there are, about: by the smallest of their numbers, which lie the closer together the more
/// there are (Bar-Yossef and others, Counting Distinct Elements in a Data Stream, 2002).
#[derive(Debug, Default)]
struct Distinct {
    /// Ascending.
    smallest: Vec<u64>,
}

impl Distinct {
    fn see(&mut self, number: u64) {
        if self.smallest.len() >= SMALLEST_MAX && self.smallest.last().is_some_and(|last| number >= *last) {
            return;
        }
        if let Err(place) = self.smallest.binary_search(&number) {
            self.smallest.truncate(SMALLEST_MAX - 1);
            self.smallest.insert(place, number);
        }
    }

    fn add(&mut self, other: Distinct) {
        other.smallest.into_iter().for_each(|number| self.see(number));
    }

    fn about(&self) -> u64 {
        let known = self.smallest.len();
        match self.smallest.last() {
            Some(last) if known >= SMALLEST_MAX => {
                let about = ((known as u128 - 1) << 64) / (u128::from(*last) + 1);
                u64::try_from(about).unwrap_or(u64::MAX)
            }
            _ => known as u64,
        }
    }
}

/// A number made of an address, spread evenly whatever the addresses are (the finalizer of SplitMix64). It is the same
/// in every run, so that what is told is; who chooses addresses by it can make their number look other than it is.
fn number(address: Address) -> u64 {
    let bits = match address {
        Address::Ip(IpAddr::V4(ip)) => u64::from(ip.to_bits()),
        Address::Ip(IpAddr::V6(ip)) => {
            let bits = ip.to_bits();
            mixed((bits >> 64) as u64) ^ bits as u64
        }
        Address::Mac(Mac([a, b, c, d, e, f])) => u64::from_be_bytes([1, 0, a, b, c, d, e, f]),
    };
    mixed(bits)
}

fn mixed(bits: u64) -> u64 {
    let bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn flow(source: u32, destination: u32) -> Flow {
        let address = |bits| Address::Ip(Ipv4Addr::from_bits(bits).into());
        Flow {
            source: address(source),
            source_port: 40_000,
            destination: address(0xc000_0200 + destination),
            destination_port: 443,
            transport: Transport::Tcp,
            protocol: None,
        }
    }

    fn told(floods: Floods) -> Vec<Flood> {
        let mut out = Vec::new();
        floods.tell(Timestamp::UNIX_EPOCH, &"test".into(), &mut out);
        let flood = |observation: Observation| match observation.fact {
            Observed::Flood(flood) => *flood,
            other => panic!("{other:?}"),
        };
        out.into_iter().map(flood).collect()
    }

    #[test]
    fn a_million_sources_are_told_as_about_a_million() {
        let mut floods = Floods::default();
        (0..1_000_000).for_each(|source| floods.count(&flow(source, 1), Timestamp::UNIX_EPOCH));
        (0..FLOOD as u32 - 1).for_each(|source| floods.count(&flow(source, 2), Timestamp::UNIX_EPOCH));
        let [flood] = &told(floods)[..] else { panic!("one flood, and below the bound there is none") };
        assert_eq!((flood.attempts, flood.port, flood.destinations), (1_000_000, Some(443), 1));
        assert!((850_000..=1_000_000).contains(&flood.sources), "{flood:?}");
    }

    #[test]
    fn what_is_spread_over_more_devices_than_are_told_apart_is_told_for_all() {
        let mut floods = Floods::default();
        (0..100_000).for_each(|number| floods.count(&flow(number % 9, number), Timestamp::UNIX_EPOCH));
        assert_eq!(floods.targets.len(), TARGETS_MAX);
        let [flood] = &told(floods)[..] else { panic!("one flood") };
        assert_eq!((flood.destination, flood.attempts, flood.sources), (None, 100_000, 9));
        assert!((80_000..=100_000).contains(&flood.destinations), "{flood:?}");
    }

    #[test]
    fn readers_together_tell_what_one_tells_even_of_more_than_there_is_room_for() {
        let mut alone = Floods::default();
        let mut shared: Vec<Floods> = (0..3).map(|_| Floods::default()).collect();
        for number in 0..60_000_u32 {
            // Five are flooded, among many that are only tried.
            let target = if number % 2 == 0 { number % 10 } else { number };
            let flow = flow(number.wrapping_mul(2_654_435_761), target);
            let began = Timestamp::from_millisecond(number.into()).unwrap();
            alone.count(&flow, began);
            shared[number as usize % 3].count(&flow, began);
        }
        let mut together = Floods::default();
        shared.into_iter().for_each(|floods| together.add(floods));
        let told = [told(alone), told(together)];
        assert!(!told[0].is_empty());
        assert_eq!(told[0], told[1]);
    }
}
