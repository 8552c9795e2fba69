//! How often someone may try before they have to wait.

use jiff::Timestamp;
use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
};

/// The most names and the most addresses remembered. An entry is under 200 bytes.
const ENTRIES_MAX: usize = 10_000;

/// How many tries there are at first, and after how many seconds each comes back.
#[derive(Clone, Copy, Debug)]
struct Allowance {
    tries: f64,
    seconds_each: f64,
}

/// A person who mistypes is not kept waiting; a programme that guesses gets 2,880 tries a day at one name.
const PER_NAME: Allowance = Allowance { tries: 8.0, seconds_each: 30.0 };
/// Many people may sit behind one address.
const PER_ADDRESS: Allowance = Allowance { tries: 30.0, seconds_each: 5.0 };

/// Counts failed sign-ins by name and by address.
#[derive(Debug, Default)]
pub struct Patience {
    names: Mutex<Buckets<String>>,
    addresses: Mutex<Buckets<IpAddr>>,
}

impl Patience {
    /// Whether a try may be made.
    ///
    /// # Errors
    /// It may not yet, but after so many seconds.
    pub fn ask(&self, name: &str, address: Option<IpAddr>, now: Timestamp) -> Result<(), u64> {
        let name_wait = locked(&self.names).wait(&key(name), PER_NAME, now);
        let address_wait =
            address.map_or(0, |address| locked(&self.addresses).wait(&network(address), PER_ADDRESS, now));
        match name_wait.max(address_wait) {
            0 => Ok(()),
            seconds => Err(seconds),
        }
    }

    /// Notes a try that failed, and returns how many have failed for the name since the last that did not.
    pub fn failed(&self, name: &str, address: Option<IpAddr>, now: Timestamp) -> u64 {
        if let Some(address) = address {
            locked(&self.addresses).take(network(address), PER_ADDRESS, now);
        }
        locked(&self.names).take(key(name), PER_NAME, now)
    }

    /// Notes a try that succeeded, and returns how many had failed for the name before.
    pub fn succeeded(&self, name: &str) -> u64 {
        locked(&self.names).entries.remove(&key(name)).map_or(0, |bucket| bucket.failed)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A name as it is counted: an endless one must not fill the table.
fn key(name: &str) -> String {
    name.trim().to_lowercase().chars().take(64).collect()
}

/// Who owns an IPv6 address owns its /64.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !0 << 64)),
        },
        v4 => v4,
    }
}

#[derive(Debug)]
struct Buckets<K> {
    entries: HashMap<K, Bucket>,
}

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Buckets { entries: HashMap::new() }
    }
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Timestamp,
    failed: u64,
}

impl Bucket {
    fn left(self, allowance: Allowance, now: Timestamp) -> f64 {
        let waited = now.duration_since(self.at).as_secs_f64().max(0.0);
        (self.left + waited / allowance.seconds_each).min(allowance.tries)
    }
}

impl<K: Eq + Hash + Clone> Buckets<K> {
    fn wait(&self, key: &K, allowance: Allowance, now: Timestamp) -> u64 {
        let left = self.entries.get(key).map_or(allowance.tries, |bucket| bucket.left(allowance, now));
        if left >= 1.0 { 0 } else { ((1.0 - left) * allowance.seconds_each).ceil() as u64 }
    }

    fn take(&mut self, key: K, allowance: Allowance, now: Timestamp) -> u64 {
        if !self.entries.contains_key(&key) && self.entries.len() >= ENTRIES_MAX {
            self.make_room(allowance, now);
        }
        let bucket = self.entries.entry(key).or_insert(Bucket { left: allowance.tries, at: now, failed: 0 });
        bucket.left = (bucket.left(allowance, now) - 1.0).max(0.0);
        bucket.at = now;
        bucket.failed += 1;
        bucket.failed
    }

    /// Forgets whoever has waited long enough; if nobody has, the half that failed longest ago.
    fn make_room(&mut self, allowance: Allowance, now: Timestamp) {
        self.entries.retain(|_, bucket| bucket.left(allowance, now) < allowance.tries);
        if self.entries.len() >= ENTRIES_MAX {
            let mut times: Vec<Timestamp> = self.entries.values().map(|bucket| bucket.at).collect();
            let (_, median, _) = times.select_nth_unstable(ENTRIES_MAX / 2);
            let median = *median;
            self.entries.retain(|_, bucket| bucket.at > median);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn whoever_guesses_waits_and_whoever_waits_may_try_again() {
        let patience = Patience::default();
        let now = Timestamp::UNIX_EPOCH;
        let address = Some("192.0.2.7".parse().unwrap());
        for failed in 1..=8 {
            assert_eq!(patience.ask("Ada", address, now), Ok(()));
            assert_eq!(patience.failed("ada ", address, now), failed);
        }
        assert_eq!(patience.ask("ADA", None, now), Err(30));
        assert_eq!(patience.ask("Bela", address, now), Ok(()));
        let later = now + SignedDuration::from_secs(30);
        assert_eq!(patience.ask("ada", address, later), Ok(()));
        assert_eq!(patience.succeeded("Ada"), 8);
        assert_eq!(patience.succeeded("Ada"), 0);
    }

    #[test]
    fn one_address_cannot_try_every_name() {
        let patience = Patience::default();
        let now = Timestamp::UNIX_EPOCH;
        for name in 0..30 {
            let address: IpAddr = format!("2001:db8::{name:x}").parse().unwrap();
            assert_eq!(patience.ask(&name.to_string(), Some(address), now), Ok(()));
            patience.failed(&name.to_string(), Some(address), now);
        }
        let address = Some("2001:db8::ffff".parse().unwrap());
        assert_eq!(patience.ask("someone", address, now), Err(5));
        assert_eq!(patience.ask("someone", Some("2001:db8:0:1::1".parse().unwrap()), now), Ok(()));
    }

    #[test]
    fn the_table_is_bounded() {
        let patience = Patience::default();
        for name in 0..(3 * ENTRIES_MAX as i64) {
            let now = Timestamp::from_millisecond(name).unwrap();
            patience.failed(&name.to_string(), None, now);
        }
        assert!(locked(&patience.names).entries.len() <= ENTRIES_MAX);
    }
}
