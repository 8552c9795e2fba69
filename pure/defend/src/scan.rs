//! Sources that try many doors.

use city::{Address, Transport};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Doors that did not open, within [`WINDOW`], that make a scan. A busy server with a few dead clients stays below.
const DOORS_TO_SCAN: usize = 20;

/// Within what time they must be tried.
const WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// The most sources followed at a time; the one quiet for longest gives way.
const SOURCES_MAX: usize = 8_192;

/// The most doors remembered for a source.
const DOORS_MAX: usize = 64;

/// What a source was seen to try.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Attempts {
    began: Timestamp,
    last: Timestamp,
    doors: BTreeSet<(Address, Transport, u16)>,
}

/// A scan, as far as it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scan {
    /// Distinct addresses tried, at most [`DOORS_MAX`].
    pub(crate) addresses: usize,
    /// Distinct ports tried, at most [`DOORS_MAX`].
    pub(crate) ports: usize,
    /// Since when.
    pub(crate) began: Timestamp,
}

/// Follows what every source tries in vain.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Scans {
    by_source: BTreeMap<Address, Attempts>,
    /// The same sources, the quietest first; made of them anew when a checkpoint is opened.
    #[serde(skip)]
    by_age: BTreeSet<(Timestamp, Address)>,
}

impl Scans {
    /// A source tried a door that did not open. Returns the scan, if this is one.
    pub(crate) fn tried(
        &mut self,
        source: Address,
        door: (Address, Transport, u16),
        time: Timestamp,
    ) -> Option<Scan> {
        if self.by_age.len() != self.by_source.len() {
            self.by_age = self.by_source.iter().map(|(source, attempts)| (attempts.last, *source)).collect();
        }
        if let Some(attempts) = self.by_source.get(&source) {
            self.by_age.remove(&(attempts.last, source));
        } else if self.by_source.len() >= SOURCES_MAX
            && let Some((_, quietest)) = self.by_age.pop_first()
        {
            self.by_source.remove(&quietest);
        }
        self.by_age.insert((time, source));
        let fresh = || Attempts { began: time, last: time, doors: BTreeSet::new() };
        let attempts = self.by_source.entry(source).or_insert_with(fresh);
        if time.duration_since(attempts.last) > WINDOW {
            *attempts = fresh();
        }
        attempts.last = time;
        if attempts.doors.len() < DOORS_MAX {
            attempts.doors.insert(door);
        }
        let scanning = attempts.doors.len() >= DOORS_TO_SCAN;
        scanning.then(|| Scan {
            addresses: attempts.doors.iter().map(|(address, ..)| address).collect::<BTreeSet<_>>().len(),
            ports: attempts.doors.iter().map(|(.., port)| port).collect::<BTreeSet<_>>().len(),
            began: attempts.began,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> Address {
        Address::Ip([192, 0, 2, last].into())
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    #[test]
    fn twenty_closed_doors_make_a_scan_and_nineteen_do_not() {
        let mut scans = Scans::default();
        for port in 1..=19 {
            assert_eq!(scans.tried(address(1), (address(2), Transport::Tcp, port), at(port.into())), None);
        }
        let scan = scans.tried(address(1), (address(2), Transport::Tcp, 20), at(20)).unwrap();
        assert_eq!((scan.addresses, scan.ports, scan.began), (1, 20, at(1)));
    }

    #[test]
    fn one_dead_server_asked_again_and_again_is_no_scan() {
        let mut scans = Scans::default();
        assert!(
            (0..1_000).all(|i| scans.tried(address(1), (address(2), Transport::Tcp, 502), at(i)).is_none())
        );
    }

    #[test]
    fn a_pause_forgets_the_doors() {
        let mut scans = Scans::default();
        for i in 0..100 {
            let found = scans.tried(address(1), (address(2), Transport::Tcp, i), at(i64::from(i) * 601));
            assert_eq!(found, None);
        }
    }

    #[test]
    fn a_flood_of_sources_is_bounded() {
        let mut scans = Scans::default();
        for i in 0..20_000_u32 {
            let source = Address::Ip(std::net::Ipv4Addr::from(0xc633_6400 + i).into());
            scans.tried(source, (address(2), Transport::Tcp, 80), at(i.into()));
        }
        assert_eq!((scans.by_source.len(), scans.by_age.len()), (SOURCES_MAX, SOURCES_MAX));
    }
}
