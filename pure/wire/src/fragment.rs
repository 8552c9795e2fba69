//! IP fragments put together again (RFC 791 section 3.2, RFC 8200 section 4.5).
//!
//! Where fragments overlap, what came first wins, whatever the sender hoped for. Bounded by the number of datagrams and
//! by bytes; the oldest unfinished datagram gives way.

use crate::packet::{Fragment, Packet};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

/// How long the rest of a datagram is awaited: RFC 8200 section 4.5.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);
/// The longest datagram.
const LONGEST: u32 = 65_535;
/// Parts of one datagram; more are an attack.
const PARTS_MAX: usize = 1_024;
/// What holding a part costs beside its bytes, so that many small ones count for what they are.
const PART: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    source: IpAddr,
    destination: IpAddr,
    identification: u32,
    protocol: u8,
}

#[derive(Debug)]
struct Datagram {
    /// Tells this datagram from a later one with the same key.
    serial: u64,
    /// Captured parts by offset; they never overlap.
    parts: BTreeMap<u32, Vec<u8>>,
    /// Bytes in the parts.
    bytes: u64,
    /// How long the whole is, once its last part was seen.
    length: Option<u32>,
    /// What holding the parts costs.
    held: usize,
    /// Length of the headers of the first part.
    header: u32,
}

/// The datagrams that wait for their rest.
#[derive(Debug, Default)]
pub(crate) struct Fragments {
    waiting: BTreeMap<Key, Datagram>,
    /// When each began, oldest first; some may be done with by now.
    began: VecDeque<(Timestamp, Key, u64)>,
    serial: u64,
    held: usize,
    /// Datagrams given up, by IP protocol: how many, since last asked.
    pub(crate) given_up: BTreeMap<u8, u64>,
}

/// A datagram that is whole again.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) payload: Vec<u8>,
    /// Headers and payload.
    pub(crate) length: u32,
}

/// Bounds on what waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) datagrams: usize,
    pub(crate) bytes: usize,
}

impl Fragments {
    /// Takes a part; gives back the whole if this part completes it.
    pub(crate) fn see(
        &mut self,
        now: Timestamp,
        packet: &Packet<'_>,
        part: Fragment,
        bounds: Bounds,
    ) -> Option<Whole> {
        let end = part.offset.checked_add(packet.payload.len() as u32).filter(|end| *end <= LONGEST)?;
        let key = Key {
            source: packet.source,
            destination: packet.destination,
            identification: part.identification,
            protocol: packet.protocol,
        };
        if !self.waiting.contains_key(&key) {
            while self.waiting.len() >= bounds.datagrams.max(1) && self.give_up_oldest() {}
            self.forget_completed(bounds);
            self.serial += 1;
            let datagram = Datagram {
                serial: self.serial,
                parts: BTreeMap::new(),
                bytes: 0,
                length: None,
                held: 0,
                header: 0,
            };
            self.waiting.insert(key, datagram);
            self.began.push_back((now, key, self.serial));
        }
        let datagram = self.waiting.get_mut(&key)?;
        if part.offset == 0 {
            // Without the header that made it a fragment, which is gone from the whole.
            let fragment_header = if packet.source.is_ipv6() { 8 } else { 0 };
            datagram.header = packet.length.saturating_sub(packet.payload_length + fragment_header);
        }
        if !part.more && packet.is_complete() && datagram.length.is_none() {
            datagram.length = Some(end);
        }
        self.held += datagram.add(part.offset, packet.payload);
        if datagram.parts.len() > PARTS_MAX {
            self.give_up(&key);
            return None;
        }
        if !datagram.is_whole() {
            while self.held > bounds.bytes && self.give_up_oldest() {}
            return None;
        }
        let datagram = self.waiting.remove(&key)?;
        self.held -= datagram.held;
        Some(datagram.join())
    }

    /// Gives up what has waited for too long.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        while let Some((began, key, serial)) = self.began.front().copied() {
            let current = self.waiting.get(&key).is_some_and(|datagram| datagram.serial == serial);
            if current && now.duration_since(began) < PATIENCE {
                break;
            }
            self.began.pop_front();
            if current {
                self.give_up(&key);
            }
        }
    }

    /// Gives up all that waits.
    pub(crate) fn finish(&mut self) {
        while let Some(key) = self.waiting.keys().next().copied() {
            self.give_up(&key);
        }
        self.began.clear();
    }

    /// Gives up the datagram that has waited for longest, if there is one.
    fn give_up_oldest(&mut self) -> bool {
        while let Some((_, key, serial)) = self.began.pop_front() {
            if self.waiting.get(&key).is_some_and(|datagram| datagram.serial == serial) {
                self.give_up(&key);
                return true;
            }
        }
        false
    }

    /// Keeps the queue short: entries of datagrams that were completed leave it only when they come to its front.
    fn forget_completed(&mut self, bounds: Bounds) {
        if self.began.len() > 2 * bounds.datagrams.max(1) {
            let waiting = &self.waiting;
            self.began.retain(|(_, key, serial)| waiting.get(key).is_some_and(|it| it.serial == *serial));
        }
    }

    fn give_up(&mut self, key: &Key) {
        if let Some(datagram) = self.waiting.remove(key) {
            self.held -= datagram.held;
            *self.given_up.entry(key.protocol).or_default() += 1;
        }
    }
}

impl Datagram {
    /// Adds what is not there yet; says what holding it costs.
    fn add(&mut self, offset: u32, bytes: &[u8]) -> usize {
        let mut added = 0;
        let (mut from, end) = (offset, offset + bytes.len() as u32);
        while from < end {
            // What is held at or before `from`.
            if let Some((start, part)) = self.parts.range(..=from).next_back() {
                let covered = start + part.len() as u32;
                if covered > from {
                    from = covered;
                    continue;
                }
            }
            let until = self.parts.range(from..).next().map_or(end, |(start, _)| (*start).min(end));
            let Some(piece) = bytes.get((from - offset) as usize..(until - offset) as usize) else { break };
            added += piece.len() + PART;
            self.bytes += piece.len() as u64;
            self.parts.insert(from, piece.to_vec());
            from = until;
        }
        self.held += added;
        added
    }

    fn is_whole(&self) -> bool {
        let mut reached = 0;
        self.length.is_some_and(|length| {
            self.bytes >= u64::from(length)
                && self.parts.iter().all(|(start, part)| {
                    let joins = *start <= reached;
                    reached = start + part.len() as u32;
                    joins
                })
                && reached >= length
        })
    }

    fn join(self) -> Whole {
        let mut payload = Vec::with_capacity(self.bytes as usize);
        for part in self.parts.values() {
            payload.extend_from_slice(part);
        }
        // What a hostile sender put behind the last part is not of the datagram.
        payload.truncate(self.length.unwrap_or(LONGEST) as usize);
        let length = self.header + payload.len() as u32;
        Whole { payload, length }
    }
}

#[cfg(test)]
impl Fragments {
    /// What holding all parts costs.
    pub(crate) fn held(&self) -> usize {
        self.held
    }
}
